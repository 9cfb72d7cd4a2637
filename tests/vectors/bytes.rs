//! Bytes as the vectors write them, and members of their JSON.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Map, Value};

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

/// Base64url without padding.
pub(crate) fn b64u(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    HEXLOWER
        .decode(text.as_bytes())
        .unwrap_or_else(|_| panic!("not hex: {text:?}"))
}

/// The n bytes a, a+1, …
pub(crate) fn seq<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|i| first.wrapping_add(u8::try_from(i & 0xff).unwrap()))
}

/// What a case is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct In<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> In<'a> {
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn must(self, name: &str) -> &'a Value {
        self.get(name)
            .unwrap_or_else(|| panic!("the case has no {name:?}"))
    }

    pub(crate) fn text(self, name: &str) -> &'a str {
        self.must(name)
            .as_str()
            .unwrap_or_else(|| panic!("{name} is no text"))
    }

    pub(crate) fn int(self, name: &str) -> u64 {
        self.must(name)
            .as_u64()
            .unwrap_or_else(|| panic!("{name} is no integer"))
    }

    pub(crate) fn int32(self, name: &str) -> u32 {
        self.int(name).try_into().unwrap()
    }

    pub(crate) fn flag(self, name: &str) -> bool {
        let value = self.must(name);
        value.as_bool().unwrap_or_else(|| value.as_u64() == Some(1))
    }

    pub(crate) fn bytes(self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    pub(crate) fn array<const N: usize>(self, name: &str) -> [u8; N] {
        self.bytes(name)
            .try_into()
            .unwrap_or_else(|bytes: Vec<u8>| panic!("{name} has {} bytes, not {N}", bytes.len()))
    }

    pub(crate) fn list(self, name: &str) -> &'a [Value] {
        self.must(name)
            .as_array()
            .unwrap_or_else(|| panic!("{name} is no list"))
    }

    pub(crate) fn object(self, name: &str) -> In<'a> {
        In(self
            .must(name)
            .as_object()
            .unwrap_or_else(|| panic!("{name} is no object")))
    }
}
