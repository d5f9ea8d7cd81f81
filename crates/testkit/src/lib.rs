//! What tests share: processes, a scripted server, corpora (dev-dependency only).
