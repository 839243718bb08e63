//! A store that holds enrolments back until it is told to let them pass.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use accolade_application::answer::RevokedEnrolment;
use accolade_application::ports::{
    EnrolmentBatch, EnrolmentStore, Ports, RecordError, RevokeEnrolmentsRequest, StoreError,
};
use accolade_domain::enrolment::{CustomerOutcome, Hold};
use accolade_domain::ids::{BadgeId, CustomerId, OrgId};
use accolade_domain::instant::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a test holds of the gate.
pub(crate) struct Gatekeeper {
    /// Tells of each enrolment that has come to the gate.
    pub(crate) arrived: UnboundedReceiver<()>,
    /// Lets one pass.
    pub(crate) pass: Sender<()>,
}

struct Gate {
    inner: Arc<dyn EnrolmentStore>,
    arrived: UnboundedSender<()>,
    pass: Mutex<Receiver<()>>,
}

/// Puts a gate before the enrolments of `ports`.
pub(crate) fn gate(ports: &mut Ports) -> Gatekeeper {
    let (arrive, arrived) = unbounded_channel();
    let (pass, passed) = channel();
    Arc::make_mut(&mut ports.stores).enrolments = Arc::new(Gate {
        inner: Arc::clone(&ports.stores.enrolments),
        arrived: arrive,
        pass: Mutex::new(passed),
    });
    Gatekeeper { arrived, pass }
}

impl EnrolmentStore for Gate {
    fn enrol(
        &self,
        batch: &EnrolmentBatch,
    ) -> Result<Vec<Result<Vec<CustomerOutcome>, RecordError>>, StoreError> {
        self.arrived.send(()).unwrap();
        self.pass.lock().unwrap().recv().unwrap();
        self.inner.enrol(batch)
    }

    fn preview(
        &self,
        org: OrgId,
        badge: BadgeId,
        hold: Hold,
        customers: &[CustomerId],
        now: Instant,
    ) -> Result<Vec<CustomerOutcome>, StoreError> {
        self.inner.preview(org, badge, hold, customers, now)
    }

    fn revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Result<Vec<RevokedEnrolment>, RecordError>, StoreError> {
        self.inner.revoke(request)
    }

    fn preview_revoke(
        &self,
        request: &RevokeEnrolmentsRequest,
    ) -> Result<Vec<RevokedEnrolment>, StoreError> {
        self.inner.preview_revoke(request)
    }
}
