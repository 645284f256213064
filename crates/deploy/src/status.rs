//! The statuses that CloudFormation gives to stacks, change sets and resources, all of them, and one for those it may add.
//!
//! Own enums instead of the SDK's: they are matched exhaustively by the [state machine](crate::next_action), which must not change with the SDK.

use std::fmt;

macro_rules! statuses {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* #[doc = concat!("`", $text, "`.")] $variant,)*
            /// One that did not exist when this was written.
            Unknown(String),
        }

        impl $name {
            /// All that are known.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Reads the API's spelling.
            #[must_use]
            pub fn parse(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }

            /// The API's spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

statuses! {
    /// The status of a [stack](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
    StackStatus {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateFailed = "CREATE_FAILED",
        CreateComplete = "CREATE_COMPLETE",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackFailed = "ROLLBACK_FAILED",
        RollbackComplete = "ROLLBACK_COMPLETE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteFailed = "DELETE_FAILED",
        DeleteComplete = "DELETE_COMPLETE",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateComplete = "UPDATE_COMPLETE",
        UpdateFailed = "UPDATE_FAILED",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportComplete = "IMPORT_COMPLETE",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
    }
}

statuses! {
    /// The status of a change set.
    ChangeSetStatus {
        CreatePending = "CREATE_PENDING",
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateComplete = "CREATE_COMPLETE",
        DeletePending = "DELETE_PENDING",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteFailed = "DELETE_FAILED",
        Failed = "FAILED",
    }
}

statuses! {
    /// Whether a change set can be executed, or has been.
    ExecutionStatus {
        Unavailable = "UNAVAILABLE",
        Available = "AVAILABLE",
        ExecuteInProgress = "EXECUTE_IN_PROGRESS",
        ExecuteComplete = "EXECUTE_COMPLETE",
        ExecuteFailed = "EXECUTE_FAILED",
        Obsolete = "OBSOLETE",
    }
}

statuses! {
    /// The status of a resource in a stack's events; a stack's own events have its [`StackStatus`] here, which reads as unknown where it has no twin.
    ResourceStatus {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateFailed = "CREATE_FAILED",
        CreateComplete = "CREATE_COMPLETE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteFailed = "DELETE_FAILED",
        DeleteComplete = "DELETE_COMPLETE",
        DeleteSkipped = "DELETE_SKIPPED",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateFailed = "UPDATE_FAILED",
        UpdateComplete = "UPDATE_COMPLETE",
        ImportFailed = "IMPORT_FAILED",
        ImportComplete = "IMPORT_COMPLETE",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
        ExportFailed = "EXPORT_FAILED",
        ExportComplete = "EXPORT_COMPLETE",
        ExportInProgress = "EXPORT_IN_PROGRESS",
        ExportRollbackInProgress = "EXPORT_ROLLBACK_IN_PROGRESS",
        ExportRollbackFailed = "EXPORT_ROLLBACK_FAILED",
        ExportRollbackComplete = "EXPORT_ROLLBACK_COMPLETE",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackComplete = "ROLLBACK_COMPLETE",
        RollbackFailed = "ROLLBACK_FAILED",
    }
}

impl StackStatus {
    /// Whether CloudFormation is at work on the stack. `REVIEW_IN_PROGRESS` is not work: it is a stack that has nothing but change sets.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        *self != Self::ReviewInProgress && self.as_str().ends_with("_IN_PROGRESS")
    }

    /// Whether an operation that ends in this status did what was asked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete | Self::ImportComplete | Self::DeleteComplete)
    }

    /// Whether the stack's resources are there in the state of some template that was deployed whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::CreateComplete
                | Self::UpdateComplete
                | Self::UpdateCompleteCleanupInProgress
                | Self::UpdateRollbackComplete
                | Self::UpdateRollbackCompleteCleanupInProgress
                | Self::ImportComplete
                | Self::ImportRollbackComplete
        )
    }
}

impl ResourceStatus {
    /// Whether it tells of a failure.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.as_str().ends_with("_FAILED")
    }

    /// Whether the resource is being worked on.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        self.as_str().ends_with("_IN_PROGRESS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_statuses_of_the_sdk_are_known() {
        for text in aws_sdk_cloudformation::types::StackStatus::values() {
            assert!(!matches!(StackStatus::parse(text), StackStatus::Unknown(_)), "{text}");
            assert_eq!(StackStatus::parse(text).as_str(), *text);
        }
        assert_eq!(StackStatus::ALL.len(), aws_sdk_cloudformation::types::StackStatus::values().len());
        for text in aws_sdk_cloudformation::types::ChangeSetStatus::values() {
            assert!(!matches!(ChangeSetStatus::parse(text), ChangeSetStatus::Unknown(_)), "{text}");
        }
        assert_eq!(ChangeSetStatus::ALL.len(), aws_sdk_cloudformation::types::ChangeSetStatus::values().len());
        for text in aws_sdk_cloudformation::types::ExecutionStatus::values() {
            assert!(!matches!(ExecutionStatus::parse(text), ExecutionStatus::Unknown(_)), "{text}");
        }
        assert_eq!(ExecutionStatus::ALL.len(), aws_sdk_cloudformation::types::ExecutionStatus::values().len());
        for text in aws_sdk_cloudformation::types::ResourceStatus::values() {
            assert!(!matches!(ResourceStatus::parse(text), ResourceStatus::Unknown(_)), "{text}");
        }
        assert_eq!(StackStatus::parse("MELTED").as_str(), "MELTED");
    }
}
