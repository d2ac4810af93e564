//! File descriptors: how many this process may have, and what MQTT and HTTP may take of them.
//!
//! Without this, a limit of 1,024 (the default of most shells) would be met in the middle of a day, at the thousandth
//! controller, as an error at `accept`, or worse: when SQLite opens its journal.

/// Descriptors for everything else: stores with their journals, log, mail, brokers, files of exports.
const OTHERS: u64 = 128;

/// The part of a tight limit that HTTP may have.
const HTTP_PART: u64 = 8;

/// Fewest connections that make sense on either side.
const FEWEST: usize = 16;

/// What each side may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// Connections of controllers.
    pub(super) mqtt: usize,
    /// Connections of browsers, probes and API clients.
    pub(super) http: usize,
}

impl Budget {
    /// Divides the descriptors: HTTP never gets more than its part, so that it cannot starve MQTT.
    pub(super) fn divide(limit: Option<u64>, wanted: Self) -> Self {
        let Some(limit) = limit else { return wanted };
        let rest = limit.saturating_sub(OTHERS);
        let part = |part: u64| usize::try_from(part).unwrap_or(usize::MAX).max(FEWEST);
        let http = wanted.http.min(part(rest / HTTP_PART));
        let mqtt = wanted.mqtt.min(part(rest.saturating_sub(http as u64)));
        Self { mqtt, http }
    }

    /// Whether it is less than somebody asked for, who wrote another number of controllers than the default.
    const fn falls_short_of(self, wanted: Self, default: usize) -> bool {
        self.mqtt < wanted.mqtt && wanted.mqtt != default
    }
}

/// This process's limit of open files; `None` where it is unlimited or unknown.
pub(super) fn descriptors_max() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

fn parse(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What is divided for this process.
pub(super) fn divided(wanted: Budget) -> Budget {
    Budget::divide(descriptors_max(), wanted)
}

/// Says so in the log when less is given than was wanted; as a warning when the configuration asks for it, because most plants are
/// far from the default, and whoever meets the limit is told then.
pub(super) fn tell(given: Budget, wanted: Budget, default: usize) {
    if given == wanted {
        return;
    }
    let limit = descriptors_max();
    if given.falls_short_of(wanted, default) {
        tracing::warn!(
            open_files_max = limit,
            mqtt_connections = given.mqtt,
            mqtt_wanted = wanted.mqtt,
            http_connections = given.http,
            http_wanted = wanted.http,
            "The limit of open files is low, so fewer connections are taken. Raise it: LimitNOFILE=65536 in the unit, or \
             `ulimit -n 65536` in the shell that starts this."
        );
    } else {
        tracing::info!(
            open_files_max = limit,
            mqtt_connections = given.mqtt,
            http_connections = given.http,
            "The limit of open files allows so many connections."
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_never_takes_what_mqtt_needs() {
        let wanted = Budget { mqtt: 20_000, http: 256 };
        for (limit, expected) in [
            (None, (20_000, 256)),
            (Some(65_536), (20_000, 256)),
            (Some(4_096), (3_712, 256)),
            (Some(1_024), (784, 112)),
            (Some(256), (112, 16)),
            (Some(64), (16, 16)),
        ] {
            let Budget { mqtt, http } = Budget::divide(limit, wanted);
            assert_eq!((mqtt, http), expected, "{limit:?}");
        }
    }

    #[test]
    fn only_what_was_asked_for_can_fall_short() {
        let short = |mqtt| {
            let wanted = Budget { mqtt, http: 256 };
            Budget::divide(Some(1_024), wanted).falls_short_of(wanted, 20_000)
        };
        assert_eq!([20_000, 30_000, 5_000, 500].map(short), [false, true, true, false]);
    }

    #[test]
    fn the_limit_is_read_as_the_kernel_writes_it() {
        let line = "Limit   Soft Limit   Hard Limit   Units\nMax open files            1024                 524288               files\n";
        assert_eq!(
            (parse(line), parse("Max open files unlimited unlimited files"), parse("")),
            (Some(1024), None, None)
        );
        assert!(descriptors_max().is_some_and(|limit| limit > 0));
    }
}
