//! Sending a call until it is answered, whatever happens to the server and its database meanwhile, and
//! holding each answer to the ones before.

use std::thread;
use std::time::{Duration, Instant};

use accolade_tests::{Org, Reply};

use crate::figures::Figures;
use crate::load::call::Call;
use crate::load::gate::{Gate, Way};

/// How long one answer may take: the deadline of the server, and something for a busy machine.
pub(crate) const ANSWER: Duration = Duration::from_secs(25);

/// How long it may take until a call is executed, faults included.
const RECOVERY: Duration = Duration::from_secs(90);

/// What writers send their calls by.
pub(crate) struct Delivery<'g> {
    gate: &'g Gate,
    way: Way,
    pub(crate) figures: Figures,
}

/// What was answered in the end.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) reply: Reply,
    /// Whether something went wrong before.
    pub(crate) had_fault: bool,
}

/// What is known of a call that was not answered as it should be.
enum Fault {
    /// The server says that nothing was recorded.
    Nothing,
    /// It may be recorded or not.
    Unknown,
}

/// What came of one attempt.
enum Attempt {
    Answered(Reply),
    Faulty(Fault),
    /// The same call is still being executed.
    Running,
}

impl<'g> Delivery<'g> {
    pub(crate) fn new(gate: &'g Gate) -> Self {
        Self {
            gate,
            way: gate.way(),
            figures: Figures::default(),
        }
    }

    /// Sends `call` until it is answered, by a success or by one of its refusals.
    pub(crate) fn deliver(&mut self, call: &Call) -> Delivered {
        let begun = Instant::now();
        let mut had_fault = false;
        // What the ledger said of the call after its last fault.
        let mut recorded: Option<String> = None;
        loop {
            match self.attempt(call) {
                Attempt::Answered(reply) => {
                    self.gate.answered();
                    if let Some(answer) = &recorded {
                        let replays = reply.header("idempotency-replayed").is_some();
                        assert!(replays, "recorded, and not replayed: {reply}");
                        let same = answer.contains(reply.data_text());
                        assert!(same, "recorded: {answer}\nreplayed: {reply}");
                    }
                    return Delivered { reply, had_fault };
                }
                Attempt::Running => thread::sleep(Duration::from_millis(20)),
                Attempt::Faulty(fault) => {
                    had_fault = true;
                    recorded = self.ask(call, &fault).or(recorded);
                }
            }
            let patience = begun.elapsed();
            assert!(
                patience < RECOVERY,
                "not executed in {patience:?}: {call:?}"
            );
        }
    }

    fn attempt(&mut self, call: &Call) -> Attempt {
        let begun = Instant::now();
        let reply = match call.request(&self.way.org).try_send() {
            Ok(reply) => reply,
            Err(error) => {
                self.figures.count("connections broken");
                self.way = self.gate.another(&self.way, &error.to_string());
                return Attempt::Faulty(Fault::Unknown);
            }
        };
        let time = begun.elapsed();
        self.figures.longest("an answer (ms, at most)", time);
        assert!(time < ANSWER, "answered after {time:?}: {reply}");
        self.figures.count("requests");
        if reply.is_success() {
            return Attempt::Answered(reply);
        }
        let codes = reply.codes();
        match (reply.status, codes.as_slice()) {
            (503, [1951]) => {
                let again = reply.header("retry-after");
                assert!(again.is_some(), "no Retry-After: {reply}");
                self.figures.count("answers 1951");
                Attempt::Faulty(Fault::Nothing)
            }
            (503, [1952]) => {
                self.figures.count("answers 1952");
                Attempt::Faulty(Fault::Unknown)
            }
            (409, [1911]) => Attempt::Running,
            (400..500, [code]) if call.refusals.contains(code) => {
                self.figures.count("refusals");
                Attempt::Answered(reply)
            }
            _ => panic!("{call:?}\n{reply}"),
        }
    }

    /// What the ledger has of a call, once it can be asked.
    fn ask(&mut self, call: &Call, fault: &Fault) -> Option<String> {
        let id = call.id.as_ref()?;
        let reply = self.read(&format!("requests/{id}"));
        match (reply.status, fault) {
            (404, _) => {
                self.figures.count("not recorded, asked after a fault");
                None
            }
            (200, Fault::Unknown) => {
                self.figures.count("recorded, asked after a fault");
                Some(reply.text().to_owned())
            }
            _ => panic!("of {call:?} nothing was recorded, it was said: {reply}"),
        }
    }

    /// Asks for something until it is answered.
    fn read(&mut self, path: &str) -> Reply {
        let begun = Instant::now();
        loop {
            match get(&self.way.org, path) {
                Ok(reply) if reply.status != 503 => return reply,
                Ok(_) => thread::sleep(Duration::from_millis(50)),
                Err(error) => self.way = self.gate.another(&self.way, &error),
            }
            let patience = begun.elapsed();
            assert!(patience < RECOVERY, "{path}: no answer in {patience:?}");
        }
    }
}

fn get(org: &Org, path: &str) -> Result<Reply, String> {
    let reply = org.request("GET", path).may_fail().try_send();
    reply.map_err(|error| error.to_string())
}
