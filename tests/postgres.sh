# A PostgreSQL server of its own below $work, with an audit trail at $to: sourced by scripts that measure. Sets `server`, the process to end.
start_postgres() {
    local bin as=()
    bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
    # initdb refuses to run as root.
    if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups --); chown 65534:65534 "$work"; fi
    "${as[@]}" "$bin/initdb" --username=owner --auth=trust -D "$work/data" > /dev/null
    "${as[@]}" "$bin/postgres" -D "$work/data" -c listen_addresses= -c unix_socket_directories="$work" 2> "$work/server.log" &
    server=$!
    for _ in $(seq 100); do "$bin/pg_isready" -q -h "$work" && break; sleep 0.1; done
    to="postgres://owner@${work//\//%2F}/postgres"
    "$program" audit --audit "$to" init > /dev/null
}
