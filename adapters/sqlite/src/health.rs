//! How the store is doing: noted down by the writer and by who copies the log, and asked by who watches over the
//! process.

use std::sync::Arc;

use chat_ports::StoreError;
use tokio::sync::watch;

/// How the store is doing, as far as its users need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It reads and writes.
    Sound,
    /// It reads; what is to be written is refused: the disk is full, or does not take what it is given. It is tried
    /// again with every write.
    ReadsOnly,
}

/// The database file may lack what was copied into it from the log: the process has to end. Nothing acknowledged is
/// lost, for the log still has it, and the next start copies all of it again; but in this process SQLite would go on
/// from what it believes to be copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database cannot be kept on this disk ({cause}): ending, so that the next start recovers it from its log; nothing acknowledged is lost"
)]
pub struct Lost {
    /// What the disk said.
    pub cause: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Sound,
    Refusing,
    Lost(Lost),
}

/// The one place where it is noted down.
#[derive(Clone)]
pub(crate) struct Record(Arc<watch::Sender<State>>);

impl Default for Record {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(State::Sound)))
    }
}

impl Record {
    /// Notes down how a batch of writes went. The log is told of a change only: a full disk is not to be filled
    /// further by lines about it.
    pub(crate) fn wrote(&self, outcome: Result<(), &StoreError>) {
        match outcome {
            Ok(()) => {
                if self.moves(&State::Refusing, State::Sound) {
                    tracing::info!("the storage takes writes again");
                }
            }
            Err(StoreError::Full) => {
                if self.moves(&State::Sound, State::Refusing) {
                    tracing::error!("the disk is full: writes are refused until there is room");
                }
            }
            // Somebody else held the lock for too long; that says nothing about the disk.
            Err(StoreError::Busy | StoreError::Conflict(_)) => {}
            Err(error @ StoreError::Failed(_)) => {
                if self.moves(&State::Sound, State::Refusing) {
                    tracing::error!(
                        ?error,
                        "writes fail: they are refused until the storage takes them again"
                    );
                }
            }
        }
    }

    /// Nothing may be written or copied any more.
    pub(crate) fn lose(&self, cause: &impl ToString) {
        let lost = Lost {
            cause: cause.to_string(),
        };
        self.0.send_replace(State::Lost(lost));
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(*self.0.borrow(), State::Lost(_))
    }

    pub(crate) fn health(&self) -> Health {
        match *self.0.borrow() {
            State::Sound => Health::Sound,
            State::Refusing | State::Lost(_) => Health::ReadsOnly,
        }
    }

    /// Returns when the store is lost.
    pub(crate) async fn lost(&self) -> Lost {
        let mut state = self.0.subscribe();
        let lost = state.wait_for(|state| matches!(state, State::Lost(_))).await;
        match lost.as_deref() {
            Ok(State::Lost(lost)) => lost.clone(),
            // The sender is ours, so it has not gone.
            Ok(State::Sound | State::Refusing) | Err(_) => std::future::pending().await,
        }
    }

    fn moves(&self, from: &State, to: State) -> bool {
        self.0.send_if_modified(|state| {
            let moves = state == from;
            if moves {
                *state = to;
            }
            moves
        })
    }
}

#[cfg(test)]
mod tests {
    use chat_ports::Conflict;

    use super::*;

    #[test]
    fn a_refusal_stands_until_something_was_written() {
        let record = Record::default();
        assert_eq!(record.health(), Health::Sound);
        for failure in [StoreError::Full, StoreError::failed("EIO")] {
            for passing in [StoreError::Busy, Conflict::NotMember.into()] {
                record.wrote(Err(&passing));
                assert_eq!(record.health(), Health::Sound, "{passing:?}");
            }
            record.wrote(Err(&failure));
            record.wrote(Err(&StoreError::Busy));
            assert_eq!(record.health(), Health::ReadsOnly, "{failure:?}");
            record.wrote(Ok(()));
            assert_eq!(record.health(), Health::Sound);
        }
    }

    #[test]
    fn what_is_lost_stays_lost() {
        let record = Record::default();
        record.lose(&"EIO");
        record.wrote(Ok(()));
        assert!(record.is_lost());
        assert_eq!(record.health(), Health::ReadsOnly);
    }
}
