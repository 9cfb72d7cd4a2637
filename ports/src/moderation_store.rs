//! What is done to accounts by others than their owners, and the log of it.

use std::future::Future;

use chat_domain::{
    AuditId, SessionId, Timestamp, User, UserId,
    moderation::{AuditEntry, Measure},
};

use crate::StoreError;

/// Carries out what was decided about accounts.
pub trait ModerationStore: Send + Sync + 'static {
    /// Carries the measure out, with its line in the audit log, in one commit. If the account is like that already,
    /// nothing is done and nothing is logged.
    ///
    /// # Errors
    /// `Conflict::UnknownUser`; `Conflict::UserInactive` or `Conflict::NotAllowed` if the administrator is banned, or is
    /// none any more; `Conflict::LastAdmin` if nobody would be left who administers.
    fn carry_out(&self, measure: Measure) -> impl Future<Output = Result<Outcome, StoreError>> + Send;

    /// How many administrators can sign in at `at`.
    fn count_active_admins(&self, at: Timestamp) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Accounts by id, after this one. Those that cannot be read any more are passed over.
    fn users_after(
        &self,
        after: Option<UserId>,
        most: u32,
    ) -> impl Future<Output = Result<Vec<User>, StoreError>> + Send;

    /// The audit log from its newest line, or the line before this one, backwards.
    fn audit_log(
        &self,
        before: Option<AuditId>,
        most: u32,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;
}

/// What came of a measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The account as it is now.
    pub user: User,
    /// Whether anything was done.
    pub is_new: bool,
    /// The sign-ins that ended with it.
    pub ended: Vec<SessionId>,
}
