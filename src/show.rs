//! `config …`: the configuration that is in force.

use crate::{Failure, cli::ConfigAsked, config::Loaded, init::say};

pub(crate) fn configuration(loaded: &Loaded, asked: &ConfigAsked) -> Result<(), Failure> {
    match asked {
        ConfigAsked::Check => say("The configuration is sound."),
        ConfigAsked::Show(show) if show.json => say(&serde_json::to_string_pretty(&loaded.shown)?),
        ConfigAsked::Show(_) => {
            for shown in &loaded.shown {
                say(&format!("{} = {}  # {}", shown.key, shown.value, shown.source));
            }
        }
    }
    Ok(())
}
