#!/usr/bin/env bash
# Works out what is judged from the event, and fetches what only the forge knows: the pull request and its reviews.
# In: TOKEN, STAGE, BASE, HEAD (each may be empty). Out: stage, base, head, number, reviews, pull-request.
set -euo pipefail

fail() {
  echo "::error title=changegate::$1"
  exit 2
}

work="$RUNNER_TEMP/changegate-event"
mkdir -p "$work"

event() {
  jq --raw-output "$1 // empty" "$GITHUB_EVENT_PATH"
}

api() {
  curl --fail --silent --show-error --retry 3 \
    --header @- --header "Accept: application/vnd.github+json" --header "X-GitHub-Api-Version: 2022-11-28" \
    "$GITHUB_API_URL/$1" <<< "Authorization: Bearer $TOKEN"
}

# Every page of a list, as one list. A list that cannot be read whole is not read: it would hide a review.
pages() {
  local page=1 size
  echo '[]' > "$2"
  while :; do
    api "$1?per_page=100&page=$page" > "$work/page.json" || fail "cannot read $1: does the token allow pull-requests: read?"
    size=$(jq length "$work/page.json")
    jq --slurp '.[0] + .[1]' "$2" "$work/page.json" > "$work/joined.json"
    mv "$work/joined.json" "$2"
    [ "$size" -eq 100 ] || break
    page=$((page + 1))
  done
}

# The pull request that brought a commit, where there is one.
pull_of() {
  api "repos/$GITHUB_REPOSITORY/commits/$1/pulls" | jq --raw-output '.[0].number // empty'
}

number="" base="" head="" stage=pull-request
case "$GITHUB_EVENT_NAME" in
  pull_request | pull_request_review)
    number=$(event .pull_request.number)
    base=$(event .pull_request.base.sha)
    head=$(event .pull_request.head.sha)
    ;;
  pull_request_target)
    fail "pull_request_target runs with the secrets of the repository on code of strangers: use pull_request"
    ;;
  merge_group)
    base=$(event .merge_group.base_sha)
    head=$(event .merge_group.head_sha)
    number=$(event .merge_group.head_ref | sed -n 's|^.*/pr-\([0-9][0-9]*\)-[0-9a-f]*$|\1|p')
    ;;
  push)
    base=$(event .before)
    head=$(event .after)
    [[ "$base" =~ ^0+$ ]] && base=""
    number=$(pull_of "$head")
    ;;
  deployment)
    stage=apply
    head=$(event .deployment.sha)
    number=$(pull_of "$head")
    ;;
  *)
    head=$GITHUB_SHA
    ;;
esac

head=${HEAD:-$head}
git cat-file -e "$head^{commit}" 2> /dev/null || fail "commit $head is not here: check out with fetch-depth: 0"
# What was merged is compared with what was there before.
[ -n "${BASE:-$base}" ] || base=$(git rev-parse --verify --quiet "$head^1") || fail "commit $head has no parent: set input base"
base=${BASE:-$base}
git cat-file -e "$base^{commit}" 2> /dev/null || fail "commit $base is not here: check out with fetch-depth: 0"

reviews="" pull=""
if [ -n "$number" ]; then
  pull="$work/pull-request.json"
  reviews="$work/reviews.json"
  api "repos/$GITHUB_REPOSITORY/pulls/$number" > "$pull" || fail "cannot read pull request $number: does the token allow pull-requests: read?"
  pages "repos/$GITHUB_REPOSITORY/pulls/$number/reviews" "$reviews"
fi

{
  echo "stage=${STAGE:-$stage}"
  echo "base=$base"
  echo "head=$head"
  echo "number=$number"
  echo "reviews=$reviews"
  echo "pull-request=$pull"
} >> "$GITHUB_OUTPUT"
