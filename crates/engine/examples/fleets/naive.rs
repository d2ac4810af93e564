//! What everybody has: a threshold, and lines through fourteen days of the running machine, three weeks ahead, two days running. They say
//! how hard a fleet is.

use std::collections::VecDeque;

use foretell_model::{
    FaultCode, Finding, FindingId, FindingKind, Grade, HOUR_MS, MINUTE_MS, MachineId, RulDays, Signal, Status,
    Timestamp,
};

use crate::fleet::{LIMIT_C, Machine};
use crate::stats::{median, quantile};

/// Alarms closer together than this are one episode, days.
const QUIET_DAYS: i64 = 14;
/// Days that a line goes through, and on how many of them it stands.
const LINE_DAYS: usize = 14;
/// How far a line looks ahead, days.
const AHEAD_DAYS: f64 = 21.0;
/// The threshold: a mean of an hour, degC.
const THRESHOLD_C: f64 = 100.0;
/// Readings are an hour's when the oldest of them is so old, ms.
const HOUR_FROM_MS: i64 = 40 * MINUTE_MS;

/// One of the simple methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// An hour of the running machine at 100 degC.
    Threshold,
    /// Least squares through the daily maxima.
    Line,
    /// The median of all slopes through the days' 90 % quantiles.
    TheilSen,
}

impl Method {
    pub(crate) const ALL: [Self; 3] = [Self::Line, Self::Threshold, Self::TheilSen];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Threshold => "100 degC for an hour",
            Self::Line => "predict_linear",
            Self::TheilSen => "Theil-Sen",
        }
    }

    /// Level today, degC, and slope, K/d.
    fn forecast(self, days: &[Day]) -> Option<(f64, f64)> {
        let last = days.get(days.len().checked_sub(LINE_DAYS)?..)?;
        let points = |of: fn(&Day) -> f64| last.iter().map(|day| (day.number as f64, of(day))).collect::<Vec<_>>();
        match self {
            Self::Threshold => None,
            Self::Line => Some(line(&points(|day| day.max_c))),
            Self::TheilSen => theil_sen(&points(|day| day.high_c)),
        }
    }
}

/// A day of the running machine.
struct Day {
    number: i64,
    max_c: f64,
    /// What nine of ten readings are below, degC.
    high_c: f64,
}

/// Advisories of a simple method.
pub(crate) fn findings(method: Method, machine: &Machine) -> Vec<Finding> {
    let mut alarms = Alarms { machine: machine.id.clone(), episode: 0, last_day: i64::MIN / 2, findings: Vec::new() };
    let (mut days, mut today): (Vec<Day>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut hour = Hour::default();
    let (mut number, mut running, mut most_a) = (i64::MIN, 0, 1.0f64);
    for r in &machine.readings {
        let Some(td_c) = r.signals.get(Signal::DischargeTemp).filter(|v| (-40.0..145.0).contains(v)) else { continue };
        let amps = r.signals.get(Signal::MotorCurrent).unwrap_or(0.0);
        most_a = most_a.max(amps);
        if amps < 0.1 * most_a {
            continue;
        }
        if r.ts.day() != number {
            if !today.is_empty() {
                days.push(Day::of(number, std::mem::take(&mut today)));
            }
            number = r.ts.day();
            alarms.rest(r.ts);
            if let Some((level_c, slope)) = method.forecast(&days) {
                running = if level_c + AHEAD_DAYS * slope >= LIMIT_C { running + 1 } else { 0 };
                if running >= 2 {
                    alarms.raise(r.ts, Some((LIMIT_C - level_c) / slope.max(1e-6)));
                }
            }
        }
        today.push(td_c);
        if method == Method::Threshold && hour.is_hot(r.ts, td_c) {
            alarms.raise(r.ts, None);
        }
    }
    alarms.findings
}

/// Readings of the last hour, degC.
#[derive(Default)]
struct Hour(VecDeque<(Timestamp, f64)>);

impl Hour {
    /// Whether its mean is over the threshold, with one more reading. Asked only when that is as hot itself, for a sum is dear.
    fn is_hot(&mut self, at: Timestamp, reading_c: f64) -> bool {
        self.0.push_back((at, reading_c));
        let age_ms = |of: &(Timestamp, f64)| at.millis() - of.0.millis();
        while self.0.front().is_some_and(|oldest| age_ms(oldest) > HOUR_MS) {
            self.0.pop_front();
        }
        let whole = reading_c >= THRESHOLD_C && self.0.front().is_some_and(|oldest| age_ms(oldest) >= HOUR_FROM_MS);
        whole && self.0.iter().map(|(_, c)| c).sum::<f64>() >= THRESHOLD_C * self.0.len() as f64
    }
}

impl Day {
    fn of(number: i64, readings_c: Vec<f64>) -> Self {
        let max_c = readings_c.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { number, max_c, high_c: quantile(readings_c, 0.9).unwrap_or(max_c) }
    }
}

/// Least squares: level on the last day and slope.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let sxx: f64 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let sxy: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let now = points[points.len() - 1].0;
    (my + sxy / sxx * (now - mx), sxy / sxx)
}

