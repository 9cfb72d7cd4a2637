//! The description of the API (OpenAPI 3.1), made of the operations that are routed: [`Operations::with`] is the only way to
//! route one, and takes its path and method from its description. So no operation can be missing here, or stand here under an
//! address that it does not have.
//!
//! What holds for many operations is said once, in [`describe`]: who has to be signed in, the CSRF token of a change, and the
//! problems that any request, any change or any path can meet. A handler's `#[utoipa::path]` names what is its own.
//!
//! A new endpoint: derive `ToSchema` for what it takes and gives, put `#[utoipa::path]` over its handler, route it with
//! `with` in `router.rs`, and renew `docs/openapi.json` (CONTRIBUTING.md).
#![expect(
    clippy::indexing_slicing,
    reason = "to index an object of JSON is to make the member, and an operation is always an object"
)]

use std::collections::BTreeMap;

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use chat_wire::problem::Details;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::HttpMethod;
use utoipa::{
    __dev::{SchemaReferences, Tags},
    PartialSchema, Path, ToSchema,
};

/// A body's proof that it comes from a page of this server.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CsrfToken {
    /// For sessions in a cookie, unless the token is in `X-CSRF-Token`: that of `GET /api/csrf`.
    pub(crate) csrf_token: Option<String>,
}

/// What every answer carries, and how a client shows who it is.
const ABOUT: &str = "Every path answers with and without the suffix `.php`. A refusal is a problem (RFC 9457) with a stable \
`code`. Unknown fields of a request are ignored, and fields and values may be added to answers. A method that an address does \
not know is answered with 405, an address that is not there with 404. A program sends `\"session\": \"bearer\"` with `register` \
or `login` and shows the token; a browser has a cookie, and shows with every change the CSRF token of `GET /api/csrf`, in \
`X-CSRF-Token` or in the body. A token that was made for a program (`sct_…`) is good for what its scopes name: `read` for what is \
only read, `write` for messages and the read position, `rooms` for other changes of rooms; what it lacks the scope for is refused \
with 403 `insufficient_scope`.";

/// Paths that no page asks for: who has the address needs nothing else, and sends what it sends elsewhere too.
const FOR_PROGRAMS: [&str; 1] = ["/hooks/{token}"];

/// What is said of each tag, in the order in which they are shown.
const TAGS: [(&str, &str); 8] = [
    ("Accounts", "Register, sign in, sign out, and who one is."),
    (
        "Keyed accounts",
        "Accounts whose password never reaches the server: it is shown a key that the client derives, and keeps what the client has \
         sealed. `docs/protocol-encryption.md` says how both are made.",
    ),
    (
        "Sign-ins and tokens",
        "Where one is signed in, and tokens for one's programs. No token is good for these.",
    ),
    ("Messages", "Read, write and change what is said."),
    ("Rooms", "Rooms of mode `server`, and the list of all."),
    (
        "Webhooks",
        "Addresses under which other programs post into a room. Only administrators see to them.",
    ),
    (
        "Administration",
        "What is done to accounts by others than their owners. Only for administrators.",
    ),
    ("Server", "The process, its descriptions, and the socket."),
];

/// The problems that whole kinds of requests can meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any request.
    Any,
    /// Any but those of who watches over the process, who may ask by whatever name they have.
    Named,
    /// Those of who is signed in.
    SignedIn,
    /// Those with a body.
    Change,
    /// Those of them that a page makes.
    OfPage,
    /// Those whose path names something.
    Path,
    /// Those that read or write what is stored.
    Stored,
}

