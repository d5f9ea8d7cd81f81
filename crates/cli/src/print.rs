//! Answers on standard output, as text or as JSON. A closed pipe ends the program quietly.

use serde_json::Value;
use std::io::{self, Write as _};

/// Where answers go.
#[derive(Clone, Copy)]
pub(crate) struct Printer {
    /// Whether data is wanted as JSON.
    pub(crate) json: bool,
}

impl Printer {
    /// One line of text.
    pub(crate) fn line(self, text: impl AsRef<str>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_ref().as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Text as it is; a line end is added where there is none.
    pub(crate) fn text(self, text: &str) -> io::Result<()> {
        self.line(text.strip_suffix('\n').unwrap_or(text))
    }

    /// Data as JSON on one line, or the lines that say it to people.
    pub(crate) fn data(self, value: &Value, people: impl FnOnce() -> Vec<String>) -> io::Result<()> {
        if self.json {
            return self.line(value.to_string());
        }
        people().into_iter().try_for_each(|line| self.line(line))
    }
}

/// Whether an error only says that the reader of our output has gone.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
