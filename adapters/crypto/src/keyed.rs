//! What the server makes of what a keyed account shows at sign-in (`docs/protocol-encryption.md`, 4.4.2): Argon2id with
//! the keyring's pepper, which is not in the database, and the salt that it answers for a name nobody has.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use chat_domain::keyed::{Derivation, ShownKey, Stretched, Stretching};
use chat_domain::{Password, PasswordHash, Secret as Redacted};
use chat_e2ee::account::{self, Iterations, KdfRefused};
use chat_e2ee::ed25519::PrivateKey;
use chat_e2ee::hash::hmac_sha256;
use chat_e2ee::ids::{InstanceId, UserId, Usr};
use chat_e2ee::secret::{AuthKey, PasswordKey, Secret, SigningSeed};
use chat_e2ee::server_record::{ARGON_OUT, argon_associated_data};
use chat_ports::{AccountSecrets, Entropy, HasherError, PasswordHasher};
use zeroize::Zeroizing;

use crate::argon2id::{Argon2idHasher, Cost};
use crate::keyring::{Key, Keyring, Purpose};
use crate::workers::Memory;

/// Parameters that Argon2id does not know, which is found before anything is stored with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Argon2id cannot be computed with these parameters")]
pub struct BadCost;

/// Argon2id's output for an account: the first half proves the sign-in, the second half opens the outer lock
/// (`chat_e2ee::server_record::split`). Takes as long as `cost` says, on the caller's thread.
///
/// # Errors
/// [`BadCost`].
pub fn stretch(
    shown: &AuthKey,
    salt: &[u8; 16],
    pepper: &[u8; 32],
    user: UserId,
    cost: Cost,
) -> Result<Zeroizing<[u8; ARGON_OUT]>, BadCost> {
    stretch_in(&mut Memory::default(), shown, salt, pepper, user, cost)
}

fn stretch_in(
    memory: &mut Memory,
    shown: &AuthKey,
    salt: &[u8; 16],
    pepper: &[u8; 32],
    user: UserId,
    cost: Cost,
) -> Result<Zeroizing<[u8; ARGON_OUT]>, BadCost> {
    let bound = argon_associated_data(user);
    let params = ParamsBuilder::new()
        .m_cost(cost.memory_kib)
        .t_cost(cost.passes)
        .p_cost(cost.lanes)
        .output_len(ARGON_OUT)
        .data(AssociatedData::new(&bound).map_err(|_| BadCost)?)
        .build()
        .map_err(|_| BadCost)?;
    let blocks = memory.blocks(params.block_count());
    let argon2 =
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(|_| BadCost)?;
    let mut output = Zeroizing::new([0; ARGON_OUT]);
    argon2
        .hash_password_into_with_memory(shown.expose(), salt, output.as_mut(), blocks)
        .map_err(|_| BadCost)?;
    Ok(output)
}

/// Everything that has to do with accounts' secrets: hashing of both kinds of account, behind one queue, and what the
/// keyring's keys are for.
pub struct Accounts {
    hasher: Argon2idHasher,
    entropy: Arc<dyn Entropy>,
    cost: Cost,
    /// By their numbers; the present one is the last.
    peppers: Vec<(u32, Zeroizing<[u8; 32]>)>,
    prelogin: Zeroizing<[u8; 32]>,
    instance: PrivateKey,
    instance_key: [u8; 32],
}

