#!/usr/bin/env bash
# Draws the pictures of the README anew: a change of fixtures/acme that is moved into the freeze of its calendar.
#
#     docs/images/draw.sh target/release/changegate
#
# Needs git, chromium, and python3 with the package rich.
set -euo pipefail

binary=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE=2030-02-24T09:00:00Z GIT_COMMITTER_DATE=2030-02-24T09:00:00Z
export GIT_AUTHOR_NAME="Alice Arnold" GIT_AUTHOR_EMAIL=alice@acme.example GIT_COMMITTER_NAME="Alice Arnold" GIT_COMMITTER_EMAIL=alice@acme.example

cp -R "$here/../../fixtures/acme" "$work/acme"
cd "$work/acme"
rm -rf .changegate/audit
mkdir ../changes && mv changes/* ../changes
# What the request names ran in staging; production has the one before.
sed -i 's/d4735e3a265e16ee/4e07408562bedb8b/' k8s/prod/storefront/deployment.yaml
git init -q -b main && git add -A -f && git commit -q -m "State of production"
git checkout -q -b change
mkdir -p changes && mv ../changes/* changes
sed -i 's/4e07408562bedb8b/d4735e3a265e16ee/' k8s/prod/storefront/deployment.yaml
sed -i -e 's/"2030-03-05T10:00:00+01:00"/"2030-11-26T10:00:00+01:00"/' -e 's/"2030-03-05T11:30:00+01:00"/"2030-11-26T11:30:00+01:00"/' changes/CHG-2030-00017.yaml
git add -A && git commit -q -m "Storefront shows delivery dates" -m "Change-Request: CHG-2030-00017"

judged=(--base main --head change --now 2030-02-25T09:00:00Z)
COLUMNS=104 FORCE_HYPERLINK=0 LC_ALL=C.UTF-8 "$binary" check "${judged[@]}" --color always > ../out || true
python3 - ../out "$here/denied.svg" <<'PYTHON'
import sys
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

said, picture = sys.argv[1:]
console = Console(record=True, width=104, file=open("/dev/null", "w"), force_terminal=True, color_system="truecolor")
console.print(Text("$ changegate check --base main --head change", style="bold"))
console.print(Text.from_ansi(open(said).read()))
theme = TerminalTheme(
    (17, 21, 28), (212, 216, 222),
    [(40, 44, 52), (240, 96, 96), (130, 200, 130), (224, 180, 90), (110, 160, 240), (200, 140, 220), (90, 200, 210), (212, 216, 222)],
    [(120, 124, 132), (240, 96, 96), (130, 200, 130), (224, 180, 90), (110, 160, 240), (200, 140, 220), (90, 200, 210), (255, 255, 255)],
)
svg = console.export_svg(title="changegate", theme=theme, unique_id="denied")
# No font from another host: the picture looks the same offline.
head, rest = svg.split("<style>", 1)
style, rest = rest.split("</style>", 1)
while "@font-face" in style:
    before, face = style.split("@font-face", 1)
    style = before + face.split("}", 1)[1]
style = style.replace("Fira Code, monospace", "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace")
open(picture, "w").write(head + "<style>" + style + "</style>" + rest)
PYTHON

"$binary" report cab "${judged[@]}" --out ../pack > /dev/null
for scheme in light dark; do
  media=$([ "$scheme" = dark ] && echo '@media all' || echo '@media not all')
  sed "s/@media (prefers-color-scheme: dark)/$media/" ../pack/cab.html > "../$scheme.html"
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" --window-size=1180,1780 \
    --screenshot="$here/cab-$scheme.png" "file://$work/$scheme.html" 2> /dev/null
done
