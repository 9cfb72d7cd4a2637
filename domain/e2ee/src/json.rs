//! JSON as the protocol reads it (RFC 8259, and stricter): a text has one meaning for every implementation. Refused
//! are keys that stand twice, surrogates without their other half, deep nesting and a byte order mark.
//!
//! JSON is never signed; but what is inside a signed message must not say one thing here and another there.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::encoding::{MAX_INTEGER, Unreadable, array_from_base64url, base64url, from_base64url};

/// The deepest nesting; the outermost object or array is 1.
const MAX_DEPTH: u8 = 16;

/// Not JSON as the protocol reads it, or not the value that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the JSON that the protocol prescribes")]
pub struct NotJson;

impl From<NotJson> for Unreadable {
    fn from(NotJson: NotJson) -> Self {
        Self::Malformed
    }
}

impl From<Unreadable> for NotJson {
    fn from(_: Unreadable) -> Self {
        Self
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it is written: fields that are not ours may hold any.
    Number(String),
    /// A string, its escapes resolved.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Members),
}

/// What stands in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members(BTreeMap<String, Json>);

impl Members {
    /// Takes a member out.
    ///
    /// # Errors
    /// [`NotJson`] if there is none of that name.
    pub fn take(&mut self, name: &str) -> Result<Json, NotJson> {
        self.0.remove(name).ok_or(NotJson)
    }

    /// Takes a member out and reads it, if there is one.
    ///
    /// # Errors
    /// As `read`: a member that stands there, `null` too, must be what is looked for.
    pub fn optional<T, E>(
        &mut self,
        name: &str,
        read: impl FnOnce(Json) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        self.0.remove(name).map(read).transpose()
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// [`NotJson`].
    pub fn end(self) -> Result<(), NotJson> {
        if self.0.is_empty() { Ok(()) } else { Err(NotJson) }
    }

    /// Puts a member in, in the place of one of that name.
    #[must_use]
    pub fn with(mut self, name: &str, value: Json) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// With the members of `over` in the place of those of the same names.
    #[must_use]
    pub fn overlaid_with(mut self, over: Self) -> Self {
        self.0.extend(over.0);
        self
    }

    /// The member `v` must be 1.
    ///
    /// # Errors
    /// [`NotJson`].
    pub fn version_1(&mut self) -> Result<(), NotJson> {
        if self.take("v")?.integer()? == 1 {
            Ok(())
        } else {
            Err(NotJson)
        }
    }
}

impl IntoIterator for Members {
    type Item = (String, Json);
    type IntoIter = std::collections::btree_map::IntoIter<String, Json>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Json {
    /// An integer of the protocol.
    #[must_use]
    pub fn of_integer(number: u64) -> Self {
        Self::Number(number.to_string())
    }

    /// Bytes, as base64url.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::Text(base64url(bytes))
    }

    /// The value as compact text, members in the order of their names: equal values are equal texts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let joined = |parts: Vec<String>| parts.join(",");
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(is) => is.to_string(),
            Self::Number(number) => number.clone(),
            Self::Text(text) => write(text),
            Self::Array(elements) => format!("[{}]", joined(elements.iter().map(Self::to_text).collect())),
            Self::Object(Members(members)) => {
                let member = |(name, one): (&String, &Self)| format!("{}:{}", write(name), one.to_text());
                format!("{{{}}}", joined(members.iter().map(member).collect()))
            }
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`NotJson`].
    pub fn parse(text: &str) -> Result<Self, NotJson> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| NotJson)?;
        value(raw, 1)
    }

    /// Reads bytes.
    ///
    /// # Errors
    /// [`NotJson`], also if they are not UTF-8.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, NotJson> {
        Self::parse(std::str::from_utf8(bytes).map_err(|_| NotJson)?)
    }

    /// The members of an object.
    ///
    /// # Errors
    /// [`NotJson`], here and below, if it is something else.
    pub fn object(self) -> Result<Members, NotJson> {
        match self {
            Self::Object(members) => Ok(members),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Array(_) => Err(NotJson),
        }
    }

    /// The elements of an array.
    ///
    /// # Errors
    /// As [`Json::object`].
    pub fn array(self) -> Result<Vec<Self>, NotJson> {
        match self {
            Self::Array(elements) => Ok(elements),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Object(_) => Err(NotJson),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// As [`Json::object`].
    pub fn boolean(self) -> Result<bool, NotJson> {
        match self {
            Self::Bool(is) => Ok(is),
            Self::Null | Self::Number(_) | Self::Text(_) | Self::Array(_) | Self::Object(_) => Err(NotJson),
        }
    }

    /// A string.
    ///
    /// # Errors
    /// As [`Json::object`].
    pub fn text(self) -> Result<String, NotJson> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => Err(NotJson),
        }
    }

    /// An integer of the protocol: plain digits, at most 2⁵³ − 1.
    ///
    /// # Errors
    /// As [`Json::object`].
    pub fn integer(self) -> Result<u64, NotJson> {
        match self {
            Self::Number(number) => Ok(integer(&number)?),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::Array(_) | Self::Object(_) => Err(NotJson),
        }
    }

    /// Bytes, as base64url.
    ///
    /// # Errors
    /// As [`Json::object`].
    pub fn bytes(self) -> Result<Vec<u8>, NotJson> {
        Ok(from_base64url(&self.text()?)?)
    }

    /// Bytes of a known number, as base64url.
    ///
    /// # Errors
    /// As [`Json::object`].
    pub fn fixed<const N: usize>(self) -> Result<[u8; N], NotJson> {
        Ok(array_from_base64url(&self.text()?)?)
    }
}

