//! Accounts and sessions, over the wire.

use http::Method;
use serde_json::json;

use crate::server::{PASSWORD, Server, directory, files};

#[tokio::test]
async fn registering_and_signing_in() {
    let directory = directory();
    let server = Server::start(directory.path());
    let mut client = server.client();
    let made = client.register("Ada", PASSWORD).await.unwrap();
    assert_eq!(
        (&made["user"]["username"], &made["user"]["is_admin"]),
        (&json!("Ada"), &json!(false))
    );
    let refused = server
        .client()
        .register("aDA", PASSWORD)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("409") && refused.contains("username_taken"),
        "{refused}"
    );
    assert!(server.client().sign_in("ADA", PASSWORD).await.is_ok());
    for (name, password) in [("Ada", "wrong"), ("nobody", "wrong"), ("not a name", "wrong")] {
        let refused = server
            .client()
            .sign_in(name, password)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("401") && refused.contains("invalid_credentials"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn the_first_administrator_is_printed_once_and_works() {
    let directory = directory();
    let server = Server::start(directory.path());
    let printed = server.printed().join("\n");
    let words: Vec<&str> = printed.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "password").unwrap();
    let password = words[at + 1].to_owned();
    let admin = server.client().sign_in("admin", &password).await.unwrap();
    assert_eq!(admin["user"]["is_admin"], true);
    assert!(server.stop("-TERM").success());

    let server = Server::start(directory.path());
    assert!(server.printed().is_empty(), "{:?}", server.printed());
    for path in files(directory.path()) {
        let bytes = std::fs::read(path).unwrap();
        assert!(
            !bytes
                .windows(password.len())
                .any(|window| window == password.as_bytes())
        );
    }
}

/// A browser: cookies and CSRF tokens.
#[tokio::test]
async fn a_cookie_needs_its_csrf_token() {
    let directory = directory();
    let server = Server::start(directory.path());
    let client = server.client();
    let csrf = client.get("/api/csrf").await.unwrap();
    let pre = cookie(&csrf.headers);
    let token = csrf.body["csrf_token"].as_str().unwrap();
    let body = |token: Option<&str>| {
        let mut body = json!({ "username": "ada", "password": PASSWORD, "confirm_password": PASSWORD });
        body["csrf_token"] = json!(token);
        Some(body.to_string())
    };
    let post = |path: &'static str, headers: Vec<(&'static str, String)>, body: Option<String>| {
        let client = client.clone();
        async move {
            let mut all = vec![("content-type", "application/json")];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            client.request(Method::POST, path, &all, body).await.unwrap()
        }
    };
    for (headers, body) in [
        (vec![], body(Some(token))),
        (vec![("cookie", pre.clone())], body(None)),
        (vec![("cookie", pre.clone())], body(Some("wrong"))),
        (
            vec![("cookie", pre.clone()), ("origin", "http://evil.example".into())],
            body(Some(token)),
        ),
        (
            vec![("cookie", pre.clone()), ("sec-fetch-site", "cross-site".into())],
            body(Some(token)),
        ),
    ] {
        let refused = post("/register", headers, body).await;
        assert_eq!((refused.status, refused.code()), (403, "csrf_failed"));
    }
    let own = format!("http://{}", client.authority());
    let made = post(
        "/register.php",
        vec![("cookie", pre), ("origin", own)],
        body(Some(token)),
    )
    .await;
    assert_eq!(made.status, 201);
    assert!(
        made.body.get("token").is_none(),
        "a cookie session shows its token to nobody"
    );
    let session = cookie(&made.headers);

    let mine = client
        .request(Method::GET, "/api/session", &[("cookie", &session)], None)
        .await
        .unwrap();
    assert_eq!(mine.body["user"]["username"], "ada");
    let token = mine.body["csrf_token"].as_str().unwrap().to_owned();
    let refused = post(
        "/api/logout",
        vec![("cookie", session.clone())],
        Some("{}".into()),
    )
    .await;
    assert_eq!(refused.code(), "csrf_failed");
    let gone = post(
        "/api/logout.php",
        vec![("cookie", session.clone()), ("x-csrf-token", token)],
        Some("{}".into()),
    );
    assert_eq!(gone.await.status, 200);
    let mine = client
        .request(Method::GET, "/api/session", &[("cookie", &session)], None)
        .await
        .unwrap();
    assert_eq!((mine.status, mine.code()), (401, "unauthenticated"));
}

/// The first cookie that an answer sets, as a browser sends it back.
fn cookie(headers: &http::HeaderMap) -> String {
    let set = headers["set-cookie"].to_str().unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"),
        "{set}"
    );
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn registration_can_be_closed() {
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("PLAIN_API", "false")]);
    let refused = server
        .client()
        .register("ada", PASSWORD)
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("403"), "{refused}");
    assert_eq!(
        server.client().get("/api/csrf").await.unwrap().body["registration"],
        "closed"
    );
}
