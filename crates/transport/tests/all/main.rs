//! Behaviour of the transport: the supervisor as a model, the connection against a scripted server.

mod connection;
mod script;
mod supervisor;
