//! The lengths that a server sees: a few of them instead of every one (specification, 4.8.3).

/// The least length.
const FLOOR: usize = 256;

/// The length that `length` bytes are filled up to: 256, or by Padmé the next number whose binary digits behind the
/// first few are zeros. At most an eighth is added, and of a length remains what the logarithm of its logarithm
/// tells.
#[must_use]
pub const fn pad(length: usize) -> usize {
    if length <= FLOOR {
        return FLOOR;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let step = 1_usize << (exponent - kept);
    // Nothing that is padded comes near the end of the address space.
    match length.checked_next_multiple_of(step) {
        Some(padded) => padded,
        None => usize::MAX,
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;
    use crate::hash::sha256;

    #[test]
    fn d_3_padme_table() {
        let expected = [
            (0, 256),
            (37, 256),
            (256, 256),
            (257, 272),
            (300, 304),
            (511, 512),
            (513, 544),
            (1000, 1024),
            (4096, 4096),
            (5000, 5120),
            (16421, 17408),
        ];
        for (length, padded) in expected {
            assert_eq!(pad(length), padded, "{length}");
        }
        let table: Vec<u8> = (0..=20_000_usize)
            .flat_map(|length| u32::try_from(pad(length)).unwrap().to_be_bytes())
            .collect();
        assert_eq!(
            HEXLOWER.encode(&sha256(&table)),
            "d6f32387dd57b961893697d93a6b83f01bd766361aeba04b435a51e4368ba4fd"
        );
    }

    #[test]
    fn padding_buckets() {
        let buckets: std::collections::BTreeSet<_> = (37..=37 + 16_384).map(pad).collect();
        assert_eq!(buckets.first(), Some(&256));
        assert_eq!(buckets.last(), Some(&17_408));
        // Sixteen thousand lengths, and a server tells fewer than a hundred of them apart.
        assert!(buckets.len() < 100, "{}", buckets.len());
    }

    #[test]
    fn the_end_of_the_address_space_is_no_panic() {
        assert_eq!(pad(usize::MAX), usize::MAX);
    }

    proptest! {
        #[test]
        fn a_padded_length_stays(length in 0_usize..1 << 31) {
            let padded = pad(length);
            prop_assert!(padded >= length);
            prop_assert_eq!(pad(padded), padded);
            prop_assert!(padded <= FLOOR || padded - length <= length / 8);
        }
    }
}
