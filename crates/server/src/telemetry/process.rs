//! The process itself, from `/proc`, under the names that Prometheus' own clients use.

use std::fmt::Write as _;

/// Clock ticks per second in `/proc/self/stat`; 100 on every Linux that we know of (USER_HZ is part of its interface).
const TICKS_PER_SECOND: f64 = 100.0;

/// Open file descriptors of this process; `None` where there is no `/proc`.
fn open_files() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}

/// Appends what is known of the process now.
pub(super) fn render(text: &mut String) {
    let version = env!("CARGO_PKG_VERSION");
    let architecture = std::env::consts::ARCH;
    let build = format!("{{version=\"{version}\",architecture=\"{architecture}\"}}");
    append(text, "foretell_build_info", "gauge", "Which build this is; always 1.", &build, Some(1.0));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |key: &str| field(&status, key).map(|kib| kib * 1024.0);
    let memory = "Memory that the process holds, bytes.";
    append(text, "process_resident_memory_bytes", "gauge", memory, "", kib("VmRSS:"));
    let most = "The most memory that the process held since its start, bytes.";
    append(text, "process_resident_memory_max_bytes", "gauge", most, "", kib("VmHWM:"));
    append(text, "process_threads", "gauge", "Threads of the process.", "", field(&status, "Threads:"));
    let open = open_files().map(|count| count as f64);
    append(text, "process_open_fds", "gauge", "Open file descriptors.", "", open);
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    append(text, "process_max_fds", "gauge", "Limit of open file descriptors.", "", field(&limits, "Max open files"));
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let boot = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let cpu = "Processor time used, seconds.";
    append(text, "process_cpu_seconds_total", "counter", cpu, "", cpu_seconds(&stat));
    let start = field(&boot, "btime").zip(start_seconds(&stat)).map(|(boot, since)| boot + since);
    append(text, "process_start_time_seconds", "gauge", "When the process began, seconds since 1970.", "", start);
}

fn append(text: &mut String, name: &str, kind: &str, help: &str, labels: &str, value: Option<f64>) {
    let Some(value) = value else { return };
    let lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels} {value}\n");
    let _infallible = text.write_str(&lines).is_ok();
}

/// The first number after a key at the beginning of a line.
fn field(text: &str, key: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time. The command's name in parentheses may hold anything, so counting begins behind it.
fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((ticks(stat, 11)? + ticks(stat, 12)?) / TICKS_PER_SECOND)
}

/// When the process began, seconds since the boot.
fn start_seconds(stat: &str) -> Option<f64> {
    Some(ticks(stat, 19)? / TICKS_PER_SECOND)
}

fn ticks(stat: &str, place: usize) -> Option<f64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(place)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_tells_what_prometheus_expects() {
        let mut text = String::new();
        render(&mut text);
        let value = |name: &str| field(&text, &format!("{name} ")).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        assert!(value("process_resident_memory_bytes") > 100_000.0);
        assert!(value("process_resident_memory_max_bytes") >= value("process_resident_memory_bytes") * 0.5);
        assert!(value("process_open_fds") >= 3.0 && value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_threads") >= 1.0 && value("process_cpu_seconds_total") >= 0.0);
        assert!(value("process_start_time_seconds") > 1.5e9);
        assert!(text.contains("foretell_build_info{version=\""));
    }

    #[test]
    fn a_command_with_blanks_and_parentheses_is_passed_over() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 0 0 0 0 150 50 0 0 20 0 9 0 12300 0 0";
        assert_eq!((cpu_seconds(stat), start_seconds(stat)), (Some(2.0), Some(123.0)));
    }
}
