//! Keyed accounts: bytes travel as base64url without padding.

use chat_app::SessionToken;
use chat_app::keyed::{KeyedAttempt, KeyedRegistration, KeyedReset, NewPassword, Renewal};
use chat_domain::keyed::{
    Derivation, RecoveryRecord, SealedKey, SealedKeys, SealedState, ShownKey, SignedStatement,
};
use chat_domain::{UserId, Username};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use utoipa::ToSchema;

use super::SessionKind;
use crate::{problem::Problem, request::fields::Fields, schema};

/// Iterations that a client may ask its users' browsers for, as the protocol bounds them.
const ITERATIONS: std::ops::RangeInclusive<u32> = 600_000..=10_000_000;

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| "must be base64url without padding".to_owned())
}

fn array<const N: usize>(text: &str) -> Result<[u8; N], String> {
    bytes(text)?
        .try_into()
        .map_err(|_| format!("must be {N} bytes, as base64url without padding"))
}

/// How a key is derived from a password.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Kdf {
    /// `pbkdf2-sha256`
    #[schema(value_type = schema::KdfName)]
    alg: String,
    #[schema(value_type = schema::Iterations)]
    iterations: u32,
}

impl Kdf {
    fn parse(&self) -> Result<u32, &'static str> {
        if self.alg != "pbkdf2-sha256" {
            return Err("alg must be pbkdf2-sha256");
        }
        if !ITERATIONS.contains(&self.iterations) {
            return Err("iterations must be from 600000 to 10000000");
        }
        Ok(self.iterations)
    }
}

/// An encryption key in its box.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NumberedBox {
    /// Its number, from 1.
    kem: u32,
    #[schema(value_type = schema::Bytes)]
    r#box: String,
}

/// An identity statement with its signatures.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Statement {
    /// The bytes that are signed.
    #[schema(value_type = schema::Bytes)]
    t: String,
    /// Their signature.
    #[schema(value_type = schema::Bytes64)]
    s: String,
    /// That of the identity before, after a reset.
    #[schema(value_type = Option<schema::Bytes64>)]
    ps: Option<String>,
}

impl Statement {
    fn parse(&self) -> Result<SignedStatement, String> {
        Ok(SignedStatement {
            bytes: bytes(&self.t)?,
            signature: array(&self.s)?,
            continuation: self.ps.as_deref().map(array).transpose()?,
        })
    }
}

/// `POST /api/auth/prelogin`
#[derive(Debug, Deserialize, ToSchema)]
pub struct Prelogin {
    username: String,
}

impl Prelogin {
    /// The name, if it can be one.
    #[must_use]
    pub fn username(&self) -> Option<Username> {
        Username::parse(&self.username).ok()
    }
}

/// `POST /api/auth/register/begin`
#[derive(Debug, Deserialize, ToSchema)]
pub struct BeginRegistration {
    #[schema(value_type = schema::Username)]
    username: String,
}

impl BeginRegistration {
    /// The name that is asked for.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<Username, Problem> {
        let mut fields = Fields::default();
        let name = fields.take("username", Username::parse(&self.username));
        fields.done(|| name)
    }
}

/// `POST /api/auth/register/finish`
#[derive(Debug, Deserialize, ToSchema)]
pub struct FinishRegistration {
    /// What `register/begin` gave.
    reg_token: String,
    kdf: Kdf,
    #[schema(value_type = schema::Bytes16)]
    salt: String,
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    /// The master key in the box of the password: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_pw: String,
    /// The master key in the box of the recovery code: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_rec: String,
    #[schema(value_type = schema::Bytes32)]
    rec_verifier: String,
    /// The signing key in its box: 77 bytes.
    #[schema(value_type = schema::Bytes)]
    ed_box: String,
    /// The encryption key in its box of 77 bytes.
    x_box: NumberedBox,
    identity: Statement,
    /// `cookie`, where it is left out.
    session: Option<SessionKind>,
}

