//! What every request passes, whatever it asks: an id, a time limit, a body limit, a line in
//! the log, and the envelope around whatever goes wrong.

pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod cors;
pub(crate) mod deadline;
pub(crate) mod draining;
pub(crate) mod edge;
pub(crate) mod encoding;
pub(crate) mod held;
pub(crate) mod request_tag;
pub(crate) mod waited;
