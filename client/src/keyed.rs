//! Keyed accounts: the password is typed here and goes no further. What the server gives back is opened here, and
//! checked before it is believed (`docs/protocol-encryption.md`, 4.3 to 4.5).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_e2ee::account::{Iterations, Password};
use chat_e2ee::directory::{Directory, Record, RecordBody, SignedHead};
use chat_e2ee::ed25519::{self, PrivateKey, Signature};
use chat_e2ee::encoding::{array_from_base64url, base64url, from_base64url};
use chat_e2ee::hash::sha256;
use chat_e2ee::identity::{Signed, Statement};
use chat_e2ee::ids::{InstanceId, UserId, Usr};
use chat_e2ee::pkcs8;
use chat_e2ee::recovery::{self, RecoveryCode};
use chat_e2ee::sealed_box::{self, Binding, Purpose};
use chat_e2ee::secret::{AgreementScalar, KeyEncryptionKey, MasterKey, PasswordKey, Secret, SigningSeed};
use chat_e2ee::state::{Installation, StateError};
use chat_e2ee::x25519;
use http::Method;
use serde_json::{Value, json};

use crate::chance::draw;
use crate::error::{ClientError, text};
use crate::http::{Answer, Client};

mod memory;
mod reset;

pub use memory::Memory;

/// Records of the directory that are asked for at once.
const PAGE: u64 = 500;

/// What the server has answered is not what it must be, or not what the client has made: it is not gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Not the form that the protocol prescribes.
    #[error("the server's answer is not in the form that the protocol prescribes")]
    Form,
    /// Parameters under which a password is too easily guessed, or another installation's.
    #[error("the server's sign-in parameters are refused")]
    Parameters,
    /// A box that the password does not open.
    #[error("what the server keeps for this account was not sealed with this password")]
    Sealed,
    /// A directory that does not hold together.
    #[error("the server's directory of identities does not hold together")]
    Directory,
    /// An account that somebody else has made: its first sign-in makes its keys.
    #[error("the account has no keys yet: its first sign-in makes them")]
    NoKeysYet,
    /// A state that is not the account's, or that the server contradicts.
    #[error(transparent)]
    State(#[from] StateError),
    /// An older state than was known here.
    #[error("the server shows an older state of this account than before")]
    StateRollback,
    /// The directory has another key for this account.
    #[error("the server's directory has keys for this account that are not its own")]
    OwnKeyMismatch,
}

/// The keys of an account that was opened.
#[derive(Debug)]
pub struct Keys {
    /// The installation.
    pub instance: InstanceId,
    /// The account.
    pub user: UserId,
    /// Its name in lower case.
    pub usr: Usr,
    /// Its master key.
    pub master: MasterKey,
    /// Its newest signing key, and the generation.
    pub signing: (u32, PrivateKey),
    /// Its encryption keys, by number.
    pub agreement: Vec<(u32, AgreementScalar)>,
}

/// What a password gives for a name.
struct Derived {
    instance: InstanceId,
    usr: Usr,
    salt: [u8; 16],
    iterations: Iterations,
    key: PasswordKey,
}

/// An account that was opened again by its password.
struct Open {
    derived: Derived,
    /// What the server gave.
    answer: Value,
    keys: Keys,
    memory: Memory,
}

