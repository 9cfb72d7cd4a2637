//! What is counted and timed about requests. Nothing here names a user, a room or an address.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::Method;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;

/// Says what the meters mean.
pub(crate) fn describe() {
    describe_counter!("secure_chat_http_requests_total", "Requests that were answered.");
    describe_histogram!(
        "secure_chat_http_request_seconds",
        "From the head of a request to the head of its answer."
    );
    describe_counter!(
        "secure_chat_refusals_total",
        "Requests and frames that were refused, by the code that their answer has."
    );
}

/// Counts and times a request. The path stands there as the router knows it.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let (method, began) = (known(request.method()), Instant::now());
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let status = response.status().as_str().to_owned();
    histogram!("secure_chat_http_request_seconds", "method" => method, "route" => route.clone())
        .record(began.elapsed());
    counter!("secure_chat_http_requests_total", "method" => method, "route" => route, "status" => status)
        .increment(1);
    response
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
