//! The layout of the tables: one blob of fixed-width little-endian records.
//!
//! Shared by the reader beside it and by the generator that writes it; nobody else needs it, and it may change with every version.
//!
//! The blob starts with [`MAGIC`] and, for each [`Section`], the offset of its first byte and the number of its records as `u32`. A text is the offset of its bytes in
//! [`Section::Texts`], where its length as `u16` stands before it. A list is an index into [`Section::Lists`], where the number of its entries stands before them. Both have
//! nothing at 0: the empty text and the empty list.

/// The first bytes of the blob. The last one counts the versions of the layout.
pub const MAGIC: [u8; 8] = *b"SKYSPEC\x02";

/// The bytes before the first section.
pub const HEADER: usize = MAGIC.len() + Section::COUNT * 8;

/// The parts of the blob, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Resource types, sorted by name; see [`resource`].
    Resources,
    /// Object types, each once, whichever resources have it; see [`definition`].
    Definitions,
    /// Properties, those of one owner together and sorted by name; see [`property`].
    Properties,
    /// Attributes, those of one resource type together and sorted by name; see [`attribute`].
    Attributes,
    /// Types with their limits; see [`shape`].
    Shapes,
    /// Limits; see [`limits`].
    Limits,
    /// Numbers of four bytes: the entries of all lists.
    Lists,
    /// Bytes: all texts.
    Texts,
}

impl Section {
    /// The number of sections.
    pub const COUNT: usize = 8;

    /// The bytes of one record.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Self::Resources => resource::WIDTH,
            Self::Definitions => definition::WIDTH,
            Self::Properties => property::WIDTH,
            Self::Attributes => attribute::WIDTH,
            Self::Shapes => shape::WIDTH,
            Self::Limits => limits::WIDTH,
            Self::Lists => 4,
            Self::Texts => 1,
        }
    }
}

/// Declares the offsets of the four-byte fields of a record.
macro_rules! fields {
    ($(#[$doc:meta])* $module:ident { $($field:ident),+ $(,)? } $($rest:item)*) => {
        $(#[$doc])*
        #[allow(missing_docs, non_camel_case_types, clippy::upper_case_acronyms)]
        pub mod $module {
            #[repr(usize)]
            #[derive(Clone, Copy)]
            enum Field { $($field),+, End }
            $(pub const $field: usize = Field::$field as usize * 4;)+
            pub const WIDTH: usize = Field::End as usize * 4;
            $($rest)*
        }
    };
}

fields! {
    /// A resource type: texts, lists, and runs of properties and attributes.
    resource {
        NAME, FIRST_PROPERTY, PROPERTIES, FIRST_ATTRIBUTE, ATTRIBUTES, FLAGS, TAG_PROPERTY, PRIMARY_IDENTIFIER, REFERENCE, ARN, TRANSFORM, REGIONS, PERMISSIONS, RULES,
    }
    pub const STATEFUL: u32 = 1;
    pub const OPEN: u32 = 2;
    /// How tags are written: two bits, 0 for none, then list, map and the list of an Auto Scaling group.
    pub const TAG_STYLE_SHIFT: u32 = 2;
}

fields! {
    /// An object type: name, a run of properties, and the rules about them.
    definition { NAME, FIRST_PROPERTY, PROPERTIES, FLAGS, RULES }
    pub const OPEN: u32 = 1;
}

fields! {
    /// A property. Its extra list has the default as a text, then what the property refers to.
    property { NAME, SHAPE, EXTRA, FLAGS }
    pub const REQUIRED: u32 = 1;
    pub const READ_ONLY: u32 = 2;
    pub const WRITE_ONLY: u32 = 4;
    pub const DEPRECATED: u32 = 8;
    /// Two bits: never, conditional, always.
    pub const REPLACEMENT_SHIFT: u32 = 4;
}

fields! {
    /// An attribute.
    attribute { NAME, SHAPE }
}

fields! {
    /// A type. What it is of is a shape for a list or a map, a definition for an object, a list of shapes for a union.
    shape { KIND, OF, LIMITS, FLAGS }
    pub const UNIQUE_ITEMS: u32 = 1;
    pub const UNORDERED: u32 = 2;
    pub const IGNORE_CASE: u32 = 4;
    pub const MIXED: u32 = 8;
    pub const STRING: u32 = 0;
    pub const INTEGER: u32 = 1;
    pub const NUMBER: u32 = 2;
    pub const BOOLEAN: u32 = 3;
    pub const JSON: u32 = 4;
    pub const TIMESTAMP: u32 = 5;
    pub const LIST: u32 = 6;
    pub const MAP: u32 = 7;
    pub const OBJECT: u32 = 8;
    pub const UNION: u32 = 9;
}

fields! {
    /// Limits. The two numbers are `f64` in two fields each; a bit says which of the fields count.
    limits {
        PRESENT, MINIMUM, MINIMUM_HIGH, MAXIMUM, MAXIMUM_HIGH, MIN_LENGTH, MAX_LENGTH, MIN_ITEMS, MAX_ITEMS, PATTERN, CHECKABLE_PATTERN, KEY_PATTERN, CHECKABLE_KEY_PATTERN, FORMAT, ALLOWED,
    }
    pub const HAS_MINIMUM: u32 = 1;
    pub const HAS_MAXIMUM: u32 = 2;
    pub const HAS_MIN_LENGTH: u32 = 4;
    pub const HAS_MAX_LENGTH: u32 = 8;
    pub const HAS_MIN_ITEMS: u32 = 16;
    pub const HAS_MAX_ITEMS: u32 = 32;
}

/// The rules of a definition or a resource: one list, three entries a rule, namely one of these, a text and a list of texts.
#[allow(missing_docs)]
pub mod rule {
    pub const EXACTLY_ONE: u32 = 0;
    pub const AT_LEAST_ONE: u32 = 1;
    pub const AT_MOST_ONE: u32 = 2;
    pub const REQUIRES: u32 = 3;
    pub const EXCLUDES: u32 = 4;
    pub const WIDTH: usize = 3;
}
