//! Server-sent events as bytes come (the format of the HTML standard): pure.

use inkhorn_protocol::frame::MAX_FRAME_BYTES;

/// Longest line, in bytes: a largest frame in base64, and its field name.
const MAX_LINE_BYTES: usize = MAX_FRAME_BYTES / 3 * 4 + 64;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SseEvent {
    /// Its name; empty for a plain message.
    pub(crate) name: String,
    /// What it says.
    pub(crate) data: String,
    /// Its own id, if it has one.
    pub(crate) id: Option<String>,
}

/// What comes is no event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoEvents;

/// Reads a stream, wherever it is cut into pieces.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    event: SseEvent,
    /// A field was read since the last event.
    begun: bool,
}

impl Parser {
    /// Takes bytes; gives the events that are whole now.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<SseEvent>, NoEvents> {
        let mut events = Vec::new();
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.gather(&bytes[..end])?;
            bytes = &bytes[end + 1..];
            let mut line = std::mem::take(&mut self.line);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.is_empty() {
                if std::mem::take(&mut self.begun) {
                    events.push(std::mem::take(&mut self.event));
                }
            } else {
                self.field(&line)?;
            }
        }
        self.gather(bytes)?;
        Ok(events)
    }

    fn gather(&mut self, bytes: &[u8]) -> Result<(), NoEvents> {
        if self.line.len() + bytes.len() > MAX_LINE_BYTES {
            return Err(NoEvents);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn field(&mut self, line: &[u8]) -> Result<(), NoEvents> {
        let line = std::str::from_utf8(line).map_err(|_| NoEvents)?;
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.name),
            "id" => self.event.id = Some(value.to_owned()),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                if self.event.data.len() + value.len() > MAX_LINE_BYTES {
                    return Err(NoEvents);
                }
                self.event.data.push_str(value);
            }
            // Comments (nothing before the colon), and fields of which we know nothing.
            _ => return Ok(()),
        }
        self.begun = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_wherever_the_stream_is_cut() {
        let text =
            "event: open\ndata:\n\n: a comment\n\nid: 7\r\ndata: CQ==\r\n\r\nretry: 5\ndata: a\ndata: b\n\n";
        let event = |name: &str, data: &str, id: Option<&str>| SseEvent {
            name: name.into(),
            data: data.into(),
            id: id.map(str::to_owned),
        };
        let whole = vec![event("open", "", None), event("", "CQ==", Some("7")), event("", "a\nb", None)];
        for cut in 0..text.len() {
            let mut parser = Parser::default();
            let mut events = parser.feed(&text.as_bytes()[..cut]).unwrap();
            events.extend(parser.feed(&text.as_bytes()[cut..]).unwrap());
            assert_eq!(events, whole, "{cut}");
        }
    }

    #[test]
    fn a_line_without_end_is_given_up_and_so_is_what_is_no_text() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; 1 << 20];
        assert!((0..30).any(|_| parser.feed(&piece).is_err()));
        assert_eq!(Parser::default().feed(b"data: \xff\n\n"), Err(NoEvents));
    }
}
