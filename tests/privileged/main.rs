//! What takes more than an ordinary user has: a disk of its own that is too small, and a system that kills the server
//! or fails it at a chosen call.
//!
//! What the machine allows is looked for once; a trial that cannot run is *ignored* by name, with what it needs, so that
//! the runner's own count shows it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../it/checker.rs"]
mod checker;
#[path = "../it/journal.rs"]
mod journal;
#[path = "../it/scale.rs"]
mod scale;
#[expect(
    dead_code,
    reason = "these are the tests of `tests/it`, which use more of them"
)]
#[path = "../it/server.rs"]
mod server;
#[path = "../it/writers.rs"]
mod writers;

mod disk;
mod failing_disk;
mod first_start;
mod full_disk;
mod killed_at;
mod migration;
mod rights;
mod strace;

use std::process::ExitCode;

use libtest_mimic::Arguments;

use rights::{Need, Rights};

fn main() -> ExitCode {
    if let Some(code) = rights::run_apart() {
        return code;
    }
    let rights = Rights::look();
    let (strace, mount) = (&[Need::Strace], &[Need::Mount]);
    let trials = vec![
        rights.trial(
            "first_start::killed_at_any_sync_it_is_followed_by_one_that_lets_the_administrator_in",
            strace,
            first_start::killed_at_any_sync,
        ),
        rights.trial(
            "first_start::killed_at_any_change_of_a_file_it_is_followed_by_one_that_lets_the_administrator_in",
            strace,
            first_start::killed_at_any_change,
        ),
        rights.trial(
            "killed_at::whichever_sync_it_is_what_was_acknowledged_is_there_once_and_in_order",
            strace,
            killed_at::any_sync,
        ),
        rights.trial(
            "killed_at::whichever_write_it_is_what_was_acknowledged_is_there_once_and_in_order",
            strace,
            killed_at::any_write,
        ),
        rights.trial(
            "failing_disk::a_log_that_cannot_be_synced_is_not_written_to_and_begun_anew_once_it_can",
            strace,
            failing_disk::the_log,
        ),
        rights.trial(
            "failing_disk::a_database_that_cannot_be_synced_ends_the_server_and_loses_nothing",
            strace,
            failing_disk::the_database,
        ),
        rights.trial(
            "failing_disk::whichever_syncs_fail_nothing_is_acknowledged_that_is_not_there",
            strace,
            failing_disk::any_file,
        ),
        rights.trial(
            "failing_disk::writes_that_find_no_room_are_refused_as_that_and_go_on_by_themselves",
            strace,
            failing_disk::no_room,
        ),
        rights.trial(
            "full_disk::writing_is_refused_reading_goes_on_and_writing_resumes_by_itself",
            mount,
            full_disk::refuses_and_resumes,
        ),
        rights.trial(
            "full_disk::filled_by_what_is_said_it_resumes_when_it_grows",
            mount,
            full_disk::filled_by_what_is_said,
        ),
        rights.trial(
            "full_disk::a_start_on_it_reads_and_writes_once_there_is_room",
            mount,
            full_disk::started_on,
        ),
        rights.trial(
            "migration::killed_at_any_sync_the_database_is_old_or_new",
            strace,
            migration::killed_at_any_sync,
        ),
        rights.trial(
            "migration::without_room_the_start_is_refused_and_nothing_is_changed",
            mount,
            migration::without_room,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs a trial that waits for things.
fn run(trial: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(trial);
}
