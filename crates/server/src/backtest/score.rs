//! How good the forecasts were, measured against truth labels.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::{FaultCode, Finding, FindingKind, Grade, MachineId, RulDays, Status, Timestamp};

use super::truth::{TrueFault, TrueMachine, Truth};

/// How long before the limit the interval is asked for, days.
pub const ASKED_DAYS_BEFORE: [u8; 4] = [28, 21, 14, 7];

/// Where the forecast horizon ends, days; a `null` quantile lies beyond it.
const HORIZON_DAYS: f64 = 90.0;

/// The scores of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Faults that truly reached the limit.
    pub reached: usize,
    /// Of these: an `advise` or `urgent` of the right fault stood at least 7 days before.
    pub warned_7d: usize,
    /// The same at least 14 days before.
    pub warned_14d: usize,
    /// Days between the first such warning and the limit, ascending, for faults warned of at all.
    pub leads_days: Vec<f64>,
    /// Per [`ASKED_DAYS_BEFORE`]: what the newest prediction's interval was worth.
    pub intervals: [Intervals; 4],
    /// Episodes of grade `advise` or above while the machine did not have the fault they name.
    pub false_advisories: FalseRate,
    /// Of these: another fault was there, so the visit was due but the name was wrong.
    pub misnamed: u64,
    /// The same on machines that had no fault at all: what a sound fleet is bothered with.
    pub false_on_healthy: FalseRate,
    /// Faults for which anything was advised while they were there.
    pub advised: usize,
    /// Of these: the first advisory named the true fault.
    pub named_first: usize,
    /// What became of each kind of fault.
    pub by_fault: BTreeMap<FaultCode, FaultScore>,
    /// Faults that reached the limit without a warning at least 7 days before, by machine.
    pub missed: Vec<Missed>,
}

/// False advisories over time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FalseRate {
    /// How many.
    pub count: u64,
    /// Observed machine-years.
    pub machine_years: f64,
}

/// What became of the faults of one code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultScore {
    /// How many there were.
    pub there: usize,
    /// Of these: any finding named them first while they were there, whatever its grade.
    pub found: usize,
    /// Of these: an `advise` or `urgent` named them first.
    pub advised: usize,
    /// Of these: not named first, but among the alternatives.
    pub alternative: usize,
    /// How many reached the limit.
    pub reached: usize,
    /// Episodes of grade `advise` or above that named this fault on a machine that did not have it.
    pub false_advisories: u64,
}

/// A fault that came without a timely warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// On which machine.
    pub machine: MachineId,
    /// Which fault.
    pub fault: FaultCode,
    /// When it began.
    pub onset: Timestamp,
    /// When the limit was reached.
    pub limit_reached: Timestamp,
    /// The first thing that was said while it was there, if anything: of which fault, in which grade, how many days before.
    pub said: Option<(FaultCode, Grade, f64)>,
}

/// The intervals asked for at one distance from the limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intervals {
    /// How many faults were there at that distance.
    pub asked: usize,
    /// How many of them had a prediction open.
    pub answered: usize,
    /// Of these: the 80 % interval held the truth.
    pub covered: usize,
    /// Where the truth fell: before p10, p10 to p50, p50 to p90, after p90. Well calibrated is 10, 40, 40, 10 %.
    pub fell: [usize; 4],
    /// Width of the interval over the truly remaining time, ascending.
    pub relative_widths: Vec<f64>,
}

/// Scores findings, given in order of `at`, against labels.
#[must_use]
pub fn score(truth: &Truth, findings: &[Finding]) -> Score {
    let mut by_machine: BTreeMap<&MachineId, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| tells_of_a_fault(finding)) {
        by_machine.entry(&finding.machine).or_default().push(finding);
    }
    let mut score = Score::default();
    for machine in &truth.machines {
        let said = by_machine.get(&machine.machine).map_or(&[][..], Vec::as_slice);
        let predictions: Vec<&Finding> = said.iter().copied().filter(|f| f.kind == FindingKind::Prediction).collect();
        let false_before = score.false_advisories.count;
        score.add_false_advisories(machine, said);
        let more = score.false_advisories.count - false_before;
        let years = machine.to.days_since(machine.from) / 365.25;
        score.false_advisories.machine_years += years;
        if machine.faults.is_empty() {
            score.false_on_healthy.count += more;
            score.false_on_healthy.machine_years += years;
        }
        for fault in &machine.faults {
            score.add_kind(fault, said);
            score.add_fault(&machine.machine, fault, said, &predictions);
        }
    }
    score.leads_days.sort_by(f64::total_cmp);
    for intervals in &mut score.intervals {
        intervals.relative_widths.sort_by(f64::total_cmp);
    }
    score
}

/// What work achieved and what cannot be seen are remarks; they accuse nobody.
fn tells_of_a_fault(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly | FindingKind::SensorFault)
}

