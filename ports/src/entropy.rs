//! Chance.

/// Draws random bytes fit for keys and tokens.
pub trait Entropy: Send + Sync + 'static {
    /// Fills all of `bytes`. It never fails: without randomness the process must stop rather than go on with
    /// guessable tokens.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy {
    /// Draws so many bytes.
    #[must_use]
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
