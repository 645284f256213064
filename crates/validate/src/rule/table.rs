//! The table of all rules: the one place that says of each its id, severity, reason, fix and explanation.

use super::Severity;

rules! {
    UnknownSection "unknown-section" Error
        "CloudFormation refuses a template with a section it does not know"
        "correct the name, or move what it has to `Metadata`"
        "The top level of a template has fixed sections: AWSTemplateFormatVersion, Description, Metadata, Parameters, Rules, Mappings, Conditions, Transform, Hooks, Resources and Outputs. Anything else, a misspelt name included, is refused before anything is made."
    MalformedSection "malformed-section" Error
        "a section, and every entry of it, is a map"
        "give it the shape that the template reference shows"
        "Each section is a map from names to entries, and each entry is a map again. A list or a text in its place is most often a slip of indentation. The only format version is 2010-09-09."
    NoResources "no-resources" Warning
        "CloudFormation refuses a template without a resource"
        "add a resource, or do not deploy this stack"
        "A template needs at least one resource, so a stack without any cannot be deployed. An empty stack in a program is often one whose resources all depend on something that is switched off."
    TemplateLimit "template-limit" Error
        "CloudFormation limits how much a template may have"
        "split the stack, or nest a part of it"
        "A template has at most 1 MB (51,200 bytes if it is not handed over through S3), 500 resources, 200 parameters, 200 mappings, 200 outputs and 1,024 bytes of description. CloudFormation refuses one that has more."
    LogicalId "logical-id" Error
        "logical ids and parameter names have letters and digits only, at most 255"
        "take another name"
        "Names of resources, parameters and outputs consist of ASCII letters and digits, at most 255 of them, and a parameter and a resource cannot share one, because `Ref` would not know which is meant."
    MissingType "missing-type" Error
        "without a type CloudFormation does not know what to make"
        "add `Type`"
        "Every resource names its type, such as AWS::S3::Bucket, as text. CloudFormation does not take a function there."
    UnknownType "unknown-type" Error
        "CloudFormation refuses a template with a resource type it does not know"
        "correct the type"
        "The name of a resource type has three parts, such as AWS::S3::Bucket, and its case counts. Custom resources begin with Custom::, and the types of third parties with the name of their maker; neither is judged here."
    UnknownResourceAttribute "resource-attribute" Error
        "beside `Type` and `Properties` a resource has a few attributes, each with its own shape"
        "correct the name or the shape; what belongs to the resource itself stands under `Properties`"
        "Beside Type and Properties a resource has DependsOn, Condition, Metadata, DeletionPolicy, UpdateReplacePolicy, UpdatePolicy and CreationPolicy. A property of the resource that stands one level too high is met here."
    UnknownProperty "unknown-property" Error
        "CloudFormation refuses a property that the resource type does not have"
        "correct the name or remove it"
        "The properties of each resource type are fixed by the schema of its provider, their case included. A name that is not in it is refused, and the whole change with it."
    MissingProperty "missing-property" Error
        "CloudFormation refuses a resource without a required property"
        "add the property"
        "The provider's schema says which properties have to be there. One that is only there under a condition counts as there, since under the other condition nothing is known."
    ReadOnlyProperty "read-only-property" Warning
        "what only the service sets is not handed to it, and shows as drift"
        "remove it; read it with `Fn::GetAtt`"
        "What a service works out itself, such as an ARN or an id, can be read with `Fn::GetAtt`. In a template it has no effect at best; some providers refuse it."
    PropertyCombination "property-combination" Error
        "some properties need or exclude each other"
        "keep to one of them, or add the one that is missing"
        "A provider may take one of two properties, at least one of several, or one only together with another. What a condition gives or takes is left open."
    WrongType "wrong-type" Error
        "CloudFormation refuses a value of another type than the property has"
        "write the value in the type of the property"
        "CloudFormation turns numbers and truth values into text and back, and nothing else: a list is no text, a map no list. A function such as `Fn::Split` gives a list, `Fn::Join` and `Fn::Sub` give text, and `Fn::GetAtt` what the attribute is."
    NullValue "null-value" Error
        "CloudFormation refuses `null` as the value of a property"
        "remove the property, or use `AWS::NoValue` in a condition"
        "An entry without a value is null in YAML, and CloudFormation says \"Null values are not allowed in templates\". To leave a property away under a condition, give it `AWS::NoValue` with `Fn::If`."
    OutOfRange "out-of-range" Error
        "the service refuses a number outside its limits"
        "take a number within the limits"
        "The service has a least and a greatest value for this number. A number in a text counts as a number."
    WrongLength "wrong-length" Error
        "the service refuses text that is too short or too long"
        "take text of the right length"
        "The service has a least and a greatest number of characters for this text. Of a `Fn::Sub` only what is certain is counted."
    ItemCount "item-count" Error
        "the service refuses a list with too few or too many items"
        "add or remove items"
        "The service has a least and a greatest number of items for this list, or of entries for this map. Functions, which may give none or several, are left out of the count."
    DuplicateItem "duplicate-item" Error
        "the service refuses a list that has an item twice"
        "remove one of them"
        "The list stands for a set, in which each item is there once. The service refuses the second one."
    AllowedValues "allowed-values" Error
        "the service takes only certain values here"
        "take one of the allowed values"
        "The service knows only certain words here, and their case counts unless said otherwise."
    MalformedFunction "malformed-function" Error
        "CloudFormation refuses an intrinsic function that it does not know or whose arguments have the wrong shape"
        "write the function as the template reference shows"
        "An intrinsic function has a name that CloudFormation knows, and arguments of a certain shape: `Fn::GetAtt` two names, `Fn::If` a condition and two values, `Fn::Join` a text and a list."
    UnknownReference "unknown-reference" Error
        "CloudFormation refuses a reference to something that the template does not have"
        "correct the name, or add what it refers to"
        "`Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn` name a resource of the same template, a parameter or a pseudo parameter. For a resource of another stack use an import or a parameter."
    UnknownAttribute "unknown-attribute" Error
        "`Fn::GetAtt` gives only the attributes that a resource type has"
        "take one of the attributes of the type, or `Ref`"
        "Each resource type has its own attributes: a bucket has `Arn`, a topic `TopicArn`. What `Ref` gives, mostly a name or an id, differs from type to type as well."
    UnknownCondition "unknown-condition" Error
        "CloudFormation refuses a condition that the template does not have"
        "correct the name, or add the condition"
        "A condition that a resource, an output or `Fn::If` names stands in the section `Conditions`."
    UnknownMapping "unknown-mapping" Error
        "CloudFormation refuses a mapping, or a key of one, that the template does not have"
        "correct the name, or add the entry"
        "`Fn::FindInMap` names a mapping of the section `Mappings`, a key of it and a key of that. Unless a default is given, all three have to be there."
    ConditionReference "condition-reference" Error
        "conditions are worked out before anything is made, so they see parameters only"
        "refer to a parameter"
        "Conditions are worked out before any resource is made, so within them there are only parameters, pseudo parameters, mappings and other conditions."
    CircularDependency "circular-dependency" Error
        "resources that wait for each other are never made"
        "break the loop: name one of them by a literal, or move the link into a resource of its own"
        "CloudFormation makes a resource after all those that it refers to or names in `DependsOn`. In a loop there is no first one. Typical loops: a bucket that notifies a function whose permission names the bucket, and two security groups that admit each other."
    ParameterType "parameter-type" Error
        "a parameter has a type that CloudFormation knows"
        "take `String`, `Number`, `CommaDelimitedList` or one of the AWS types"
        "The types are String, Number, CommaDelimitedList, List<Number>, the AWS-specific ones such as AWS::EC2::VPC::Id, lists of those, and AWS::SSM::Parameter::Value<...>."
    ParameterDefault "parameter-default" Error
        "CloudFormation refuses a default that the parameter itself does not allow"
        "change the default or what is allowed"
        "The default is a value like any other: it has to fit the parameter's own AllowedValues, AllowedPattern, lengths and range."
    MissingOutputValue "output-value" Error
        "an output without a value is refused"
        "add `Value`"
        "An output consists of a `Value`, which is text or a function, and perhaps a `Description`, an `Export` and a `Condition`."
    TableKeyAttributes "table-key-attributes" Error
        "DynamoDB wants a definition of exactly those attributes that are keys of the table or of an index"
        "define the attributes that are keys, and no other"
        "`AttributeDefinitions` lists exactly the attributes that occur in a `KeySchema`, of the table or of one of its indexes. DynamoDB knows no other attributes in advance, and refuses a list with more or with fewer."
    TableBilling "table-billing" Error
        "throughput belongs to provisioned tables, and only to them"
        "remove the throughput, or set `BillingMode` to `PROVISIONED`"
        "A table has a fixed throughput (`PROVISIONED`, the default) or is paid by request (`PAY_PER_REQUEST`). `ProvisionedThroughput`, of the table and of each global index, belongs to the first and is refused with the second."
    LambdaMemory "lambda-memory" Error
        "Lambda gives a function 128 to 10240 MB"
        "take a memory size within the limits"
        "Memory is given in MB, from 128 to 10,240. It decides how much processor a function gets as well."
    LambdaTimeout "lambda-timeout" Error
        "Lambda stops every function after 900 seconds at most"
        "take a timeout within the limits; split longer work, or use Step Functions"
        "A function runs for at most 900 seconds. What takes longer belongs into several invocations, into Step Functions, or on another service."
    LambdaInlineCode "lambda-inline-code" Error
        "Lambda takes at most 4 MB of code inside a template"
        "package the code as a file"
        "`ZipFile` takes source text of at most 4 MB, for Node.js and Python only. Larger code, or code in another language, is packaged as a zip file."
    LambdaInlineHandler "lambda-inline-handler" Error
        "code inside a template is put in a file called `index`, so nothing else can be its handler"
        "begin the handler with `index.`"
        "Lambda writes the text of `ZipFile` into a file called `index`, so the handler is `index.` and the name of a function in the text. With another handler each invocation fails."
    LambdaRuntime "lambda-runtime" Error
        "a function that is not a container image has a runtime and a handler"
        "add them"
        "Code in a zip file needs to know what runs it and where it begins. Only a container image brings both with it."
    PolicyGrammar "policy-grammar" Error
        "IAM refuses a policy that does not follow its grammar"
        "write the policy as the IAM reference shows"
        "A policy has a Version and statements; a statement has an Effect, Action or NotAction, and, depending on what the policy is attached to, Resource and Principal. IAM answers any other shape with MalformedPolicyDocument."
    NotificationKey "notification-key" Error
        "S3 has no right to use the AWS-managed key of SNS or SQS, so its notifications are refused"
        "use no key, SSE-SQS, or a key of your own whose policy admits s3.amazonaws.com"
        "The AWS-managed keys alias/aws/sns and alias/aws/sqs cannot be used by other services, and their policies cannot be changed. S3 therefore cannot write to a topic or a queue that is encrypted with one."
    NotificationPermission "notification-permission" Warning
        "S3 checks that it may publish when notifications are set, and the deployment fails if it may not"
        "add the policy or the permission, and let the bucket depend on it"
        "When notifications are set, S3 sends a test message. Without a topic policy, a queue policy or a Lambda permission, or if that is made only afterwards, the deployment fails with \"Unable to validate the following destination configurations\"."
    ResourceName "resource-name" Error
        "a service takes only names of its own alphabet and length"
        "take another name, or leave it away: CloudFormation then makes one"
        "Each service has its own rules for names: a bucket is 3 to 63 lower-case letters, digits, points and hyphens, a table 3 to 255 characters, a queue at most 80. A wrong name is only refused once the resource is made, after everything before it. Of a name that is put together, the pieces that stand in the template are looked at."
    DuplicateName "duplicate-name" Error
        "two resources of one type cannot have the same name"
        "change one of the names, or remove one of the resources"
        "The name is what the service knows a resource by. Two resources of one template with the same fixed name are two attempts to make the same thing, and the second one fails."
    UnusedParameter "unused-parameter" Warning
        "a parameter that nothing uses is asked for in vain"
        "remove it, or use it"
        "A parameter without a use is most often left over from something that was removed, or has its name misspelt where it should be used."
    UnusedCondition "unused-condition" Warning
        "a condition that nothing uses decides nothing"
        "remove it, or name it at a resource"
        "A condition takes effect only where a resource, an output, `Fn::If` or another condition names it."
    UnusedMapping "unused-mapping" Warning
        "a mapping that nothing looks into has no effect"
        "remove it, or use `Fn::FindInMap`"
        "Only `Fn::FindInMap` reads mappings. One that nothing names is left over, or misspelt where it is used."
    RemovalPolicy "removal-policy" Warning
        "what holds data says what becomes of it when it is removed or replaced"
        "add `DeletionPolicy` and `UpdateReplacePolicy`"
        "Without policies CloudFormation deletes a table, a bucket or a key with everything in it when the stack is deleted, when the resource is taken out of the template, and when a change replaces it. Either policy covers only one of these; saying `Delete` says that this is meant."
    LogRetention "log-retention" Warning
        "a log group without a retention keeps its logs for ever"
        "add `RetentionInDays`"
        "Logs are paid for as long as they are kept, and many have to be deleted by law after some time. A log group without a retention keeps them until it is deleted itself."
    HardCodedAccount "hard-coded-account" Warning
        "a template with the number of an account works in that account alone"
        "write `${AWS::AccountId}`, or take a parameter for another account"
        "The pseudo parameter AWS::AccountId is the account of the stack. With a number in its place a stack in another account refers to what is not its own, often without an error. One finding stands for all ARNs of a resource."
    HardCodedRegion "hard-coded-region" Warning
        "a template with the name of a region works in that region alone"
        "write `${AWS::Region}`"
        "The pseudo parameter AWS::Region is the region of the stack. With a name in its place a stack in another region refers to resources of the first one. One finding stands for all ARNs of a resource."
    HardCodedPartition "hard-coded-partition" Warning
        "ARNs begin differently in China, in GovCloud and in the sovereign cloud"
        "write `${AWS::Partition}`"
        "ARNs begin with `arn:aws:` in the commercial regions, with `arn:aws-cn:`, `arn:aws-us-gov:` or `arn:aws-eusc:` elsewhere. The pseudo parameter AWS::Partition is right everywhere. One finding stands for all ARNs of a resource."
    PlainSecret "plain-secret" Warning
        "whoever may read a template reads the secrets in it"
        "keep the secret in Secrets Manager or in a SecureString parameter, and refer to it"
        "Templates are stored, shown in the console and returned by the API, and so are parameters without `NoEcho` and the environments of functions. Found are passwords that stand in a template as text, parameters named like secrets that show their values, access keys, and variables named like secrets that have a literal value."
    TableKeySchema "table-key-schema" Error
        "a key has one hash attribute and perhaps a range attribute, in this order"
        "list the `HASH` attribute and then the `RANGE` attribute"
        "The key schema of a table or of a local index is one attribute of the kind HASH, or one of HASH and one of RANGE. A global index may have several of each. The names have 1 to 255 characters."
    TableIndex "table-index" Error
        "an index says what it holds in a way that DynamoDB takes"
        "correct the projection or the key"
        "An index projects all attributes, its keys only, or a list of others (`INCLUDE` with `NonKeyAttributes`, at most 20 for an index and 100 for all). Names of indexes are unique, and a local index has the hash key of its table."
    LambdaRuntimeDeprecated "lambda-runtime-deprecated" Warning
        "a deprecated runtime gets no security fixes"
        "move to its successor"
        "AWS stops fixing a runtime with the language version it is made of. Functions go on running, but later cannot be created any more, and at last not be changed."
    LambdaRuntimeEnded "lambda-runtime-ended" Error
        "Lambda creates no function with a runtime that has come to its end"
        "move to its successor"
        "Some weeks or months after a runtime is deprecated, Lambda refuses to create functions with it, so a new stack fails. The dates are those that AWS has published."
    LambdaEnvironment "lambda-environment" Error
        "Lambda refuses variables that it sets itself, names it cannot set, and more than 4 KB"
        "rename the variable, or keep large values elsewhere"
        "All names and values together have at most 4 KB. AWS_REGION and others are set by Lambda and cannot be set by a template. Names begin with a letter and consist of letters, digits and `_`."
    LambdaLayers "lambda-layers" Error
        "a function has at most five layers"
        "put several layers into one"
        "Lambda puts at most five layers under a function, which together with its code have at most 250 MB."
    LambdaEventSource "lambda-event-source" Error
        "streams and queues are read in different ways"
        "add or remove the property"
        "A stream (Kinesis, DynamoDB, Kafka) needs to know where to begin reading, a queue has no such place. A FIFO queue hands over at most ten messages at once; another one more than ten only with a batching window."
    LambdaPermission "lambda-permission" Warning
        "a permission names the service that really calls, and whose it is"
        "correct the principal, or add `SourceAccount`"
        "Lambda lets in the principal that the permission names: the service as whom a resource calls. The name of a bucket says nothing of its account; once the bucket is deleted anybody may take the name, so the account belongs beside it."
    ApiTimeout "api-timeout" Warning
        "an API stops waiting long before a function has to be done"
        "shorten the timeout, or answer first and work afterwards"
        "A REST API waits 29 seconds for its integration unless its quota has been raised, an HTTP API 30. The client then gets an error, while the function goes on and is paid for."
    ApiWithoutDeployment "api-without-deployment" Warning
        "methods can be called only once they are deployed to a stage"
        "add a deployment and a stage"
        "Resources and methods of a REST API are a draft. An AWS::ApiGateway::Deployment is a snapshot of it, which a stage makes reachable."
    ApiDeploymentOrder "api-deployment-order" Warning
        "a deployment has only the methods that were made before it"
        "let the deployment depend on the methods"
        "Nothing in a deployment refers to the methods, so CloudFormation may make it before them. If there are none yet the deployment fails; if some are missing they cannot be called."
    ApiPermission "api-permission" Warning
        "API Gateway may call a function only if the function admits it"
        "add an AWS::Lambda::Permission"
        "Without a permission for apigateway.amazonaws.com, or a role in `Credentials`, each call ends with \"Internal server error\", and the function does not run."
    ApiMismatch "api-mismatch" Error
        "the parts of an API have to fit each other"
        "correct the part that is named"
        "A stage and its deployment, and a method and its authorizer, belong to one API; the type of authorization goes with that of the authorizer; functions are called with POST; paths of settings begin with a slash."
    S3Lifecycle "s3-lifecycle" Error
        "S3 refuses lifecycle rules that contradict themselves"
        "correct the days, or remove one of the two"
        "A rule does at least one thing. Objects expire after they have moved, move to infrequent access after 30 days at the earliest, and expire either after a number of days or on a day."
    S3LifecycleIdle "s3-lifecycle-idle" Warning
        "a rule about old versions does nothing in a bucket that keeps none"
        "turn on versioning, or remove the rule"
        "Only a bucket with versioning has non-current versions."
    S3AccessControl "s3-access-control" Error
        "buckets take no access control lists unless their ownership controls say so"
        "use a bucket policy, or set `OwnershipControls`"
        "Since April 2023 new buckets belong to their owner wholly, and an access control list is refused. `OwnershipControls` with `BucketOwnerPreferred` or `ObjectWriter` bring lists back; a bucket policy does without."
    S3PublicAccess "s3-public-access" Warning
        "a new bucket blocks public access unless its settings say otherwise"
        "turn the block off for this bucket, or admit named principals only"
        "Public access is blocked by default since April 2023, and a policy that admits everybody is then refused. A bucket that is meant to be public says so in `PublicAccessBlockConfiguration`."
    SnsSubscription "sns-subscription" Error
        "a subscription's endpoint is what its protocol reaches"
        "correct the protocol or the endpoint"
        "Each protocol has its own kind of endpoint: the ARN of a queue, of a function or of a delivery stream, a URL that begins with http:// or https://, an e-mail address or a telephone number."
    SnsFilterPolicy "sns-filter-policy" Error
        "SNS refuses a filter policy of the wrong shape"
        "write for each key a list of what it may be"
        "A filter policy is a map from keys to lists of values and operators (`prefix`, `anything-but`, `numeric`, `exists` and a few more). Maps in maps are taken only if the policy looks at the message's body."
    Fifo "fifo" Error
        "FIFO topics and queues have names of their own, and go with each other"
        "name it with `.fifo`, or let both be FIFO"
        "The name of a FIFO topic or queue ends with `.fifo`, and no other name does. Deduplication is for FIFO only. A FIFO topic reaches queues only, and dead letters of a FIFO queue go to a FIFO queue."
    QueueVisibility "queue-visibility" Error
        "Lambda refuses a queue whose messages show up again before the function is done"
        "raise `VisibilityTimeout` to the function's timeout at least"
        "A message that a function works on is hidden for the queue's visibility timeout, 30 seconds unless said otherwise. If the function may take longer, the message would be worked on twice, so Lambda refuses the event source."
    QueueRedrive "queue-redrive" Error
        "a queue's dead letters go to a queue that exists"
        "name the ARN of a queue"
        "A redrive policy has `deadLetterTargetArn`, the ARN of a queue in the same account and region, and `maxReceiveCount`, from 1 to 1000."
    PolicySize "policy-size" Error
        "IAM limits how long policies are"
        "move statements to a managed policy, or shorten them"
        "White space left out, a managed policy has at most 6,144 characters, all inline policies of a role together 10,240, of a group 5,120, of a user 2,048, a trust policy 4,096 at the very most. Counted here is what is certain, so a policy may be longer than it seems."
    PolicyPrincipal "policy-principal" Error
        "IAM refuses a principal that it cannot read"
        "write the principal as its kind wants it"
        "A principal is `*`, or a map from its kind to names: `AWS` has accounts, users and roles, `Service` names such as lambda.amazonaws.com, `Federated` identity providers, `CanonicalUser` ids of S3."
    UnknownAction "unknown-action" Warning
        "an action that a service does not have allows and denies nothing"
        "correct the name"
        "IAM takes any action, and one that does not exist has no effect: the right that was meant is missing. The list is that of AWS's service authorization reference at the time this version was made."
    PolicyWildcard "policy-wildcard" Warning
        "a policy allows what is needed and nothing else"
        "list actions and resources"
        "Found are statements that allow every action, every action of a service on every resource, or everything but a few. Such a role can be used for anything if its function is taken over."
    PublicPrincipal "public-principal" Warning
        "a policy that admits everybody without a condition is open to the world"
        "name principals, or add a condition"
        "In the policy of a resource `*` means everybody, with an AWS account or without. A condition on the source, the organization or the account narrows it."
    OidcTrust "oidc-trust" Warning
        "a role that trusts an identity provider says whose tokens it takes"
        "add conditions on `:aud` and `:sub`"
        "A provider such as GitHub gives tokens to all its users. Without a condition on the subject of the token each of them can take on the role."
    ScheduleExpression "schedule-expression" Error
        "EventBridge refuses a schedule that it cannot read"
        "write `rate(5 minutes)` or `cron(0 12 * * ? *)`"
        "A rate has a number and a unit, in the singular for 1. A cron expression has six fields, of which exactly one of day of month and day of week is `?`. The scheduler takes `at(...)` as well."
    AlarmPeriod "alarm-period" Error
        "alarms look at periods of 10, 20 or 30 seconds or of whole minutes"
        "take another period"
        "CloudWatch evaluates alarms over periods of 10, 20, 30 or 60 seconds or multiples of 60."
    UnknownRule "unknown-rule" Error
        "what is allowed is named by a rule, and there is none of this name"
        "correct the name; `skysmith explain` lists all rules"
        "A resource or a template can allow what a rule finds in it, by the id of the rule. An id that does not exist would allow nothing, and leave its reader in the belief that it does."
    MalformedAllow "malformed-allow" Error
        "what is allowed is said with the rule and the reason"
        "write `skysmith: { allow: [{ rule: ..., reason: ... }] }` in `Metadata`"
        "Under `skysmith` in the Metadata of a resource or a template stands a list `allow`, of maps with a `rule` and a `reason`. The reason has to be there: whoever reads the template next wants to know it."
    UnusedAllow "unused-allow" Warning
        "what is allowed and not found any more may hide a mistake later"
        "remove it"
        "A resource allows what a rule finds in it, and the rule finds nothing there. Either it was put right, or it never was there; in both cases the next mistake of this kind would not be told."
    ReferenceType "reference-type" Error
        "what a reference yields has to be of the type that the property has"
        "refer to another attribute"
        "`Fn::GetAtt` yields what the attribute is, which may be a list or a number, and `Ref` yields the name or the id of a resource. Put where another kind of value belongs, such as the URL of a queue where an ARN is wanted, it makes the deployment fail."
    Pattern "pattern" Error
        "the service refuses text that does not have the form it wants"
        "write the text in the form that is wanted"
        "Many properties have text of a fixed form: an ARN, a CIDR block, a name. The form is a regular expression of the resource type's schema. Text that functions put together is looked at where all of it is known."
    MissingSub "missing-sub" Error
        "`${...}` is filled in by `Fn::Sub` alone"
        "put the text in a `Fn::Sub`"
        "Text with `${Name}` in it is left as it is unless it is the argument of `Fn::Sub`, and the service then gets a dollar sign and braces. Only names that the template has are reported, as other tools use the same notation."
    DynamicReference "dynamic-reference" Error
        "CloudFormation refuses a dynamic reference that it cannot read"
        "write it as `{{resolve:ssm:NAME}}`, `{{resolve:ssm-secure:NAME}}` or `{{resolve:secretsmanager:ID:SecretString:KEY}}`"
        "A dynamic reference names a service (ssm, ssm-secure or secretsmanager) and what is to be read from it. It is resolved when the stack is deployed."
    UnavailableType "unavailable-type" Warning
        "a resource type that a region does not have cannot be made there"
        "deploy to another region, or take another type"
        "Not every service is in every region. The list of regions is that of the resource schemas that this version was made with; a service may have come to the region since."
    CloudfrontOrigin "cloudfront-origin" Error
        "a behaviour of a distribution names one of its origins"
        "correct the name, or add the origin"
        "`TargetOriginId` of the default behaviour and of each further one is the `Id` of an origin or of a group of origins of the same distribution."
    ParameterValue "parameter-value" Warning
        "what a parameter may be, and what a mapping has, is taken by the property that gets it"
        "change the parameter or the mapping, or what is allowed"
        "The default of a parameter, its allowed values and the values of a mapping are known before a deployment. Each of them is held against the type, the limits and the pattern of the property that refers to it."
    ConsoleMetadata "console-metadata" Warning
        "the console groups and labels the parameters that the template has"
        "correct the name, or remove it"
        "Under AWS::CloudFormation::Interface in the Metadata of a template stand groups and labels of parameters. A name that the template does not have is shown nowhere."
}
