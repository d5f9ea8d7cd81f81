//! Carries frames to and from a sync server: the Transport trait, WebSocket, supervisor, status.
