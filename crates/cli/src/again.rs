//! The next command to type. It repeats what this run was told: the same command in another folder, or without `--local`, would act on something else.

use crate::cli::Globals;

impl Globals {
    /// `skysmith` with the options of this run, then `words`.
    pub fn next_command(&self, words: &str) -> String {
        let directory = self.directory.as_ref().map(|folder| folder.to_string_lossy().into_owned());
        let mut command = "skysmith".to_owned();
        let mut option = |name: &str, value: &Option<String>| {
            if let Some(value) = value {
                command.push_str(&format!(" {name} {}", quoted(value)));
            }
        };
        option("-C", &directory);
        option("--app", &self.app);
        option("--env", &self.environment);
        option("--profile", &self.profile);
        option("--region", &self.region);
        option("--role-arn", &self.role_arn);
        option("--external-id", &self.access.external_id);
        option("--session-name", &self.access.session_name);
        option("--duration", &self.access.duration);
        // Its code is good for once.
        option("--mfa-serial", &self.access.mfa_serial);
        option("--endpoint-url", &self.endpoint_url);
        for param in &self.params {
            option("--param", &Some(param.clone()));
        }
        if self.local {
            command.push_str(" --local");
        }
        format!("{command} {words}")
    }
}

/// `text` as a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@+%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::Cli;

    fn next(arguments: &str) -> String {
        let words = std::iter::once("skysmith").chain(arguments.split_whitespace());
        Cli::try_parse_from(words).unwrap().globals.next_command("deploy web")
    }

    #[test]
    fn repeats_what_the_run_was_told() {
        assert_eq!(next("deploy"), "skysmith deploy web");
        assert_eq!(next("-C apps/welcome deploy --local"), "skysmith -C apps/welcome --local deploy web");
        assert_eq!(next("deploy --env dev --param A=$x"), "skysmith --env dev --param 'A=$x' deploy web");
        assert_eq!(super::quoted("it's"), r"'it'\''s'");
    }
}
