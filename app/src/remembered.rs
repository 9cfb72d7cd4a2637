//! What was read from the store, kept as long as it is true.
//!
//! Whoever changes it forgets it here, after the store has said `Ok`. A reader who read before the change and keeps
//! after it would bring the old value back: so who reads takes a mark first, and what was read under an old mark is not
//! kept. What is remembered decides what is *tried*; every write is checked again by the store.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values kept at once; beyond it all are dropped, for reading them again is cheap.
const MOST: usize = 100_000;

pub(crate) struct Remembered<K, V>(Mutex<Kept<K, V>>);

struct Kept<K, V> {
    values: HashMap<K, V>,
    changes: u64,
}

/// The moment before reading from the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(u64);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            values: HashMap::new(),
            changes: 0,
        }))
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value, or the mark to read it under.
    pub(crate) fn get(&self, key: &K) -> Result<V, Mark> {
        let kept = self.kept();
        kept.values.get(key).cloned().ok_or(Mark(kept.changes))
    }

    /// Keeps what was read since the mark, unless something was forgotten meanwhile.
    pub(crate) fn keep(&self, key: K, value: V, mark: Mark) {
        let mut kept = self.kept();
        if kept.changes != mark.0 {
            return;
        }
        if kept.values.len() >= MOST {
            kept.values.clear();
        }
        kept.values.insert(key, value);
    }

    /// Brings a value up to date, if it is there.
    pub(crate) fn amend(&self, key: &K, change: impl FnOnce(&mut V)) {
        if let Some(value) = self.kept().values.get_mut(key) {
            change(value);
        }
    }

    /// Forgets those that are not true any more.
    pub(crate) fn forget(&self, changed: impl Fn(&K, &V) -> bool) {
        let mut kept = self.kept();
        kept.changes += 1;
        kept.values.retain(|key, value| !changed(key, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let remembered = Remembered::default();
        let Err(mark) = remembered.get(&1) else {
            panic!("empty")
        };
        remembered.keep(1, "old", mark);
        assert_eq!(remembered.get(&1).ok(), Some("old"));
        let Err(early) = remembered.get(&2) else {
            panic!("not there")
        };
        remembered.forget(|key, _| *key == 1);
        assert!(remembered.get(&1).is_err());
        remembered.keep(2, "stale", early);
        assert!(remembered.get(&2).is_err());
    }
}
