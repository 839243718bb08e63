//! End-to-end tests: the real server binary, spoken to over HTTP, on both databases.
