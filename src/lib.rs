//! Secure Chat: a self-hosted, real-time chat server. This crate is the composition root and the command line: it
//! puts the adapters together and holds no rule of its own.

pub mod cli;
pub mod compose;
pub mod config;
mod doctor;
mod document;
mod init;
mod maintain;
mod master;
mod metrics;
mod serve;
mod show;
mod user;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};
use config::Config;

/// Runs the command line; the exit code is 0 for success, 1 for a failure, 2 for a wrong call, 3 for what the rules do
/// not allow.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => {
            complain(&*error);
            ExitCode::FAILURE
        }
        Err(Failure::Refused(message)) => {
            complain(&*Box::<dyn std::error::Error>::from(message));
            ExitCode::from(3)
        }
    }
}

/// Why a command did not do what it was asked.
enum Failure {
    /// Something is in the way; it may work later, or elsewhere.
    Failed(Box<dyn std::error::Error>),
    /// The rules are against it, or what it is about does not exist.
    Refused(String),
}

impl Failure {
    fn of(answer: chat_control::Answer) -> Self {
        use chat_control::Answer;
        match answer {
            Answer::Refused { message, .. } => Self::Refused(message),
            Answer::Failed { message } => Self::Failed(message.into()),
            Answer::Done { .. }
            | Answer::Users { .. }
            | Answer::Maintained { .. }
            | Answer::Issued { .. } => {
                Self::Failed("the server answered something else than was asked".into())
            }
        }
    }
}

impl<E: Into<Box<dyn std::error::Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match &cli.command {
        Some(Command::Completions { shell }) => return Ok(document::completions(*shell)?),
        Some(Command::Man { out }) => return Ok(document::man(out.as_deref())?),
        _ => {}
    }
    let loaded = Config::load(&cli)?;
    start_log(&loaded.config)?;
    for warning in &loaded.warnings {
        tracing::warn!("configuration: {warning}");
    }
    let config = &loaded.config;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = match cli.command.unwrap_or_default() {
        Command::Serve(_) => runtime.block_on(serve::serve(config)).map_err(Failure::from),
        Command::Init(init) => runtime.block_on(init::init(config, &init)).map_err(Failure::from),
        // They have no need of a configuration, and were done before it was read.
        Command::Completions { .. } | Command::Man { .. } => Ok(()),
        Command::Maintain(show) => runtime.block_on(maintain::maintain(config, show)),
        Command::Doctor(show) => runtime.block_on(doctor::doctor(config, show)),
        Command::Config(asked) => show::configuration(&loaded, &asked),
        Command::User(asked) => runtime.block_on(user::user(config, asked)),
    };
    // What was waited for is over; what was not (a disk that does not answer, a password that is being hashed) must not
    // hold up the end.
    runtime.shutdown_background();
    done
}

/// The log goes to standard error: as text to a terminal, as JSON to everything else. Of other people's crates it has what
/// is worth knowing and nothing below, whatever is asked for: some of them show what goes over the line, and with it
/// passwords, tokens and messages.
fn start_log(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    use std::io::IsTerminal;
    use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
    use tracing_subscriber::layer::{Layer, SubscriberExt};
    use tracing_subscriber::util::SubscriberInitExt;

    let asked = EnvFilter::try_new(&config.log).map_err(|error| format!("log: {error}"))?;
    let discreet = filter_fn(|about| {
        let ours = ["chat_", "secure_chat"];
        *about.level() <= tracing::Level::INFO || ours.iter().any(|ours| about.target().starts_with(ours))
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if std::io::stderr().is_terminal() {
        lines.compact().boxed()
    } else {
        lines.json().boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(asked.and(discreet)))
        .init();
    Ok(())
}

/// One line for the operator, with every cause.
#[expect(clippy::print_stderr, reason = "the command line talks to its user")]
fn complain(error: &dyn std::error::Error) {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !line.contains(&words) {
            line = format!("{line}: {words}");
        }
        cause = error.source();
    }
    eprintln!("secure-chat: {line}");
}