impl Client {
    /// Makes a keyed account and signs in. The recovery code is the only other way into it: it is the caller's to show.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn register_keyed(
        &mut self,
        username: &str,
        password: &str,
    ) -> Result<(Keys, RecoveryCode), ClientError> {
        let begun = json!({ "username": username });
        let begun = self.post("/api/auth/register/begin", &begun).await?.success()?;
        let instance = InstanceId(bytes(&begun, "instance_id")?);
        let user = UserId::new(number(&begun, "user_id")?).map_err(|_| Untrusted::Form)?;
        let derived = derive(instance, username, password, draw()?, Iterations::DEFAULT).await?;
        let master = MasterKey::from_bytes(draw()?);
        let keys = Keys {
            instance,
            user,
            usr: derived.usr.clone(),
            signing: (1, PrivateKey::from_seed(&SigningSeed::from_bytes(draw()?))),
            agreement: Vec::new(),
            master,
        };
        let code = RecoveryCode::from_entropy(draw()?);
        let (mut body, keys) = identity_of(&derived, keys, &code, &Predecessor::NONE)?;
        carry_over("reg_token", &begun, &mut body);
        let made = self.post("/api/auth/register/finish", &body).await?.success()?;
        self.accept(&made);
        Ok((keys, code))
    }

    /// Signs in to a keyed account and opens it.
    ///
    /// # Errors
    /// [`ClientError`]; [`Untrusted`] if the server gives something else than what was sealed for the account.
    pub async fn sign_in_keyed(&mut self, username: &str, password: &str) -> Result<Keys, ClientError> {
        let asked = json!({ "username": username });
        let asked = self.post("/api/auth/prelogin", &asked).await?.success()?;
        let derived = derive(
            InstanceId(bytes(&asked, "instance_id")?),
            username,
            password,
            bytes(&asked, "salt")?,
            iterations(&asked)?,
        )
        .await?;
        let shown = base64url(derived.key.auth_key().expose());
        let body = json!({ "username": username, "auth_key": shown, "session": "bearer" });
        let opened = self.post("/api/auth/login", &body).await?.success()?;
        self.accept(&opened);
        if opened.get("pending_identity") == Some(&Value::Bool(true)) {
            return Err(Untrusted::NoKeysYet.into());
        }
        let keys = open(&opened, &derived)?;
        let directory = self.directory().await?;
        keys.are_published(&directory)?;
        Ok(keys)
    }

    /// Makes the keys of an account that somebody else has made, and that is signed in; every other sign-in ends. From
    /// now on the password is nobody's but its owner's, and the recovery code is the only other way in.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn make_keys(
        &self,
        username: &str,
        password: &str,
    ) -> Result<(Keys, RecoveryCode), ClientError> {
        let (derived, opened) = self.opened(username, password).await?;
        let user = opened.get("user").ok_or(Untrusted::Form)?;
        let keys = Keys {
            instance: derived.instance,
            user: UserId::new(number(user, "id")?).map_err(|_| Untrusted::Form)?,
            usr: derived.usr.clone(),
            signing: (1, PrivateKey::from_seed(&SigningSeed::from_bytes(draw()?))),
            agreement: Vec::new(),
            master: MasterKey::from_bytes(draw()?),
        };
        let code = RecoveryCode::from_entropy(draw()?);
        let (body, keys) = identity_of(&derived, keys, &code, &Predecessor::NONE)?;
        self.put_identity(&body).await?;
        Ok((keys, code))
    }

    /// Puts a new password in the place of the old one; every other sign-in ends.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn change_password(&self, username: &str, old: &str, new: &str) -> Result<(), ClientError> {
        let (old, opened) = self.opened(username, old).await?;
        let keys = open(&opened, &old)?;
        let derived = derive(old.instance, username, new, draw()?, Iterations::DEFAULT).await?;
        let mut body = secrets(&derived, &keys.master)?;
        set(&mut body, "old_auth_key", base64url(old.key.auth_key().expose()));
        self.post("/api/auth/password", &body).await?.success()?;
        Ok(())
    }

    /// Opens the account with its recovery code, gives it a new password, and signs in. The old code is worth nothing
    /// afterwards: the new one is the caller's to show.
    ///
    /// # Errors
    /// [`ClientError`]; [`Untrusted`] if the server gives something else than what was sealed for the account.
    pub async fn recover(
        &mut self,
        username: &str,
        code: &RecoveryCode,
        password: &str,
    ) -> Result<RecoveryCode, ClientError> {
        let instance = self.get("/api/e2ee/instance").await?.success()?;
        let instance = InstanceId(bytes(&instance, "instance_id")?);
        let usr = Usr::parse(username.to_ascii_lowercase().as_bytes()).map_err(|_| Untrusted::Form)?;
        let shown = base64url(code.auth(instance, &usr).expose());
        let asked = json!({ "username": username, "rec_auth": shown });
        let begun = self.post("/api/auth/recover", &asked).await?.success()?;
        let binding = Binding::account(Purpose::MasterByRecovery, instance, &usr);
        let master = sealed_box::open(
            &code.wrap_key(instance, &usr),
            &binding,
            &sealed(&begun, "amk_rec")?,
        )
        .map_err(|_| Untrusted::Sealed)?;
        let master = MasterKey::from_bytes(master.as_slice().try_into().map_err(|_| Untrusted::Sealed)?);
        let derived = derive(instance, username, password, draw()?, Iterations::DEFAULT).await?;
        let new_code = RecoveryCode::from_entropy(draw()?);
        let mut body = secrets(&derived, &master)?;
        carry_over("recover_token", &begun, &mut body);
        let (amk_rec, verifier) = by_code(&derived, &master, &new_code)?;
        set(&mut body, "amk_rec", amk_rec);
        set(&mut body, "rec_verifier", verifier);
        let made = self.post("/api/auth/recover/finish", &body).await?.success()?;
        self.accept(&made);
        Ok(new_code)
    }

    /// Gives the account another encryption key; the older ones stay, for what was sealed to them.
    ///
    /// # Errors
    /// [`ClientError`]; [`Untrusted`] if the directory has not this account's keys.
    pub async fn rotate(&self, username: &str, password: &str) -> Result<(), ClientError> {
        let Open {
            derived,
            keys,
            mut memory,
            ..
        } = self.opened_whole(username, password).await?;
        let last = memory.own_statement(&keys)?;
        let scalar = AgreementScalar::from_bytes(draw()?);
        let statement = Statement {
            kem: last.kem + 1,
            agreement: *x25519::PublicKey::of(&scalar)
                .map_err(|_| Untrusted::Form)?
                .as_bytes(),
            previous: sha256(&last.encode()),
            at: millis(),
            ..last
        };
        // What is said in the account's name is remembered before it is said: nobody else's saying is taken for it.
        memory.state.add_own([sha256(&statement.encode())]);
        self.keep(&keys, &mut memory).await?;
        let signed = statement.sign(&keys.signing.1, None);
        let body = json!({
            "auth_key": base64url(derived.key.auth_key().expose()),
            "identity": signed_json(&signed),
            "x_box": numbered(&keys, statement.kem, &scalar)?,
        });
        self.put_identity(&body).await
    }

    /// Gives the account another identity under a new master key. Members of rooms have to let it in anew; the code that
    /// comes back is the only one that recovers it from now on.
    ///
    /// # Errors
    /// As [`Client::rotate`].
    pub async fn reset_identity(&self, username: &str, password: &str) -> Result<RecoveryCode, ClientError> {
        let Open {
            derived: old,
            answer,
            keys: before,
            mut memory,
        } = self.opened_whole(username, password).await?;
        let last = memory.own_statement(&before)?;
        let (seed, scalar) = (
            SigningSeed::from_bytes(draw()?),
            AgreementScalar::from_bytes(draw()?),
        );
        let generation = last.generation + 1;
        let keys = Keys {
            master: MasterKey::from_bytes(draw()?),
            signing: (generation, PrivateKey::from_seed(&seed)),
            ..before
        };
        let statement = Statement {
            generation,
            kem: last.kem + 1,
            signing: *keys.signing.1.public().map_err(|_| Untrusted::Form)?.as_bytes(),
            agreement: *x25519::PublicKey::of(&scalar)
                .map_err(|_| Untrusted::Form)?
                .as_bytes(),
            previous: sha256(&last.encode()),
            at: millis(),
            ..last
        };
        let former = open(&answer, &old)?.signing.1;
        let derived = derive(old.instance, username, password, draw()?, Iterations::DEFAULT).await?;
        let code = RecoveryCode::from_entropy(draw()?);
        let mut body = secrets(&derived, &keys.master)?;
        let (amk_rec, verifier) = by_code(&derived, &keys.master, &code)?;
        let new_auth_key = base64url(derived.key.auth_key().expose());
        let binding = Binding::account(Purpose::Ed25519(generation), keys.instance, &keys.usr);
        let plain = pkcs8::encode(pkcs8::Kind::Ed25519, &seed);
        let ed_box = sealed_box::seal(&keys.master.key_encryption_key(), &binding, &draw()?, &plain);
        let older = keys
            .agreement
            .iter()
            .map(|(number, scalar)| numbered(&keys, *number, scalar));
        let older = older.collect::<Result<Vec<_>, _>>()?;
        set(&mut body, "auth_key", base64url(old.key.auth_key().expose()));
        set(&mut body, "new_auth_key", new_auth_key);
        set(&mut body, "amk_rec", amk_rec);
        set(&mut body, "rec_verifier", verifier);
        set(
            &mut body,
            "identity",
            signed_json(&statement.sign(&keys.signing.1, Some(&former))),
        );
        set(&mut body, "gen", generation);
        set(&mut body, "ed_box", base64url(&ed_box));
        set(&mut body, "x_box", numbered(&keys, statement.kem, &scalar)?);
        set(&mut body, "x_boxes", older);
        memory.state.add_own([sha256(&statement.encode())]);
        set(&mut body, "state", memory.sealed(&keys)?);
        self.put_identity(&body).await?;
        Ok(code)
    }

    async fn put_identity(&self, body: &Value) -> Result<(), ClientError> {
        let answer = self.put("/api/e2ee/identity", body).await?;
        answer.success().map(drop)
    }

    async fn put(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        let json = [("content-type", "application/json")];
        self.request(Method::PUT, path, &json, Some(body.to_string()))
            .await
    }

    /// The account opened again, with what it remembers, and its keys those that the directory has.
    async fn opened_whole(&self, username: &str, password: &str) -> Result<Open, ClientError> {
        let mut is_first = true;
        loop {
            let (derived, answer) = self.opened(username, password).await?;
            let keys = open(&answer, &derived)?;
            let memory = self.recall(&keys).await?;
            match keys.are_published(memory.directory()) {
                // Another client of the account may have got new keys between the two looks.
                Err(Untrusted::OwnKeyMismatch) if is_first => is_first = false,
                published => {
                    published?;
                    return Ok(Open {
                        derived,
                        answer,
                        keys,
                        memory,
                    });
                }
            }
        }
    }

    /// What the server keeps, for who is signed in and types the password again.
    async fn opened(&self, username: &str, password: &str) -> Result<(Derived, Value), ClientError> {
        let asked = json!({ "username": username });
        let asked = self.post("/api/auth/prelogin", &asked).await?.success()?;
        let derived = derive(
            InstanceId(bytes(&asked, "instance_id")?),
            username,
            password,
            bytes(&asked, "salt")?,
            iterations(&asked)?,
        )
        .await?;
        let shown = json!({ "auth_key": base64url(derived.key.auth_key().expose()) });
        let mut opened = self.post("/api/auth/unlock", &shown).await?.success()?;
        let session = self.get("/api/session").await?.success()?;
        set(
            &mut opened,
            "user",
            session.get("user").cloned().unwrap_or_default(),
        );
        Ok((derived, opened))
    }

    /// The directory of identities, whole, with every statement and every link checked.
    ///
    /// # Errors
    /// [`ClientError`]; [`Untrusted::Directory`] if it does not hold together.
    pub async fn directory(&self) -> Result<Directory, ClientError> {
        let installation = self.installation().await?;
        self.directory_of(&installation).await
    }

    /// The installation, as the server names it.
    async fn installation(&self) -> Result<Installation, ClientError> {
        let instance = self.get("/api/e2ee/instance").await?.success()?;
        Ok(Installation {
            id: InstanceId(bytes(&instance, "instance_id")?),
            key: bytes(&instance, "instance_key")?,
        })
    }

    async fn directory_of(&self, installation: &Installation) -> Result<Directory, ClientError> {
        let key = ed25519::PublicKey::from_bytes(installation.key).map_err(|_| Untrusted::Directory)?;
        let mut directory = Directory::empty(installation.id);
        loop {
            let path = format!("/api/e2ee/directory?from={}&limit={PAGE}", directory.len());
            let page = self.get(&path).await?.success()?;
            let records = page
                .get("records")
                .and_then(Value::as_array)
                .ok_or(Untrusted::Form)?;
            for json in records {
                directory
                    .append(&record(json)?)
                    .map_err(|_| Untrusted::Directory)?;
            }
            let Some(head) = page.get("head").filter(|head| !head.is_null()) else {
                return Ok(directory);
            };
            let head = signed_head(head)?;
            if head.i < directory.len() {
                directory.agrees(&head, &key).map_err(|_| Untrusted::Directory)?;
                return Ok(directory);
            }
            if records.is_empty() {
                return Err(Untrusted::Directory.into());
            }
        }
    }
}

