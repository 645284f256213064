//! Failures whose cause and remedy are known, by what CloudFormation and the services say of them.
//!
//! One table: each entry is a sentence's marks, what is behind it, and what to do. The words are AWS's and may change with any of its releases, so
//! nothing but the advice may depend on them.

use skysmith_deploy::Cause;

/// A failure that is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// The beginning of the resource types that it is about; empty for any.
    kind: &'static str,
    /// All of these are in the reason, in lower case; of several alternatives one is enough.
    marks: &'static [&'static [&'static str]],
    /// What is behind it.
    pub why: &'static str,
    /// What to do, one step each. `{stack}` is the stack's name; `{skysmith ...}` is a command.
    pub fix: &'static [&'static str],
}

/// The first that fits counts, so the particular come before the general.
const TABLE: &[Known] = &[
    Known {
        kind: "AWS::Lambda::",
        marks: &[&["role", "cannot be assumed by lambda"]],
        why: "most often the role's trust policy lacks lambda.amazonaws.com, or the role is seconds old",
        fix: &[
            "let the function make its own role, or add lambda.amazonaws.com to the trust policy of the one it is given",
        ],
    },
    Known {
        kind: "AWS::Lambda::Function",
        marks: &[&["unreservedconcurrentexecution below its minimum"]],
        why: "the account would have too little concurrency left for its other functions",
        fix: &["reserve less, or ask for a higher quota: Service Quotas, Lambda, concurrent executions"],
    },
    Known {
        kind: "",
        marks: &[&["codestorageexceeded"], &["code storage limit exceeded"]],
        why: "the versions of all functions in this region fill the account's 75 GB for code",
        fix: &[
            "delete old versions of functions, or ask for a higher quota: Service Quotas, Lambda, function and layer storage",
        ],
    },
    Known {
        kind: "AWS::Lambda::",
        marks: &[
            &["runtime", "no longer supported"],
            &["at 'runtime' failed to satisfy"],
            &["runtime", "is not supported"],
        ],
        why: "Lambda does not offer this runtime, or not any more",
        fix: &["choose a current runtime: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"],
    },
    Known {
        kind: "AWS::Lambda::",
        marks: &[&["unzipped size must be smaller"], &["request must be smaller than", "createfunction"]],
        why: "a function with its layers may have 250 MB unpacked",
        fix: &["leave out what is not needed at run time, or use a container image"],
    },
    Known {
        kind: "AWS::Lambda::",
        marks: &[
            &["s3 error code: nosuchkey"],
            &["s3 error code: nosuchbucket"],
            &["occurred while getobject"],
            &["getobject", "access denied"],
        ],
        why: "Lambda cannot read the function's code from the bucket for assets",
        fix: &[
            "deploy again: {skysmith deploy {stack}} sends assets that are missing",
            "the bucket must be in the stack's region and belong to its account",
        ],
    },
    Known {
        kind: "AWS::ApiGateway::",
        marks: &[&["cloudwatch logs role arn must be set"]],
        why: "the stage logs to CloudWatch, which API Gateway may do only with a role that is set once for the account and region",
        fix: &[
            "turn the stage's logging off, or set the role with an AWS::ApiGateway::Account in one stack of the account",
        ],
    },
    Known {
        kind: "AWS::ApiGateway::",
        marks: &[&["doesn't contain any methods"]],
        why: "the deployment was made before the API had a method",
        fix: &["let the deployment depend on all methods"],
    },
    Known {
        kind: "AWS::ApiGateway",
        marks: &[&["too many requests"], &["throttl"]],
        why: "API Gateway takes one deployment in five seconds and deletes one REST API in thirty",
        fix: &["deploy fewer APIs at a time: {skysmith deploy {stack} --concurrency 1}"],
    },
    Known {
        kind: "AWS::S3::Bucket",
        marks: &[&["not empty"]],
        why: "S3 deletes no bucket that holds objects, older versions included",
        fix: &[
            "keep it with the removal policy Retain, or have the app mark it to be emptied",
            "{skysmith repair {stack}} finishes the deletion: it empties what is marked, and can let go of the rest",
        ],
    },
    Known {
        kind: "AWS::S3::Bucket",
        marks: &[&["unable to validate the following destination configurations"]],
        why: "the target of the bucket's notifications does not let S3 send to it: its policy came later, or its key does not admit S3",
        fix: &[
            "let the bucket depend on the permission, topic policy or queue policy",
            "a topic or queue that is encrypted with alias/aws/sns or alias/aws/sqs cannot receive from S3",
        ],
    },
    Known {
        kind: "AWS::S3::Bucket",
        marks: &[&["conflicting conditional operation"], &["operationaborted"]],
        why: "a bucket of this name was deleted a short while ago, and S3 is not done with it",
        fix: &["wait some minutes, and run {skysmith deploy {stack}} again"],
    },
    Known {
        kind: "AWS::S3::Bucket",
        marks: &[
            &["already exists"],
            &["requested bucket name is not available"],
            &["bucketalreadyexists"],
            &["already owned by you"],
            &["bucketalreadyownedbyyou"],
        ],
        why: "names of buckets are shared by all accounts; this one is taken, by somebody else or by an earlier stack of yours",
        fix: &[
            "leave the name to CloudFormation, or choose another",
            "if it is yours and should become part of the stack: {skysmith deploy {stack} --import-existing}",
        ],
    },
    Known {
        kind: "AWS::SQS::Queue",
        marks: &[&["queuedeletedrecently"], &["must wait 60 seconds"]],
        why: "a queue of this name was deleted less than a minute ago",
        fix: &["wait a minute, and run {skysmith deploy {stack}} again"],
    },
    Known {
        kind: "AWS::DynamoDB::",
        marks: &[&["only 1 online index"], &["more than one gsi"], &["only one gsi"]],
        why: "DynamoDB makes or deletes one index of a table in an update",
        fix: &["change one index, deploy, then change the next"],
    },
    Known {
        kind: "AWS::DynamoDB::",
        marks: &[&["subscriber limit exceeded"], &["can be created, updated, or deleted simultaneously"]],
        why: "DynamoDB works on so many tables and indexes of an account at once, and no more",
        fix: &["run {skysmith deploy {stack}} again; let some tables depend on others"],
    },
    Known {
        kind: "AWS::SNS::",
        marks: &[
            &["subscriptionlimitexceeded"],
            &["subscription limit"],
            &["filterpolicylimitexceeded"],
            &["filter policies"],
        ],
        why: "a quota of SNS on subscriptions or filter policies is used up",
        fix: &["delete subscriptions that nobody needs, or ask for a higher quota: Service Quotas, SNS"],
    },
    Known {
        kind: "AWS::IAM::",
        marks: &[
            &["maximum policy size of", "exceeded"],
            &["limitexceeded", "policysize"],
            &["cannot exceed quota for policysize"],
        ],
        why: "all inline policies of a role together may have 10,240 characters, a managed policy 6,144",
        fix: &["grant by wider patterns of ARNs, or move statements into managed policies"],
    },
    Known {
        kind: "AWS::IAM::",
        marks: &[&["malformedpolicydocument"], &["invalid principal in policy"], &["policy document", "syntax"]],
        why: "IAM does not take the policy: a principal that does not exist, or a statement that is none",
        fix: &["check the ARNs of the principals; a role that was deleted and made again is another principal"],
    },
    Known {
        kind: "AWS::KMS::",
        marks: &[&["will not allow you to update the key policy in the future"]],
        why: "the key's policy would lock everybody out",
        fix: &["keep a statement that lets the account's root administer the key"],
    },
    Known {
        kind: "AWS::CloudFormation::WaitCondition",
        marks: &[&["timed out"], &["received 0"]],
        why: "nobody sent the signal in time",
        fix: &["look at the logs of what was to send it, and give it a longer timeout"],
    },
    Known {
        kind: "Custom::",
        marks: &[
            &["cloudwatch log stream"],
            &["see the details in cloudwatch"],
            &["failed to respond"],
            &["did not receive a response"],
            &["status [failed] from custom resource"],
        ],
        why: "the function behind this custom resource failed, or did not answer",
        fix: &["its log group has the reason; the log stream is named above where CloudFormation knows it"],
    },
    Known {
        kind: "AWS::CloudFormation::CustomResource",
        marks: &[&["failed"], &["did not receive a response"]],
        why: "the function behind this custom resource failed, or did not answer",
        fix: &["its log group has the reason; the log stream is named above where CloudFormation knows it"],
    },
    Known {
        kind: "AWS::AutoScaling::",
        marks: &[&["success signal"]],
        why: "the instances did not tell in time that they are well",
        fix: &["look at /var/log/cloud-init-output.log on one of them"],
    },
    Known {
        kind: "",
        marks: &[
            &["as it is in use by"],
            &["cannot be deleted as it is in use"],
            &["cannot be updated as it is in use"],
        ],
        why: "another stack imports this export, and CloudFormation changes none that is imported",
        fix: &["deploy the stack that reads it first, without the reference; then {skysmith deploy {stack}}"],
    },
    Known {
        kind: "",
        marks: &[&["is already exported by stack"]],
        why: "names of exports are shared by all stacks of an account and region",
        fix: &["choose another name for the export"],
    },
    Known {
        kind: "",
        marks: &[&["custom-named resource requires replacing"]],
        why: "the new resource would have the name of the old one while both are there",
        fix: &["give it another name, or leave the name to CloudFormation"],
    },
    Known {
        kind: "",
        marks: &[&["action denied by stack policy"]],
        why: "the stack's policy protects this resource against just this change",
        fix: &["if it is meant, allow it for this one update: {skysmith deploy {stack} --allow-data-loss}"],
    },
    Known {
        kind: "",
        marks: &[&["is invalid or cannot be assumed"], &["cannot be assumed", "cloudformation"]],
        why: "CloudFormation cannot take the role that it is to work with: it is gone, or its trust policy lacks cloudformation.amazonaws.com",
        fix: &["make the role again, or pass another one with --service-role"],
    },
    Known {
        kind: "",
        marks: &[&["security token included in the request is expired"], &["expiredtoken"], &["token has expired"]],
        why: "the credentials that CloudFormation worked with ran out before the end: without a service role they are yours",
        fix: &["log in again for longer, or let CloudFormation work with a service role", "{skysmith deploy {stack}}"],
    },
    Known {
        kind: "",
        marks: &[&["unable to fetch parameters"], &["parameternotfound"], &["ssm", "cannot be found"]],
        why: "an SSM parameter that the template reads does not exist in this account and region",
        fix: &["make it, or correct its name"],
    },
    Known {
        kind: "",
        marks: &[&["can't find the specified secret"], &["could not find a value associated with jsonkey"]],
        why: "a secret that the template reads does not exist in this account and region, or lacks the key",
        fix: &["make it, or correct its name"],
    },
    Known {
        kind: "",
        marks: &[&["circular dependency"]],
        why: "these resources wait for each other",
        fix: &["take one of the references out, for instance by giving one of them a name"],
    },
    Known {
        kind: "",
        marks: &[&["already exist"]],
        why: "something of this name is there already, and not part of this stack",
        fix: &[
            "leave the name to CloudFormation, or choose another",
            "if it should become part of the stack: {skysmith deploy {stack} --import-existing}, or {skysmith import {stack}}",
        ],
    },
    Known {
        kind: "",
        marks: &[&["rate exceeded"], &["throttl"], &["toomanyrequests"], &["too many requests"], &["slow down"]],
        why: "the service takes fewer calls a second than this change needs, or others use them up",
        fix: &["run {skysmith deploy {stack}} again; deploy fewer stacks at a time with --concurrency"],
    },
    Known {
        kind: "",
        marks: &[
            &["limitexceeded"],
            &["limit exceeded"],
            &["servicelimitexceeded"],
            &["service limit"],
            &["maximum number of"],
            &["cannot exceed quota"],
            &["quota"],
        ],
        why: "a quota of the account is used up",
        fix: &["delete what nobody needs, or ask for more: https://console.aws.amazon.com/servicequotas"],
    },
    Known {
        kind: "",
        marks: &[
            &["not been able to stabilize"],
            &["did not stabilize"],
            &["exceeded attempts to wait"],
            &["notstabilized"],
        ],
        why: "the resource was made, and did not become ready in the time that CloudFormation gives it",
        fix: &["look at the resource in its service's console, then {skysmith deploy {stack}}"],
    },
    Known {
        kind: "",
        marks: &[&["internal failure"], &["internalfailure"], &["internal error"], &["internalerror"]],
        why: "the service failed without saying why; often it was refused something in the background",
        fix: &[
            "CloudTrail has the calls, within about 15 minutes: {skysmith events {stack} --why} looks there again",
            "if nothing is to be found there: {skysmith deploy {stack}}",
        ],
    },
];

