//! What is inside a message (specification, 4.8.2): JSON that its author commits to and signs.

use serde::Serialize;

use crate::encoding::base64url;
use crate::envelope::MAX_CONTENT;
use crate::file::{CHUNK, Claim, MAX_PADDED, padded_size};
use crate::header::Kind;
use crate::ids::{FileId, Mid, UserId};
use crate::json::{Json, Members, NotJson, write};
use crate::secret::{FileKey, Secret};

/// Bytes of a reaction.
const MAX_REACTION: usize = 64;

/// Not a content that may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content is not in the form that the protocol prescribes")]
pub struct BadContent;

impl From<NotJson> for BadContent {
    fn from(NotJson: NotJson) -> Self {
        Self
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A text.
    Text(String),
    /// Files, with words or without.
    File(Option<String>),
    /// A reaction to the header's target.
    Reaction(String),
    /// Takes the header's target back.
    Redaction,
    /// Of a kind that this version does not know: its `t`.
    Unsupported(String),
}

impl Body {
    /// `t`
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Text(_) => "text",
            Self::File(_) => "file",
            Self::Reaction(_) => "reaction",
            Self::Redaction => "redaction",
            Self::Unsupported(name) => name,
        }
    }

    /// `body`
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::File(text) => text.as_deref(),
            Self::Reaction(_) | Self::Redaction | Self::Unsupported(_) => None,
        }
    }

    const fn reaction(&self) -> Option<&String> {
        match self {
            Self::Reaction(reaction) => Some(reaction),
            Self::Text(_) | Self::File(_) | Self::Redaction | Self::Unsupported(_) => None,
        }
    }
}

/// A message's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// What it says.
    pub body: Body,
    /// The message that it answers.
    pub reply: Option<Mid>,
    /// The message whose thread it belongs to.
    pub thread: Option<Mid>,
    /// Who is mentioned.
    pub mentions: Vec<UserId>,
    /// The files.
    pub files: Vec<Manifest>,
}

/// A file of a message: where it is, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The file itself.
    pub file: FileInfo,
    /// A smaller picture of it.
    pub thumb: Option<FileInfo>,
}

/// A file or a thumbnail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name on the server.
    pub id: FileId,
    /// Its key.
    pub key: FileKey,
    /// Bytes of the file.
    pub size: u64,
    /// Its hash (4.9): the key alone does not make a file the one that was meant.
    pub root: [u8; 32],
    /// The name that people read. Anything may stand in it.
    pub name: String,
    /// What its author says that it is. Anything may stand in it.
    pub mime: String,
    /// Points across.
    pub width: Option<u64>,
    /// Points down.
    pub height: Option<u64>,
}

impl Content {
    /// A content with nothing but its body.
    #[must_use]
    pub const fn new(body: Body) -> Self {
        Self {
            body,
            reply: None,
            thread: None,
            mentions: Vec::new(),
            files: Vec::new(),
        }
    }

    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::new(Body::Text(text.to_owned()))
    }

    /// A reaction.
    ///
    /// # Errors
    /// [`BadContent`] unless it is 1 to 64 bytes.
    pub fn reaction(reaction: &str) -> Result<Self, BadContent> {
        reaction_text(reaction.to_owned()).map(Self::new)
    }

    /// A redaction.
    #[must_use]
    pub const fn redaction() -> Self {
        Self::new(Body::Redaction)
    }

    /// Files, with words or without.
    ///
    /// # Errors
    /// [`BadContent`] if there are no files.
    pub fn file(files: Vec<Manifest>, words: Option<&str>) -> Result<Self, BadContent> {
        if files.is_empty() {
            return Err(BadContent);
        }
        Ok(Self {
            files,
            ..Self::new(Body::File(words.map(ToOwned::to_owned)))
        })
    }

    /// The list of the header: every file, its thumbnail after it.
    #[must_use]
    pub fn file_ids(&self) -> Vec<FileId> {
        self.files
            .iter()
            .flat_map(|manifest| [Some(&manifest.file), manifest.thumb.as_ref()])
            .flatten()
            .map(|file| file.id)
            .collect()
    }

    /// Reads the content of a message of that kind whose header lists those files.
    ///
    /// # Errors
    /// [`BadContent`].
    pub fn parse(kind: Kind, files: &[FileId], bytes: &[u8]) -> Result<Self, BadContent> {
        if bytes.len() > MAX_CONTENT {
            return Err(BadContent);
        }
        let mut members = Json::parse_bytes(bytes)?.object()?;
        members.version_1()?;
        let name = members.take("t")?.text()?;
        if of_kind(kind) != special(&name) {
            return Err(BadContent);
        }
        let content = Self {
            body: body(name, &mut members)?,
            reply: members.optional("reply", mid)?,
            thread: members.optional("thread", mid)?,
            mentions: members.optional("mentions", mentions)?.unwrap_or_default(),
            files: members.optional("files", manifests)?.unwrap_or_default(),
        };
        let lacks_files = matches!(content.body, Body::File(_)) && content.files.is_empty();
        if lacks_files || content.file_ids() != files {
            return Err(BadContent);
        }
        Ok(content)
    }

    /// Writes compact JSON.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        write(&ContentWire {
            v: 1,
            t: self.body.name(),
            body: self.body.text(),
            e: self.body.reaction().map(String::as_str),
            reply: self.reply.map(|mid| base64url(mid.as_bytes())),
            thread: self.thread.map(|mid| base64url(mid.as_bytes())),
            mentions: self.mentions.iter().map(|user| user.get()).collect(),
            files: self.files.iter().map(Manifest::wire).collect(),
        })
        .into_bytes()
    }
}

