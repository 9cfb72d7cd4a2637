//! What the operator has chosen, as far as the use cases go by it.

use std::time::Duration;

use chat_domain::{
    SessionPolicy,
    limit::Limits,
    quota::{Patience, Rate},
};

/// The operator's choices.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name in title and header.
    pub app_name: String,
    /// Whether anybody may register a basic account and the plain room stands in for a room that is not named.
    pub plain_api: bool,
    /// How long sign-ins last.
    pub sessions: SessionPolicy,
    /// Messages of one user.
    pub messages: Rate,
    /// Accounts made from one address.
    pub registrations: Rate,
    /// With who guesses passwords.
    pub patience: Patience,
    /// How much may be sent at once.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_name: "Secure Chat".to_owned(),
            plain_api: true,
            sessions: SessionPolicy::DEFAULT,
            messages: Rate {
                count: 60,
                window: Duration::from_mins(1),
            },
            registrations: Rate {
                count: 30,
                window: Duration::from_hours(1),
            },
            patience: Patience::default(),
            limits: Limits::default(),
        }
    }
}
