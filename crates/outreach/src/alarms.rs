//! Alarms of controllers: which of them say that a machine has stopped, and when such a stop opens a service case.

use foretell_model::{MachineId, Timestamp};
use metrics::counter;

use crate::Outreach;
use crate::error::Result;
use crate::store::{registry, replies, service_cases};
use crate::troubles::CONTROLLER;
use crate::views::{ServiceCase, Source};

/// Which alarms open a service case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TripRules {
    /// Codes or texts of alarms, lower or upper case alike; `*` stands for anything.
    pub codes: Vec<String>,
    /// An alarm that is older when it is heard opens no case, minutes: somebody has seen to it since.
    pub within_min: u32,
}

impl Default for TripRules {
    fn default() -> Self {
        let codes = ["trip*", "stopped*", "*shutdown*", "*emergency stop*"];
        Self { codes: codes.map(str::to_owned).to_vec(), within_min: 120 }
    }
}

impl TripRules {
    /// Whether an alarm says that the machine has stopped.
    #[must_use]
    pub fn is_trip(&self, code: &str) -> bool {
        let code = code.trim().to_lowercase();
        self.codes.iter().any(|pattern| matches(&pattern.to_lowercase(), &code))
    }
}

/// What became of an alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmHeard {
    /// It is no trip by the rules, or the machine is nobody's.
    NotATrip,
    /// It is older than a trip that was heard, or belongs to a case that is closed.
    Before,
    /// It comes from a backlog.
    TooOld,
    /// A case is open on it, now or already.
    Case(Box<ServiceCase>),
}

impl Outreach {
    /// Hears an alarm of a controller, raised `at`. A trip opens the machine's service case, or adds its code to the one that is
    /// open; told again and again, as controllers do, it is one.
    ///
    /// # Errors
    /// When the store refuses; it must then be told again.
    pub fn hear_alarm(&self, machine: &MachineId, code: &str, at: Timestamp, now: Timestamp) -> Result<AlarmHeard> {
        let rules = &self.options.trips;
        if !rules.is_trip(code) {
            return Ok(AlarmHeard::NotATrip);
        }
        let heard = self.store.write(&format!("hear an alarm of {machine}"), |tx| {
            if registry::customer_of(tx, machine)?.is_none() {
                return Ok(AlarmHeard::NotATrip);
            }
            if now - at > i64::from(rules.within_min) * foretell_model::MINUTE_MS {
                return Ok(AlarmHeard::TooOld);
            }
            let closed = service_cases::last_closed(tx, machine)?;
            if !replies::is_new_trip(tx, machine, at)? || closed.is_some_and(|closed| at <= closed) {
                return Ok(AlarmHeard::Before);
            }
            if let Some(open) = service_cases::open_of(tx, machine)?.filter(|open| open.what.lines().any(|l| l == code))
            {
                return Ok(AlarmHeard::Case(Box::new(open)));
            }
            let case = self.open_trouble(tx, machine, (Source::Controller, code, CONTROLLER), at.min(now))?;
            Ok(AlarmHeard::Case(Box::new(case)))
        })?;
        let outcome = match &heard {
            AlarmHeard::NotATrip => return Ok(heard),
            AlarmHeard::Before => "known",
            AlarmHeard::TooOld => "too_old",
            AlarmHeard::Case(_) => "case",
        };
        counter!("foretell_outreach_trips_total", "outcome" => outcome).increment(1);
        Ok(heard)
    }
}

/// Whether a text matches a pattern in which `*` stands for anything, also nothing.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        #[track_caller]
        fn check(pattern: &str, text: &str, expected: bool) {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        check("e01", "e01", true);
        check("e01", "e012", false);
        check("e*", "e", true);
        check("*shutdown*", "motor shutdown: 110 c", true);
        check("a*b", "ab", true);
        check("a*b", "aXbY", false);
        check("a*a", "a", false);
        check("*", "", true);
        check("*好*", "停机好了", true);
    }

    #[test]
    fn the_shipped_rules_know_a_trip_from_a_warning() {
        let rules = TripRules::default();
        for trip in
            ["TRIP 12", "stopped: high discharge temperature", "Motor overload shutdown", "Emergency stop pressed"]
        {
            assert!(rules.is_trip(trip), "{trip}");
        }
        for warning in ["W01", "service due", "too hot", ""] {
            assert!(!rules.is_trip(warning), "{warning}");
        }
    }
}
