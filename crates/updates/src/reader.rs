//! Numbers and lengths of lib0's encoding, read from a byte slice without copying.

use crate::error::{Invalid, Reason};

/// One above the greatest integer that JavaScript counts exactly; client ids and lengths stay below it.
pub(crate) const NUMBER_END: u64 = 1 << 53;
/// Clocks and ends of ranges stay below this: yrs keeps them in 32 bits, and lib0's V2 format in signed ones.
pub(crate) const CLOCK_END: u64 = 1 << 31;

/// A position in a byte slice.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn at_offset(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    /// What was read since `from`.
    pub(crate) fn since(&self, from: usize) -> &'a [u8] {
        self.bytes.get(from..self.at).unwrap_or_default()
    }

    pub(crate) fn fail<T>(&self, reason: Reason) -> Result<T, Invalid> {
        Err(Invalid { at: self.at, reason })
    }

    pub(crate) fn end(&self) -> Result<(), Invalid> {
        if self.left() == 0 { Ok(()) } else { self.fail(Reason::Trailing) }
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Invalid> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => self.fail(Reason::Truncated),
        }
    }

    /// An unsigned number in its shortest form, below 2^53.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, Invalid> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // A last byte of zero adds nothing: a longer form of the same number.
                return if byte == 0 || value >= NUMBER_END { self.fail(Reason::Number) } else { Ok(value) };
            }
            shift += 7;
            if shift > 49 {
                return self.fail(Reason::Number);
            }
        }
    }

    /// A signed number as lib0's `writeVarInt` writes it, within ±(2^53 - 1). Minus zero reads as zero.
    pub(crate) fn signed(&mut self) -> Result<i64, Invalid> {
        let first = self.byte()?;
        let negative = first & 0x40 != 0;
        let mut value = i64::from(first & 0x3f);
        let mut shift = 6;
        let mut byte = first;
        while byte & 0x80 != 0 {
            if shift > 48 {
                return self.fail(Reason::Number);
            }
            byte = self.byte()?;
            if byte == 0 {
                return self.fail(Reason::Number);
            }
            value |= i64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        if value >= NUMBER_END as i64 {
            return self.fail(Reason::Number);
        }
        Ok(if negative { -value } else { value })
    }

    /// A number of things that take at least one byte each.
    pub(crate) fn count(&mut self) -> Result<usize, Invalid> {
        let count = self.number()?;
        if count > self.left() as u64 { self.fail(Reason::Count) } else { Ok(count as usize) }
    }

    /// A clock, below 2^31.
    pub(crate) fn clock(&mut self) -> Result<u32, Invalid> {
        let clock = self.number()?;
        if clock >= CLOCK_END { self.fail(Reason::Clock) } else { Ok(clock as u32) }
    }

    /// The length of a range that begins at `clock`; never zero, and its end stays below 2^31.
    pub(crate) fn length(&mut self, clock: u32) -> Result<u32, Invalid> {
        let len = self.number()?;
        if len == 0 {
            return self.fail(Reason::Empty);
        }
        if u64::from(clock) + len >= CLOCK_END { self.fail(Reason::Clock) } else { Ok(len as u32) }
    }

    /// `len` raw bytes.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Invalid> {
        let end = self.at.checked_add(len);
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(taken) => {
                self.at += len;
                Ok(taken)
            }
            None => self.fail(Reason::Truncated),
        }
    }

    /// Bytes behind their length.
    pub(crate) fn blob(&mut self) -> Result<&'a [u8], Invalid> {
        let len = self.count()?;
        self.take(len)
    }

    /// UTF-8 behind its length in bytes.
    pub(crate) fn text(&mut self) -> Result<&'a str, Invalid> {
        let blob = self.blob()?;
        match std::str::from_utf8(blob) {
            Ok(text) => Ok(text),
            Err(_) => self.fail(Reason::Utf8),
        }
    }

    /// A key: text other than `__proto__`, which would reach into JavaScript's prototypes.
    pub(crate) fn key(&mut self) -> Result<&'a str, Invalid> {
        let key = self.text()?;
        if key == PROTO { self.fail(Reason::Proto) } else { Ok(key) }
    }
}

/// The key that must not be.
pub(crate) const PROTO: &str = "__proto__";

/// Appends a number in its shortest form.
#[inline]
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 1 << 31, NUMBER_END - 1] {
            let mut out = Vec::new();
            put_number(&mut out, value);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.number(), Ok(value));
            assert_eq!(reader.left(), 0);
        }
    }

    #[test]
    fn longer_forms_and_greater_numbers_are_refused() {
        for bytes in [&[0x80, 0][..], &[0xff, 0x80, 0], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10]] {
            assert_eq!(Reader::new(bytes).number().map_err(|e| e.reason), Err(Reason::Number));
        }
        assert_eq!(Reader::new(&[0x80]).number().map_err(|e| e.reason), Err(Reason::Truncated));
    }

    #[test]
    fn signed_numbers_read_as_lib0_writes_them() {
        for (bytes, value) in
            [(&[0x00][..], 0), (&[0x40], 0), (&[0x41], -1), (&[0x3f], 63), (&[0x80, 0x01], 64)]
        {
            assert_eq!(Reader::new(bytes).signed(), Ok(value));
        }
    }
}
