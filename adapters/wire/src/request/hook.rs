//! What other programs send to a webhook: the body of Slack's incoming webhooks
//! (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>), as far as it has a meaning here.

use chat_domain::{Content, MessageType, limit::Limits, message::Utterance};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    decode,
    problem::{FieldProblem, Problem},
};

/// `POST /hooks/{token}`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Hook {
    /// What is to be said.
    text: Option<String>,
    /// Who says it: stands before the text.
    username: Option<String>,
    /// What is to be said beside the text, or without one.
    attachments: Option<Vec<Attachment>>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = HookAttachment)]
struct Attachment {
    /// Said if there is nothing else.
    fallback: Option<String>,
    pretext: Option<String>,
    title: Option<String>,
    title_link: Option<String>,
    text: Option<String>,
    fields: Option<Vec<Field>>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = HookField)]
struct Field {
    title: Option<String>,
    /// A text, or anything else, which is shown as JSON.
    #[schema(value_type = Option<Value>)]
    value: Option<serde_json::Value>,
}

impl Hook {
    /// Reads a body: JSON, or a form whose `payload` is JSON.
    ///
    /// # Errors
    /// `bad_request` for neither; `invalid` for a field that has another type.
    pub fn read(body: &[u8], is_form: bool) -> Result<Self, Problem> {
        if !is_form {
            return decode::object(body);
        }
        let mut pairs = form_urlencoded::parse(body);
        let payload = pairs.find_map(|(key, value)| (key == "payload").then_some(value));
        let payload = payload.ok_or_else(|| Problem::bad_request("The form has no payload."))?;
        decode::object(payload.as_bytes())
    }

    /// What is to be said: the text, then the attachments, a line each. What is longer than a message can be is cut, for
    /// an alarm that comes short is worth more than one that does not come.
    ///
    /// # Errors
    /// `invalid` if there is nothing to be said.
    pub fn parse(self, limits: &Limits) -> Result<Utterance, Problem> {
        let text = self.text.as_deref().and_then(plain);
        let said = match (self.username.as_deref().and_then(plain), text) {
            (Some(name), Some(text)) => Some(format!("{name}: {text}")),
            (_, text) => text,
        };
        let attached = self.attachments.into_iter().flatten().flat_map(Attachment::lines);
        let lines: Vec<_> = said.into_iter().chain(attached).collect();
        let content = Content::within(limits.content, cut(lines.join("\n"), limits.content));
        let wrong = |error: &dyn std::fmt::Display| Problem::invalid(vec![FieldProblem::new("text", error)]);
        Ok(Utterance {
            content: content.map_err(|error| wrong(&error))?,
            message_type: MessageType::Text,
            reply_to: None,
            client_id: None,
        })
    }
}

impl Attachment {
    fn lines(self) -> Vec<String> {
        let title = self.title.as_deref().and_then(plain);
        let title = match (title, self.title_link.as_deref().and_then(plain)) {
            (Some(title), Some(link)) => Some(format!("{title} ({link})")),
            (title, link) => title.or(link),
        };
        let fields = self.fields.into_iter().flatten().filter_map(Field::line);
        let plainly = |text: Option<String>| text.as_deref().and_then(plain);
        let mut lines: Vec<_> = [plainly(self.pretext), title, plainly(self.text)]
            .into_iter()
            .flatten()
            .chain(fields)
            .collect();
        if lines.is_empty() {
            lines.extend(plainly(self.fallback));
        }
        lines
    }
}

impl Field {
    fn line(self) -> Option<String> {
        let value = self.value?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = plain(&value)?;
        match self.title.as_deref().and_then(plain) {
            Some(title) => Some(format!("{title}: {value}")),
            None => Some(value),
        }
    }
}

