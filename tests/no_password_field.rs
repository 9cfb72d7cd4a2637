//! No code of the Rust client sends a password, but the two ways into accounts without keys. Read from the tokens, so
//! that neither a comment nor another spelling hides it. The browser client's is held to the same by
//! `tests/browser/lint`.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// An address whose name says what is changed there.
const ADDRESS: &str = "\"/api/auth/password\"";
/// Attributes whose texts are for readers.
const FOR_READERS: [&str; 3] = ["doc", "error", "expect"];

/// Where something was found: in which file, in which function, and what.
type Found = BTreeSet<(String, String, String)>;

struct Search<'a> {
    file: &'a str,
    function: String,
    found: Found,
}

fn is_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("passw") || text.contains("passphrase")
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(name)) if name == word)
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(it)) if it.as_char() == mark)
}

impl Search<'_> {
    fn note(&mut self, what: String) {
        self.found
            .insert((self.file.to_owned(), self.function.clone(), what));
    }

    /// `in_body`: whether what is read becomes a text that is sent.
    fn read(&mut self, tokens: TokenStream, in_body: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
            match token {
                TokenTree::Ident(name) => {
                    if is_word(before(1), "fn") {
                        self.function = name.to_string();
                    }
                    if in_body && is_secret(&name.to_string()) {
                        self.note(name.to_string());
                    }
                }
                TokenTree::Literal(text) => {
                    if is_secret(&text.to_string()) && text.to_string() != ADDRESS {
                        self.note(text.to_string());
                    }
                }
                TokenTree::Group(group) => {
                    let is_attribute = group.delimiter() == Delimiter::Bracket
                        && (is_mark(before(1), '#') || (is_mark(before(1), '!') && is_mark(before(2), '#')));
                    if is_attribute && is_for_readers(group) {
                        continue;
                    }
                    let is_json = is_mark(before(1), '!') && is_word(before(2), "json");
                    if is_word(before(2), "struct") && group.delimiter() == Delimiter::Brace {
                        self.fields(group);
                    }
                    self.read(group.stream(), in_body || is_json);
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// The names of a struct's fields, which may become those of a body.
    fn fields(&mut self, group: &Group) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        for pair in tokens.windows(2) {
            if let [TokenTree::Ident(name), TokenTree::Punct(colon)] = pair
                && colon.as_char() == ':'
                && is_secret(&name.to_string())
            {
                self.note(name.to_string());
            }
        }
    }
}

fn is_for_readers(attribute: &Group) -> bool {
    let first = attribute.stream().into_iter().next();
    FOR_READERS.iter().any(|word| is_word(first.as_ref(), word))
}

fn search(file: &str, source: &str) -> Found {
    let mut search = Search {
        file,
        function: String::new(),
        found: Found::new(),
    };
    search.read(source.parse().unwrap(), false);
    search.found
}

/// Every file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn no_password_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("client/src");
    let files = sources(&root);
    assert!(files.len() >= 11, "{files:?}");
    let mut found = Found::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        found.extend(search(&name, &std::fs::read_to_string(&path).unwrap()));
    }
    let places: BTreeSet<_> = found
        .iter()
        .map(|(file, function, _)| (file.as_str(), function.as_str()))
        .collect();
    assert_eq!(
        places,
        BTreeSet::from([("http.rs", "register"), ("http.rs", "sign_in")]),
        "{found:#?}"
    );
}

#[test]
fn what_is_planted_is_found_and_what_is_said_is_not() {
    for planted in [
        r#"fn f() { post(json!({ "password": given })) }"#,
        r#"fn f() { post(json!({ "secret": password })) }"#,
        r#"fn f() { post(json!({ "list": [1, { "secret": &self.password }] })) }"#,
        r##"fn f() { body.insert(r#"confirm_password"#, given) }"##,
        r#"fn f() { let body = format!("user={user}&password={given}"); }"#,
        "#[derive(Serialize)] struct Body { username: String, password: String }",
        r#"struct Body { #[serde(rename = "password")] secret: String }"#,
    ] {
        assert_eq!(search("planted", planted).len(), 1, "{planted}");
    }
    for innocent in [
        r#"// post(json!({ "password": given }))"#,
        r#"/* json!({ "password": given }) */ fn f() { derive(password); }"#,
        "/// The password is typed here.\nfn f(password: &str) {}",
        r#"enum E { #[error("not sealed with this password")] Sealed }"#,
        r#"fn f() { self.post("/api/auth/password", &json!({ "auth_key": key })); }"#,
    ] {
        assert_eq!(search("innocent", innocent), Found::new(), "{innocent}");
    }
}