/// What is known of a failure.
pub fn explain(cause: &Cause) -> Option<&'static Known> {
    find(&cause.resource_type, &cause.reason)
}

fn find(kind: &str, reason: &str) -> Option<&'static Known> {
    let reason = reason.to_lowercase();
    let has = |marks: &&[&str]| marks.iter().all(|mark| reason.contains(mark));
    TABLE.iter().find(|known| kind.starts_with(known.kind) && known.marks.iter().any(has))
}

impl Known {
    /// What to do, with the stack's name and the commands filled in.
    pub fn steps(&self, stack: &str, command: &dyn Fn(&str) -> String) -> Vec<String> {
        self.fix.iter().map(|step| filled(&step.replace("{stack}", stack), command)).collect()
    }
}

/// `run {skysmith deploy app} again` with the command as it has to be typed here.
fn filled(step: &str, command: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut rest = step;
    while let Some((before, after)) = rest.split_once("{skysmith ") {
        let (inside, after) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&command(inside));
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_aws() {
        for (kind, reason, why) in [
            (
                "AWS::Lambda::Function",
                "The role defined for the function cannot be assumed by Lambda.",
                "trust policy lacks lambda",
            ),
            ("AWS::S3::Bucket", "my-bucket already exists", "names of buckets are shared"),
            (
                "AWS::S3::Bucket",
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
                "holds objects",
            ),
            (
                "AWS::DynamoDB::Table",
                "Resource of type 'AWS::DynamoDB::Table' with identifier 'x' already exists.",
                "is there already",
            ),
            (
                "AWS::ApiGateway::Stage",
                "CloudWatch Logs role ARN must be set in account settings to enable logging",
                "set once for the account",
            ),
            ("AWS::SNS::Topic", "Rate exceeded (Service: Sns, Status Code: 400)", "fewer calls a second"),
            ("AWS::CloudFormation::Stack", "Export a:X cannot be deleted as it is in use by b", "imports this export"),
            ("AWS::Lambda::Function", "Code storage limit exceeded.", "75 GB"),
            (
                "AWS::Lambda::Function",
                "The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions.",
                "does not offer",
            ),
            ("AWS::SNS::Subscription", "SubscriptionLimitExceeded", "subscriptions"),
            ("AWS::IAM::Role", "Cannot exceed quota for RolesPerAccount: 1000", "quota"),
            ("AWS::EC2::Instance", "Internal Failure", "without saying why"),
        ] {
            let found = find(kind, reason).unwrap_or_else(|| panic!("{reason}"));
            assert!(found.why.contains(why), "{reason}: {}", found.why);
        }
        assert_eq!(find("AWS::SQS::Queue", "name taken"), None);
    }

    #[test]
    fn the_table_is_sound() {
        for (index, known) in TABLE.iter().enumerate() {
            assert!(!known.marks.is_empty() && !known.why.is_empty() && !known.fix.is_empty(), "{}", known.why);
            assert!(known.marks.iter().all(|marks| !marks.is_empty()));
            for mark in known.marks.iter().flat_map(|marks| marks.iter()) {
                assert_eq!(*mark, mark.to_lowercase(), "reasons are compared in lower case");
            }
            let text = known.steps("app", &|command| format!("skysmith {command}")).join(" ");
            assert!(!text.contains('{') && !text.contains('}'), "{text}");
            // What comes after an entry for any type and the same marks is never reached.
            for later in &TABLE[index + 1..] {
                let hides = known.kind.is_empty() && known.marks.iter().all(|marks| later.marks.contains(marks));
                assert!(!hides, "{} hides {}", known.why, later.why);
            }
        }
    }
}
