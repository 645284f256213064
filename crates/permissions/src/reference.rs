//! The service authorization reference: which resources an action takes.

const TEXT: &str = include_str!("actions.txt");

/// What the reference knows of an action.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action {
    service: Service,
    /// The name in the reference's own case.
    pub name: &'static str,
    kinds: &'static str,
}

/// A kind of resource that an action takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Its ARN with placeholders, such as `arn:${Partition}:s3:::${BucketName}`.
    pub arn: &'static str,
    /// Whether the action always needs one.
    pub required: bool,
}

#[derive(Clone, Copy, Debug)]
struct Service(&'static str);

/// An action by its full name, in any case; `None` if the reference does not have it.
pub(crate) fn action(name: &str) -> Option<Action> {
    let (service, name) = name.split_once(':')?;
    let service = Service::find(service)?;
    service.0.lines().filter(|line| !line.starts_with('=')).find_map(|line| {
        let (own, kinds) = line.split_once(' ').unwrap_or((line, ""));
        own.eq_ignore_ascii_case(name).then_some(Action { service, name: own, kinds })
    })
}

impl Action {
    /// The kinds of resources that it takes; none if it is about everything.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        self.kinds.split_ascii_whitespace().filter_map(move |word| {
            let (name, required) = word.strip_suffix('!').map_or((word, false), |name| (name, true));
            Some(Kind { arn: self.service.arn(name)?, required })
        })
    }
}

impl Service {
    /// The lines of a service, without its name.
    fn find(name: &str) -> Option<Self> {
        let start = TEXT.find(&format!("\n\n{name}\n"))? + name.len() + 3;
        let rest = &TEXT[start..];
        Some(Self(&rest[..rest.find("\n\n").unwrap_or(rest.len())]))
    }

    fn arn(self, kind: &str) -> Option<&'static str> {
        self.0.lines().find_map(|line| line.strip_prefix('=')?.strip_prefix(kind)?.strip_prefix(' '))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arns(name: &str) -> Vec<&'static str> {
        action(name).unwrap().kinds().map(|kind| kind.arn).collect()
    }

    #[test]
    fn actions_by_name() {
        assert_eq!(arns("dynamodb:CreateTable"), ["arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"]);
        assert_eq!(arns("DYNAMODB:createtable".to_lowercase().as_str()).len(), 1);
        assert!(arns("kms:CreateKey").is_empty());
        assert!(action("s3:NoSuchThing").is_none() && action("nothing:X").is_none() && action("").is_none());
        assert_eq!(action("s3:putobject").unwrap().name, "PutObject");
    }

    #[test]
    fn every_kind_has_its_arn() {
        let services = TEXT.split("\n\n").skip(1);
        let mut actions = 0;
        for service in services {
            let (_, lines) = service.split_once('\n').unwrap();
            let service = Service(lines);
            for line in lines.lines().filter(|line| !line.starts_with('=')) {
                actions += 1;
                for word in line.split_ascii_whitespace().skip(1) {
                    assert!(service.arn(word.trim_end_matches('!')).is_some(), "{line}");
                }
            }
        }
        assert!(actions > 9_000, "{actions}");
    }
}
