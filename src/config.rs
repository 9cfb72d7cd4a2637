//! The configuration: what the operator has chosen, checked, and what follows from it.

mod error;
mod show;
mod sources;
mod values;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use chat_crypto::EncryptionKey;
use chat_domain::{
    PasswordHash, Secret, SessionPolicy,
    limit::{self, Limits},
    quota::{Patience, Rate, SignInBackoff},
};
use chat_http::{Edge, PublicUrl, Timeouts, TrustedProxies};
use figment::Figment;
use serde::Deserialize;

pub use error::ConfigError;
pub use show::Shown;
use values::{Hidden, List, Switch};

use crate::cli::Cli;

/// The effective configuration. The fields are explained in `config/default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is explained in config/default.toml, once")]
pub struct Config {
    pub app_name: String,
    app_env: Env,
    app_debug: Switch,
    pub websocket_host: IpAddr,
    pub websocket_port: u16,
    pub data_dir: PathBuf,
    #[expect(dead_code, reason = "there is one database so far; to name it is allowed")]
    db_type: Db,
    db_path: PathBuf,
    encryption_key: Hidden,
    admin_password_hash: Hidden,
    public_url: String,
    trusted_proxies: List,
    plain_api: Switch,
    session_lifetime: u64,
    session_idle: u64,
    rate_limit_messages: u32,
    rate_limit_window: u64,
    rate_limit_registrations: u32,
    max_file_size: u64,
    allowed_file_types: List,
    max_sockets_per_user: usize,
    max_sockets_per_address: usize,
    max_connections_per_address: usize,
    max_content: usize,
    max_body: usize,
    max_room_name: usize,
    max_reason: usize,
    max_rooms_per_user: u64,
    max_page: u32,
    sign_in_free_failures: u32,
    sign_in_longest_wait: u64,
    hashing_slots: usize,
    shutdown_grace: u64,
    metrics_token: Hidden,
    pub log: String,
}

/// Whether people depend on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Env {
    Production,
    Development,
}

/// What keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Db {
    Sqlite,
}