impl Keys {
    /// Whether the directory has exactly these keys for the account (4.3, "after every unlock").
    ///
    /// # Errors
    /// [`Untrusted::OwnKeyMismatch`]
    pub fn are_published(&self, directory: &Directory) -> Result<(), Untrusted> {
        let newest = self.agreement.iter().max_by_key(|(number, _)| *number);
        let own = newest.and_then(|(number, scalar)| Some((*number, x25519::PublicKey::of(scalar).ok()?)));
        let (generation, signing) = &self.signing;
        let published = directory.newest(self.user).is_some_and(|identity| {
            let statement = identity.statement();
            Some((statement.kem, *identity.agreement())) == own
                && statement.generation == *generation
                && signing.public().as_ref() == Ok(identity.signing())
        });
        if published {
            Ok(())
        } else {
            Err(Untrusted::OwnKeyMismatch)
        }
    }
}

/// Derives on a thread that nobody waits on: it takes a sixth of a second and more.
async fn derive(
    instance: InstanceId,
    username: &str,
    password: &str,
    salt: [u8; 16],
    iterations: Iterations,
) -> Result<Derived, ClientError> {
    let usr = Usr::parse(username.to_ascii_lowercase().as_bytes()).map_err(|_| Untrusted::Form)?;
    let password = Password::new(password).map_err(|_| Untrusted::Parameters)?;
    let name = usr.clone();
    let derived = tokio::task::spawn_blocking(move || {
        PasswordKey::derive(&password, instance, &name, &salt, iterations)
    });
    Ok(Derived {
        instance,
        usr,
        salt,
        iterations,
        key: derived.await.map_err(std::io::Error::other)?,
    })
}

