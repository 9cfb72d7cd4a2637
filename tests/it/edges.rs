//! What strangers send.

use http::Method;

use crate::server::{Server, directory};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn every_no_has_the_documented_shape() {
    let directory = directory();
    let server = Server::start(directory.path());
    let client = server.user("ada").await;
    let json = [("content-type", "application/json")];
    let large = format!("{{\"content\":\"{}\"}}", "x".repeat(140_000));
    let long = format!(
        "{{\"content\":\"{}\",\"message_type\":\"text\"}}",
        "x".repeat(16_385)
    );
    let longest = format!(
        "{{\"content\":\"{}\",\"message_type\":\"text\"}}",
        "x".repeat(16_384)
    );
    for (method, path, headers, body, status, code) in [
        (Method::GET, "/nothing", &[][..], None, 404, "not_found"),
        (Method::GET, "/.git/config", &[], None, 404, "not_found"),
        (
            Method::GET,
            "/assets/..%2f..%2fCargo.toml",
            &[],
            None,
            404,
            "not_found",
        ),
        (
            Method::DELETE,
            "/api/messages",
            &[],
            None,
            405,
            "method_not_allowed",
        ),
        (Method::GET, "/api/logout", &[], None, 405, "method_not_allowed"),
        (Method::POST, "/", &[], None, 405, "method_not_allowed"),
        (
            Method::POST,
            "/api/send-message",
            &[],
            Some("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            Method::POST,
            "/api/send-message",
            &[("content-type", "text/plain")],
            Some("{}"),
            415,
            "unsupported_media_type",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some("nonsense"),
            400,
            "bad_request",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some("{}"),
            422,
            "invalid",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some(&large),
            413,
            "payload_too_large",
        ),
        (
            Method::POST,
            "/api/send-message",
            &json,
            Some(&long),
            422,
            "invalid",
        ),
        (Method::POST, "/api/send-message", &json, Some(&longest), 201, ""),
        (Method::GET, "/api/messages?limit=101", &[], None, 422, "invalid"),
        (
            Method::GET,
            "/api/messages?room_id=999",
            &[],
            None,
            404,
            "not_found",
        ),
        (Method::GET, "/ws", &[], None, 426, "bad_request"),
    ] {
        let answer = client
            .request(method.clone(), path, headers, body.map(str::to_owned))
            .await
            .unwrap();
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{method} {path}: {}",
            answer.body
        );
        if status >= 400 {
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.body["success"], false);
            assert_eq!(answer.body["status"], status);
            assert_eq!(answer.body["message"], answer.body["detail"]);
        }
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(
            answer.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("require-trusted-types-for")
        );
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn nobody_reads_or_writes_without_signing_in() {
    let directory = directory();
    let server = Server::start(directory.path());
    let stranger = server.client();
    for path in ["/api/messages", "/api/session", "/api/messages.php?limit=5"] {
        let answer = stranger.get(path).await.unwrap();
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{path}");
    }
    for token in ["", "x", "1-", &"A".repeat(43)] {
        let bearer = format!("Bearer {token}");
        let answer = stranger
            .request(Method::GET, "/api/messages", &[("authorization", &bearer)], None)
            .await
            .unwrap();
        assert_eq!(answer.status, 401, "{token:?}");
    }
    let in_the_url = stranger.get("/api/messages?token=x").await.unwrap();
    assert_eq!(in_the_url.status, 401);
}

#[tokio::test]
async fn other_names_are_not_answered() {
    let directory = directory();
    let server = Server::start_with(
        directory.path(),
        &[],
        &[("PUBLIC_URL", "https://chat.example.org")],
    );
    let client = server.client();
    for path in ["/", "/api/csrf", "/ws"] {
        let answer = client.get(path).await.unwrap();
        assert_eq!((answer.status, answer.code()), (421, "wrong_host"), "{path}");
        assert!(answer.body["detail"].as_str().unwrap().contains("PUBLIC_URL"));
    }
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
    assert_eq!(client.get("/readyz").await.unwrap().status, 200);
}

#[tokio::test]
async fn the_page_is_sealed_and_its_files_are_kept() {
    let directory = directory();
    let server = Server::start(directory.path());
    let page = server.client().get("/").await.unwrap();
    assert_eq!(
        (page.status, page.headers["cache-control"].to_str().unwrap()),
        (200, "no-cache")
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(page.headers["integrity-policy"], "blocked-destinations=(script)");
    let version = server.client().get("/api/version").await.unwrap();
    assert_eq!(version.body["assets"].as_str().unwrap().len(), 64);
}
