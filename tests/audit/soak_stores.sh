#!/usr/bin/env bash
# Load, kills and rates of the git and PostgreSQL stores. Prints a line for each row.
#
#   tests/audit/soak_stores.sh [PROGRAM]         PROGRAM: target/release/changegate unless given
#
# Writers of the suite (16 against each store), then 300 processes that are killed at random moments, then rates.
# CARGO_PROFILE names the profile of the suite (default: release).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
. "$here/tests/postgres.sh"
program=$(realpath "${1:-$here/target/release/changegate}")
work=$(mktemp -d)
work=$(realpath "$work")
server=
stop() { if [ -n "$server" ]; then kill -QUIT "$server" 2> /dev/null || true; wait "$server" 2> /dev/null || true; fi; rm -rf "$work"; }
trap stop EXIT
export CHANGEGATE_TEST_POSTGRES=required
suite() { (cd "$here" && cargo test --quiet --profile "${CARGO_PROFILE:-release}" --test audit_stores -- --nocapture "$@"); }

# Everything acknowledged is in the log exactly once, nothing else is, and its roots follow.
compare() {
    "$program" audit --audit "$2" verify --no-remember --format json > report || true
    "$program" audit --audit "$2" log --kind hold --format json > records
    python3 - "$1" <<'PY'
import json, sys
report = json.load(open("report"))
found = [json.loads(line)["statement"]["predicate"]["hold"]["reason"] for line in open("records")]
acknowledged, attempted = (set(open(name).read().split()) for name in ("acknowledged", "attempted"))
lost, phantom = acknowledged - set(found), set(found) - attempted
assert report["first_bad_index"] is None and report["records"] == len(found), report
assert not lost and not phantom and len(found) == len(set(found)), (lost, phantom)
print(f"{sys.argv[1]}: {len(attempted)} processes, {len(acknowledged)} acknowledged, {len(found)} kept, 0 lost, 0 duplicate, 0 forked")
PY
}

# Four at a time, each killed at some moment of up to six times what one alone takes.
kills() {
    local name=$1 to=$2 n window batch=()
    : > attempted; : > acknowledged
    window=$(date +%s%3N)
    echo first >> attempted
    "$program" audit --audit "$to" hold --reason first > out
    echo first >> acknowledged
    window=$((6 * ($(date +%s%3N) - window)))
    for n in $(seq 1 300); do
        echo "kill-$n" >> attempted
        (
            "$program" audit --audit "$to" hold --reason "kill-$n" > "out-$n" 2> /dev/null &
            pid=$!
            moment=$((RANDOM % window))
            sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
            kill -9 "$pid" 2> /dev/null || true
            wait "$pid" 2> /dev/null || true
            if grep -q '^hold record' "out-$n"; then echo "kill-$n" >> acknowledged; fi
        ) &
        batch+=("$!")
        # Only for these: the server is a job of this shell, too, and does not end.
        if [ $((n % 4)) = 0 ]; then wait "${batch[@]}"; batch=(); fi
    done 2> /dev/null
    # One that nobody kills takes in what the others left.
    echo settle >> attempted
    "$program" audit --audit "$to" hold --reason settle > out
    echo settle >> acknowledged
    compare "$name, kill -9" "$to"
}

CHANGEGATE_SOAK=${CHANGEGATE_SOAK:-10} suite concurrency::writers conformance::a_long_log
cd "$work"

git init --quiet --bare log.git
kills git "git:$work/log.git"

start_postgres
kills PostgreSQL "$to"

suite --ignored rates
