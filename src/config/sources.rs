//! Where the configuration comes from: the defaults, a file, `.env`, the environment and flags; the last one wins.

use std::env::VarError;
use std::path::Path;

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Serialized, Toml},
    value::{Dict, Map, Value},
};

use super::error::{ConfigError, unknown_key};
use crate::cli::{Cli, Command};

/// The defaults, as they are documented.
pub(super) const DEFAULTS: &str = include_str!("../../config/default.toml");

/// In the working directory.
const DOT_ENV: &str = ".env";

/// All keys. In the environment and in `.env` they are written in capitals.
pub(super) const KEYS: [&str; 35] = [
    "app_name",
    "app_env",
    "app_debug",
    "websocket_host",
    "websocket_port",
    "data_dir",
    "db_type",
    "db_path",
    "encryption_key",
    "admin_password_hash",
    "public_url",
    "trusted_proxies",
    "plain_api",
    "session_lifetime",
    "session_idle",
    "rate_limit_messages",
    "rate_limit_window",
    "rate_limit_registrations",
    "max_file_size",
    "allowed_file_types",
    "max_sockets_per_user",
    "max_sockets_per_address",
    "max_connections_per_address",
    "max_content",
    "max_body",
    "max_room_name",
    "max_reason",
    "max_rooms_per_user",
    "max_page",
    "sign_in_free_failures",
    "sign_in_longest_wait",
    "hashing_slots",
    "shutdown_grace",
    "metrics_token",
    "log",
];

/// Keys whose values are numbers or switches; all others are texts, also when they look like numbers.
const NUMBERS: [&str; 22] = [
    "app_debug",
    "websocket_port",
    "plain_api",
    "session_lifetime",
    "session_idle",
    "rate_limit_messages",
    "rate_limit_window",
    "rate_limit_registrations",
    "max_file_size",
    "max_sockets_per_user",
    "max_sockets_per_address",
    "max_connections_per_address",
    "max_content",
    "max_body",
    "max_room_name",
    "max_reason",
    "max_rooms_per_user",
    "max_page",
    "sign_in_free_failures",
    "sign_in_longest_wait",
    "hashing_slots",
    "shutdown_grace",
];

/// Whether the value of this key is shown to nobody.
pub(super) fn is_secret(key: &str) -> bool {
    matches!(key, "encryption_key" | "admin_password_hash" | "metrics_token")
}

/// Everything that was found.
pub(super) struct Sources {
    pub(super) figment: Figment,
    pub(super) warnings: Vec<String>,
}

pub(super) fn gather(cli: &Cli) -> Result<Sources, ConfigError> {
    let mut figment = Figment::from(Named {
        provider: Toml::string(DEFAULTS),
        name: "default",
    });
    if let Some(file) = &cli.config {
        figment = figment.merge(Toml::file_exact(file));
    }
    let (dot_env, warnings) = dot_env(Path::new(DOT_ENV))?;
    figment = figment.merge(dot_env).merge(environment()?);
    figment = figment.merge(flags(cli));
    Ok(Sources { figment, warnings })
}

/// Variables under the names of keys, in capitals.
struct Variables {
    name: &'static str,
    values: Dict,
}

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "here, and here alone, the configuration is read"
)]
fn environment() -> Result<Variables, ConfigError> {
    let mut values = Dict::new();
    for key in KEYS {
        let name = key.to_uppercase();
        match std::env::var(&name) {
            Ok(value) => {
                values.insert(key.to_owned(), value_of(key, &value));
            }
            Err(VarError::NotPresent) => {}
            Err(error @ VarError::NotUnicode(_)) => return Err(ConfigError::unreadable(&name, &error)),
        }
    }
    Ok(Variables {
        name: "environment",
        values,
    })
}

/// What stands in the file, if there is one, and a warning for each name in it that is no key.
fn dot_env(path: &Path) -> Result<(Variables, Vec<String>), ConfigError> {
    let (mut values, mut warnings) = (Dict::new(), Vec::new());
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines.collect::<Result<Vec<_>, _>>(),
        Err(error) if error.not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    for (name, value) in lines.map_err(|error| ConfigError::unreadable(DOT_ENV, &shown(&error)))? {
        let key = name.to_lowercase();
        if KEYS.contains(&key.as_str()) {
            let value = value_of(&key, &value);
            values.insert(key, value);
        } else {
            warnings.push(format!("{} and is ignored", unknown_key(&name, Some(DOT_ENV))));
        }
    }
    Ok((
        Variables {
            name: DOT_ENV,
            values,
        },
        warnings,
    ))
}

/// Without the line itself, which may hold a secret.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's errors, of which more may come"
)]
fn shown(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(line, at) => {
            let name = line.split('=').next().unwrap_or_default().trim();
            format!("the line of {name} cannot be read from its character {at} on")
        }
        error => error.to_string(),
    }
}

fn value_of(key: &str, text: &str) -> Value {
    let text = text.trim();
    if NUMBERS.contains(&key) {
        text.parse().unwrap_or_else(|_| Value::from(text))
    } else {
        Value::from(text)
    }
}

fn flags(cli: &Cli) -> Figment {
    let flag = |key, name, value: String| {
        Figment::from(Named {
            provider: Serialized::default(key, value),
            name,
        })
    };
    let mut flags = Figment::new();
    if let Some(data_dir) = &cli.data_dir {
        flags = flags.merge(Named {
            provider: Serialized::default("data_dir", data_dir),
            name: "--data-dir",
        });
    }
    if let Some(Command::Serve(serve)) = &cli.command {
        if let Some(host) = serve.host {
            flags = flags.merge(flag("websocket_host", "--host", host.to_string()));
        }
        if let Some(port) = serve.port {
            flags = flags.merge(Named {
                provider: Serialized::default("websocket_port", port),
                name: "--port",
            });
        }
    }
    flags
}

/// A source under a name that operators know.
struct Named<P> {
    provider: P,
    name: &'static str,
}

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.provider.data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_that_are_documented() {
        let documented: Dict = Figment::from(Toml::string(DEFAULTS)).extract().unwrap();
        let mut keys = KEYS.map(str::to_owned).to_vec();
        keys.sort_unstable();
        assert_eq!(documented.keys().cloned().collect::<Vec<_>>(), keys);
        for (key, value) in documented {
            let is_number = value.to_num().is_some() || value.to_bool().is_some();
            assert_eq!(NUMBERS.contains(&key.as_str()), is_number, "{key}");
            let name = key.to_uppercase();
            let comment = DEFAULTS.lines().filter(|line| line.starts_with('#'));
            assert!(
                comment.into_iter().any(|line| line.contains(&name)),
                "{name} has no comment"
            );
        }
    }

    #[test]
    fn texts_stay_texts() {
        assert_eq!(value_of("encryption_key", "0123"), Value::from("0123"));
        assert_eq!(value_of("websocket_port", "8080").to_u128(), Some(8080));
        assert_eq!(value_of("plain_api", "true").to_bool(), Some(true));
    }
}
