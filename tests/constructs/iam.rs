//! Roles and grants.

use skysmith::dynamodb::{Key, Table};
use skysmith::iam::{Principal, Role, Statement};
use skysmith::{Arn, cfn};

use crate::{complaints, function, only, template};

#[test]
fn grants_become_one_inline_policy_without_doubles() {
    let template = template(|stack| {
        let table = Table::new(stack, "Table", Key::string("id"));
        let function = function(stack, "F");
        table.grant_read(&function);
        table.grant_read_write(&function);
        table.grant_read(&function);
    });
    let policies = only(&template, "AWS::IAM::Role")["Properties"]["Policies"].as_array().unwrap();
    let [policy] = &policies[..] else { panic!("{policies:?}") };
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 2, "one for the logs, one for the table: {statements:#?}");
    let actions: Vec<_> = statements[1]["Action"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
    let mut sorted = actions.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(actions, sorted);
    assert_eq!(actions.len(), 10);
}

#[test]
fn a_role_without_grants_has_no_policy() {
    let template = template(|stack| {
        Role::new(stack, "Role", Principal::service("lambda.amazonaws.com"));
    });
    assert!(only(&template, "AWS::IAM::Role")["Properties"]["Policies"].is_null());
}

#[test]
fn an_imported_role_cannot_be_granted_anything() {
    let line = line!() + 5;
    let found = complaints(|stack| {
        let arn = Arn::<cfn::markers::Role>::parse("arn:aws:iam::123456789012:role/other").unwrap();
        let role = Role::import(stack, "Other", arn);
        skysmith::sns::Topic::new(stack, "Topic");
        role.add_to_policy(Statement::allow(["s3:GetObject"]).on("arn:aws:s3:::x/*"));
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("imported role"), "{found:?}");
    assert_eq!(found[0].line, line);
}

#[test]
fn what_would_close_a_circle_moves_to_a_policy_of_its_own() {
    let template = template(|stack| {
        let function = function(stack, "F");
        Table::new(stack, "Table", Key::string("id")).grant_read(&function);
        function.grant_invoke(&function);
    });
    let inline = only(&template, "AWS::IAM::Role")["Properties"]["Policies"].to_string();
    assert!(inline.contains("dynamodb:Scan") && !inline.contains("lambda:InvokeFunction"), "{inline}");
    let policy = &only(&template, "AWS::IAM::Policy")["Properties"];
    assert_eq!(policy["PolicyDocument"]["Statement"][0]["Action"], "lambda:InvokeFunction");
    assert!(policy["Roles"][0]["Ref"].is_string());
}

#[test]
fn two_functions_that_call_each_other_are_no_circle() {
    let template = template(|stack| {
        let (one, two) = (function(stack, "One"), function(stack, "Two"));
        one.grant_invoke(&two);
        two.grant_invoke(&one);
    });
    // One of the two may stay inline; the other has to wait.
    only(&template, "AWS::IAM::Policy");
}
