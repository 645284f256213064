//! Every call that this crate makes, and the permissions that it takes: the one place that knows. A test compares it with the calls in the sources, another with
//! those that really arrive.

/// What permissions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Use {
    /// Looking at stacks: what `diff` and `outputs` do. All others include it.
    Look,
    /// Finding out what was changed beside CloudFormation.
    Drift,
    /// Deploying.
    Deploy,
    /// Cancelling, rolling back, and getting a stack out of a state that no deployment starts from.
    Repair,
    /// Deleting stacks, and what is in them.
    Destroy,
    /// Removing assets that nothing uses any more.
    Collect,
}

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// The stack.
    Stack,
    /// The stacks that are nested in it, at any depth: CloudFormation's names for them begin with that of the one around.
    Nested,
    /// The stack, if it is protected.
    ProtectedStack,
    /// The stack, if it is made and changed without change sets.
    DirectStack,
    /// The stack, if something goes past its change sets: it is protected, or does without them.
    UpdatedStack,
    /// The app's other stacks, which may read its outputs.
    Followers,
    /// Nothing that an ARN could name.
    Anything,
    /// Buckets that the stack's assets go to.
    AssetBuckets,
    /// What is in them.
    AssetObjects,
    /// What is in the buckets that functions, layers and the like of the stack have their code in.
    CodeObjects,
    /// Skysmith's own bucket for assets, which is made on first need.
    OwnBucket,
    /// The same, whether or not the stack has assets, and what is in it.
    OwnAssets,
    /// Repositories that the stack's container images go to.
    Repositories,
    /// All of ECR, if the stack has container images.
    Registry,
    /// The SSM parameter with the version of the CDK's bootstrap.
    BootstrapParameter,
    /// The SSM parameters that are values of the template's parameters.
    StoredParameters,
    /// The stack's tables.
    Tables,
    /// The stack's buckets.
    Buckets,
    /// Buckets of the stack that are marked to be emptied.
    EmptiedBuckets,
    /// What is in them.
    EmptiedObjects,
}

/// A call of the API.
pub(crate) struct Call {
    /// The operation, as errors name it.
    pub operation: &'static str,
    /// What it takes. The first is what a denial without words is about.
    pub takes: &'static [(&'static str, On)],
    /// What makes it. None: the call takes no permission.
    pub uses: &'static [Use],
}

