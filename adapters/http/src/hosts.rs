//! Which names this server answers to. A page of another name that was pointed at this address (DNS rebinding)
//! gets nothing, and neither does a page of another origin that has the browser's cookies sent along.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header, uri::Authority};

/// The address that people type, from the operator's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    secure: bool,
    authority: Authority,
}

/// Not an address like `https://chat.example.org`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be like https://chat.example.org or http://127.0.0.1:8080, without a path")]
pub struct PublicUrlError;

impl PublicUrl {
    /// Reads the address.
    ///
    /// # Errors
    /// [`PublicUrlError`].
    pub fn parse(text: &str) -> Result<Self, PublicUrlError> {
        let uri: Uri = text.parse().map_err(|_| PublicUrlError)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(PublicUrlError),
        };
        let bare = uri.path() == "/" && uri.query().is_none();
        let authority = uri
            .authority()
            .filter(|a| bare && !a.as_str().contains('@'))
            .ok_or(PublicUrlError)?;
        Ok(Self {
            secure,
            authority: authority.clone(),
        })
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The origin as browsers write it (RFC 6454, section 6.1): without the port that goes without saying.
    #[must_use]
    pub fn origin(&self) -> String {
        let (scheme, host) = (if self.secure { "https" } else { "http" }, self.authority.host());
        match self.authority.port_u16() {
            Some(port) if port != self.default_port() => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }
    }

    const fn default_port(&self) -> u16 {
        if self.secure { 443 } else { 80 }
    }
}

/// Decides about hosts and origins.
#[derive(Debug, Clone)]
pub struct Hosts {
    public: Option<PublicUrl>,
    bound: IpAddr,
}

impl Hosts {
    /// With a public address, that one alone; without, loopback and the bound address.
    #[must_use]
    pub const fn new(public: Option<PublicUrl>, bound: IpAddr) -> Self {
        Self { public, bound }
    }

    /// Whether cookies may go over TLS only.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.public.as_ref().is_some_and(PublicUrl::is_secure)
    }

    /// The one name, if the operator gave one.
    pub(crate) fn public_origin(&self) -> Option<String> {
        self.public.as_ref().map(PublicUrl::origin)
    }

    /// What addresses of this server begin with, for who made this request.
    pub(crate) fn origin_for(&self, headers: &HeaderMap) -> String {
        let asked = || host(headers).map_or_else(String::new, |host| format!("http://{host}"));
        self.public_origin().unwrap_or_else(asked)
    }

    /// Whether a request with these headers is meant for this server.
    pub(crate) fn is_own_host(&self, headers: &HeaderMap) -> bool {
        let Some(host) = host(headers) else { return false };
        match &self.public {
            Some(public) => same_authority(&host, public),
            None => self.is_bound(host.host()),
        }
    }

    /// Whether a request with these headers comes from a page of this server, as far as they tell. Programs
    /// send neither header.
    pub(crate) fn is_own_origin(&self, headers: &HeaderMap) -> bool {
        let site = headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes);
        if !matches!(site, None | Some(b"same-origin" | b"none")) {
            return false;
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => origin.to_str().is_ok_and(|origin| self.is_own(origin, headers)),
            (Some(_), Some(_)) => false,
        }
    }

    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        match (&self.public, host(headers)) {
            (Some(public), _) => origin.eq_ignore_ascii_case(&public.origin()),
            (None, Some(host)) => origin.eq_ignore_ascii_case(&format!("http://{host}")),
            (None, None) => false,
        }
    }

    fn is_bound(&self, host: &str) -> bool {
        // No name leads to a literal address, so a page of another name cannot pose as one.
        let is_bound = |address| address == self.bound || self.bound.is_unspecified();
        is_loopback(host) || literal(host).is_some_and(is_bound)
    }
}

/// Whether a request with these headers was made by a name that means the machine that it was made on.
pub(crate) fn is_local(headers: &HeaderMap) -> bool {
    host(headers).is_some_and(|host| is_loopback(host.host()))
}

