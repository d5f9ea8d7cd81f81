//! Whole-system tests: the real command line and the real server as processes. One file a behaviour.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]

mod bad_input;
mod convergence;
mod files;
mod interruption;
mod kept;
mod trash;
