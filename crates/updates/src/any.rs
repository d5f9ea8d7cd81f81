//! lib0's `Any`: values of maps and arrays. Read for their length, checked, and compared by meaning.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::error::{Invalid, Reason};
use crate::reader::Reader;

/// How deep a value may nest. yrs decodes by recursion: 10,000 levels in 20 KB overflow its stack.
pub const MAX_DEPTH: usize = 64;

/// Moves past one value, checking all of it.
pub(crate) fn check(reader: &mut Reader<'_>, depth: usize) -> Result<(), Invalid> {
    match reader.byte()? {
        127 | 126 | 121 | 120 => {}
        125 => {
            reader.signed()?;
        }
        124 => {
            reader.take(4)?;
        }
        123 | 122 => {
            reader.take(8)?;
        }
        119 => {
            reader.text()?;
        }
        118 => {
            for _ in 0..nested(reader, depth)? {
                reader.key()?;
                check(reader, depth + 1)?;
            }
        }
        117 => {
            for _ in 0..nested(reader, depth)? {
                check(reader, depth + 1)?;
            }
        }
        116 => {
            reader.blob()?;
        }
        _ => return reader.fail(Reason::Value),
    }
    Ok(())
}

fn nested(reader: &mut Reader<'_>, depth: usize) -> Result<usize, Invalid> {
    if depth >= MAX_DEPTH { reader.fail(Reason::Depth) } else { reader.count() }
}

/// Moves past one value that was checked before, so its depth is bounded.
pub(crate) fn skip(reader: &mut Reader<'_>) -> Result<(), Invalid> {
    match reader.byte()? {
        125 => {
            reader.signed()?;
        }
        124 => {
            reader.take(4)?;
        }
        123 | 122 => {
            reader.take(8)?;
        }
        119 | 116 => {
            reader.blob()?;
        }
        118 => {
            for _ in 0..reader.count()? {
                reader.blob()?;
                skip(reader)?;
            }
        }
        117 => {
            for _ in 0..reader.count()? {
                skip(reader)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A hash of what a value means: the order of keys and the way a number is written do not count, since yrs
/// changes both when it writes a value again.
pub(crate) fn meaning(reader: &mut Reader<'_>) -> Result<u64, Invalid> {
    let mut hash = DefaultHasher::new();
    match reader.byte()? {
        125 => number(&mut hash, reader.signed()? as f64),
        124 => number(&mut hash, f64::from(f32::from_be_bytes(fixed(reader)?))),
        123 => number(&mut hash, f64::from_be_bytes(fixed(reader)?)),
        122 => number(&mut hash, i64::from_be_bytes(fixed(reader)?) as f64),
        119 => (1u8, reader.text()?).hash(&mut hash),
        118 => {
            let mut sum = 0u64;
            for _ in 0..reader.count()? {
                let mut entry = DefaultHasher::new();
                reader.text()?.hash(&mut entry);
                meaning(reader)?.hash(&mut entry);
                sum = sum.wrapping_add(entry.finish());
            }
            (2u8, sum).hash(&mut hash);
        }
        117 => {
            3u8.hash(&mut hash);
            for _ in 0..reader.count()? {
                meaning(reader)?.hash(&mut hash);
            }
        }
        116 => (4u8, reader.blob()?).hash(&mut hash),
        simple => (5u8, simple).hash(&mut hash),
    }
    Ok(hash.finish())
}

fn fixed<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], Invalid> {
    match reader.take(N)?.try_into() {
        Ok(bytes) => Ok(bytes),
        Err(_) => reader.fail(Reason::Truncated),
    }
}

/// A number by its value: zero has one sign, NaN one form.
pub(crate) fn number(hash: &mut DefaultHasher, value: f64) {
    let value = if value == 0.0 {
        0.0
    } else if value.is_nan() {
        f64::NAN
    } else {
        value
    };
    (0u8, value.to_bits()).hash(hash);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &[u8], right: &[u8]) -> bool {
        meaning(&mut Reader::new(left)).unwrap() == meaning(&mut Reader::new(right)).unwrap()
    }

    #[test]
    fn values_compare_by_meaning() {
        // {a: 1, b: 2} and {b: 2, a: 1}; 1 as an integer and as a float; -0 and 0.
        assert!(same(
            &[118, 2, 1, b'a', 125, 1, 1, b'b', 125, 2],
            &[118, 2, 1, b'b', 125, 2, 1, b'a', 125, 1]
        ));
        assert!(same(&[125, 1], &[123, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]));
        assert!(same(&[125, 0x40], &[125, 0]));
        assert!(!same(&[125, 1], &[125, 2]));
        assert!(!same(&[126], &[127]));
        assert!(!same(&[117, 2, 125, 1, 125, 2], &[117, 2, 125, 2, 125, 1]));
    }

    #[test]
    fn a_value_nests_sixty_four_deep_and_no_deeper() {
        let nest = |depth: usize| [[117u8, 1].repeat(depth), vec![126]].concat();
        assert!(check(&mut Reader::new(&nest(MAX_DEPTH)), 0).is_ok());
        let error = check(&mut Reader::new(&nest(MAX_DEPTH + 1)), 0).unwrap_err();
        assert_eq!(error.reason, Reason::Depth);
    }

    #[test]
    fn skipping_ends_where_checking_ends() {
        let value = [118, 2, 1, b'a', 117, 2, 125, 1, 119, 1, b'x', 1, b'b', 118, 0, 42];
        let (mut checked, mut skipped) = (Reader::new(&value), Reader::new(&value));
        check(&mut checked, 0).unwrap();
        skip(&mut skipped).unwrap();
        assert_eq!((checked.at(), skipped.at()), (15, 15));
    }
}
