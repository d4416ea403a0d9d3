#!/usr/bin/env bash
# Judges. In: CHANGEGATE, STAGE, BASE, HEAD and the inputs of the action. Out: exit-code, verdict, decision, valid-until,
# risk, audit-id, directory, sarif, report. Ends with 0 so that the steps after it can report; the last step decides.
set -uo pipefail

out="$RUNNER_TEMP/changegate-report"
rm -rf "$out"
mkdir -p "$out"

args=(check --base "$BASE" --head "$HEAD" --stage "$STAGE" --color always
  --output "json=$out/outcome.json" --output "sarif=$out/changegate.sarif"
  --output "markdown=$out/report.md" --output "github=$out/annotations.txt")
flag() { if [ -n "$2" ]; then args+=("$1" "$2"); fi; }
lines() { while IFS= read -r line; do flag "$1" "$line"; done <<< "$2"; }
flag --change "$CHANGE"
flag --context "$CONTEXT"
flag --reviews "$REVIEWS"
flag --pull-request "$PULL_REQUEST"
lines --plan "$PLANS"
lines --policy "$POLICIES"
case "$AUDIT" in
  none) args+=(--no-audit) ;;
  *) flag --audit "$AUDIT" ;;
esac
while IFS= read -r line; do if [ -n "$line" ]; then args+=("$line"); fi; done <<< "$ARGS"

"$CHANGEGATE" "${args[@]}"
code=$?

# Without an outcome nothing was decided, whatever the code says.
if [ ! -s "$out/outcome.json" ]; then
  echo "::error title=changegate::changegate gave no outcome (exit code $code)"
  [ "$code" -ne 0 ] || code=2
fi
if [ -s "$out/annotations.txt" ]; then cat "$out/annotations.txt"; fi
if [ -s "$out/report.md" ]; then cat "$out/report.md" >> "$GITHUB_STEP_SUMMARY"; fi

field() { jq --raw-output "$1 // empty" "$out/outcome.json" 2> /dev/null || true; }
{
  echo "exit-code=$code"
  echo "verdict=$(field .verdict)"
  echo "decision=$(field .decision)"
  echo "valid-until=$(field .valid_until)"
  echo "risk=$(field .risk.level)"
  echo "audit-id=$(field .audit.id)"
  echo "directory=$out"
  echo "sarif=$out/changegate.sarif"
  echo "report=$out/report.md"
} >> "$GITHUB_OUTPUT"
