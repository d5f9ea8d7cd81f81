//! Yjs v1 updates as bytes, without integration: validate, index, diff, compact.
