//! One machine's findings against what truly happened to it.

use std::collections::BTreeMap;

use foretell_model::{FaultCode, Finding, FindingId, FindingKind, Grade, Status, Timestamp};

use crate::fleet::{Kind, Machine, Site, Traits};

/// Days before the limit on which a forecast is asked for.
pub(crate) const ASKED_DAYS: [f64; 4] = [28.0, 21.0, 14.0, 7.0];
/// Days that stand for a quantile beyond the horizon.
const HORIZON_DAYS: f64 = 90.0;
/// A first warning later than this is listed, days.
const LATE_DAYS: f64 = 14.0;
/// And one later than this is kept as one of the worst, days.
const WORST_DAYS: f64 = 7.0;
/// Advice that is taken back so shortly before the limit has had its use, days.
const LAST_DAYS: f64 = 2.0;

/// The forecast that stood at a time, against the truth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) holds: bool,
    /// The interval ended before the limit was reached.
    pub(crate) too_early: bool,
    /// Width of the interval over the true remaining days.
    pub(crate) width: f64,
    /// Median over the true remaining days.
    pub(crate) bias: f64,
}

/// One machine, scored.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) machine: String,
    pub(crate) kind: Kind,
    pub(crate) traits: Traits,
    /// A fault drove it to the limit.
    pub(crate) reached: bool,
    /// Days from the first customer-grade prediction after onset to the limit; 0 when there was none.
    pub(crate) lead_days: f64,
    /// The same of the first that names the cooler.
    pub(crate) lead_named_days: f64,
    /// The same of advice that names the cooler and still stood at the limit.
    pub(crate) lead_kept_days: f64,
    /// Fault that the first customer-grade prediction named.
    pub(crate) named_first: Option<String>,
    pub(crate) asked: [Option<Asked>; 4],
    /// Customer-grade prediction episodes without a fault.
    pub(crate) false_episodes: usize,
    /// Years watched without a fault.
    pub(crate) healthy_years: f64,
    /// What the hot hours truly showed above normal two weeks before the limit, K; where it is reckoned.
    pub(crate) shown_k: Option<f64>,
    /// LATE and FALSE cases with all that explains them.
    pub(crate) remarks: Vec<String>,
    /// The worst of them, a line each.
    pub(crate) worst: Vec<String>,
}

/// Customer-grade and not cleared.
pub(crate) fn reaches_customer(f: &Finding) -> bool {
    f.grade >= Grade::Advise && f.status != Status::Cleared
}

impl Case {
    pub(crate) fn new(kind: Kind, site: &Site, machine: &Machine, findings: &[&Finding]) -> Self {
        let predictions: Vec<&Finding> =
            findings.iter().copied().filter(|f| f.kind == FindingKind::Prediction).collect();
        let truth = &machine.truth;
        let onset = truth.onset.unwrap_or(Timestamp::MAX);
        let limit = truth.limit_reached.unwrap_or(Timestamp::MAX);
        let healthy_until = onset.min(limit);
        let mut case = Self {
            machine: machine.id.to_string(),
            kind,
            traits: machine.traits,
            reached: limit < Timestamp::MAX && onset <= limit,
            lead_days: 0.0,
            lead_named_days: 0.0,
            lead_kept_days: 0.0,
            named_first: None,
            asked: [None; 4],
            false_episodes: 0,
            healthy_years: healthy_until.days_since(site.start).clamp(0.0, site.days) / 365.25,
            shown_k: None,
            remarks: Vec::new(),
            worst: Vec::new(),
        };
        case.count_false(site, machine, &predictions, healthy_until);
        if case.reached {
            let asked_day = limit.plus_days(-LATE_DAYS).days_since(site.start).floor();
            // Before the fault began it showed nothing.
            case.shown_k = (!truth.excess_k.is_empty())
                .then(|| truth.excess_k.get(asked_day.max(0.0) as usize).map_or(0.0, |(_, shown_k)| *shown_k));
            case.measure_lead(site, machine, &predictions, onset, limit);
            case.lead_kept_days = kept_days(&predictions, onset, limit);
            case.asked = ASKED_DAYS.map(|before| ask(&predictions, limit, limit.plus_days(-before)));
        }
        case
    }

    fn count_false(&mut self, site: &Site, machine: &Machine, predictions: &[&Finding], until: Timestamp) {
        let mut seen: Vec<&FindingId> = Vec::new();
        for f in predictions.iter().filter(|f| f.at < until && reaches_customer(f)) {
            if seen.contains(&&f.id) {
                continue;
            }
            seen.push(&f.id);
            self.false_episodes += 1;
            let day = f.at.days_since(site.start);
            self.remarks.push(format!("FALSE {:?} day {day:.0} {}\n    {}", self.kind, about(site, machine), f.text));
            self.worst.push(format!("false {} on day {day:.0}, {}", f.fault, brief(site, machine)));
        }
    }