impl Score {
    fn add_false_advisories(&mut self, machine: &TrueMachine, said: &[&Finding]) {
        let mut seen = BTreeSet::new();
        let customer_grade = said.iter().filter(|f| is_advisory(f) && f.kind != FindingKind::SensorFault);
        for finding in customer_grade {
            let active = || machine.faults.iter().filter(|fault| fault.active_at(finding.at));
            // An episode counts once, by its first advisory: that is the one a customer would have received.
            if seen.insert(&finding.id) && !active().any(|fault| fault.fault == finding.fault) {
                self.false_advisories.count += 1;
                self.misnamed += u64::from(active().next().is_some());
                self.by_fault.entry(finding.fault.clone()).or_default().false_advisories += 1;
            }
        }
    }

    fn add_kind(&mut self, fault: &TrueFault, said: &[&Finding]) {
        let while_there = || said.iter().filter(|f| f.status != Status::Cleared && fault.active_at(f.at));
        let named = || while_there().filter(|f| f.fault == fault.fault);
        let found = named().next().is_some();
        let among = |f: &&&Finding| f.alternatives.iter().any(|other| other.fault == fault.fault);
        let kind = self.by_fault.entry(fault.fault.clone()).or_default();
        kind.there += 1;
        kind.found += usize::from(found);
        kind.advised += usize::from(named().any(|f| is_advisory(f)));
        kind.alternative += usize::from(!found && while_there().any(|f| among(&f)));
        kind.reached += usize::from(fault.limit_reached.is_some());
    }

    fn add_fault(&mut self, machine: &MachineId, fault: &TrueFault, said: &[&Finding], predictions: &[&Finding]) {
        let while_there = |f: &&&Finding| is_advisory(f) && f.kind != FindingKind::SensorFault && fault.active_at(f.at);
        if let Some(first) = said.iter().find(while_there) {
            self.advised += 1;
            self.named_first += usize::from(first.fault == fault.fault);
        }
        let Some(limit_reached) = fault.limit_reached else { return };
        self.reached += 1;
        let right = |f: &&&Finding| while_there(f) && f.fault == fault.fault && f.at < limit_reached;
        let lead_days = said.iter().find(right).map(|first| limit_reached.days_since(first.at));
        if let Some(lead_days) = lead_days {
            self.warned_7d += usize::from(lead_days >= 7.0);
            self.warned_14d += usize::from(lead_days >= 14.0);
            self.leads_days.push(lead_days);
        }
        if lead_days.is_none_or(|days| days < 7.0) {
            let first = said.iter().find(|f| f.status != Status::Cleared && fault.active_at(f.at));
            self.missed.push(Missed {
                machine: machine.clone(),
                fault: fault.fault.clone(),
                onset: fault.onset,
                limit_reached,
                said: first.map(|f| (f.fault.clone(), f.grade, limit_reached.days_since(f.at))),
            });
        }
        for (intervals, days_before) in self.intervals.iter_mut().zip(ASKED_DAYS_BEFORE) {
            let asked_at = limit_reached.plus_days(-f64::from(days_before));
            if asked_at >= fault.onset {
                intervals.ask(asked_at, limit_reached, fault, predictions);
            }
        }
    }

    /// Median days of warning; `None` when nothing was warned of.
    #[must_use]
    pub fn median_lead_days(&self) -> Option<f64> {
        median(&self.leads_days)
    }
}

impl Intervals {
    fn ask(&mut self, asked_at: Timestamp, limit_reached: Timestamp, fault: &TrueFault, predictions: &[&Finding]) {
        self.asked += 1;
        let about = |f: &&&Finding| f.fault == fault.fault && f.at <= asked_at;
        let Some(newest) = predictions.iter().rev().find(about) else { return };
        let Some(rul) = newest.rul_days.filter(|_| newest.status != Status::Cleared) else { return };
        let remaining_days = limit_reached.days_since(newest.at);
        self.answered += 1;
        let fell = place(rul, remaining_days);
        self.fell[fell] += 1;
        self.covered += usize::from(fell == 1 || fell == 2);
        let (low, high) = (rul.p10.unwrap_or(HORIZON_DAYS), rul.p90.unwrap_or(HORIZON_DAYS));
        self.relative_widths.push((high - low) / remaining_days.max(f64::MIN_POSITIVE));
    }

    /// Median width of the interval over the truly remaining time.
    #[must_use]
    pub fn median_width(&self) -> Option<f64> {
        median(&self.relative_widths)
    }
}

/// Between which quantiles the truth fell: 0 before p10, 1 up to p50, 2 up to p90, 3 after it. An end beyond the horizon
/// holds whatever is on its side of it.
fn place(rul: RulDays, remaining_days: f64) -> usize {
    if rul.p10.map_or(remaining_days <= HORIZON_DAYS, |p10| remaining_days < p10) {
        0
    } else if rul.p90.is_some_and(|p90| remaining_days > p90) {
        3
    } else {
        1 + usize::from(rul.p50.is_some_and(|p50| remaining_days > p50))
    }
}

fn is_advisory(finding: &Finding) -> bool {
    finding.grade >= Grade::Advise && finding.status != Status::Cleared
}

/// The middle of an ascending list.
pub(super) fn median(ascending: &[f64]) -> Option<f64> {
    let n = ascending.len();
    (n > 0).then(|| 0.5 * (ascending[(n - 1) / 2] + ascending[n / 2]))
}

