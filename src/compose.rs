//! The composition: which adapter stands behind which port. The only place that knows two of them.

use std::error::Error;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use chat_app::App;
use chat_crypto::{Accounts, Argon2idHasher, AtRestSealer, Cost, Keyring};
use chat_ports::{Bundle, Clock, Entropy};
use chat_sqlite::SqliteStore;
use chat_system::{LocalBus, SystemClock, SystemEntropy};
use chat_ws::Hub;

use crate::config::Config;

/// Held by who uses the data directory, in it.
const LOCK: &str = "lock";
/// Where a running server hears the command line, in the data directory.
pub(crate) const CONTROL: &str = "control.sock";

/// The ports of this program.
pub type Backend = Bundle<SqliteStore, Accounts>;

/// The application on its adapters, with what the transports need beside it.
pub struct House {
    /// The application.
    pub app: Arc<App<Backend>>,
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// The database, to be asked whether it answers.
    pub store: SqliteStore,
    /// Keeps a second process out of the data directory as long as it is open.
    _lock: File,
}

/// Opens the data directory, making what is missing in it, and puts the application together.
///
/// # Errors
/// Says which file is in the way and what to do.
pub fn compose(config: &Config) -> Result<House, Box<dyn Error>> {
    let directory = &config.data_dir;
    let taken = || {
        format!(
            "another server is using the data directory {}",
            directory.display()
        )
    };
    make_directory(directory)?;
    let lock = lock(directory)?.ok_or_else(taken)?;
    put_together(config, lock)
}

/// As [`compose`], for who wants to act on what is there: nothing is set up anew, and `None` says that a server has it.
///
/// # Errors
/// As [`compose`]; also if nothing is set up.
pub fn compose_unless_served(config: &Config) -> Result<Option<House>, Box<dyn Error>> {
    let directory = &config.data_dir;
    if !fs::exists(config.database())? {
        let where_to = directory.display();
        return Err(format!(
            "nothing is set up in the data directory {where_to}: run `secure-chat init` first"
        )
        .into());
    }
    let lock = lock(directory)?;
    lock.map(|lock| put_together(config, lock)).transpose()
}

/// Whether a server uses the data directory.
///
/// # Errors
/// That it cannot be found out.
pub(crate) fn is_served(config: &Config) -> Result<bool, String> {
    if !config.data_dir.join(LOCK).exists() {
        return Ok(false);
    }
    Ok(lock(&config.data_dir)?.is_none())
}

fn put_together(config: &Config, lock: File) -> Result<House, Box<dyn Error>> {
    let settings = config.settings();
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let keyring = open_keyring(config, &*entropy, &*clock)?;
    let cost = Cost::DEFAULT;
    let hasher = Argon2idHasher::new(Arc::clone(&entropy) as _, cost, config.hashing_slots())?;
    let accounts = Accounts::new(hasher, &keyring, Arc::clone(&entropy) as _, cost)?;
    let sealer = AtRestSealer::new(keyring, Arc::clone(&entropy) as Arc<dyn Entropy>);
    let store = SqliteStore::open(&closed_to_others(&config.database())?, Arc::new(sealer))?;
    let store = store.with_rooms_per_user(settings.limits.rooms_per_user);
    let hub = Arc::new(Hub::new());
    let ports = Bundle {
        store: store.clone(),
        hasher: accounts,
        clock,
        entropy,
        bus: Arc::new(LocalBus::new(vec![Arc::clone(&hub) as _])),
    };
    Ok(House {
        app: Arc::new(App::new(ports, settings)),
        hub,
        store,
        _lock: lock,
    })
}

fn make_directory(directory: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| format!("cannot make the data directory {}: {error}", directory.display()))
}

/// Two servers on one database would each keep to their own idea of who is connected. `None`: there is one.
fn lock(directory: &Path) -> Result<Option<File>, String> {
    let path = directory.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&path);
    let file = file.map_err(|error| format!("cannot open {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

/// A database without its keyring must not get a new one: what is sealed in it would be lost for good.
fn open_keyring(
    config: &Config,
    entropy: &dyn Entropy,
    clock: &dyn Clock,
) -> Result<Keyring, Box<dyn Error>> {
    let (path, kept) = (config.data_dir.join("keyring.json"), config.encryption_key()?);
    let is_new = !fs::exists(&path)? && !fs::exists(config.database())?;
    let keyring = if is_new {
        Keyring::create(&path, kept.as_ref(), entropy, clock.now())
    } else {
        Keyring::load(&path, kept.as_ref())
    };
    Ok(keyring?)
}

/// Makes the file, if it is missing, readable for its owner alone; SQLite gives its companions the same rights.
fn closed_to_others(path: &Path) -> io::Result<std::path::PathBuf> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    Ok(path.to_owned())
}
