//! Files, chunk by chunk (specification, 4.9): a file of 1 GiB is never held whole.
//!
//! A chunk is bound to its number, and the last one to being the last; the root in the signed message binds the file
//! to that message, also against somebody who knows its key.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::aead;
use crate::encoding::Writer;
use crate::hash::{hkdf, sha256};
use crate::ids::{FileId, InstanceId};
use crate::label::Label;
use crate::padding::pad;
use crate::secret::{ChunkKey, FileKey, Secret, constant_time_eq};

/// Bytes of a chunk before it is sealed; the last one may be shorter.
pub const CHUNK: u32 = 262_144;
/// The longest file, padded: 4,096 chunks.
pub const MAX_PADDED: u64 = 1 << 30;
/// The shortest.
const MIN_PADDED: u64 = 4096;
/// The tag of AES-GCM.
const TAG: u64 = 16;

/// Not the file that its message names, or not one that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is not the one that the message names")]
pub struct BadFile;

/// The length that a file is filled up to.
#[must_use]
pub fn padded_size(size: u64) -> u64 {
    let padded = usize::try_from(size).map_or(usize::MAX, pad);
    u64::try_from(padded).unwrap_or(u64::MAX).max(MIN_PADDED)
}

/// Bytes of a file of that size on the server.
///
/// # Errors
/// [`BadFile`] if it is longer than a file may be.
pub fn sealed_size(size: u64) -> Result<u64, BadFile> {
    Shape::of(size).map(Shape::sealed)
}

/// `KF`, the key of a file's chunks.
#[must_use]
pub fn chunk_key(key: &FileKey, file: FileId) -> ChunkKey {
    hkdf(key.expose(), file.as_bytes(), &Label::File.encode())
}

/// The lengths of a file and its chunks. Files of messages have one padding and one size of chunk; the vectors also
/// one with smaller chunks, so that it can be read.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    size: u64,
    padded: u64,
    chunk: u32,
    count: u32,
}

impl Shape {
    /// Of a file of that size.
    fn of(size: u64) -> Result<Self, BadFile> {
        Self::new(size, padded_size(size), CHUNK)
    }

    /// With any padding and any chunk, for the vectors.
    ///
    /// # Errors
    /// [`BadFile`] if it has no chunk, or too many.
    pub fn new(size: u64, padded: u64, chunk: u32) -> Result<Self, BadFile> {
        let lawful = size <= padded && padded <= MAX_PADDED && chunk > 0;
        let count = u32::try_from(padded.div_ceil(u64::from(chunk).max(1))).map_err(|_| BadFile)?;
        if !lawful || count == 0 {
            return Err(BadFile);
        }
        Ok(Self {
            size,
            padded,
            chunk,
            count,
        })
    }

    /// How many bytes up to `end` stand in that chunk.
    fn part(self, end: u64, index: u32) -> usize {
        let chunk = u64::from(self.chunk);
        let begin = u64::from(index) * chunk;
        usize::try_from(end.saturating_sub(begin).min(chunk)).unwrap_or_default()
    }

    fn sealed(self) -> u64 {
        self.padded + TAG * u64::from(self.count)
    }
}

/// What sealing and opening have in common.
#[derive(Debug)]
struct Chunks {
    shape: Shape,
    key: ChunkKey,
    aad: Vec<u8>,
    root: Sha256,
    next: u32,
}

impl Chunks {
    fn new(instance: InstanceId, file: FileId, key: &FileKey, shape: Shape) -> Self {
        let place = |label| {
            Writer::new(label)
                .raw(instance.as_bytes())
                .raw(file.as_bytes())
                .u32(shape.chunk)
        };
        let root = place(Label::FileRoot).u64(shape.padded).u32(shape.count).finish();
        Self {
            shape,
            key: chunk_key(key, file),
            aad: place(Label::FileChunk).finish(),
            root: Sha256::new_with_prefix(root),
            next: 0,
        }
    }

    /// The number of the next chunk.
    fn index(&self) -> Result<u32, BadFile> {
        if self.next < self.shape.count {
            Ok(self.next)
        } else {
            Err(BadFile)
        }
    }

    /// `0x00×7 || u32 i || u8 last`. The key is the file's alone, so that no nonce comes twice under it.
    fn nonce(&self, index: u32) -> [u8; aead::IV] {
        let [a, b, c, d] = index.to_be_bytes();
        let last = u8::from(index.saturating_add(1) == self.shape.count);
        [0, 0, 0, 0, 0, 0, 0, a, b, c, d, last]
    }

    fn pass(&mut self, sealed: &[u8]) {
        self.root.update(sha256(sealed));
        self.next = self.next.saturating_add(1);
    }

