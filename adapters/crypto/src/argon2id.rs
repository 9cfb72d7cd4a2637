//! Password hashing: Argon2id (RFC 9106), on threads of its own and only so many at once.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier, Version,
    password_hash::phc::PasswordHash as Phc,
};
use chat_domain::{Password, PasswordHash};
use chat_ports::{Entropy, HasherError, PasswordHasher};
use data_encoding::BASE64_NOPAD;
use metrics::{Histogram, describe_histogram, histogram};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot},
    time::Instant,
};

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

/// How far hashing steps back behind everything else that wants the processor (`nice`): a hash takes a core for as long as
/// a thousand messages do, and who waits for it waits anyway.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Hashes passwords on threads of their own, `slots` at once.
pub struct Argon2idHasher {
    argon2: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    slots: Arc<Semaphore>,
    queue: Arc<Semaphore>,
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
        let slots = slots.max(1);
        describe_histogram!(
            "secure_chat_password_hash_seconds",
            "Hashing a password, with the wait for a slot."
        );
        Ok(Self {
            argon2,
            entropy,
            slots: Arc::new(Semaphore::new(slots)),
            queue: Arc::new(Semaphore::new(slots + QUEUE)),
            dummy,
            meter: histogram!("secure_chat_password_hash_seconds"),
        })
    }

    /// Runs `work` on a thread of its own once there is a slot. The thread ends with it: what has stepped back may not
    /// step forward again, so none of the runtime's may do so. The permits go with the work: a caller that goes away
    /// frees its slot only when the work is really over, so that no more than `slots` ever run.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HasherError> + Send + 'static,
    ) -> Result<T, HasherError> {
        let asked = Instant::now();
        let queued = self.queue()?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(failed)?;
        let (tell, told) = oneshot::channel();
        let started = std::thread::Builder::new()
            .name("hashing".to_owned())
            .spawn(move || {
                let _permits = (queued, slot);
                step_back();
                // Who asked may be gone.
                let _ = tell.send(work());
            });
        started.map_err(failed)?;
        let told = told.await;
        self.meter.record(asked.elapsed());
        told.map_err(failed)?
    }

    fn queue(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        Arc::clone(&self.queue)
            .try_acquire_owned()
            .map_err(|error| match error {
                TryAcquireError::NoPermits => HasherError::Busy,
                TryAcquireError::Closed => failed(error),
            })
    }
}

impl PasswordHasher for Argon2idHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash, HasherError> {
        let (argon2, salt) = (self.argon2.clone(), self.entropy.draw());
        self.run(move || hash(&argon2, password.expose().as_bytes(), salt))
            .await
    }

    async fn verify(&self, password: Password, known: Option<PasswordHash>) -> Result<bool, HasherError> {
        let (argon2, dummy) = (self.argon2.clone(), self.dummy.clone());
        self.run(move || {
            let exists = known.is_some();
            let right = verify(&argon2, password.expose().as_bytes(), &known.unwrap_or(dummy))?;
            Ok(exists && right)
        })
        .await
    }
}

/// Lets the other threads go first. Where that cannot be had, all are equal.
#[cfg(target_os = "linux")]
fn step_back() {
    // On Linux this is the thread alone, whatever POSIX says of the process.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Elsewhere the whole process would step back.
#[cfg(not(target_os = "linux"))]
const fn step_back() {}

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

fn hash(argon2: &Argon2<'_>, password: &[u8], salt: [u8; 16]) -> Result<PasswordHash, HasherError> {
    let hashed = argon2.hash_password_with_salt(password, &salt).map_err(failed)?;
    Ok(PasswordHash::from_phc(hashed.to_string()))
}

/// Verifies with the parameters that stand in the hash; compared in constant time by the library.
fn verify(argon2: &Argon2<'_>, password: &[u8], known: &PasswordHash) -> Result<bool, HasherError> {
    let known = Phc::new(known.expose()).map_err(failed)?;
    match argon2.verify_password(password, &known) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
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

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_steps_back_and_nothing_else_does() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let hashing = hasher(CHEAP, 1).run(move || Ok(niceness())).await.unwrap();
        assert_eq!((hashing, niceness()), (NICENESS.max(before), before));
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_is_sent_away() {
        let hasher = hasher(CHEAP, 1);
        let all = u32::try_from(1 + QUEUE).unwrap();
        let waiting = Arc::clone(&hasher.queue).try_acquire_many_owned(all).unwrap();
        assert!(matches!(hasher.hash(password("x")).await, Err(HasherError::Busy)));
        drop(waiting);
        assert!(hasher.hash(password("x")).await.is_ok());
    }

    #[tokio::test]
    async fn who_goes_away_while_waiting_frees_the_place() {
        let hasher = Arc::new(hasher(CHEAP, 1));
        let places = hasher.queue.available_permits();
        let slot = Arc::clone(&hasher.slots).acquire_owned().await.unwrap();
        {
            let mut waiting = Box::pin(hasher.hash(password("x")));
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
            assert_eq!(hasher.queue.available_permits(), places - 1);
        }
        assert_eq!(hasher.queue.available_permits(), places);
        drop(slot);
        assert!(hasher.hash(password("x")).await.is_ok());
    }
}
