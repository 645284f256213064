//! Typed resources of services that have no constructs, among constructs.

use serde_json::json;
use skysmith::cfn::cloudwatch::{CfnAlarm, alarm};
use skysmith::cfn::scheduler::{CfnSchedule, schedule};
use skysmith::cfn::stepfunctions::{CfnStateMachine, state_machine};
use skysmith::iam::{Principal, Role, Statement};
use skysmith::prelude::*;
use skysmith::sns::Topic;

use crate::{complaints, only, template};

/// A state machine that does nothing, and the role it runs as.
fn machine(scope: &Scope) -> CfnStateMachine {
    let role = Role::new(scope, "MachineRole", Principal::service("states.amazonaws.com"));
    CfnStateMachine::new(scope, "Machine", role.arn())
        .definition(json!({ "StartAt": "Done", "States": { "Done": { "Type": "Succeed" } } }))
}

#[test]
fn they_refer_to_constructs_and_to_each_other() {
    let template = template(|stack| {
        let machine = machine(stack);
        let role = Role::new(stack, "ScheduleRole", Principal::service("scheduler.amazonaws.com"));
        role.add_to_policy(Statement::allow(["states:StartExecution"]).on(machine.reference()));
        CfnSchedule::new(
            stack,
            "Nightly",
            schedule::FlexibleTimeWindow::new(schedule::FlexibleTimeWindowMode::Off),
            "cron(0 3 * * ? *)",
            schedule::Target::new(machine.reference(), role.arn()),
        );
        let mail = Topic::new(stack, "Mail");
        CfnAlarm::new(stack, "Failed")
            .namespace("AWS/States")
            .metric_name("ExecutionsFailed")
            .dimensions([alarm::Dimension::new("StateMachineArn", machine.reference())])
            .statistic(alarm::Statistic::Sum)
            .period(300)
            .evaluation_periods(1)
            .threshold(0.0)
            .comparison_operator("GreaterThanThreshold")
            .alarm_actions([mail.arn()]);
    });
    let ids: Vec<&String> = template["Resources"].as_object().unwrap().keys().collect();
    let id = |kind: &str| *ids.iter().find(|it| template["Resources"][it.as_str()]["Type"] == kind).unwrap();
    let machine = json!({ "Ref": id("AWS::StepFunctions::StateMachine") });

    let body = &only(&template, "AWS::StepFunctions::StateMachine")["Properties"];
    assert_eq!(body["Definition"]["StartAt"], "Done");
    assert!(body["RoleArn"]["Fn::GetAtt"][0].as_str().unwrap().starts_with("MachineRole"));
    let body = &only(&template, "AWS::Scheduler::Schedule")["Properties"];
    assert_eq!(body["FlexibleTimeWindow"]["Mode"], "OFF");
    assert_eq!(body["Target"]["Arn"], machine);
    assert!(body["Target"]["RoleArn"]["Fn::GetAtt"][0].as_str().unwrap().starts_with("ScheduleRole"));
    let body = &only(&template, "AWS::CloudWatch::Alarm")["Properties"];
    assert_eq!(body["Dimensions"][0]["Value"], machine);
    assert_eq!(body["ComparisonOperator"], "GreaterThanThreshold");
    assert_eq!(body["AlarmActions"], json!([{ "Ref": id("AWS::SNS::Topic") }]));
}

#[test]
fn what_is_wrong_in_one_is_found_and_placed() {
    let line = line!() + 2;
    let complaints = complaints(|stack| {
        machine(stack).logging_configuration(state_machine::LoggingConfiguration::new().level("LOUD"));
    });
    let [complaint] = complaints.as_slice() else { panic!("{complaints:#?}") };
    assert!(complaint.message.contains("LOUD"), "{complaint:?}");
    assert_eq!((complaint.path.as_str(), complaint.line), ("demo/Machine", line), "{complaint:?}");
}
