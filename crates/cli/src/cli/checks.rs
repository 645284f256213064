//! The flags that say how severe rules are.

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};
use skysmith_validate::{Level, Levels, RuleId};

/// What counts, and for how much. `synth`, `validate`, `diff`, `deploy` and `import` check before they do anything.
#[derive(Clone, Debug, Default, Args)]
#[command(
    next_help_heading = "Checks (`skysmith explain` lists the rules; [validate] of skysmith.toml says the same for good)"
)]
pub struct Checks {
    /// Let warnings fail as errors do
    #[arg(long, global = true, env = "SKYSMITH_STRICT", hide_env = true, value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub strict: bool,

    /// Make a rule an error; may be repeated
    #[arg(long, global = true, value_name = "RULE")]
    pub deny: Vec<RuleId>,

    /// Make a rule a warning; may be repeated
    #[arg(long, global = true, value_name = "RULE")]
    pub warn: Vec<RuleId>,

    /// Silence a rule; what it finds is only counted, and shown with -v; may be repeated
    #[arg(long, global = true, value_name = "RULE")]
    pub allow: Vec<RuleId>,
}

impl Checks {
    /// What the flags say of rules. Of several the strictest counts.
    pub fn levels(&self) -> Levels {
        let of = |rules: &[RuleId], level| rules.iter().map(move |rule| (*rule, level)).collect::<Vec<_>>();
        [of(&self.allow, Level::Off), of(&self.warn, Level::Warning), of(&self.deny, Level::Error)]
            .concat()
            .into_iter()
            .collect()
    }
}
