#!/usr/bin/env bash
# The report of a million decisions and 100,000 incidents, from a file and from PostgreSQL: time, memory, same bytes.
#
#   tests/metrics/million.sh [PROGRAM]         PROGRAM: target/release/changegate unless given
#
# DECISIONS=N takes the first N decisions. Needs 12 GB below the temporary directory, GNU time, PostgreSQL 14 or later.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
. "$here/tests/postgres.sh"
program=$(realpath "${1:-$here/target/release/changegate}")
decisions=${DECISIONS:-1000000}
work=$(realpath "$(mktemp -d)")
server=
stop() { if [ -n "$server" ]; then kill -QUIT "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; fi; rm -rf "$work"; }
trap stop EXIT
(cd "$here" && TMPDIR="$work" cargo test --quiet --lib writes_a_million_decisions -- --ignored > "$work/written" 2>&1) || { cat "$work/written" >&2; exit 1; }
cd "$work"
log=$work/changegate-scale/log

# The frames of the log (src/audit/frame.rs), cut off after so many, and as rows for COPY.
rows() {
    python3 - "$log/log" "$decisions" <<'PY'
import hashlib, json, os, sys
path, wanted = sys.argv[1], int(sys.argv[2])
peaks, end = [], 0
with open(path, "rb") as log:
    for n in range(wanted):
        length = int.from_bytes(log.read(16)[4:8], "big")
        leaf = log.read(length)
        root = log.read(40)[8:]
        node = leaf_hash = hashlib.sha256(b"\0" + leaf).digest()
        size = n
        while size & 1:
            node = hashlib.sha256(b"\1" + peaks.pop() + node).digest()
            size >>= 1
        peaks.append(node)
        predicate = json.loads(leaf)["predicate"]
        print(n, predicate["id"], predicate["idempotency_key"], *(rf"\\x{part.hex()}" for part in (leaf_hash, leaf, root)), sep="\t")
    end = log.tell()
os.truncate(path, end)
listed = ",".join(rf"'\x{peak.hex()}'::bytea" for peak in peaks)
open("head.sql", "w").write(f"update changegate.head set size = {wanted}, root = '\\x{root.hex()}', peaks = array[{listed}];")
PY
}

report() {
    /usr/bin/time -f "$1: %e s, %U s user, %S s system, %M KB" "$program" report teams --context "$work/changegate-scale/context" \
        --audit "$2" --now 2030-06-30T00:00:00Z --out "$work/$1" > /dev/null
}

start_postgres
sql() { psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 -h "$work" -U owner postgres "$@"; }
rows | sql -c "copy changegate.record from stdin"
sql -c "alter table changegate.head disable trigger step" -f head.sql -c "alter table changegate.head enable always trigger step"
sql -c "vacuum analyze changegate.record"

for _ in 1 2; do
    # What was written before is on the disk, and the log in the page cache.
    sync
    cat "$log/log" > /dev/null
    report file "file:$log"
    report postgres "$to"
    # The pages name where the trail is.
    for kind in html md json csv; do
        cmp <(sed "s#file:$log#TRAIL#g" file/teams.$kind) <(sed "s#$to#TRAIL#g" postgres/teams.$kind)
    done
done
echo "$decisions decisions: the same report from both"
