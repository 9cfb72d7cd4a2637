//! Holds the crates to the picture in `docs/architecture.md`: which of them may know which.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A crate of ours and what it depends on, ours and others'.
#[derive(Debug, Clone, Default)]
struct Crate {
    name: String,
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

const ROOT: &str = "secure-chat";
const TRANSPORTS: [&str; 3] = ["chat-control", "chat-http", "chat-ws"];
const STORES: [&str; 2] = ["chat-memory", "chat-sqlite"];
const OTHER_ADAPTERS: [&str; 2] = ["chat-crypto", "chat-system"];

/// Which crates of ours a crate may depend on in what is shipped.
fn lawful(name: &str) -> &'static [&'static str] {
    match name {
        "chat-domain" | "chat-e2ee" => &[],
        "chat-ports" => &["chat-domain"],
        "chat-contract" => &["chat-domain", "chat-ports"],
        "chat-app" | "chat-crypto" => &["chat-domain", "chat-e2ee", "chat-ports"],
        "chat-wire" => &["chat-app", "chat-domain", "chat-ports"],
        "chat-client" => &["chat-wire", "chat-domain", "chat-e2ee"],
        name if TRANSPORTS.contains(&name) => &["chat-app", "chat-domain", "chat-ports", "chat-wire"],
        name if STORES.contains(&name) || OTHER_ADAPTERS.contains(&name) => &["chat-domain", "chat-ports"],
        _ => &[],
    }
}

/// What a crate may use beside that in its own tests.
fn lawful_in_tests(name: &str) -> &'static [&'static str] {
    match name {
        "chat-app" | "chat-control" | "chat-http" | "chat-ws" => &["chat-memory"],
        ROOT => &["chat-client", "chat-memory"],
        name if STORES.contains(&name) => &["chat-contract"],
        _ => &[],
    }
}

/// Third-party crates that the inner rings may use; everything else (a runtime, a driver, an encoding) stays outside.
fn lawful_third_party(name: &str) -> Option<&'static [&'static str]> {
    match name {
        "chat-domain" | "chat-ports" => Some(&["thiserror"]),
        "chat-e2ee" => Some(&[
            "aes-gcm",
            "chacha20poly1305",
            "data-encoding",
            "ed25519-dalek",
            "hkdf",
            "hmac",
            "hpke",
            "pbkdf2",
            // The JSON inside a message and around it, read strictly.
            "serde",
            "serde_json",
            "sha2",
            "subtle",
            "thiserror",
            "unicode-normalization",
            "x25519-dalek",
            "zeroize",
        ]),
        "chat-app" => Some(&["data-encoding", "subtle", "thiserror", "tracing"]),
        _ => None,
    }
}

/// Every edge that is not in the picture, in words.
fn violations(crates: &[Crate]) -> Vec<String> {
    let ours = |name: &str| name == ROOT || name.starts_with("chat-");
    let mut found = Vec::new();
    for it in crates {
        let anything = it.name == ROOT;
        for edge in it.normal.iter().filter(|edge| ours(edge)) {
            if !anything && !lawful(&it.name).contains(&edge.as_str()) {
                found.push(format!("{} depends on {edge}", it.name));
            }
        }
        for edge in it.dev.iter().filter(|edge| ours(edge)) {
            let lawful = lawful(&it.name).contains(&edge.as_str())
                || lawful_in_tests(&it.name).contains(&edge.as_str());
            if !anything && !lawful {
                found.push(format!("{} depends on {edge} in its tests", it.name));
            }
        }
        if let Some(allowed) = lawful_third_party(&it.name) {
            let foreign = it
                .normal
                .iter()
                .filter(|edge| !ours(edge) && !allowed.contains(&edge.as_str()));
            found.extend(foreign.map(|edge| format!("{} depends on {edge}", it.name)));
        }
    }
    found
}

/// The crates of the workspace as they are.
fn workspace() -> Vec<Crate> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap();
    let packages = metadata.packages.iter().map(|package| {
        let named = |development: bool| {
            let of_kind = package.dependencies.iter().filter(move |dependency| {
                (dependency.kind == DependencyKind::Development) == development
                    && (development || dependency.kind == DependencyKind::Normal)
            });
            of_kind.map(|dependency| dependency.name.clone()).collect()
        };
        Crate {
            name: package.name.to_string(),
            normal: named(false),
            dev: named(true),
        }
    });
    packages.collect()
}

#[test]
fn no_crate_knows_what_the_picture_does_not_show() {
    let crates = workspace();
    assert!(crates.len() >= 13, "{crates:?}");
    assert_eq!(violations(&crates), Vec::<String>::new());
}

#[test]
fn every_crate_of_ours_is_in_the_picture() {
    let picture = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/architecture.md")).unwrap();
    for it in workspace() {
        assert!(
            picture.contains(&format!("`{}`", it.name)),
            "{} is not in docs/architecture.md",
            it.name
        );
    }
}

/// The test of the test: a forbidden edge, planted into the real graph, is found and named.
#[test]
fn a_planted_edge_is_found() {
    for (from, to, development) in [
        ("chat-sqlite", "chat-memory", false),
        ("chat-http", "chat-ws", false),
        ("chat-ws", "chat-http", false),
        ("chat-memory", "chat-sqlite", true),
        ("chat-sqlite", "chat-crypto", true),
        ("chat-app", "chat-http", false),
        ("chat-ports", "chat-app", false),
        ("chat-domain", "chat-ports", false),
        ("chat-e2ee", "chat-domain", false),
        ("chat-domain", "serde", false),
        ("chat-app", "tokio", false),
        ("chat-client", "chat-app", false),
    ] {
        let mut crates = workspace();
        let planted = crates.iter_mut().find(|it| it.name == from).unwrap();
        if development {
            &mut planted.dev
        } else {
            &mut planted.normal
        }
        .insert(to.to_owned());
        let found = violations(&crates);
        assert_eq!(found.len(), 1, "{from} -> {to}: {found:?}");
        assert!(
            found[0].starts_with(&format!("{from} depends on {to}")),
            "{found:?}"
        );
    }
}

/// The domain reaches for nothing in the world around it.
#[test]
fn the_domain_is_pure() {
    const IMPURE: [&str; 8] = [
        "std::fs",
        "std::net",
        "std::env",
        "std::thread",
        "std::process",
        "SystemTime::now",
        "Instant::now",
        "async fn",
    ];
    let mut files = Vec::new();
    sources(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/domain/src")),
        &mut files,
    );
    sources(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/domain/e2ee/src")),
        &mut files,
    );
    assert!(files.len() > 10);
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        for word in IMPURE {
            assert!(!source.contains(word), "{}: {word}", file.display());
        }
    }
}

fn sources(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}
