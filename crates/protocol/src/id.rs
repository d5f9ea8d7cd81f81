//! Identifiers. Ids arrive from documents, files and the network, so every one is checked on the way in;
//! fresh ones take their randomness as an argument (house rule: logic reads no randomness).

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Longest id that is accepted, in bytes: a UUID needs 32; foreign clients may use their own schemes.
pub const MAX_ID_BYTES: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{shown}' is not an id: 1 to {MAX_ID_BYTES} characters out of a-z, A-Z, 0-9, '-' and '_'")]
pub struct InvalidId {
    shown: String,
}

fn check(text: &str) -> Result<(), InvalidId> {
    let fits = (1..=MAX_ID_BYTES).contains(&text.len());
    if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Ok(());
    }
    Err(InvalidId { shown: text.chars().take(80).collect() })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// An id from random bytes that the caller drew (a version 4 UUID without hyphens).
            pub fn from_random(random: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(random).into_uuid().simple().to_string())
            }
            /// An id from a UUID.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid.simple().to_string())
            }
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                check(&text).map(|()| Self(text))
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

id!(
    /// A course. The local id is also the server's id (DESIGN section 4, documents and courses).
    CourseId
);
id!(
    /// A node of an outline: chapter, section or lesson. A lesson's node id is also the id of its document.
    NodeId
);
id!(
    /// An operation of the user, drawn once and kept through every retry, which makes it idempotent.
    OpId
);

/// Content address of an asset: SHA-256 as 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AssetHash(String);

impl AssetHash {
    /// From the 32 bytes of a SHA-256 digest.
    pub fn from_digest(digest: &[u8; 32]) -> Self {
        Self(digest.iter().map(|b| format!("{b:02x}")).collect())
    }
    /// The 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for AssetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for AssetHash {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(hex) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidId { shown: text.chars().take(80).collect() })
    }
}
impl TryFrom<String> for AssetHash {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}
impl From<AssetHash> for String {
    fn from(hash: AssetHash) -> String {
        hash.0
    }
}

/// Name of a synced document as it stands on the wire: `course:<id>` or `lesson:<id>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DocId {
    /// The outline document of a course.
    Course(CourseId),
    /// The document of one lesson.
    Lesson(NodeId),
}

/// The reserved name that carries session messages and is never a document.
pub const SESSION_DOC: &str = "@session";

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Course(id) => write!(f, "course:{id}"),
            Self::Lesson(id) => write!(f, "lesson:{id}"),
        }
    }
}
impl FromStr for DocId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once(':') {
            Some(("course", id)) => Ok(Self::Course(id.parse()?)),
            Some(("lesson", id)) => Ok(Self::Lesson(id.parse()?)),
            _ => Err(InvalidId { shown: text.chars().take(80).collect() }),
        }
    }
}
impl TryFrom<String> for DocId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}
impl From<DocId> for String {
    fn from(doc: DocId) -> String {
        doc.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_could_break_a_path_or_a_frame() {
        for bad in ["", "a b", "../x", "a\0b", "ü", &"a".repeat(65)] {
            assert!(bad.parse::<CourseId>().is_err(), "{bad:?}");
        }
        assert_eq!("lesson:abc".parse::<DocId>(), Ok(DocId::Lesson("abc".parse().unwrap())));
        assert!("@session".parse::<DocId>().is_err());
        assert!("A".repeat(64).parse::<AssetHash>().is_err(), "upper case would give one content two names");
    }
}
