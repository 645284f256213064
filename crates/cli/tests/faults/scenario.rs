//! One row of the table: what is given, what is run, and what must come of it.

use skysmith_scripted::{Aws, Scripted};

use crate::person::{Person, Ran, TWO};

/// What must come of a run.
#[derive(Clone, Debug)]
pub struct End {
    pub code: i32,
    /// In the last line.
    pub last: &'static str,
}

/// A row.
#[derive(Clone)]
pub struct Scenario {
    /// The part of the table.
    pub part: &'static str,
    /// What is wrong.
    pub given: String,
    pub account: fn() -> Scripted,
    /// A fault that depends on the row.
    pub fault: Option<skysmith_scripted::Fault>,
    pub template: &'static str,
    /// Runs before, which must succeed: the template of the first deployment.
    pub first: Option<&'static str>,
    /// What happens in the account between the two.
    pub meanwhile: fn(&Aws),
    pub arguments: &'static [&'static str],
    pub end: End,
    /// Somewhere in what is said.
    pub says: Vec<&'static str>,
    /// The stack's status afterwards; `None`: there is no stack.
    pub status: Option<&'static str>,
    /// The second run, with the fault gone.
    pub again: Option<(&'static [&'static str], End)>,
    /// Anything else that must hold.
    pub also: fn(&Aws, &Ran) -> Result<(), String>,
}

const DEPLOY: &[&str] = &["deploy", "app", "--yes"];

impl Scenario {
    pub fn new(part: &'static str, given: impl Into<String>, account: fn() -> Scripted) -> Self {
        Self {
            part,
            given: given.into(),
            account,
            fault: None,
            template: TWO,
            first: None,
            meanwhile: |_| {},
            arguments: DEPLOY,
            end: End { code: 0, last: "app deployed in" },
            says: Vec::new(),
            status: Some("CREATE_COMPLETE"),
            again: None,
            also: |_, _| Ok(()),
        }
    }

    pub fn fault(mut self, fault: skysmith_scripted::Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub fn template(mut self, template: &'static str) -> Self {
        self.template = template;
        self
    }

    /// The stack was deployed before, with this template.
    pub fn after(mut self, template: &'static str) -> Self {
        self.first = Some(template);
        self.status = Some("UPDATE_COMPLETE");
        self
    }

    /// This happens in the account after the first deployment.
    pub fn meanwhile(mut self, happening: fn(&Aws)) -> Self {
        self.meanwhile = happening;
        self
    }

    pub fn runs(mut self, arguments: &'static [&'static str]) -> Self {
        self.arguments = arguments;
        self
    }

    pub fn ends(mut self, code: i32, last: &'static str) -> Self {
        self.end = End { code, last };
        self
    }

    pub fn says(mut self, words: &'static str) -> Self {
        self.says.push(words);
        self
    }

    pub fn leaves(mut self, status: impl Into<Option<&'static str>>) -> Self {
        self.status = status.into();
        self
    }

    /// The same once more, with the fault gone, ends well.
    pub fn then_works(mut self) -> Self {
        self.again = Some((self.arguments, End { code: 0, last: "" }));
        self
    }

    pub fn then(mut self, arguments: &'static [&'static str], code: i32, last: &'static str) -> Self {
        self.again = Some((arguments, End { code, last }));
        self
    }

    pub fn also(mut self, check: fn(&Aws, &Ran) -> Result<(), String>) -> Self {
        self.also = check;
        self
    }

    /// Runs it.
    pub fn judged(&self) -> Result<(), String> {
        let aws = (self.account)().start();
        let person = Person::new(self.first.unwrap_or(self.template));
        if self.first.is_some() {
            let ran = person.runs(&aws, DEPLOY);
            require(ran.code == Some(0), "the deployment before it fails", &ran)?;
            person.changes_to(self.template);
            (self.meanwhile)(&aws);
            aws.forget();
        }
        if let Some(fault) = &self.fault {
            aws.fault(fault.clone());
        }
        let ran = person.runs(&aws, self.arguments);
        let End { code, last } = &self.end;
        require(ran.code == Some(*code), &format!("exit code {:?}, not {code}", ran.code), &ran)?;
        require(ran.last_line().contains(last), &format!("the last line has no `{last}`"), &ran)?;
        for words in &self.says {
            let said = ran.err.contains(words) || ran.out.contains(words);
            require(said, &format!("it does not say `{words}`"), &ran)?;
        }
        secret(&ran)?;
        if let Some(wanted) = self.status {
            let status = aws.status("app");
            require(status.as_deref() == Some(wanted), &format!("the stack is in {status:?}, not {wanted}"), &ran)?;
        } else {
            let status = aws.status("app");
            require(status.is_none(), &format!("there is a stack, in {status:?}"), &ran)?;
        }
        (self.also)(&aws, &ran).map_err(|words| complaint(&words, &ran))?;
        if let Some((arguments, end)) = &self.again {
            aws.heal();
            let ran = person.runs(&aws, arguments);
            require(
                ran.code == Some(end.code),
                &format!("the second run exits with {:?}, not {}", ran.code, end.code),
                &ran,
            )?;
            let last = end.last;
            require(ran.last_line().contains(last), &format!("the second run's last line has no `{last}`"), &ran)?;
        }
        Ok(())
    }
}

fn require(holds: bool, words: &str, ran: &Ran) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint(words, ran)) }
}

fn complaint(words: &str, ran: &Ran) -> String {
    format!("{words}\n--- out\n{}--- err\n{}", ran.out, ran.err)
}

/// Nothing that is said has a secret in it.
fn secret(ran: &Ran) -> Result<(), String> {
    let said = format!("{}{}", ran.out, ran.err);
    require(!said.contains("that-nobody-may-read"), "it tells a secret", ran)
}
