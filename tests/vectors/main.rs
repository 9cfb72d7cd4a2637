//! The vectors of the encryption protocol: made by the Rust implementation (`RENEW=1` writes the file anew), checked by
//! it here, and by the browser's implementation under Node and in Chromium; and random logs of rooms, made by one and
//! judged by the other.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "tests: tables of cases, and a runner of its own that talks to its user"
)]

mod accounts;
mod aes;
mod bytes;
mod curves;
mod epochs;
mod fixtures;
mod identities;
mod logs;
mod messages;
mod parsers;
mod perform;
mod perform_messages;
mod random_logs;
mod sections;
mod world;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use bytes::In;
use fixtures::Fixtures;
use sections::{Book, IDS};

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/e2ee-v1.json")
}

fn kept() -> Result<Value, Failed> {
    let text = std::fs::read_to_string(file()).map_err(|error| format!("{}: {error}", file().display()))?;
    Ok(serde_json::from_str(&text)?)
}

/// One case a line, so that a change is seen where it is.
fn written(book: &Value) -> String {
    let lines = |values: &Value, indent: &str| {
        let values: Vec<_> = values.as_array().unwrap().iter().map(Value::to_string).collect();
        if values.is_empty() {
            "[]".to_owned()
        } else {
            format!(
                "[\n{indent}  {}\n{indent}]",
                values.join(&format!(",\n{indent}  "))
            )
        }
    };
    let members = |map: &Value, indent: &str| {
        let members: Vec<_> = map
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, values)| {
                format!(
                    "{indent}  {}: {}",
                    Value::from(name.clone()),
                    lines(values, &format!("{indent}  "))
                )
            })
            .collect();
        format!("{{\n{}\n{indent}}}", members.join(",\n"))
    };
    format!(
        "{{\n  \"protocol\": {},\n  \"format\": {},\n  \"fixtures\": {{\n    \"directories\": {},\n    \"logs\": {}\n  }},\n  \"sections\": {}\n}}\n",
        book["protocol"],
        book["format"],
        members(&book["fixtures"]["directories"], "    "),
        members(&book["fixtures"]["logs"], "    "),
        members(&book["sections"], "  "),
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "switches for whoever runs the tests, no configuration"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The file is what the code makes: nothing in it was changed by hand, and nothing in the code since.
fn is_made_by_rust() -> Result<(), Failed> {
    let made = written(&Book::write());
    if variable("RENEW").is_some() {
        std::fs::write(file(), &made)?;
    }
    let kept = std::fs::read_to_string(file())?;
    if made == kept {
        return Ok(());
    }
    let differs = made
        .lines()
        .zip(kept.lines())
        .position(|(made, kept)| made != kept);
    let line = differs.map_or(0, |line| line + 1);
    Err(
        format!("tests/vectors/e2ee-v1.json differs at line {line}; if it should, run this with RENEW=1")
            .into(),
    )
}

fn covers_every_id() -> Result<(), Failed> {
    let kept = kept()?;
    for id in IDS {
        let cases = kept["sections"][id].as_array();
        if cases.is_none_or(Vec::is_empty) {
            return Err(format!("{id} has no case").into());
        }
    }
    Ok(())
}

/// Every case of the file as it lies there, performed.
fn is_green() -> Result<(), Failed> {
    let kept = kept()?;
    let fixtures = Fixtures::of_json(&kept["fixtures"]);
    let mut count = 0;
    for (id, cases) in kept["sections"].as_object().unwrap() {
        for case in cases.as_array().unwrap() {
            let given = In(case["in"].as_object().unwrap());
            let outcome = perform::perform(case["op"].as_str().unwrap(), given, &fixtures);
            let wanted = case["error"]
                .as_str()
                .map_or_else(|| Ok(case["out"].clone()), Err);
            if outcome != wanted {
                return Err(format!("{id} {}: {outcome:?}, not {wanted:?}", case["name"]).into());
            }
            count += 1;
        }
    }
    println!("{count} cases of the vectors are green in Rust");
    Ok(())
}

/// A little in everyday runs, everything with `CHAT_TEST_SCALE=full`.
fn is_full() -> bool {
    variable("CHAT_TEST_SCALE").as_deref() == Some("full")
}

/// The chance of this run: a given one, or another every time.
fn first_seed() -> u64 {
    variable("CHAT_TEST_SEED")
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(0..1 << 48))
}

