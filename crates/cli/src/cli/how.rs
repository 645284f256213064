//! The flags of `deploy` that say how CloudFormation should go about it.

use clap::Args;

/// How `deploy` goes about it.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "How CloudFormation goes about it")]
pub struct How {
    /// Make the plan and leave it in the account as a change set, for a look in the console or an approval; `--change-set` applies it
    #[arg(long, conflicts_with_all = ["outputs_file", "allow_data_loss", "timing"])]
    pub no_execute: bool,
    /// Name of the change set that --no-execute leaves [default: plan- and the time]
    #[arg(long, value_name = "NAME", requires = "no_execute", value_parser = change_set_name)]
    pub change_set_name: Option<String>,
    /// Apply the plan that --no-execute left under this name. Refused if the app, a value in the Parameter Store or the stack has changed since
    #[arg(long, value_name = "NAME", value_parser = change_set_name,
        conflicts_with_all = ["no_execute", "direct", "express", "import_existing", "service_role", "rollback_alarms", "parameters", "all"])]
    pub change_set: Option<String>,
    /// Be done once resources are configured, without waiting until they are ready to serve
    #[arg(long)]
    pub express: bool,
    /// For development: no change set, which saves some seconds. Refused where data could be lost, and in protected environments
    #[arg(long, conflicts_with_all = ["no_execute", "import_existing", "allow_data_loss"])]
    pub direct: bool,
    /// Take over resources that the template adds and that exist already under their names, instead of failing
    #[arg(long)]
    pub import_existing: bool,
    /// Role that CloudFormation takes to make the changes; wins over `service_role` in skysmith.toml and the app's own
    #[arg(long, value_name = "ARN", value_parser = arn)]
    pub service_role: Option<String>,
    /// CloudWatch alarm that rolls the update back when it goes off; may be repeated, at most five; wins over `rollback_alarms` in skysmith.toml
    #[arg(long = "rollback-alarm", id = "rollback_alarms", value_name = "ARN", value_parser = arn)]
    pub rollback_alarms: Vec<String>,
}

/// CloudFormation's rule for names of change sets.
fn change_set_name(text: &str) -> Result<String, String> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_one = text.len() <= 128 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(rest);
    if is_one {
        Ok(text.to_owned())
    } else {
        Err("a letter, then letters, digits and `-`, at most 128 in all".to_owned())
    }
}

fn arn(text: &str) -> Result<String, String> {
    if text.starts_with("arn:") && text.split(':').count() >= 6 {
        Ok(text.to_owned())
    } else {
        Err("an ARN, such as arn:aws:iam::123456789012:role/Name".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns() {
        for good in ["a", "Plan-1", "release-2026-01"] {
            assert!(change_set_name(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "a_b", "a b", "ä", &"a".repeat(129)] {
            assert!(change_set_name(bad).is_err(), "{bad}");
        }
        assert!(arn("arn:aws:cloudwatch:eu-west-1:123456789012:alarm:Errors").is_ok());
        assert!(arn("Errors").is_err() && arn("arn:aws:iam").is_err());
    }
}
