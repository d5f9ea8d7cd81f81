//! The Hocuspocus framing as a pure codec: document name, message type, payload
//! (facts from `@hocuspocus/server` 4 and `y-protocols` 1; DESIGN section 4).
//!
//! Ping and pong are one byte without a name. The document key may be `name\0session`; it is echoed verbatim,
//! so a frame keeps the key as it came and [`Frame::name`] gives the part before the zero byte.

/// Largest frame that is decoded, in bytes. A lesson with its whole history stays far below; an asset never
/// travels in a frame. The transport uses the same limit for a whole WebSocket message.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Longest document key, in bytes: an id of 64, its prefix, and a session suffix with room to spare.
pub const MAX_KEY_BYTES: usize = 256;

/// One message on the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Keep-alive, answered by [`Frame::Pong`].
    Ping,
    /// Answer to a ping.
    Pong,
    /// A message of one document.
    Doc {
        /// Document key as it came, with its session suffix.
        key: String,
        /// What it says.
        message: Message,
    },
}

/// What a frame says about its document. Payloads are v1 bytes, not looked into here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Sync step 1: the sender's state vector.
    Step1(Vec<u8>),
    /// Sync step 2: what the receiver of a step 1 has and its sender lacks.
    Step2(Vec<u8>),
    /// One update.
    Update(Vec<u8>),
    /// Awareness states.
    Awareness(Vec<u8>),
    /// Client to server: who I am.
    Token(String),
    /// Server to client: no, and why.
    PermissionDenied(String),
    /// Server to client: yes. True when only reading is allowed.
    Authenticated {
        /// `readonly` on the wire when true, else `read-write`.
        read_only: bool,
    },
    /// Asks for all awareness states.
    QueryAwareness,
    /// Text of our own, not part of the document: JSON of [`crate::session`].
    Stateless(String),
    /// The document is closed on this connection; the connection goes on.
    Close(String),
    /// Whether an update was saved.
    SyncStatus(bool),
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Ends in the middle.
    #[error("the frame ends too early")]
    Truncated,
    /// Something that the framing does not allow.
    #[error("the frame is malformed: {0}")]
    Malformed(&'static str),
    /// A message type that this build does not know; a newer peer may send one, so it is skipped, not fatal.
    #[error("unknown message type {0}")]
    UnknownType(u64),
    /// Larger than [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes is larger than {MAX_FRAME_BYTES}")]
    TooLarge(usize),
}

const SYNC: u64 = 0;
const AWARENESS: u64 = 1;
const AUTH: u64 = 2;
const QUERY_AWARENESS: u64 = 3;
const SYNC_REPLY: u64 = 4;
const STATELESS: u64 = 5;
const CLOSE: u64 = 7;
const SYNC_STATUS: u64 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

impl Frame {
    /// A message of one document.
    pub fn doc(key: impl Into<String>, message: Message) -> Self {
        Self::Doc { key: key.into(), message }
    }

    /// Document name without the session suffix; `None` for ping and pong.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Doc { key, .. } => Some(key.split('\0').next().unwrap_or(key)),
            Self::Ping | Self::Pong => None,
        }
    }

    /// The bytes of the frame.
    pub fn encode(&self) -> Vec<u8> {
        let (key, message) = match self {
            Self::Ping => return vec![PING],
            Self::Pong => return vec![PONG],
            Self::Doc { key, message } => (key, message),
        };
        let mut out = Vec::with_capacity(key.len() + 16 + message.payload_len());
        put_bytes(&mut out, key.as_bytes());
        match message {
            Message::Step1(b) => put_sync(&mut out, 0, b),
            Message::Step2(b) => put_sync(&mut out, 1, b),
            Message::Update(b) => put_sync(&mut out, 2, b),
            Message::Awareness(b) => {
                put_varint(&mut out, AWARENESS);
                put_bytes(&mut out, b);
            }
            Message::Token(t) => put_auth(&mut out, 0, t),
            Message::PermissionDenied(t) => put_auth(&mut out, 1, t),
            Message::Authenticated { read_only } => {
                put_auth(&mut out, 2, if *read_only { "readonly" } else { "read-write" });
            }
            Message::QueryAwareness => put_varint(&mut out, QUERY_AWARENESS),
            Message::Stateless(t) => {
                put_varint(&mut out, STATELESS);
                put_bytes(&mut out, t.as_bytes());
            }
            Message::Close(t) => {
                put_varint(&mut out, CLOSE);
                put_bytes(&mut out, t.as_bytes());
            }
            Message::SyncStatus(saved) => {
                put_varint(&mut out, SYNC_STATUS);
                put_varint(&mut out, u64::from(*saved));
            }
        }
        out
    }

    /// Reads one frame; the whole input must be one frame.
    ///
    /// # Errors
    /// [`FrameError`]; nothing is allocated beyond the input's own length.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(FrameError::TooLarge(bytes.len()));
        }
        match bytes {
            [PING] => return Ok(Self::Ping),
            [PONG] => return Ok(Self::Pong),
            _ => {}
        }
        let mut rest = Reader(bytes);
        let key = rest.text()?;
        if key.len() > MAX_KEY_BYTES {
            return Err(FrameError::Malformed("document key too long"));
        }
        let message = match rest.varint()? {
            SYNC | SYNC_REPLY => match rest.varint()? {
                0 => Message::Step1(rest.bytes()?.to_vec()),
                1 => Message::Step2(rest.bytes()?.to_vec()),
                2 => Message::Update(rest.bytes()?.to_vec()),
                _ => return Err(FrameError::Malformed("unknown sync message")),
            },
            AWARENESS => Message::Awareness(rest.bytes()?.to_vec()),
            AUTH => match rest.varint()? {
                // A provider may add fields of its own (its version) behind the token.
                0 => {
                    return Ok(Self::Doc {
                        key: key.to_owned(),
                        message: Message::Token(rest.text()?.to_owned()),
                    });
                }
                1 => Message::PermissionDenied(rest.text()?.to_owned()),
                2 => Message::Authenticated { read_only: rest.text()? == "readonly" },
                _ => return Err(FrameError::Malformed("unknown auth message")),
            },
            QUERY_AWARENESS => Message::QueryAwareness,
            STATELESS => Message::Stateless(rest.text()?.to_owned()),
            CLOSE => Message::Close(if rest.0.is_empty() { String::new() } else { rest.text()?.to_owned() }),
            SYNC_STATUS => Message::SyncStatus(rest.varint()? == 1),
            other => return Err(FrameError::UnknownType(other)),
        };
        if !rest.0.is_empty() {
            return Err(FrameError::Malformed("bytes behind the message"));
        }
        Ok(Self::Doc { key: key.to_owned(), message })
    }
}

