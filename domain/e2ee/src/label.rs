//! Labels: every string that is hashed, signed or put into a key derivation begins with exactly one of them, so
//! that a value made for one purpose is worth nothing for another.

/// Declares the registry: a name is never used for a second purpose.
macro_rules! registry {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)*) => {
        /// The names in use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Label { $($(#[$meta])* $variant,)* }

        impl Label {
            /// All of them: the registry is closed.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the registry.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

registry! {
    /// The salt of PBKDF2.
    PwSalt = "pw-salt",
    /// What is sent at sign-in.
    Auth = "auth",
    /// The key that opens the account's master key.
    Wrap = "wrap",
    /// The associated data of a small wrapped secret.
    Box = "box",
    /// The key that opens the identity's private keys.
    KekIdentity = "kek-identity",
    /// The key of the account's state.
    State = "state",
    /// The key of what a browser keeps for itself.
    Local = "local",
    /// The check digits of a recovery code.
    RecCheck = "rec-check",
    /// The salt of what is derived from a recovery code.
    RecSalt = "rec-salt",
    /// What is sent at recovery.
    RecAuth = "rec-auth",
    /// The key that opens the account's master key at recovery.
    RecWrap = "rec-wrap",
    /// What the server keeps of a recovery code.
    RecVerifier = "rec-verifier",
    /// A signature that a client makes for itself, to see that its keys fit.
    SelfCheck = "self-check",
    /// The same with the encryption key.
    SelfCheckKem = "self-check-kem",

    /// The associated data of Argon2id.
    SrvAuth = "srv-auth",
    /// What the server compares at sign-in.
    SrvVerifier = "srv-verifier",
    /// What the outer lock is bound to.
    SrvOuter = "srv-outer",
    /// The salt that is answered for a name nobody has.
    FakeSalt = "fake-salt",
    /// The token of a registration that was begun.
    RegToken = "reg-token",
    /// The key of a column, from the key of the keyring.
    AtRest = "at-rest",
    /// The key of the keyring, from a text that the operator keeps.
    AtRestEnv = "at-rest-env",
    /// What a sealed record is bound to.
    AtRestAad = "at-rest-aad",
    /// The key of a file in a room that the server can read.
    AtRestFile = "at-rest-file",
    /// What a chunk of such a file is bound to.
    AtRestChunk = "at-rest-chunk",
    /// A line of the audit log.
    AuditRecord = "audit-record",
    /// The signed head of the audit log.
    AuditHead = "audit-head",

    /// An identity statement.
    Identity = "identity",
    /// The former identity's signature under its successor.
    IdentityCont = "identity-cont",
    /// A link of the directory's chain.
    DirRecord = "dir-record",
    /// The directory's signed head.
    DirHead = "dir-head",
    /// A safety number.
    Safety = "safety",

    /// An entry of a room's log.
    RoomEntry = "room-entry",
    /// The commitment to an epoch's secret.
    EsCommit = "es-commit",
    /// What the wrap of an epoch's secret is bound to.
    EpochWrap = "epoch-wrap",
    /// The key of a sender's messages in an epoch.
    MsgKey = "msg-key",
    /// The key of the link to the epoch before.
    Backlink = "backlink",
    /// What that link is bound to.
    BacklinkAad = "backlink-aad",
    /// The code by which members compare their logs.
    RoomCode = "room-code",

    /// A message's header.
    Msg = "msg",
    /// The commitment to a message's content.
    MsgCommit = "msg-commit",
    /// What a message's signature covers.
    MsgSig = "msg-sig",
    /// A file's key.
    File = "file",
    /// What a chunk of a file is bound to.
    FileChunk = "file-chunk",
    /// The hash of a whole file.
    FileRoot = "file-root",
    /// What the wrap of a report's key is bound to.
    ReportKey = "report-key",
    /// An announcement of an administrator.
    Broadcast = "broadcast",
}

impl Label {
    /// `L(name)`: the length-prefixed ASCII of the protocol's name and the label's. The protocol's name is a
    /// constant that does not follow the product's.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        length_prefixed(&mut bytes, format!("e2ee-chat/1 {}", self.name()).as_bytes());
        bytes
    }
}

/// Appends `LP(value)`: four bytes of length, big-endian, and the value.
pub fn length_prefixed(bytes: &mut Vec<u8>, value: &[u8]) {
    // A value of 4 GiB does not reach this function: everything that comes from outside is bounded far below.
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding() {
        assert_eq!(Label::AtRest.encode(), b"\0\0\0\x13e2ee-chat/1 at-rest");
    }

    /// The list of the specification, 4.18.
    const REGISTRY: &str = "pw-salt auth wrap box kek-identity state local rec-check rec-salt rec-auth rec-wrap \
        rec-verifier self-check self-check-kem srv-auth srv-verifier srv-outer fake-salt reg-token at-rest \
        at-rest-env at-rest-aad at-rest-file at-rest-chunk audit-record audit-head identity identity-cont \
        dir-record dir-head safety room-entry es-commit epoch-wrap msg-key backlink backlink-aad room-code msg \
        msg-commit msg-sig file file-chunk file-root report-key broadcast";

    #[test]
    fn labels_unique() {
        let names: Vec<_> = Label::ALL.iter().map(|label| label.name()).collect();
        assert_eq!(names, REGISTRY.split_whitespace().collect::<Vec<_>>());
        let different: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len());
    }
}
