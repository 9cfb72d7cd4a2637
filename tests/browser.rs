//! The browser client: its core under Node, its types, and the whole of it in a real Chromium; in Firefox what browsers
//! do differently, keys above all.
//!
//! What a machine lacks is looked for once; a trial that cannot run is *ignored* by name, with what it needs, so that
//! the runner's own count shows it. Under `CI` nothing may be lacking, and such a trial fails.
#![expect(clippy::print_stdout, reason = "a runner of its own talks to its user")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// What a trial needs beside the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Node,
    Modules,
    Chromium,
    Firefox,
}

const SCENARIOS: &[&str] = &[
    "talk", "restart", "offline", "accounts", "admin", "scroll", "timeline", "look", "rooms", "docs", "e2ee",
    "keyed", "recovery", "journey", "canaries", "custody", "reset", "screens", "states", "manners",
    "install", "history", "keyboard", "extremes",
];
const IN_FIREFOX: [&str; 3] = ["talk", "accounts", "e2ee"];

struct Tools {
    folder: PathBuf,
    node: bool,
    modules: bool,
    chromium: Option<PathBuf>,
    firefox: Option<PathBuf>,
    strict: bool,
}

impl Tools {
    fn look() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        let node = succeeds(
            Command::new("node").args(["-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"]),
        );
        let modules = folder.join("node_modules/playwright-core");
        if node && !modules.exists() {
            println!("installing what the browser tests need (npm ci)");
            succeeds(
                Command::new("npm")
                    .args(["ci", "--no-audit", "--no-fund"])
                    .current_dir(&folder),
            );
        }
        let chromium = [
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
        ];
        let firefox = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
        Self {
            node,
            modules: modules.exists(),
            chromium: first_there(&chromium),
            firefox: first_there(&firefox),
            strict: is_ci(),
            folder,
        }
    }

    fn lacks(&self, needs: &[Need]) -> Option<&'static str> {
        needs.iter().find_map(|need| match need {
            Need::Node if !self.node => Some("needs node 20 or newer"),
            Need::Modules if !self.modules => Some("needs npm ci in tests/browser"),
            Need::Chromium if self.chromium.is_none() => Some("needs chromium"),
            Need::Firefox if self.firefox.is_none() => Some("needs firefox"),
            Need::Node | Need::Modules | Need::Chromium | Need::Firefox => None,
        })
    }

    fn trial(&self, name: &str, needs: &[Need], command: Command) -> Trial {
        let Some(lack) = self.lacks(needs) else {
            return Trial::test(name, move || run(command));
        };
        if self.strict {
            return Trial::test(name, move || Err(Failed::from(lack)));
        }
        Trial::test(name, || Ok(()))
            .with_kind(lack)
            .with_ignored_flag(true)
    }

    fn node(&self, arguments: &[&str]) -> Command {
        let mut node = Command::new("node");
        node.args(arguments).current_dir(&self.folder);
        node
    }

    fn scenario(&self, name: &str, engine: &str) -> Command {
        let mut command = self.node(&["run.mjs", name, engine]);
        command.env("SECURE_CHAT", env!("CARGO_BIN_EXE_secure-chat"));
        command.env(
            "SCREENSHOTS",
            concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots"),
        );
        for (variable, browser) in [("CHROMIUM", &self.chromium), ("FIREFOX", &self.firefox)] {
            if let Some(browser) = browser {
                command.env(variable, browser);
            }
        }
        command
    }

    fn scenarios(&self, engine: &str, browser: Need, names: &[&str]) -> Vec<Trial> {
        let needs = [Need::Node, Need::Modules, browser];
        let trial =
            |name: &&str| self.trial(&format!("{engine}::{name}"), &needs, self.scenario(name, engine));
        names.iter().map(trial).collect()
    }
}

fn first_there(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.exists())
}

#[expect(clippy::disallowed_methods, reason = "a runner may ask where it runs")]
fn is_ci() -> bool {
    std::env::var_os("CI").is_some()
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn run(mut command: Command) -> Result<(), Failed> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&said).into_owned().into())
}

fn main() -> ExitCode {
    let tools = Tools::look();
    let assets = "../../assets";
    let mut trials = vec![
        tools.trial(
            "core",
            &[Need::Node],
            tools.node(&["--test", &format!("{assets}/test/")]),
        ),
        tools.trial(
            "types",
            &[Need::Node, Need::Modules],
            tools.node(&[
                "node_modules/typescript/bin/tsc",
                "--noEmit",
                "-p",
                &format!("{assets}/jsconfig.json"),
            ]),
        ),
    ];
    trials.push(tools.trial(
        "no_password_field",
        &[Need::Node, Need::Modules],
        tools.node(&["--test", "lint/"]),
    ));
    trials.extend(tools.scenarios("chromium", Need::Chromium, SCENARIOS));
    trials.extend(tools.scenarios("firefox", Need::Firefox, &IN_FIREFOX));
    let mut arguments = Arguments::from_args();
    // A browser takes a core and more; two of them side by side would only wait for each other.
    arguments.test_threads.get_or_insert(2);
    libtest_mimic::run(&arguments, trials).exit_code()
}
