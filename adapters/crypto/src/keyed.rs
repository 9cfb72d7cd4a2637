//! What the server makes of what a keyed account shows at sign-in (`docs/protocol-encryption.md`, 4.4.2): Argon2id with
//! the keyring's pepper, which is not in the database, and the salt that it answers for a name nobody has.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use chat_e2ee::ids::{UserId, Usr};
use chat_e2ee::secret::{AuthKey, Secret};
use chat_e2ee::server_record::{ARGON_OUT, argon_associated_data, fake_salt};
use zeroize::Zeroizing;

use crate::argon2id::Cost;
use crate::keyring::{Key, Keyring, Purpose};

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
    let bound = argon_associated_data(user);
    let params = ParamsBuilder::new()
        .m_cost(cost.memory_kib)
        .t_cost(cost.passes)
        .p_cost(cost.lanes)
        .output_len(ARGON_OUT)
        .data(AssociatedData::new(&bound).map_err(|_| BadCost)?)
        .build()
        .map_err(|_| BadCost)?;
    let argon2 =
        Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params).map_err(|_| BadCost)?;
    let mut output = Zeroizing::new([0; ARGON_OUT]);
    argon2
        .hash_password_into(shown.expose(), salt, output.as_mut())
        .map_err(|_| BadCost)?;
    Ok(output)
}

impl Keyring {
    /// The pepper with which an account was stored: an older one still opens what was made with it.
    #[must_use]
    pub fn pepper(&self, kid: u32) -> Option<&Key> {
        self.opening(Purpose::Pepper, kid)
    }

    /// The salt that is answered for a name nobody has: like a real one, and always the same.
    #[must_use]
    pub fn salt_of_nobody(&self, usr: &Usr) -> Option<[u8; 16]> {
        let key = self.active(Purpose::Prelogin)?;
        Some(fake_salt(key.secret(), usr))
    }
}

#[cfg(test)]
mod tests {
    use chat_e2ee::server_record;
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

    #[test]
    fn the_keyring_answers_for_nobody_always_alike() {
        let (_directory, _path, keyring) = crate::keyring::tests::created();
        let usr = Usr::parse(b"nobody").unwrap();
        assert!(keyring.salt_of_nobody(&usr).is_some());
        assert_eq!(keyring.salt_of_nobody(&usr), keyring.salt_of_nobody(&usr));
        assert_eq!(keyring.pepper(u32::MAX).map(Key::secret), None);
    }
}
