//! What the tables say about types that everybody knows, and that no question can make them fail.

use std::collections::HashSet;

use skysmith_spec::{
    Operation, Property, Replacement, ResourceType, Shape, TagStyle, TypeDefinition, ValueType, resource_type,
    resource_types,
};

fn known(name: &str) -> ResourceType {
    resource_type(name).unwrap_or_else(|| panic!("{name} is not known"))
}

fn property(of: &str, name: &str) -> Property {
    known(of).property(name).unwrap_or_else(|| panic!("{of} has no {name}"))
}

#[test]
fn every_resource_type_is_there() {
    assert!(resource_types().len() >= 1_884, "{}", resource_types().len());
    assert!(resource_types().map(ResourceType::name).is_sorted());
    assert!(resource_types().all(|it| resource_type(it.name()) == Some(it)));
    let properties: usize = resource_types().map(|it| it.properties().len()).sum();
    assert!(properties > 12_000, "{properties}");
}

#[test]
fn a_bucket() {
    let bucket = known("AWS::S3::Bucket");
    assert_eq!(bucket.service(), "S3");
    assert!(bucket.is_stateful());
    assert!(!bucket.is_open());
    assert_eq!(bucket.reference().collect::<Vec<_>>(), ["BucketName"]);
    let tags = bucket.tags().unwrap();
    assert_eq!((tags.property, tags.style), ("Tags", TagStyle::List));
    assert!(bucket.regions().any(|it| it == "eu-central-1"));
    assert!(bucket.permissions(Operation::Create).any(|it| it == "s3:CreateBucket"));
    assert_eq!(bucket.attribute("Arn").unwrap().value_type(), ValueType::String);
    assert!(bucket.attribute("arn").is_none());
    assert!(bucket.documentation_url().unwrap().ends_with("/aws-resource-s3-bucket.html"));

    let name = property("AWS::S3::Bucket", "BucketName");
    assert_eq!(name.replacement(), Replacement::Always);
    // The empty name is taken as none, so there is no least length.
    assert_eq!((name.min_length(), name.max_length()), (None, Some(63)));
    assert!(!name.required() && !name.read_only());
    assert!(name.pattern().is_some());
    assert_eq!(name.pattern(), name.checkable_pattern());
    let code = bucket_of_code();
    assert!(code.pattern().unwrap().contains("(?<!"), "{:?}", code.pattern());
    assert!(!code.checkable_pattern().unwrap().contains("(?<!"));
    assert!(property("AWS::S3::Bucket", "Arn").read_only());
    assert_eq!(property("AWS::S3::Bucket", "Tags").replacement(), Replacement::Never);

    let status = bucket.property_at(["VersioningConfiguration", "Status"]).unwrap();
    assert_eq!(status.allowed_values().collect::<Vec<_>>(), ["Enabled", "Suspended"]);
    let ValueType::Object(encryption) = property("AWS::S3::Bucket", "BucketEncryption").value_type() else {
        panic!("an object");
    };
    assert_eq!(encryption.name(), "BucketEncryption");
    assert!(encryption.property("ServerSideEncryptionConfiguration").unwrap().required());
}

/// Its pattern looks behind.
fn bucket_of_code() -> Property {
    known("AWS::Lambda::Function").property_at(["Code", "S3Bucket"]).expect("code is in a bucket")
}

#[test]
fn a_function() {
    let memory = property("AWS::Lambda::Function", "MemorySize");
    assert_eq!(memory.value_type(), ValueType::Integer);
    assert_eq!(memory.minimum(), Some(128.0));
    assert!(memory.maximum().unwrap() >= 10_240.0);
    let runtime = property("AWS::Lambda::Function", "Runtime");
    assert!(runtime.allowed_values().any(|it| it == "python3.13"));
    assert_eq!(runtime.replacement(), Replacement::Never);
    assert_eq!(property("AWS::Lambda::Function", "FunctionName").replacement(), Replacement::Always);
    let role = property("AWS::Lambda::Function", "Role");
    assert!(role.required());
    assert_eq!(role.refers_to().collect::<Vec<_>>(), ["AWS::IAM::Role.Arn"]);
    assert!(property("AWS::Lambda::Function", "Code").required());
    let ValueType::Map(value) = known("AWS::Lambda::Function")
        .property_at(["Environment", "Variables"])
        .map(|it| it.value_type())
        .expect("environment variables")
    else {
        panic!("a map");
    };
    assert!(value.is_mixed(), "numbers and booleans are taken as environment variables");
    assert!(known("AWS::Lambda::Function").attribute("SnapStartResponse.ApplyOn").is_some());
    assert!(!known("AWS::Lambda::Function").is_stateful());
}

#[test]
fn a_table() {
    let table = known("AWS::DynamoDB::Table");
    assert!(table.is_stateful());
    assert_eq!(table.attribute("StreamArn").unwrap().value_type(), ValueType::String);
    assert_eq!(property("AWS::DynamoDB::Table", "KeySchema").replacement(), Replacement::Always);
    assert_eq!(property("AWS::DynamoDB::Table", "TableName").replacement(), Replacement::Always);
    assert_eq!(property("AWS::DynamoDB::Table", "BillingMode").replacement(), Replacement::Never);
    let billing: Vec<_> = property("AWS::DynamoDB::Table", "BillingMode").allowed_values().collect();
    assert!(billing.contains(&"PAY_PER_REQUEST") && billing.contains(&"PROVISIONED"), "{billing:?}");
    // A union of a list and JSON: items are found through it.
    assert!(table.property_at(["KeySchema", "0", "AttributeName"]).unwrap().required());
}