/// A keyring without a key that accounts need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the keyring has no key for {0}")]
pub struct NoKey(&'static str);

impl Accounts {
    /// Takes the keys out of the keyring.
    ///
    /// # Errors
    /// [`NoKey`], of a keyring that is not whole.
    pub fn new(
        hasher: Argon2idHasher,
        keyring: &Keyring,
        entropy: Arc<dyn Entropy>,
        cost: Cost,
    ) -> Result<Self, NoKey> {
        let active = |purpose, name| keyring.active(purpose).ok_or(NoKey(name));
        let present = active(Purpose::Pepper, "the pepper")?;
        let copy = |key: &Key| (key.kid, Zeroizing::new(*key.secret()));
        let mut peppers: Vec<_> = keyring.of(Purpose::Pepper).map(copy).collect();
        peppers.push(copy(present));
        let seed = SigningSeed::from_bytes(*active(Purpose::Instance, "the installation")?.secret());
        let instance = PrivateKey::from_seed(&seed);
        let public = instance.public().map_err(|_| NoKey("the installation"))?;
        Ok(Self {
            hasher,
            entropy,
            cost,
            peppers,
            prelogin: Zeroizing::new(*active(Purpose::Prelogin, "names that nobody has")?.secret()),
            instance_key: *public.as_bytes(),
            instance,
        })
    }

    fn pepper(&self, kid: u32) -> Option<Zeroizing<[u8; 32]>> {
        let known = self.peppers.iter().find(|(number, _)| *number == kid);
        known.map(|(_, pepper)| pepper.clone())
    }

    async fn stretched(
        &self,
        shown: ShownKey,
        user: UserId,
        with: Stretching,
    ) -> Result<Stretched, HasherError> {
        let pepper = self
            .pepper(with.pepper)
            .ok_or_else(|| HasherError::Failed(Box::new(NoKey("an older pepper"))))?;
        let cost = Cost {
            memory_kib: with.memory_kib,
            passes: with.passes,
            lanes: with.lanes,
        };
        self.hasher
            .run(move |memory| {
                let shown = AuthKey::from_bytes(*shown.expose());
                let stretched = stretch_in(memory, &shown, &with.salt, &pepper, user, cost);
                let stretched = stretched.map_err(|error| HasherError::Failed(Box::new(error)))?;
                Ok(Redacted::new(*stretched))
            })
            .await
    }

    fn anew(&self) -> Stretching {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        Stretching {
            salt: self.entropy.draw(),
            memory_kib,
            passes,
            lanes,
            pepper: self.peppers.last().map_or(0, |(kid, _)| *kid),
        }
    }
}

fn protocol_id(user: chat_domain::UserId) -> Result<UserId, HasherError> {
    UserId::new(user.number()).map_err(|error| HasherError::Failed(Box::new(error)))
}

impl PasswordHasher for Accounts {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        self.hasher.hash(password).await
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<bool, HasherError> {
        self.hasher.verify(password, hash).await
    }
}

impl AccountSecrets for Accounts {
    async fn stretch_anew(
        &self,
        shown: ShownKey,
        user: chat_domain::UserId,
    ) -> Result<(Stretching, Stretched), HasherError> {
        let with = self.anew();
        let stretched = self.stretched(shown, protocol_id(user)?, with.clone()).await?;
        Ok((with, stretched))
    }

    async fn stretch(
        &self,
        shown: ShownKey,
        known: Option<(chat_domain::UserId, Stretching)>,
    ) -> Result<Option<Stretched>, HasherError> {
        let Some((user, with)) = known else {
            let nobody = UserId::new(0).map_err(|error| HasherError::Failed(Box::new(error)))?;
            self.stretched(shown, nobody, self.anew()).await?;
            return Ok(None);
        };
        self.stretched(shown, protocol_id(user)?, with).await.map(Some)
    }

    async fn derive(
        &self,
        password: Password,
        instance: [u8; 16],
        usr: String,
        derivation: Derivation,
    ) -> Result<ShownKey, HasherError> {
        let refused = |error: KdfRefused| HasherError::Failed(Box::new(error));
        let usr = Usr::parse(usr.as_bytes()).map_err(|error| HasherError::Failed(Box::new(error)))?;
        let iterations = Iterations::new(derivation.iterations).map_err(refused)?;
        let password = account::Password::new(password.expose()).map_err(refused)?;
        self.hasher
            .run(move |_| {
                let instance = InstanceId(instance);
                let key = PasswordKey::derive(&password, instance, &usr, &derivation.salt, iterations);
                Ok(Redacted::new(*key.auth_key().expose()))
            })
            .await
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.prelogin, message)
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.instance.sign(message).0
    }

    fn instance_key(&self) -> [u8; 32] {
        self.instance_key
    }
}

#[cfg(test)]
mod tests {
    use chat_e2ee::server_record::{self, fake_salt};
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    fn cases(section: &str, op: &str) -> Vec<Value> {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/e2ee-v1.json")).unwrap();
        let cases = vectors["sections"][section].as_array().unwrap();
        let cases: Vec<_> = cases.iter().filter(|case| case["op"] == op).cloned().collect();
        assert!(!cases.is_empty(), "{section} {op}");
        cases
    }

