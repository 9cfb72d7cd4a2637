//! A name for every request: in its answer (`X-Request-Id`), in every line that the log has of it, and in the problem that
//! tells of a failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use chat_ports::Entropy;
use http::{HeaderName, HeaderValue, Method};
use tracing::Instrument;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The request that is being answered.
    static CURRENT: Named;
}

/// A request by its name, as the log has it. The path stands there as the router knows it: what a stranger writes is not
/// the log's business.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: Arc<str>,
    method: Method,
    route: Option<MatchedPath>,
}

impl Named {
    pub(crate) const fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    /// Has a request answered under its name. A span costs more than some answers do: there is one where the log is to be
    /// talkative.
    pub(crate) async fn answer(self, answering: impl Future<Output = Response>) -> Response {
        let id = Arc::clone(&self.id);
        let span = tracing::debug_span!("request", %id, method = %self.method, route = self.route());
        let mut response = CURRENT.scope(self, answering.instrument(span.clone())).await;
        span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        response
    }
}

/// The request that is being answered; `None` outside of one.
pub(crate) fn current() -> Option<Named> {
    CURRENT.try_with(Named::clone).ok()
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

    /// Gives a request its name.
    pub(crate) fn name(&self, request: &Request) -> Named {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        Named {
            id: format!("{:08x}-{count}", self.run).into(),
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
        }
    }
}
