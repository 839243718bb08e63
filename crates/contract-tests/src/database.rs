//! What an adapter gives to be tested.

use accolade_application::ports::Stores;

/// A place for data, and ways to it. The data may go when this is dropped.
pub trait Database: Send + Sync {
    /// A way to the data that is independent of all others, as another server
    /// would have it: connections of its own, nothing remembered in common. An
    /// adapter that cannot have two gives the same one again.
    fn connect(&self) -> Stores;
}
