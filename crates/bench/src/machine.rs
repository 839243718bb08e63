//! Where and with what a run was made: no figure means anything without.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

/// What is measured with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    processor: String,
    #[serde(rename = "memoryMiB")]
    memory_mib: u64,
    kernel: String,
    #[serde(rename = "fileSystem")]
    file_system: String,
    rustc: String,
    /// How many threads wanted a processor in the minute before, on average.
    #[serde(rename = "loadBefore")]
    load_before: f64,
}

impl Machine {
    /// This machine before anything is measured, and the file system that `directory` is on. What it does not tell is
    /// `unknown`.
    pub(crate) fn look(directory: &Path) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let uname = rustix::system::uname();
        Self {
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            processor: known(field(&read("/proc/cpuinfo"), "model name")),
            memory_mib: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|it| it.trim_end_matches(" kB").parse::<u64>().ok())
                .unwrap_or(0)
                / 1024,
            kernel: format!(
                "{} {}",
                uname.sysname().to_string_lossy(),
                uname.release().to_string_lossy()
            ),
            file_system: known(printed(
                Command::new("stat")
                    .args(["--file-system", "--format=%T"])
                    .arg(directory),
            )),
            rustc: known(printed(Command::new("rustc").arg("--version"))),
            load_before: read("/proc/loadavg")
                .split_whitespace()
                .next()
                .and_then(|it| it.parse().ok())
                .unwrap_or(0.0),
        }
    }

    /// A warning if others use the processors: whoever has more threads then gets more of
    /// them, which favours the side of a ratio that has.
    pub(crate) fn warning(&self) -> Option<String> {
        (self.load_before > 0.5).then(|| {
            format!(
                "warning: this machine was busy before (load {}): the ratios are not to be \
                 trusted",
                self.load_before
            )
        })
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} cores ({}), {} MiB, {}, {}, {}",
            self.cores, self.processor, self.memory_mib, self.kernel, self.file_system, self.rustc
        )
    }
}

fn known(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".to_owned())
}

/// The value of a line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    let mut found = values.filter(|(key, _)| key.trim() == name);
    Some(found.next()?.1.trim().to_owned())
}

fn printed(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|it| it.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(field(text, "model name").unwrap(), "Some CPU @ 2 GHz");
        assert_eq!(field(text, "name"), None);
    }
}
