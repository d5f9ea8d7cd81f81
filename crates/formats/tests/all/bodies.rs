//! Bodies to Markdown and back.
