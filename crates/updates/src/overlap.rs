//! What is known already comes again: is it the same? Only live content counts: what was deleted meanwhile may
//! have lost its content (GC), and other boundaries between structs are no difference.

use crate::any;
use crate::delete_set::DeleteSet;
use crate::json;
use crate::log::ClientLog;
use crate::reader::Reader;
use crate::structs::{Id, Kind, Struct};
use crate::write::{seek, utf8_len};

/// Walks the known structs of one client beside those that come in. Both sides only move forward, so a whole list
/// is compared in one pass, however either side is cut.
pub(crate) struct Overlap<'a> {
    client: u64,
    log: &'a ClientLog,
    dead: &'a [&'a DeleteSet],
    position: usize,
    known: Option<Units<'a>>,
}

impl<'a> Overlap<'a> {
    pub(crate) fn new(client: u64, log: &'a ClientLog, dead: &'a [&'a DeleteSet]) -> Self {
        Self { client, log, dead, position: usize::MAX, known: None }
    }

    /// Compares `item` with what is known of it. The error is the first clock whose live content differs.
    pub(crate) fn compare(&mut self, item: &Struct<'a>) -> Result<(), u32> {
        let to = item.end().min(self.log.end());
        if matches!(item.kind, Kind::Gc | Kind::Deleted | Kind::Skip) {
            // Without live content there is nothing that could differ.
            return Ok(());
        }
        let mut units = Units::new(*item);
        while units.clock < to {
            let clock = units.clock;
            let Some(mut known) = self.known_at(clock) else { return Ok(()) };
            let mut until = to.min(known.item.end());
            let hidden = self.dead.iter().filter_map(|set| set.deleted_to(self.client, clock)).max();
            let same = if matches!(known.item.kind, Kind::Gc | Kind::Deleted) {
                None
            } else if let Some(hidden) = hidden {
                until = until.min(hidden);
                None
            } else {
                for set in self.dead {
                    if let Some(next) = set.next_after(self.client, clock) {
                        until = until.min(next.max(clock + 1));
                    }
                }
                Some(self.same_place(&units, &known))
            };
            match same {
                None => {
                    units.skip_to(until);
                    known.skip_to(until);
                }
                Some(true) => units.same(&mut known, until)?,
                Some(false) => return Err(clock),
            }
            self.known = Some(known);
        }
        Ok(())
    }

    fn known_at(&mut self, clock: u32) -> Option<Units<'a>> {
        match self.known.take() {
            Some(mut known) if clock < known.item.end() => {
                known.skip_to(clock);
                Some(known)
            }
            _ => {
                // Mostly the next one; else what lies between was skipped.
                let next = self.position.wrapping_add(1);
                let read = self.log.read(next).filter(|item| item.clock == clock).map(|item| (next, item));
                let (position, item) = match read {
                    Some(found) => found,
                    None => {
                        let position = self.log.position(clock);
                        (position, self.log.read(position)?)
                    }
                };
                self.position = position;
                let mut known = Units::new(item);
                known.skip_to(clock);
                Some(known)
            }
        }
    }

    /// Whether both say that the unit was put at the same place.
    fn same_place(&self, units: &Units<'_>, known: &Units<'_>) -> bool {
        let origin = |units: &Units<'_>| {
            if units.clock == units.item.clock {
                units.item.origin
            } else {
                Some(Id { client: self.client, clock: units.clock - 1 })
            }
        };
        if origin(units) != origin(known) || units.item.right != known.item.right {
            return false;
        }
        if origin(units).is_some() || units.item.right.is_some() {
            return true;
        }
        units.item.parent == known.item.parent && units.item.sub == known.item.sub
    }
}

/// A position within the units of one struct.
struct Units<'a> {
    item: Struct<'a>,
    clock: u32,
    /// What follows of the text or of the values.
    rest: &'a [u8],
    /// The second half of a pair whose first half was passed.
    half: Option<u16>,
}

impl<'a> Units<'a> {
    fn new(item: Struct<'a>) -> Self {
        let mut reader = Reader::new(item.content);
        let rest = match item.kind {
            Kind::Text => reader.blob().unwrap_or_default(),
            Kind::Any => {
                let _ = reader.number();
                item.content.get(reader.at()..).unwrap_or_default()
            }
            _ => item.content,
        };
        Self { item, clock: item.clock, rest, half: None }
    }