impl FinishRegistration {
    /// How the client wants its session.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        self.session.unwrap_or(SessionKind::Cookie)
    }

    /// What the use case takes.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<KeyedRegistration, Problem> {
        let mut fields = Fields::default();
        let iterations = fields.take("kdf", self.kdf.parse());
        let salt = fields.take("salt", array(&self.salt));
        let shown = fields.take("auth_key", array(&self.auth_key)).map(ShownKey::new);
        let master = fields.take("amk_pw", bytes(&self.amk_pw));
        let recovery = fields.take("amk_rec", bytes(&self.amk_rec));
        let verifier = fields.take("rec_verifier", array(&self.rec_verifier));
        let signing = fields.take("ed_box", bytes(&self.ed_box));
        let agreement = fields.take("x_box", bytes(&self.x_box.r#box));
        let statement = fields.take("identity", self.identity.parse());
        fields.done(|| {
            Some(KeyedRegistration {
                token: self.reg_token,
                derivation: Derivation {
                    iterations: iterations?,
                    salt: salt?,
                },
                shown: shown?,
                master: master?,
                recovery: RecoveryRecord {
                    sealed: recovery?,
                    verifier: verifier?,
                },
                signing: signing?,
                agreement: SealedKey {
                    number: self.x_box.kem,
                    sealed: agreement?,
                },
                statement: statement?,
            })
        })
    }
}

/// `POST /api/auth/login`
#[derive(Debug, Deserialize, ToSchema)]
pub struct KeyedLogin {
    username: String,
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    /// `cookie`, where it is left out.
    session: Option<SessionKind>,
}

impl KeyedLogin {
    /// How the client wants its session.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        self.session.unwrap_or(SessionKind::Cookie)
    }

    /// What the use case takes. A name that cannot be one is tried, and answered like any unknown name.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<KeyedAttempt, Problem> {
        let mut fields = Fields::default();
        let shown = fields.take("auth_key", array(&self.auth_key)).map(ShownKey::new);
        fields.done(|| {
            Some(KeyedAttempt {
                username: Username::parse(&self.username).ok(),
                shown: shown?,
            })
        })
    }
}

/// `POST /api/auth/unlock`
#[derive(Debug, Deserialize, ToSchema)]
pub struct Unlock {
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
}

impl Unlock {
    /// What is shown.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<ShownKey, Problem> {
        let mut fields = Fields::default();
        let shown = fields.take("auth_key", array(&self.auth_key)).map(ShownKey::new);
        fields.done(|| shown)
    }
}

/// `POST /api/auth/password`
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangePassword {
    /// What was shown at sign-in until now.
    #[schema(value_type = schema::Bytes32)]
    old_auth_key: String,
    kdf: Kdf,
    #[schema(value_type = schema::Bytes16)]
    salt: String,
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    /// The master key in the box of the new password: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_pw: String,
}

impl ChangePassword {
    /// What was shown until now, and what takes its place.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<(ShownKey, NewPassword), Problem> {
        let mut fields = Fields::default();
        let old = fields
            .take("old_auth_key", array(&self.old_auth_key))
            .map(ShownKey::new);
        let new = new_password(&mut fields, &self.kdf, &self.salt, &self.auth_key, &self.amk_pw);
        fields.done(|| Some((old?, new?)))
    }
}

fn new_password(
    fields: &mut Fields,
    kdf: &Kdf,
    salt: &str,
    auth_key: &str,
    amk_pw: &str,
) -> Option<NewPassword> {
    let iterations = fields.take("kdf", kdf.parse());
    let salt = fields.take("salt", array(salt));
    let shown = fields.take("auth_key", array(auth_key)).map(ShownKey::new);
    let master = fields.take("amk_pw", bytes(amk_pw));
    Some(NewPassword {
        derivation: Derivation {
            iterations: iterations?,
            salt: salt?,
        },
        shown: shown?,
        master: master?,
    })
}

fn new_recovery(fields: &mut Fields, amk_rec: &str, rec_verifier: &str) -> Option<RecoveryRecord> {
    let sealed = fields.take("amk_rec", bytes(amk_rec));
    let verifier = fields.take("rec_verifier", array(rec_verifier));
    Some(RecoveryRecord {
        sealed: sealed?,
        verifier: verifier?,
    })
}

