#!/usr/bin/env bash
# Faults, kills and load against the file log. Prints a count for each row.
#
#   tests/audit/soak.sh [--short | --only inject|kills|crowd|large|rate] [PROGRAM]
#
# PROGRAM is target/release/changegate unless given. --short leaves out what takes minutes; `cargo test` runs it where
# strace is there.
set -euo pipefail
short=0 only=
if [ "${1:-}" = --short ]; then short=1; shift; fi
if [ "${1:-}" = --only ]; then only=$2; shift 2; fi
here=$(cd "$(dirname "$0")/../.." && pwd)
program=$(realpath "${1:-$here/target/release/changegate}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
home=$HOME
export HOME="$work" GIT_CONFIG_NOSYSTEM=1
log() { "$program" audit --audit "$work/log" "$@"; }

# One append: reason $1; the words after it go before the program. Notes what was attempted and what was acknowledged.
# A pipe whose close strace answered instead of the kernel stays open, and its reader would wait for good.
attempt() {
    local reason=$1; shift
    echo "$reason" >> attempted
    if timeout -k 1 20 "$@" "$program" audit --audit "$work/log" hold --reason "$reason" > out 2> err; then echo "$reason" >> acknowledged; fi
}

# Everything acknowledged is there once, nothing else is, and the log is intact once it was appended to again.
settle() {
    attempt "settle-$1" env
    tail -1 acknowledged | grep -qx "settle-$1" || { echo "FAIL: the log does not go on after $1"; cat err; exit 1; }
    log verify --no-remember --pins none > verified || { echo "FAIL after $1"; cat verified; exit 1; }
}

compare() {
    log log --kind hold --format json > records
    python3 - "$1" <<'PY'
import json, sys
found = [json.loads(line)["statement"]["predicate"]["hold"]["reason"] for line in open("records")]
acknowledged, attempted = (set(open(name).read().split()) for name in ("acknowledged", "attempted"))
lost, phantom = acknowledged - set(found), set(found) - attempted
assert not lost and not phantom and len(found) == len(set(found)), (lost, phantom)
print(f"{sys.argv[1]}: {len(attempted)} attempts, {len(acknowledged)} acknowledged, {len(found)} kept, 0 lost, 0 phantom")
PY
}

fresh() { rm -rf log attempted acknowledged; : > attempted; : > acknowledged; attempt first env; }

inject() {
    local faults="error=EIO error=ENOSPC signal=SIGKILL" calls="openat read write lseek fdatasync fsync rename ftruncate flock mkdir fstat statx close"
    if [ $short = 1 ]; then faults="error=EIO signal=SIGKILL"; calls="write fdatasync fsync rename ftruncate flock"; fi
    fresh
    local runs=0 call fault n count
    for call in $calls; do
        strace -qq -e trace="$call" -o trace "$program" audit --audit "$work/log" hold --reason "count-$call" > /dev/null
        echo "count-$call" >> attempted; echo "count-$call" >> acknowledged
        count=$(grep -c "^$call(" trace || true)
        for fault in $faults; do
            for n in $(seq 1 "$count"); do
                attempt "$call-$fault-$n" strace -qq -o /dev/null -e "inject=$call:$fault:when=$n"
                runs=$((runs + 1))
            done
            settle "$call-$fault"
        done
    done
    compare "faults at $runs system calls"
}

kills() {
    fresh
    local n pid start span
    # As long as an append takes here, and half as long again.
    start=$(date +%s%N); attempt timed env; span=$((($(date +%s%N) - start) * 3 / 2))
    for n in $(seq 1 "$1"); do
        echo "kill-$n" >> attempted
        ( exec "$program" audit --audit "$work/log" hold --reason "kill-$n" > "out-$n" 2> /dev/null ) &
        pid=$!
        sleep "$(printf '%d.%09d' 0 $((span * (RANDOM % 1000) / 1000)))"
        kill -9 "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
        if grep -q '^hold record' "out-$n"; then echo "kill-$n" >> acknowledged; fi
        rm -f "out-$n"
        if [ $((n % 50)) = 0 ]; then settle "kill-$n"; fi
    done
    settle kills
    compare "kill -9"
}

crowd() {
    fresh
    local writer
    for writer in $(seq 1 64); do
        ( for n in $(seq 1 50); do
              if "$program" audit --audit "$work/log" hold --reason "w$writer-$n" > "out-$writer" 2> "err-$writer"; then echo "w$writer-$n" >> acknowledged; fi
          done ) &
    done
    for writer in $(seq 1 64); do for n in $(seq 1 50); do echo "w$writer-$n"; done; done >> attempted
    wait
    settle crowd
    compare "64 processes × 50 appends"
    [ "$(wc -l < acknowledged)" = 3202 ] || { echo "FAIL: not every append was acknowledged"; exit 1; }
}

# Time and peak memory of the verification of 100,000 records.
large() {
    ( cd "$here" && env CHANGEGATE_SOAK_LOG="$work/large" HOME="$home" cargo test --quiet --test audit_file -- --ignored --exact soak::a_log_of_100_000_records > /dev/null )
    python3 - "$program" "$work/large" <<'PY'
import resource, subprocess, sys, time
start = time.monotonic()
done = subprocess.run([sys.argv[1], "audit", "--audit", sys.argv[2], "verify", "--no-remember", "--pins", "none"], capture_output=True, text=True)
seconds, usage = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"verify of 100,000 records: {seconds:.1f} s, {usage.ru_maxrss / 1024:.0f} MB;", done.stdout.splitlines()[-1])
assert done.returncode == 0, done.stdout + done.stderr
assert seconds <= 15 and usage.ru_maxrss < 200 * 1024, "over the bar"
PY
}

rate() { ( cd "$here" && env HOME="$home" cargo test --quiet ${PROFILE---release} --test audit_file -- --ignored --exact --nocapture soak::appends_against_raw_syncs | grep "appends" ); }

if [ $short = 1 ]; then inject; kills 20; exit; fi
for part in ${only:-inject kills crowd large rate}; do
    case $part in kills) kills "${KILLS:-1000}" ;; inject | crowd | large | rate) "$part" ;; *) echo "no part $part"; exit 2 ;; esac
done