const fn call(operation: &'static str, takes: &'static [(&'static str, On)], uses: &'static [Use]) -> Call {
    Call { operation, takes, uses }
}

use On::{
    Anything, AssetBuckets, AssetObjects, BootstrapParameter, Buckets, CodeObjects, DirectStack, EmptiedBuckets,
    EmptiedObjects, Followers, Nested, OwnAssets, OwnBucket, ProtectedStack, Registry, Repositories, Stack,
    StoredParameters, Tables, UpdatedStack,
};
use Use::{Collect, Deploy, Destroy, Drift, Look, Repair};

/// All calls, sorted by operation.
pub(crate) const CALLS: &[Call] = &[
    call("AbortMultipartUpload", &[("s3:AbortMultipartUpload", EmptiedObjects)], &[Destroy]),
    // By the role's own trust policy, or by what is said where stacks take roles.
    call("AssumeRole", &[], &[]),
    // Of a CDK bootstrap, which may have any qualifier.
    call("BatchDeleteImage", &[("ecr:BatchDeleteImage", Anything)], &[Collect]),
    call("CancelUpdateStack", &[("cloudformation:CancelUpdateStack", Stack)], &[Repair]),
    call("ContinueUpdateRollback", &[("cloudformation:ContinueUpdateRollback", Stack)], &[Repair]),
    call("CreateBucket", &[("s3:CreateBucket", OwnBucket)], &[Deploy]),
    call(
        "CreateChangeSet",
        &[("cloudformation:CreateChangeSet", Stack), ("cloudformation:TagResource", Stack)],
        &[Deploy],
    ),
    call("CreateStack", &[("cloudformation:CreateStack", DirectStack)], &[Deploy]),
    call("DeleteChangeSet", &[("cloudformation:DeleteChangeSet", Stack)], &[Deploy, Repair]),
    call(
        "DeleteObjects",
        &[("s3:DeleteObjectVersion", EmptiedObjects), ("s3:DeleteObject", EmptiedObjects)],
        &[Destroy],
    ),
    call("DeleteObjects", &[("s3:DeleteObject", OwnAssets)], &[Collect]),
    // Of a stack that was made for a change set alone, or whose creation failed, as well.
    call("DeleteStack", &[("cloudformation:DeleteStack", Stack)], &[Deploy, Repair, Destroy]),
    call(
        "DescribeChangeSet",
        &[("cloudformation:DescribeChangeSet", Stack), ("cloudformation:DescribeChangeSet", Nested)],
        &[Deploy],
    ),
    call("DescribeChangeSet", &[("cloudformation:DescribeChangeSet", Anything)], &[Collect]),
    call(
        "DescribeEvents",
        &[("cloudformation:DescribeEvents", Stack), ("cloudformation:DescribeEvents", Nested)],
        &[Deploy, Repair, Destroy],
    ),
    call("DescribeImages", &[("ecr:DescribeImages", Repositories)], &[Deploy]),
    call("DescribeImages", &[("ecr:DescribeImages", Anything)], &[Collect]),
    call("DescribeRepositories", &[("ecr:DescribeRepositories", Repositories)], &[Deploy]),
    call(
        "DescribeStackDriftDetectionStatus",
        &[("cloudformation:DescribeStackDriftDetectionStatus", Anything)],
        &[Drift],
    ),
    call(
        "DescribeStackEvents",
        &[("cloudformation:DescribeStackEvents", Stack), ("cloudformation:DescribeStackEvents", Nested)],
        &[Deploy, Repair, Destroy],
    ),
    call("DescribeStackResourceDrifts", &[("cloudformation:DescribeStackResourceDrifts", Stack)], &[Drift]),
    call(
        "DescribeStacks",
        &[("cloudformation:DescribeStacks", Stack), ("cloudformation:DescribeStacks", Nested)],
        &[Look],
    ),
    call("DescribeStacks", &[("cloudformation:DescribeStacks", Anything)], &[Collect]),
    // What would be lost is counted before it is said.
    call("DescribeTable", &[("dynamodb:DescribeTable", Tables)], &[Look]),
    // <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html> names what it takes besides.
    call(
        "DetectStackDrift",
        &[
            ("cloudformation:DetectStackDrift", Stack),
            ("cloudformation:DetectStackResourceDrift", Stack),
            ("cloudformation:BatchDescribeTypeConfigurations", Anything),
        ],
        &[Drift],
    ),
    call("ExecuteChangeSet", &[("cloudformation:ExecuteChangeSet", Stack)], &[Deploy]),
    // The token is what the container client pushes with.
    call(
        "GetAuthorizationToken",
        &[
            ("ecr:GetAuthorizationToken", Registry),
            ("ecr:BatchCheckLayerAvailability", Repositories),
            ("ecr:CompleteLayerUpload", Repositories),
            ("ecr:InitiateLayerUpload", Repositories),
            ("ecr:PutImage", Repositories),
            ("ecr:UploadLayerPart", Repositories),
        ],
        &[Deploy],
    ),
    call("GetBucketLifecycleConfiguration", &[("s3:GetLifecycleConfiguration", OwnBucket)], &[Deploy]),
    call("GetCallerIdentity", &[], &[]),
    // The files of code that is deployed are compared with those that would be.
    call("GetObject", &[("s3:GetObject", CodeObjects)], &[Look]),
    call("GetObject", &[("s3:GetObject", OwnAssets)], &[Collect]),
    call("GetParameter", &[("ssm:GetParameter", BootstrapParameter)], &[Deploy]),
    call("GetParameterHistory", &[("ssm:GetParameterHistory", Anything)], &[Collect]),
    call("GetParameters", &[("ssm:GetParameters", StoredParameters)], &[Deploy]),
    call("GetParameters", &[("ssm:GetParameters", Anything)], &[Collect]),
    call("GetParametersByPath", &[("ssm:GetParametersByPath", Anything)], &[Collect]),
    call("GetSessionToken", &[], &[]),
    call("GetStackPolicy", &[("cloudformation:GetStackPolicy", ProtectedStack)], &[Deploy]),
    call("GetTemplate", &[("cloudformation:GetTemplate", Stack), ("cloudformation:GetTemplate", Nested)], &[Look]),
    call("GetTemplate", &[("cloudformation:GetTemplate", Followers)], &[Deploy]),
    call("GetTemplate", &[("cloudformation:GetTemplate", Anything)], &[Collect]),
    call("HeadBucket", &[("s3:ListBucket", AssetBuckets)], &[Deploy]),
    // Who may not list a bucket is told that a missing object is forbidden.
    call("HeadObject", &[("s3:GetObject", AssetObjects), ("s3:ListBucket", AssetBuckets)], &[Deploy]),
    call("ListChangeSets", &[("cloudformation:ListChangeSets", Stack)], &[Deploy, Repair]),
    call("ListChangeSets", &[("cloudformation:ListChangeSets", Anything)], &[Collect]),
    call("ListImports", &[("cloudformation:ListImports", Anything)], &[Look]),
    call("ListMultipartUploads", &[("s3:ListBucketMultipartUploads", EmptiedBuckets)], &[Destroy]),
    call("ListObjectVersions", &[("s3:ListBucketVersions", Buckets)], &[Look]),
    call("ListObjectsV2", &[("s3:ListBucket", OwnAssets)], &[Collect]),
    call(
        "ListStackResources",
        &[("cloudformation:ListStackResources", Stack), ("cloudformation:ListStackResources", Nested)],
        &[Look],
    ),
    // Without it many stacks are looked at one by one.
    call("ListStacks", &[], &[]),
    // It only explains, where somebody allows it: what is printed does without.
    call("LookupEvents", &[], &[]),
    call("PutBucketEncryption", &[("s3:PutEncryptionConfiguration", OwnBucket)], &[Deploy]),
    call("PutBucketLifecycleConfiguration", &[("s3:PutLifecycleConfiguration", OwnBucket)], &[Deploy]),
    call("PutBucketNotificationConfiguration", &[("s3:PutBucketNotification", EmptiedBuckets)], &[Destroy]),
    call("PutBucketPolicy", &[("s3:PutBucketPolicy", OwnBucket)], &[Deploy]),
    call("PutBucketVersioning", &[("s3:PutBucketVersioning", OwnBucket)], &[Deploy]),
    call("PutObject", &[("s3:PutObject", AssetObjects)], &[Deploy]),
    call("PutPublicAccessBlock", &[("s3:PutBucketPublicAccessBlock", OwnBucket)], &[Deploy]),
    call("RollbackStack", &[("cloudformation:RollbackStack", Stack)], &[Repair]),
    call("SetStackPolicy", &[("cloudformation:SetStackPolicy", ProtectedStack)], &[Deploy]),
    call("UpdateStack", &[("cloudformation:UpdateStack", UpdatedStack)], &[Deploy]),
    call("UpdateTerminationProtection", &[("cloudformation:UpdateTerminationProtection", Stack)], &[Deploy]),
];

/// The action that a call of this operation takes.
pub(crate) fn action_of(operation: &str) -> Option<&'static str> {
    CALLS.iter().find(|call| call.operation == operation)?.takes.first().map(|(action, _)| *action)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The operations that the sources name where they make a call.
    fn in_sources(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                in_sources(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                for start in ["from_sdk(", "settle("] {
                    for piece in text.split(start).skip(1) {
                        let name = piece.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                        if let Some(name) = name.filter(|name| name.chars().all(char::is_alphanumeric)) {
                            found.insert(name.to_owned());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_call_of_this_crate_is_listed_and_no_other() {
        let mut found = BTreeSet::new();
        in_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        // Whose error is of no interest, so that the sources do not name it.
        found.insert("DescribeEvents".to_owned());
        let listed: BTreeSet<String> = CALLS.iter().map(|call| call.operation.to_owned()).collect();
        let missing: Vec<_> = found.difference(&listed).collect();
        assert!(missing.is_empty(), "calls.rs lacks {missing:?}: add the permissions that they take");
        let gone: Vec<_> = listed.difference(&found).collect();
        assert!(gone.is_empty(), "calls.rs has {gone:?}, which nothing calls");
        assert!(CALLS.is_sorted_by_key(|call| call.operation));
        assert!(CALLS.iter().all(|call| call.takes.is_empty() == call.uses.is_empty()));
    }
}