    fn bytes<const N: usize>(value: &Value) -> [u8; N] {
        let bytes = HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap();
        bytes.try_into().unwrap()
    }

    fn number(value: &Value) -> u32 {
        value.as_u64().unwrap().try_into().unwrap()
    }

    #[test]
    fn a_3_the_record_of_a_password() {
        for case in cases("A-3", "server_argon2id") {
            let given = &case["in"];
            let output = stretch(
                &AuthKey::from_bytes(bytes(&given["auth_key"])),
                &bytes(&given["argon_salt"]),
                &bytes(&given["pepper"]),
                UserId::new(given["user_id"].as_u64().unwrap()).unwrap(),
                Cost {
                    memory_kib: number(&given["m_kib"]),
                    passes: number(&given["t"]),
                    lanes: number(&given["p"]),
                },
            )
            .unwrap();
            assert_eq!(*output, bytes(&case["out"]["argon_out"]), "{}", case["name"]);
        }
        for case in cases("A-3", "server_verifier") {
            let (verifier, key) = server_record::split(&bytes(&case["in"]["argon_out"]));
            assert_eq!(verifier, bytes(&case["out"]["verifier"]));
            assert_eq!(*key.expose(), bytes(&case["out"]["outer_key"]));
        }
    }

    #[test]
    fn a_3_a_cost_that_cannot_be() {
        let none = Cost {
            memory_kib: 0,
            passes: 0,
            lanes: 0,
        };
        let shown = AuthKey::from_bytes([1; 32]);
        let user = UserId::new(1).unwrap();
        assert_eq!(stretch(&shown, &[0; 16], &[0; 32], user, none), Err(BadCost));
    }

    #[test]
    fn a_4_the_salt_of_nobody() {
        for case in cases("A-4", "fake_salt") {
            let usr = Usr::parse(case["in"]["usr"].as_str().unwrap().as_bytes()).unwrap();
            let salt = fake_salt(&bytes(&case["in"]["prelogin_key"]), &usr);
            assert_eq!(salt, bytes(&case["out"]["salt"]), "{}", case["name"]);
        }
    }

    /// Bytes that count up.
    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    fn accounts() -> Accounts {
        let (_directory, _path, keyring) = crate::keyring::tests::created();
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(1.into()));
        let cost = Cost {
            memory_kib: 32,
            passes: 1,
            lanes: 1,
        };
        let hasher = Argon2idHasher::new(Arc::clone(&entropy), cost, 1).unwrap();
        Accounts::new(hasher, &keyring, entropy, cost).unwrap()
    }

    #[tokio::test]
    async fn what_was_stretched_once_is_stretched_alike() {
        let accounts = accounts();
        let [ada, bob] = [1, 2].map(|id| chat_domain::UserId::parse(id).unwrap());
        let shown = |byte| ShownKey::new([byte; 32]);
        let (with, stretched) = accounts.stretch_anew(shown(1), ada).await.unwrap();
        let again = async |byte, user| {
            accounts
                .stretch(shown(byte), Some((user, with.clone())))
                .await
                .unwrap()
                .unwrap()
        };
        assert_eq!(again(1, ada).await.expose(), stretched.expose());
        assert_ne!(again(2, ada).await.expose(), stretched.expose());
        assert_ne!(again(1, bob).await.expose(), stretched.expose());
        assert!(accounts.stretch(shown(1), None).await.unwrap().is_none());
        let gone = Stretching {
            pepper: 99,
            ..with.clone()
        };
        assert!(accounts.stretch(shown(1), Some((ada, gone))).await.is_err());
    }

    #[test]
    fn the_installation_signs() {
        let accounts = accounts();
        let key = chat_e2ee::ed25519::PublicKey::from_bytes(accounts.instance_key()).unwrap();
        let signature = chat_e2ee::ed25519::Signature(accounts.sign(b"a head"));
        assert!(key.verifies(b"a head", &signature));
        assert_eq!(accounts.mac(b"a"), accounts.mac(b"a"));
        assert_ne!(accounts.mac(b"a"), accounts.mac(b"b"));
    }
}
