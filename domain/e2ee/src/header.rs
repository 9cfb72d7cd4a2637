//! A message's header: everything about it that its author signs and that is not secret (specification, 4.8.1).

use crate::encoding::{Reader, SUITE, Unreadable, Writer, in_range};
use crate::ids::{FileId, InstanceId, Mid, RoomId, Sid, UserId};
use crate::label::Label;

/// The most files of a message, thumbnails counted.
pub const MAX_FILES: usize = 20;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message of its own.
    Message,
    /// Replaces the content of the target.
    Edit,
    /// Takes the target back.
    Redaction,
    /// Says something about the target.
    Reaction,
}

impl Kind {
    /// The number in the header.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Message => 1,
            Self::Edit => 2,
            Self::Redaction => 3,
            Self::Reaction => 4,
        }
    }

    /// The kind of that number.
    ///
    /// # Errors
    /// [`Unreadable::Malformed`] if there is none.
    pub const fn from_number(number: u8) -> Result<Self, Unreadable> {
        match number {
            1 => Ok(Self::Message),
            2 => Ok(Self::Edit),
            3 => Ok(Self::Redaction),
            4 => Ok(Self::Reaction),
            _ => Err(Unreadable::Malformed),
        }
    }
}

/// A header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The installation.
    pub instance: InstanceId,
    /// The room.
    pub room: RoomId,
    /// The number of the epoch whose secret the message is sealed with.
    pub epoch: u32,
    /// The hash of that epoch's entry in the room's log.
    pub epoch_hash: [u8; 32],
    /// The newest entry of the log that the author has validated.
    pub log_head: [u8; 32],
    /// The author.
    pub sender: UserId,
    /// The generation of the author's identity.
    pub generation: u32,
    /// The message's name.
    pub mid: Mid,
    /// The tab or the run in which it was written.
    pub sid: Sid,
    /// How many messages that session has written in the room before.
    pub n: u32,
    /// The hash of the newest message that the author had seen; zeros if none.
    pub parent: [u8; 32],
    /// What it is.
    pub kind: Kind,
    /// What an edit, a redaction or a reaction is about; [`Mid::NONE`] for a message.
    pub target: Mid,
    /// The author's clock, in milliseconds.
    pub ts: u64,
    /// Every file and every thumbnail, in order.
    pub files: Vec<FileId>,
}

impl Header {
    /// The bytes that are signed. A header with more than [`MAX_FILES`] files, or a target where none belongs, is
    /// one that [`Header::parse`] refuses.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let fixed = Writer::new(Label::Msg)
            .u16(SUITE)
            .raw(self.instance.as_bytes())
            .u64(self.room.get())
            .u32(self.epoch)
            .raw(&self.epoch_hash)
            .raw(&self.log_head)
            .u64(self.sender.get())
            .u32(self.generation)
            .raw(self.mid.as_bytes())
            .raw(self.sid.as_bytes())
            .u32(self.n)
            .raw(&self.parent)
            .u8(self.kind.number())
            .raw(self.target.as_bytes())
            .u64(self.ts)
            .u8(u8::try_from(self.files.len()).unwrap_or(u8::MAX));
        self.files
            .iter()
            .fold(fixed, |bytes, file| bytes.raw(file.as_bytes()))
            .finish()
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// [`Unreadable`]: the suite is looked at before all that follows it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader::labelled(bytes, Label::Msg)?;
        let header = Self {
            instance: InstanceId(reader.array()?),
            room: RoomId::new(reader.u64()?)?,
            epoch: reader.counter()?,
            epoch_hash: reader.array()?,
            log_head: reader.array()?,
            sender: UserId::new(reader.u64()?)?,
            generation: reader.counter()?,
            mid: Mid(reader.array()?),
            sid: Sid(reader.array()?),
            n: reader.u32()?,
            parent: reader.array()?,
            kind: Kind::from_number(reader.u8()?)?,
            target: Mid(reader.array()?),
            ts: reader.u64()?,
            files: files(&mut reader)?,
        };
        reader.end()?;
        if (header.kind == Kind::Message) != (header.target == Mid::NONE) {
            return Err(Unreadable::Malformed);
        }
        Ok(header)
    }
}

/// Reads the list of files: none stands in it twice.
fn files(reader: &mut Reader<'_>) -> Result<Vec<FileId>, Unreadable> {
    let count = in_range(usize::from(reader.u8()?), 0, MAX_FILES)?;
    let mut files = Vec::with_capacity(count);
    for _ in 0..count {
        let file = FileId(reader.array()?);
        if files.contains(&file) {
            return Err(Unreadable::Malformed);
        }
        files.push(file);
    }
    Ok(files)
}

