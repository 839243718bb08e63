//! Which statements a thread sends.

use std::cell::RefCell;
use std::sync::OnceLock;

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

thread_local! {
    static SENT: RefCell<Sent> = RefCell::default();
}

/// How the adapter's connections to PostgreSQL plan, which a pool sets on threads of its own.
static PLANNING: OnceLock<String> = OnceLock::new();

/// What was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Every statement, BEGIN and COMMIT included, without its values.
    pub(crate) statements: Vec<String>,
    /// Those that were prepared for the first time on their connection.
    pub(crate) prepared: Vec<String>,
}

impl Sent {
    /// Those that have this in them.
    pub(crate) fn with(&self, part: &str) -> Vec<&str> {
        let statements = self.statements.iter().map(String::as_str);
        statements.filter(|it| it.contains(part)).collect()
    }
}

struct Recorder;

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let text = text.split(" -- binds:").next().unwrap_or_default();
                // Behind a pooler each transaction is told.
                if text.starts_with("SET ") && text.contains("plan_cache_mode") {
                    PLANNING.get_or_init(|| without_timeouts(text));
                }
                SENT.with_borrow_mut(|sent| sent.statements.push(text.to_owned()));
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                SENT.with_borrow_mut(|sent| sent.prepared.push(sql.to_owned()));
            }
            _ => {}
        }
    }
}

/// `settings` without those that each test may choose.
fn without_timeouts(settings: &str) -> String {
    let settings = settings.split("; ").filter(|it| !it.contains("timeout"));
    settings.collect::<Vec<_>>().join("; ")
}

/// What a connection is told by which the adapter's connections to PostgreSQL plan.
pub(crate) fn planning() -> &'static str {
    PLANNING.get().unwrap()
}

/// Records on all connections that are opened from now on.
pub(crate) fn start() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
}

/// What this thread sends in `act`.
pub(crate) fn sent<T>(act: impl FnOnce() -> T) -> (T, Sent) {
    SENT.take();
    let value = act();
    (value, SENT.take())
}
