//! A first start that is killed: the next one must be a good one, with an administrator who can sign in.

use std::path::Path;

use crate::{
    checker, run,
    server::{Server, directory},
    strace::{self, SYNCS, spread},
};

/// What changes a file, a directory or what is in them. Those with a question mark are not there on every machine.
const CHANGES: &str = "write,pwrite64,ftruncate,fsync,fdatasync,openat,\
    ?mkdir,mkdirat,?link,linkat,?rename,renameat,?unlink,unlinkat";

pub(crate) fn killed_at_any_sync() {
    killed_at_any(SYNCS);
}

pub(crate) fn killed_at_any_change() {
    killed_at_any(CHANGES);
}

fn killed_at_any(calls: &str) {
    let empty = || directory();
    let last = strace::count_until_it_listens(empty().path(), calls);
    let mut killed = 0;
    for nth in spread(last, 6) {
        killed += usize::from(killed_at(empty().path(), calls, nth));
    }
    // The first thread does most of it; the writer's calls are met where there is nothing left to do for the first.
    let syncs = strace::count_until_it_listens(empty().path(), SYNCS);
    let prepared = || {
        let directory = directory();
        assert!(Server::spawn(&mut strace::killed_at(directory.path(), SYNCS, syncs)).is_err());
        checker::empty_log(directory.path());
        directory
    };
    let last = strace::count_until_it_listens(prepared().path(), calls);
    for nth in spread(last, 4) {
        killed += usize::from(killed_at(prepared().path(), calls, nth));
    }
    assert!(killed > 4, "it was hardly ever killed");
}

/// Whether it was killed; either way the next start is a good one.
fn killed_at(directory: &Path, calls: &str, nth: usize) -> bool {
    let first = Server::spawn(&mut strace::killed_at(directory, calls, nth));
    let (mut printed, was_killed) = match first {
        Ok(server) => {
            let printed = server.printed().to_vec();
            server.kill();
            (printed, false)
        }
        Err(ended) => {
            assert!(strace::was_killed(ended.status), "call {nth}: {ended:?}");
            (ended.printed, true)
        }
    };
    let server = Server::start(directory);
    printed.extend(server.printed().to_vec());
    let password = printed
        .iter()
        .filter_map(|line| line.split_once("with the password "))
        .next_back();
    let Some((_, password)) = password else {
        panic!("call {nth}: nobody was ever shown a password");
    };
    run(async {
        let mut admin = server.client();
        let signed_in = admin.sign_in("admin", password).await;
        let signed_in = signed_in.unwrap_or_else(|error| panic!("call {nth}: {error}"));
        assert_eq!(signed_in["user"]["is_admin"], true);
        admin.say("hello").await.unwrap();
    });
    server.kill();
    checker::is_sound(&checker::copy(directory).1);
    let names: Vec<_> = directory
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    for name in &names {
        let name = name.to_str().unwrap();
        let known = [
            "chat.db",
            "chat.db-wal",
            "chat.db-shm",
            "control.sock",
            "keyring.json",
            "lock",
        ];
        assert!(known.contains(&name), "call {nth} leaves {name} behind");
    }
    was_killed
}
