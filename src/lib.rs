//! Secure Chat: a self-hosted, real-time chat server. This crate is the composition root and the command line: it
//! puts the adapters together and holds no rule of its own.

pub mod cli;
pub mod compose;
pub mod config;
mod init;
mod serve;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};
use config::Config;

/// Runs the command line; the exit code is 0 for success, 1 for a failure, 2 for a wrong call.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(&cli)?;
    start_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = match cli.command.unwrap_or_default() {
        Command::Serve(_) => runtime.block_on(serve::serve(&config)),
        Command::Init(init) => runtime.block_on(init::init(&config, &init)),
    };
    // What was waited for is over; what was not (a disk that does not answer, a password that is being hashed) must not
    // hold up the end.
    runtime.shutdown_background();
    done
}

/// The log goes to standard error: as text to a terminal, as JSON to everything else.
fn start_log(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;

    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("log: {error}"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.compact().init();
    } else {
        log.json().init();
    }
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
