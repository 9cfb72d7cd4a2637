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
    /// Show or check the configuration
    #[command(subcommand)]
    Config(ConfigAsked),
    /// Do now what the server does on a schedule: end old sessions, keep the database in good shape
    Maintain(Show),
    /// Look for what is wrong with this installation, and say what to mend
    Doctor(Show),
    /// Print a script with which a shell completes this command line
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// See to accounts, also while the server runs
    #[command(subcommand)]
    User(User),
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

/// What is asked about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigAsked {
    /// Show every key with its value and where it is set; secrets are masked
    Show(Show),
    /// Say whether a server could start with it
    Check,
}

/// What is done to accounts. Everything but `list` is written into the audit log.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Show all accounts
    List(Show),
    /// Make a basic account: for a bot, or for who uses the plain interface
    Add(Add),
    /// Give a basic account another password, and sign it out everywhere
    Passwd(Passwd),
    /// Issue a link with which who has lost password and recovery code begins anew with other keys: once, within a day
    ResetLink(Whom),
    /// Make somebody an administrator
    Promote(Whom),
    /// Make an administrator an ordinary user again
    Demote(Whom),
    /// Lock somebody out: all their sign-ins end, and their connections within a second
    Ban(Ban),
    /// Let somebody in again
    Unban(Whom),
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, Args)]
pub struct Show {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Whom it is done to.
#[derive(Debug, Args)]
pub struct Whom {
    /// The name of the account
    #[arg(value_name = "NAME")]
    pub username: String,
    /// How the answer is shown.
    #[command(flatten)]
    pub show: Show,
}

/// Flags of `user add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Whom, and how the answer is shown.
    #[command(flatten)]
    pub whom: Whom,
    /// Make it an administrator
    #[arg(long)]
    pub admin: bool,
    /// Take the password from the first line of standard input instead of drawing one
    #[arg(long)]
    pub password_stdin: bool,
}

/// Flags of `user passwd`.
#[derive(Debug, Args)]
pub struct Passwd {
    /// Whom, and how the answer is shown.
    #[command(flatten)]
    pub whom: Whom,
    /// Take the password from the first line of standard input instead of drawing one
    #[arg(long)]
    pub password_stdin: bool,
}

/// Flags of `user ban`.
#[derive(Debug, Args)]
pub struct Ban {
    /// Whom, and how the answer is shown.
    #[command(flatten)]
    pub whom: Whom,
    /// Why, for the banned to read
    #[arg(long)]
    pub reason: Option<String>,
    /// For how long: a number and s, m, h, d or w, as in 7d [default: for good]
    #[arg(long = "for", value_name = "TIME", value_parser = parse_span)]
    pub span: Option<Span>,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its length.
    pub seconds: u64,
}

fn parse_span(text: &str) -> Result<Span, String> {
    const WRONG: &str = "is a whole number above 0 and s, m, h, d or w, as in 90m or 7d";
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text.get(number.len()..).unwrap_or_default() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(WRONG.to_owned()),
    };
    let number: u32 = number.parse().map_err(|_| WRONG)?;
    if number == 0 {
        return Err(WRONG.to_owned());
    }
    Ok(Span {
        seconds: u64::from(number) * unit,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn spans_of_time() {
        let seconds = |text| parse_span(text).map(|span| span.seconds);
        assert_eq!(seconds("90m"), Ok(5_400));
        assert_eq!(seconds("1w"), Ok(604_800));
        for wrong in [
            "",
            "d",
            "7",
            "0d",
            "-1d",
            "1.5h",
            "7 d",
            "7y",
            "99999999999s",
            "1dd",
        ] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
    }
}