/// The identity that a new one follows.
struct Predecessor {
    generation: u32,
    kem: u32,
    hash: [u8; 32],
}

impl Predecessor {
    /// There is none.
    const NONE: Self = Self {
        generation: 0,
        kem: 0,
        hash: [0; 32],
    };
}

/// The members of a body with another identity and all that comes with it, and the keys with the new ones.
fn identity_of(
    derived: &Derived,
    mut keys: Keys,
    code: &RecoveryCode,
    after: &Predecessor,
) -> Result<(Value, Keys), ClientError> {
    let (instance, usr) = (derived.instance, &derived.usr);
    let seed = SigningSeed::from_bytes(draw()?);
    let (generation, kem) = (after.generation + 1, after.kem + 1);
    keys.signing = (generation, PrivateKey::from_seed(&seed));
    let scalar = AgreementScalar::from_bytes(draw()?);
    let statement = Statement {
        instance,
        user: keys.user,
        usr: usr.clone(),
        generation,
        kem,
        signing: *keys.signing.1.public().map_err(|_| Untrusted::Form)?.as_bytes(),
        agreement: *x25519::PublicKey::of(&scalar)
            .map_err(|_| Untrusted::Form)?
            .as_bytes(),
        previous: after.hash,
        closed: false,
        at: millis(),
    };
    let signed = statement.sign(&keys.signing.1, None);
    let kek = keys.master.key_encryption_key();
    let seal = |purpose, plaintext: &[u8]| -> Result<String, ClientError> {
        let binding = Binding::account(purpose, instance, usr);
        Ok(base64url(&sealed_box::seal(&kek, &binding, &draw()?, plaintext)))
    };
    let mut body = secrets(derived, &keys.master)?;
    let (amk_rec, verifier) = by_code(derived, &keys.master, code)?;
    set(&mut body, "amk_rec", amk_rec);
    set(&mut body, "rec_verifier", verifier);
    set(
        &mut body,
        "ed_box",
        seal(
            Purpose::Ed25519(generation),
            &pkcs8::encode(pkcs8::Kind::Ed25519, &seed),
        )?,
    );
    set(
        &mut body,
        "x_box",
        json!({
            "kem": kem, "box": seal(Purpose::X25519(kem), &pkcs8::encode(pkcs8::Kind::X25519, &scalar))?,
        }),
    );
    set(
        &mut body,
        "identity",
        json!({ "t": base64url(&signed.bytes), "s": base64url(&signed.signature.0) }),
    );
    keys.agreement.push((kem, scalar));
    Ok((body, keys))
}

