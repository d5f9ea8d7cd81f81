//! Finding and replacing in a lesson's body.
//!
//! A text is one run of adjacent inline text, whatever marks it has; a place never reaches over the end of one. What people
//! read as text but the body holds as an attribute (captions, footnotes, titles of callouts) is looked at too.

use crate::any;
use crate::error::{BodyError, Integrate};
use crate::lesson::{BODY, Lesson, MAX_DEPTH};
use inkhorn_protocol::find::{MAX_NEEDLE, Needle, Place};
use regex::{Captures, Regex, RegexBuilder};
use serde_json::Value;
use std::sync::Arc;
use yrs::branch::Hook;
use yrs::types::Attrs;
use yrs::types::text::YChange;
use yrs::{Any, Out, ReadTxn, SharedRef, Text, TransactionMut, WriteTxn, Xml, XmlElementRef, XmlFragment};
use yrs::{XmlFragmentRef, XmlOut, XmlTextRef};

/// Attributes that hold words for readers.
const WORDS: &[(&str, &str)] = &[
    ("callout", "title"),
    ("image", "alt"),
    ("image", "caption"),
    ("video", "caption"),
    ("audio", "caption"),
    ("embed", "title"),
    ("embed", "caption"),
    ("footnote", "text"),
];

/// Nodes whose `latex` is looked at and never written: half a command put in its place is no formula any more. Each is
/// one place, however often it has what is looked for.
const FORMULAS: &[&str] = &["inlineMath", "blockMath"];

/// Characters shown on either side of a place.
const AROUND: usize = 40;

/// Memory that a compiled pattern may take, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// Why something cannot be looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NeedleError {
    /// There is nothing to look for.
    #[error("there is nothing to look for")]
    Empty,
    /// Longer than anybody types.
    #[error("it is longer than {MAX_NEEDLE} characters")]
    TooLong,
    /// Not a regular expression that we can read.
    #[error("it is not a regular expression that can be used: {0}")]
    Pattern(String),
}

/// Something that can be looked for in many lessons.
#[derive(Debug, Clone)]
pub struct Finder {
    regex: Regex,
    /// Whether `$1` in a replacement stands for a group.
    expands: bool,
}

impl Finder {
    /// Prepares it. A pattern takes time linear in the text, whatever it is.
    ///
    /// # Errors
    /// [`NeedleError`], for people to read.
    pub fn new(needle: &Needle) -> Result<Self, NeedleError> {
        if needle.text.is_empty() {
            return Err(NeedleError::Empty);
        }
        if needle.text.chars().count() > MAX_NEEDLE {
            return Err(NeedleError::TooLong);
        }
        let plain = if needle.pattern { needle.text.clone() } else { regex::escape(&needle.text) };
        // Half boundaries: what is looked for may begin or end with something that is no letter.
        let whole = if needle.whole_word {
            format!(r"\b{{start-half}}(?:{plain})\b{{end-half}}")
        } else {
            plain.clone()
        };
        let build = |pattern: &str| {
            RegexBuilder::new(pattern)
                .case_insensitive(!needle.match_case)
                .size_limit(PATTERN_BYTES)
                .dfa_size_limit(PATTERN_BYTES)
                .build()
        };
        // By itself first, so that a bracket cannot close the group around it.
        let regex = build(&plain).and_then(|_| build(&whole)).map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            NeedleError::Pattern(last.trim_start_matches("error: ").trim().to_owned())
        })?;
        Ok(Self { regex, expands: needle.pattern })
    }

    fn all<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        // A place without characters is none, and what is no text is not replaced by one.
        self.regex.captures_iter(text).filter(|found| {
            found.get(0).is_some_and(|whole| !whole.is_empty() && !whole.as_str().contains('\u{fffc}'))
        })
    }

    fn with(&self, found: &Captures<'_>, with: &str) -> String {
        if !self.expands {
            return with.to_owned();
        }
        let mut out = String::new();
        found.expand(with, &mut out);
        out
    }
}

/// Where a lesson has what is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// How often.
    pub count: u32,
    /// How many of them are in formulas, which no replacement touches.
    pub fixed: u32,
    /// The first few, in order.
    pub first: Vec<Place>,
}

/// What a replacement changed in a lesson, so that it can be taken back.
#[derive(Debug, Clone)]
pub struct Replacement {
    /// The edit as an update.
    pub update: Vec<u8>,
    /// Places that were replaced.
    pub count: u32,
    undo: Vec<Undo>,
}

