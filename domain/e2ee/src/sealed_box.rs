//! Small secrets under a key that only their owner has (specification, 4.3, *Box*).
//!
//! ```text
//! Box(K, purpose, ctx, pt) = 0x01 || iv || AES-256-GCM(K, iv, pt, L("box") || LP(purpose) || LP(ctx))
//! ```
//!
//! The context binds a box to its account, and to its number or version: a server that answers one box in another's
//! place, or an old one with a new number, is found out when it is opened.

use zeroize::Zeroizing;

use crate::account::Iterations;
use crate::aead;
use crate::encoding::Writer;
use crate::ids::{InstanceId, ReportId, RoomId, Usr};
use crate::label::Label;
use crate::secret::Secret;

const VERSION: u8 = 1;

/// What is in a box, and what it is bound to.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'a> {
    /// The master key, under the password.
    MasterByPassword(&'a [u8; 16], Iterations),
    /// The master key, under the recovery code.
    MasterByRecovery,
    /// The private signing key of an identity's generation.
    Ed25519(u32),
    /// The private encryption key of a number.
    X25519(u32),
    /// The account's state of a version.
    State(u64),
    /// Texts that were begun.
    Drafts,
}

impl Purpose<'_> {
    /// The name in the associated data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MasterByPassword(..) => "amk-pw",
            Self::MasterByRecovery => "amk-rec",
            Self::Ed25519(_) => "ed25519",
            Self::X25519(_) => "x25519",
            Self::State(_) => "state",
            Self::Drafts => "drafts",
        }
    }

    fn context(self, instance: InstanceId, usr: &Usr) -> Vec<u8> {
        let context = Writer::inner().raw(instance.as_bytes()).prefixed(usr.as_bytes());
        match self {
            Self::MasterByPassword(salt, iterations) => context.raw(salt).u32(iterations.get()),
            Self::MasterByRecovery | Self::Drafts => context,
            Self::Ed25519(number) | Self::X25519(number) => context.u32(number),
            Self::State(version) => context.u64(version),
        }
        .finish()
    }
}

/// The purpose and the context of a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The purpose's name.
    pub purpose: &'static str,
    /// `ctx`
    pub context: Vec<u8>,
}

impl Binding {
    /// Of a box of an account.
    #[must_use]
    pub fn account(purpose: Purpose<'_>, instance: InstanceId, usr: &Usr) -> Self {
        Self {
            purpose: purpose.name(),
            context: purpose.context(instance, usr),
        }
    }

    /// Of a report's body (4.10).
    #[must_use]
    pub fn report(instance: InstanceId, room: RoomId, report: ReportId) -> Self {
        Self {
            purpose: "report",
            context: Writer::inner()
                .raw(instance.as_bytes())
                .u64(room.get())
                .raw(report.as_bytes())
                .finish(),
        }
    }

    fn aad(&self) -> Vec<u8> {
        Writer::new(Label::Box)
            .prefixed(self.purpose.as_bytes())
            .prefixed(&self.context)
            .finish()
    }
}

/// Not opened: another key, another place, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the box was made for another purpose or under another key, or was changed")]
pub struct BadBox;

/// Seals. The IV is drawn anew for every box.
#[must_use]
pub fn seal(key: &impl Secret, binding: &Binding, iv: &[u8; 12], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = vec![VERSION];
    sealed.extend_from_slice(iv);
    sealed.extend(aead::seal(key.expose(), iv, plaintext, &binding.aad()));
    sealed
}

/// Opens.
///
/// # Errors
/// [`BadBox`].
pub fn open(key: &impl Secret, binding: &Binding, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadBox> {
    let (&[VERSION], rest) = sealed.split_first_chunk().ok_or(BadBox)? else {
        return Err(BadBox);
    };
    let (iv, ciphertext) = rest.split_first_chunk().ok_or(BadBox)?;
    aead::open(key.expose(), iv, ciphertext, &binding.aad())
        .map(Zeroizing::new)
        .map_err(|_| BadBox)
}
