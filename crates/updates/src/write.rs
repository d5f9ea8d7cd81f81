//! Writing structs: whole, or cut where yjs would cut them.

use crate::any;
use crate::reader::{Reader, put_number};
use crate::structs::{HAS_ORIGIN, HAS_RIGHT, HAS_SUB, Id, Kind, Parent, Struct};

/// What yjs writes in place of half of a surrogate pair.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

pub(crate) fn put_id(out: &mut Vec<u8>, id: Id) {
    put_number(out, id.client);
    put_number(out, u64::from(id.clock));
}

fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Writes a struct from its unit `offset` on: the part behind a cut hangs on the unit before it.
pub(crate) fn put_rest(out: &mut Vec<u8>, client: u64, item: &Struct<'_>, offset: u32) {
    if offset == 0 {
        out.extend_from_slice(item.bytes);
    } else {
        put_part(out, client, item, offset, item.len, |id| id);
    }
}

/// Writes the units `from..to` of a struct, with every id passed through `map`.
pub(crate) fn put_part(
    out: &mut Vec<u8>,
    client: u64,
    item: &Struct<'_>,
    from: u32,
    to: u32,
    map: impl Fn(Id) -> Id,
) {
    put_head(out, client, item, from, map);
    match item.kind {
        Kind::Gc | Kind::Skip | Kind::Deleted => put_number(out, u64::from(to - from)),
        Kind::Text => {
            let text = body(item.content);
            let (start, lead) = seek(text, from as usize, true);
            let (end, tail) = seek(text, to as usize, false);
            let kept = text.get(start..end).unwrap_or_default();
            let len = kept.len() + REPLACEMENT.len() * (usize::from(lead) + usize::from(tail));
            put_number(out, len as u64);
            if lead {
                out.extend_from_slice(REPLACEMENT);
            }
            out.extend_from_slice(kept);
            if tail {
                out.extend_from_slice(REPLACEMENT);
            }
        }
        Kind::Any => {
            put_number(out, u64::from(to - from));
            out.extend_from_slice(values(item.content, from, to));
        }
        // One unit long: never cut.
        Kind::Binary | Kind::Embed | Kind::Format | Kind::Type => out.extend_from_slice(item.content),
    }
}

fn put_head(out: &mut Vec<u8>, client: u64, item: &Struct<'_>, from: u32, map: impl Fn(Id) -> Id) {
    if matches!(item.kind, Kind::Gc | Kind::Skip) {
        out.push(item.kind as u8);
        return;
    }
    let origin = if from == 0 { item.origin } else { Some(Id { client, clock: item.clock + from - 1 }) };
    let mut info = item.kind as u8;
    info |= if origin.is_some() { HAS_ORIGIN } else { 0 };
    info |= if item.right.is_some() { HAS_RIGHT } else { 0 };
    info |= if item.sub.is_some() { HAS_SUB } else { 0 };
    out.push(info);
    if let Some(id) = origin {
        put_id(out, map(id));
    }
    if let Some(id) = item.right {
        put_id(out, map(id));
    }
    if origin.is_none() && item.right.is_none() {
        match item.parent {
            Some(Parent::Root(name)) => {
                put_number(out, 1);
                put_text(out, name.as_bytes());
            }
            Some(Parent::Item(id)) => {
                put_number(out, 0);
                put_id(out, map(id));
            }
            // A struct without neighbours always names its parent: the reader saw to it.
            None => put_number(out, 0),
        }
        if let Some(sub) = item.sub {
            put_text(out, sub.as_bytes());
        }
    }
}

/// Text or bytes behind their length.
pub(crate) fn body(content: &[u8]) -> &[u8] {
    Reader::new(content).blob().unwrap_or_default()
}

/// The bytes of the values `from..to` behind their count.
fn values(content: &[u8], from: u32, to: u32) -> &[u8] {
    let mut reader = Reader::new(content);
    let _ = reader.number();
    for _ in 0..from {
        let _ = any::skip(&mut reader);
    }
    let start = reader.at();
    for _ in from..to {
        let _ = any::skip(&mut reader);
    }
    reader.since(start)
}

/// Byte offset of the UTF-16 unit `units`, and whether that is amid a surrogate pair: then the offset is behind
/// the pair (`after`) or before it.
pub(crate) fn seek(text: &[u8], units: usize, after: bool) -> (usize, bool) {
    // Where every unit is one byte there is nothing to count. Never look beyond what was asked for: callers walk
    // a long text in many small steps.
    if text.get(..units).is_some_and(<[u8]>::is_ascii) {
        return (units.min(text.len()), false);
    }
    let mut at = 0;
    let mut passed = 0;
    while passed < units && at < text.len() {
        let step = utf8_len(text[at]);
        let width = if step == 4 { 2 } else { 1 };
        if passed + width > units {
            return (if after { at + step } else { at }, true);
        }
        passed += width;
        at += step;
    }
    (at.min(text.len()), false)
}

/// Length in bytes of the character that begins with this byte.
pub(crate) fn utf8_len(first: u8) -> usize {
    match first {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}