#[cfg(test)]
mod tests {
    use foretell_model::{FaultCode, FindingId};

    use super::super::truth::truth_of;
    use super::*;

    const TRUTH: &str = r#"{"machines":[
        {"site":"s","machine":"ill","from":"2026-01-01T00:00:00Z","to":"2026-07-01T00:00:00Z","faults":[
            {"fault":"cooler_clogging","onset":"2026-02-01T00:00:00Z","limit_reached":"2026-05-01T00:00:00Z","cleared":null}]},
        {"site":"s","machine":"well","from":"2026-01-01T00:00:00Z","to":"2026-07-01T00:00:00Z"}]}"#;

    /// `at machine fault grade status p10 p90`, one finding a line; `-` is beyond the horizon.
    fn findings(text: &str) -> Vec<Finding> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(finding).collect()
    }

    fn finding(line: &str) -> Finding {
        let words: Vec<&str> = line.split_whitespace().collect();
        let machine = MachineId::new("s", words[1]).unwrap();
        let fault = FaultCode::new(words[2]).unwrap();
        Finding {
            at: Timestamp::parse(&format!("{}T00:00:00Z", words[0])).unwrap(),
            kind: FindingKind::Prediction,
            id: FindingId::new(&machine, &fault, 1),
            status: Status::from_name(words[4]).unwrap(),
            grade: Grade::from_name(words[3]).unwrap(),
            machine,
            fault,
            likelihood: 0.9,
            alternatives: vec![],
            rul_days: Some(RulDays { p10: words[5].parse().ok(), p50: None, p90: words[6].parse().ok() }),
            probability_within: None,
            limit: None,
            evidence: vec![],
            text: String::new(),
        }
    }

    fn check(lines: &str, expected: expect_test::Expect) {
        expected.assert_eq(&score(&truth_of(TRUTH), &findings(lines)).to_string());
    }

    #[test]
    fn a_good_forecast() {
        check(
            "2026-04-01 ill cooler_clogging watch opened 20 -
             2026-04-05 ill cooler_clogging advise updated 20 35
             2026-04-20 ill cooler_clogging urgent updated 5 9",
            expect_test::expect![[r#"
                faults that reached the limit     1
                warned >= 7 d before              1/1 (100 %, 95 %: 2 to 100 %)
                warned >= 14 d before             1/1 (100 %, 95 %: 2 to 100 %)
                median lead                       26.0 d
                80 % interval holds, 28 d before  1/1 (100 %, 95 %: 2 to 100 %), median width 2.3 of what remained
                80 % interval holds, 21 d before  1/1 (100 %, 95 %: 2 to 100 %), median width 0.6 of what remained
                80 % interval holds, 14 d before  1/1 (100 %, 95 %: 2 to 100 %), median width 0.6 of what remained
                80 % interval holds,  7 d before  0/1 (0 %, 95 %: 0 to 98 %), median width 0.4 of what remained
                false advisories                  0 in 1.0 machine-years: 0.000 a year (95 %: 0.000 to 3.722), 0 of them where another fault was there
                  on machines without a fault     0 in 0.5 machine-years: 0.000 a year (95 %: 0.000 to 7.444)
                true fault named first            1/1 (100 %, 95 %: 2 to 100 %)

                fault            there  found  advised  alternative  reached  false
                cooler_clogging      1      1        1            0        1      0"#]],
        );
    }

    #[test]
    fn alarms_on_the_healthy_and_under_a_wrong_name_are_false() {
        check(
            "2026-01-10 ill cooler_clogging advise opened 10 20
             2026-02-10 well cooler_clogging advise opened 10 20
             2026-02-11 well cooler_clogging advise updated 10 20
             2026-03-01 ill low_oil urgent opened 1 5",
            expect_test::expect![[r#"
                faults that reached the limit     1
                warned >= 7 d before              0/1 (0 %, 95 %: 0 to 98 %)
                warned >= 14 d before             0/1 (0 %, 95 %: 0 to 98 %)
                median lead                       -
                80 % interval holds, 28 d before  0/1 (0 %, 95 %: 0 to 98 %), median width 0.1 of what remained
                80 % interval holds, 21 d before  0/1 (0 %, 95 %: 0 to 98 %), median width 0.1 of what remained
                80 % interval holds, 14 d before  0/1 (0 %, 95 %: 0 to 98 %), median width 0.1 of what remained
                80 % interval holds,  7 d before  0/1 (0 %, 95 %: 0 to 98 %), median width 0.1 of what remained
                false advisories                  3 in 1.0 machine-years: 3.027 a year (95 %: 0.624 to 8.846), 1 of them where another fault was there
                  on machines without a fault     1 in 0.5 machine-years: 2.018 a year (95 %: 0.051 to 11.243)
                true fault named first            0/1 (0 %, 95 %: 0 to 98 %)

                fault            there  found  advised  alternative  reached  false
                cooler_clogging      1      0        0            0        1      2
                low_oil              0      0        0            0        0      1

                without a warning at least 7 d before the limit:
                  s/ill cooler_clogging from 2026-02-01, limit 2026-05-01; first said 61 d before: urgent low_oil"#]],
        );
    }
}