/// The configuration with where it comes from.
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// Every value with its source.
    pub shown: Vec<Shown>,
    /// What the operator should know, and what stops nothing.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`ConfigError`]: one line that names the key, its source and what is allowed.
    pub fn load(cli: &Cli) -> Result<Loaded, ConfigError> {
        let sources = sources::gather(cli)?;
        let config: Self = sources
            .figment
            .extract()
            .map_err(|error| ConfigError::of(&sources.figment, &error))?;
        config.check(&sources.figment)?;
        Ok(Loaded {
            shown: show::all(&sources.figment),
            config,
            warnings: sources.warnings,
        })
    }

    fn check(&self, figment: &Figment) -> Result<(), ConfigError> {
        let must = |key: &'static str, holds: bool, allowed: &str| {
            if holds {
                Ok(())
            } else {
                Err(ConfigError::value(figment, key, allowed))
            }
        };
        let bytes = self.app_name.trim().len();
        must("app_name", (1..=80).contains(&bytes), "must have 1 to 80 bytes")?;
        let is_safe = self.app_env == Env::Development || !self.app_debug.is_on();
        must("app_debug", is_safe, "must be off where app_env is production")?;
        for (key, number) in [
            ("rate_limit_messages", u64::from(self.rate_limit_messages)),
            ("rate_limit_window", self.rate_limit_window),
            (
                "rate_limit_registrations",
                u64::from(self.rate_limit_registrations),
            ),
            ("session_lifetime", self.session_lifetime),
            ("session_idle", self.session_idle),
            ("max_file_size", self.max_file_size),
            ("max_sockets_per_user", self.max_sockets_per_user as u64),
            ("max_sockets_per_address", self.max_sockets_per_address as u64),
            (
                "max_connections_per_address",
                self.max_connections_per_address as u64,
            ),
        ] {
            must(key, number > 0, "must be at least 1")?;
        }
        self.check_ranges(figment)?;
        let token = self.metrics_token.expose();
        let is_token =
            token.is_empty() || (token.len() >= 16 && token.bytes().all(|byte| byte.is_ascii_graphic()));
        must(
            "metrics_token",
            is_token,
            "must have at least 16 characters, of those that are printed in ASCII, without spaces",
        )?;
        let endings = self.allowed_file_types.items();
        let is_ending = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        must(
            "allowed_file_types",
            endings.iter().all(is_ending),
            "must be endings of letters and digits, such as pdf",
        )?;
        let value = |key, error: String| ConfigError::value(figment, key, &error);
        self.trusted_proxies()
            .map_err(|error| value("trusted_proxies", error))?;
        self.public_url().map_err(|error| value("public_url", error))?;
        self.encryption_key()
            .map_err(|error| value("encryption_key", error))?;
        self.admin_password_hash()
            .map_err(|error| value("admin_password_hash", error))?;
        tracing_subscriber::EnvFilter::try_new(&self.log)
            .map(drop)
            .map_err(|error| value("log", format!("is not what a log filter is made of: {error}")))
    }

    /// What an operator may choose, and not without end.
    fn check_ranges(&self, figment: &Figment) -> Result<(), ConfigError> {
        let forget = SignInBackoff::FORGET.as_secs();
        for (key, number, least, most) in [
            (
                "max_content",
                self.max_content as u64,
                1,
                limit::CONTENT_BYTES as u64,
            ),
            (
                "max_body",
                self.max_body as u64,
                self.limits().least_body() as u64,
                limit::BODY_BYTES as u64,
            ),
            (
                "max_room_name",
                self.max_room_name as u64,
                1,
                limit::ROOM_NAME_BYTES as u64,
            ),
            (
                "max_reason",
                self.max_reason as u64,
                1,
                limit::REASON_CHARS as u64,
            ),
            (
                "max_rooms_per_user",
                self.max_rooms_per_user,
                1,
                limit::ROOMS_PER_USER,
            ),
            ("max_page", u64::from(self.max_page), 1, u64::from(limit::PAGE)),
            (
                "sign_in_free_failures",
                u64::from(self.sign_in_free_failures),
                1,
                1_000,
            ),
            ("sign_in_longest_wait", self.sign_in_longest_wait, 1, forget),
        ] {
            if !(least..=most).contains(&number) {
                let allowed = format!("must be a whole number from {least} to {most}");
                return Err(ConfigError::value(figment, key, &allowed));
            }
        }
        Ok(())
    }

    fn trusted_proxies(&self) -> Result<TrustedProxies, String> {
        TrustedProxies::parse(self.trusted_proxies.items()).map_err(|error| error.to_string())
    }

    /// What the accept loop goes by.
    ///
    /// # Errors
    /// None in a configuration that was loaded.
    pub fn edge(&self) -> Result<Edge, String> {
        Ok(Edge {
            proxies: self.trusted_proxies()?,
            connections_per_address: self.max_connections_per_address,
            timeouts: Timeouts::default(),
        })
    }

    /// The address that people type.
    ///
    /// # Errors
    /// None in a configuration that was loaded.
    pub fn public_url(&self) -> Result<Option<PublicUrl>, String> {
        if self.public_url.is_empty() {
            return Ok(None);
        }
        let url = PublicUrl::parse(&self.public_url);
        url.map(Some).map_err(|error| error.to_string())
    }

    /// What the key at rest is derived from, if the operator keeps it.
    ///
    /// # Errors
    /// None in a configuration that was loaded.
    pub fn encryption_key(&self) -> Result<Option<EncryptionKey>, String> {
        let text = self.encryption_key.expose();
        if text.is_empty() {
            return Ok(None);
        }
        let key = EncryptionKey::parse(text);
        key.map(Some).map_err(|error| error.to_string())
    }

    /// The first administrator's password, if the operator has chosen it.
    ///
    /// # Errors
    /// None in a configuration that was loaded.
    pub fn admin_password_hash(&self) -> Result<Option<PasswordHash>, String> {
        let text = self.admin_password_hash.expose();
        if text.is_empty() {
            return Ok(None);
        }
        let hash = chat_crypto::parse_hash(text);
        hash.map(Some).map_err(|error| error.to_string())
    }

    /// Whether anybody's word on the client's address is taken.
    #[must_use]
    pub fn trusts_proxies(&self) -> bool {
        !self.trusted_proxies.items().is_empty()
    }

    /// Where the database lies.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        if self.db_path.as_os_str().is_empty() {
            self.data_dir.join("chat.db")
        } else {
            self.db_path.clone()
        }
    }

    /// What a reader of the metrics has to show; `None`: readers are on this machine.
    #[must_use]
    pub fn metrics_token(&self) -> Option<Secret<String>> {
        let token = self.metrics_token.expose();
        (!token.is_empty()).then(|| Secret::new(token.to_owned()))
    }

    /// Whether the causes of failures are told to who meets them.
    #[must_use]
    pub const fn tells_causes(&self) -> bool {
        self.app_debug.is_on()
    }

    /// What the use cases go by.
    #[must_use]
    pub fn settings(&self) -> chat_app::Settings {
        let seconds = Duration::from_secs;
        chat_app::Settings {
            app_name: self.app_name.clone(),
            plain_api: self.plain_api.is_on(),
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
            patience: Patience {
                free_failures: self.sign_in_free_failures,
                longest_wait: seconds(self.sign_in_longest_wait),
            },
            limits: self.limits(),
        }
    }

    /// How much may be sent at once.
    const fn limits(&self) -> Limits {
        Limits {
            content: self.max_content,
            body: self.max_body,
            room_name: self.max_room_name,
            reason: self.max_reason,
            rooms_per_user: self.max_rooms_per_user,
            page: self.max_page,
        }
    }

    /// How many passwords are hashed at once: so many, or as many as there are processors but one, so that a crowd which
    /// signs in leaves one to those who talk.
    #[must_use]
    pub fn hashing_slots(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        match self.hashing_slots {
            0 => processors().saturating_sub(1).max(1),
            slots => slots,
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
