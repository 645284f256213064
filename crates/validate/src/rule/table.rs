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
        "A provider may take one of two properties, at least one of several, or one only together with another. Where conditions decide what is there, each combination that can come about is looked at by itself."
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
}