#[test]
fn other_ways_to_tag_and_to_refer() {
    assert_eq!(known("AWS::ApiGatewayV2::Api").tags().unwrap().style, TagStyle::Map);
    assert_eq!(known("AWS::AutoScaling::AutoScalingGroup").tags().unwrap().style, TagStyle::AutoScaling);
    assert!(known("AWS::IAM::Policy").tags().is_none());
    assert_eq!(known("AWS::ApiGateway::Stage").reference().collect::<Vec<_>>(), ["StageName"]);
    assert_eq!(known("AWS::SQS::Queue").reference().collect::<Vec<_>>(), ["QueueUrl"]);
}

#[test]
fn types_of_one_source_only() {
    assert_eq!(known("AWS::Serverless::Function").transform(), Some("AWS::Serverless-2016-10-31"));
    assert!(known("AWS::RDS::DBClusterEndpoint").properties().any(Property::required));
    assert!(known("AWS::CDK::Metadata").property("Analytics").is_some());
}

#[test]
fn an_object_type_can_contain_itself() {
    let mut seen = HashSet::new();
    let mut shapes: Vec<Shape> =
        known("AWS::WAFv2::WebACL").property("Rules").map(Property::shape).into_iter().collect();
    let mut found = false;
    while let Some(shape) = shapes.pop() {
        match shape.value_type() {
            ValueType::List(of) | ValueType::Map(of) => shapes.push(of),
            ValueType::Union(union) => shapes.extend(union.alternatives()),
            ValueType::Object(definition) if seen.insert(definition) => {
                shapes.extend(definition.properties().map(Property::shape));
            }
            ValueType::Object(definition) => found |= definition.name() == "Statement",
            _ => {}
        }
    }
    assert!(found, "a statement inside a statement");
}

#[test]
fn whatever_is_asked_for_there_is_an_answer() {
    let odd = ["", "AWS", "AWS::", "AWS::S3::", "AWS::S3::Bucket ", "aws::s3::bucket", "\u{10FFFF}", "Custom::Thing"];
    for name in odd {
        assert!(resource_type(name).is_none(), "{name}");
        for kind in resource_types() {
            assert!(kind.property(name).is_none() && kind.attribute(name).is_none(), "{kind:?} {name}");
        }
    }
    assert!(known("AWS::S3::Bucket").property_at([]).is_none());
    assert!(known("AWS::S3::Bucket").property_at(["BucketName", "x"]).is_none());
}

/// Visits everything once; a wrong offset would show up as an empty name or as one that is not found again.
#[test]
fn the_whole_of_the_tables_can_be_walked() {
    fn walk(shape: Shape, seen: &mut HashSet<TypeDefinition>) {
        let limits = (shape.minimum(), shape.maximum(), shape.min_items(), shape.max_items());
        assert!(limits.0.zip(limits.1).is_none_or(|(low, high)| low <= high), "{shape:?} {limits:?}");
        assert!(limits.2.zip(limits.3).is_none_or(|(low, high)| low <= high), "{shape:?} {limits:?}");
        assert!(shape.pattern().is_some() || shape.checkable_pattern().is_none(), "{shape:?}");
        let length = (shape.min_length(), shape.max_length());
        assert!(length.0.zip(length.1).is_none_or(|(low, high)| low <= high), "{shape:?} {length:?}");
        match shape.value_type() {
            ValueType::List(of) | ValueType::Map(of) => walk(of, seen),
            ValueType::Union(union) => {
                assert!(union.alternatives().len() > 1);
                union.alternatives().for_each(|it| walk(it, seen));
            }
            ValueType::Object(definition) if seen.insert(definition) => {
                assert!(!definition.name().is_empty());
                assert!(definition.properties().map(Property::name).is_sorted());
                for property in definition.properties() {
                    assert!(!property.name().is_empty());
                    assert_eq!(definition.property(property.name()), Some(property));
                    walk(property.shape(), seen);
                }
                for rule in definition.rules() {
                    for name in rule.properties() {
                        assert!(definition.property(name).is_some(), "{definition:?} {rule:?}");
                    }
                }
            }
            _ => {}
        }
    }
    let mut seen = HashSet::new();
    for kind in resource_types() {
        for property in kind.properties() {
            assert_eq!(kind.property(property.name()), Some(property));
            assert!(!(property.required() && property.read_only()), "{kind:?} {property:?}");
            for target in property.refers_to() {
                assert!(target.contains("::") && target.contains('.'), "{kind:?} {property:?} {target}");
            }
            walk(property.shape(), &mut seen);
        }
        for attribute in kind.attributes() {
            assert_eq!(kind.attribute(attribute.name()), Some(attribute));
            walk(attribute.shape(), &mut seen);
        }
        if let Some(tags) = kind.tags() {
            assert!(kind.property(tags.property).is_some(), "{kind:?} {tags:?}");
        }
        for rule in kind.rules() {
            for name in rule.properties() {
                assert!(kind.property(name).is_some(), "{kind:?} {rule:?}");
            }
        }
    }
    assert!(seen.len() > 8_000, "{}", seen.len());
}
