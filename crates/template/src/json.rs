//! JSON: reading with source places, writing the same bytes every time.

pub(crate) mod read;
pub(crate) mod write;