#[cfg(test)]
pub(crate) mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    /// The header of Appendix A.
    pub(crate) const SEED: &str = "0000000f653265652d636861742f31206d73670001101112131415161718191a1b1c1d1e1f\
        0000000000000007000000019a4f26170b833a36c03f4885187c73ef6cf3f4481f61afba7ab712b910ba62b8\
        9a4f26170b833a36c03f4885187c73ef6cf3f4481f61afba7ab712b910ba62b8000000000000002a00000001\
        e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7000000000000000000000000000000000000000000\
        00000000000000000000000000000001000000000000000000000000000000000000019b76daa92c00";

    pub(crate) fn seed() -> Header {
        Header::parse(&HEXLOWER.decode(SEED.as_bytes()).unwrap()).unwrap()
    }

    /// Any header that may be sent.
    pub(crate) fn any_header() -> impl Strategy<Value = Header> {
        let place = (
            any::<[u8; 16]>(),
            0_u64..1 << 53,
            1_u32..,
            any::<[u8; 32]>(),
            any::<[u8; 32]>(),
        );
        let author = (
            0_u64..1 << 53,
            1_u32..,
            any::<[u8; 16]>(),
            any::<[u8; 8]>(),
            any::<u32>(),
        );
        let rest = (any::<[u8; 32]>(), 1_u8..=4, any::<u128>(), 0_u64..1 << 53);
        let files = prop::collection::btree_set(any::<[u8; 16]>(), 0..=MAX_FILES);
        (place, author, rest, files).prop_map(|(place, author, rest, files)| Header {
            instance: InstanceId(place.0),
            room: RoomId::new(place.1).unwrap(),
            epoch: place.2,
            epoch_hash: place.3,
            log_head: place.4,
            sender: UserId::new(author.0).unwrap(),
            generation: author.1,
            mid: Mid(author.2),
            sid: Sid(author.3),
            n: author.4,
            parent: rest.0,
            kind: Kind::from_number(rest.1).unwrap(),
            target: if rest.1 == 1 {
                Mid::NONE
            } else {
                Mid((rest.2 | 1).to_be_bytes())
            },
            ts: rest.3,
            files: files.into_iter().map(FileId).collect(),
        })
    }

    #[test]
    fn d_1_header() {
        let header = seed();
        assert_eq!(HEXLOWER.encode(&header.encode()), SEED);
        assert_eq!(header.encode().len(), 211);
        assert_eq!((header.room.get(), header.epoch, header.sender.get()), (7, 1, 42));
        assert_eq!((header.ts, header.kind), (1_767_225_600_300, Kind::Message));
        let files = |count: u8| Header {
            files: (0..count).map(|number| FileId([number; 16])).collect(),
            ..seed()
        };
        for count in [1, 2, 20] {
            assert_eq!(Header::parse(&files(count).encode()), Ok(files(count)));
        }
        assert_eq!(Header::parse(&files(21).encode()), Err(Unreadable::Malformed));
    }

    #[test]
    fn d_1_what_a_header_may_not_say() {
        let target = Mid([1; 16]);
        let wrong = [
            Header { epoch: 0, ..seed() },
            Header {
                generation: 0,
                ..seed()
            },
            Header { target, ..seed() },
            Header {
                kind: Kind::Edit,
                ..seed()
            },
            Header {
                kind: Kind::Redaction,
                ..seed()
            },
            Header {
                kind: Kind::Reaction,
                ..seed()
            },
            Header {
                ts: 1 << 53,
                ..seed()
            },
            Header {
                files: vec![FileId([1; 16]), FileId([1; 16])],
                ..seed()
            },
        ];
        for header in wrong {
            assert_eq!(
                Header::parse(&header.encode()),
                Err(Unreadable::Malformed),
                "{header:?}"
            );
        }
        let with = |place: usize, byte| {
            let mut bytes = seed().encode();
            bytes[place] = byte;
            Header::parse(&bytes)
        };
        assert_eq!(with(3, 0x10), Err(Unreadable::Malformed));
        assert_eq!(with(20, 2), Err(Unreadable::UnsupportedSuite));
        assert_eq!(with(185, 0), Err(Unreadable::Malformed));
        assert_eq!(with(185, 5), Err(Unreadable::Malformed));
        let mut longer = seed().encode();
        longer.push(0);
        assert_eq!(Header::parse(&longer), Err(Unreadable::Malformed));
    }

    proptest! {
        #[test]
        fn a_header_comes_back(header in any_header()) {
            prop_assert_eq!(Header::parse(&header.encode()), Ok(header));
        }

        #[test]
        fn parse_hdr_never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            place in 0_usize..211, byte in any::<u8>(), length in 0_usize..=211,
        ) {
            let _ = Header::parse(&bytes);
            let mut mutated = seed().encode();
            mutated[place] = byte;
            if let Ok(header) = Header::parse(&mutated) {
                prop_assert_eq!(header.encode(), mutated.clone());
            }
            mutated.truncate(length);
            let _ = Header::parse(&mutated);
        }
    }
}
