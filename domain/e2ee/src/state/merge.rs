//! What two clients of one account remember, as one.

use std::collections::BTreeMap;

use super::{AccountState, Pin, RoomPin, StateError};

impl AccountState {
    /// Merges what is remembered here with what another client has stored. Of what was seen first nothing is overwritten; of
    /// two places in a log the later one stays. Both have to be checked against the directory ([`AccountState::check`]).
    ///
    /// # Errors
    /// [`StateError::InstanceChanged`] if they are of two servers; [`StateError::RoomLogFork`] if they saw two logs of a room.
    pub fn merged_with(self, theirs: Self) -> Result<Self, StateError> {
        if self.installation != theirs.installation {
            return Err(StateError::InstanceChanged);
        }
        let mut own = theirs.own;
        own.extend(self.own);
        let mut merged = Self {
            installation: self.installation,
            directory: later(self.directory, theirs.directory),
            own: Vec::new(),
            pins: both(self.pins, theirs.pins, |mine, theirs| Ok(mine.earlier(theirs)))?,
            rooms: both(self.rooms, theirs.rooms, RoomPin::later)?,
            settings: theirs.settings.overlaid_with(self.settings),
            more: self.more.overlaid_with(theirs.more),
        };
        merged.add_own(own);
        Ok(merged)
    }
}

type Place = Option<(u64, [u8; 32])>;

fn later(mine: Place, theirs: Place) -> Place {
    let i = |place: Place| place.map(|(i, _)| i);
    if i(mine) >= i(theirs) { mine } else { theirs }
}

/// What stands on either side, and what `choose` makes of what stands on both.
fn both<Id: Ord, T>(
    mine: BTreeMap<Id, T>,
    mut theirs: BTreeMap<Id, T>,
    choose: impl Fn(T, T) -> Result<T, StateError>,
) -> Result<BTreeMap<Id, T>, StateError> {
    let mut merged = BTreeMap::new();
    for (id, own) in mine {
        let one = match theirs.remove(&id) {
            Some(other) => choose(own, other)?,
            None => own,
        };
        merged.insert(id, one);
    }
    merged.append(&mut theirs);
    Ok(merged)
}

impl Pin {
    /// The one that was seen first; verified if either of the same key was.
    fn earlier(self, theirs: Self) -> Self {
        let (mut first, second) = if self.first_seen <= theirs.first_seen {
            (self, theirs)
        } else {
            (theirs, self)
        };
        let is_same = first.generation == second.generation && first.signing == second.signing;
        first.verified |= is_same && second.verified;
        first
    }
}

impl RoomPin {
    fn later(self, theirs: Self) -> Result<Self, StateError> {
        if self.mode != theirs.mode || self.genesis != theirs.genesis {
            return Err(StateError::RoomLogFork);
        }
        Ok(if self.seq >= theirs.seq { self } else { theirs })
    }
}
