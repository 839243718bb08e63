//! The contract suite that every adapter of the ports must pass.