/// Slack's text as plain text: `<https://x|name>` becomes `name (https://x)`, and `&amp;`, `&lt;`, `&gt;` what they stand
/// for (<https://docs.slack.dev/messaging/formatting-message-text>). `None` if nothing is left.
fn plain(text: &str) -> Option<String> {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        told.push_str(before);
        let linked = after
            .split_once('>')
            .and_then(|(inside, behind)| Some((link(inside)?, behind)));
        let (link, behind) = linked.unwrap_or_else(|| ("<".to_owned(), after));
        told.push_str(&link);
        rest = behind;
    }
    told.push_str(rest);
    let told = told
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let told = told.trim();
    (!told.is_empty()).then(|| told.to_owned())
}

/// What stands between the brackets, if that is a link.
fn link(inside: &str) -> Option<String> {
    let (link, name) = inside.split_once('|').unwrap_or((inside, ""));
    let is_link = !link.is_empty() && !link.contains(|c: char| c.is_whitespace() || c == '<');
    let told = || {
        if name.is_empty() {
            link.to_owned()
        } else {
            format!("{name} ({link})")
        }
    };
    is_link.then(told)
}

/// Cuts a text to so many bytes, of which the last are to say that there was more.
fn cut(mut text: String, most: usize) -> String {
    const MORE: &str = "…";
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most.saturating_sub(MORE.len())));
        text.push_str(if most < MORE.len() { "" } else { MORE });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        let hook = Hook::read(body.as_bytes(), false).unwrap();
        hook.parse(&Limits::default())
            .unwrap()
            .content
            .as_str()
            .to_owned()
    }

    #[test]
    fn text() {
        assert_eq!(
            said(r##"{"text":"disk full","channel":"#ops","icon_emoji":":x:"}"##),
            "disk full"
        );
        assert_eq!(
            said(r#"{"text":"disk full","username":"probe 1"}"#),
            "probe 1: disk full"
        );
        assert_eq!(
            said(r#"{"text":"see <https://x.example/1|the graph> &amp; act, 1 &lt; 2"}"#),
            "see the graph (https://x.example/1) & act, 1 < 2"
        );
        assert_eq!(
            said(r#"{"text":"a < b, <https://x.example>"}"#),
            "a < b, https://x.example"
        );
    }

    /// As Alertmanager and Grafana send them.
    #[test]
    fn attachments() {
        let body = r##"{"channel":"#ops","attachments":[{"title":"[FIRING:1] Disk","title_link":"https://a.example/#/alerts",
            "pretext":"","text":"97 % on node-1","fallback":"[FIRING:1]","color":"danger","mrkdwn_in":["text"],
            "fields":[{"title":"severity","value":"page","short":true},{"title":"count","value":3}],"footer":"x","ts":1}]}"##;
        assert_eq!(
            said(body),
            "[FIRING:1] Disk (https://a.example/#/alerts)\n97 % on node-1\nseverity: page\ncount: 3"
        );
        assert_eq!(said(r#"{"attachments":[{"fallback":"something"}]}"#), "something");
    }

    #[test]
    fn forms() {
        let hook = Hook::read(b"payload=%7B%22text%22%3A%22a+b%22%7D&x=y", true).unwrap();
        assert_eq!(hook.parse(&Limits::default()).unwrap().content.as_str(), "a b");
        assert_eq!(Hook::read(b"text=a", true).unwrap_err().status, 400);
    }

    #[test]
    fn nothing_to_say() {
        for body in [
            "{}",
            r#"{"text":" "}"#,
            r#"{"attachments":[{}]}"#,
            r#"{"username":"x"}"#,
        ] {
            let problem = Hook::read(body.as_bytes(), false)
                .and_then(|hook| hook.parse(&Limits::default()))
                .unwrap_err();
            assert_eq!(
                (problem.status, problem.fields[0].field.as_str()),
                (422, "text"),
                "{body}"
            );
        }
        assert_eq!(Hook::read(br#"{"text":7}"#, false).unwrap_err().status, 422);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = format!(r#"{{"text":"{}"}}"#, "ä".repeat(10_000));
        let told = said(&long);
        assert!(told.ends_with("ä…") && (16_381..=16_384).contains(&told.len()));
    }
}
