//! A function's memory.

/// The memory of a function, in mebibytes.
///
/// Lambda gives a function processor time in proportion to it: 1,769 MiB are one processor.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Memory(u32);

impl Memory {
    /// The least that Lambda gives, in MiB.
    pub const MIN_MIB: u32 = 128;
    /// The most that Lambda gives, in MiB.
    pub const MAX_MIB: u32 = 10_240;

    /// A fixed amount, checked by the compiler where it stands in a constant; [`mib!`](crate::mib) does that.
    ///
    /// # Panics
    /// If `mib` is not between 128 and 10,240, which in a constant is an error of the compiler. See
    /// [`from_mib`](Self::from_mib) for an amount that is computed.
    pub const fn mib(mib: u32) -> Self {
        assert!(mib >= Self::MIN_MIB, "a Lambda function has at least 128 MiB of memory");
        assert!(mib <= Self::MAX_MIB, "a Lambda function has at most 10240 MiB of memory");
        Self(mib)
    }

    /// An amount that is computed. It is checked with everything else at synthesis.
    pub const fn from_mib(mib: u32) -> Self {
        Self(mib)
    }

    /// The amount in MiB.
    pub const fn as_mib(self) -> u32 {
        self.0
    }
}

/// The memory of a function in mebibytes, from 128 to 10,240; anything else does not compile.
///
/// ```
/// let memory = skysmith::mib!(256);
/// assert_eq!(memory.as_mib(), 256);
/// ```
///
/// ```compile_fail
/// let memory = skysmith::mib!(64);
/// ```
// A constant item, unlike an inline constant, is evaluated by `cargo check` and so shown in the editor.
#[macro_export]
macro_rules! mib {
    ($mib:expr) => {{
        const MEMORY: $crate::lambda::Memory = $crate::lambda::Memory::mib($mib);
        MEMORY
    }};
}
