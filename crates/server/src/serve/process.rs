//! What operators can watch of the process itself: which build it is, and what it takes of the machine.

use prometheus::{IntGaugeVec, Opts, Registry, Result};

/// Shows it in `registry`, of a server on a database of this kind.
///
/// # Errors
/// Something there has one of the names already.
pub(super) fn show_metrics(registry: &Registry, database: &str) -> Result<()> {
    let about = "1, with the version of the server and the kind of its database.";
    let options = Opts::new("accolade_build_info", about);
    let build = IntGaugeVec::new(options, &["version", "database"])?;
    build
        .with_label_values(&[env!("CARGO_PKG_VERSION"), database])
        .set(1);
    registry.register(Box::new(build))?;
    // Memory, processor time, threads and open files, under the names that all programs have for them.
    #[cfg(target_os = "linux")]
    registry.register(Box::new(
        prometheus::process_collector::ProcessCollector::for_self(),
    ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_and_the_memory_of_the_process_are_shown() {
        let registry = Registry::new();
        show_metrics(&registry, "SQLite").unwrap();
        let text = prometheus::TextEncoder::new()
            .encode_to_string(&registry.gather())
            .unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let build = format!(r#"accolade_build_info{{database="SQLite",version="{version}"}} 1"#);
        assert!(text.contains(&build), "{text}");
        if cfg!(target_os = "linux") {
            assert!(text.contains("process_resident_memory_bytes "), "{text}");
        }
    }
}