/// `POST /api/auth/recovery`
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangeRecovery {
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    /// The master key in the box of the new code: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_rec: String,
    #[schema(value_type = schema::Bytes32)]
    rec_verifier: String,
}

impl ChangeRecovery {
    /// What is shown, and what is kept of the new code.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<(ShownKey, RecoveryRecord), Problem> {
        let mut fields = Fields::default();
        let shown = fields.take("auth_key", array(&self.auth_key)).map(ShownKey::new);
        let recovery = new_recovery(&mut fields, &self.amk_rec, &self.rec_verifier);
        fields.done(|| Some((shown?, recovery?)))
    }
}

/// `POST /api/auth/recover`
#[derive(Debug, Deserialize, ToSchema)]
pub struct Recover {
    username: String,
    /// Derived from the recovery code.
    #[schema(value_type = schema::Bytes32)]
    rec_auth: String,
}

impl Recover {
    /// The name, if it can be one, and what is shown.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<(Option<Username>, [u8; 32]), Problem> {
        let mut fields = Fields::default();
        let shown = fields.take("rec_auth", array(&self.rec_auth));
        fields.done(|| Some((Username::parse(&self.username).ok(), shown?)))
    }
}

/// `POST /api/auth/recover/finish`
#[derive(Debug, Deserialize, ToSchema)]
pub struct FinishRecovery {
    /// What `recover` gave; good once.
    recover_token: String,
    kdf: Kdf,
    #[schema(value_type = schema::Bytes16)]
    salt: String,
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    /// The master key in the box of the new password: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_pw: String,
    /// The master key in the box of the new code: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_rec: String,
    #[schema(value_type = schema::Bytes32)]
    rec_verifier: String,
    /// `cookie`, where it is left out.
    session: Option<SessionKind>,
}

impl FinishRecovery {
    /// How the client wants its session.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        self.session.unwrap_or(SessionKind::Cookie)
    }

    /// The token, if it can be one, and what takes the place of the account's secrets.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<(Option<SessionToken>, NewPassword, RecoveryRecord), Problem> {
        let mut fields = Fields::default();
        let password = new_password(&mut fields, &self.kdf, &self.salt, &self.auth_key, &self.amk_pw);
        let recovery = new_recovery(&mut fields, &self.amk_rec, &self.rec_verifier);
        let token = SessionToken::parse(&self.recover_token);
        fields.done(|| Some((token, password?, recovery?)))
    }
}

/// `POST /api/admin/reset-link`
#[derive(Debug, Deserialize, ToSchema)]
pub struct IssueReset {
    /// Whose.
    #[schema(value_type = schema::UserId)]
    user_id: u64,
}

impl IssueReset {
    /// Whose link it is to be.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<UserId, Problem> {
        let mut fields = Fields::default();
        let user = fields.take("user_id", UserId::parse(self.user_id));
        fields.done(|| user)
    }
}

/// `POST /api/auth/reset/begin`
#[derive(Debug, Deserialize, ToSchema)]
pub struct BeginReset {
    /// Of the link.
    reset_token: String,
}

impl BeginReset {
    /// The token, if it can be one.
    #[must_use]
    pub fn token(&self) -> Option<SessionToken> {
        SessionToken::parse(&self.reset_token)
    }
}

/// `POST /api/auth/reset/finish`
#[derive(Debug, Deserialize, ToSchema)]
pub struct FinishReset {
    /// Of the link; good once.
    reset_token: String,
    kdf: Kdf,
    #[schema(value_type = schema::Bytes16)]
    salt: String,
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    /// The new master key in the box of the new password: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_pw: String,
    /// The new master key in the box of the new recovery code: 61 bytes.
    #[schema(value_type = schema::Bytes)]
    amk_rec: String,
    #[schema(value_type = schema::Bytes32)]
    rec_verifier: String,
    /// The new signing key in its box: 77 bytes.
    #[schema(value_type = schema::Bytes)]
    ed_box: String,
    /// The new encryption key in its box of 77 bytes.
    x_box: NumberedBox,
    /// The next generation and the next number, without `ps`.
    identity: Statement,
    /// `cookie`, where it is left out.
    session: Option<SessionKind>,
}

