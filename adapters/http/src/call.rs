//! What a handler gets to see of a request.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use bytes::Bytes;
use chat_app::Origin;
use chat_domain::Refusal;
use chat_ports::Ports;
use chat_wire::{Problem, decode};
use http::{HeaderMap, Method, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::{carrier::Carrier, description::CsrfToken, problem::Refused, shared::Shared};

/// The client's address (behind a trusted proxy the one it names), put into every request by the accept loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What a path names. A name that is no text (a stray `%ff`) names nothing.
pub(crate) struct Named<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let named = Path::from_request_parts(parts, state).await;
        named
            .map(|Path(named)| Self(named))
            .map_err(|_| Problem::of(&Refusal::NotFound.into()).into())
    }
}

/// A request that changes nothing.
pub(crate) struct Visit {
    pub(crate) carrier: Carrier,
    pub(crate) query: String,
}

impl<P: Ports> FromRequestParts<Arc<Shared<P>>> for Visit {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<Shared<P>>) -> Result<Self, Refused> {
        let carrier = Carrier::of(&parts.headers, state.cookies)?;
        Ok(Self {
            carrier,
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

/// A request that asks for a change, with its body.
pub(crate) struct Call {
    pub(crate) carrier: Carrier,
    pub(crate) origin: Origin,
    headers: HeaderMap,
    body: Bytes,
}

impl<P: Ports> FromRequest<Arc<Shared<P>>> for Call {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &Arc<Shared<P>>) -> Result<Self, Refused> {
        let (parts, body) = request.into_parts();
        let carrier = Carrier::of(&parts.headers, state.cookies)?;
        // What is deleted is named by the path; a body is allowed and not asked for.
        let bodiless = parts.method == Method::DELETE && !parts.headers.contains_key(header::CONTENT_TYPE);
        if !bodiless {
            is_json(&parts.headers)?;
        }
        let most = most_bytes(parts.uri.path(), state.limits().body);
        let body = whole(body, most).await?;
        Ok(Self {
            carrier,
            origin: origin(&parts),
            headers: parts.headers,
            body: if bodiless && body.is_empty() {
                Bytes::from_static(b"{}")
            } else {
                body
            },
        })
    }
}

/// A sealed state has a megabyte, and drafts a quarter of one, whatever else may be sent.
fn most_bytes(path: &str, usual: usize) -> usize {
    const OF_STATES: usize = 3 << 19;
    const OF_DRAFTS: usize = 3 << 17;
    match path {
        "/api/e2ee/state" | "/api/e2ee/identity" => usual.max(OF_STATES),
        "/api/e2ee/drafts" => usual.max(OF_DRAFTS),
        _ => usual,
    }
}

/// The whole of a body that has so many bytes at most.
pub(crate) async fn whole(body: Body, most: usize) -> Result<Bytes, Refused> {
    // Who says beforehand that it is too large need not send it.
    if body.size_hint().lower() > most as u64 {
        return Err(too_large(most));
    }
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(most)),
        Err(_) => {
            let detail = "The body did not arrive whole, as it should, and in time.";
            Err(Problem::bad_request(detail).into())
        }
    }
}

impl Call {
    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, once it is clear that the request comes from a page of this server or from no browser at all.
    pub(crate) fn body<P: Ports, T: DeserializeOwned>(&self, state: &Shared<P>) -> Result<T, Refused> {
        let token: CsrfToken = decode::object(&self.body)?;
        self.carrier
            .may_change(&state.hosts, &self.headers, token.csrf_token.as_deref())?;
        Ok(decode::object(&self.body)?)
    }

    /// The body of a call that changes nothing of anybody's: whoever makes it, from wherever.
    pub(crate) fn open_body<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        Ok(decode::object(&self.body)?)
    }

    /// The same for a call that signs in: with `bearer` no cookie is set, so nothing of a browser's is at stake.
    pub(crate) fn sign_in_body<P: Ports, T: DeserializeOwned>(
        &self,
        state: &Shared<P>,
        is_bearer: impl FnOnce(&T) -> bool,
    ) -> Result<T, Refused> {
        let body: T = decode::object(&self.body)?;
        let _: CsrfToken = decode::object(&self.body)?;
        if is_bearer(&body) {
            Ok(body)
        } else {
            self.body(state)
        }
    }
}

fn origin(parts: &Parts) -> Origin {
    let nobody = Peer(Ipv4Addr::UNSPECIFIED.into());
    let Peer(address) = parts.extensions.get().copied().unwrap_or(nobody);
    let agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    Origin::new(address, agent.unwrap_or_default())
}

fn is_json(headers: &HeaderMap) -> Result<(), Refused> {
    if is_of_type(headers, "application/json") {
        return Ok(());
    }
    Err(unsupported("The body must be application/json."))
}

/// Whether the body is of this type (RFC 9110, section 8.3.1).
pub(crate) fn is_of_type(headers: &HeaderMap, name: &str) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(name)
}

pub(crate) fn unsupported(detail: &str) -> Refused {
    Problem::new(415, "unsupported_media_type", detail).into()
}

fn too_large(most: usize) -> Refused {
    let detail = format!("The body may have {most} bytes at most.");
    Problem::new(413, "payload_too_large", detail).into()
}
