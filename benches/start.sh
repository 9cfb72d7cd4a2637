#!/usr/bin/env bash
# How long the program takes from its start to its first answer: `benches/start.sh target/release/secure-chat`.
# The first start makes keys, database and administrator; the others find them.
set -euo pipefail
program=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
for run in $(seq 20); do
  from=$(date +%s%N)
  exec {said}< <(exec "$program" --data-dir "$directory/data" serve --port 0 2>/dev/null)
  pid=$!
  line=
  while [[ $line != listening* ]]; do read -r line <&"$said"; done
  curl -sf "${line#listening on }/readyz" >/dev/null
  to=$(date +%s%N)
  printf 'start %2d: %d ms\n' "$run" $(((to - from) / 1000000))
  kill -TERM "$pid"
  # Its end closes the pipe.
  cat <&"$said" >/dev/null
  exec {said}<&-
done
