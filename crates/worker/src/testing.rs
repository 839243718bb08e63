//! Stores of which tests decide what they do, on a clock that goes with the virtual time of tokio.
