//! `completions` and `man`: the command line about itself.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;

pub(crate) fn completions(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "secure-chat", &mut script);
    io::stdout().write_all(&script)
}

/// The page of the program, or that of every command in a folder.
pub(crate) fn man(folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let command = Cli::command();
    if let Some(folder) = folder {
        let written = clap_mangen::generate_to(command, folder);
        return written.map_err(|error| format!("cannot write into {}: {error}", folder.display()).into());
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(io::stdout().write_all(&page)?)
}
