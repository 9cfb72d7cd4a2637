//! Random names for messages, and random pauses.

use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::error::ClientError;

pub(crate) fn draw<const N: usize>() -> Result<[u8; N], ClientError> {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "the one place of the client that draws")]
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes)
}

/// A name that no other message has.
pub(crate) fn client_id() -> Result<String, ClientError> {
    Ok(HEXLOWER.encode(&draw::<16>()?))
}

/// Anything from nothing to `most` ("full jitter"): clients that were cut off together do not come back together.
pub(crate) fn up_to(most: Duration) -> Duration {
    let drawn = draw().map_or(u32::MAX, u32::from_le_bytes);
    most.mul_f64(f64::from(drawn) / f64::from(u32::MAX))
}
