//! The keyring: the server's own keys, in a file of their own beside the database, readable by its owner alone.
//!
//! Who has the database without the keyring can read nothing that is sealed; who has the keyring without the
//! database has nothing. They belong into different backups.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chat_domain::Timestamp;
use chat_ports::Entropy;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::EncryptionKey;

/// The version of the file's format, and that of one whose key at rest the operator keeps.
const FORMAT: u32 = 1;
const FORMAT_KEPT: u32 = 2;
/// Who may read the file: its owner.
const MODE: u32 = 0o600;

/// The server's own keys.
#[derive(Debug)]
pub struct Keyring {
    keys: Vec<Key>,
}

/// One key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its number, which stands in every record that it sealed.
    pub kid: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it is still used.
    pub state: State,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created: u64,
    secret: SecretKey,
    /// The id of what it is derived from, if it does not stand in the file.
    derived_from: Option<String>,
}

impl Key {
    /// The key itself.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret.0
    }
}

#[derive(Clone)]
struct SecretKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What a key is for; it is used for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sealing values in the database.
    AtRest,
    /// The secret part of password hashing.
    Pepper,
    /// Answering for names that do not exist.
    Prelogin,
    /// Signing directory and audit heads.
    Instance,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::AtRest, Self::Pepper, Self::Prelogin, Self::Instance];
}

/// Whether a key is still used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Seals and opens.
    Active,
    /// Opens only.
    Decrypt,
    /// Neither: nothing refers to it any more.
    Retired,
}

/// A keyring that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file could not be read or written.
    #[error("cannot use the keyring {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner can read or write the file.
    #[error("the keyring {path} is open to others (mode {mode:o}): run `chmod 600 {path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file is a link, a directory or something else.
    #[error("the keyring {path} is no ordinary file")]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// The file belongs to another user than its directory.
    #[error("the keyring {path} belongs to another user than its directory: run `chown --reference` on it")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The key at rest is not the one that this keyring was made with.
    #[error("the keyring {path} was made {made}, and {given}")]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// With which.
        made: String,
        /// And now.
        given: String,
    },
    /// The file's content is not a keyring.
    #[error("the keyring {path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFormat {
    format: u32,
    keys: Vec<KeyFormat>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFormat {
    kid: u32,
    purpose: Purpose,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    key: Option<Zeroizing<String>>,
    /// Instead of the key: the id of the text that it is derived from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    derived_from: Option<String>,
    state: State,
    created: u64,
}

impl Keyring {
    /// Makes a keyring with one fresh key for each purpose; the key at rest is that of the operator, if there is one, and
    /// then only its id is kept. The file appears whole or not at all, and never takes
    /// the place of another: keys that are gone take everything that they sealed with them.
    ///
    /// # Errors
    /// [`KeyringError::Io`], also if there is a file already.
    pub fn create(
        path: &Path,
        kept: Option<&EncryptionKey>,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Self, KeyringError> {
        let keys = (1..).zip(Purpose::ALL).map(|(kid, purpose)| {
            let kept = kept.filter(|_| purpose == Purpose::AtRest);
            let drawn = || Zeroizing::new(entropy.draw());
            Key {
                kid,
                purpose,
                state: State::Active,
                created: now.millis(),
                secret: SecretKey(kept.map_or_else(drawn, EncryptionKey::secret)),
                derived_from: kept.map(|kept| kept.id().to_owned()),
            }
        });
        let keyring = Self { keys: keys.collect() };
        let failed = |source| KeyringError::Io {
            path: path.to_owned(),
            source,
        };
        keyring.write(path).map_err(failed)?;
        Ok(keyring)
    }

    /// Reads a keyring, if nobody else can. The key of the operator has to be the one that it was made with, if any. A second copy of the keys, which a making that was killed may have left
    /// beside it, is removed.
    ///
    /// # Errors
    /// [`KeyringError`] names the file and what to do.
    pub fn load(path: &Path, kept: Option<&EncryptionKey>) -> Result<Self, KeyringError> {
        check_file(path)?;
        let failed = |source| KeyringError::Io {
            path: path.to_owned(),
            source,
        };
        let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        match fs::remove_file(unfinished(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        let damaged = |reason| KeyringError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let file = FileFormat::parse(&text).map_err(damaged)?;
        file.is_made_with(kept)
            .map_err(|(made, given)| KeyringError::OtherKey {
                path: path.to_owned(),
                made,
                given,
            })?;
        Self::read(&file, kept).map_err(damaged)
    }

    /// The key that seals, for this purpose.
    #[must_use]
    pub fn active(&self, purpose: Purpose) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.purpose == purpose && key.state == State::Active)
    }

    /// The key of this number, if it still opens what it sealed for this purpose.
    #[must_use]
    pub fn opening(&self, purpose: Purpose, kid: u32) -> Option<&Key> {
        let fits = |key: &&Key| key.kid == kid && key.purpose == purpose && key.state != State::Retired;
        self.keys.iter().find(fits)
    }

    /// All keys of this purpose that still open what they sealed.
    pub(crate) fn of(&self, purpose: Purpose) -> impl Iterator<Item = &Key> {
        let fits = move |key: &&Key| key.purpose == purpose && key.state != State::Retired;
        self.keys.iter().filter(fits)
    }

    fn read(file: &FileFormat, kept: Option<&EncryptionKey>) -> Result<Self, String> {
        let read = file.keys.iter().map(|key| read_key(key, kept));
        let keys: Vec<Key> = read.collect::<Result<_, _>>()?;
        let mut kids = HashSet::new();
        if let Some(twice) = keys.iter().find(|key| !kids.insert(key.kid)) {
            return Err(format!("there are two keys with the number {}", twice.kid));
        }
        for purpose in Purpose::ALL {
            let active = keys
                .iter()
                .filter(|k| k.purpose == purpose && k.state == State::Active)
                .count();
            if active != 1 {
                return Err(format!("{active} keys are active for {purpose:?} instead of one"));
            }
        }
        Ok(Self { keys })
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let is_kept = self.keys.iter().any(|key| key.derived_from.is_some());
        let keys = self.keys.iter().map(|key| KeyFormat {
            kid: key.kid,
            purpose: key.purpose,
            key: key
                .derived_from
                .is_none()
                .then(|| Zeroizing::new(BASE64URL_NOPAD.encode(key.secret()))),
            derived_from: key.derived_from.clone(),
            state: key.state,
            created: key.created,
        });
        let file = FileFormat {
            format: if is_kept { FORMAT_KEPT } else { FORMAT },
            keys: keys.collect(),
        };
        let text = Zeroizing::new(serde_json::to_vec_pretty(&file)?);
        write_new(path, &text)
    }
}

impl FileFormat {
    fn parse(text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !matches!(file.format, FORMAT | FORMAT_KEPT) {
            return Err(format!("format {} is not known", file.format));
        }
        Ok(file)
    }

