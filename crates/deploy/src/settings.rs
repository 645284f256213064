//! How CloudFormation should go about a deployment: what belongs neither to the template nor to the stack's parameters.

use aws_sdk_cloudformation::types::{
    Capability, DeploymentConfig, DeploymentConfigMode, Parameter, RollbackConfiguration, RollbackTrigger, Tag,
};
use skysmith_template::Template;

use crate::change_set::TemplateSource;
use crate::wanted::ParameterValue;
use crate::{DeployedStack, Error, Session, Wanted};

/// Settings of one deployment. The default is what CloudFormation does of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The role that CloudFormation takes to make the changes, over the assembly's. Default: the caller's own rights, or the role that the stack had.
    pub service_role: Option<String>,
    /// Topics that get the stack's events, over the assembly's.
    pub notification_arns: Option<Vec<String>>,
    /// Alarms that roll an update back. Default: those that the stack had.
    pub rollback_alarms: Option<RollbackAlarms>,
    /// Whether CloudFormation is done once resources are configured, without waiting until they are ready to serve.
    pub express: bool,
    /// Whether resources that the template adds, and that exist already under their names, become part of the stack.
    pub import_existing: bool,
    /// Whether the stack is created or updated without a change set: for development, refused where data could be lost.
    pub direct: bool,
    /// Whether the stack is protected: a stack policy keeps its stateful resources from being replaced or removed.
    pub protect: bool,
    /// The change set's name. Default: one that nobody else has.
    pub change_set_name: Option<String>,
    /// The revision of the app, for the change set's description.
    pub revision: Option<String>,
}

/// [Rollback triggers](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollbackAlarms {
    /// ARNs of CloudWatch alarms, at most five. Nothing here takes those away that the stack has.
    pub alarms: Vec<String>,
    /// For how many minutes they are watched after everything is deployed, 0 to 180.
    pub minutes: u16,
}

/// What goes along with the template in every call that makes or changes a stack.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub source: TemplateSource,
    pub parameters: Vec<Parameter>,
    pub capabilities: Vec<Capability>,
    pub tags: Vec<Tag>,
    pub role_arn: Option<String>,
    pub notification_arns: Option<Vec<String>>,
    pub rollback: Option<RollbackConfiguration>,
    pub deployment: Option<DeploymentConfig>,
}

impl Session {
    /// Puts together what is sent. `previous` is the stack whose parameters may be kept.
    pub(crate) fn submission(
        &self,
        wanted: &Wanted,
        previous: Option<(&DeployedStack, &Template)>,
        source: &TemplateSource,
    ) -> Result<Submission, Error> {
        let settings = &wanted.settings;
        let parameters = wanted.parameter_values(previous)?.into_iter().map(|(key, value)| {
            let parameter = Parameter::builder().parameter_key(key);
            match value {
                ParameterValue::Given(value) => parameter.parameter_value(value).build(),
                ParameterValue::Previous => parameter.use_previous_value(true).build(),
            }
        });
        let role = settings.service_role.as_deref().or(wanted.stack.execution_role_arn.as_deref());
        Ok(Submission {
            source: source.clone(),
            parameters: parameters.collect(),
            capabilities: wanted.capabilities().into_iter().map(Capability::from).collect(),
            tags: wanted.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect(),
            role_arn: role.map(|role| self.placeholders().fill(role)),
            notification_arns: wanted.notification_arns().cloned(),
            rollback: settings.rollback_alarms.as_ref().map(rollback_configuration),
            deployment: settings.express.then(express),
        })
    }
}

fn rollback_configuration(wanted: &RollbackAlarms) -> RollbackConfiguration {
    // An empty list is not the same as none: it takes the alarms away that the stack has.
    let mut configuration = RollbackConfiguration::builder()
        .set_rollback_triggers(Some(Vec::new()))
        .monitoring_time_in_minutes(i32::from(wanted.minutes));
    for arn in &wanted.alarms {
        configuration = configuration
            .rollback_triggers(RollbackTrigger::builder().arn(arn).r#type("AWS::CloudWatch::Alarm").build());
    }
    configuration.build()
}

/// In this mode rollback is off unless it is asked for, and with rollback off nothing can be replaced.
fn express() -> DeploymentConfig {
    DeploymentConfig::builder().mode(DeploymentConfigMode::Express).disable_rollback(false).build()
}
