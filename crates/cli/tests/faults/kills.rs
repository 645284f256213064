//! Runs that are ended from outside at each of their calls, and the runs after them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use skysmith_scripted::{Aws, Fault, Scripted};

use crate::person::{Person, Ran, Running, TWO};

const CHANGED: &str = r#"{"Resources":{"Queue":{"Type":"AWS::SQS::Queue","Properties":{"DelaySeconds":3}},"Topic":{"Type":"AWS::SNS::Topic"}}}"#;
const DEPLOY: &[&str] = &["deploy", "app", "--yes"];
const DESTROY: &[&str] = &["destroy", "app", "--yes", "--allow-data-loss"];

/// What is run, on which account.
#[derive(Clone, Copy)]
enum Work {
    Creation,
    Update,
    Deletion,
}

/// How it is ended.
#[derive(Clone, Copy)]
enum End {
    KilledBefore,
    KilledAfter,
    Interrupted,
}

impl Work {
    /// The account and the person before it.
    fn scene(self) -> (Aws, Person) {
        let (aws, person) = (Scripted::new().start(), Person::new(TWO));
        if !matches!(self, Self::Creation) {
            assert_eq!(person.runs(&aws, DEPLOY).code, Some(0));
            aws.forget();
        }
        if matches!(self, Self::Update) {
            person.changes_to(CHANGED);
        }
        (aws, person)
    }

    fn arguments(self) -> &'static [&'static str] {
        if matches!(self, Self::Deletion) { DESTROY } else { DEPLOY }
    }

    /// The calls of a run that nobody disturbs, and what is in the account after it.
    fn undisturbed(self) -> (usize, String) {
        let (aws, person) = self.scene();
        let ran = person.runs(&aws, self.arguments());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        (aws.requests().len(), aws.inventory())
    }

    /// Ends a run at its call `n`, and judges the one after it.
    fn ended_at(self, call: usize, end: End, wanted: &str) -> Result<(), String> {
        let (aws, person) = self.scene();
        let running: Arc<OnceLock<Running>> = Arc::default();
        let handle = Arc::clone(&running);
        let act = move |interrupts: bool| {
            let deadline = Instant::now() + Duration::from_secs(10);
            while handle.get().is_none() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
            }
            match handle.get() {
                Some(running) if interrupts => running.interrupt(),
                Some(running) => running.kill(),
                None => {}
            }
        };
        aws.fault(
            match end {
                End::KilledBefore => Fault::instead(move |_| act(false)),
                End::KilledAfter => Fault::after_it(move |_| act(false)),
                End::Interrupted => Fault::before(move |_| act(true)),
            }
            .after(call)
            .once(),
        );
        let started = person.starts(&aws, self.arguments());
        let _ = running.set(started.clone());
        let ran = person.hears(&started);
        if matches!(end, End::Interrupted) {
            said_goodbye(&ran, call)?;
        } else if ran.code.is_some() {
            return Err(format!("call {call}: it was not killed: {}", ran.err));
        }
        aws.heal();
        let again = person.runs(&aws, self.arguments());
        if again.code != Some(0) {
            return Err(format!("call {call}: the second run exits with {:?}\n{}", again.code, again.err));
        }
        let found = aws.inventory();
        if found == wanted { Ok(()) } else { Err(format!("call {call}: it leaves\n{found}\nnot\n{wanted}")) }
    }

    fn ended_at_each_call(self, end: End) {
        let (calls, wanted) = self.undisturbed();
        assert!(calls > 5, "{calls} calls");
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let call = next.fetch_add(1, Ordering::Relaxed);
                        if call >= calls {
                            break;
                        }
                        if let Err(words) = self.ended_at(call, end, &wanted) {
                            failed.lock().unwrap().push(words);
                        }
                    }
                });
            }
        });
        let failed = failed.into_inner().unwrap();
        assert!(failed.is_empty(), "{} of {calls}:\n{}", failed.len(), failed.join("\n\n"));
        eprintln!("{calls} calls");
    }
}

/// Whoever presses Ctrl-C is told where things stand; at the very first call there is nothing to tell yet, and at the last ones it may be over already.
fn said_goodbye(ran: &Ran, call: usize) -> Result<(), String> {
    match ran.code {
        None | Some(130) if call == 0 => Ok(()),
        Some(1) if ran.err.contains("stopped") => Ok(()),
        Some(0) => Ok(()),
        code => Err(format!("call {call}: Ctrl-C ends it with {code:?}\n{}", ran.err)),
    }
}

#[test]
fn a_creation_killed_before_each_call() {
    Work::Creation.ended_at_each_call(End::KilledBefore);
}

#[test]
fn a_creation_killed_after_each_call() {
    Work::Creation.ended_at_each_call(End::KilledAfter);
}

#[test]
fn an_update_killed_before_each_call() {
    Work::Update.ended_at_each_call(End::KilledBefore);
}

#[test]
fn an_update_killed_after_each_call() {
    Work::Update.ended_at_each_call(End::KilledAfter);
}

#[test]
fn a_deletion_killed_before_each_call() {
    Work::Deletion.ended_at_each_call(End::KilledBefore);
}

#[test]
fn a_deletion_killed_after_each_call() {
    Work::Deletion.ended_at_each_call(End::KilledAfter);
}

#[test]
fn a_creation_interrupted_at_each_call() {
    Work::Creation.ended_at_each_call(End::Interrupted);
}

#[test]
fn an_update_interrupted_at_each_call() {
    Work::Update.ended_at_each_call(End::Interrupted);
}

#[test]
fn two_deployments_of_one_stack_at_once() {
    let aws = Scripted::new().pace(1).start();
    let (one, other) = (Person::new(TWO), Person::new(TWO));
    let (first, second) = (one.starts(&aws, DEPLOY), other.starts(&aws, DEPLOY));
    let (first, second) = (one.hears(&first), other.hears(&second));
    let won = [&first, &second].into_iter().filter(|ran| ran.code == Some(0)).count();
    assert!(won >= 1, "{}\n{}", first.err, second.err);
    assert_eq!(aws.status("app").as_deref(), Some("CREATE_COMPLETE"));
    // Whoever lost is told, and finds the work done.
    for (person, ran) in [(&one, &first), (&other, &second)] {
        assert!(ran.code == Some(0) || ran.err.contains("error: "), "{}", ran.err);
        let again = person.runs(&aws, DEPLOY);
        assert_eq!(again.code, Some(0), "{}", again.err);
        assert!(again.last_line().contains("nothing to do"), "{}", again.err);
    }
    assert!(!aws.inventory().contains("change set"), "{}", aws.inventory());
}
