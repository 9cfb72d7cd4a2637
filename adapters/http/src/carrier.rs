//! What a request carries to be recognised by, and whether it may change anything.

use chat_app::SessionToken;
use chat_wire::Problem;
use http::{HeaderMap, header};

use crate::{cookies::Cookies, hosts::Hosts};

/// What a request carries to be recognised by.
#[derive(Debug, Clone)]
pub(crate) enum Carrier {
    /// A token in `Authorization`: a program. No browser sends it by itself, so no CSRF token is asked for.
    Bearer(SessionToken),
    /// The session cookie.
    Cookie(SessionToken),
    /// The cookie of before the sign-in.
    Anonymous(SessionToken),
    /// Nothing.
    Nothing,
}

impl Carrier {
    pub(crate) fn of(headers: &HeaderMap, cookies: Cookies) -> Result<Self, Problem> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|text| {
                let (scheme, token) = text.split_once(' ')?;
                scheme
                    .eq_ignore_ascii_case("bearer")
                    .then(|| SessionToken::parse(token.trim()))?
            });
            // Who shows a token that is none must not be taken for whom the cookie names.
            return token.map(Self::Bearer).ok_or_else(Problem::unauthenticated);
        }
        Ok(
            match (cookies.read_session(headers), cookies.read_pre_session(headers)) {
                (Some(token), _) => Self::Cookie(token),
                (None, Some(token)) => Self::Anonymous(token),
                (None, None) => Self::Nothing,
            },
        )
    }

    /// The session's token, if there is one.
    pub(crate) const fn session(&self) -> Option<&SessionToken> {
        match self {
            Self::Bearer(token) | Self::Cookie(token) => Some(token),
            Self::Anonymous(_) | Self::Nothing => None,
        }
    }

    /// Lets a request through that changes something: it must come from a page of this server and prove it by
    /// the CSRF token of its cookie, in the body or in `X-CSRF-Token`.
    pub(crate) fn may_change(
        &self,
        hosts: &Hosts,
        headers: &HeaderMap,
        in_body: Option<&str>,
    ) -> Result<(), Problem> {
        let failed = |detail: &str| Err(Problem::new(403, "csrf_failed", detail));
        let token = match self {
            Self::Bearer(_) => return Ok(()),
            Self::Cookie(token) | Self::Anonymous(token) => token,
            Self::Nothing => return failed("Get a CSRF token from /api/csrf first and keep its cookie."),
        };
        if !hosts.is_own_origin(headers) {
            return failed("This request comes from a page of another site.");
        }
        let in_header = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
        match in_body.or(in_header) {
            Some(given) if token.is_csrf(given) => Ok(()),
            Some(_) => failed("The CSRF token is not right. Load the page again."),
            None => failed("The CSRF token is missing."),
        }
    }
}
