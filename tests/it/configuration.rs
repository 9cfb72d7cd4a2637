//! What the operator chooses: where from, what stops the start, and what the choices do.

use std::fs;
use std::path::Path;
use std::process::Command;

use chat_crypto::{Argon2idHasher, Cost};
use chat_domain::Password;
use chat_ports::PasswordHasher;
use serde_json::Value;

use crate::server::{PASSWORD, Server, directory, program};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// The program in this directory, where its `.env` and its data are.
fn at(directory: &Path) -> Command {
    let mut command = program(&directory.join("data"));
    command.current_dir(directory).env_remove("RATE_LIMIT_MESSAGES");
    command
}

fn shown(command: &mut Command) -> Value {
    let output = command.args(["config", "show", "--json"]).output().unwrap();
    assert!(output.status.success());
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = all.as_array().unwrap().iter();
    named
        .map(|shown| {
            let value = serde_json::json!([shown["value"], shown["source"]]);
            (shown["key"].as_str().unwrap().to_owned(), value)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn value(value: impl Into<Value>, source: &str) -> Value {
    Value::Array(vec![value.into(), source.into()])
}

/// Every source wins over the one before it, and says so.
#[test]
fn the_last_source_wins() {
    let directory = directory();
    let file = directory.path().join("chat.toml");
    fs::write(
        &file,
        "app_name = \"From the file\"\nrate_limit_messages = 1\nrate_limit_window = 1\n",
    )
    .unwrap();
    let named = || {
        let mut command = at(directory.path());
        command.arg("--config").arg(&file);
        command
    };
    let file = file.to_str().unwrap();
    assert_eq!(
        shown(&mut at(directory.path()))["rate_limit_messages"],
        value(60, "default")
    );
    assert_eq!(shown(&mut named())["app_name"], value("From the file", file));

    let env = "# a comment\nAPP_NAME=\"From .env\"\nRATE_LIMIT_MESSAGES=2\nWEBSOCKET_PORT=1234\n";
    fs::write(directory.path().join(".env"), env).unwrap();
    assert_eq!(shown(&mut named())["app_name"], value("From .env", ".env"));

    let all = shown(named().env("APP_NAME", "0123"));
    assert_eq!(all["app_name"], value("0123", "environment"));
    assert_eq!(all["rate_limit_messages"], value(2, ".env"));
    assert_eq!(all["rate_limit_window"], value(1, file));
    assert_eq!(all["websocket_port"], value(1234, ".env"));
    assert_eq!(all["data_dir"][1], "--data-dir");
}

#[test]
fn secrets_are_masked() {
    let directory = directory();
    let hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
    let mut command = at(directory.path());
    command
        .env("ENCRYPTION_KEY", KEY)
        .env("ADMIN_PASSWORD_HASH", hash);
    for flags in [&["config", "show"][..], &["config", "show", "--json"]] {
        let mut command = at(directory.path());
        command
            .env("ENCRYPTION_KEY", KEY)
            .env("ADMIN_PASSWORD_HASH", hash);
        let output = command.args(flags).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.matches("********").count(), 2, "{said}");
        assert!(!said.contains(KEY) && !said.contains("argon2id"), "{said}");
    }
}

/// One line that names the key, where it is set and what is allowed; and nothing is set up.
#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn what_cannot_be_used_stops_the_start() {
    let directory = directory();
    let file = directory.path().join("chat.toml");
    let refused = |toml: &str, environment: &[(&str, &str)], dot_env: &str| {
        fs::write(&file, toml).unwrap();
        fs::write(directory.path().join(".env"), dot_env).unwrap();
        let mut command = at(directory.path());
        command.arg("--config").arg(&file).arg("init");
        let output = command
            .envs(environment.iter().copied())
            .stderr(std::process::Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{toml}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    };
    let in_toml = [
        ("colour = \"red\"", "colour ({file}) is no key\n"),
        ("websocket_prot = 1", "is no key; did you mean websocket_port?"),
        (
            "websocket_port = \"many\"",
            "websocket_port ({file}) is \"many\", and must be a whole number from 0 to 65535",
        ),
        (
            "public_url = \"chat.example.org\"",
            "public_url ({file}) must be like https://",
        ),
        (
            "rate_limit_window = 0",
            "rate_limit_window ({file}) must be at least 1",
        ),
        (
            "max_content = 65537",
            "max_content ({file}) must be a whole number from 1 to 65536\n",
        ),
        (
            "max_content = 65536",
            "max_body (default) must be a whole number from 409600 to 1048576\n",
        ),
        (
            "max_body = 114687",
            "max_body ({file}) must be a whole number from 114688 to 1048576\n",
        ),
        (
            "trusted_proxies = [\"proxy.example\"]",
            "trusted_proxies ({file}) must be",
        ),
        ("trusted_proxies = 1", "trusted_proxies ({file}) must be a list"),
        (
            "encryption_key = 123456",
            "encryption_key ({file}) must be a string\n",
        ),
        ("[", "{file}: TOML parse error"),
    ];
    for (toml, words) in in_toml {
        let said = refused(toml, &[], "");
        let words = words.replace("{file}", file.to_str().unwrap());
        assert!(said.contains(&words), "{said}");
    }
    let in_environment = [
        ("TRUSTED_PROXIES", "127.0.0.1,x", "\"x\""),
        (
            "WEBSOCKET_HOST",
            "everywhere",
            "websocket_host (environment) cannot be used",
        ),
        ("WEBSOCKET_PORT", "70000", "is 70000, and must be"),
        ("PLAIN_API", "maybe", "plain_api (environment) must be on or off"),
        (
            "APP_ENV",
            "staging",
            "is \"staging\", and must be production or development",
        ),
        (
            "APP_DEBUG",
            "true",
            "app_debug (environment) must be off where app_env is production",
        ),
        ("DB_TYPE", "mysql", "is \"mysql\", and must be sqlite"),
        (
            "ENCRYPTION_KEY",
            "too short",
            "encryption_key (environment) must have 32 to 1024 characters",
        ),
        (
            "ADMIN_PASSWORD_HASH",
            "hunter2hunter2",
            "admin_password_hash (environment) must be an Argon2id hash",
        ),
        (
            "ALLOWED_FILE_TYPES",
            "pdf,../x",
            "allowed_file_types (environment) must be endings",
        ),
        ("LOG", "=loud", "log (environment) is not"),
        ("MAX_BODY", "1048577", "max_body (environment) must be"),
        ("MAX_ROOM_NAME", "256", "a whole number from 1 to 255"),
        ("MAX_REASON", "1001", "a whole number from 1 to 1000"),
        ("MAX_ROOMS_PER_USER", "10001", "a whole number from 1 to 10000"),
        (
            "MAX_PAGE",
            "0",
            "max_page (environment) must be a whole number from 1 to 1000",
        ),
        ("SIGN_IN_FREE_FAILURES", "0", "a whole number from 1 to 1000"),
        ("SIGN_IN_LONGEST_WAIT", "3601", "a whole number from 1 to 3600"),
    ];
    for (name, wrong, words) in in_environment {
        let said = refused("", &[(name, wrong)], "");
        assert!(said.contains(words), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("too short"), "{said}");
    }
    let said = refused("", &[], "SESSION_LIFETIME=soon\n");
    assert!(said.contains("session_lifetime (.env) is \"soon\""), "{said}");
    let said = refused("", &[], "ENCRYPTION_KEY=\"hunter2hunter2\n");
    assert!(
        said.contains("ENCRYPTION_KEY") && !said.contains("hunter2"),
        "{said}"
    );
    assert!(!directory.path().join("data").exists());
}

/// The reference document's own `.env` may hold more than this server knows.
#[test]
fn an_unknown_name_in_dot_env_is_warned_of() {
    let directory = directory();
    fs::write(
        directory.path().join(".env"),
        "RATE_LIMIT_MESAGES=5\nCACHE_DRIVER=file\n",
    )
    .unwrap();
    let mut command = at(directory.path());
    command
        .args(["config", "check"])
        .stderr(std::process::Stdio::piped());
    let output = command.output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("RATE_LIMIT_MESAGES") && said.contains("rate_limit_messages?"),
        "{said}"
    );
    assert!(said.contains("CACHE_DRIVER"), "{said}");
}

#[tokio::test]
async fn the_operator_can_keep_the_key() {
    let directory = directory();
    let data = directory.path().join("data");
    let server = Server::start_with(&data, &[], &[("ENCRYPTION_KEY", KEY)]);
    let ada = server.user("ada").await;
    ada.say("the secret of the harbour").await.unwrap();
    assert!(server.stop("-TERM").success());
    let keyring = fs::read_to_string(data.join("keyring.json")).unwrap();
    let id = keyring.split("\"derived_from\": \"").nth(1).unwrap();
    let id = id.split('"').next().unwrap();

    let other = KEY.replace('0', "1");
    for given in [None, Some(other.as_str())] {
        let mut command = program(&data);
        command
            .args(["serve", "--port", "0"])
            .envs(given.map(|given| ("ENCRYPTION_KEY", given)));
        let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(id) && said.lines().count() == 1, "{said}");
    }
    let server = Server::start_with(&data, &[], &[("ENCRYPTION_KEY", KEY)]);
    let mut again = server.client();
    again.sign_in("ada", PASSWORD).await.unwrap();
    let page = again.get("/api/messages").await.unwrap().success().unwrap();
    assert_eq!(page["messages"][0]["content"], "the secret of the harbour");
}

