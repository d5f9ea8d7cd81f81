//! What carries frames, and how they travel over plain HTTP where a WebSocket does not get through: names of
//! headers, numbering, and the packing of several frames into one body. A pure codec.
//!
//! A session is opened by `POST /api/v1/frames` without a session header. Frames up are numbered from 1 within it and
//! sent by further posts; frames down are numbered from 1 and read from `GET /api/v1/stream` (server-sent events,
//! base64, the number as event id) or `GET /api/v1/frames?wait=25` (long poll). `DELETE /api/v1/frames` says goodbye.

use crate::frame::{FrameError, MAX_FRAME_BYTES};
use serde::{Deserialize, Serialize};

/// Header that names the session, in both directions; what it holds is a secret of the session.
pub const SESSION_HEADER: &str = "inkhorn-session";

/// Header with the number of the first frame in a body.
pub const NUMBER_HEADER: &str = "inkhorn-number";

/// Header with the number of the last frame down that has arrived: the server forgets those up to it.
pub const SEEN_HEADER: &str = "inkhorn-seen";

/// Largest body with frames, in bytes: one largest frame, and room for the lengths.
pub const MAX_BATCH_BYTES: usize = MAX_FRAME_BYTES + 64 * 1024;

/// Longest wait of a long poll, in seconds. Proxies and load balancers cut silent requests at 30 or 60 s.
pub const MAX_WAIT_SECONDS: u64 = 25;

/// Name of the event that a stream begins with: who sees it knows that nothing on the way holds the stream back.
pub const OPEN_EVENT: &str = "open";

/// Name of the event that a stream ends with, with the reason in words.
pub const END_EVENT: &str = "end";

/// What carries the frames of a connection, best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// One socket, both ways.
    #[default]
    WebSocket,
    /// Server-sent events down, posts up.
    Sse,
    /// Long polls down, posts up.
    Poll,
}

/// Answer to the opening of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// What goes into [`SESSION_HEADER`] from now on.
    pub session: String,
}

/// Answer to frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Number that the server expects next: everything below is taken, also when it came twice.
    pub next: u64,
}

/// Packs frames into one body, each behind its length (four bytes, big endian).
pub fn pack<B: AsRef<[u8]>>(frames: &[B]) -> Vec<u8> {
    let bytes = frames.iter().map(|frame| frame.as_ref().len() + 4).sum();
    let mut out = Vec::with_capacity(bytes);
    for frame in frames {
        let frame = frame.as_ref();
        // A frame has at most 16 MB.
        out.extend_from_slice(&(frame.len() as u32).to_be_bytes());
        out.extend_from_slice(frame);
    }
    out
}

/// The frames of a body; nothing is copied.
///
/// # Errors
/// [`FrameError`] when lengths and bytes do not fit together.
pub fn unpack(mut bytes: &[u8]) -> Result<Vec<&[u8]>, FrameError> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(FrameError::Truncated)?;
        let length = u32::from_be_bytes(*length) as usize;
        if length > MAX_FRAME_BYTES {
            return Err(FrameError::TooLarge(length));
        }
        let (frame, rest) = rest.split_at_checked(length).ok_or(FrameError::Truncated)?;
        frames.push(frame);
        bytes = rest;
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_packing_and_every_cut_is_an_error() {
        let frames = [vec![9u8], vec![], vec![1, 2, 3]];
        let packed = pack(&frames);
        assert_eq!(unpack(&packed).unwrap(), frames.iter().map(Vec::as_slice).collect::<Vec<_>>());
        // Cuts between two frames give fewer of them; all others are seen.
        let whole = [0, 5, 9, packed.len()];
        for cut in (0..packed.len()).filter(|cut| !whole.contains(cut)) {
            assert_eq!(unpack(&packed[..cut]), Err(FrameError::Truncated), "{cut}");
        }
        assert_eq!(unpack(&[0xff; 9]), Err(FrameError::TooLarge(0xffff_ffff)));
    }

    #[test]
    fn a_status_of_an_older_build_was_by_websocket() {
        let old = r#"{"state":"connected","since_ms":5}"#;
        let status: crate::event::Status = serde_json::from_str(old).unwrap();
        assert_eq!(status, crate::event::Status::Connected { since_ms: 5, carrier: Carrier::WebSocket });
    }
}
