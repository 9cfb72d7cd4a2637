//! What is counted and timed about requests. Nothing here names a user, a room or an address.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use axum::extract::{MatchedPath, Request};
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;

/// The meters of all requests, by route, method and status. Looking one up among all that a process has would take as long
/// as a small answer.
pub(crate) struct Meters(RwLock<HashMap<Box<str>, OfRoute>>);

/// Those of one route, by method and status.
type OfRoute = HashMap<(&'static str, u16), Meter>;

#[derive(Clone)]
struct Meter {
    answered: Counter,
    took: Histogram,
}

impl Default for Meters {
    fn default() -> Self {
        describe_counter!("secure_chat_http_requests_total", "Requests that were answered.");
        describe_histogram!(
            "secure_chat_http_request_seconds",
            "From the head of a request to the head of its answer."
        );
        describe_counter!(
            "secure_chat_refusals_total",
            "Requests and frames that were refused, by the code that their answer has."
        );
        Self(RwLock::default())
    }
}

impl Meters {
    /// Counts a request that was answered, and how long that took. Its meter is made when the first one comes.
    pub(crate) fn take(&self, timed: &Timed, status: StatusCode) {
        let route = timed.route.as_ref().map_or("none", MatchedPath::as_str);
        let (method, status) = (timed.method, status.as_u16());
        let take = |meter: &Meter| {
            meter.took.record(timed.began.elapsed());
            meter.answered.increment(1);
        };
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = known
            .get(route)
            .and_then(|of_route| of_route.get(&(method, status)))
        {
            return take(meter);
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = known.entry(route.into()).or_default();
        take(of_route.entry((method, status)).or_insert_with(|| Meter {
            answered: counter!(
                "secure_chat_http_requests_total",
                "method" => method, "route" => route.to_owned(), "status" => status.to_string()
            ),
            took: histogram!(
                "secure_chat_http_request_seconds",
                "method" => method, "route" => route.to_owned()
            ),
        }));
    }
}

/// A request that is being answered. The path stands there as the router knows it.
pub(crate) struct Timed {
    route: Option<MatchedPath>,
    method: &'static str,
    began: Instant,
}

impl Timed {
    pub(crate) fn begin(request: &Request) -> Self {
        Self {
            route: request.extensions().get().cloned(),
            method: known(request.method()),
            began: Instant::now(),
        }
    }
}

/// A request was refused.
pub(crate) fn refused(code: &'static str) {
    counter!("secure_chat_refusals_total", "transport" => "http", "code" => code).increment(1);
}

/// Strangers can make methods up, and every one would be counted for ever.
const fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
