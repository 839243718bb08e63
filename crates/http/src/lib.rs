//! The actix-web adapter: the wire.
