//! The operating system's randomness.

use chat_ports::Entropy;

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place where chance comes from")]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without randomness every token would be a guess away: stop rather than go on.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let entropy: &dyn Entropy = &SystemEntropy;
        let (one, two) = (entropy.draw::<32>(), entropy.draw::<32>());
        assert_ne!(one, two);
        assert_ne!(one, [0; 32]);
    }
}
