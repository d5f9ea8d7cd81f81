//! Server state as read-only handles. No hook keeps a list of events, and none can change server state: what the user
//! commands goes to the core, and comes back as an answer.
//!
//! - [`ask`]: when the core is asked again, and when it is told who looks; pure
//! - `client`: the observed keys of this window; `query`: handles on them
//! - `connection`, `operations`, `presence`, `rights`, `transfers`: what is asked often
//! - `mutation`: a command and how it ended

pub mod ask;

#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(target_arch = "wasm32")]
mod connection;
#[cfg(target_arch = "wasm32")]
mod mutation;
#[cfg(target_arch = "wasm32")]
mod operations;
#[cfg(target_arch = "wasm32")]
mod presence;
#[cfg(target_arch = "wasm32")]
mod query;
#[cfg(target_arch = "wasm32")]
mod rights;
#[cfg(target_arch = "wasm32")]
mod transfers;

#[cfg(target_arch = "wasm32")]
pub(crate) use {
    client::Client,
    connection::{use_connection, use_pill},
    mutation::{Mutation, use_mutation},
    operations::use_operations,
    presence::{use_presence, use_sharing},
    query::{Options, Query, use_query, use_query_with, use_selected},
    rights::use_rights,
    transfers::use_transfers,
};
