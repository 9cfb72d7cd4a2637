//! The description of the socket (AsyncAPI 3.0), made of the frames' own types.

use chat_domain::limit::Limits;
use serde_json::{Map, Value, json};

use crate::frame::schemas::{self, FrameSchema};

const PROMISES: &str = "Frames are JSON text, at most 128 KiB. The first one, within 10 s, is `auth`; `auth_ok` answers. \
Then comes for every room in `resume` what was missed, and `resumed`; then what happens, live. The events of a room come in \
the strict order of their `seq`, which has no gap, and none is left out. `ack` says that a message is stored for good: it survives \
a crash and a power cut from there on, and comes before the sender's own `new_message`. Who has a keyed account is told of every \
new record of the directory of identities (`dir`), and of what another session has stored (`state`); of several that come close \
together perhaps only of the newest. What is sent again under the same \
`client_id` is stored once. A refusal is an `error` and the connection stays open. Unknown fields are to be ignored, and so \
are frames of an unknown `type`. Who says nothing for 25 s is asked for a sign of life (a protocol ping), and gone after 55 s \
without one. The subprotocol `chat.v1.json` means the same as none.";

const CLOSE_CODES: [(u16, &str); 10] = [
    (1001, "The server stops: come back."),
    (1002, "Against RFC 6455."),
    (1003, "Binary data: frames are text."),
    (1007, "Not UTF-8."),
    (1009, "Too big."),
    (4001, "Not signed in, or not any more."),
    (4003, "Kicked by an administrator."),
    (4004, "Banned."),
    (
        4008,
        "Twenty refusals within 10 s, or more than 32 connections of one user.",
    ),
    (4009, "Too slow: come back with `resume`, and nothing is missed."),
];

/// The document. It is the same on every server.
#[must_use]
pub fn document() -> Value {
    let (clients, server) = (schemas::of_clients(), schemas::of_server());
    let messages = clients.iter().chain(&server);
    let in_channel: Map<_, _> = messages
        .clone()
        .map(|frame| {
            (
                frame.name.clone(),
                json!({ "$ref": format!("#/components/messages/{}", frame.name) }),
            )
        })
        .collect();
    let messages: Map<_, _> = messages
        .map(|frame| (frame.name.clone(), message(frame)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Secure Chat, WebSocket",
            "version": "1",
            "description": PROMISES,
            "license": { "name": "MIT" },
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": "/ws",
                "description": close_codes(),
                "messages": in_channel,
                "bindings": { "ws": { "method": "GET" } },
                "x-close-codes": CLOSE_CODES
                    .iter()
                    .map(|(code, meaning)| (code.to_string(), json!(meaning)))
                    .collect::<Map<_, _>>(),
                "x-max-frame-bytes": Limits::default().body,
            },
        },
        "operations": {
            "fromClient": operation("receive", "What a client sends, and the server receives.", &clients),
            "fromServer": operation("send", "What the server sends.", &server),
        },
        "components": { "messages": messages, "schemas": components(&clients, &server) },
    })
}

fn close_codes() -> String {
    let lines = CLOSE_CODES.map(|(code, meaning)| format!("{code}: {meaning}"));
    format!("The server closes with a code: {}", lines.join(" "))
}

fn operation(action: &str, summary: &str, frames: &[FrameSchema]) -> Value {
    let messages: Vec<_> = frames
        .iter()
        .map(|frame| json!({ "$ref": format!("#/channels/socket/messages/{}", frame.name) }))
        .collect();
    json!({
        "action": action,
        "summary": summary,
        "channel": { "$ref": "#/channels/socket" },
        "messages": messages,
    })
}

fn message(frame: &FrameSchema) -> Value {
    json!({
        "name": frame.kind,
        "summary": frame.schema.description,
        "payload": { "$ref": format!("#/components/schemas/{}", frame.name) },
    })
}

fn components(clients: &[FrameSchema], server: &[FrameSchema]) -> Map<String, Value> {
    let frames = clients.iter().chain(server);
    let frames = frames.map(|frame| (frame.name.clone(), json!(frame.schema)));
    let named = schemas::named_by_frames().into_iter();
    frames
        .chain(named.map(|(name, schema)| (name, json!(schema))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut references = Vec::new();
        collect(&document, &mut references);
        assert!(references.len() > 50);
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    into.push(reference.clone());
                }
                members.values().for_each(|member| collect(member, into));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
