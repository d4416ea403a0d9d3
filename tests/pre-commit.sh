#!/usr/bin/env bash
# The hooks of this repository in the real pre-commit: a commit that is fine passes, one that is not does not.
#
#     tests/pre-commit.sh DIRECTORY_OF_THE_BINARY [HOOK…]
#
# Needs pre-commit (PyPI) and git. The hook `changegate` is built by pre-commit with cargo, as it is for its users.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$1:$PATH"
shift
[ $# -gt 0 ] || set -- changegate-system changegate

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# pre-commit tries each repository in an environment of its own: what is built is the same.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$work/target}
export PRE_COMMIT_HOME="$work/pre-commit" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Alice GIT_AUTHOR_EMAIL=alice@acme.example GIT_COMMITTER_NAME=Alice GIT_COMMITTER_EMAIL=alice@acme.example

cp -R "$here/fixtures/acme" "$work/shop"
cd "$work/shop"
git init -q -b main
git add -A -f
git commit -q -m "State of production"

run() { pre-commit try-repo "$here" "$1" --files k8s/prod/storefront/deployment.yaml > "$work/log" 2>&1; }

for hook in "$@"; do
  git reset -q --hard
  sed -i.bak 's/d4735e3a265e16ee/4e07408562bedb8b/' k8s/prod/storefront/deployment.yaml && rm -f k8s/prod/storefront/deployment.yaml.bak
  git add k8s
  run "$hook" || { cat "$work/log"; echo "FAILED: $hook refuses a good commit"; exit 1; }

  sed -i.bak 's/threshold: 3/threshold: 30/' k8s/prod/storefront/deployment.yaml && rm -f k8s/prod/storefront/deployment.yaml.bak
  git add k8s
  if run "$hook"; then cat "$work/log"; echo "FAILED: $hook lets a bad commit pass"; exit 1; fi
  grep -q "CAN-004" "$work/log" || { cat "$work/log"; echo "FAILED: $hook does not say why"; exit 1; }
  grep -q "deployment.yaml:" "$work/log" || { cat "$work/log"; echo "FAILED: $hook does not say where"; exit 1; }

  # What is not staged does not count.
  git reset -q --hard
  sed -i.bak 's/threshold: 3/threshold: 30/' k8s/prod/storefront/deployment.yaml && rm -f k8s/prod/storefront/deployment.yaml.bak
  run "$hook" || { cat "$work/log"; echo "FAILED: $hook judges what is not staged"; exit 1; }
  echo "ok: $hook"
done