    fn finish(self) -> Result<[u8; 32], BadFile> {
        if self.next == self.shape.count {
            Ok(self.root.finalize().into())
        } else {
            Err(BadFile)
        }
    }
}

/// Seals a file, one chunk after the other. The key is drawn anew for every file.
#[derive(Debug)]
pub struct Sealer(Chunks);

impl Sealer {
    /// Begins a file of that size.
    ///
    /// # Errors
    /// [`BadFile`] if it is longer than a file may be.
    pub fn new(instance: InstanceId, file: FileId, key: &FileKey, size: u64) -> Result<Self, BadFile> {
        Ok(Self::with_shape(instance, file, key, Shape::of(size)?))
    }

    /// Begins a file of any shape, for the vectors.
    #[must_use]
    pub fn with_shape(instance: InstanceId, file: FileId, key: &FileKey, shape: Shape) -> Self {
        Self(Chunks::new(instance, file, key, shape))
    }

    /// How many chunks there are: padding may be chunks of its own.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.0.shape.count
    }

    /// How many bytes of the file the next chunk takes; 0 for one of padding alone, and after the last.
    #[must_use]
    pub fn wants(&self) -> usize {
        self.0.shape.part(self.0.shape.size, self.0.next)
    }

    /// Seals the next chunk.
    ///
    /// # Errors
    /// [`BadFile`] unless `data` is exactly as long as [`Sealer::wants`], and after the last chunk.
    pub fn seal(&mut self, data: &[u8]) -> Result<Vec<u8>, BadFile> {
        let index = self.0.index()?;
        if data.len() != self.wants() {
            return Err(BadFile);
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(self.0.shape.part(self.0.shape.padded, index)));
        plain.extend_from_slice(data);
        plain.resize(self.0.shape.part(self.0.shape.padded, index), 0);
        let sealed = aead::seal(self.0.key.expose(), &self.0.nonce(index), &plain, &self.0.aad);
        self.0.pass(&sealed);
        Ok(sealed)
    }

    /// The root, for the manifest.
    ///
    /// # Errors
    /// [`BadFile`] before the last chunk.
    pub fn finish(self) -> Result<[u8; 32], BadFile> {
        self.0.finish()
    }
}

/// What a message says of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Bytes of the file (`sz`).
    pub size: u64,
    /// With the padding (`psz`).
    pub padded: u64,
    /// The root.
    pub root: [u8; 32],
}

/// Opens a file, one chunk after the other. Nothing of it may be offered before [`Opener::finish`] has agreed.
#[derive(Debug)]
pub struct Opener {
    chunks: Chunks,
    root: [u8; 32],
}

impl Opener {
    /// Begins a file.
    ///
    /// # Errors
    /// [`BadFile`] if the claimed lengths do not fit each other, or are longer than a file may be.
    pub fn new(instance: InstanceId, file: FileId, key: &FileKey, claim: Claim) -> Result<Self, BadFile> {
        let shape = Shape::of(claim.size)?;
        if shape.padded != claim.padded {
            return Err(BadFile);
        }
        Ok(Self::with_shape(instance, file, key, shape, claim.root))
    }

    /// Begins a file of any shape, for the vectors.
    #[must_use]
    pub fn with_shape(
        instance: InstanceId,
        file: FileId,
        key: &FileKey,
        shape: Shape,
        root: [u8; 32],
    ) -> Self {
        Self {
            chunks: Chunks::new(instance, file, key, shape),
            root,
        }
    }

    /// How many sealed bytes the next chunk has; 0 after the last.
    #[must_use]
    pub fn wants(&self) -> usize {
        match self.chunks.index() {
            Ok(index) => self.chunks.shape.part(self.chunks.shape.padded, index) + 16,
            Err(BadFile) => 0,
        }
    }

    /// Opens the next chunk: what of the file is in it, the padding left out.
    ///
    /// # Errors
    /// [`BadFile`]: another chunk, a changed one, padding that is not zeros.
    pub fn open(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadFile> {
        let index = self.chunks.index()?;
        if sealed.len() != self.wants() {
            return Err(BadFile);
        }
        let nonce = self.chunks.nonce(index);
        let mut plain = aead::open(self.chunks.key.expose(), &nonce, sealed, &self.chunks.aad)
            .map(Zeroizing::new)
            .map_err(|_| BadFile)?;
        self.chunks.pass(sealed);
        let length = self.chunks.shape.part(self.chunks.shape.size, index);
        if plain.iter().skip(length).any(|byte| *byte != 0) {
            return Err(BadFile);
        }
        plain.truncate(length);
        Ok(plain)
    }

    /// Whether it is the file that was meant.
    ///
    /// # Errors
    /// [`BadFile`] before the last chunk, or if the root is another.
    pub fn finish(self) -> Result<(), BadFile> {
        let root = self.chunks.finish()?;
        if constant_time_eq(&root, &self.root) {
            Ok(())
        } else {
            Err(BadFile)
        }
    }
}

/// A sealed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    /// The chunks joined.
    pub ciphertext: Vec<u8>,
    /// What the manifest says of it.
    pub claim: Claim,
    /// How many chunks.
    pub count: u32,
}

