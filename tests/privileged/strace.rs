//! The program under strace, which kills it or fails it at a chosen call. A call is counted for each thread by itself.

use std::collections::HashMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use tempfile::NamedTempFile;

use crate::{
    scale::rounds,
    server::{Server, own_host, program},
};

/// Waiting until what was written is on the disk.
pub(crate) const SYNCS: &str = "fsync,fdatasync";

/// So many of the numbers from 1 to `last`, spread evenly, the first and the last among them; in full runs all of them.
pub(crate) fn spread(last: usize, few: usize) -> Vec<usize> {
    let count = rounds(few, last).min(last);
    let steps = count.saturating_sub(1).max(1);
    (0..count).map(|n| 1 + n * (last - 1) / steps).collect()
}

/// Kills it as it makes one of these calls for the `nth` time in a thread.
pub(crate) fn killed_at(directory: &Path, calls: &str, nth: usize) -> Command {
    let rule = format!("inject={calls}:signal=SIGKILL:when={nth}");
    traced(
        directory,
        &["-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &rule],
    )
}

/// Has these calls fail, `when` they are made that often in a thread (`3`, `3..5`, `3+`), on this file if one is named.
pub(crate) fn failing(directory: &Path, file: Option<&str>, calls: &str, error: &str, when: &str) -> Command {
    let rule = format!("inject={calls}:error={error}:when={when}");
    let trace = format!("trace={calls}");
    let mut rules = vec!["--seccomp-bpf", "-o", "/dev/null", "-e", &trace, "-e", &rule];
    let file = file.map(|name| directory.join(name));
    if let Some(file) = &file {
        rules.extend(["-P", file.to_str().unwrap()]);
    }
    traced(directory, &rules)
}

/// How often at most one thread makes these calls until the server listens.
pub(crate) fn count_until_it_listens(directory: &Path, calls: &str) -> usize {
    let log = NamedTempFile::new().unwrap();
    let rules = [
        "-o",
        log.path().to_str().unwrap(),
        "-e",
        &format!("trace={calls}"),
    ];
    Server::spawn(&mut traced(directory, &rules)).unwrap().kill();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in fs::read_to_string(log.path()).unwrap().lines() {
        let mut words = line.split_whitespace();
        let (thread, call) = (words.next().unwrap(), words.next().unwrap_or_default());
        let names = calls.split(',').map(|name| name.trim_start_matches('?'));
        if names
            .into_iter()
            .any(|name| call.starts_with(&format!("{name}(")))
        {
            *counts.entry(thread.to_owned()).or_default() += 1;
        }
    }
    counts.into_values().max().unwrap()
}

/// Whether it was killed, and did not end in another way.
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

fn traced(directory: &Path, rules: &[&str]) -> Command {
    let mut plain = program(directory);
    plain.args(["serve", "--port", "0", "--host", &own_host(directory)]);
    let mut strace = Command::new("strace");
    strace.env_clear().env("PATH", "/usr/bin:/bin");
    let environment = plain.get_envs();
    strace.envs(environment.filter_map(|(name, value)| Some((name, value?))));
    // The tracer is a grandchild, so that the child is the program itself, to be waited for and to be killed.
    strace.args(["-D", "-f", "-qq"]).args(rules);
    strace.arg(plain.get_program()).args(plain.get_args());
    strace
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    strace
}