fn is_loopback(host: &str) -> bool {
    literal(host).map_or_else(
        || host.eq_ignore_ascii_case("localhost"),
        |address| address.is_loopback(),
    )
}

fn literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

fn host(headers: &HeaderMap) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().filter(|_| hosts.next().is_none())?;
    Authority::try_from(host.as_bytes())
        .ok()
        .filter(|host| !host.as_str().contains('@'))
}

fn same_authority(host: &Authority, public: &PublicUrl) -> bool {
    let default = public.default_port();
    host.host().eq_ignore_ascii_case(public.authority.host())
        && host.port_u16().unwrap_or(default) == public.authority.port_u16().unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn local() -> Hosts {
        Hosts::new(None, "127.0.0.1".parse().unwrap())
    }

    fn public() -> Hosts {
        Hosts::new(
            PublicUrl::parse("https://chat.example.org").ok(),
            "127.0.0.1".parse().unwrap(),
        )
    }

    #[test]
    fn public_addresses() {
        for good in [
            "https://chat.example.org",
            "http://127.0.0.1:8080",
            "https://chat.example.org:8443/",
        ] {
            assert!(PublicUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "chat.example.org",
            "ftp://x",
            "https://x/path",
            "https://x?y",
            "https://u@x",
            "",
            "/",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts() {
        let own = |hosts: &Hosts, host: &str| hosts.is_own_host(&headers(&[("host", host)]));
        for good in ["localhost:8080", "127.0.0.1", "[::1]:8080", "LOCALHOST"] {
            assert!(own(&local(), good), "{good}");
        }
        for evil in [
            "evil.example",
            "localhost.evil.example",
            "192.0.2.7",
            "evil@localhost",
            "127.0.0.1.evil",
        ] {
            assert!(!own(&local(), evil), "{evil}");
        }
        assert!(own(&public(), "chat.example.org") && own(&public(), "chat.example.org:443"));
        assert!(!own(&public(), "localhost") && !own(&public(), "chat.example.org:8080"));
        assert!(!local().is_own_host(&HeaderMap::new()));
        let everywhere = Hosts::new(None, "0.0.0.0".parse().unwrap());
        assert!(own(&everywhere, "192.0.2.7:8080") && !own(&everywhere, "evil.example"));
    }

    #[test]
    fn origins() {
        let own = |pairs: &[(&'static str, &str)]| {
            let all = [&[("host", "localhost:8080")], pairs].concat();
            local().is_own_origin(&headers(&all))
        };
        assert!(own(&[]));
        assert!(own(&[
            ("origin", "http://localhost:8080"),
            ("sec-fetch-site", "same-origin")
        ]));
        for evil in [
            "null",
            "http://localhost",
            "http://localhost:8080.evil",
            "https://localhost:8080",
            "http://evil",
        ] {
            assert!(!own(&[("origin", evil)]), "{evil}");
        }
        for site in ["cross-site", "same-site"] {
            assert!(!own(&[("sec-fetch-site", site)]), "{site}");
        }
        let proxied = |origin: &str| {
            public().is_own_origin(&headers(&[("host", "chat.example.org"), ("origin", origin)]))
        };
        assert!(proxied("https://chat.example.org"));
        assert!(!proxied("http://chat.example.org") && !proxied("https://chat.example.org.evil"));
        // A port that goes without saying is left out by browsers, whatever the operator wrote.
        for (url, origin) in [
            ("https://chat.example.org:443", "https://chat.example.org"),
            ("http://chat.example.org:80/", "http://chat.example.org"),
            ("https://chat.example.org:8443", "https://chat.example.org:8443"),
            ("https://[2001:db8::1]:443", "https://[2001:db8::1]"),
        ] {
            let hosts = Hosts::new(PublicUrl::parse(url).ok(), "127.0.0.1".parse().unwrap());
            let host = origin.split('/').next_back().unwrap();
            assert!(
                hosts.is_own_origin(&headers(&[("host", host), ("origin", origin)])),
                "{url}"
            );
            assert!(hosts.is_own_host(&headers(&[("host", host)])), "{url}");
        }
    }
}