/// The `t` that a kind of message must have.
const fn of_kind(kind: Kind) -> Option<Kind> {
    match kind {
        Kind::Message | Kind::Edit => None,
        Kind::Redaction | Kind::Reaction => Some(kind),
    }
}

/// The kind of message that a `t` must have.
fn special(name: &str) -> Option<Kind> {
    match name {
        "redaction" => Some(Kind::Redaction),
        "reaction" => Some(Kind::Reaction),
        _ => None,
    }
}

fn body(name: String, members: &mut Members) -> Result<Body, BadContent> {
    match name.as_str() {
        "text" => Ok(Body::Text(members.take("body")?.text()?)),
        "file" => Ok(Body::File(members.optional("body", Json::text)?)),
        "reaction" => reaction_text(members.take("e")?.text()?),
        "redaction" => Ok(Body::Redaction),
        _ => Ok(Body::Unsupported(name)),
    }
}

fn reaction_text(text: String) -> Result<Body, BadContent> {
    if (1..=MAX_REACTION).contains(&text.len()) {
        Ok(Body::Reaction(text))
    } else {
        Err(BadContent)
    }
}

fn mid(value: Json) -> Result<Mid, NotJson> {
    value.fixed().map(Mid)
}

fn mentions(value: Json) -> Result<Vec<UserId>, NotJson> {
    let user = |value: Json| Ok(UserId::new(value.integer()?)?);
    value.array()?.into_iter().map(user).collect()
}

fn manifests(value: Json) -> Result<Vec<Manifest>, NotJson> {
    value.array()?.into_iter().map(manifest).collect()
}

fn manifest(value: Json) -> Result<Manifest, NotJson> {
    let mut members = value.object()?;
    Ok(Manifest {
        file: file_info(&mut members)?,
        thumb: members.optional("thumb", |value| {
            let mut members = value.object()?;
            let file = file_info(&mut members)?;
            // A thumbnail of a thumbnail would be a file that the header's list has no place for.
            match members.take("thumb") {
                Ok(_) => Err(NotJson),
                Err(NotJson) => Ok(file),
            }
        })?,
    })
}

fn file_info(members: &mut Members) -> Result<FileInfo, NotJson> {
    let info = FileInfo {
        id: FileId(members.take("id")?.fixed()?),
        key: FileKey::from_bytes(members.take("k")?.fixed()?),
        size: members.take("sz")?.integer()?,
        root: members.take("root")?.fixed()?,
        name: members.take("name")?.text()?,
        mime: members.take("mime")?.text()?,
        width: members.optional("w", Json::integer)?,
        height: members.optional("h", Json::integer)?,
    };
    let padded = members.take("psz")?.integer()?;
    let chunk = members.take("c")?.integer()?;
    if padded == padded_size(info.size) && padded <= MAX_PADDED && chunk == u64::from(CHUNK) {
        Ok(info)
    } else {
        Err(NotJson)
    }
}