impl FinishReset {
    /// How the client wants its session.
    #[must_use]
    pub fn session(&self) -> SessionKind {
        self.session.unwrap_or(SessionKind::Cookie)
    }

    /// What the use case takes.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<KeyedReset, Problem> {
        let mut fields = Fields::default();
        let password = new_password(&mut fields, &self.kdf, &self.salt, &self.auth_key, &self.amk_pw);
        let recovery = new_recovery(&mut fields, &self.amk_rec, &self.rec_verifier);
        let signing = fields.take("ed_box", bytes(&self.ed_box));
        let agreement = self.x_box.take(&mut fields, "x_box");
        let statement = fields.take("identity", self.identity.parse());
        fields.done(|| {
            Some(KeyedReset {
                token: SessionToken::parse(&self.reset_token),
                password: password?,
                recovery: recovery?,
                signing: signing?,
                agreement: agreement?,
                statement: statement?,
            })
        })
    }
}

/// `PUT /api/e2ee/identity`: with `x_box` alone another encryption key; with `ed_box` too another identity, or the first one
/// where `new_auth_key` is missing; with neither the end of the account.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PutIdentity {
    /// What is shown at sign-in.
    #[schema(value_type = schema::Bytes32)]
    auth_key: String,
    identity: Statement,
    /// The new encryption key in its box of 77 bytes.
    x_box: Option<NumberedBox>,
    /// For another identity: the new signing key in its box of 77 bytes.
    #[schema(value_type = Option<schema::Bytes>)]
    ed_box: Option<String>,
    /// For another identity: its generation.
    r#gen: Option<u32>,
    /// For another identity: the older encryption keys, each in a new box.
    #[serde(default)]
    x_boxes: Vec<NumberedBox>,
    /// For another identity: how the client derives from now on.
    kdf: Option<Kdf>,
    #[schema(value_type = Option<schema::Bytes16>)]
    salt: Option<String>,
    #[schema(value_type = Option<schema::Bytes32>)]
    new_auth_key: Option<String>,
    #[schema(value_type = Option<schema::Bytes>)]
    amk_pw: Option<String>,
    #[schema(value_type = Option<schema::Bytes>)]
    amk_rec: Option<String>,
    #[schema(value_type = Option<schema::Bytes32>)]
    rec_verifier: Option<String>,
    /// For another identity: the account's state, sealed under its new key; without it there is none any more.
    state: Option<PutState>,
}

impl PutIdentity {
    /// What is shown, the statement, and what comes with it.
    ///
    /// # Errors
    /// `invalid`, with every field that is wrong.
    pub fn parse(self) -> Result<(ShownKey, SignedStatement, Renewal), Problem> {
        let mut fields = Fields::default();
        let shown = fields.take("auth_key", array(&self.auth_key)).map(ShownKey::new);
        let statement = fields.take("identity", self.identity.parse());
        let agreement = self.x_box.as_ref().map(|it| it.take(&mut fields, "x_box"));
        let renewal = match (&self.ed_box, agreement) {
            (Some(_), agreement) if self.new_auth_key.is_none() => {
                self.first(&mut fields, agreement.flatten())
            }
            (Some(_), agreement) => self.reset(&mut fields, agreement.flatten()),
            (None, Some(agreement)) => agreement.map(|agreement| Renewal::Rotate { agreement }),
            (None, None) => Some(Renewal::Close),
        };
        fields.done(|| Some((shown?, statement?, renewal?)))
    }

    fn first(&self, fields: &mut Fields, agreement: Option<SealedKey>) -> Option<Renewal> {
        let missing = "is missing for an identity";
        let mut member = |name: &str, value: &Option<String>| fields.take(name, value.clone().ok_or(missing));
        let amk_pw = member("amk_pw", &self.amk_pw);
        let amk_rec = member("amk_rec", &self.amk_rec);
        let rec_verifier = member("rec_verifier", &self.rec_verifier);
        let ed_box = member("ed_box", &self.ed_box);
        let agreement = fields.take("x_box", agreement.ok_or(missing));
        let master = fields.take("amk_pw", bytes(&amk_pw?));
        let recovery = new_recovery(fields, &amk_rec?, &rec_verifier?);
        let sealed = fields.take("ed_box", bytes(&ed_box?));
        Some(Renewal::First {
            master: master?,
            recovery: recovery?,
            signing: SealedKey {
                number: 1,
                sealed: sealed?,
            },
            agreement: agreement?,
        })
    }

