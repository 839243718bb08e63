//! Signing in, braked: passwords that are wrong too often are put off, as secrets of clients are, and
//! right ones always pass.
//!
//! A password takes long to look at, so whoever signs in waits in a line of its own; who has been wrong too
//! often in another one. Which line it is depends on what was wrong before, never on whether somebody has
//! the login.
//!
//! Who comes back from a provider waits in a third line, as long as the provider takes: passwords are looked at
//! meanwhile. A code that is not good counts as a wrong password from its address.

use std::net::IpAddr;
use std::time::Instant;

use accolade_application::gate::Turn;
use accolade_application::operators::{
    Lifetimes, Password, SignIn, SignInResult, SignedIn, note_refused, sign_in,
};
use accolade_application::ports::Ports;
use accolade_domain::audit::RequestTag;
use accolade_domain::ids::OperatorNumber;
use accolade_domain::login::Login;
use accolade_domain::rejection::{Code, Rejection};
use actix_web::rt;

use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::middleware::deadline::Deadline;
use crate::throttle::Throttle;

/// Passwords that are looked at in one moment, each on a processor of its own, and the most that wait.
const AT_ONCE: u32 = 2;
const WAITING: u32 = 256;

/// How many wait for the provider at one moment.
const AT_PROVIDER: u32 = 8;

/// The most bytes of a password that are looked at.
const LONGEST: usize = 8 * 1024;

/// Signs operators in. Cheap to clone; clones share the lines and the counts.
#[derive(Clone)]
pub(super) struct SignIns {
    pub(super) throttle: Throttle,
    /// Where those wait who sign in.
    line: Dispatcher,
    /// Where those wait who have been wrong too often.
    suspects: Dispatcher,
    /// Where those wait whom a provider is asked about.
    pub(super) provided: Dispatcher,
    /// The same, of those who have been wrong too often.
    pub(super) provided_suspects: Dispatcher,
}

/// Where a sign-in comes from, and how long it may take.
pub(super) struct Origin {
    pub(super) address: Option<IpAddr>,
    pub(super) deadline: Deadline,
    pub(super) tag: RequestTag,
}

impl SignIns {
    /// Those that are counted by `throttle`.
    pub(super) fn new(throttle: Throttle) -> Self {
        Self {
            throttle,
            line: Dispatcher::new(AT_ONCE, WAITING),
            suspects: Dispatcher::new(1, WAITING),
            provided: Dispatcher::new(AT_PROVIDER, WAITING),
            provided_suspects: Dispatcher::new(1, WAITING),
        }
    }

    /// Begins a session for whoever has this login and password.
    ///
    /// # Errors
    /// 1930 if they are wrong, 1932 if they have been wrong too often; 1951 if too many wait.
    pub(super) async fn sign_in(
        &self,
        ports: &Ports,
        (login, password): (&str, &str),
        from: Origin,
        lifetimes: Lifetimes,
    ) -> Result<SignedIn, Failure> {
        let key = counted_as(login);
        let is_suspect = self
            .throttle
            .has_tripped(&key, from.address, Instant::now());
        let line = if is_suspect {
            &self.suspects
        } else {
            &self.line
        };
        if password.len() > LONGEST {
            return Err(self.refusal(&key, from.address).0);
        }
        let asked = SignIn {
            login: login.to_owned(),
            password: Password::presented(password),
            tag: Some(from.tag.clone()),
        };
        let at = ports.clone();
        let work = move || sign_in(&at, &asked, lifetimes);
        // Who does not see the end of it signs in again.
        let result = line
            .run(Turn::SYSTEM, from.deadline, Effect::Reads, work)
            .await??;
        match result {
            SignInResult::SignedIn(signed_in) => Ok(*signed_in),
            SignInResult::Refused(operator) => {
                let (refusal, is_put_off) = self.refusal(&key, from.address);
                // Of those that are put off there may be any number.
                if let Some(operator) = operator.filter(|_| !is_put_off) {
                    self.note(ports, operator, from);
                }
                Err(refusal)
            }
        }
    }

    /// Counts a wrong password; gives what is answered, and whether it is put off.
    fn refusal(&self, key: &str, address: Option<IpAddr>) -> (Failure, bool) {
        match self.throttle.wrong(key, address, Instant::now()) {
            None => {
                let message = "The login or the password is wrong.";
                let refusal = Rejection::new(Code::Unauthenticated).with_message(message);
                (refusal.into(), false)
            }
            Some(wait) => {
                let message = "Too many wrong passwords. Wait, then sign in with the right one.";
                let refusal = Rejection::new(Code::TooManyRequests).with_message(message);
                (Failure::from(refusal).retry_after_time(wait), true)
            }
        }
    }

    /// Has the audit trail say that somebody was refused. The answer does not wait for it: how long it takes
    /// would tell that the login is somebody's.
    fn note(&self, ports: &Ports, operator: OperatorNumber, from: Origin) {
        let (line, ports) = (self.suspects.clone(), ports.clone());
        rt::spawn(async move {
            let work = move || note_refused(&ports, operator, Some(from.tag));
            let noted = line
                .run(Turn::SYSTEM, from.deadline, Effect::Writes, work)
                .await;
            let noted = noted.and_then(|noted| noted.map_err(Failure::from));
            if let Err(failure) = noted {
                failure.log();
            }
        });
    }
}

/// What a login is counted as: apart from the keys of clients, and in one case.
fn counted_as(login: &str) -> String {
    let folded = Login::try_from(login);
    let folded = folded.as_ref().map_or(login, Login::as_str);
    format!("operator\0{folded}")
}
