//! Commands carried out from a form: tried first, and carried out once however often the form is sent.

use accolade_application::answer::Answer;
use accolade_application::ports::IdempotencyKey;
use accolade_application::{Command, Executed};
use accolade_domain::rejection::{Code, Rejection};
use accolade_domain::text::Reason;
use accolade_http::pages::{Failure, Way};

use crate::form::Form;
use crate::frame::Problem;
use crate::texts as t;
use crate::visit::Visit;

/// The field that has the key under which a form is carried out once.
pub(crate) const KEY: &str = "key";

/// Which button a form was sent by.
pub(crate) const STEP: &str = "step";

/// The field that says why.
pub(crate) const REASON: &str = "reason";

impl Visit {
    /// A key for a new form.
    pub(crate) fn new_key(&self) -> String {
        self.context.ports().ids.uuid().to_string()
    }

    /// What `command` would do: every check is made, and nothing recorded.
    ///
    /// # Errors
    /// Those of the command.
    pub(crate) async fn try_out<C: Command + Send + 'static>(
        &self,
        command: C,
    ) -> Result<Executed, Failure> {
        let mut request = self.context.request(&self.http, self.caller.clone());
        request.dry_run = true;
        let (context, http) = (&self.context, &self.http);
        context.execute(Way::Here, http, request, command).await
    }

    /// Carries `command` out, once for each key that a `form` has: sent again it shows the same.
    ///
    /// # Errors
    /// 400 if the form has no key; 1910 if it says something else than before; those of the command.
    pub(crate) async fn carry_out<C: Command + Send + 'static>(
        &self,
        form: &Form,
        command: C,
    ) -> Result<Executed, Failure> {
        self.carry_out_by(Way::Here, form, command).await
    }

    /// The same for a command that waits for somebody outside.
    ///
    /// # Errors
    /// Those of [`carry_out`](Self::carry_out).
    pub(crate) async fn carry_out_by<C: Command + Send + 'static>(
        &self,
        way: Way,
        form: &Form,
        command: C,
    ) -> Result<Executed, Failure> {
        let key = IdempotencyKey::try_from(form.typed(KEY).to_owned());
        let key = key.map_err(|_| Rejection::unreadable(t::FORM_WITHOUT_KEY))?;
        let mut said = vec![self.http.path().as_bytes()];
        for (name, value) in form.fields() {
            said.extend([name.as_bytes(), value.as_bytes()]);
        }
        let mut request = self.context.request(&self.http, self.caller.clone());
        request.key = Some(self.context.guard(&self.caller, key, &said));
        let (context, http) = (&self.context, &self.http);
        let executed = context.execute(way, http, request, command).await;
        executed.map_err(|failure| {
            if failure.code() == Code::IdempotencyKeyReused {
                let message = t::FORM_CARRIED_OUT_BEFORE;
                return Rejection::new(Code::IdempotencyKeyReused)
                    .with_message(message)
                    .into();
            }
            failure
        })
    }
}

/// The word for what was `done`, unless it waits for approval.
pub(crate) fn done<'a>(executed: &Executed, done: &'a str) -> &'a str {
    match executed.answer() {
        Answer::Held(_) => "held",
        _ => done,
    }
}

/// The reason that a form gives, which it must.
///
/// # Errors
/// There is none, or it is too long.
pub(crate) fn reason(form: &Form) -> Result<Reason, Problem> {
    let said = Reason::try_from(form.typed(REASON));
    said.map_err(|error| Problem::at(REASON, t::reason_unfit(error)))
}
