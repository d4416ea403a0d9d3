#!/usr/bin/env bash
# Finds, downloads or builds the binary. In: BINARY, VERSION, SHA256. Out: path.
set -euo pipefail

fail() {
  echo "::error title=changegate::$1"
  exit 2
}

# A released archive, whose digest the caller has pinned: whoever can replace the release cannot replace the digest.
download() {
  [ -n "$SHA256" ] || fail "input sha256 is missing: pin the digest of the release archive beside its version"
  [[ "$VERSION" =~ ^[0-9A-Za-z.+-]+$ ]] || fail "input version is not a version: $VERSION"
  local os arch name url archive
  case "$RUNNER_OS" in
    Linux) os=unknown-linux-musl ;;
    macOS) os=apple-darwin ;;
    *) fail "there is no release for $RUNNER_OS: leave input version empty to build from source" ;;
  esac
  case "$RUNNER_ARCH" in
    X64) arch=x86_64 ;;
    ARM64) arch=aarch64 ;;
    *) fail "there is no release for $RUNNER_ARCH: leave input version empty to build from source" ;;
  esac
  name="changegate-$VERSION-$arch-$os"
  url="$GITHUB_SERVER_URL/${GITHUB_ACTION_REPOSITORY:?}/releases/download/v$VERSION/$name.tar.gz"
  archive="$RUNNER_TEMP/$name.tar.gz"
  curl --fail --silent --show-error --location --retry 3 --output "$archive" "$url" || fail "cannot download $url"
  echo "$SHA256  $archive" | sha256sum --check --quiet - || fail "$url does not have the digest of input sha256"
  tar -xzf "$archive" -C "$1" changegate
}

build() {
  command -v cargo > /dev/null || fail "cargo is missing: install Rust, or set inputs version and sha256"
  cargo install --quiet --locked --path "$GITHUB_ACTION_PATH" --root "$1" --target-dir "$RUNNER_TEMP/changegate-target"
  mv "$1/bin/changegate" "$1/changegate"
}

if [ -n "$BINARY" ]; then
  path=$(command -v -- "$BINARY") || fail "input binary names no program: $BINARY"
else
  place="$RUNNER_TEMP/changegate-bin"
  mkdir -p "$place"
  if [ -n "$VERSION" ]; then download "$place"; else build "$place"; fi
  path="$place/changegate"
fi
"$path" --version
echo "path=$path" >> "$GITHUB_OUTPUT"