/// Reads plain decimal digits: no sign, fraction, exponent or leading zero, and at most 2⁵³ − 1.
///
/// # Errors
/// [`Unreadable::Malformed`].
pub fn integer(text: &str) -> Result<u64, Unreadable> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    match text.parse() {
        Ok(number) if digits && !leading_zero && number <= MAX_INTEGER => Ok(number),
        _ => Err(Unreadable::Malformed),
    }
}

/// Writes a value as compact JSON.
pub(crate) fn write(value: &impl serde::Serialize) -> String {
    // What is written here has texts and numbers in it, and text for keys: there is nothing to fail on.
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads one value, whose syntax has been looked over, at its depth.
fn value(raw: &RawValue, depth: u8) -> Result<Json, NotJson> {
    let text = raw.get();
    // A number is kept as it is written; the library would make another of it, or refuse one that is great.
    if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(Json::Number(text.to_owned()));
    }
    if depth > MAX_DEPTH && text.starts_with(['[', '{']) {
        return Err(NotJson);
    }
    serde_json::Deserializer::from_str(text)
        .deserialize_any(AtDepth(depth))
        .map_err(|_| NotJson)
}

/// Reads the value at this depth, and what is in it one deeper.
struct AtDepth(u8);

impl AtDepth {
    fn inside<E: Error>(&self, raw: &RawValue) -> Result<Json, E> {
        value(raw, self.0.saturating_add(1)).map_err(E::custom)
    }
}

impl<'de> Visitor<'de> for AtDepth {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(raw) = elements.next_element()? {
            array.push(self.inside(raw)?);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, raw)) = entries.next_entry::<String, _>()? {
            if members.insert(name, self.inside(raw)?).is_some() {
                return Err(A::Error::custom(NotJson));
            }
        }
        Ok(Json::Object(Members(members)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_has_one_meaning() {
        let lawful = [
            "{}",
            " [1 , 2]\n",
            "null",
            "\"\\ud83d\\ude00\"",
            "{\"a\":1,\"b\":{\"a\":2}}",
            "1e999",
            "-0",
            "1.5E-3",
            "[true,false]",
            "\"\\u0000\u{7f}\"",
        ];
        for text in lawful {
            assert!(Json::parse(text).is_ok(), "{text}");
        }
        let wrong = [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "+1",
            ".5",
            "1.",
            "NaN",
            "Infinity",
            "'a'",
            "{a:1}",
            "\u{feff}{}",
            "{} {}",
            "{}x",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ude00\\ud83d\"",
            "{\"\\ud800\":1}",
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":2}",
            "[{\"b\":{\"a\":1,\"a\":2}}]",
            "\"\n\"",
            "\"\\x\"",
            "/**/1",
            "\u{a0}1",
            "tru",
        ];
        for text in wrong {
            assert_eq!(Json::parse(text), Err(NotJson), "{text}");
        }
        assert_eq!(Json::parse_bytes(b"\"\xff\""), Err(NotJson));
        assert_eq!(Json::parse_bytes(b"\xef\xbb\xbf{}"), Err(NotJson));
    }

    #[test]
    fn values_stand_without_their_white_space() {
        let spaced = Json::parse("\t{ \"a\" : [ 1.50 , \"\\u00e9\" , null ] }\r\n").unwrap();
        let plain = Json::parse("{\"\\u0061\":[1.50,\"é\",null]}").unwrap();
        assert_eq!(spaced, plain);
        let elements = spaced.object().unwrap().take("a").and_then(Json::array).unwrap();
        let (number, text) = (Json::Number("1.50".into()), Json::Text("é".into()));
        assert_eq!(elements, [number, text, Json::Null]);
        // The name by which the library passes on what it has not read is a name like any other.
        let mut members = Json::parse("{\"$serde_json::private::RawValue\":\"x\"}")
            .and_then(Json::object)
            .unwrap();
        assert!(members.take("$serde_json::private::RawValue").is_ok());
    }

    #[test]
    fn sixteen_deep_and_no_deeper() {
        let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&nested(16)).is_ok());
        assert_eq!(Json::parse(&nested(17)), Err(NotJson));
        assert_eq!(Json::parse(&nested(100_000)), Err(NotJson));
        let objects = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert!(Json::parse(&objects(16)).is_ok());
        assert_eq!(Json::parse(&objects(17)), Err(NotJson));
    }

    #[test]
    fn a_number_that_is_read_is_plain() {
        let read = |text| Json::parse(text).and_then(Json::integer);
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("9007199254740991"), Ok(MAX_INTEGER));
        for wrong in [
            "9007199254740992",
            "1.0",
            "1e2",
            "-0",
            "-1",
            "\"1\"",
            "null",
            "99999999999999999999999",
        ] {
            assert_eq!(read(wrong), Err(NotJson), "{wrong}");
        }
        for wrong in ["", "00", "+1", "1 ", "٣"] {
            assert_eq!(integer(wrong), Err(Unreadable::Malformed), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in any::<String>(), near in "[\\[\\]{}\",:0-9eE.+\\-a-z\\\\ ]{0,60}") {
            let _ = Json::parse(&text);
            let _ = Json::parse(&near);
        }

        #[test]
        fn any_string_comes_back(text in any::<String>()) {
            prop_assert_eq!(Json::parse(&write(&text)), Ok(Json::Text(text)));
        }

        #[test]
        fn what_was_read_is_written_as_one_text(near in "[\\[\\]{}\",:0-9eE.+\\-a-z\\\\ ]{0,60}") {
            if let Ok(json) = Json::parse(&near) {
                let text = json.to_text();
                let again = Json::parse(&text).unwrap();
                prop_assert_eq!(again.to_text(), text);
                prop_assert_eq!(again, json);
            }
        }
    }
}
