//! The connections that a room tells, in small groups with a lock each: telling one group holds up nobody who
//! comes to or goes from another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chat_domain::{Seq, UserId};

use crate::connection::Connection;

/// Connections in a group: telling all of them takes about half a millisecond.
const GROUP: usize = 128;

/// A connection that hears a room live.
pub(crate) struct Member {
    pub(crate) connection: Arc<Connection>,
    pub(crate) user: UserId,
    /// It has everything up to here.
    pub(crate) from: Seq,
}

#[derive(Default)]
pub(crate) struct Group(Mutex<Vec<Member>>);

impl Group {
    pub(crate) fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All connections that a room tells.
#[derive(Default)]
pub(crate) struct Members {
    groups: Vec<Arc<Group>>,
}

impl Members {
    /// Whether a connection is there.
    pub(crate) fn contains(&self, connection: u64) -> bool {
        let there = |group: &Arc<Group>| group.members().iter().any(|m| m.connection.id() == connection);
        self.groups.iter().any(there)
    }

    /// Takes in a connection that is not there.
    pub(crate) fn insert(&mut self, member: Member) {
        let open = self
            .groups
            .iter()
            .rev()
            .find(|group| group.members().len() < GROUP);
        if let Some(group) = open {
            group.members().push(member);
        } else {
            self.groups.push(Arc::new(Group(Mutex::new(vec![member]))));
        }
    }

    pub(crate) fn remove(&mut self, connection: u64) {
        for group in &self.groups {
            let mut members = group.members();
            if let Some(at) = members
                .iter()
                .position(|member| member.connection.id() == connection)
            {
                members.swap_remove(at);
                break;
            }
        }
        self.groups.retain(|group| !group.members().is_empty());
    }

    /// Lets the connections of a user go whose membership ended at `left`, but for those that have read beyond it:
    /// they came in anew.
    pub(crate) fn remove_user(&mut self, user: UserId, left: Seq) {
        for group in &self.groups {
            group
                .members()
                .retain(|member| member.user != user || member.from >= left);
        }
        self.groups.retain(|group| !group.members().is_empty());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(crate) fn groups(&self) -> Vec<Arc<Group>> {
        self.groups.clone()
    }
}