/// An encryption key in its box.
fn numbered(keys: &Keys, number: u32, scalar: &AgreementScalar) -> Result<Value, ClientError> {
    let binding = Binding::account(Purpose::X25519(number), keys.instance, &keys.usr);
    let plain = pkcs8::encode(pkcs8::Kind::X25519, scalar);
    let sealed = sealed_box::seal(&keys.master.key_encryption_key(), &binding, &draw()?, &plain);
    Ok(json!({ "kem": number, "box": base64url(&sealed) }))
}

fn signed_json(signed: &Signed) -> Value {
    let mut json = json!({ "t": base64url(&signed.bytes), "s": base64url(&signed.signature.0) });
    if let Some(continuation) = &signed.continuation {
        set(&mut json, "ps", base64url(&continuation.0));
    }
    json
}

/// The members of a body that put a new password in the place of another.
fn secrets(derived: &Derived, master: &MasterKey) -> Result<Value, ClientError> {
    let binding = Binding::account(
        Purpose::MasterByPassword(&derived.salt, derived.iterations),
        derived.instance,
        &derived.usr,
    );
    let amk_pw = sealed_box::seal(&derived.key.wrap_key(), &binding, &draw()?, master.expose());
    Ok(json!({
        "kdf": { "alg": "pbkdf2-sha256", "iterations": derived.iterations.get() },
        "salt": base64url(&derived.salt),
        "auth_key": base64url(derived.key.auth_key().expose()),
        "amk_pw": base64url(&amk_pw),
        "session": "bearer",
    }))
}

