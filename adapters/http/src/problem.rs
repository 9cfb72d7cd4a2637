//! Problems as answers.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use chat_app::{App, Error};
use chat_ports::Ports;
use chat_wire::Problem;
use http::{HeaderValue, StatusCode, header};

use crate::{meters, request_id};

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refused(Problem);

/// Stands in a request in the place of one that was refused before it could be read.
#[derive(Debug, Clone)]
pub(crate) struct Unsound(pub(crate) Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        meters::refused(self.0.code);
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The problem that the client is told; what is internal goes to the log, under a number that both can name.
pub(crate) fn of_error<P: Ports>(app: &App<P>, error: &Error, tells_causes: bool) -> Refused {
    let mut problem = Problem::of(error);
    if let Error::Internal(source) = error {
        let request = request_id::current();
        let incident = request
            .as_ref()
            .map_or_else(|| app.incident_id(), |named| named.id.to_string());
        let (method, route) = request
            .as_ref()
            .map_or((None, "none"), |named| (Some(named.method()), named.route()));
        tracing::error!(%incident, ?method, route, error = %source, "a request could not be carried out");
        problem.incident = Some(incident);
        problem.debug = tells_causes.then(|| causes(&**source));
    }
    problem.into()
}

/// An error and all that is behind it.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
