//! The server-state cache: what is fresh, what is stale, what is being fetched.
