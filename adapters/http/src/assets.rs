//! The browser client's files, which are part of the program (`build.rs` makes them).

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file of the browser client.
#[derive(Debug)]
pub struct Asset {
    path: &'static str,
    content_type: &'static str,
    /// SHA-256 of the content.
    digest: &'static str,
    /// Its name holds its hash, so it may be kept for ever.
    immutable: bool,
    identity: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The file under this path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    let at = ASSETS.binary_search_by_key(&path, |asset| asset.path).ok()?;
    ASSETS.get(at)
}

/// One hash over the path and content of every file: two servers with the same one serve the same client.
#[must_use]
pub const fn root_hash() -> &'static str {
    ROOT_HASH
}

/// What a system that installs the page as an app is told of it, but for its name (W3C Web Application Manifest).
#[must_use]
pub const fn manifest() -> &'static str {
    MANIFEST
}

/// A content coding, and what its name adds to the entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Brotli,
    Gzip,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// Answers with the file, in the smallest coding that the client takes; with 304 if it has it already.
#[must_use]
pub fn respond(asset: &'static Asset, method: &Method, headers: &HeaderMap) -> Response<Bytes> {
    let (coding, body) = asset.coded(headers);
    let tag = format!(
        "\"{}-{}\"",
        asset.digest.get(..32).unwrap_or_default(),
        coding.name()
    );
    let known = is_known(headers, &tag);
    let mut response = Response::new(Bytes::new());
    let answer = response.headers_mut();
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(asset.cache_control()),
    );
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    if coding != Coding::Identity {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    if method != Method::HEAD {
        *response.body_mut() = Bytes::from_static(body);
    }
    response
}

impl Asset {
    const fn cache_control(&self) -> &'static str {
        if self.immutable {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        }
    }

    fn coded(&self, headers: &HeaderMap) -> (Coding, &'static [u8]) {
        match (self.brotli, self.gzip) {
            (Some(body), _) if accepts(headers, "br") => (Coding::Brotli, body),
            (_, Some(body)) if accepts(headers, "gzip") => (Coding::Gzip, body),
            _ => (Coding::Identity, self.identity),
        }
    }
}

/// Whether the client takes this coding (RFC 9110, section 12.5.3). Only named codings count: `*` is no promise.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let lines = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|part| {
        let (name, weight) = part
            .split_once(';')
            .map_or((part, ""), |(name, weight)| (name, weight));
        let refused = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.parse::<f32>().ok())
            == Some(0.0);
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

/// Whether the client has the file already (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|part| {
        let part = part.trim();
        part == "*" || part.strip_prefix("W/").unwrap_or(part) == tag
    })
}

#[cfg(test)]
#[path = "../build/bundle.rs"]
mod bundle;
#[cfg(test)]
#[path = "../build/javascript.rs"]
mod javascript;
#[cfg(test)]
#[path = "../build/page.rs"]
mod page;
#[cfg(test)]
#[path = "../build/stylesheet.rs"]
mod stylesheet;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(path: &str, method: &Method, pairs: &[(header::HeaderName, &str)]) -> Response<Bytes> {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect();
        respond(find(path).unwrap(), method, &headers)
    }

    #[test]
    fn the_page_names_only_files_that_are_there() {
        let page = std::str::from_utf8(find("/").unwrap().identity).unwrap();
        let named: Vec<&str> = page
            .split("\"/assets/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(named.len() >= 4, "{named:?}");
        for name in named {
            let asset = find(&format!("/assets/{name}")).unwrap_or_else(|| panic!("{name}"));
            assert!(asset.immutable);
        }
        assert!(
            !page.contains("style=") && !page.contains(" on"),
            "nothing inline"
        );
    }

    #[test]
    fn what_the_first_screen_loads_is_small() {
        let page = std::str::from_utf8(find("/").unwrap().identity).unwrap();
        let tags = page
            .split('<')
            .filter(|tag| tag.starts_with("script") || tag.contains("stylesheet"));
        let sizes: Vec<(&str, usize)> = tags
            .filter_map(|tag| tag.split('"').find(|text| text.starts_with("/assets/")))
            .map(|path| {
                let asset = find(path).unwrap();
                (path, asset.brotli.unwrap_or(asset.identity).len())
            })
            .collect();
        assert_eq!(sizes.len(), 3, "{sizes:?}");
        let all: usize = sizes.iter().map(|(_, size)| size).sum();
        assert!(all <= 60_000, "{all} bytes of script and style: {sizes:?}");
    }

    #[test]
    fn codings() {
        let sent = |accept: &str| {
            let answer = answer("/", &Method::GET, &[(header::ACCEPT_ENCODING, accept)]);
            let coding = answer
                .headers()
                .get(header::CONTENT_ENCODING)
                .map(|c| c.to_str().unwrap().to_owned());
            assert_eq!(
                answer.headers()[header::CONTENT_LENGTH],
                answer.body().len().to_string()
            );
            coding
        };
        assert_eq!(sent("gzip, deflate, br").as_deref(), Some("br"));
        assert_eq!(sent("gzip;q=0.5").as_deref(), Some("gzip"));
        assert_eq!(sent("br;q=0, gzip").as_deref(), Some("gzip"));
        assert_eq!(sent("br;q=0, gzip;q=0.0"), None);
        assert_eq!(sent("*"), None);
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        let first = answer("/", &Method::GET, &[]);
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".to_owned(),
        ] {
            let again = answer("/", &Method::GET, &[(header::IF_NONE_MATCH, &known)]);
            assert_eq!(
                (again.status(), again.body().len()),
                (StatusCode::NOT_MODIFIED, 0),
                "{known}"
            );
        }
        let coded = [(header::IF_NONE_MATCH, &tag[..]), (header::ACCEPT_ENCODING, "br")];
        assert_eq!(
            answer("/", &Method::GET, &coded).status(),
            StatusCode::OK,
            "each coding has its own tag"
        );
    }

    #[test]
    fn a_head_has_no_body() {
        let head = answer("/", &Method::HEAD, &[]);
        assert_eq!(head.body().len(), 0);
        assert_ne!(head.headers()[header::CONTENT_LENGTH], "0");
    }
}