/// Seals a whole file.
///
/// # Errors
/// [`BadFile`] if it is longer than a file may be.
pub fn seal(instance: InstanceId, file: FileId, key: &FileKey, data: &[u8]) -> Result<SealedFile, BadFile> {
    let size = u64::try_from(data.len()).map_err(|_| BadFile)?;
    seal_whole(Sealer::new(instance, file, key, size)?, data)
}

/// Seals all chunks with the sealer.
///
/// # Errors
/// [`BadFile`] if the data is not as long as was said.
pub fn seal_whole(mut sealer: Sealer, mut data: &[u8]) -> Result<SealedFile, BadFile> {
    let shape = sealer.0.shape;
    let mut ciphertext = Vec::new();
    for _ in 0..shape.count {
        let (chunk, rest) = data.split_at_checked(sealer.wants()).ok_or(BadFile)?;
        ciphertext.extend(sealer.seal(chunk)?);
        data = rest;
    }
    let root = sealer.finish()?;
    Ok(SealedFile {
        ciphertext,
        claim: Claim {
            size: shape.size,
            padded: shape.padded,
            root,
        },
        count: shape.count,
    })
}

/// Opens a whole file.
///
/// # Errors
/// [`BadFile`].
pub fn open(
    instance: InstanceId,
    file: FileId,
    key: &FileKey,
    claim: Claim,
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadFile> {
    open_whole(Opener::new(instance, file, key, claim)?, ciphertext)
}

/// Opens all chunks with the opener.
///
/// # Errors
/// [`BadFile`].
pub fn open_whole(mut opener: Opener, mut ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadFile> {
    // Room for the whole at once: a vector that grows leaves copies behind.
    let mut data = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
    for _ in 0..opener.chunks.shape.count {
        let (chunk, rest) = ciphertext.split_at_checked(opener.wants()).ok_or(BadFile)?;
        data.extend_from_slice(&opener.open(chunk)?);
        ciphertext = rest;
    }
    opener.finish()?;
    if ciphertext.is_empty() {
        Ok(data)
    } else {
        Err(BadFile)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    const INSTANCE: InstanceId =
        InstanceId(*b"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f");
    const FILE: FileId = FileId(*b"UVWXYZ[\\]^_`abcd");
    const FOX: &[u8] = b"The quick brown fox jumps over the lazy dog";

    fn key() -> FileKey {
        FileKey::from_bytes(std::array::from_fn(|at| 0x99 + u8::try_from(at).unwrap()))
    }

    fn fox_shape() -> Shape {
        Shape::new(43, 43, 16).unwrap()
    }

    fn fox() -> SealedFile {
        seal_whole(Sealer::with_shape(INSTANCE, FILE, &key(), fox_shape()), FOX).unwrap()
    }

    fn open_fox(ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, BadFile> {
        let opener = Opener::with_shape(INSTANCE, FILE, &key(), fox_shape(), fox().claim.root);
        open_whole(opener, ciphertext)
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..length)
            .map(|k| u8::try_from((k * 31 + (k >> 8)) & 255).unwrap())
            .collect()
    }

    #[test]
    fn e_1_seed() {
        assert_eq!(
            HEXLOWER.encode(chunk_key(&key(), FILE).expose()),
            "28efa95223a341bacc4d050c833542a6af7531c4e1630104db15c80171af6888"
        );
        let sealed = fox();
        assert_eq!(
            HEXLOWER.encode(&sealed.ciphertext),
            "46ae0949fb3c71558499c3644f15caf35802f853dfbd5f7cf3eaff52828432f405e591a0e209ec865c7dadc02a526201\
             6eab4c5864ad06de7a0b7eaefad1f273a41809398bbec85021bc254a7b326148c67790544614c152b1b4a3"
        );
        assert_eq!(
            HEXLOWER.encode(&sealed.claim.root),
            "edfc3a6013d1eb342f12d03ab1d1ad25b8980ad29a792d71b7e3f16ed2ad9949"
        );
        assert_eq!(open_fox(&sealed.ciphertext).unwrap().as_slice(), FOX);
    }

    #[test]
    fn e_1_sizes() {
        let chunk = usize::try_from(CHUNK).unwrap();
        for size in [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk] {
            let data = pattern(size);
            let sealed = seal(INSTANCE, FILE, &key(), &data).unwrap();
            let size = u64::try_from(size).unwrap();
            assert_eq!(sealed.claim.padded, padded_size(size));
            assert_eq!(
                u64::try_from(sealed.ciphertext.len()),
                Ok(sealed_size(size).unwrap())
            );
            let opened = open(INSTANCE, FILE, &key(), sealed.claim, &sealed.ciphertext).unwrap();
            assert!(*opened == data, "{size}");
        }
        assert_eq!(sealed_size(0), Ok(4096 + 16));
        assert_eq!(sealed_size(1 << 30), Ok((1 << 30) + 4096 * 16));
        assert_eq!(sealed_size((1 << 30) + 1), Err(BadFile));
        assert_eq!(sealed_size(u64::MAX), Err(BadFile));
    }

    #[test]
    fn file_tamper_matrix() {
        let sealed = fox();
        let whole = &sealed.ciphertext;
        for place in 0..whole.len() {
            for bit in [0x01, 0x80] {
                let mut changed = whole.clone();
                changed[place] ^= bit;
                assert_eq!(open_fox(&changed), Err(BadFile), "{place}");
            }
        }
        let swapped = [&whole[32..64], &whole[..32], &whole[64..]].concat();
        let appended = [whole.as_slice(), &[0; 16]].concat();
        let truncated = &whole[..whole.len() - 16];
        let damaged = [&swapped, &appended, truncated, &whole[..64], &whole[..32], &[]];
        for damaged in damaged {
            assert_eq!(open_fox(damaged), Err(BadFile));
        }
    }

    #[test]
    fn file_tamper_matrix_of_claims() {
        let sealed = seal(INSTANCE, FILE, &key(), &pattern(5000)).unwrap();
        let claim = sealed.claim;
        let try_open = |instance, file, key: &FileKey, claim| {
            open(instance, file, key, claim, &sealed.ciphertext).map(|data| data.len())
        };
        assert_eq!(try_open(INSTANCE, FILE, &key(), claim), Ok(5000));
        let wrong = [
            Claim {
                root: [0; 32],
                ..claim
            },
            // Fewer bytes than there are: what is left is padding that is not zeros.
            Claim { size: 4999, ..claim },
            Claim {
                padded: 5376,
                ..claim
            },
            Claim {
                size: 5121,
                padded: 5248,
                ..claim
            },
        ];
        for claim in wrong {
            assert_eq!(try_open(INSTANCE, FILE, &key(), claim), Err(BadFile), "{claim:?}");
        }
        let other_key = FileKey::from_bytes([0; 32]);
        assert_eq!(try_open(InstanceId([0; 16]), FILE, &key(), claim), Err(BadFile));
        assert_eq!(try_open(INSTANCE, FileId([0; 16]), &key(), claim), Err(BadFile));
        assert_eq!(try_open(INSTANCE, FILE, &other_key, claim), Err(BadFile));
        // Somebody who knows the key makes another file: only the root tells.
        let other = seal(INSTANCE, FILE, &key(), &pattern(4990)).unwrap();
        let swapped = open(
            INSTANCE,
            FILE,
            &key(),
            Claim { size: 4990, ..claim },
            &other.ciphertext,
        );
        assert_eq!(swapped, Err(BadFile));
    }

    #[test]
    fn a_sealer_takes_what_it_wants_and_no_more() {
        let mut sealer = Sealer::new(INSTANCE, FILE, &key(), 10).unwrap();
        assert_eq!((sealer.wants(), sealer.count()), (10, 1));
        assert_eq!(sealer.seal(&[0; 9]), Err(BadFile));
        assert!(sealer.seal(&[0; 10]).is_ok());
        assert_eq!(sealer.seal(&[]), Err(BadFile));
        let early = Sealer::new(INSTANCE, FILE, &key(), 10).unwrap();
        assert_eq!(early.finish(), Err(BadFile));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(data in prop::collection::vec(any::<u8>(), 0..200), extra in 0_u64..50, chunk in 1_u32..70) {
            let size = u64::try_from(data.len()).unwrap();
            prop_assume!(size + extra > 0);
            let shape = Shape::new(size, size + extra, chunk).unwrap();
            let sealed = seal_whole(Sealer::with_shape(INSTANCE, FILE, &key(), shape), &data).unwrap();
            let opener = Opener::with_shape(INSTANCE, FILE, &key(), shape, sealed.claim.root);
            prop_assert_eq!(open_whole(opener, &sealed.ciphertext).unwrap().to_vec(), data);
        }
    }
}