/// The same by medians (Theil 1950, Sen 1968).
fn theil_sen(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let pairs = points.iter().enumerate().flat_map(|(n, a)| points[..n].iter().map(move |b| (a, b)));
    let slope = median(pairs.map(|(a, b)| (a.1 - b.1) / (a.0 - b.0)))?;
    let at_nought = median(points.iter().map(|(x, y)| y - slope * x))?;
    Some((at_nought + slope * points.last()?.0, slope))
}

/// What was raised so far.
struct Alarms {
    machine: MachineId,
    episode: u32,
    last_day: i64,
    findings: Vec<Finding>,
}

impl Alarms {
    /// Once a day is enough.
    fn raise(&mut self, at: Timestamp, days: Option<f64>) {
        if at.day() == self.last_day {
            return;
        }
        self.episode += u32::from(at.day() - self.last_day > QUIET_DAYS);
        self.last_day = at.day();
        self.say(at, Status::Updated, days);
    }

    /// An alarm that has been quiet for long is over.
    fn rest(&mut self, at: Timestamp) {
        let over = at.day() - self.last_day > QUIET_DAYS;
        if over && self.findings.last().is_some_and(|f| f.status != Status::Cleared) {
            self.say(at, Status::Cleared, None);
        }
    }

    fn say(&mut self, at: Timestamp, status: Status, days: Option<f64>) {
        self.findings.push(advice(&self.machine, self.episode, at, status, days));
    }
}

/// What a simple method says of a machine, with so many days to the limit where it tells of them.
pub(crate) fn advice(machine: &MachineId, episode: u32, at: Timestamp, status: Status, days: Option<f64>) -> Finding {
    let fault = FaultCode::COOLER_CLOGGING;
    Finding {
        at,
        id: FindingId::new(machine, &fault, episode),
        machine: machine.clone(),
        kind: FindingKind::Prediction,
        status,
        grade: Grade::Advise,
        fault,
        likelihood: 1.0,
        alternatives: Vec::new(),
        rul_days: days.map(|days| RulDays { p10: Some(days * 0.7), p50: Some(days), p90: Some(days * 1.4) }),
        probability_within: None,
        limit: None,
        evidence: Vec::new(),
        text: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{DAY_MS, Quality, Reading, Signals};

    use super::*;
    use crate::fleet::{Traits, Truth};

    /// Read every ten minutes, at the temperatures of its days, degC.
    fn machine(days_c: &[f64]) -> Machine {
        let id = MachineId::new("s", "m").unwrap();
        let reading = |slot: usize| {
            let signals =
                Signals::empty().with(Signal::DischargeTemp, days_c[slot / 144]).with(Signal::MotorCurrent, 100.0);
            let ts = Timestamp::from_millis(DAY_MS) + slot as i64 * 10 * MINUTE_MS;
            Reading { machine: id.clone(), ts, arrived: ts, signals, state: None, quality: Quality::Good }
        };
        let readings = (0..144 * days_c.len()).map(reading).collect();
        Machine { readings, jobs: Vec::new(), truth: Truth::default(), traits: Traits::UNKNOWN, id: id.clone() }
    }

    /// Days and states of what a method says.
    fn said(method: Method, days_c: &[f64]) -> Vec<(i64, Status)> {
        findings(method, &machine(days_c)).into_iter().map(|f| (f.at.day() - 1, f.status)).collect()
    }

    #[test]
    fn an_alarm_is_raised_once_a_day_and_over_after_a_quiet_fortnight() {
        let days_c: Vec<f64> = (0..20).map(|day| if day < 2 { 101.0 } else { 80.0 }).collect();
        let want = [(0, Status::Updated), (1, Status::Updated), (16, Status::Cleared)];
        assert_eq!(said(Method::Threshold, &days_c), want);
    }

    #[test]
    fn a_line_looks_three_weeks_ahead_two_days_running() {
        // 105 degC on day 44, so three weeks before that on day 23 for the first time.
        let days_c: Vec<f64> = (0..26).map(|day| 83.0 + 0.5 * f64::from(day)).collect();
        for method in [Method::Line, Method::TheilSen] {
            assert_eq!(said(method, &days_c), [(25, Status::Updated)], "{method:?}");
        }
    }

    #[test]
    fn both_lines_go_through_a_line_and_one_wild_day_bends_only_the_first() {
        let mut points: Vec<(f64, f64)> = (0..14).map(|d| (f64::from(d), 80.0 + 0.5 * f64::from(d))).collect();
        let (level_c, slope) = theil_sen(&points).unwrap();
        assert!((level_c - 86.5).abs() < 1e-9 && (slope - 0.5).abs() < 1e-9);
        assert!((line(&points).0 - 86.5).abs() < 1e-9);
        points[13].1 = 120.0;
        assert!((theil_sen(&points).unwrap().1 - 0.5).abs() < 0.05);
        assert!(line(&points).1 > 1.0);
    }
}
