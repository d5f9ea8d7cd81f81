//! Structs as they lie in an update, borrowed from its bytes.

use crate::any;
use crate::error::{Invalid, Reason};
use crate::json;
use crate::reader::{CLOCK_END, Reader};

/// One id: a client and a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) client: u64,
    pub(crate) clock: u32,
}

/// What a struct holds; the numbers are those of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Gc = 0,
    Deleted = 1,
    Binary = 3,
    Text = 4,
    Embed = 5,
    Format = 6,
    Type = 7,
    Any = 8,
    Skip = 10,
}

/// Bits of the info byte.
pub(crate) const HAS_ORIGIN: u8 = 0x80;
pub(crate) const HAS_RIGHT: u8 = 0x40;
pub(crate) const HAS_SUB: u8 = 0x20;

/// The shared types by their numbers in the format.
pub(crate) const TYPE_ELEMENT: u64 = 3;

/// Where an item without neighbours says it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent<'a> {
    Root(&'a str),
    Item(Id),
}

/// One struct.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Struct<'a> {
    pub(crate) clock: u32,
    pub(crate) len: u32,
    pub(crate) kind: Kind,
    pub(crate) origin: Option<Id>,
    pub(crate) right: Option<Id>,
    pub(crate) parent: Option<Parent<'a>>,
    pub(crate) sub: Option<&'a str>,
    /// The content as it is written behind the header: for text its length and UTF-8, for values their count
    /// and bytes, for deleted content, GC and Skip the length.
    pub(crate) content: &'a [u8],
    /// The whole struct.
    pub(crate) bytes: &'a [u8],
}

impl Struct<'_> {
    pub(crate) fn end(&self) -> u32 {
        self.clock + self.len
    }

    /// The number of the shared type that this struct creates.
    pub(crate) fn type_number(&self) -> Option<u64> {
        match self.kind {
            Kind::Type => Reader::new(self.content).number().ok(),
            _ => None,
        }
    }
}

/// Reads one struct at `clock`. With `CHECK` all of its content is checked; without, only its extent is found
/// (for bytes that were checked when they came in).
pub(crate) fn read<'a, const CHECK: bool>(
    reader: &mut Reader<'a>,
    clock: u32,
) -> Result<Struct<'a>, Invalid> {
    let from = reader.at();
    let info = reader.byte()?;
    let kind = match info & 0x1f {
        0 => Kind::Gc,
        1 => Kind::Deleted,
        3 => Kind::Binary,
        4 => Kind::Text,
        5 => Kind::Embed,
        6 => Kind::Format,
        7 => Kind::Type,
        8 => Kind::Any,
        10 => Kind::Skip,
        _ => return reader.fail(Reason::Kind),
    };
    let (mut origin, mut right, mut parent, mut sub) = (None, None, None, None);
    if matches!(kind, Kind::Gc | Kind::Skip) {
        if info != kind as u8 {
            return reader.fail(Reason::Kind);
        }
    } else {
        if info & HAS_ORIGIN != 0 {
            origin = Some(id(reader)?);
        }
        if info & HAS_RIGHT != 0 {
            right = Some(id(reader)?);
        }
        if info & (HAS_ORIGIN | HAS_RIGHT) == 0 {
            parent = Some(match reader.number()? {
                1 => Parent::Root(reader.key()?),
                0 => Parent::Item(id(reader)?),
                _ => return reader.fail(Reason::Kind),
            });
            if info & HAS_SUB != 0 {
                sub = Some(reader.key()?);
            }
        }
    }
    let content_at = reader.at();
    let len = content::<CHECK>(reader, kind, clock)?;
    Ok(Struct {
        clock,
        len,
        kind,
        origin,
        right,
        parent,
        sub,
        content: reader.since(content_at),
        bytes: reader.since(from),
    })
}

fn id(reader: &mut Reader<'_>) -> Result<Id, Invalid> {
    Ok(Id { client: reader.number()?, clock: reader.clock()? })
}

/// Moves past the content; gives its length in clocks.
fn content<const CHECK: bool>(reader: &mut Reader<'_>, kind: Kind, clock: u32) -> Result<u32, Invalid> {
    let one = |reader: &Reader<'_>| fits(reader, clock, 1);
    match kind {
        Kind::Gc | Kind::Deleted | Kind::Skip => reader.length(clock),
        Kind::Binary => {
            reader.blob()?;
            one(reader)
        }
        Kind::Text => {
            let units = utf16_len(if CHECK { reader.text()?.as_bytes() } else { reader.blob()? });
            fits(reader, clock, units)
        }
        Kind::Embed => {
            json_value::<CHECK>(reader)?;
            one(reader)
        }
        Kind::Format => {
            if CHECK {
                reader.key()?;
            } else {
                reader.blob()?;
            }
            json_value::<CHECK>(reader)?;
            one(reader)
        }
        Kind::Type => {
            match reader.number()? {
                0..=2 | 4 | 6 => {}
                TYPE_ELEMENT if CHECK => {
                    reader.text()?;
                }
                TYPE_ELEMENT => {
                    reader.blob()?;
                }
                _ => return reader.fail(Reason::Type),
            }
            one(reader)
        }
        Kind::Any => {
            let count = reader.count()?;
            let len = fits(reader, clock, count)?;
            for _ in 0..count {
                if CHECK { any::check(reader, 0)? } else { any::skip(reader)? }
            }
            Ok(len)
        }
    }
}

fn json_value<const CHECK: bool>(reader: &mut Reader<'_>) -> Result<(), Invalid> {
    if !CHECK {
        return reader.blob().map(|_| ());
    }
    let text = reader.text()?;
    match json::meaning(text) {
        Ok(_) => Ok(()),
        Err(reason) => reader.fail(reason),
    }
}

fn fits(reader: &Reader<'_>, clock: u32, len: usize) -> Result<u32, Invalid> {
    if len == 0 {
        return reader.fail(Reason::Empty);
    }
    if u64::from(clock) + len as u64 >= CLOCK_END { reader.fail(Reason::Clock) } else { Ok(len as u32) }
}

/// Length of UTF-8 text in UTF-16 units, which is how yjs counts: one per character, two beyond U+FFFF.
pub(crate) fn utf16_len(text: &[u8]) -> usize {
    text.iter().map(|&byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum()
}