const PROBLEMS: [(u16, &str, Kind, &str); 14] = [
    (
        400,
        "BadRequest",
        Kind::Any,
        "`bad_request`: this is no request that can be read.",
    ),
    (
        401,
        "Unauthenticated",
        Kind::SignedIn,
        "`unauthenticated`: not signed in, or not any more.",
    ),
    (
        403,
        "CsrfFailed",
        Kind::OfPage,
        "`csrf_failed`: under a cookie, or with nothing at all, a change needs the CSRF token.",
    ),
    (
        403,
        "InsufficientScope",
        Kind::SignedIn,
        "`insufficient_scope`: this token is not good for this.",
    ),
    (
        404,
        "NotFound",
        Kind::Path,
        "`not_found`: there is nothing here, or it is not for the asker's eyes.",
    ),
    (
        413,
        "PayloadTooLarge",
        Kind::Change,
        "`payload_too_large`: the body has more than 128 KiB, or what the operator has set as `MAX_BODY`.",
    ),
    (
        414,
        "TargetTooLong",
        Kind::Any,
        "`target_too_long`: the address has more than 8 KiB.",
    ),
    (
        415,
        "UnsupportedMediaType",
        Kind::Change,
        "`unsupported_media_type`: the body is not `application/json`.",
    ),
    (
        421,
        "WrongHost",
        Kind::Named,
        "`wrong_host`: the server answers to another name.",
    ),
    (
        422,
        "Invalid",
        Kind::Change,
        "`invalid`: `fields` says which are missing or not right.",
    ),
    (
        431,
        "HeadersTooLarge",
        Kind::Any,
        "`headers_too_large`: the head has more than 32 KiB or 100 fields.",
    ),
    (
        500,
        "Internal",
        Kind::Any,
        "`internal`: the log has the cause, under `incident`.",
    ),
    (
        503,
        "Unavailable",
        Kind::Stored,
        "`unavailable`: too busy, or the storage does not answer.",
    ),
    (
        507,
        "StorageFull",
        Kind::Change,
        "`storage_full`: nothing can be written.",
    ),
];

/// The routes with their descriptions.
pub(crate) struct Operations<S> {
    router: Router<S>,
    paths: BTreeMap<String, Map<String, Value>>,
    schemas: BTreeMap<String, Value>,
}

impl<S: Clone + Send + Sync + 'static> Operations<S> {
    pub(crate) fn new() -> Self {
        let problem = (Details::name().into_owned(), json!(Details::schema()));
        let csrf = (CsrfToken::name().into_owned(), json!(CsrfToken::schema()));
        let mut named = Vec::new();
        Details::schemas(&mut named);
        let named = named.into_iter().map(|(name, schema)| (name, json!(schema)));
        Self {
            router: Router::new(),
            paths: BTreeMap::new(),
            schemas: named.chain([problem, csrf]).collect(),
        }
    }

    /// Routes an operation, by the path and the method that it is described with.
    pub(crate) fn with<O, H, T>(mut self, _: O, handler: H) -> Self
    where
        O: Path + SchemaReferences + Tags<'static>,
        H: Handler<T, S>,
        T: 'static,
    {
        for method in O::methods() {
            let (_, name) = method_of(&method);
            let item = self.paths.entry(O::path()).or_default();
            let mut operation = json!(O::operation());
            operation["tags"] = json!(O::tags());
            item.insert(name.to_owned(), describe(operation, name, &O::path()));
        }
        let filters = O::methods().into_iter().map(|method| method_of(&method).0);
        if let Some(filter) = filters.reduce(MethodFilter::or) {
            self.router = self.router.route(&O::path(), on(filter, handler));
        }
        let mut named = Vec::new();
        O::schemas(&mut named);
        let named = named.into_iter().map(|(name, schema)| (name, json!(schema)));
        self.schemas.extend(named);
        self
    }

    /// The router, and the description of what it routes.
    pub(crate) fn done(self) -> (Router<S>, Value) {
        let problems: Map<_, _> = PROBLEMS
            .iter()
            .map(|(status, name, _, text)| ((*name).to_owned(), problem(*status, text)))
            .collect();
        let tags: Vec<_> = TAGS
            .map(|(name, text)| json!({ "name": name, "description": text }))
            .into();
        let document = json!({
            "openapi": "3.1.0",
            "info": { "title": "Secure Chat", "version": "1", "description": ABOUT, "license": { "name": "MIT", "identifier": "MIT" } },
            "servers": [{ "url": "/" }],
            "tags": tags,
            "paths": self.paths,
            "components": {
                "schemas": self.schemas,
                "responses": problems,
                "headers": {
                    "RequestId": {
                        "description": "The name of this request in the server's log.",
                        "schema": { "type": "string" },
                    },
                    "RetryAfter": {
                        "description": "Whole seconds until it is worth to try again.",
                        "schema": { "type": "integer", "minimum": 0 },
                    },
                },
                "securitySchemes": {
                    "bearer": { "type": "http", "scheme": "bearer", "description": "The token of a session." },
                    "cookie": {
                        "type": "apiKey", "in": "cookie", "name": "session",
                        "description": "Set at the sign-in; over TLS under the name `__Host-session`.",
                    },
                    "csrf": {
                        "type": "apiKey", "in": "header", "name": "X-CSRF-Token",
                        "description": "With a cookie, for every change; or `csrf_token` in the body.",
                    },
                },
            },
        });
        (self.router, document)
    }
}