/// Feeds lines to a checker in JavaScript, which ends at the first that comes out otherwise there; what it said.
fn in_node(
    script: &str,
    feed: impl FnOnce(&mut ChildStdin) -> std::io::Result<()>,
) -> Result<String, Failed> {
    let mut node = Command::new("node")
        .args([script, "/dev/stdin"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut pipe = node.stdin.take().unwrap();
    // That the pipe breaks says only that it has ended, and its own words say why.
    let _ = feed(&mut pipe);
    drop(pipe);
    let output = node.wait_with_output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(said.into())
    }
}

/// Logs made here are judged in JavaScript entry by entry, while more of them are made.
fn are_judged_alike() -> Result<(), Failed> {
    let (count, seed) = (if is_full() { 10_000 } else { 500 }, first_seed());
    println!("random logs: CHAT_TEST_SEED={seed}");
    let mut outcomes = BTreeMap::new();
    let said = in_node("assets/test/e2ee/replay.js", |pipe| {
        (0..count).try_for_each(|i| writeln!(pipe, "{}", random_logs::log(seed + i, &mut outcomes)))
    })?;
    println!("{said}{outcomes:?}");
    let every = [
        "ok",
        "malformed",
        "unsupported_suite",
        "wrong_room",
        "log_conflict",
        "not_member",
        "weak_key",
        "bad_signature",
        "bad_directory",
        "forbidden",
    ];
    match every.iter().find(|code| !outcomes.contains_key(*code)) {
        Some(never) => Err(format!("no entry was {never}").into()),
        None if !said.starts_with(&format!("{count} logs")) => Err(said.into()),
        None => Ok(()),
    }
}

/// Whatever the fuzzer once found still does no harm.
fn the_corpus_is_read() -> Result<(), Failed> {
    let count = parsers::read_all();
    println!("{count} inputs of the corpus");
    if count > 300 {
        Ok(())
    } else {
        Err(format!("only {count} inputs in fuzz/corpus").into())
    }
}

/// Hostile inputs are taken and refused alike, with the same code.
fn are_read_alike() -> Result<(), Failed> {
    let (changed, seed) = (if is_full() { 50_000 } else { 1_500 }, first_seed());
    println!("hostile inputs: CHAT_TEST_SEED={seed}");
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut count = 0;
    let said = in_node("assets/test/e2ee/parse.js", |pipe| {
        count = parsers::write_for_javascript(pipe, changed, &mut rng)?;
        Ok(())
    })?;
    println!("{said}");
    if said.starts_with(&format!("{count} inputs")) {
        Ok(())
    } else {
        Err(said.into())
    }
}

/// A trial that needs node: without it named as ignored, and in CI a failure.
fn in_javascript(name: &str, trial: fn() -> Result<(), Failed>) -> Trial {
    let node = Command::new("node")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if node.is_ok_and(|status| status.success()) {
        Trial::test(name, trial)
    } else if variable("CI").is_some() {
        Trial::test(name, || Err("needs node 20 or newer".into()))
    } else {
        Trial::test(name, || Ok(()))
            .with_kind("needs node 20 or newer")
            .with_ignored_flag(true)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test("the_vectors_are_made_by_rust", is_made_by_rust),
        Trial::test("the_vectors_cover_every_id", covers_every_id),
        Trial::test("the_vectors_are_green_in_rust", is_green),
        Trial::test("the_corpus_is_read", the_corpus_is_read),
        in_javascript("hostile_inputs_are_read_alike_in_javascript", are_read_alike),
        in_javascript("random_logs_are_judged_alike_in_javascript", are_judged_alike),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}
