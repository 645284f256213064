//! What is alike in everything that is generated.
//!
//! There are thousands of each, so that what is written here is most of the time to check the crate. `Debug` and `PartialEq`
//! are written out, not derived, and a plain function is called where the compiler would have to find a trait's.

use std::fmt::{Debug, Formatter, Result};

use skysmith_core::{PropertyMap, Resource};

pub(crate) fn debug_resource(resource: &Resource, f: &mut Formatter<'_>) -> Result {
    Debug::fmt(resource, f)
}

pub(crate) fn debug_properties(properties: &PropertyMap, f: &mut Formatter<'_>) -> Result {
    Debug::fmt(properties, f)
}

pub(crate) fn debug_text(text: &str, f: &mut Formatter<'_>) -> Result {
    Debug::fmt(text, f)
}

/// The handle of a resource type.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $resource_type:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(::skysmith_core::Resource);

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                crate::macros::debug_resource(&self.0, f)
            }
        }

        impl ::skysmith_core::CfnResource for $name {
            const TYPE: &'static str = $resource_type;

            fn from_resource(resource: ::skysmith_core::Resource) -> Self {
                Self(resource)
            }
        }

        impl ::std::ops::Deref for $name {
            type Target = ::skysmith_core::Resource;

            fn deref(&self) -> &::skysmith_core::Resource {
                &self.0
            }
        }
    };
}

/// An object that is a property of a resource, or a part of one.
macro_rules! part {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone)]
        #[must_use = "a property does nothing until it is set on a resource"]
        pub struct $name(::skysmith_core::PropertyMap);

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                crate::macros::debug_properties(&self.0, f)
            }
        }

        impl ::skysmith_core::Literal for $name {
            fn into_node(self) -> ::skysmith_core::Node {
                self.0.into_node()
            }
        }
    };
}

/// An enumeration of texts. It is open: the service may know more values than the specification, and an expression may
/// stand for any.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
            /// A value that the specification does not have.
            Other(String),
        }

        impl ::skysmith_core::Choice for $name {
            fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        // By the text: `Other` with a known text is that value.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                ::skysmith_core::Choice::as_str(self) == ::skysmith_core::Choice::as_str(other)
            }
        }

        impl Eq for $name {}

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                crate::macros::debug_text(::skysmith_core::Choice::as_str(self), f)
            }
        }
    };
}
