//! How much everybody has used, while the server runs. A restart forgives.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_domain::{
    Network, Refusal, RoomId, Timestamp, UserId,
    quota::{Bucket, Patience, Rate, SignInBackoff},
};

/// Counters kept at once, per kind. When there are more, those that no longer matter are dropped; if all still
/// matter the oldest idea of fairness is to let people in rather than to lock everybody out.
const MOST: usize = 100_000;
/// Signs of typing: a client sends one every few seconds, and one when it stops.
const TYPING: Rate = Rate {
    count: 30,
    window: Duration::from_secs(10),
};
/// Rooms that a user makes or opens.
const ROOMS: Rate = Rate {
    count: 100,
    window: Duration::from_hours(1),
};

#[derive(Default)]
pub(crate) struct Quotas {
    messages: Mutex<HashMap<UserId, Bucket>>,
    typing: Mutex<HashMap<UserId, Bucket>>,
    rooms: Mutex<HashMap<UserId, Bucket>>,
    paces: Mutex<HashMap<(RoomId, UserId), Bucket>>,
    registrations: Mutex<HashMap<Network, Bucket>>,
    attempts: Mutex<HashMap<Attempt, SignInBackoff>>,
}

/// What sign-in attempts are counted by.
#[derive(PartialEq, Eq, Hash)]
enum Attempt {
    From(Network),
    For(String),
}

impl Quotas {
    pub(crate) fn message(&self, user: UserId, rate: Rate, now: Timestamp) -> Result<(), Refusal> {
        take(&self.messages, user, rate, now)
    }

    pub(crate) fn typing(&self, user: UserId, now: Timestamp) -> Result<(), Refusal> {
        take(&self.typing, user, TYPING, now)
    }

    pub(crate) fn room(&self, user: UserId, now: Timestamp) -> Result<(), Refusal> {
        take(&self.rooms, user, ROOMS, now)
    }

    /// One message in so long, in a room in slow mode.
    pub(crate) fn pace(
        &self,
        room: RoomId,
        user: UserId,
        pause: Duration,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let rate = Rate {
            count: 1,
            window: pause,
        };
        take(&self.paces, (room, user), rate, now)
    }

    pub(crate) fn registration(&self, from: Network, rate: Rate, now: Timestamp) -> Result<(), Refusal> {
        take(&self.registrations, from, rate, now)
    }

    /// Whether somebody at this address may try to sign in as this name. The try counts against the name at once, as if
    /// it had failed: many guesses at the same time are many guesses.
    pub(crate) fn sign_in(
        &self,
        from: Network,
        name: &str,
        patience: Patience,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut attempts = self.attempts();
        make_room(&mut attempts, |backoff| backoff.is_forgotten(now));
        let (from, name) = (Attempt::From(from), Attempt::For(name.to_owned()));
        let waits = [&from, &name].map(|key| attempts.get_mut(key)?.permit(patience, now).err());
        if let Some(retry_after) = waits.into_iter().flatten().max() {
            return Err(Refusal::RateLimited { retry_after });
        }
        attempts.entry(name).or_default().failed(now);
        Ok(())
    }

    /// Whether somebody at this address may show what is no name: a token of so many bits is guessed by nobody, but trying
    /// costs the server something.
    pub(crate) fn nameless_sign_in(
        &self,
        from: Network,
        patience: Patience,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let mut attempts = self.attempts();
        make_room(&mut attempts, |backoff| backoff.is_forgotten(now));
        let Some(backoff) = attempts.get_mut(&Attempt::From(from)) else {
            return Ok(());
        };
        let permitted = backoff.permit(patience, now);
        permitted.map_err(|retry_after| Refusal::RateLimited { retry_after })
    }

    /// It counts against the address as well. That is only known afterwards: many people may share one, and all come
    /// at the same time.
    pub(crate) fn sign_in_failed(&self, from: Network, now: Timestamp) {
        let mut attempts = self.attempts();
        attempts.entry(Attempt::From(from)).or_default().failed(now);
    }

    /// A success clears the name's count alone: an account of one's own is no way to clear the address.
    pub(crate) fn sign_in_succeeded(&self, name: String) {
        self.attempts().remove(&Attempt::For(name));
    }

    /// The password was not tried after all.
    pub(crate) fn sign_in_not_tried(&self, name: String) {
        if let Some(backoff) = self.attempts().get_mut(&Attempt::For(name)) {
            backoff.take_back();
        }
    }

    fn attempts(&self) -> MutexGuard<'_, HashMap<Attempt, SignInBackoff>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take<K: Eq + Hash>(
    buckets: &Mutex<HashMap<K, Bucket>>,
    key: K,
    rate: Rate,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut buckets = buckets.lock().unwrap_or_else(PoisonError::into_inner);
    make_room(&mut buckets, |bucket| bucket.is_full(now));
    let taken = buckets.entry(key).or_default().take(rate, now);
    taken.map_err(|retry_after| Refusal::RateLimited { retry_after })
}

fn make_room<K: Eq + Hash, V>(map: &mut HashMap<K, V>, droppable: impl Fn(&V) -> bool) {
    if map.len() < MOST {
        return;
    }
    map.retain(|_, value| !droppable(value));
    if map.len() >= MOST {
        map.clear();
    }
}
