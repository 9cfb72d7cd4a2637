//! The configuration: defaults, a file, the environment and flags, in this order; the last one wins.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use chat_domain::{SessionPolicy, quota::Rate};
use chat_http::{Edge, PublicUrl, Timeouts, TrustedProxies};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::Deserialize;

use crate::cli::{Cli, Command};

/// The defaults, as they are documented.
const DEFAULTS: &str = include_str!("../config/default.toml");

/// What may be set in the environment, under these names in capitals.
const KEYS: [&str; 18] = [
    "app_name",
    "websocket_host",
    "websocket_port",
    "data_dir",
    "public_url",
    "trusted_proxies",
    "plain_api",
    "session_lifetime",
    "session_idle",
    "rate_limit_messages",
    "rate_limit_window",
    "rate_limit_registrations",
    "max_sockets_per_user",
    "max_sockets_per_address",
    "max_connections_per_address",
    "hashing_slots",
    "shutdown_grace",
    "log",
];

/// The effective configuration. The fields are explained in `config/default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml, once")]
pub struct Config {
    pub app_name: String,
    pub websocket_host: IpAddr,
    pub websocket_port: u16,
    pub data_dir: PathBuf,
    public_url: String,
    trusted_proxies: List,
    pub plain_api: bool,
    session_lifetime: u64,
    session_idle: u64,
    rate_limit_messages: u32,
    rate_limit_window: u64,
    rate_limit_registrations: u32,
    max_sockets_per_user: usize,
    max_sockets_per_address: usize,
    max_connections_per_address: usize,
    pub hashing_slots: usize,
    shutdown_grace: u64,
    pub log: String,
}

/// A list: in a file as one, in the environment and on one line with commas or spaces between.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a list, or a text with commas between")]
enum List {
    Items(Vec<String>),
    Line(String),
}

impl List {
    fn items(&self) -> Vec<&str> {
        match self {
            Self::Items(items) => items.iter().map(String::as_str).collect(),
            Self::Line(line) => {
                let items = line.split([',', ' ']);
                items.filter(|item| !item.is_empty()).collect()
            }
        }
    }
}

/// A configuration that cannot be used: one line that names the key, its source and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key is unknown or has a value of the wrong type.
    #[error("configuration: {0}")]
    Figment(#[from] Box<figment::Error>),
    /// A value is out of range.
    #[error("configuration: {key} {allowed}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is allowed.
        allowed: String,
    },
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(cli: &Cli) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = &cli.config {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment.merge(Env::raw().only(&KEYS).lowercase(true));
        if let Some(data_dir) = &cli.data_dir {
            figment = figment.merge(Serialized::default("data_dir", data_dir));
        }
        if let Some(Command::Serve(serve)) = &cli.command {
            if let Some(host) = serve.host {
                figment = figment.merge(Serialized::default("websocket_host", host));
            }
            if let Some(port) = serve.port {
                figment = figment.merge(Serialized::default("websocket_port", port));
            }
        }
        let config: Self = figment.extract().map_err(Box::new)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key, allowed: &str| {
            Err(ConfigError::Value {
                key,
                allowed: allowed.to_owned(),
            })
        };
        if self.app_name.trim().is_empty() || self.app_name.len() > 80 {
            return wrong("app_name", "must have 1 to 80 bytes");
        }
        if self.rate_limit_messages == 0 || self.rate_limit_window == 0 || self.rate_limit_registrations == 0
        {
            return wrong(
                "rate_limit_messages, rate_limit_window and rate_limit_registrations",
                "must be at least 1",
            );
        }
        if self.session_lifetime == 0 || self.session_idle == 0 {
            return wrong(
                "session_lifetime and session_idle",
                "must be at least 1 (seconds)",
            );
        }
        if self.max_sockets_per_user == 0
            || self.max_sockets_per_address == 0
            || self.max_connections_per_address == 0
        {
            return wrong(
                "max_sockets_per_user, max_sockets_per_address and max_connections_per_address",
                "must be at least 1",
            );
        }
        if self.hashing_slots == 0 {
            return wrong("hashing_slots", "must be at least 1");
        }
        self.edge()?;
        self.public_url().map(drop)
    }

    /// What the accept loop goes by.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a proxy that is neither an address nor a network.
    pub fn edge(&self) -> Result<Edge, ConfigError> {
        let proxies = TrustedProxies::parse(self.trusted_proxies.items());
        let proxies = proxies.map_err(|error| ConfigError::Value {
            key: "trusted_proxies",
            allowed: error.to_string(),
        })?;
        Ok(Edge {
            proxies,
            connections_per_address: self.max_connections_per_address,
            timeouts: Timeouts::default(),
        })
    }

    /// The address that people type.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for what is no address.
    pub fn public_url(&self) -> Result<Option<PublicUrl>, ConfigError> {
        if self.public_url.is_empty() {
            return Ok(None);
        }
        let url = PublicUrl::parse(&self.public_url);
        url.map(Some).map_err(|error| ConfigError::Value {
            key: "public_url",
            allowed: error.to_string(),
        })
    }

    /// What the use cases go by.
    #[must_use]
    pub fn settings(&self) -> chat_app::Settings {
        let seconds = Duration::from_secs;
        chat_app::Settings {
            app_name: self.app_name.clone(),
            plain_api: self.plain_api,
            sessions: SessionPolicy {
                absolute: seconds(self.session_lifetime),
                idle: seconds(self.session_idle),
            },
            messages: Rate {
                count: self.rate_limit_messages,
                window: seconds(self.rate_limit_window),
            },
            registrations: Rate {
                count: self.rate_limit_registrations,
                window: seconds(3_600),
            },
        }
    }

    /// How many sockets there may be at once.
    #[must_use]
    pub const fn socket_limits(&self) -> chat_ws::Limits {
        chat_ws::Limits {
            per_user: self.max_sockets_per_user,
            per_address: self.max_sockets_per_address,
        }
    }

    /// How long a stop waits for what is under way.
    #[must_use]
    pub const fn shutdown_grace(&self) -> Duration {
        Duration::from_secs(self.shutdown_grace)
    }
}
