//! The two cookies: the session, and before sign-in the pre-session that a CSRF token can hang on.

use chat_app::SessionToken;
use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};

/// What the cookies are called, and whether they go over TLS only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    secure: bool,
}

/// How long an unused pre-session lasts.
const PRE_SESSION: Duration = Duration::hours(24);

impl Cookies {
    pub(crate) const fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Over TLS the prefix makes the browser refuse the cookie from any other host or path (RFC 6265bis,
    /// section 4.1.3.2).
    const fn session(self) -> &'static str {
        if self.secure { "__Host-session" } else { "session" }
    }

    const fn pre_session(self) -> &'static str {
        if self.secure {
            "__Host-pre_session"
        } else {
            "pre_session"
        }
    }

    pub(crate) fn read_session(self, headers: &HeaderMap) -> Option<SessionToken> {
        read(headers, self.session())
    }

    pub(crate) fn read_pre_session(self, headers: &HeaderMap) -> Option<SessionToken> {
        read(headers, self.pre_session())
    }

    pub(crate) fn set_session(self, token: &SessionToken, lasts: std::time::Duration) -> [HeaderValue; 2] {
        let lasts = Duration::try_from(lasts).unwrap_or(Duration::ZERO);
        [
            self.write(self.session(), &token.reveal(), lasts),
            self.write(self.pre_session(), "", Duration::ZERO),
        ]
    }

    pub(crate) fn set_pre_session(self, token: &SessionToken) -> HeaderValue {
        self.write(self.pre_session(), &token.reveal(), PRE_SESSION)
    }

    pub(crate) fn clear_session(self) -> HeaderValue {
        self.write(self.session(), "", Duration::ZERO)
    }

    fn write(self, name: &'static str, value: &str, lasts: Duration) -> HeaderValue {
        let cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .max_age(lasts);
        // Names and values are of letters that a header may hold.
        HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// A cookie that is there twice is nobody's: one of the two was planted.
fn read(headers: &HeaderMap, name: &str) -> Option<SessionToken> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut values = pairs.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    });
    let value = values.next().filter(|_| values.next().is_none())?;
    SessionToken::parse(value)
}

#[cfg(test)]
mod tests {
    use chat_memory::SeededEntropy;

    use super::*;

    #[test]
    fn flags() {
        let token = SessionToken::draw(&SeededEntropy::new(1));
        let day = std::time::Duration::from_hours(24);
        let [plain, gone] = Cookies::new(false).set_session(&token, day);
        let plain = plain.to_str().unwrap();
        assert!(
            plain.starts_with(&format!("session={}", token.reveal())),
            "{plain}"
        );
        for flag in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=86400"] {
            assert!(plain.contains(flag), "{flag} in {plain}");
        }
        assert!(!plain.contains("Secure"));
        assert!(gone.to_str().unwrap().contains("Max-Age=0"));
        let [secure, _] = Cookies::new(true).set_session(&token, day);
        let secure = secure.to_str().unwrap();
        assert!(
            secure.starts_with("__Host-session=") && secure.contains("Secure"),
            "{secure}"
        );
    }

    #[test]
    fn reading() {
        let token = SessionToken::draw(&SeededEntropy::new(1));
        let read = |line: &str| {
            let headers = [(header::COOKIE, line.parse().unwrap())].into_iter().collect();
            Cookies::new(false).read_session(&headers).map(|t| t.reveal())
        };
        let good = format!("other=1; session={}", token.reveal());
        assert_eq!(read(&good), Some(token.reveal()));
        assert_eq!(read(&format!("{good}; session=x")), None);
        assert_eq!(read("session="), None);
        assert_eq!(read(&format!("__Host-session={}", token.reveal())), None);
    }
}
