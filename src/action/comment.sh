#!/usr/bin/env bash
# Keeps one comment on the pull request up to date. In: TOKEN, NUMBER, REPORT, VALID_UNTIL. The first line says until when
# the answer holds, so that a schedule can find what has to be judged again.
# The token of a fork may not write: that is a warning, the verdict stands in the check and in the summary.
set -uo pipefail

marker='<!-- changegate '
comments="repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments"

api() {
  curl --fail --silent --show-error --retry 3 \
    --header @- --header "Accept: application/vnd.github+json" --header "X-GitHub-Api-Version: 2022-11-28" \
    "${@:2}" "$GITHUB_API_URL/$1" <<< "Authorization: Bearer $TOKEN"
}

give_up() {
  echo "::warning title=changegate::$1"
  exit 0
}

[ -s "$REPORT" ] || give_up "there is no report to comment with"

# Only a comment of a bot is ours: anybody can write the marker.
own=""
page=1
while :; do
  list=$(api "$comments?per_page=100&page=$page") || give_up "cannot read the comments of pull request $NUMBER"
  own=$(jq --raw-output --arg marker "$marker" \
    '[.[] | select(.user.type == "Bot" and ((.body // "") | startswith($marker)))][0].id // empty' <<< "$list")
  [ -z "$own" ] && [ "$(jq length <<< "$list")" -eq 100 ] || break
  page=$((page + 1))
done

# GitHub refuses more than 65,536 characters; the artifact has the whole report.
body="$RUNNER_TEMP/changegate-comment.json"
jq --null-input --rawfile report "$REPORT" --arg marker "${marker}valid-until=$VALID_UNTIL -->" \
  '{body: ($marker + "\n" + (if ($report | length) > 65000 then $report[:64900] + "\n\n… (cut: see the artifact)" else $report end))}' \
  > "$body"
if [ -n "$own" ]; then
  api "repos/$GITHUB_REPOSITORY/issues/comments/$own" --request PATCH --data "@$body" > /dev/null ||
    give_up "cannot update the comment: does the token allow pull-requests: write?"
else
  api "$comments" --request POST --data "@$body" > /dev/null ||
    give_up "cannot comment: does the token allow pull-requests: write?"
fi
