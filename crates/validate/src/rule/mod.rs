//! Rules: what each is called, how severe it is, why it exists and what to do. The rules themselves stand in `table`.

use std::fmt;
use std::str::FromStr;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// CloudFormation or the service will refuse it, or it cannot work.
    Error,
    /// It is accepted, and most often not what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $reason:literal $fix:literal $explanation:literal)*) => {
        /// A rule, by which findings are named, silenced and explained.
        ///
        /// The ids are stable: they are written in configuration files and in code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum RuleId {
            $(#[doc = concat!("`", $id, "`: ", $reason, ".")] $name,)*
        }

        impl RuleId {
            /// All rules.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The id, such as `unknown-property`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// How severe a finding of this rule is unless told otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// Why the rule exists: one line without a full stop.
            pub fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)* }
            }

            /// What to do about a finding: one line without a full stop.
            pub fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }

            /// What a reader who met the rule for the first time wants to know: a few sentences.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)* }
            }
        }
    };
}

mod table;

pub use table::RuleId;

impl AsRef<str> for RuleId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the id of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    /// The text.
    pub text: String,
    /// The rule whose id is most alike, if one is.
    pub suggestion: Option<RuleId>,
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no rule `{}`", self.text)?;
        match self.suggestion {
            Some(rule) => write!(f, "; did you mean `{rule}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownRule {}

impl FromStr for RuleId {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        Self::ALL.iter().copied().find(|rule| rule.as_str() == text).ok_or_else(|| {
            let closest = crate::suggest::closest(text, Self::ALL.iter().map(|rule| rule.as_str()));
            UnknownRule { text: text.to_owned(), suggestion: closest.and_then(|id| id.parse().ok()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_parse() {
        let mut ids: Vec<_> = RuleId::ALL.iter().map(|rule| rule.as_str()).collect();
        for rule in RuleId::ALL {
            assert_eq!(rule.as_str().parse(), Ok(*rule));
            assert!(rule.explanation().ends_with('.') && rule.explanation().len() > 40, "{rule}");
            for line in [rule.reason(), rule.fix()] {
                assert!(!line.ends_with('.') && !line.contains('\n'), "{line}");
            }
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RuleId::ALL.len());
    }

    #[test]
    fn a_wrong_id_is_met_with_the_right_one() {
        let error = "lambda-memry".parse::<RuleId>().unwrap_err();
        assert_eq!(error.to_string(), "there is no rule `lambda-memry`; did you mean `lambda-memory`?");
    }
}
