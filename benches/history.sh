#!/usr/bin/env bash
# What a long history costs: `benches/history.sh target/release/secure-chat [MESSAGES]` (1,000,000 unless told otherwise).
# It fills one room through the API, then prints the time from start to ready (median of 20), and the processor time that
# the server spends on a page of 50 messages: the newest and one in the middle, beside the newest of a room of 100.
set -euo pipefail
program=$1
messages=${2:-1000000}
requests=${REQUESTS:-5000}
directory=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid"; rm -rf "$directory"' EXIT

start() {
  exec {said}< <(exec env RATE_LIMIT_MESSAGES=4000000000 "$program" --data-dir "$directory/data" serve --port 0 2>/dev/null)
  pid=$!
  line=
  while [[ $line != listening* ]]; do read -r line <&"$said"; done
  url=${line#listening on }
  curl -sf "$url/readyz" >/dev/null
}

stop() {
  kill -TERM "$pid"
  pid=
  # Its end closes the pipe.
  cat <&"$said" >/dev/null
  exec {said}<&-
}

post() { curl -sf -H 'content-type: application/json' ${token:+-H "authorization: Bearer $token"} "$@"; }

room() { post -d "{\"name\":\"$1\",\"join\":\"open\"}" "$url/api/rooms" | sed 's/.*"room":{"id":\([0-9]*\).*/\1/'; }

# Room, count.
fill() {
  post -Z --parallel-max 64 --no-progress-meter -o /dev/null \
    -d "{\"content\":\"what was said, a line or so of text\",\"message_type\":\"text\",\"room_id\":$1}" \
    "$url/api/send-message?n=[1-$2]"
}

# Processor time of the server so far, user and system, in ticks.
ticks() { sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f12,13 | tr ' ' '+' | bc; }

# Room, further parameters: microseconds of processor time for one request.
cost() {
  local before
  before=$(ticks)
  curl -sf -o /dev/null -H "authorization: Bearer $token" \
    "$url/api/messages?limit=50&room_id=$1${2:-}&n=[1-$requests]"
  echo $((($(ticks) - before) * 1000000 / $(getconf CLK_TCK) / requests))
}

start
token=
token=$(post -d '{"username":"bench","password":"correct horse battery","confirm_password":"correct horse battery","session":"bearer"}' \
  "$url/register" | sed 's/.*"token":"\([^"]*\)".*/\1/')
long=$(room long)
short=$(room short)
fill "$long" "$messages"
fill "$short" 100
last=$(curl -sf -H "authorization: Bearer $token" "$url/api/messages?limit=1&room_id=$long" | sed 's/.*"seq":\([0-9]*\).*/\1/')
stop
printf '%d events in the long room, database of %d MiB\n' "$last" $(($(stat -c %s "$directory/data/chat.db") / 1048576))

for _ in $(seq 20); do
  from=$(date +%s%N)
  start
  to=$(date +%s%N)
  stop
  echo $(((to - from) / 1000000))
done | sort -n | awk '{ run[NR] = $1 } END { printf "start to ready: median %d ms, longest %d ms\n", (run[10] + run[11]) / 2, run[20] }'

start
of_short=$(cost "$short")
of_newest=$(cost "$long")
of_middle=$(cost "$long" "&before=$((last / 2))")
stop
printf 'a page of 50, processor time: %d us in the short room, %d us newest of the long one (%s), %d us in its middle (%s)\n' \
  "$of_short" "$of_newest" "$(echo "scale=2; $of_newest / $of_short" | bc)" "$of_middle" "$(echo "scale=2; $of_middle / $of_short" | bc)"
