//! The table of all rules: the one place that says what a rule is called, how severe it is, why it exists and what to do.

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
    ($($name:ident $id:literal $severity:ident $reason:literal $fix:literal)*) => {
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
        }
    };
}

rules! {
    UnknownSection "unknown-section" Error
        "CloudFormation refuses a template with a section it does not know"
        "correct the name, or move what it has to `Metadata`"
    MalformedSection "malformed-section" Error
        "a section, and every entry of it, is a map"
        "give it the shape that the template reference shows"
    NoResources "no-resources" Warning
        "CloudFormation refuses a template without a resource"
        "add a resource, or do not deploy this stack"
    TemplateLimit "template-limit" Error
        "CloudFormation limits how much a template may have"
        "split the stack, or nest a part of it"
    LogicalId "logical-id" Error
        "logical ids and parameter names have letters and digits only, at most 255"
        "take another name"
    MissingType "missing-type" Error
        "without a type CloudFormation does not know what to make"
        "add `Type`"
    UnknownType "unknown-type" Error
        "CloudFormation refuses a template with a resource type it does not know"
        "correct the type"
    UnknownResourceAttribute "resource-attribute" Error
        "beside `Type` and `Properties` a resource has a few attributes, each with its own shape"
        "correct the name or the shape; what belongs to the resource itself stands under `Properties`"
    UnknownProperty "unknown-property" Error
        "CloudFormation refuses a property that the resource type does not have"
        "correct the name or remove it"
    MissingProperty "missing-property" Error
        "CloudFormation refuses a resource without a required property"
        "add the property"
    ReadOnlyProperty "read-only-property" Warning
        "what only the service sets is not handed to it, and shows as drift"
        "remove it; read it with `Fn::GetAtt`"
    PropertyCombination "property-combination" Error
        "some properties need or exclude each other"
        "keep to one of them, or add the one that is missing"
    WrongType "wrong-type" Error
        "CloudFormation refuses a value of another type than the property has"
        "write the value in the type of the property"
    NullValue "null-value" Error
        "CloudFormation refuses `null` as the value of a property"
        "remove the property, or use `AWS::NoValue` in a condition"
    OutOfRange "out-of-range" Error
        "the service refuses a number outside its limits"
        "take a number within the limits"
    WrongLength "wrong-length" Error
        "the service refuses text that is too short or too long"
        "take text of the right length"
    ItemCount "item-count" Error
        "the service refuses a list with too few or too many items"
        "add or remove items"
    DuplicateItem "duplicate-item" Error
        "the service refuses a list that has an item twice"
        "remove one of them"
    AllowedValues "allowed-values" Error
        "the service takes only certain values here"
        "take one of the allowed values"
    MalformedFunction "malformed-function" Error
        "CloudFormation refuses an intrinsic function that it does not know or whose arguments have the wrong shape"
        "write the function as the template reference shows"
    UnknownReference "unknown-reference" Error
        "CloudFormation refuses a reference to something that the template does not have"
        "correct the name, or add what it refers to"
    UnknownAttribute "unknown-attribute" Error
        "`Fn::GetAtt` gives only the attributes that a resource type has"
        "take one of the attributes of the type, or `Ref`"
    UnknownCondition "unknown-condition" Error
        "CloudFormation refuses a condition that the template does not have"
        "correct the name, or add the condition"
    UnknownMapping "unknown-mapping" Error
        "CloudFormation refuses a mapping, or a key of one, that the template does not have"
        "correct the name, or add the entry"
    ConditionReference "condition-reference" Error
        "conditions are worked out before anything is made, so they see parameters only"
        "refer to a parameter"
    CircularDependency "circular-dependency" Error
        "resources that wait for each other are never made"
        "break the loop: name one of them by a literal, or move the link into a resource of its own"
    ParameterType "parameter-type" Error
        "a parameter has a type that CloudFormation knows"
        "take `String`, `Number`, `CommaDelimitedList` or one of the AWS types"
    ParameterDefault "parameter-default" Error
        "CloudFormation refuses a default that the parameter itself does not allow"
        "change the default or what is allowed"
    MissingOutputValue "output-value" Error
        "an output without a value is refused"
        "add `Value`"
    TableKeyAttributes "table-key-attributes" Error
        "DynamoDB wants a definition of exactly those attributes that are keys of the table or of an index"
        "define the attributes that are keys, and no other"
    TableBilling "table-billing" Error
        "throughput belongs to provisioned tables, and only to them"
        "remove the throughput, or set `BillingMode` to `PROVISIONED`"
    LambdaMemory "lambda-memory" Error
        "Lambda gives a function 128 to 10240 MB"
        "take a memory size within the limits"
    LambdaTimeout "lambda-timeout" Error
        "Lambda stops every function after 900 seconds at most"
        "take a timeout within the limits; split longer work, or use Step Functions"
    LambdaInlineCode "lambda-inline-code" Error
        "Lambda takes at most 4 MB of code inside a template"
        "package the code as a file"
    LambdaInlineHandler "lambda-inline-handler" Error
        "code inside a template is put in a file called `index`, so nothing else can be its handler"
        "begin the handler with `index.`"
    LambdaRuntime "lambda-runtime" Error
        "a function that is not a container image has a runtime and a handler"
        "add them"
    PolicyGrammar "policy-grammar" Error
        "IAM refuses a policy that does not follow its grammar"
        "write the policy as the IAM reference shows"
    NotificationKey "notification-key" Error
        "S3 has no right to use the AWS-managed key of SNS or SQS, so its notifications are refused"
        "use no key, SSE-SQS, or a key of your own whose policy admits s3.amazonaws.com"
    NotificationPermission "notification-permission" Warning
        "S3 checks that it may publish when notifications are set, and the deployment fails if it may not"
        "add the policy or the permission, and let the bucket depend on it"
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