    fn reset(&self, fields: &mut Fields, newest: Option<SealedKey>) -> Option<Renewal> {
        let missing = "is missing for another identity";
        let state = self.state.as_ref().map(|it| it.take(fields, "state"));
        let kdf = fields.take("kdf", self.kdf.as_ref().ok_or(missing));
        let mut member = |name: &str, value: &Option<String>| fields.take(name, value.clone().ok_or(missing));
        let salt = member("salt", &self.salt);
        let auth_key = member("new_auth_key", &self.new_auth_key);
        let amk_pw = member("amk_pw", &self.amk_pw);
        let amk_rec = member("amk_rec", &self.amk_rec);
        let rec_verifier = member("rec_verifier", &self.rec_verifier);
        let ed_box = member("ed_box", &self.ed_box);
        let generation = fields.take("gen", self.r#gen.ok_or(missing));
        let newest = fields.take("x_box", newest.ok_or(missing));
        let password = new_password(fields, kdf?, &salt?, &auth_key?, &amk_pw?);
        let recovery = new_recovery(fields, &amk_rec?, &rec_verifier?);
        let signing = fields.take("ed_box", bytes(&ed_box?));
        let mut agreement: Vec<_> = self
            .x_boxes
            .iter()
            .filter_map(|it| it.take(fields, "x_boxes"))
            .collect();
        agreement.push(newest?);
        Some(Renewal::Reset {
            password: password?,
            recovery: recovery?,
            keys: SealedKeys {
                signing: vec![SealedKey {
                    number: generation?,
                    sealed: signing?,
                }],
                agreement,
            },
            state: match state {
                Some(state) => Some(state?),
                None => None,
            },
        })
    }
}

impl NumberedBox {
    fn take(&self, fields: &mut Fields, name: &str) -> Option<SealedKey> {
        let sealed = fields.take(name, bytes(&self.r#box))?;
        Some(SealedKey {
            number: self.kem,
            sealed,
        })
    }
}

/// `PUT /api/e2ee/state`
#[derive(Debug, Deserialize, ToSchema)]
pub struct PutState {
    /// One more than that of the state that it was made from; the first is 1.
    version: u64,
    /// The sealed state: at most 1 MiB.
    #[schema(value_type = schema::Bytes)]
    blob: String,
}

impl PutState {
    /// What the use case takes.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<SealedState, Problem> {
        let mut fields = Fields::default();
        let state = self.read(&mut fields, ["version", "blob"]);
        fields.done(|| state)
    }

    fn take(&self, fields: &mut Fields, name: &str) -> Option<SealedState> {
        self.read(fields, [name; 2])
    }

    /// The state, each member under the name that the client knows it by.
    fn read(&self, fields: &mut Fields, [version, blob]: [&str; 2]) -> Option<SealedState> {
        let sealed = fields.take(blob, bytes(&self.blob));
        let is_safe = (1..1 << 53).contains(&self.version).then_some(self.version);
        let version = fields.take(version, is_safe.ok_or("must be from 1 to 9007199254740991"));
        Some(SealedState {
            version: version?,
            sealed: sealed?,
        })
    }
}

/// `PUT /api/e2ee/drafts`
#[derive(Debug, Deserialize, ToSchema)]
pub struct PutDrafts {
    /// The sealed drafts: at most 256 KiB.
    #[schema(value_type = schema::Bytes)]
    blob: String,
}

impl PutDrafts {
    /// What the use case takes.
    ///
    /// # Errors
    /// `invalid`.
    pub fn parse(self) -> Result<Vec<u8>, Problem> {
        let mut fields = Fields::default();
        let sealed = fields.take("blob", bytes(&self.blob));
        fields.done(|| sealed)
    }
}
