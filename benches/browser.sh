#!/usr/bin/env bash
# How long frames take while one scrolls up through 10,000 messages: `benches/browser.sh target/release/secure-chat`, with
# CHROMIUM for another browser and MANY_MESSAGES for another number. What is counted there is judged in the tests.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/../tests/browser"
[ -d node_modules ] || npm ci --no-audit --no-fund --silent
for run in 1 2 3; do
  TIMES=yes SECURE_CHAT=$program CHROMIUM=${CHROMIUM:-/usr/bin/chromium} node run.mjs history
done