#[tokio::test]
async fn the_operator_can_choose_the_first_password() {
    let hasher = Argon2idHasher::new(
        std::sync::Arc::new(chat_system::SystemEntropy),
        Cost {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        },
        1,
    );
    let hash = hasher
        .unwrap()
        .hash(Password::attempt(PASSWORD.to_owned()).unwrap())
        .await
        .unwrap();
    let directory = directory();
    let server = Server::start_with(directory.path(), &[], &[("ADMIN_PASSWORD_HASH", hash.expose())]);
    let printed = server.printed().join("\n");
    assert!(
        printed.contains("ADMIN_PASSWORD_HASH") && !printed.contains("argon2id"),
        "{printed}"
    );
    let admin = server.client().sign_in("admin", PASSWORD).await.unwrap();
    assert_eq!(admin["user"]["is_admin"], true);
}

#[tokio::test]
async fn the_database_can_lie_elsewhere() {
    let directory = directory();
    let database = directory.path().join("elsewhere.db");
    let environment = [("DB_TYPE", "sqlite"), ("DB_PATH", database.to_str().unwrap())];
    let data = directory.path().join("data");
    let server = Server::start_with(&data, &[], &environment);
    server.user("ada").await.say("hello").await.unwrap();
    assert!(server.stop("-TERM").success());
    assert!(database.exists() && !data.join("chat.db").exists());
    let server = Server::start_with(&data, &[], &environment);
    server.client().sign_in("ada", PASSWORD).await.unwrap();
}

/// In production the cause of a failure is in the log alone.
#[tokio::test]
async fn causes_are_told_where_the_operator_debugs() {
    for (environment, is_told) in [
        (&[][..], false),
        (&[("APP_ENV", "development"), ("APP_DEBUG", "on")], true),
    ] {
        let directory = directory();
        let server = Server::start_with(directory.path(), &[], environment);
        let ada = server.user("ada").await;
        let database = rusqlite::Connection::open(directory.path().join("chat.db")).unwrap();
        database
            .execute_batch("ALTER TABLE messages RENAME TO gone")
            .unwrap();
        let failed = ada.get("/api/messages").await.unwrap();
        assert_eq!((failed.status, failed.code()), (500, "internal"));
        let told = failed.body.to_string();
        assert_eq!(told.contains("no such table"), is_told, "{told}");
        assert!(failed.body["incident"].is_string());
    }
}
