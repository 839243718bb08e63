//! The Diesel adapters of the ports: PostgreSQL and SQLite.
