//! What can be wrong with an update. Few variants: each is something a caller acts on, or a test names.

use thiserror::Error;

/// The bytes are not an update that every replica could read. Never caused by what is known already: the same
/// bytes are invalid everywhere and for ever, so a sender that repeats them gains nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("invalid update at byte {at}: {reason}")]
pub struct Invalid {
    /// Offset in bytes at which reading stopped.
    pub at: usize,
    /// What was wrong there.
    pub reason: Reason,
}

/// Why bytes are invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// The bytes end before what they announce.
    #[error("the bytes end too early")]
    Truncated,
    /// Bytes follow the end of the update.
    #[error("bytes follow the end")]
    Trailing,
    /// A number is longer than it need be, or greater than 2^53 - 1.
    #[error("a number is not in its shortest form, or too great")]
    Number,
    /// A clock, or the end of a clock range, is not below 2^31.
    #[error("a clock is too great")]
    Clock,
    /// A count or length is greater than the bytes that are left.
    #[error("a count exceeds the bytes that are left")]
    Count,
    /// Something empty that no writer makes: a struct, a client's list, a deleted range.
    #[error("something is empty that may not be")]
    Empty,
    /// A kind of struct or content, or an info bit, that this product does not take.
    #[error("a kind of content that is not taken")]
    Kind,
    /// A shared type that this product does not take (XmlHook, or unknown).
    #[error("a shared type that is not taken")]
    Type,
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// A value that is neither well-formed JSON nor a known Any.
    #[error("a malformed value")]
    Value,
    /// A value nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("a value is nested too deep")]
    Depth,
    /// Half of a surrogate pair in embedded JSON.
    #[error("half of a surrogate pair")]
    Surrogate,
    /// `__proto__` as a key.
    #[error("__proto__ as a key")]
    Proto,
    /// A client appears twice in one list.
    #[error("a client appears twice")]
    Client,
    /// Deleted ranges that overlap or are out of order.
    #[error("deleted ranges overlap or are out of order")]
    Ranges,
}

/// Why the index did not take an update. It is then as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// The bytes themselves are wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Something before this update is missing: a re-sync brings it.
    #[error("client {client}: have up to clock {have}, the update begins at {need}")]
    Gap {
        /// Whose structs are missing.
        client: u64,
        /// Clocks below this one are known.
        have: u32,
        /// The clock at which the update begins.
        need: u32,
    },
    /// An origin, a parent or a deleted id that neither the index nor the update itself holds.
    #[error("reference to an unknown id, client {client} clock {clock}")]
    UnknownReference {
        /// Client of the id that is not known.
        client: u64,
        /// Clock of the id that is not known.
        clock: u32,
    },
    /// A struct sits where its kind may not be, so that a reader of the document would hang or panic.
    #[error("client {client} clock {clock}: {reason}")]
    Container {
        /// Client of the offending struct.
        client: u64,
        /// Clock of the offending struct.
        clock: u32,
        /// What is wrong with its place.
        reason: Misplaced,
    },
    /// A known clock range comes again with other live content: two writers used one client id.
    #[error("client {client} clock {clock} is known with other content")]
    Fork {
        /// The client id that two writers used.
        client: u64,
        /// The first clock that differs.
        clock: u32,
    },
    /// The index would outgrow its 32-bit offsets ([`MAX_CLIENT_BYTES`](crate::MAX_CLIENT_BYTES)).
    #[error("the document is too large")]
    TooLarge,
    /// [`Index::add`](crate::Index::add) was called while staged updates wait for their commit.
    #[error("staged updates wait for their commit")]
    InFlight,
}

/// What is wrong with the place of a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Misplaced {
    /// This kind of content may not be in this kind of container.
    #[error("this kind of content may not be in this kind of container")]
    Kind,
    /// The parent is not a shared type.
    #[error("the parent is not a shared type")]
    Parent,
    /// Shared types are nested deeper than [`MAX_NESTING`](crate::MAX_NESTING).
    #[error("shared types are nested too deep")]
    Nesting,
}