    fn skip_to(&mut self, clock: u32) {
        let mut count = clock.saturating_sub(self.clock) as usize;
        self.clock = clock;
        match self.item.kind {
            Kind::Text => {
                if count > 0 && self.half.take().is_some() {
                    count -= 1;
                }
                let (at, amid) = seek(self.rest, count, false);
                self.rest = self.rest.get(at..).unwrap_or_default();
                if amid {
                    self.unit();
                }
            }
            Kind::Any => {
                let mut reader = Reader::new(self.rest);
                for _ in 0..count {
                    let _ = any::skip(&mut reader);
                }
                self.rest = self.rest.get(reader.at()..).unwrap_or_default();
            }
            _ => {}
        }
    }

    /// The next UTF-16 unit of the text.
    fn unit(&mut self) -> Option<u16> {
        if let Some(half) = self.half.take() {
            return Some(half);
        }
        let step = utf8_len(*self.rest.first()?);
        let char = self.rest.get(..step).and_then(|bytes| std::str::from_utf8(bytes).ok())?.chars().next()?;
        self.rest = self.rest.get(step..).unwrap_or_default();
        let mut pair = [0; 2];
        let units = char.encode_utf16(&mut pair);
        let first = units.first().copied();
        self.half = units.get(1).copied();
        first
    }

    /// Compares both sides up to the clock `until` and moves there.
    fn same(&mut self, other: &mut Units<'_>, until: u32) -> Result<(), u32> {
        if self.item.kind != other.item.kind {
            return Err(self.clock);
        }
        match self.item.kind {
            Kind::Text => self.same_text(other, until)?,
            Kind::Any => {
                let (mut left, mut right) = (Reader::new(self.rest), Reader::new(other.rest));
                while self.clock < until {
                    let same = match (any::meaning(&mut left), any::meaning(&mut right)) {
                        (Ok(left), Ok(right)) => left == right,
                        _ => false,
                    };
                    if !same {
                        return Err(self.clock);
                    }
                    self.clock += 1;
                }
                self.rest = self.rest.get(left.at()..).unwrap_or_default();
                other.rest = other.rest.get(right.at()..).unwrap_or_default();
            }
            Kind::Embed | Kind::Format => {
                if self.rest != other.rest && json_meaning(&self.item) != json_meaning(&other.item) {
                    return Err(self.clock);
                }
            }
            _ => {
                if self.rest != other.rest {
                    return Err(self.clock);
                }
            }
        }
        self.clock = until;
        other.clock = until;
        Ok(())
    }

    fn same_text(&mut self, other: &mut Units<'_>, until: u32) -> Result<(), u32> {
        // The usual case: the same bytes from here to the end of the shorter side.
        let whole = until - self.clock;
        if self.half.is_none() && other.half.is_none() {
            let (at, amid) = seek(self.rest, whole as usize, false);
            let left = self.rest.get(..at).unwrap_or_default();
            if !amid && other.rest.starts_with(left) {
                self.rest = self.rest.get(at..).unwrap_or_default();
                other.rest = other.rest.get(at..).unwrap_or_default();
                return Ok(());
            }
        }
        for clock in self.clock..until {
            match (self.unit(), other.unit()) {
                (Some(left), Some(right)) if left == right || cut_pair(left, right) => {}
                _ => return Err(clock),
            }
        }
        Ok(())
    }
}

/// Where yjs cut a surrogate pair it wrote U+FFFD for each half: the same content, as far as it can be.
fn cut_pair(left: u16, right: u16) -> bool {
    let half = |unit: u16| (0xd800..=0xdfff).contains(&unit);
    (left == 0xfffd && half(right)) || (right == 0xfffd && half(left))
}

/// What an embed or a format means: its key, and its value whatever the order of keys.
fn json_meaning<'a>(item: &Struct<'a>) -> Option<(&'a [u8], u64)> {
    let mut reader = Reader::new(item.content);
    let key = if item.kind == Kind::Format { reader.blob().ok()? } else { &[] };
    let value = json::meaning(reader.text().ok()?).ok()?;
    Some((key, value))
}
