//! Whose request it is: the address at the other end of the connection or, behind a proxy that the operator trusts,
//! the one that this proxy names.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The header in which proxies name whom they speak for, each adding its own client at the end. RFC 7239's
/// `Forwarded` is not read: where both are there they may differ, and then one of them was written by the client.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word on the client's address is taken.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// Neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be addresses or networks such as 127.0.0.1 or 10.0.0.0/8, not {0:?}")]
pub struct TrustedProxiesError(String);

impl TrustedProxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// [`TrustedProxiesError`] names the first that is neither.
    pub fn parse<T: AsRef<str>>(list: impl IntoIterator<Item = T>) -> Result<Self, TrustedProxiesError> {
        let parsed = list.into_iter().map(|text| {
            let text = text.as_ref().trim();
            network(text).ok_or_else(|| TrustedProxiesError(text.to_owned()))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether a proxy that is trusted has this address.
    pub(crate) fn include(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: the peer's, unless that is a trusted proxy; then the rightmost hop that is none. What
    /// stands to the left of it was written by somebody who is not trusted, and is not looked at. Where a proxy names
    /// nobody, or something that is no address, the client is that proxy.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut hops = hops(headers);
        while self.include(client) {
            let Some(address) = hops.next().flatten() else {
                break;
            };
            client = address;
        }
        client
    }
}

/// The hops of a request from the last to the first; `None` for what is no address.
fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let texts = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    texts.map(|text| hop(std::str::from_utf8(text).ok()?.trim()))
}

/// An address, as some proxies write it also with a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse();
    let address = address.or_else(|_| text.parse::<std::net::SocketAddr>().map(|it| it.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

fn network(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?),
    };
    Some(canonical(network))
}

/// A network of IPv4 addresses that are written as IPv6 ones (`::ffff:10.0.0.0/104`) is one of IPv4 addresses.
fn canonical(network: IpNet) -> IpNet {
    let prefix = network.prefix_len().checked_sub(96);
    match (network.addr().to_canonical(), prefix) {
        (IpAddr::V4(address), Some(prefix)) if matches!(network, IpNet::V6(_)) => {
            ipnet::Ipv4Net::new(address, prefix).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(list: &[&str]) -> TrustedProxies {
        TrustedProxies::parse(list).unwrap()
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (FORWARDED_FOR, line.parse().unwrap()));
        lines.collect()
    }

    #[test]
    fn who_counts_as_the_client() {
        let one = &["10.0.0.1"][..];
        let two = &["10.0.0.0/8", "fd00::/8"];
        for (trusted, peer, lines, client) in [
            // Nobody is trusted: what strangers write is ignored.
            (&[][..], "10.0.0.1", &["192.0.2.7"][..], "10.0.0.1"),
            (one, "203.0.113.9", &["192.0.2.7"], "203.0.113.9"),
            // One proxy: its own hop is the last one, whatever the client wrote before it.
            (one, "10.0.0.1", &["192.0.2.7"], "192.0.2.7"),
            (one, "10.0.0.1", &["1.1.1.1, 192.0.2.7"], "192.0.2.7"),
            (one, "10.0.0.1", &["1.1.1.1", "192.0.2.7"], "192.0.2.7"),
            (one, "10.0.0.1", &["nonsense,  192.0.2.7 "], "192.0.2.7"),
            (one, "::ffff:10.0.0.1", &["192.0.2.7"], "192.0.2.7"),
            // A client that poses as the proxy in its own hop is not believed further.
            (one, "10.0.0.1", &["1.1.1.1, 10.0.0.2"], "10.0.0.2"),
            // Two proxies, one behind the other.
            (two, "10.0.0.1", &["1.1.1.1, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            (two, "fd00::1", &["2001:db8::7, 10.0.0.2"], "2001:db8::7"),
            (
                two,
                "10.0.0.1",
                &["192.0.2.7", "fd00::2", "10.0.0.2"],
                "192.0.2.7",
            ),
            // All of them are trusted: the first of them asks for itself.
            (two, "10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // The proxy names nobody, or nothing that is an address.
            (one, "10.0.0.1", &[], "10.0.0.1"),
            (one, "10.0.0.1", &[""], "10.0.0.1"),
            (one, "10.0.0.1", &["192.0.2.7, unknown"], "10.0.0.1"),
            (one, "10.0.0.1", &["192.0.2.7,"], "10.0.0.1"),
            (two, "10.0.0.1", &["192.0.2.7, _hidden, 10.0.0.2"], "10.0.0.2"),
            // As some of them write it.
            (one, "10.0.0.1", &["192.0.2.7:4711"], "192.0.2.7"),
            (one, "10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            (one, "10.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            (one, "10.0.0.1", &["::ffff:192.0.2.7"], "192.0.2.7"),
        ] {
            let found = proxies(trusted).client(peer.parse().unwrap(), &headers(lines));
            assert_eq!(found.to_string(), client, "{trusted:?} {peer} {lines:?}");
        }
    }

    #[test]
    fn other_headers_name_nobody() {
        for name in ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip"] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), "for=192.0.2.7".parse().unwrap())]);
            let peer = "10.0.0.1".parse().unwrap();
            assert_eq!(proxies(&["10.0.0.1"]).client(peer, &headers), peer, "{name}");
        }
    }

    #[test]
    fn addresses_and_networks() {
        let trusted = proxies(&[
            "127.0.0.1",
            "10.0.0.0/8",
            " ::ffff:192.0.2.0/120",
            "2001:db8::/32",
            "::1",
        ]);
        for (address, is_trusted) in [
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("::ffff:127.0.0.1", true),
            ("10.255.0.1", true),
            ("192.0.2.200", true),
            ("192.0.3.1", false),
            ("2001:db8:ffff::1", true),
            ("::1", true),
            ("::2", false),
        ] {
            assert_eq!(trusted.include(address.parse().unwrap()), is_trusted, "{address}");
        }
        for bad in ["", "localhost", "10.0.0.0/33", "10.0.0", "::/129", "10.0.0.1:80"] {
            assert!(TrustedProxies::parse([bad]).is_err(), "{bad}");
        }
    }
}
