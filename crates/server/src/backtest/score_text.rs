//! The scores as a table for people and as JSON for programs.

use std::fmt;

use foretell_model::Timestamp;
use serde_json::{Value, json};

use super::intervals::{binomial_95, poisson_95};
use super::score::{ASKED_DAYS_BEFORE, FalseRate, Score};

/// Missed faults that the table names; the JSON names all.
const MISSED_SHOWN: usize = 20;

/// A share with its exact interval: `12/14 (86 %, 95 %: 57 to 98 %)`.
fn share(part: usize, of: usize) -> String {
    if of == 0 {
        return "none".to_owned();
    }
    let (low, high) = binomial_95(part, of);
    let percent = |share: f64| (100.0 * share).round();
    format!("{part}/{of} ({} %, 95 %: {} to {} %)", percent(part as f64 / of as f64), percent(low), percent(high))
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = |value: Option<f64>, unit: &str| value.map_or("-".to_owned(), |v| format!("{v:.1}{unit}"));
        writeln!(f, "faults that reached the limit     {}", self.reached)?;
        writeln!(f, "warned >= 7 d before              {}", share(self.warned_7d, self.reached))?;
        writeln!(f, "warned >= 14 d before             {}", share(self.warned_14d, self.reached))?;
        // A lead that is not full is not told as one.
        let lead = self.median_lead_days().map(|days| (days * 10.0).floor() / 10.0);
        writeln!(f, "median lead                       {}", figure(lead, " d"))?;
        for (intervals, days) in self.intervals.iter().zip(ASKED_DAYS_BEFORE) {
            let held = share(intervals.covered, intervals.answered);
            let width = figure(intervals.median_width(), "");
            writeln!(f, "80 % interval holds, {days:>2} d before  {held}, median width {width} of what remained")?;
        }
        let (all, healthy) = (self.false_advisories, self.false_on_healthy);
        writeln!(
            f,
            "false advisories                  {all}, {} of them where another fault was there",
            self.misnamed
        )?;
        writeln!(f, "  on machines without a fault     {healthy}")?;
        writeln!(f, "true fault named first            {}", share(self.named_first, self.advised))?;
        self.write_kinds(f)?;
        self.write_missed(f)
    }
}

impl FalseRate {
    /// Per machine-year, with the exact 95 % interval; all nil where nothing was observed.
    #[must_use]
    pub fn per_year(&self) -> [f64; 3] {
        if self.machine_years <= 0.0 {
            return [0.0; 3];
        }
        let (low, high) = poisson_95(self.count);
        [self.count as f64, low, high].map(|count| count / self.machine_years)
    }

    fn to_json(self) -> Value {
        let [rate, low, high] = self.per_year();
        let (count, years) = (self.count, self.machine_years);
        json!({ "count": count, "machine_years": years, "per_machine_year": rate, "low": low, "high": high })
    }
}

impl fmt::Display for FalseRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([rate, low, high], years) = (self.per_year(), self.machine_years);
        write!(f, "{} in {years:.1} machine-years: {rate:.3} a year (95 %: {low:.3} to {high:.3})", self.count)
    }
}

impl Score {
    fn write_kinds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.by_fault.keys().map(|code| code.as_str().len()).max().unwrap_or(5).max(5);
        write!(f, "\n{:width$}  there  found  advised  alternative  reached  false", "fault")?;
        for (code, kind) in &self.by_fault {
            write!(
                f,
                "\n{:width$}  {:>5}  {:>5}  {:>7}  {:>11}  {:>7}  {:>5}",
                code.as_str(),
                kind.there,
                kind.found,
                kind.advised,
                kind.alternative,
                kind.reached,
                kind.false_advisories
            )?;
        }
        Ok(())
    }

    fn write_missed(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.missed.is_empty() {
            return Ok(());
        }
        write!(f, "\n\nwithout a warning at least 7 d before the limit:")?;
        for missed in self.missed.iter().take(MISSED_SHOWN) {
            let said = missed.said.as_ref().map_or("nothing was said".to_owned(), |(fault, grade, days)| {
                format!("first said {:.0} d before: {} {fault}", days.floor(), grade.name())
            });
            let (machine, fault) = (&missed.machine, &missed.fault);
            let (onset, limit) = (date(missed.onset), date(missed.limit_reached));
            write!(f, "\n  {machine} {fault} from {onset}, limit {limit}; {said}")?;
        }
        match self.missed.len().saturating_sub(MISSED_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }

    /// Everything as JSON; shares and rates carry their exact 95 % intervals.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let share = |part: usize, of: usize| {
            let (low, high) = binomial_95(part, of);
            let value = (of > 0).then(|| part as f64 / of as f64);
            json!({ "part": part, "of": of, "share": value, "low": low, "high": high })
        };
        let intervals = self.intervals.iter().zip(ASKED_DAYS_BEFORE).map(|(intervals, days)| {
            json!({
                "days_before": days,
                "asked": intervals.asked,
                "holds": share(intervals.covered, intervals.answered),
                "median_width": intervals.median_width(),
                "fell": intervals.fell,
            })
        });
        let mut false_advisories = self.false_advisories.to_json();
        false_advisories["misnamed"] = self.misnamed.into();
        false_advisories["on_healthy"] = self.false_on_healthy.to_json();
        let by_fault = self.by_fault.iter().map(|(code, kind)| {
            let figures = json!({
                "there": kind.there, "found": kind.found, "advised": kind.advised, "alternative": kind.alternative,
                "reached": kind.reached, "false_advisories": kind.false_advisories,
            });
            (code.to_string(), figures)
        });
        let missed = self.missed.iter().map(|missed| {
            let said = missed.said.as_ref().map(|(fault, grade, days)| {
                json!({ "fault": fault.as_str(), "grade": grade.name(), "days_before": days })
            });
            json!({
                "site": missed.machine.site(), "machine": missed.machine.machine(), "fault": missed.fault.as_str(),
                "onset": missed.onset.to_string(), "limit_reached": missed.limit_reached.to_string(), "first_said": said,
            })
        });
        json!({
            "reached": self.reached,
            "warned_7d": share(self.warned_7d, self.reached),
            "warned_14d": share(self.warned_14d, self.reached),
            "median_lead_days": self.median_lead_days(),
            "intervals": intervals.collect::<Vec<_>>(),
            "false_advisories": false_advisories,
            "named_first": share(self.named_first, self.advised),
            "by_fault": by_fault.collect::<serde_json::Map<_, _>>(),
            "missed": missed.collect::<Vec<_>>(),
        })
    }
}

fn date(at: Timestamp) -> String {
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}