    /// Whether the operator keeps the key that the keyring was made with; if not, how it was made and what there is now.
    fn is_made_with(&self, kept: Option<&EncryptionKey>) -> Result<(), (String, String)> {
        let was = self.keys.iter().find_map(|key| key.derived_from.as_deref());
        let now = kept.map(EncryptionKey::id);
        if was == now {
            return Ok(());
        }
        let made = was.map_or_else(
            || "without ENCRYPTION_KEY".to_owned(),
            |id| format!("with the ENCRYPTION_KEY of the id {id}"),
        );
        let given = now.map_or_else(
            || "none is set: set it again".to_owned(),
            |id| format!("one of the id {id} is set: it cannot be changed, what is stored would be lost"),
        );
        Err((made, given))
    }
}

fn read_key(key: &KeyFormat, kept: Option<&EncryptionKey>) -> Result<Key, String> {
    let secret = match (&key.key, &key.derived_from, kept) {
        (Some(key), None, _) => {
            let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok().map(Zeroizing::new);
            bytes
                .and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok())
                .map(Zeroizing::new)
        }
        (None, Some(_), Some(kept)) if key.purpose == Purpose::AtRest => Some(kept.secret()),
        _ => None,
    };
    let secret = secret.ok_or_else(|| format!("key {} is not 32 bytes in base64url", key.kid))?;
    Ok(Key {
        kid: key.kid,
        purpose: key.purpose,
        state: key.state,
        created: key.created,
        secret: SecretKey(secret),
        derived_from: key.derived_from.clone(),
    })
}