    fn measure_lead(
        &mut self,
        site: &Site,
        machine: &Machine,
        predictions: &[&Finding],
        onset: Timestamp,
        limit: Timestamp,
    ) {
        let mut timely = predictions.iter().filter(|f| onset <= f.at && f.at <= limit && reaches_customer(f));
        let named = timely.clone().find(|f| f.fault.as_str() == "cooler_clogging");
        let first = timely.next();
        let lead = |f: Option<&&Finding>| f.map_or(0.0, |f| limit.days_since(f.at));
        (self.lead_days, self.lead_named_days) = (lead(first), lead(named));
        self.named_first = first.map(|f| f.fault.as_str().to_owned());
        if self.lead_named_days < WORST_DAYS {
            let since_onset = limit.days_since(onset);
            let warned = if self.lead_named_days > 0.0 {
                format!("{:.1} d ahead", self.lead_named_days)
            } else {
                "never".to_owned()
            };
            let shown = self.shown_k.map_or_else(String::new, |k| format!(" and {k:.1} K two weeks before"));
            let story = brief(site, machine);
            self.worst.push(format!("warned {warned}, limit {since_onset:.0} d after onset{shown}, {story}"));
        }
        if self.lead_days >= LATE_DAYS {
            return;
        }
        let watched = predictions.iter().find(|f| onset <= f.at && f.at <= limit);
        self.remarks.push(format!(
            "LATE {:.1} d (any grade {:.1} d), limit on day {:.0}, {:.0} d after onset, {}{}",
            self.lead_days,
            lead(watched),
            limit.days_since(site.start),
            limit.days_since(onset),
            about(site, machine),
            first.map_or_else(String::new, |f| format!("\n    {}", f.text)),
        ));
    }
}

/// Days from the first customer-grade prediction that names the cooler to the limit, of those that were not taken back before.
fn kept_days(predictions: &[&Finding], onset: Timestamp, limit: Timestamp) -> f64 {
    let mut told: BTreeMap<&FindingId, (Timestamp, bool)> = BTreeMap::new();
    for f in predictions.iter().filter(|f| onset <= f.at && f.at <= limit) {
        if reaches_customer(f) && f.fault == FaultCode::COOLER_CLOGGING {
            told.entry(&f.id).or_insert((f.at, true)).1 = true;
        } else if f.at <= limit.plus_days(-LAST_DAYS)
            && let Some((_, stands)) = told.get_mut(&f.id)
        {
            *stands = false;
        }
    }
    told.into_values().filter(|(_, stands)| *stands).map(|(first, _)| limit.days_since(first)).fold(0.0, f64::max)
}

/// [`about`] in one line.
fn brief(site: &Site, machine: &Machine) -> String {
    about(site, machine).replace("\n    ", "; ")
}

/// What a machine and its site are like and what happened to them.
pub(crate) fn about(site: &Site, machine: &Machine) -> String {
    let t = &machine.traits;
    format!(
        "{} ({}, {}, {}, {}, {}) {}\n    site: {}",
        machine.id, t.ambient, t.drive, t.schedule, t.climate, t.shape, machine.truth.story, site.story
    )
}

/// The newest prediction open at `when` that says how many days remain.
fn ask(predictions: &[&Finding], limit: Timestamp, when: Timestamp) -> Option<Asked> {
    let mut open: BTreeMap<&FindingId, &Finding> = BTreeMap::new();
    for f in predictions.iter().filter(|f| f.at <= when) {
        open.insert(&f.id, f);
    }
    let newest = open
        .into_values()
        .filter(|f| f.status != Status::Cleared && f.rul_days.is_some())
        .max_by_key(|f| (f.at, f.grade))?;
    let (rul, truth) = (newest.rul_days?, limit.days_since(newest.at));
    let low = rul.p10.unwrap_or(HORIZON_DAYS);
    let high = rul.p90.unwrap_or(HORIZON_DAYS.max(truth));
    Some(Asked {
        holds: low <= truth && truth <= high,
        too_early: high < truth,
        width: (rul.p90.unwrap_or(HORIZON_DAYS) - low) / truth,
        bias: rul.p50.unwrap_or(HORIZON_DAYS) / truth,
    })
}

#[cfg(test)]
mod tests {
    use foretell_model::{DAY_MS, MachineId};

    use super::*;
    use crate::naive::advice;

    const ONSET: Timestamp = Timestamp::from_millis(0);

    /// Days that advice had stood on day 50, of these: day, episode, what became of it.
    fn kept(said: &[(i64, u32, Status)]) -> f64 {
        let machine = MachineId::new("s", "m").unwrap();
        let findings: Vec<Finding> =
            said.iter().map(|(day, n, status)| advice(&machine, *n, ONSET + day * DAY_MS, *status, None)).collect();
        kept_days(&findings.iter().collect::<Vec<_>>(), ONSET, ONSET.plus_days(50.0))
    }

    #[test]
    fn advice_counts_as_kept_when_it_stood_at_the_limit() {
        use Status::{Cleared, Updated};
        assert_eq!(kept(&[(20, 1, Updated), (30, 1, Updated)]), 30.0);
        assert_eq!(kept(&[(20, 1, Updated), (30, 1, Cleared)]), 0.0);
        // Taken back, and given again in its own time.
        assert_eq!(kept(&[(20, 1, Updated), (30, 1, Cleared), (45, 2, Updated)]), 5.0);
        // Taken back on the last day.
        assert_eq!(kept(&[(20, 1, Updated), (49, 1, Cleared)]), 30.0);
    }
}
