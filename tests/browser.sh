#!/usr/bin/env bash
# The pages in a real browser: no console error, no serious accessibility violation in light and in dark, and a PDF
# that holds every column: what is scrolled to on a screen is cut off on paper.
#
#     tests/browser.sh PAGE.html…
#
# Needs chromium, node with npm, and the npm registry (or AXE=path/to/axe.min.js). Pictures and PDFs are left in OUT when set.
set -euo pipefail

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${OUT:-$work/out}
mkdir -p "$out"

if [ -z "${AXE:-}" ]; then
  npm install --silent --no-audit --no-fund --prefix "$work/npm" axe-core@4
  AXE="$work/npm/node_modules/axe-core/axe.min.js"
fi

chrome() {
  "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" --enable-logging=stderr --v=0 \
    --virtual-time-budget=20000 "$@" 2> "$work/stderr"
}

for page in "$@"; do
  name=$(basename "$page" .html)
  chrome --dump-dom "file://$(realpath "$page")" > /dev/null
  if grep -E "CONSOLE.*(error|Refused)" "$work/stderr"; then echo "FAILED: $page writes to the console"; exit 1; fi
  chrome --print-to-pdf="$out/$name.pdf" --no-pdf-header-footer "file://$(realpath "$page")" > /dev/null
  head -c 5 "$out/$name.pdf" | grep -q '%PDF-' || { echo "FAILED: $page does not print"; exit 1; }

  # As on A4 with the margins of the browser, 96 dots an inch; pages that say so lie on their side.
  node - "$page" > "$work/$name-print.html" <<'NODE'
const fs = require('node:fs');
let html = fs.readFileSync(process.argv[2], 'utf8').replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
const width = /body:has\(\.evidence\)/.test(html) && /class="[^"]*\bevidence\b/.test(html) ? 1046 : 717;
html = html.replace('@media print', '@media all').replace('</body>', `<script>
document.body.style.width = '${width}px';
const cut = [...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.getAttribute('aria-label'));
document.documentElement.innerHTML = 'CUT ' + JSON.stringify(cut) + ' END';
</script></body>`);
process.stdout.write(html);
NODE
  chrome --window-size=1180,1600 --dump-dom "file://$work/$name-print.html" > "$work/dom"
  grep -q 'CUT \[\] END' "$work/dom" || { echo "FAILED: $page is cut off on paper: $(grep -o 'CUT .* END' "$work/dom")"; exit 1; }

  for scheme in light dark; do
    # The page forbids scripts; the copy that is examined allows the examiner, and pins the colour scheme.
    node - "$page" "$AXE" "$scheme" "$work/$name-picture.html" > "$work/$name-$scheme.html" <<'NODE'
const fs = require('node:fs');
const [page, axe, scheme, picture] = process.argv.slice(2);
let html = fs.readFileSync(page, 'utf8').replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
html = html.replace('@media (prefers-color-scheme: dark)', scheme === 'dark' ? '@media all' : '@media not all');
fs.writeFileSync(picture, html);
html = html.replace('</body>', `<script>${fs.readFileSync(axe, 'utf8')}</script><script>
axe.run().then(r => { const bad = r.violations.filter(v => ['serious', 'critical'].includes(v.impact));
  document.documentElement.innerHTML = 'AXE ' + JSON.stringify({passes: r.passes.length,
    bad: bad.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 120))])}) + ' END'; });
</script></body>`);
process.stdout.write(html);
NODE
    chrome --window-size=1180,1600 --screenshot="$out/$name-$scheme.png" "file://$work/$name-picture.html" > /dev/null
    chrome --dump-dom "file://$work/$name-$scheme.html" > "$work/dom"
    result=$(grep -o 'AXE .* END' "$work/dom" | sed 's/^AXE //; s/ END$//')
    [ -n "$result" ] || { echo "FAILED: $page was not examined in $scheme"; exit 1; }
    echo "$name $scheme: $result"
    echo "$result" | grep -q '"bad":\[\]' || { echo "FAILED: $page has accessibility violations in $scheme"; exit 1; }
  done
done