/// The master key in the box of a recovery code, and what the server compares.
fn by_code(
    derived: &Derived,
    master: &MasterKey,
    code: &RecoveryCode,
) -> Result<(String, String), ClientError> {
    let (instance, usr) = (derived.instance, &derived.usr);
    let binding = Binding::account(Purpose::MasterByRecovery, instance, usr);
    let sealed = sealed_box::seal(&code.wrap_key(instance, usr), &binding, &draw()?, master.expose());
    let verifier = recovery::verifier(&code.auth(instance, usr));
    Ok((base64url(&sealed), base64url(&verifier)))
}

/// Opens what the server keeps for the account.
fn open(answer: &Value, derived: &Derived) -> Result<Keys, ClientError> {
    let (instance, usr) = (derived.instance, &derived.usr);
    let binding = Binding::account(
        Purpose::MasterByPassword(&derived.salt, derived.iterations),
        instance,
        usr,
    );
    let master = sealed_box::open(&derived.key.wrap_key(), &binding, &sealed(answer, "amk_pw")?)
        .map_err(|_| Untrusted::Sealed)?;
    let master = MasterKey::from_bytes(master.as_slice().try_into().map_err(|_| Untrusted::Sealed)?);
    let kek = master.key_encryption_key();
    let keyring = answer.get("keyring").ok_or(Untrusted::Form)?;
    let (mut signing, mut agreement) = (Vec::new(), Vec::new());
    for entry in list(keyring, "ed")? {
        let generation = counter(entry, "gen")?;
        let seed: SigningSeed = unseal(
            &kek,
            Purpose::Ed25519(generation),
            pkcs8::Kind::Ed25519,
            entry,
            derived,
        )?;
        signing.push((generation, PrivateKey::from_seed(&seed)));
    }
    for entry in list(keyring, "x")? {
        let number = counter(entry, "kem")?;
        let scalar = unseal(&kek, Purpose::X25519(number), pkcs8::Kind::X25519, entry, derived)?;
        agreement.push((number, scalar));
    }
    let owner = answer.get("user").ok_or(Untrusted::Form)?;
    Ok(Keys {
        instance,
        user: UserId::new(number(owner, "id")?).map_err(|_| Untrusted::Form)?,
        usr: usr.clone(),
        master,
        signing: signing
            .into_iter()
            .max_by_key(|(generation, _)| *generation)
            .ok_or(Untrusted::Sealed)?,
        agreement,
    })
}

