//! What nearly every program needs: `use skysmith::prelude::*;`.

pub use crate::mib;
pub use crate::{
    App, Aspect, CfnResource as _, Choice as _, Diagnostic, IntoList as _, IntoValue as _, RemovalPolicy, Scope, Stack,
    Value, pseudo, text,
};
