//! The Accolade server.
mod settings;
mod sources;
fn main() {}
