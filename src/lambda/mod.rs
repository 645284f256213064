//! Lambda: functions.

mod code;
mod function;
mod memory;
mod permission;
mod runtime;

pub(crate) use permission::allow_invoke;

pub use code::Code;
pub use function::{Function, FunctionBuilder};
pub use memory::Memory;
pub use runtime::{Architecture, Runtime};
