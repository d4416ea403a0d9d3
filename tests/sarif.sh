#!/usr/bin/env bash
# What is written as SARIF is SARIF 2.1.0: the sample with every kind of finding, and real runs, against the schema of OASIS.
#
#     tests/sarif.sh BINARY
#
# Needs check-jsonschema (PyPI) and git.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
changegate=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Alice GIT_AUTHOR_EMAIL=alice@acme.example GIT_COMMITTER_NAME=Alice GIT_COMMITTER_EMAIL=alice@acme.example

# The snapshot has a header between two lines of dashes.
sed '1,/^---$/d' "$here/tests/data/output/sarif.snap" > "$work/sample.sarif"

cp -R "$here/fixtures/acme" "$work/acme"
cd "$work/acme"
git init -q -b main
git add -A -f
git commit -q -m "State of production"

# NAME, the exit code that is expected, and the arguments.
run() {
  local name=$1 expected=$2 code=0
  shift 2
  "$changegate" check --no-audit --now 2030-02-25T09:00:00Z --format sarif "$@" > "$work/$name.sarif" || code=$?
  [ "$code" -eq "$expected" ] || { echo "FAILED: $name ends with $code, not with $expected"; exit 1; }
}

run as-it-stands 0
git checkout -q -b change
sed -i.bak 's/threshold: 3/threshold: 30/' k8s/prod/storefront/deployment.yaml && rm -f k8s/prod/storefront/deployment.yaml.bak
printf 'resource "aws_db_instance" "reports" {\n  # changegate:ignore HA-009 until=2030-03-10 ticket=OPS-7 reason="retired soon"\n  engine   = "postgres"\n  multi_az = false\n}\n' > terraform/prod/reports.tf
git add -A
git commit -q -m "A change"
run denied 1 --base main --head change
run everything 1 --base main --head change --show preexisting
"$changegate" check --no-audit --now 2030-02-25T09:00:00Z --quiet --write-baseline "$work/baseline.json" > /dev/null || true
run accepted 0 --baseline "$work/baseline.json"
printf 'apiVersion: v1\nkind: [\n' > k8s/prod/broken.yaml
run unreadable 2

for log in "$work"/*.sarif; do
  check-jsonschema --schemafile "$here/tests/data/output/sarif-schema-2.1.0.json" "$log" > "$work/log" || { cat "$work/log"; exit 1; }
  echo "ok: $(basename "$log"), $(python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1]))["runs"][0]["results"]))' "$log") results"
done
