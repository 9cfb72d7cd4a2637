//! Tokens for programs, and webhooks.

use std::time::Duration;

use chat_app::accounts;
use chat_domain::{Scopes, TokenName, Username, limit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{problem::Problem, request::fields::Fields, schema};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// `POST /api/tokens`
#[derive(Debug, Deserialize, ToSchema)]
pub struct MakeToken {
    #[schema(value_type = schema::TokenName)]
    name: String,
    /// What the token is to be good for.
    #[schema(value_type = Vec<schema::ScopeName>, min_items = 1)]
    scopes: Vec<String>,
    /// Until it is revoked, where it is left out.
    #[schema(value_type = Option<schema::TokenDays>)]
    expires_in_days: Option<u64>,
}

impl MakeToken {
    /// What is asked for.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<accounts::NewToken, Problem> {
        let mut fields = Fields::default();
        let name = fields.take("name", TokenName::parse(&self.name));
        let scopes = fields.take("scopes", Scopes::parse(self.scopes.iter().map(String::as_str)));
        let lasts = fields.optional("expires_in_days", self.expires_in_days, |days| {
            let is_sound = limit::TOKEN_DAYS.contains(&days);
            is_sound
                .then(|| Duration::from_secs(days * DAY))
                .ok_or("must be from 1 to 3650")
        });
        fields.done(|| {
            Some(accounts::NewToken {
                name: name?,
                scopes: scopes?,
                lasts,
            })
        })
    }
}

/// `POST /api/rooms/{id}/webhooks`
#[derive(Debug, Deserialize, ToSchema)]
pub struct AddWebhook {
    /// The name of the account that it is to post as, which nobody else has.
    #[schema(value_type = schema::Username)]
    name: String,
}

impl AddWebhook {
    /// The name of the account that it is to post as.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<Username, Problem> {
        let mut fields = Fields::default();
        let name = fields.take("name", Username::parse(&self.name));
        fields.done(|| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode;

    fn wrong(json: &str) -> Vec<String> {
        let problem = decode::object::<MakeToken>(json.as_bytes()).and_then(MakeToken::parse);
        let problem = problem.unwrap_err();
        problem.fields.iter().map(|field| field.field.clone()).collect()
    }

    #[test]
    fn tokens() {
        let good = r#"{"name":"deploy","scopes":["read","write"],"expires_in_days":90}"#;
        let asked = decode::object::<MakeToken>(good.as_bytes())
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(asked.lasts, Some(Duration::from_hours(90 * 24)));
        assert_eq!(asked.scopes.names().collect::<Vec<_>>(), ["read", "write"]);
        let bad = r#"{"name":" ","scopes":[],"expires_in_days":0}"#;
        assert_eq!(wrong(bad), ["name", "scopes", "expires_in_days"]);
        assert_eq!(
            wrong(r#"{"name":"x","scopes":["admin"],"expires_in_days":3651}"#),
            ["scopes", "expires_in_days"]
        );
        assert_eq!(wrong(r#"{"name":"x"}"#), ["scopes"]);
    }
}
