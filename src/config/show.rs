//! The configuration as it is shown: every value with its source, secrets masked.

use figment::{Figment, value::Value};
use serde::Serialize;

use super::{
    error::source_of,
    sources::{self, KEYS},
};

/// A key, what it is set to, and where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// The key.
    pub key: &'static str,
    /// Its value; of a secret only whether there is one.
    pub value: serde_json::Value,
    /// Where it is set.
    pub source: String,
}

/// What stands for a secret that is set.
const MASK: &str = "********";

pub(super) fn all(figment: &Figment) -> Vec<Shown> {
    KEYS.iter().filter_map(|key| one(figment, key)).collect()
}

fn one(figment: &Figment, key: &'static str) -> Option<Shown> {
    let value = figment.find_value(key).ok()?;
    let source = figment.find_metadata(key).map(source_of).unwrap_or_default();
    let is_set = value.as_str().is_none_or(|text| !text.is_empty());
    let value = if sources::is_secret(key) && is_set {
        MASK.into()
    } else {
        json(&value)
    };
    Some(Shown { key, value, source })
}

fn json(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
