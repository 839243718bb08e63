//! Health.

use accolade_tests::{Server, on_both_databases};

fn a_server_lives_and_is_ready(server: &Server) {
    for path in ["/health/live", "/health/ready"] {
        server.stranger().get(path).ok();
    }
}

on_both_databases! {
    a_server_lives_and_is_ready
}
