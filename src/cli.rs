//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A self-hosted, real-time chat server that a team can trust with everything it says.
#[derive(Debug, Parser)]
#[command(name = "secure-chat", version, about)]
pub struct Cli {
    /// A configuration file (TOML); its keys are those of config/default.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where everything is kept [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// What to do [default: serve]
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server; a first start sets everything up
    Serve(Serve),
    /// Make the data directory, the database, the keys and the first administrator
    Init(Init),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve::default())
    }
}

/// Flags of `serve`.
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long)]
    pub host: Option<IpAddr>,
    /// The port to listen on; 0 takes any free one [default: 8080]
    #[arg(long)]
    pub port: Option<u16>,
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The name of the first administrator
    #[arg(long, default_value = "admin", value_name = "NAME")]
    pub admin: String,
    /// Print the name and the password as JSON
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
