//! The in-memory adapter of the ports: for tests, and the model that the databases are checked against.
