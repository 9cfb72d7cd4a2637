//! What the two curves share: the field's prime, and the byte rule for encoded values.

/// 2²⁵⁵ − 19, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xff; 32];
    prime[0] = 0xed;
    prime[31] = 0x7f;
    prime
};

/// The bytes with the top bit cleared.
pub(crate) const fn without_top_bit(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] &= 0x7f;
    bytes
}

/// Whether the value, its top bit cleared, is below the prime: only then is it the one encoding of its number.
pub(crate) fn is_canonical(bytes: &[u8; 32]) -> bool {
    without_top_bit(*bytes).iter().rev().lt(PRIME.iter().rev())
}

/// Public keys that must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is one with which nothing can be kept secret or proved")]
pub struct WeakKey;
