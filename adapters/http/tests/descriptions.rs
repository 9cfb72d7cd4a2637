//! The published descriptions are those of the handlers and frames, and `docs/` has them as they are.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use axum::{Router, body::Body};
use chat_app::{App, Settings};
use chat_http::{Hosts, Readiness, Site, router};
use chat_memory::{HandClock, MemoryStore, PlainHasher, Recorder, SeededEntropy};
use chat_ports::Bundle;
use chat_wire::Problem;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn api() -> Router {
    let ports = Bundle {
        store: MemoryStore::default(),
        hasher: PlainHasher,
        clock: Arc::new(HandClock::new()),
        entropy: Arc::new(SeededEntropy::new(1)),
        bus: Arc::new(Recorder::default()),
    };
    let site = Site {
        hosts: Hosts::new(None, "127.0.0.1".parse().unwrap()),
        upgrade: Arc::new(|_, _, _| Err(Problem::bad_request("There are no sockets in this test."))),
        readiness: Arc::new(|| Box::pin(async { Readiness::Ready })),
        tasks: TaskTracker::new(),
        version: "1.2.3",
        tells_causes: false,
        metrics: None,
    };
    router(Arc::new(App::new(ports, Settings::default())), site)
}

async fn ask(method: &str, path: &str) -> Response<Body> {
    let method: Method = method.to_uppercase().parse().unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost");
    let request = request.header("content-type", "application/json");
    api()
        .oneshot(request.body(Body::from("{}")).unwrap())
        .await
        .unwrap()
}

async fn document(path: &str) -> Value {
    let answer = ask("get", path).await;
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "application/json");
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// Holds a document of the repository to what the server serves; with `RENEW` in the environment, renews it.
async fn is_current(served: &str, file: &str) {
    let text = serde_json::to_string_pretty(&document(served).await).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(file);
    if is_to_be_renewed() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "docs/{file} is not what the server serves under {served} any more. If the change is meant, renew the file: \
         RENEW=1 cargo test -p chat-http --test descriptions"
    );
}

#[expect(clippy::disallowed_methods, reason = "how a developer asks for new files")]
fn is_to_be_renewed() -> bool {
    std::env::var_os("RENEW").is_some()
}

#[tokio::test]
async fn the_description_of_the_requests_is_current() {
    is_current("/api/openapi.json", "openapi.json").await;
}

#[tokio::test]
async fn the_description_of_the_socket_is_current() {
    is_current("/api/asyncapi.json", "asyncapi.json").await;
}

/// Operations are routed by their descriptions; so it is enough that no other route is added to the router.
#[tokio::test]
async fn exactly_what_is_described_is_routed() {
    let document = document("/api/openapi.json.php").await;
    for (path, item) in document["paths"].as_object().unwrap() {
        let address = path.replace("{room}", "1").replace("{user}", "1");
        for method in METHODS {
            let status = ask(method, &address).await.status();
            let described = item.get(method).is_some();
            assert_eq!(status != 405, described, "{method} {path}: {status}");
        }
    }
    let source = include_str!("../src/router.rs");
    assert!(
        !source.contains(".route("),
        "operations are routed by `with`, which describes them"
    );
}

/// Every operation is described as a whole.
#[tokio::test]
async fn nothing_is_left_out() {
    let document = document("/api/openapi.json").await;
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{place}: {name} is there twice");
            assert!(operation["summary"].is_string(), "{place}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{place}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status < &"400".to_owned()),
                "{place}"
            );
            assert!(responses.contains_key("500"), "{place}");
            for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters.iter().any(|p| p["name"] == name && p["in"] == "path"),
                    "{place}: {name}"
                );
            }
        }
    }
    assert!(names.len() >= 27, "{names:?}");
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document("/api/openapi.json").await;
    let text = document.to_string();
    let references: BTreeSet<_> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 40, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}
