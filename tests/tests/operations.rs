//! Running it: start, stop, configuration, the command line, health, metrics, logs.
#![allow(clippy::unwrap_used)]

mod operations {
    mod command_line;
    mod configuration;
    mod health;
    mod observation;
    mod privacy;
    mod shutdown;
    mod start;
}
