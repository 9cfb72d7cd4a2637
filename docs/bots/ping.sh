#!/bin/sh
# Answers "!ping" in any room that the bot is in. HOST: 127.0.0.1:8080; TOKEN: one with the scopes read and write.
echo "{\"type\":\"auth\",\"token\":\"$TOKEN\"}" | websocat --no-close "ws://$HOST/ws" |
  jq --unbuffered -r 'select(.type == "new_message") | .message | select(.content == "!ping") | "\(.room_id) \(.id)"' |
  while read -r room id; do
    curl -sS "http://$HOST/api/send-message" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
      -d "{\"room_id\":$room,\"content\":\"pong\",\"message_type\":\"text\",\"reply_to\":$id,\"client_id\":\"pong-$id\"}"
  done
