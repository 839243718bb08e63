//! What every request passes, whatever it asks: an id, a time limit, a body limit, a line in
//! the log, and the envelope around whatever goes wrong.

mod deadline;
mod draining;
mod request_tag;

pub(crate) mod body;
pub(crate) mod edge;

pub(crate) use deadline::Deadline;
pub(crate) use draining::Draining;
pub(crate) use edge::Edge;
pub(crate) use request_tag::{RequestTag, X_REQUEST_ID};
