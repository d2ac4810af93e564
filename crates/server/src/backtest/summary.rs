//! A backtest in a table on standard output.

use std::collections::BTreeMap;
use std::fmt::Write;

use foretell_console::Lang;
use foretell_console::report::{DayState, first_said, is_date};
use foretell_model::{Catalogue, Finding, Grade, MachineId, Status, Timestamp};

use super::Outcome;
use super::letters;

/// When a machine was first spoken of, and since when so gravely or more so: a grade that was skipped was reached, too.
#[derive(Default)]
struct Firsts<'a> {
    watch: Option<&'a Finding>,
    advise: Option<&'a Finding>,
    urgent: Option<&'a Finding>,
    sent: usize,
}

/// One line per machine, then the fleet. `seconds` is how long the engine took.
#[must_use]
pub fn summary(outcome: &Outcome, catalogue: &Catalogue, seconds: f64) -> String {
    let firsts = firsts(outcome, catalogue);
    let width = outcome.machines.keys().map(|id| id.as_str().len()).max().unwrap_or(7).max(7);
    let mut text = format!(
        "{:width$}  {:>9}  {:>6}  {:10}  {:10}  {:10}  {:>8}  what\n",
        "machine", "readings", "days", "watch", "advise", "urgent", "messages"
    );
    for (id, run) in &outcome.machines {
        let said = firsts.get(id);
        let date = |finding: Option<&Finding>| finding.map_or("-".to_owned(), |finding| date(finding.at));
        let days = run.last.zip(run.first).map_or(0.0, |(last, first)| last.days_since(first));
        // The same that the report lists it with.
        let moments = run.moments.iter().map(|moment| &moment.finding);
        let said_of =
            first_said(moments.map(|f| (f, letters::may_reach_customer(f, catalogue)))).map(|f| f.fault.to_string());
        let unjudged = run.unjudged().map(|why| why.words(Lang::En));
        // A sensor may have failed on a machine that could not be judged anyway.
        let known: Vec<String> = said_of.into_iter().chain(unjudged).collect();
        let what = if known.is_empty() { "-".to_owned() } else { known.join("; ") };
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            text,
            "{:width$}  {:>9}  {:>6.0}  {:10}  {:10}  {:10}  {:>8}  {what}",
            id.as_str(),
            run.readings,
            days,
            date(said.and_then(|s| s.watch)),
            date(said.and_then(|s| s.advise)),
            date(said.and_then(|s| s.urgent)),
            said.map_or(0, |s| s.sent),
        );
    }
    let years = outcome.machine_years();
    let advised = firsts.values().filter(|said| said.sent > 0).count();
    // Over a few days the start-up is all there is to see.
    let pace = if years < 0.1 { String::new() } else { format!(", {:.2} s per machine-year", seconds / years) };
    let _infallible = write!(
        text,
        "{}, {}, {years:.1} machine-years, {}; {} advised. {seconds:.1} s{pace}.",
        count(outcome.machines.len() as u64, "machine"),
        count(outcome.readings(), "reading"),
        count(outcome.findings.len() as u64, "finding"),
        count(advised as u64, "machine"),
    );
    text
}

fn firsts<'a>(outcome: &'a Outcome, catalogue: &Catalogue) -> BTreeMap<&'a MachineId, Firsts<'a>> {
    let mut firsts: BTreeMap<&MachineId, Firsts<'_>> = BTreeMap::new();
    let spoken = |f: &&Finding| f.status != Status::Cleared && DayState::under(f).is_some();
    for finding in outcome.findings.iter().filter(spoken) {
        let said = firsts.entry(&finding.machine).or_default();
        let grades =
            [(Grade::Watch, &mut said.watch), (Grade::Advise, &mut said.advise), (Grade::Urgent, &mut said.urgent)];
        for (_, first) in grades.into_iter().filter(|(grade, _)| *grade <= finding.grade) {
            first.get_or_insert(finding);
        }
    }
    // The same letters that the report shows.
    for (id, run) in &outcome.machines {
        let sent = letters::due(run, catalogue).into_iter().filter(|(_, held_by)| held_by.is_none()).count();
        if sent > 0 {
            firsts.entry(id).or_default().sent = sent;
        }
    }
    firsts
}

fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A day, or how far into a history without dates: hours, minutes, seconds.
fn date(at: Timestamp) -> String {
    if !is_date(at) {
        let seconds = at.millis().div_euclid(1_000);
        return format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use foretell_model::{FaultCode, FindingId, FindingKind};

    use super::super::{MachineRun, Moment};
    use super::*;

    /// The report lists a machine with what a customer heard of first, whatever came to be more pressing, or was said inside only.
    #[test]
    fn a_machine_is_listed_with_the_fault_that_the_report_lists_it_with() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let told = catalogue.faults.iter().filter(|fault| fault.customer).map(|fault| fault.code.clone());
        let told: Vec<FaultCode> = told.take(2).collect();
        let inside = catalogue.faults.iter().find(|fault| !fault.customer).unwrap().code.clone();
        let machine = MachineId::new("s", "m").unwrap();
        let moment = |day: i64, fault: &FaultCode, grade| Moment {
            finding: Finding {
                at: Timestamp::from_millis(day * foretell_model::DAY_MS),
                kind: FindingKind::Prediction,
                id: FindingId::new(&machine, fault, 1),
                status: Status::Opened,
                grade,
                machine: machine.clone(),
                fault: fault.clone(),
                likelihood: 0.9,
                alternatives: vec![],
                rul_days: None,
                probability_within: None,
                limit: None,
                evidence: vec![],
                text: String::new(),
            },
            cone: Vec::new(),
            context: foretell_outreach::MachineContext::default(),
        };
        let mut run = MachineRun::default();
        (run.readings, run.learned) = (1, true);
        run.moments = vec![
            moment(20_000, &inside, Grade::Urgent),
            moment(20_001, &told[0], Grade::Advise),
            moment(20_001, &told[1], Grade::Urgent),
        ];
        let findings = run.moments.iter().map(|moment| moment.finding.clone()).collect();
        let outcome = Outcome { findings, machines: [(machine, run)].into() };
        let table = summary(&outcome, &catalogue, 1.0);
        let line = table.lines().nth(1).unwrap();
        assert!(line.ends_with(&format!("  {}", told[0])), "{table}");
    }
}
