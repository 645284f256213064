//! Tables.

use serde_json::json;
use skysmith::dynamodb::{Billing, Key, Table};
use skysmith::prelude::*;

use crate::{function, only, template};

#[test]
fn a_table_is_paid_for_by_request_and_stays_unless_told_otherwise() {
    let template = template(|stack| {
        Table::new(stack, "Messages", Key::string("message"));
    });
    let table = only(&template, "AWS::DynamoDB::Table");
    assert_eq!(table["Properties"]["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!((&table["DeletionPolicy"], &table["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")));
}

#[test]
fn a_table_may_be_paid_for_by_capacity_and_go_with_the_stack() {
    let template = template(|stack| {
        Table::builder(stack, "Messages", Key::string("message"))
            .billing(Billing::Provisioned { read: 10, write: 5 })
            .removal_policy(RemovalPolicy::Destroy)
            .build();
    });
    let table = only(&template, "AWS::DynamoDB::Table");
    assert_eq!(
        table["Properties"],
        json!({
            "KeySchema": [{"AttributeName": "message", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "message", "AttributeType": "S"}],
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 5},
        })
    );
    assert_eq!((&table["DeletionPolicy"], &table["UpdateReplacePolicy"]), (&json!("Delete"), &json!("Delete")));
}

#[test]
fn what_is_granted_is_granted_on_the_table_alone() {
    let template = template(|stack| {
        let table = Table::new(stack, "Messages", Key::string("message"));
        table.grant(&function(stack, "Welcome"), ["dynamodb:GetItem"]);
    });
    let policies = only(&template, "AWS::IAM::Role")["Properties"]["Policies"].to_string();
    assert_eq!(policies.matches("dynamodb:").count(), 1, "{policies}");
    let resources = template["Resources"].as_object().unwrap();
    let (table, _) = resources.iter().find(|(_, body)| body["Type"] == "AWS::DynamoDB::Table").unwrap();
    let statement =
        json!({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": [table, "Arn"]}});
    assert!(policies.contains(&statement.to_string()), "{policies}");
}
