//! Where time, ids and secrets come from when the server runs: the machine's clock and
//! its randomness.

mod clock;
mod ids;
mod receivers;
mod secrets;

pub(crate) use clock::SystemClock;
pub(crate) use ids::SystemIds;
pub(crate) use receivers::NoReceivers;
pub(crate) use secrets::SystemSecrets;
