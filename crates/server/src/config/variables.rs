//! Environment variables that mean us and name no key: `FORETELL_MQTT_URL` instead of `FORETELL__MQTT__URL` would otherwise be
//! passed over in silence, and the service run with a default that nobody wanted.

use std::collections::BTreeSet;

use super::fault::{Collected, Place, did_you_mean};

/// How the name of every variable of ours begins.
pub(super) const OURS: &str = "FORETELL_";

/// How one that sets a key begins.
const KEYS: &str = "FORETELL__";

/// Names that others of ours listen to: tests, and the simulator.
const ELSEWHERE: [&str; 3] = ["FORETELL_TEST_", "FORETELL_FAULT_", "FORETELL_SIM_"];

/// The variable that sets a key, given by its dotted path.
pub(super) fn of(path: &str) -> String {
    format!("{KEYS}{}", path.replace('.', "__").to_uppercase())
}

/// The variable of a known key that reads the same when underscores do not count.
pub(super) fn twin(path: &str, known: &BTreeSet<String>) -> Option<String> {
    let flat = flat(path);
    known.iter().find(|known| self::flat(known) == flat).map(|known| of(known))
}

/// Tells of each variable that names no key. One that can only mean a certain key is a fault; any other may belong to somebody else
/// (a cluster names its services so), and is worth a word.
pub(super) fn strays<'a>(
    names: impl Iterator<Item = &'a str>,
    known: &BTreeSet<String>,
    faults: &Collected,
    warnings: &Collected,
) {
    let is_stray = |name: &&str| {
        name.starts_with(OURS) && !name.starts_with(KEYS) && !ELSEWHERE.iter().any(|prefix| name.starts_with(prefix))
    };
    for name in names.filter(is_stray) {
        let rest = name.trim_start_matches(OURS).to_lowercase();
        let place = Place::Variable(name.to_owned());
        if let Some(meant) = twin(&rest, known) {
            faults.add(
                place,
                format!("names no key, because two underscores stand before each part; did you mean {meant}?"),
            );
            continue;
        }
        let flattened: Vec<(String, &String)> = known.iter().map(|path| (flat(path), path)).collect();
        let close = did_you_mean(&rest, flattened.iter().map(|(flat, _)| flat.as_str()));
        let meant = close.and_then(|close| twin(close, known));
        let hint = meant.map_or_else(
            || "a key is set by FORETELL__SECTION__KEY".to_owned(),
            |meant| format!("did you mean {meant}?"),
        );
        warnings.add(place, format!("names no key and is passed over; {hint}"));
    }
}

fn flat(path: &str) -> String {
    path.replace("__", "_").replace('.', "_")
}
