//! Which role is taken for which work: a stack's own to deploy it, another to read its account, others again to publish with.
//!
//! All of them are taken with the caller's own credentials. What cannot be taken is done without, where the account is the caller's own anyway.

use skysmith_assembly::{AssumedRole, Stack};

use crate::{Error, Event, Observer, Session};

impl Session {
    /// The session to deploy this stack with: in its region, with its role.
    ///
    /// # Errors
    /// The stack belongs to another account, or its role cannot be taken.
    pub async fn for_stack(&self, stack: &Stack, observer: &dyn Observer) -> Result<Self, Error> {
        let region = stack.environment.region.as_deref();
        let here = self.in_region(region.unwrap_or(self.region()));
        let session = here.take_role(&stack.stack_name, stack.role.as_ref(), region, observer).await?;
        session.belongs_to(stack)
    }

    /// The session to look at this stack with: with the role that the assembly has for that, which may be all that somebody is allowed, and otherwise as
    /// [`for_stack`](Self::for_stack).
    ///
    /// # Errors
    /// The stack belongs to another account, or none of its roles can be taken.
    pub async fn for_reading(&self, stack: &Stack, observer: &dyn Observer) -> Result<Self, Error> {
        let Some(lookup) = &stack.lookup_role else { return self.for_stack(stack, observer).await };
        let here = self.in_region(stack.environment.region.as_deref().unwrap_or(self.region()));
        let role = lookup.role.resolve(&here.placeholders());
        let reading = async {
            let session = here.assume(&role, None).await?;
            if let Some(needed) = &lookup.bootstrap {
                session.require_version(&stack.stack_name, needed).await?;
            }
            Ok::<_, Error>(session)
        };
        match reading.await {
            Ok(session) => session.belongs_to(stack),
            Err(error) => {
                let message = format!("role {} cannot be read with, so the stack's own is tried: {error}", role.arn);
                observer.event(Event::Warning { stack: stack.stack_name.clone(), message });
                self.for_stack(stack, observer).await
            }
        }
    }

    /// This session, if the stack belongs to its account.
    fn belongs_to(self, stack: &Stack) -> Result<Self, Error> {
        let wanted = &stack.environment;
        // A local AWS has one account, whatever the app is meant for.
        let is_local = matches!(self.endpoint(), crate::Endpoint::Local(_));
        match &wanted.account {
            Some(account) if !is_local && *account != self.identity().account => Err(Error::WrongEnvironment {
                stack: stack.stack_name.clone(),
                expected: wanted.to_string(),
                found: self.environment().to_string(),
            }),
            _ => Ok(self),
        }
    }

    /// The session to act with: with the role if there is one and it can be taken. If it cannot, but our own credentials belong to the same account, they
    /// may do as well.
    pub(crate) async fn take_role(
        &self,
        stack: &str,
        role: Option<&AssumedRole>,
        region: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let here = self.in_region(region.unwrap_or(self.region()));
        let Some(role) = role else { return Ok(here) };
        let role = role.resolve(&here.placeholders());
        let warn = |message: String| observer.event(Event::Warning { stack: stack.to_owned(), message });
        let arn = &role.arn;
        for option in &role.others {
            warn(format!("the assembly has `{option}` for role {arn}, which means nothing here"));
        }
        match self.assume(&role, Some(here.region())).await {
            Ok(session) => Ok(session),
            Err(error) if arn.split(':').nth(4) == Some(&self.identity().account) => {
                warn(format!("role {arn} cannot be taken, so your own credentials are used: {error}"));
                Ok(here)
            }
            Err(error) => Err(error),
        }
    }
}
