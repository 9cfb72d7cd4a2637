//! A name for every request: in its answer (`X-Request-Id`), in every line that the log has of it, and in the problem that
//! tells of a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use chat_ports::{Entropy, Ports};
use http::{HeaderName, HeaderValue};
use tracing::Instrument;

use crate::shared::Shared;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The request that is being answered.
    static CURRENT: Arc<str>;
}

/// The name of the request that is being answered; `None` outside of one.
pub(crate) fn current() -> Option<Arc<str>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Gives names: of eight digits that this run of the server has drawn, and a count.
pub(crate) struct RequestIds {
    run: u32,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(entropy: &dyn Entropy) -> Self {
        Self {
            run: u32::from_be_bytes(entropy.draw()),
            count: AtomicU64::new(1),
        }
    }

    fn next(&self) -> Arc<str> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{count}", self.run).into()
    }
}

/// Answers a request under a name. The path stands in the log as the router knows it: what a stranger writes there is not
/// the log's business.
pub(crate) async fn name<P: Ports>(
    State(shared): State<Arc<Shared<P>>>,
    request: Request,
    next: Next,
) -> Response {
    let id = shared.request_ids.next();
    let route = request.extensions().get::<MatchedPath>();
    let span = tracing::info_span!(
        "request",
        %id,
        method = %request.method(),
        route = route.map_or("-", MatchedPath::as_str),
    );
    let answering = next.run(request).instrument(span.clone());
    let mut response = CURRENT.scope(Arc::clone(&id), answering).await;
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}
