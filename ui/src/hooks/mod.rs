//! Server state and commands as hooks. They return read-only handles and keep no history of events.

mod client;
mod connection;
mod mutation;
mod query;
mod rights;

pub(crate) use client::Client;
pub(crate) use connection::{use_connection, use_pill};
pub(crate) use mutation::use_mutation;
pub(crate) use query::{Query, use_query};
pub(crate) use rights::use_rights;
