//! JSON: reading with source places, writing the same bytes every time.

pub(crate) mod write;
