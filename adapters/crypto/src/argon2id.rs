//! Password hashing: Argon2id (RFC 9106), on threads of its own and only so many at once.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::phc::{Output, PasswordHash as Phc},
};
use chat_domain::{Password, PasswordHash};
use chat_ports::{Entropy, HasherError, PasswordHasher};
use data_encoding::BASE64_NOPAD;
use metrics::{Histogram, describe_histogram, histogram};
use tokio::time::Instant;

use crate::workers::{Memory, Workers};

/// What a hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, one lane: RFC 9106's choice for a machine without much memory, in one lane so that a
    /// sign-in takes one core. It is above OWASP's floor of 19 MiB and two passes.
    pub const DEFAULT: Self = Self {
        memory_kib: 65_536,
        passes: 3,
        lanes: 1,
    };
}

/// Passwords that may wait for a slot; beyond, the client is asked to come back.
const QUEUE: usize = 64;

/// Hashes passwords on threads of their own, `slots` at once.
pub struct Argon2idHasher {
    argon2: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    workers: Workers,
    /// Verified against when there is no account, so that the answer takes as long.
    dummy: PasswordHash,
    meter: Histogram,
}

impl Argon2idHasher {
    /// A hasher of this cost with so many slots.
    ///
    /// # Errors
    /// [`HasherError::Failed`] for a cost that Argon2 does not know.
    pub fn new(entropy: Arc<dyn Entropy>, cost: Cost, slots: usize) -> Result<Self, HasherError> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None).map_err(failed)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = dummy(cost, &*entropy);
        describe_histogram!(
            "secure_chat_password_hash_seconds",
            "Hashing a password, with the wait for a slot."
        );
        Ok(Self {
            argon2,
            entropy,
            workers: Workers::new(slots.max(1), QUEUE),
            dummy,
            meter: histogram!("secure_chat_password_hash_seconds"),
        })
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let asked = Instant::now();
        let done = self.workers.call(work).await;
        if !matches!(done, Err(HasherError::Busy)) {
            self.meter.record(asked.elapsed());
        }
        done
    }
}

impl PasswordHasher for Argon2idHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        let (argon2, salt) = (self.argon2.clone(), self.entropy.draw());
        self.run(move |memory| hash(&argon2, memory, password.expose().as_bytes(), salt))
            .await
    }

    async fn verify(&self, password: Password, known: Option<PasswordHash>) -> Result<bool, HasherError> {
        let dummy = self.dummy.clone();
        self.run(move |memory| {
            let exists = known.is_some();
            let right = verify(memory, password.expose().as_bytes(), &known.unwrap_or(dummy))?;
            Ok(exists && right)
        })
        .await
    }
}

/// A text that is no hash of ours to verify against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Not an Argon2id hash in PHC format.
    #[error("must be an Argon2id hash such as $argon2id$v=19$m=65536,t=3,p=1$…$…")]
    NotArgon2id,
    /// It would take the server's memory, or its time, at every sign-in.
    #[error("asks for too much: at most 1 GiB of memory, 100 passes and 16 lanes")]
    TooCostly,
}

/// Reads a hash that somebody else has made.
///
/// # Errors
/// [`HashError`].
pub fn parse_hash(text: &str) -> Result<PasswordHash, HashError> {
    let hash = Phc::new(text).map_err(|_| HashError::NotArgon2id)?;
    let is_whole = hash.salt.is_some() && hash.hash.is_some();
    if hash.algorithm != Algorithm::Argon2id.ident() || !is_whole {
        return Err(HashError::NotArgon2id);
    }
    let params = Params::try_from(&hash).map_err(|_| HashError::NotArgon2id)?;
    let is_bearable = params.m_cost() <= 1_048_576 && params.t_cost() <= 100 && params.p_cost() <= 16;
    if !is_bearable {
        return Err(HashError::TooCostly);
    }
    Ok(PasswordHash::from_phc(text.to_owned()))
}

/// A hash that no password has: drawn, not computed. To verify against it costs what any verification costs.
fn dummy(cost: Cost, entropy: &dyn Entropy) -> PasswordHash {
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    let (salt, output) = (entropy.draw::<16>(), entropy.draw::<32>());
    let (salt, output) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(&output));
    PasswordHash::from_phc(format!(
        "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"
    ))
}

