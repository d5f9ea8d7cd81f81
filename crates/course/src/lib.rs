//! The course model over yrs: outline and lesson documents.