impl Message {
    fn payload_len(&self) -> usize {
        match self {
            Self::Step1(b) | Self::Step2(b) | Self::Update(b) | Self::Awareness(b) => b.len(),
            Self::Token(t) | Self::PermissionDenied(t) | Self::Stateless(t) | Self::Close(t) => t.len(),
            Self::Authenticated { .. } | Self::QueryAwareness | Self::SyncStatus(_) => 12,
        }
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_sync(out: &mut Vec<u8>, kind: u64, bytes: &[u8]) {
    put_varint(out, SYNC);
    put_varint(out, kind);
    put_bytes(out, bytes);
}

fn put_auth(out: &mut Vec<u8>, kind: u64, text: &str) {
    put_varint(out, AUTH);
    put_varint(out, kind);
    put_bytes(out, text.as_bytes());
}

/// Reads what is on the wire; never beyond it.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn varint(&mut self) -> Result<u64, FrameError> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(FrameError::Truncated)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(FrameError::Malformed("number too long"))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let len = usize::try_from(self.varint()?).map_err(|_| FrameError::Truncated)?;
        if len > self.0.len() {
            return Err(FrameError::Truncated);
        }
        let (head, rest) = self.0.split_at(len);
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, FrameError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| FrameError::Malformed("text is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Message> {
        vec![
            Message::Step1(vec![0]),
            Message::Step2(vec![0, 0]),
            Message::Update(vec![1; 300]),
            Message::Awareness(vec![]),
            Message::Token("t".into()),
            Message::PermissionDenied("no".into()),
            Message::Authenticated { read_only: true },
            Message::Authenticated { read_only: false },
            Message::QueryAwareness,
            Message::Stateless("{}".into()),
            Message::Close("gone".into()),
            Message::SyncStatus(true),
        ]
    }

    #[test]
    fn every_message_survives_the_wire() {
        for message in messages() {
            let frame = Frame::doc("lesson:a\0tab-1", message);
            assert_eq!(Frame::decode(&frame.encode()).as_ref(), Ok(&frame));
            assert_eq!(frame.name(), Some("lesson:a"));
        }
        assert_eq!(Frame::decode(&[9]), Ok(Frame::Ping));
        assert_eq!(Frame::decode(&[10]), Ok(Frame::Pong));
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_an_error_or_a_frame_and_never_a_panic() {
        for message in messages() {
            let bytes = Frame::doc("course:c", message).encode();
            for cut in 0..bytes.len() {
                let _ = Frame::decode(&bytes[..cut]);
            }
            for at in 0..bytes.len() {
                for bit in 0..8 {
                    let mut bad = bytes.clone();
                    bad[at] ^= 1 << bit;
                    let _ = Frame::decode(&bad);
                }
            }
        }
        assert_eq!(Frame::decode(&[0xff; 12]), Err(FrameError::Malformed("number too long")));
        assert_eq!(Frame::decode(&[0x05, b'a']), Err(FrameError::Truncated));
    }

    #[test]
    fn a_provider_may_say_its_version_behind_the_token() {
        let mut bytes = Frame::doc("lesson:a", Message::Token("secret".into())).encode();
        put_bytes(&mut bytes, b"4.8.0");
        assert_eq!(Frame::decode(&bytes), Ok(Frame::doc("lesson:a", Message::Token("secret".into()))));
    }
}
