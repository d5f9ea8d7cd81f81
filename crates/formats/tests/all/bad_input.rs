//! Input that is broken, hostile or unlucky.
