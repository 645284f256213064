//! What runs a function.

/// A Lambda runtime.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    name: std::borrow::Cow<'static, str>,
}

macro_rules! runtimes {
    ($($name:ident = $text:literal),* $(,)?) => {
        impl Runtime {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Self = Self { name: std::borrow::Cow::Borrowed($text) };
            )*
        }
    };
}

runtimes! {
    NODEJS_20_X = "nodejs20.x",
    NODEJS_22_X = "nodejs22.x",
    NODEJS_24_X = "nodejs24.x",
    PYTHON_3_10 = "python3.10",
    PYTHON_3_11 = "python3.11",
    PYTHON_3_12 = "python3.12",
    PYTHON_3_13 = "python3.13",
    PYTHON_3_14 = "python3.14",
    JAVA_17 = "java17",
    JAVA_21 = "java21",
    JAVA_25 = "java25",
    DOTNET_8 = "dotnet8",
    RUBY_3_3 = "ruby3.3",
    RUBY_3_4 = "ruby3.4",
    PROVIDED_AL2 = "provided.al2",
    PROVIDED_AL2023 = "provided.al2023",
}

impl Runtime {
    /// A runtime that has no constant here yet. It is checked at synthesis.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into().into() }
    }

    /// The runtime's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The processor that a function runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit Arm (Graviton).
    Arm64,
    /// 64-bit x86.
    X86_64,
}

impl Architecture {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}