fn method_of(method: &HttpMethod) -> (MethodFilter, &'static str) {
    match method {
        HttpMethod::Post => (MethodFilter::POST, "post"),
        HttpMethod::Put => (MethodFilter::PUT, "put"),
        HttpMethod::Patch => (MethodFilter::PATCH, "patch"),
        HttpMethod::Delete => (MethodFilter::DELETE, "delete"),
        HttpMethod::Options => (MethodFilter::OPTIONS, "options"),
        HttpMethod::Head => (MethodFilter::HEAD, "head"),
        HttpMethod::Trace => (MethodFilter::TRACE, "trace"),
        HttpMethod::Get => (MethodFilter::GET, "get"),
    }
}

/// An operation's own description, with what holds for all of its kind.
fn describe(mut operation: Value, method: &str, path: &str) -> Value {
    let changes = method != "get";
    let of_page = changes && !FOR_PROGRAMS.contains(&path);
    let public = operation.get("security").is_some();
    if !public {
        let cookie = if changes {
            json!({ "cookie": [], "csrf": [] })
        } else {
            json!({ "cookie": [] })
        };
        operation["security"] = json!([{ "bearer": [] }, cookie]);
    }
    if of_page {
        with_csrf_token(&mut operation, method);
    }
    let is_met = |kind: Kind| match kind {
        Kind::Any => true,
        Kind::Named => !matches!(path, "/healthz" | "/readyz" | "/metrics"),
        Kind::SignedIn => !public,
        Kind::Change => changes,
        Kind::OfPage => of_page,
        Kind::Path => path.contains('{'),
        Kind::Stored => changes || !public,
    };
    let mut own: BTreeMap<u16, String> = BTreeMap::new();
    let responses = &mut operation["responses"];
    for (status, answer) in responses.as_object_mut().into_iter().flatten() {
        answer["headers"]["X-Request-Id"] = header("RequestId");
        if let Some(status) = status.parse().ok().filter(|status| *status >= 400) {
            own.insert(
                status,
                answer["description"].as_str().unwrap_or_default().to_owned(),
            );
        }
    }
    let mut met: BTreeMap<u16, Vec<(&str, &str)>> = BTreeMap::new();
    for (status, name, _, text) in PROBLEMS.iter().filter(|(_, _, kind, _)| is_met(*kind)) {
        met.entry(*status).or_default().push((name, text));
    }
    for (status, problems) in met {
        // What the operation says itself is the more precise, unless it is another problem of the same status.
        let is_told = own.contains_key(&status) && matches!(status, 404 | 422 | 503);
        match (own.get_mut(&status), problems.as_slice()) {
            _ if is_told => {}
            (None, [(name, _)]) => {
                responses[status.to_string()] = json!({ "$ref": format!("#/components/responses/{name}") });
            }
            (own_text, problems) => {
                let own_text = own_text.into_iter().map(std::mem::take);
                let texts = own_text.chain(problems.iter().map(|(_, text)| (*text).to_owned()));
                let text = texts.collect::<Vec<_>>().join(" ");
                own.insert(status, text);
            }
        }
    }
    for (status, text) in own {
        responses[status.to_string()] = problem(status, &text);
    }
    operation
}

/// Every change has a body, in which the CSRF token may stand.
fn with_csrf_token(operation: &mut Value, method: &str) {
    let csrf = json!({ "$ref": "#/components/schemas/CsrfToken" });
    let schema = &mut operation["requestBody"]["content"]["application/json"]["schema"];
    *schema = if schema.is_null() {
        csrf
    } else {
        json!({ "allOf": [schema, csrf] })
    };
    // What is deleted is named by the path.
    operation["requestBody"]["required"] = json!(method != "delete");
}

fn problem(status: u16, description: &str) -> Value {
    let mut answer = json!({
        "description": description,
        "headers": { "X-Request-Id": header("RequestId") },
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    if matches!(status, 429 | 503) {
        answer["headers"]["Retry-After"] = header("RetryAfter");
    }
    answer
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}