fn check_file(path: &Path) -> Result<(), KeyringError> {
    let failed = |source| KeyringError::Io {
        path: path.to_owned(),
        source,
    };
    let file = fs::symlink_metadata(path).map_err(failed)?;
    if !file.is_file() {
        return Err(KeyringError::NoFile {
            path: path.to_owned(),
        });
    }
    let mode = file.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::Open {
            path: path.to_owned(),
            mode,
        });
    }
    let directory = fs::metadata(path.parent().unwrap_or(path)).map_err(failed)?;
    if directory.uid() != file.uid() {
        return Err(KeyringError::Foreign {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Writes a file that must not exist yet: under another name first, closed to others from its first moment, and
/// under its own name only when every byte is on the disk.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = unfinished(path);
    // What a killed attempt left behind was never used.
    let _ = fs::remove_file(&temporary);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    // A link, unlike a rename, does not replace what is there.
    let linked = fs::hard_link(&temporary, path);
    fs::remove_file(&temporary)?;
    linked?;
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

/// Where a keyring is until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("new")
}

#[cfg(test)]
pub(crate) mod tests {
    use tempfile::TempDir;

    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    pub(crate) fn created() -> (TempDir, PathBuf, Keyring) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("keyring.json");
        let keyring = Keyring::create(&path, None, &Counting(1.into()), Timestamp::from_millis(5)).unwrap();
        (directory, path, keyring)
    }

    #[test]
    fn it_is_read_as_it_was_made_and_by_its_owner_only() {
        let (_directory, path, made) = created();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Keyring::load(&path, None).unwrap();
        for purpose in Purpose::ALL {
            let (made, read) = (made.active(purpose).unwrap(), read.active(purpose).unwrap());
            assert_eq!(
                (made.kid, made.created, made.secret()),
                (read.kid, read.created, read.secret())
            );
        }
        let secrets: HashSet<_> = made.keys.iter().map(|key| *key.secret()).collect();
        assert_eq!(secrets.len(), 4, "each key is drawn on its own");
    }

    #[test]
    fn it_never_takes_the_place_of_another() {
        let (_directory, path, _) = created();
        let before = fs::read(&path).unwrap();
        assert!(Keyring::create(&path, None, &Counting(9.into()), Timestamp::default()).is_err());
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }

    #[test]
    fn a_copy_that_a_killed_making_has_left_is_removed() {
        let (_directory, path, _) = created();
        let copy = unfinished(&path);
        fs::hard_link(&path, &copy).unwrap();
        Keyring::load(&path, None).unwrap();
        assert!(path.exists() && !copy.exists());
    }

    #[test]
    fn open_files_links_and_directories_are_refused() {
        let (directory, path, _) = created();
        for mode in [0o644, 0o640, 0o602, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = Keyring::load(&path, None).unwrap_err();
            assert!(matches!(refused, KeyringError::Open { .. }), "{mode:o}");
            assert!(refused.to_string().contains("chmod 600"), "{refused}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = directory.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(
            Keyring::load(&link, None),
            Err(KeyringError::NoFile { .. })
        ));
        assert!(matches!(
            Keyring::load(directory.path(), None),
            Err(KeyringError::NoFile { .. })
        ));
    }

    #[test]
    fn a_key_that_the_operator_keeps_is_in_no_file_and_cannot_be_changed() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("keyring.json");
        let kept = |text: &str| EncryptionKey::parse(text).unwrap();
        let (mine, other) = (kept(&"k".repeat(32)), kept(&"l".repeat(32)));
        let made = Keyring::create(&path, Some(&mine), &Counting(1.into()), Timestamp::default()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains(mine.id()) && text.contains("\"format\": 2"),
            "{text}"
        );
        assert_eq!(text.matches("\"key\"").count(), 3, "{text}");
        let read = Keyring::load(&path, Some(&mine)).unwrap();
        let secret = |keyring: &Keyring| *keyring.active(Purpose::AtRest).unwrap().secret();
        assert_eq!(secret(&read), secret(&made));
        assert_eq!(secret(&read), *mine.secret());

        let refused =
            |path: &Path, key: Option<&EncryptionKey>| Keyring::load(path, key).unwrap_err().to_string();
        assert!(refused(&path, None).contains(mine.id()));
        let changed = refused(&path, Some(&other));
        assert!(
            changed.contains(mine.id()) && changed.contains(other.id()),
            "{changed}"
        );
        let (_directory, drawn, _) = created();
        assert!(refused(&drawn, Some(&mine)).contains("made without ENCRYPTION_KEY"));
    }

    #[test]
    fn damage_is_named() {
        let (_directory, path, _) = created();
        let good = fs::read_to_string(&path).unwrap();
        for (from, to, words) in [
            ("\"format\": 1", "\"format\": 3", "format 3"),
            ("\"kid\": 2", "\"kid\": 1", "two keys"),
            (
                "\"state\": \"active\"",
                "\"state\": \"decrypt\"",
                "instead of one",
            ),
            ("\"created\"", "\"creator\"", "unknown field"),
            ("\"key\": \"A", "\"key\": \"!A", "32 bytes"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            fs::write(&path, bad).unwrap();
            let refused = Keyring::load(&path, None).unwrap_err().to_string();
            assert!(
                refused.contains(words) && refused.contains("keyring.json"),
                "{refused}"
            );
        }
    }

    #[test]
    fn keys_are_not_printed() {
        let (_directory, path, keyring) = created();
        let text = fs::read_to_string(path).unwrap();
        let key = text
            .split("\"key\": \"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let shown = format!("{keyring:?}");
        assert!(!shown.contains(key) && shown.contains("[redacted]"), "{shown}");
    }
}
