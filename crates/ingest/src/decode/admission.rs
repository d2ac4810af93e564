//! What every reading must satisfy, whichever shape it came in: a readable time neither ahead of its arrival nor older than is
//! taken, the required signals, values inside the physical ranges, and at least something measured.

use foretell_model::{
    DAY_MS, Event, HOUR_MS, MINUTE_MS, MachineId, Quality, Reading, RunState, Signal, Signals, Timestamp,
};

use super::reason::{Fault, RefusalReason};

/// A reading as its sender claims it, not yet admitted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Candidate {
    /// When, if the sender said so.
    pub(crate) ts: Option<Timestamp>,
    /// What was measured.
    pub(crate) signals: Signals,
    /// One bit per signal that was named, measured or not (`null`); bit = discriminant.
    pub(crate) named: u16,
    /// What the controller says it was doing.
    pub(crate) state: Option<RunState>,
    /// How far to trust it.
    pub(crate) quality: Quality,
}

impl Candidate {
    /// Takes a value; `None` stands for "not measured".
    pub(crate) fn name(&mut self, signal: Signal, value: Option<f64>) {
        self.named |= bit(signal);
        match value {
            Some(value) => self.signals.set(signal, value),
            None => self.signals.remove(signal),
        }
    }
}

/// The bit of a signal in a mask.
pub(crate) const fn bit(signal: Signal) -> u16 {
    1 << signal as u16
}

/// The bits of several signals.
pub(crate) fn mask(signals: &[Signal]) -> u16 {
    signals.iter().fold(0, |mask, signal| mask | bit(*signal))
}

/// The rules of admission for what arrives at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admission {
    /// When it arrived.
    pub(crate) arrived: Timestamp,
    /// How far a time stamp may lie ahead of that, in milliseconds.
    pub(crate) ahead_max_ms: i64,
    /// How far a reading's time stamp may lie behind that, in milliseconds; `None`: any age.
    pub(crate) behind_max_ms: Option<i64>,
}

impl Admission {
    /// Checks a time stamp against the arrival; any age is admitted, for a word about a machine's connection or about work on it
    /// makes no file.
    pub(crate) fn time(self, ts: Timestamp) -> Result<Timestamp, Fault> {
        if !(Timestamp::MIN..=Timestamp::MAX).contains(&ts) {
            return Err(Fault::new(RefusalReason::BadTime, "`ts` lies outside the years 0 to 9999"));
        }
        let ahead_ms = ts - self.arrived;
        if ahead_ms > self.ahead_max_ms {
            let (ahead, allowed) = (span(ahead_ms), span(self.ahead_max_ms));
            let detail = format!("`ts` {ts} is {ahead} ahead of its arrival; {allowed} ahead is the most allowed");
            return Err(Fault { reason: RefusalReason::FromFuture, detail, ahead_ms });
        }
        Ok(ts)
    }

    /// The same for a reading, which must not be older than is taken either: each day of which there is a reading becomes a file
    /// of the archive, and a controller whose clock has lost its battery, or who means harm, can name every day since the year 0.
    /// Seconds that were sent for milliseconds are told at any limit, as an import tells them.
    fn time_of_reading(self, ts: Timestamp) -> Result<Timestamp, Fault> {
        let ts = self.time(ts)?;
        let behind_ms = self.arrived - ts;
        let most_ms = self.behind_max_ms.filter(|most_ms| behind_ms > *most_ms);
        let detail = match (ts.is_seconds_for_millis(self.arrived), most_ms) {
            (true, _) => {
                format!("`ts` {ts} is {} old; as seconds it would be of our time: send milliseconds", span(behind_ms))
            }
            (false, Some(most_ms)) => {
                let (behind, allowed) = (span(behind_ms), span(most_ms));
                format!("`ts` {ts} is {behind} old; {allowed} is the most taken (`[mqtt] age_max`)")
            }
            (false, None) => return Ok(ts),
        };
        Err(Fault { reason: RefusalReason::TooOld, detail, ahead_ms: -behind_ms })
    }

    /// Admits a reading, or says what is wrong with it.
    ///
    /// A required signal must be named; `null` is allowed for it, because a broken sensor is a finding about the machine
    /// and not a malformed message, but a reading that measures nothing at all is refused.
    pub(crate) fn reading(self, machine: &MachineId, required: u16, candidate: &Candidate) -> Result<Event, Fault> {
        let ts = candidate.ts.ok_or_else(|| Fault::new(RefusalReason::MissingField, "`ts` is missing"))?;
        let ts = self.time_of_reading(ts)?;
        let missing = required & !candidate.named;
        if missing != 0 {
            let names: Vec<_> = Signal::ALL.into_iter().filter(|s| missing & bit(*s) != 0).map(Signal::name).collect();
            return Err(Fault::new(RefusalReason::MissingField, format!("`{}` is missing", names.join("`, `"))));
        }
        if candidate.signals.is_empty() && candidate.state.is_none() {
            return Err(Fault::new(RefusalReason::MissingField, "nothing was measured"));
        }
        for (signal, value) in candidate.signals.iter() {
            let range = signal.physical_range();
            if !range.contains(value) {
                let (name, unit, min, max) = (signal.name(), signal.unit(), range.min, range.max);
                let detail = format!("`{name}` is {value}; {min} to {max} {unit} is possible");
                return Err(Fault::new(RefusalReason::OutOfRange, detail));
            }
        }
        let Candidate { signals, state, quality, .. } = *candidate;
        Ok(Event::Reading(Reading { machine: machine.clone(), ts, arrived: self.arrived, signals, state, quality }))
    }
}

/// A span of time as people say it: in its two largest units from years down to seconds.
fn span(ms: i64) -> String {
    const UNITS: [(&str, i64); 5] =
        [("year", 365 * DAY_MS), ("day", DAY_MS), ("h", HOUR_MS), ("min", MINUTE_MS), ("s", 1000)];
    let first = UNITS.iter().position(|(_, unit_ms)| ms >= *unit_ms).unwrap_or(UNITS.len() - 1);
    let mut rest = ms;
    let mut parts = Vec::new();
    for (name, unit_ms) in &UNITS[first..UNITS.len().min(first + 2)] {
        let count = rest / unit_ms;
        rest %= unit_ms;
        let plural = if count != 1 && matches!(*name, "year" | "day") { "s" } else { "" };
        if count > 0 || parts.is_empty() {
            parts.push(format!("{count} {name}{plural}"));
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_in_its_two_largest_units() {
        let texts = [400, 601_000, 600_000, 90 * MINUTE_MS, DAY_MS, 98_107_739_000].map(span);
        assert_eq!(texts, ["0 s", "10 min 1 s", "10 min", "1 h 30 min", "1 day", "3 years 40 days"]);
    }
}