fn unseal<K: Secret>(
    kek: &KeyEncryptionKey,
    purpose: Purpose<'_>,
    kind: pkcs8::Kind,
    entry: &Value,
    derived: &Derived,
) -> Result<K, ClientError> {
    let binding = Binding::account(purpose, derived.instance, &derived.usr);
    let opened = sealed_box::open(kek, &binding, &sealed(entry, "box")?).map_err(|_| Untrusted::Sealed)?;
    Ok(pkcs8::parse(kind, &opened).map_err(|_| Untrusted::Sealed)?)
}

fn record(json: &Value) -> Result<Record, Untrusted> {
    let body = if json.get("h").is_some() {
        RecordBody::Erased {
            hash: bytes(json, "h")?,
            user: UserId::new(number(json, "user_id")?).map_err(|_| Untrusted::Form)?,
        }
    } else {
        RecordBody::Statement(Signed {
            bytes: sealed(json, "t")?,
            signature: Signature(bytes(json, "s")?),
            continuation: json
                .get("ps")
                .map(|_| bytes(json, "ps"))
                .transpose()?
                .map(Signature),
        })
    };
    Ok(Record {
        i: number(json, "i")?,
        at: number(json, "ts")?,
        body,
    })
}

fn signed_head(json: &Value) -> Result<SignedHead, Untrusted> {
    Ok(SignedHead {
        i: number(json, "i")?,
        head: bytes(json, "head")?,
        at: number(json, "ts")?,
        signature: Signature(bytes(json, "sig")?),
    })
}

fn iterations(answer: &Value) -> Result<Iterations, Untrusted> {
    let kdf = answer.get("kdf").ok_or(Untrusted::Form)?;
    if text(kdf, "alg") != Some("pbkdf2-sha256") {
        return Err(Untrusted::Parameters);
    }
    Iterations::new(counter(kdf, "iterations")?).map_err(|_| Untrusted::Parameters)
}

/// Takes a member of an answer over into a body.
fn carry_over(name: &str, answer: &Value, body: &mut Value) {
    set(body, name, answer.get(name).cloned().unwrap_or_default());
}

/// Puts a member into an object.
fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value.into());
    }
}

fn list<'a>(json: &'a Value, name: &str) -> Result<&'a [Value], Untrusted> {
    let list = json.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).ok_or(Untrusted::Form)
}

fn number(json: &Value, name: &str) -> Result<u64, Untrusted> {
    json.get(name).and_then(Value::as_u64).ok_or(Untrusted::Form)
}

fn counter(json: &Value, name: &str) -> Result<u32, Untrusted> {
    number(json, name)?.try_into().map_err(|_| Untrusted::Form)
}

fn bytes<const N: usize>(json: &Value, name: &str) -> Result<[u8; N], Untrusted> {
    array_from_base64url(text(json, name).ok_or(Untrusted::Form)?).map_err(|_| Untrusted::Form)
}

fn sealed(json: &Value, name: &str) -> Result<Vec<u8>, Untrusted> {
    from_base64url(text(json, name).ok_or(Untrusted::Form)?).map_err(|_| Untrusted::Form)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client has no clock but the machine's"
)]
fn millis() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
