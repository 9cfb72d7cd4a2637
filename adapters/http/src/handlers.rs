//! The handlers: parse, call one use case, answer.

pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod descriptions;
pub(crate) mod drafts;
pub(crate) mod health;
pub(crate) mod keyed;
pub(crate) mod messages;
pub(crate) mod metrics;
pub(crate) mod pages;
pub(crate) mod reset;
pub(crate) mod rooms;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod socket;
pub(crate) mod tokens;
pub(crate) mod webhooks;
