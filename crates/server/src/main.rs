//! The Accolade server.
fn main() {}
