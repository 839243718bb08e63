//! The use cases of Accolade and the ports they need.
