//! The file of vectors, made: what goes in is written here, what comes out is the Rust implementation's, and wherever
//! somebody else has published a value, or the specification gives one, it is held to that.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::bytes::In;
use crate::fixtures::Fixtures;
use crate::perform::perform;

/// The ids of the specification's section 9.
pub(crate) const IDS: [&str; 33] = [
    "A-1", "A-2", "A-3", "A-4", "B-1", "B-2", "B-3", "C-1", "C-2", "C-3", "C-4", "C-5", "D-1", "D-2", "D-3",
    "D-4", "E-1", "F-1", "G-1", "G-2", "H-1", "N-1", "N-2", "N-3", "N-4", "N-5", "N-6", "N-7", "N-8", "N-9",
    "N-10", "N-11", "N-12",
];

/// The file as it grows.
pub(crate) struct Book {
    pub(crate) fixtures: Fixtures,
    sections: BTreeMap<String, Vec<Value>>,
}

impl Book {
    pub(crate) fn write() -> Value {
        let mut book = Self {
            fixtures: Fixtures::default(),
            sections: BTreeMap::new(),
        };
        crate::accounts::write(&mut book);
        crate::identities::write(&mut book);
        crate::logs::write(&mut book);
        crate::epochs::write(&mut book);
        crate::messages::write(&mut book);
        crate::curves::write(&mut book);
        book.to_json()
    }

    fn to_json(&self) -> Value {
        let mut sections = Map::new();
        for id in IDS {
            let cases = self.sections.get(id).cloned().unwrap_or_default();
            sections.insert(id.to_owned(), cases.into());
        }
        json!({
            "protocol": "e2ee-chat/1",
            "format": 1,
            "fixtures": self.fixtures.to_json(),
            "sections": sections,
        })
    }

    /// A case that comes out; gives back what.
    pub(crate) fn case(&mut self, section: &str, name: &str, op: &str, given: Value) -> Value {
        let out = perform(op, In(given.as_object().unwrap()), &self.fixtures)
            .unwrap_or_else(|code| panic!("{section} {name}: refused as {code}"));
        self.note(
            section,
            json!({ "name": name, "op": op, "in": given, "out": out }),
        );
        out
    }

    /// A case whose outcome was published elsewhere, in whole or in part.
    pub(crate) fn known(
        &mut self,
        section: &str,
        name: &str,
        op: &str,
        given: Value,
        published: &Value,
    ) -> Value {
        let out = self.case(section, name, op, given);
        for (member, value) in published.as_object().unwrap() {
            assert_eq!(&out[member], value, "{section} {name}: {member}");
        }
        out
    }

    /// A case that must be refused.
    pub(crate) fn refused(&mut self, section: &str, name: &str, op: &str, given: Value, code: &str) {
        let outcome = perform(op, In(given.as_object().unwrap()), &self.fixtures);
        assert_eq!(outcome, Err(code_of(code)), "{section} {name}");
        self.note(
            section,
            json!({ "name": name, "op": op, "in": given, "error": code }),
        );
    }

    fn note(&mut self, section: &str, case: Value) {
        assert!(IDS.contains(&section), "{section}");
        let cases = self.sections.entry(section.to_owned()).or_default();
        assert!(
            cases.iter().all(|other| other["name"] != case["name"]),
            "{section} has two cases {}",
            case["name"]
        );
        cases.push(case);
    }
}

/// The same text with the life of the program, as codes are.
fn code_of(code: &str) -> &'static str {
    Box::leak(code.to_owned().into_boxed_str())
}

/// An object with some members put in another's place.
pub(crate) fn with(given: &Value, changes: Value) -> Value {
    let mut given = given.clone();
    for (name, value) in changes.as_object().unwrap() {
        given[name] = value.clone();
    }
    given
}
