//! What this machine lets us do.

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::disk::Disk;

/// What a trial needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// strace, and the right to use it.
    Strace,
    /// The right to mount.
    Mount,
}

pub(crate) struct Rights {
    strace: bool,
    mount: bool,
}

impl Rights {
    pub(crate) fn look() -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync"]);
        strace.args(["-e", "inject=fsync:error=EIO:when=1+", "true"]);
        Self {
            strace: succeeds(&mut strace),
            mount: Disk::mount(1).is_some(),
        }
    }

    pub(crate) fn trial(&self, name: &str, needs: &[Need], trial: fn()) -> Trial {
        let lack = needs.iter().find_map(|need| match need {
            Need::Strace if !self.strace => Some("needs strace"),
            Need::Mount if !self.mount => Some("needs the right to mount"),
            Need::Strace | Need::Mount => None,
        });
        let run = move || {
            trial();
            Ok::<_, Failed>(())
        };
        match lack {
            None => Trial::test(name, run),
            Some(lack) => Trial::test(name, run).with_kind(lack).with_ignored_flag(true),
        }
    }
}

/// Runs this very program again where what it mounts is its own and goes with it: as root, or as who is taken for
/// root there. `None`: it runs there already, or the machine does not allow it.
pub(crate) fn run_apart() -> Option<ExitCode> {
    const MARK: &str = "CHAT_TEST_APART";
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is run is no configuration of the product"
    )]
    let is_apart = std::env::var_os(MARK).is_some();
    if is_apart {
        return None;
    }
    let ways: [&[&str]; 2] = [&["--mount"], &["--map-root-user", "--mount"]];
    let way = ways
        .into_iter()
        .find(|way| succeeds(Command::new("unshare").args(*way).arg("true")))?;
    let mut apart = Command::new("unshare");
    apart.args(way).arg("--").arg(std::env::current_exe().ok()?);
    let status = apart
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .status()
        .ok()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
