//! The templates, and the values that the command line gives their parameters.

use skysmith_assembly::Stack;
use skysmith_deploy::Wanted;
use skysmith_template::Parameter;

use crate::error::Failure;
use crate::hints::worded;
use crate::parallel;
use crate::session::Session;

/// Reads the templates of `stacks`, which are some or all of the app's, and gives each its parameters.
pub fn read(
    session: &Session,
    app: &[Stack],
    stacks: &[&Stack],
    parameters: &[String],
) -> Result<Vec<Wanted>, Failure> {
    let mut wanted = Vec::new();
    for (stack, one) in stacks.iter().zip(parallel::map(stacks, |stack| Wanted::read((*stack).clone()))) {
        let mut one = one.map_err(|error| worded(session, error))?;
        let others = app.iter().filter(|other| other.id != stack.id && other.environment == stack.environment);
        one.followers = others.map(|other| other.stack_name.clone()).collect();
        wanted.push(one);
    }
    for parameter in parameters {
        // Without the value, which may be a secret: who mistypes its name types it all the same.
        let name = parameter.split_once('=').map_or_else(|| parameter.clone(), |(name, _)| format!("{name}=…"));
        let wrong = |why: &str| {
            Failure::usage(format!("`--parameters {name}` {why}")).hint("write --parameters [STACK:]KEY=VALUE")
        };
        let Some((key, value)) = parameter.split_once('=') else { return Err(wrong("has no `=`")) };
        let (stack, key) = match key.split_once(':') {
            Some((stack, key)) => (Some(stack), key),
            None => (None, key),
        };
        let mut used = false;
        for wanted in &mut wanted {
            let meant = match stack {
                Some(name) => [&wanted.stack.display_name, &wanted.stack.id, &wanted.stack.stack_name]
                    .iter()
                    .any(|own| *own == name),
                None => wanted.template.parameter(key).is_some(),
            };
            if meant {
                used = true;
                wanted.parameters.insert(key.to_owned(), value.to_owned());
            }
        }
        if !used {
            let known: Vec<String> = wanted
                .iter()
                .flat_map(|wanted| wanted.template.parameters().map(|one| one.name().to_owned()))
                .collect();
            return Err(
                wrong("is for a parameter or stack that is not there").suggest(key, known.iter().map(String::as_str))
            );
        }
    }
    for wanted in &wanted {
        for (name, value) in &wanted.parameters {
            if wanted.template.parameter(name).is_some_and(Parameter::is_no_echo) {
                session.ui.secrets.hide(value);
            }
        }
    }
    Ok(wanted)
}