fn hash(
    argon2: &Argon2<'_>,
    memory: &mut Memory,
    password: &[u8],
    salt: [u8; 16],
) -> Result<PasswordHash, HasherError> {
    let output = output(argon2, memory, password, &salt)?;
    let params = argon2.params();
    let (memory_kib, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    let (salt, output) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(output.as_bytes()));
    Ok(PasswordHash::from_phc(format!(
        "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"
    )))
}

/// Verifies with the parameters that stand in the hash; compared in constant time by the library.
fn verify(memory: &mut Memory, password: &[u8], known: &PasswordHash) -> Result<bool, HasherError> {
    let known = Phc::new(known.expose()).map_err(failed)?;
    let (Some(salt), Some(expected)) = (&known.salt, &known.hash) else {
        return Err(failed("a hash without salt or output"));
    };
    let algorithm = Algorithm::try_from(known.algorithm.as_str()).map_err(failed)?;
    let version = known.version.map_or(Ok(Version::default()), Version::try_from);
    let params = Params::try_from(&known).map_err(failed)?;
    let argon2 = Argon2::new(algorithm, version.map_err(failed)?, params);
    Ok(output(&argon2, memory, password, salt)? == *expected)
}

fn output(
    argon2: &Argon2<'_>,
    memory: &mut Memory,
    password: &[u8],
    salt: &[u8],
) -> Result<Output, HasherError> {
    let params = argon2.params();
    let mut output = [0; Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let output = output.get_mut(..length).unwrap_or_default();
    let blocks = memory.blocks(params.block_count());
    argon2
        .hash_password_into_with_memory(password, salt, output, blocks)
        .map_err(failed)?;
    Output::new(output).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> HasherError {
    HasherError::Failed(error.to_string().into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn hasher(cost: Cost, slots: usize) -> Argon2idHasher {
        Argon2idHasher::new(Arc::new(Counting(1.into())), cost, slots).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::attempt(text.to_owned()).unwrap()
    }

    #[test]
    fn hashes_that_others_have_made() {
        let salt_and_hash = "$c29tZXNhbHRzb21l$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
        let with = |head: &str| parse_hash(&format!("{head}{salt_and_hash}")).map(drop);
        assert_eq!(with("$argon2id$v=19$m=65536,t=4,p=1"), Ok(()));
        assert_eq!(
            with("$argon2id$v=19$m=4194304,t=4,p=1"),
            Err(HashError::TooCostly)
        );
        assert_eq!(
            with("$argon2id$v=19$m=65536,t=101,p=1"),
            Err(HashError::TooCostly)
        );
        assert_eq!(with("$argon2i$v=19$m=65536,t=4,p=1"), Err(HashError::NotArgon2id));
        for wrong in [
            "",
            "secret",
            "$2y$10$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=65536,t=4,p=1",
        ] {
            assert_eq!(
                parse_hash(wrong).map(drop),
                Err(HashError::NotArgon2id),
                "{wrong}"
            );
        }
    }

    #[tokio::test]
    async fn the_right_password_and_no_other() {
        let hasher = hasher(CHEAP, 2);
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        let again = hasher.hash(password("correct horse")).await.unwrap();
        assert_ne!(hash, again, "each has a salt of its own");
        assert!(
            hasher
                .verify(password("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!hasher.verify(password("wrong horse"), Some(hash)).await.unwrap());
        assert!(!hasher.verify(password("correct horse"), None).await.unwrap());
        let nonsense = PasswordHash::from_phc("nonsense".to_owned());
        assert!(matches!(
            hasher.verify(password("x"), Some(nonsense)).await,
            Err(HasherError::Failed(_))
        ));
    }

    #[tokio::test]
    async fn the_cost_is_as_documented_and_stands_in_the_hash() {
        let hash = hasher(Cost::DEFAULT, 1)
            .hash(password("correct horse"))
            .await
            .unwrap();
        assert!(
            hash.expose().starts_with("$argon2id$v=19$m=65536,t=3,p=1$"),
            "{}",
            hash.expose()
        );
        // Hashes of an earlier cost still verify.
        assert!(
            hasher(CHEAP, 1)
                .verify(password("correct horse"), Some(hash))
                .await
                .unwrap()
        );
    }
}
