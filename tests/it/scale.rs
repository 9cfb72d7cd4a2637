//! How much is tried: a little in everyday runs, everything with `CHAT_TEST_SCALE=full`.

/// So many rounds.
pub(crate) fn rounds(few: usize, full: usize) -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is run is no configuration of the product"
    )]
    let scale = std::env::var("CHAT_TEST_SCALE").unwrap_or_default();
    if scale == "full" { full } else { few }
}

/// Chance that can be had again: its seed is printed, and taken from `CHAT_TEST_SEED` if that is set.
pub(crate) fn chance(test: &str) -> fastrand::Rng {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a test is run is no configuration of the product"
    )]
    let given = std::env::var("CHAT_TEST_SEED").ok();
    let seed = given.map_or_else(|| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("{test}: CHAT_TEST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