#[derive(Serialize)]
struct ContentWire<'a> {
    v: u8,
    t: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<ManifestWire<'a>>,
}

#[derive(Serialize)]
struct ManifestWire<'a> {
    id: String,
    k: String,
    sz: u64,
    psz: u64,
    c: u32,
    root: String,
    name: &'a str,
    mime: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    w: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    h: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb: Option<Box<Self>>,
}

impl Manifest {
    fn wire(&self) -> ManifestWire<'_> {
        ManifestWire {
            thumb: self.thumb.as_ref().map(|thumb| Box::new(thumb.wire())),
            ..self.file.wire()
        }
    }
}

impl FileInfo {
    /// What is needed to open it, beside its name and its key.
    #[must_use]
    pub fn claim(&self) -> Claim {
        Claim {
            size: self.size,
            padded: padded_size(self.size),
            root: self.root,
        }
    }

    fn wire(&self) -> ManifestWire<'_> {
        ManifestWire {
            id: base64url(self.id.as_bytes()),
            k: base64url(self.key.expose()),
            sz: self.size,
            psz: padded_size(self.size),
            c: CHUNK,
            root: base64url(&self.root),
            name: &self.name,
            mime: &self.mime,
            w: self.width,
            h: self.height,
            thumb: None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file of a message, of a number.
    pub(crate) fn file(number: u8, size: u64) -> FileInfo {
        FileInfo {
            id: FileId([number; 16]),
            key: FileKey::from_bytes([number; 32]),
            size,
            root: [number; 32],
            name: "Ferien \"1\".jpg".into(),
            mime: "image/jpeg".into(),
            width: Some(640),
            height: None,
        }
    }

    fn two_files() -> Vec<Manifest> {
        vec![
            Manifest {
                file: file(1, 5000),
                thumb: Some(file(2, 0)),
            },
            Manifest {
                file: file(3, 1 << 30),
                thumb: None,
            },
        ]
    }

    fn parse(kind: u8, text: &str) -> Result<Content, BadContent> {
        Content::parse(Kind::from_number(kind).unwrap(), &[], text.as_bytes())
    }

    #[test]
    fn what_is_written_is_read() {
        let all = Content {
            reply: Some(Mid([1; 16])),
            thread: Some(Mid([2; 16])),
            mentions: vec![UserId::new(42).unwrap()],
            files: two_files(),
            ..Content::text("Grüße\n\u{1f}\u{2028}☃")
        };
        let contents = [
            (1, all.clone()),
            (2, all),
            (1, Content::text("")),
            (1, Content::file(two_files(), None).unwrap()),
            (1, Content::file(two_files(), Some("x")).unwrap()),
            (3, Content::redaction()),
            (4, Content::reaction("👍").unwrap()),
        ];
        for (kind, content) in contents {
            let kind = Kind::from_number(kind).unwrap();
            let read = Content::parse(kind, &content.file_ids(), &content.encode());
            assert_eq!(read, Ok(content));
        }
        assert_eq!(
            Content::text("Hi").encode(),
            b"{\"v\":1,\"t\":\"text\",\"body\":\"Hi\"}"
        );
        assert_eq!(
            Content::reaction("+").unwrap().encode(),
            b"{\"v\":1,\"t\":\"reaction\",\"e\":\"+\"}"
        );
        assert!(Content::reaction("").is_err());
        assert!(Content::reaction(&"x".repeat(65)).is_err());
        assert!(Content::file(Vec::new(), None).is_err());
    }

    #[test]
    fn unknown_things_are_passed_over() {
        let poll = parse(1, "{\"t\":\"poll\",\"v\":1,\"body\":[1e999],\"x\":{\"v\":-0.5}}").unwrap();
        assert_eq!(poll.body, Body::Unsupported("poll".into()));
        assert_eq!(
            parse(1, "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"e\":1}"),
            Ok(Content::text("a"))
        );
    }

    #[test]
    fn what_a_content_may_not_say() {
        let wrong = [
            (1, ""),
            (1, "[]"),
            (1, "{}"),
            (1, "{\"v\":2,\"t\":\"text\",\"body\":\"\"}"),
            (1, "{\"v\":1.0,\"t\":\"text\",\"body\":\"\"}"),
            (1, "{\"v\":1,\"t\":1,\"body\":\"\"}"),
            (1, "{\"v\":1,\"t\":\"text\"}"),
            (1, "{\"v\":1,\"t\":\"text\",\"body\":null}"),
            (1, "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"body\":\"b\"}"),
            (1, "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"reply\":null}"),
            (1, "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"reply\":\"AAAA\"}"),
            (1, "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"mentions\":[\"1\"]}"),
            (
                1,
                "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"mentions\":[9007199254740992]}",
            ),
            (1, "{\"v\":1,\"t\":\"text\",\"body\":\"a\",\"files\":{}}"),
            (1, "{\"v\":1,\"t\":\"poll\",\"thread\":1}"),
            (1, "{\"v\":1,\"t\":\"file\",\"files\":[]}"),
            (1, "{\"v\":1,\"t\":\"file\"}"),
            (1, "{\"v\":1,\"t\":\"redaction\"}"),
            (2, "{\"v\":1,\"t\":\"reaction\",\"e\":\"x\"}"),
            (3, "{\"v\":1,\"t\":\"reaction\",\"e\":\"x\"}"),
            (3, "{\"v\":1,\"t\":\"text\",\"body\":\"x\"}"),
            (4, "{\"v\":1,\"t\":\"poll\"}"),
            (4, "{\"v\":1,\"t\":\"reaction\",\"e\":\"\"}"),
            (4, "{\"v\":1,\"t\":\"reaction\"}"),
        ];
        for (kind, text) in wrong {
            assert_eq!(parse(kind, text), Err(BadContent), "{kind} {text}");
        }
        let long = Content::text(&"x".repeat(MAX_CONTENT)).encode();
        assert_eq!(Content::parse(Kind::Message, &[], &long), Err(BadContent));
    }

    #[test]
    fn files_are_those_of_the_header() {
        let content = Content::file(two_files(), None).unwrap();
        let parse = |ids: &[u8], text: &str| {
            let ids: Vec<_> = ids.iter().map(|id| FileId([*id; 16])).collect();
            Content::parse(Kind::Message, &ids, text.as_bytes())
        };
        let text = String::from_utf8(content.encode()).unwrap();
        assert_eq!(parse(&[1, 2, 3], &text), Ok(content));
        for ids in [&[][..], &[1, 2], &[1, 3], &[1, 3, 2], &[2, 1, 3], &[1, 2, 3, 4]] {
            assert_eq!(parse(ids, &text), Err(BadContent), "{ids:?}");
        }
        let wrong = [
            text.replace("\"sz\":5000", "\"sz\":5121"),
            text.replace("\"sz\":1073741824", "\"sz\":1073741825"),
            text.replace("\"psz\":5120", "\"psz\":5376"),
            text.replace("\"psz\":4096", "\"psz\":256"),
            text.replace("262144", "262145"),
            text.replace("\"mime\":\"image/jpeg\"", "\"mime\":1"),
            text.replace("\"w\":640", "\"w\":null"),
            text.replace("\"w\":640", "\"w\":640.0"),
            text.replace("\"root\":\"A", "\"root\":\""),
            text.replace("}}", ",\"thumb\":{}}}"),
        ];
        for wrong in wrong {
            assert_ne!(wrong, text);
            assert_eq!(parse(&[1, 2, 3], &wrong), Err(BadContent), "{wrong}");
        }
        let too_large = Manifest {
            file: file(1, (1 << 30) + 1),
            thumb: None,
        };
        let content = Content::file(vec![too_large], None).unwrap();
        assert_eq!(
            Content::parse(Kind::Message, &content.file_ids(), &content.encode()),
            Err(BadContent)
        );
    }

    proptest! {
        #[test]
        fn parse_content_never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..200), place in 0_usize..600, byte in any::<u8>(),
        ) {
            let _ = Content::parse(Kind::Message, &[], &bytes);
            let content = Content::file(two_files(), None).unwrap();
            let mut mutated = content.encode();
            if let Some(target) = mutated.get_mut(place) {
                *target = byte;
            }
            let _ = Content::parse(Kind::Message, &content.file_ids(), &mutated);
        }

        #[test]
        fn any_text_comes_back(text in any::<String>()) {
            let content = Content::text(&text);
            prop_assert_eq!(Content::parse(Kind::Message, &[], &content.encode()), Ok(content));
        }
    }
}