#[derive(Debug, Clone)]
enum Undo {
    Text { text: Hook<XmlTextRef>, now: String, places: Vec<Was> },
    Words { element: Hook<XmlElementRef>, name: &'static str, now: String, was: String, count: u32 },
}

/// What stood at a place of a text: its offset and length now, in UTF-16 units, and the pieces that it had.
#[derive(Debug, Clone)]
struct Was {
    at: u32,
    len: u32,
    pieces: Vec<(String, Option<Attrs>)>,
}

/// A text with the marks of its pieces. What is no text in it counts as one character that nobody looks for.
struct Run {
    text: String,
    /// Byte offset at which each piece begins, with its marks.
    pieces: Vec<(usize, Option<Attrs>)>,
}

impl Run {
    fn read<T: ReadTxn>(txn: &T, text: &XmlTextRef) -> Self {
        let mut run = Self { text: String::new(), pieces: Vec::new() };
        for part in text.diff(txn, YChange::identity) {
            run.pieces.push((run.text.len(), part.attributes.map(|attrs| *attrs)));
            match part.insert {
                Out::Any(Any::String(insert)) => run.text.push_str(&insert),
                _ => run.text.push('\u{fffc}'),
            }
        }
        run
    }

    /// The pieces within a range of bytes.
    fn pieces(&self, from: usize, to: usize) -> Vec<(String, Option<Attrs>)> {
        let ends = self.pieces.iter().skip(1).map(|(at, _)| *at).chain([self.text.len()]);
        let within = self.pieces.iter().zip(ends).filter_map(|((begin, attrs), end)| {
            let piece = self.text.get((*begin).max(from)..end.min(to))?;
            (!piece.is_empty()).then(|| (piece.to_owned(), attrs.clone()))
        });
        within.collect()
    }
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// Something with words in a body.
enum Worded {
    Text(XmlTextRef),
    Words(XmlElementRef, &'static str, String),
    Formula(String),
}

/// All that has words, in the order of the body. Nodes deeper than any lesson has them are not looked at.
fn worded<T: ReadTxn>(txn: &T, fragment: &XmlFragmentRef) -> Vec<Worded> {
    let mut found = Vec::new();
    let mut stack: Vec<(XmlOut, usize)> = Vec::new();
    let push = |stack: &mut Vec<_>, children: Vec<XmlOut>, depth| {
        stack.extend(children.into_iter().rev().map(|child| (child, depth)));
    };
    push(&mut stack, fragment.children(txn).collect(), 1);
    while let Some((child, depth)) = stack.pop() {
        match child {
            XmlOut::Text(text) => found.push(Worded::Text(text)),
            XmlOut::Element(element) if depth <= MAX_DEPTH => {
                let tag = element.try_tag();
                for (kind, name) in WORDS {
                    if tag.is_some_and(|tag| **tag == **kind)
                        && let Some(Out::Any(Any::String(words))) = element.get_attribute(txn, name)
                    {
                        found.push(Worded::Words(element.clone(), name, words.to_string()));
                    }
                }
                if tag.is_some_and(|tag| FORMULAS.contains(&&**tag))
                    && let Some(Out::Any(Any::String(latex))) = element.get_attribute(txn, "latex")
                {
                    found.push(Worded::Formula(latex.to_string()));
                }
                push(&mut stack, element.children(txn).collect(), depth + 1);
            }
            XmlOut::Element(_) | XmlOut::Fragment(_) => {}
        }
    }
    found
}

fn place(text: &str, from: usize, to: usize) -> Place {
    let cut = |part: &str| part.replace('\u{fffc}', "");
    let (before, after) = (text.get(..from).unwrap_or_default(), text.get(to..).unwrap_or_default());
    let begin = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let end = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    Place {
        before: cut(before.get(begin..).unwrap_or_default()),
        found: cut(text.get(from..to).unwrap_or_default()),
        after: cut(after.get(..end).unwrap_or_default()),
    }
}

impl Lesson {
    /// Where the body has it; of the places at most `most` are told.
    pub fn find(&self, finder: &Finder, most: usize) -> Result<Places, Integrate> {
        self.document.read(|txn| {
            let mut places = Places::default();
            let Some(fragment) = txn.get_xml_fragment(BODY) else { return places };
            for worded in worded(txn, &fragment) {
                let (text, most_here) = match worded {
                    Worded::Text(text) => (Run::read(txn, &text).text, usize::MAX),
                    Worded::Words(_, _, words) => (words, usize::MAX),
                    Worded::Formula(latex) => (latex, 1),
                };
                for found in finder.all(&text).take(most_here) {
                    places.count += 1;
                    places.fixed += u32::from(most_here == 1);
                    if let Some(whole) = found.get(0).filter(|_| places.first.len() < most) {
                        places.first.push(place(&text, whole.start(), whole.end()));
                    }
                }
            }
            places
        })
    }

