//! Form state: what is being typed, until it is sent or given up. Pure; views hold these values in signals.

pub mod form;
pub mod login;
pub mod rename;
pub mod settings;
