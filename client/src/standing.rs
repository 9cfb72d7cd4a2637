//! How far one has heard of what is no room's: the directory of identities, and the account's sealed state.

use serde_json::Value;

/// The newest of each that was heard of.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    directory: Option<u64>,
    state: Option<u64>,
}

impl Standing {
    /// The place of the newest record in the directory.
    pub(crate) const fn directory(&self) -> Option<u64> {
        self.directory
    }

    /// Takes a greeting: the state's version, if another one was known. Of the directory that one has come back to the server
    /// tells by itself.
    pub(crate) fn greeted(&mut self, greeting: &Value) -> Option<u64> {
        if self.directory.is_none() {
            self.directory = greeting.get("dir").and_then(place);
        }
        let version = greeting.get("state_version").and_then(Value::as_u64)?;
        let known = self.state.replace(version);
        (known.is_some() && known != Some(version)).then_some(version)
    }

    /// Takes a `dir` frame: the head, if it is a newer one.
    pub(crate) fn grown(&mut self, frame: &Value) -> Option<Value> {
        let head = frame.get("head")?;
        let place = place(head)?;
        if self.directory >= Some(place) {
            return None;
        }
        self.directory = Some(place);
        Some(head.clone())
    }

    /// Takes a `state` frame: the version, if it is a newer one.
    pub(crate) fn stored(&mut self, frame: &Value) -> Option<u64> {
        let version = frame.get("version").and_then(Value::as_u64)?;
        if self.state >= Some(version) {
            return None;
        }
        self.state = Some(version);
        Some(version)
    }
}

fn place(head: &Value) -> Option<u64> {
    head.get("i").and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dir(i: u64) -> Value {
        json!({ "type": "dir", "head": { "i": i } })
    }

    #[test]
    fn what_is_known_is_not_told_again() {
        let mut standing = Standing::default();
        let greeting = json!({ "dir": { "i": 4 }, "state_version": 7 });
        assert_eq!(standing.greeted(&greeting), None, "one begins here");
        assert_eq!(standing.directory(), Some(4));
        assert_eq!(standing.grown(&dir(4)), None);
        assert_eq!(standing.grown(&dir(6)), Some(json!({ "i": 6 })));
        assert_eq!(standing.grown(&dir(5)), None);
        assert_eq!(standing.stored(&json!({ "version": 8 })), Some(8));
        assert_eq!(standing.stored(&json!({ "version": 8 })), None);
        let later = json!({ "dir": { "i": 9 }, "state_version": 9 });
        assert_eq!(standing.greeted(&later), Some(9));
        assert_eq!(
            standing.directory(),
            Some(6),
            "the frame that follows tells of the rest"
        );
        assert_eq!(standing.greeted(&later), None);
    }

    #[test]
    fn of_an_account_without_keys_there_is_nothing() {
        let mut standing = Standing::default();
        assert_eq!(standing.greeted(&json!({})), None);
        assert_eq!(standing.directory(), None);
        let empty = json!({ "dir": null, "state_version": null });
        assert_eq!(standing.greeted(&empty), None);
        assert_eq!(standing.grown(&dir(0)), Some(json!({ "i": 0 })));
    }
}
