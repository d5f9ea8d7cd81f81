//! Import and export of course formats.
