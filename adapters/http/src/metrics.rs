//! Who may read the metrics: who shows the operator's token or, where there is none, who asks from this machine.

use std::net::IpAddr;
use std::sync::Arc;

use chat_domain::Secret;
use http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use crate::hosts;

/// Headers of which a proxy adds at least one: whoever sends them does not ask for itself.
const OF_PROXIES: [&str; 5] = [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
    "forwarded",
    "via",
];

/// The metrics, and who may read them.
#[derive(Clone)]
pub struct Metrics {
    /// The metrics of now, in the text format of Prometheus.
    pub text: Arc<dyn Fn() -> String + Send + Sync>,
    /// What a reader has to show. `None`: readers are on this machine, and use its own name.
    pub token: Option<Secret<String>>,
}

impl Metrics {
    /// Whether a client at `peer` that sends these headers may read them.
    ///
    /// Without a token the name has to be a local one as well: a page of another site that was pointed at this machine
    /// (DNS rebinding) has a name of its own.
    pub(crate) fn may_be_read_by(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        if let Some(token) = &self.token {
            let is_token = |shown: &str| shown.as_bytes().ct_eq(token.expose().as_bytes()).into();
            return bearer(headers).is_some_and(is_token);
        }
        let is_forwarded = OF_PROXIES.iter().any(|name| headers.contains_key(*name));
        peer.to_canonical().is_loopback() && !is_forwarded && hosts::is_local(headers)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(token: Option<&str>) -> Metrics {
        Metrics {
            text: Arc::new(String::new),
            token: token.map(|token| Secret::new(token.to_owned())),
        }
    }

    fn may(token: Option<&str>, peer: &str, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        metrics(token).may_be_read_by(peer.parse().unwrap(), &headers.collect())
    }

    #[test]
    fn this_machine_alone() {
        assert!(may(None, "127.0.0.1", &[("host", "127.0.0.1:8080")]));
        assert!(may(None, "::1", &[("host", "[::1]:8080")]));
        assert!(may(None, "::ffff:127.0.0.1", &[("host", "localhost")]));
        assert!(!may(None, "192.0.2.7", &[("host", "127.0.0.1")]));
        assert!(!may(None, "127.0.0.1", &[("host", "rebound.example")]));
        assert!(!may(None, "127.0.0.1", &[]));
        for of_proxy in OF_PROXIES {
            assert!(
                !may(None, "127.0.0.1", &[("host", "127.0.0.1"), (of_proxy, "x")]),
                "{of_proxy}"
            );
        }
    }

    #[test]
    fn the_token_and_nothing_else() {
        let token = Some("a token of the operator");
        let shown = [("authorization", "Bearer a token of the operator")];
        assert!(may(token, "192.0.2.7", &shown));
        assert!(!may(token, "127.0.0.1", &[("host", "127.0.0.1")]));
        for bad in [
            "Bearer",
            "Bearer ",
            "Bearer a token",
            "Basic a token of the operator",
        ] {
            assert!(!may(token, "192.0.2.7", &[("authorization", bad)]), "{bad}");
        }
    }
}
