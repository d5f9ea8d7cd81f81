//! JSON inside updates (embeds, values of formats): checked to be what `JSON.stringify` makes and what every
//! replica can parse, and compared by meaning.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::any::{MAX_DEPTH, number};
use crate::error::Reason;
use crate::reader::PROTO;

/// Checks a whole JSON text and gives a hash of its meaning (the order of keys, and the way numbers and
/// characters are written, do not count).
pub(crate) fn meaning(text: &str) -> Result<u64, Reason> {
    let mut json = Json { bytes: text.as_bytes(), at: 0 };
    json.space();
    let hash = json.value(0)?;
    json.space();
    if json.at == json.bytes.len() { Ok(hash) } else { Err(Reason::Value) }
}

struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Json<'_> {
    fn peek(&self) -> u8 {
        // Zero never begins anything in JSON, so it serves as the end.
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let eaten = self.peek() == byte && self.at < self.bytes.len();
        self.at += usize::from(eaten);
        eaten
    }

    fn need(&mut self, byte: u8) -> Result<(), Reason> {
        if self.eat(byte) { Ok(()) } else { Err(Reason::Value) }
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<u64, Reason> {
        let mut hash = DefaultHasher::new();
        match self.peek() {
            b'{' => {
                let sum = self.object(depth)?;
                (2u8, sum).hash(&mut hash);
            }
            b'[' => {
                3u8.hash(&mut hash);
                self.array(depth, &mut hash)?;
            }
            b'"' => {
                1u8.hash(&mut hash);
                self.string(&mut hash)?;
            }
            b't' => self.word(b"true", &mut hash)?,
            b'f' => self.word(b"false", &mut hash)?,
            b'n' => self.word(b"null", &mut hash)?,
            _ => number(&mut hash, rounded(self.number()?)),
        }
        Ok(hash.finish())
    }

    fn word(&mut self, word: &[u8], hash: &mut DefaultHasher) -> Result<(), Reason> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(Reason::Value);
        }
        self.at += word.len();
        word.hash(hash);
        Ok(())
    }

    fn open(&mut self, depth: usize) -> Result<(), Reason> {
        self.at += 1;
        self.space();
        if depth >= MAX_DEPTH { Err(Reason::Depth) } else { Ok(()) }
    }

    fn object(&mut self, depth: usize) -> Result<u64, Reason> {
        self.open(depth)?;
        let mut sum = 0u64;
        if self.eat(b'}') {
            return Ok(sum);
        }
        loop {
            let mut entry = DefaultHasher::new();
            self.space();
            if self.peek() != b'"' {
                return Err(Reason::Value);
            }
            if self.string(&mut entry)? {
                return Err(Reason::Proto);
            }
            self.space();
            self.need(b':')?;
            self.space();
            self.value(depth + 1)?.hash(&mut entry);
            sum = sum.wrapping_add(entry.finish());
            self.space();
            if self.eat(b'}') {
                return Ok(sum);
            }
            self.need(b',')?;
        }
    }

    fn array(&mut self, depth: usize, hash: &mut DefaultHasher) -> Result<(), Reason> {
        self.open(depth)?;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth + 1)?.hash(hash);
            self.space();
            if self.eat(b']') {
                return Ok(());
            }
            self.need(b',')?;
        }
    }

    /// Hashes the characters of a string; says whether they spell `__proto__`.
    fn string(&mut self, hash: &mut DefaultHasher) -> Result<bool, Reason> {
        self.need(b'"')?;
        let mut length = 0usize;
        let mut proto = true;
        let mut each = |byte: u8| {
            hash.write_u8(byte);
            proto &= PROTO.as_bytes().get(length) == Some(&byte);
            length += 1;
        };
        loop {
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    hash.write_usize(length);
                    return Ok(proto && length == PROTO.len());
                }
                b'\\' => {
                    let mut utf8 = [0; 4];
                    self.at += 1;
                    for &byte in self.escape()?.encode_utf8(&mut utf8).as_bytes() {
                        each(byte);
                    }
                }
                // Also the end of the text.
                0..=0x1f => return Err(Reason::Value),
                byte => {
                    self.at += 1;
                    each(byte);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Reason> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        if !(self.eat(b'\\') && self.eat(b'u')) {
                            return Err(Reason::Surrogate);
                        }
                        let second = self.unit()?;
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err(Reason::Surrogate);
                        }
                        0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    _ => first,
                };
                char::from_u32(code).ok_or(Reason::Surrogate)?
            }
            _ => return Err(Reason::Value),
        })
    }

    fn unit(&mut self) -> Result<u32, Reason> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()).to_digit(16).ok_or(Reason::Value)?;
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn digits(&mut self) -> Result<(), Reason> {
        let from = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > from { Ok(()) } else { Err(Reason::Value) }
    }

    fn number(&mut self) -> Result<f64, Reason> {
        let from = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        let text = self.bytes.get(from..self.at).and_then(|digits| std::str::from_utf8(digits).ok());
        match text.and_then(|text| text.parse::<f64>().ok()) {
            // Beyond a double's range JavaScript reads Infinity and yrs fails: no writer makes it.
            Some(value) if value.is_finite() => Ok(value),
            _ => Err(Reason::Value),
        }
    }
}

