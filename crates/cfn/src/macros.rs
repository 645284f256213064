//! What is alike in everything that is generated.
//!
//! `Debug` and `PartialEq` are written out, not derived: derived, they took a tenth of the time to check the crate each.

/// `Debug` as that of what is inside.
macro_rules! debug_as {
    ($name:ident, $this:ident => $inside:expr) => {
        impl ::std::fmt::Debug for $name {
            fn fmt(&$this, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt($inside, f)
            }
        }
    };
}

/// The handle of a resource type.
macro_rules! handle {
    ($(#[$doc:meta])* $name:ident, $resource_type:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(::skysmith_core::Resource);

        debug_as! { $name, self => &self.0 }

        impl $name {
            /// The name of the resource type.
            pub const TYPE: &str = $resource_type;
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

        debug_as! { $name, self => &self.0 }

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

        impl $name {
            /// The text in a template.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl ::skysmith_core::Literal for $name {
            fn into_node(self) -> ::skysmith_core::Node {
                self.as_str().into()
            }
        }

        impl ::skysmith_core::Choice for $name {}

        // By the text: `Other` with a known text is that value.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $name {}

        debug_as! { $name, self => self.as_str() }
    };
}