    /// Puts something else in every place, with the marks of the first character of what stood there. `None` if there is
    /// no such place. `with` may name groups (`$1`) where a pattern is looked for.
    pub fn replace(&mut self, finder: &Finder, with: &str) -> Result<Option<Replacement>, BodyError> {
        let mut undo = Vec::new();
        let mut count = 0;
        let update = self.write(|txn| {
            let fragment = txn.get_or_insert_xml_fragment(BODY);
            for worded in worded(txn, &fragment) {
                match worded {
                    Worded::Text(text) => {
                        if let Some(done) = replace_in_text(txn, &text, finder, with, &mut count) {
                            undo.push(done);
                        }
                    }
                    Worded::Formula(_) => {}
                    Worded::Words(element, name, was) => {
                        let mut now = String::new();
                        let (mut end, mut places) = (0, 0);
                        for found in finder.all(&was) {
                            let Some(whole) = found.get(0) else { continue };
                            now.push_str(was.get(end..whole.start()).unwrap_or_default());
                            now.push_str(&finder.with(&found, with));
                            end = whole.end();
                            places += 1;
                        }
                        now.push_str(was.get(end..).unwrap_or_default());
                        if now != was {
                            let value = any::from_json(&Value::from(now.as_str()));
                            element.insert_attribute(txn, name, value);
                            count += places;
                            undo.push(Undo::Words { element: element.hook(), name, now, was, count: places });
                        }
                    }
                }
            }
        })?;
        Ok(update.map(|update| Replacement { update, count, undo }))
    }

    /// Takes a replacement back where its text is still as the replacement left it. Gives the update, if there is one,
    /// the places that are as before, and those that stay since their text was changed by somebody.
    pub fn put_back(&mut self, replacement: &Replacement) -> Result<(Option<Vec<u8>>, u32, u32), BodyError> {
        let (mut count, mut changed) = (0, 0);
        let update = self.write(|txn| {
            for undo in &replacement.undo {
                match undo {
                    Undo::Text { text, now, places } => {
                        let number = u32::try_from(places.len()).unwrap_or(u32::MAX);
                        let text = text.get(txn).filter(|text| Run::read(txn, text).text == *now);
                        let Some(text) = text else {
                            changed += number;
                            continue;
                        };
                        for was in places.iter().rev() {
                            let mut at = was.at + was.len;
                            for (piece, attrs) in &was.pieces {
                                text.insert_with_attributes(txn, at, piece, attrs.clone().unwrap_or_default());
                                at += units(piece);
                            }
                            text.remove_range(txn, was.at, was.len);
                        }
                        count += number;
                    }
                    Undo::Words { element, name, now, was, count: number } => {
                        let element = element.get(txn).filter(|element| {
                            matches!(element.get_attribute(txn, name), Some(Out::Any(Any::String(words))) if *words == **now)
                        });
                        match element {
                            Some(element) => {
                                element.insert_attribute(txn, *name, Any::String(Arc::from(was.as_str())));
                                count += number;
                            }
                            None => changed += number,
                        }
                    }
                }
            }
        })?;
        Ok((update, count, changed))
    }
}

fn replace_in_text(
    txn: &mut TransactionMut<'_>,
    text: &XmlTextRef,
    finder: &Finder,
    with: &str,
    count: &mut u32,
) -> Option<Undo> {
    let run = Run::read(txn, text);
    let mut places = Vec::new();
    let (mut now, mut end) = (String::new(), 0);
    for found in finder.all(&run.text) {
        let Some(whole) = found.get(0) else { continue };
        let new = finder.with(&found, with);
        if new == whole.as_str() {
            continue;
        }
        now.push_str(run.text.get(end..whole.start()).unwrap_or_default());
        let at = units(&now);
        now.push_str(&new);
        end = whole.end();
        let pieces = run.pieces(whole.start(), whole.end());
        places.push((Was { at, len: units(&new), pieces }, new, units(whole.as_str())));
    }
    now.push_str(run.text.get(end..).unwrap_or_default());
    // From the front: each place's offset counts with those before it replaced.
    for (was, new, len) in &places {
        let marks = was.pieces.first().and_then(|(_, attrs)| attrs.clone()).unwrap_or_default();
        if !new.is_empty() {
            text.insert_with_attributes(txn, was.at + len, new, marks);
        }
        text.remove_range(txn, was.at, *len);
    }
    *count += u32::try_from(places.len()).unwrap_or(u32::MAX);
    let places: Vec<Was> = places.into_iter().map(|(was, ..)| was).collect();
    (!places.is_empty()).then(|| Undo::Text { text: text.hook(), now, places })
}