/// A number as far as it survives: yrs reads JSON by a parser that may miss the nearest double by a digit in the
/// last place, and writes that (120.71428571428571 comes back as …572). So fractions, and integers that doubles do
/// not count exactly, are compared at 23 bits of precision; two that differ in the last place then still differ once
/// in 2^29.
fn rounded(value: f64) -> f64 {
    const EXACT: f64 = (1u64 << 53) as f64;
    const DROPPED: u32 = 29;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return value;
    }
    let bits = value.to_bits().saturating_add(1 << (DROPPED - 1));
    f64::from_bits(bits >> DROPPED << DROPPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stringify_makes_is_taken() {
        for text in
            ["null", "true", "-1.5e+21", "\"\"", "\"a\\u00e9\\n😀\"", "[]", "{}", r#"{"a":[1,{"b":null}]}"#]
        {
            assert!(meaning(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "undefined",
            "01",
            "1.",
            "[1,]",
            "{\"a\"}",
            "\"\u{1}\"",
            "\"\\x\"",
            "1 2",
            "1e999",
            "-",
            "\"",
        ] {
            assert_eq!(meaning(text), Err(Reason::Value), "{text}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_and_proto_are_refused_however_they_are_written() {
        assert_eq!(meaning(r#""\ud83d""#), Err(Reason::Surrogate));
        assert_eq!(meaning(r#""\ude00""#), Err(Reason::Surrogate));
        assert_eq!(meaning(r#""\ud83d\u0041""#), Err(Reason::Surrogate));
        assert!(meaning(r#""\ud83d\ude00""#).is_ok());
        assert_eq!(meaning(r#"{"__proto__":1}"#), Err(Reason::Proto));
        assert_eq!(meaning(r#"{"\u005f_proto__":1}"#), Err(Reason::Proto));
        assert!(meaning(r#"["__proto__",{"__proto__x":1}]"#).is_ok());
    }

    #[test]
    fn json_compares_by_meaning() {
        assert_eq!(meaning(r#"{"a":1,"b":"é"}"#), meaning(r#"{ "b" : "\u00e9", "a" : 1.0 }"#));
        assert_ne!(meaning(r#"{"a":1}"#), meaning(r#"{"a":2}"#));
        assert_ne!(meaning("9007199254740990"), meaning("9007199254740991"));
        assert_eq!(meaning("120.71428571428571"), meaning("120.71428571428572"));
        assert_ne!(meaning("120.7142"), meaning("120.7143"));
    }

    #[test]
    fn json_nests_sixty_four_deep_and_no_deeper() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(meaning(&nest(MAX_DEPTH)).is_ok());
        assert_eq!(meaning(&nest(MAX_DEPTH + 1)), Err(Reason::Depth));
    }
}
