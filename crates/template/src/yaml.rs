//! YAML with the short forms of the intrinsic functions: reading with source places, canonical writing.

pub(crate) mod read;
mod scalar;
mod style;
mod tag;
mod write;
