//! Scores findings against what truly happened.

use foretell_model::{Finding, FindingKind, Grade, Status, Timestamp};

use crate::world::{Kind, Life, Site, Spec};

/// Figures of one or more fleets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Score {
    pub(crate) leads_days: Vec<f64>,
    pub(crate) reached: usize,
    asked: usize,
    held: usize,
    early: usize,
    relative_widths: Vec<f64>,
    false_advisories: usize,
    machine_years: f64,
    named_first: (usize, usize),
    bias: Vec<(f64, f64)>,
}

impl Score {
    pub(crate) fn add(
        &mut self,
        kind: Kind,
        site: &Site,
        spec: &Spec,
        life: &Life,
        findings: &[Finding],
        verbose: bool,
    ) {
        let predictions: Vec<&Finding> = findings.iter().filter(|f| f.kind == FindingKind::Prediction).collect();
        let advises = |f: &&&Finding| f.grade >= Grade::Advise && f.status != Status::Cleared;
        let onset = life.onset.unwrap_or(Timestamp::MAX);
        let healthy_until = onset.min(life.limit_reached.unwrap_or(Timestamp::MAX));
        let mut last_id = None;
        for f in predictions.iter().filter(advises).filter(|f| f.at < healthy_until) {
            if last_id.as_ref() != Some(&f.id) {
                self.false_advisories += 1;
                last_id = Some(f.id.clone());
                if verbose {
                    println!(
                        "  FALSE {:?} {} day {:.0} ambient={} vsd={} {}",
                        kind,
                        f.id,
                        f.at.days_since(site.start),
                        spec.has_ambient,
                        spec.vsd,
                        f.text
                    );
                }
            }
        }
        self.machine_years += healthy_until.days_since(site.start).clamp(0.0, 240.0) / 365.25;
        let (Some(limit), Some(_)) = (life.limit_reached, life.onset) else { return };
        if limit < onset {
            return;
        }
        self.reached += 1;
        let first = predictions.iter().filter(advises).find(|f| f.at >= onset && f.at <= limit);
        let lead = first.map_or(0.0, |f| limit.days_since(f.at));
        self.leads_days.push(lead);
        if let Some(f) = first {
            self.named_first.1 += 1;
            self.named_first.0 += usize::from(f.fault.as_str() == "cooler_clogging");
        }
        if verbose && lead < 14.0 {
            println!(
                "  LATE {lead:.1} d {} ambient={} vsd={} {} limit at day {:.0}; onset to limit {:.0} d; shift {:?}",
                spec.id,
                spec.has_ambient,
                spec.vsd,
                life.shape,
                limit.days_since(site.start),
                limit.days_since(onset),
                spec_shift(spec)
            );
        }
        for before in [28.0, 21.0, 14.0, 7.0] {
            self.ask(&predictions, limit, before);
        }
    }

    /// Median of the forecast's median over the truth, by days asked before.
    pub(crate) fn biases(&self) -> String {
        [28.0, 21.0, 14.0, 7.0]
            .map(|before| {
                let of: Vec<f64> = self.bias.iter().filter(|b| b.0 == before).map(|b| b.1).collect();
                format!("{before}: {:.2} of {}", median(&of), of.len())
            })
            .join("  ")
    }

    fn ask(&mut self, predictions: &[&Finding], limit: Timestamp, before: f64) {
        let when = limit.plus_days(-before);
        let last = predictions.iter().rfind(|f| f.at <= when && f.at >= when.plus_days(-1.5));
        let Some(rul) = last.filter(|f| f.status != Status::Cleared).and_then(|f| f.rul_days) else { return };
        let (early, late) = (rul.p10.unwrap_or(90.0), rul.p90.unwrap_or(90.0));
        self.asked += 1;
        self.held += usize::from(rul.p10.is_some() && early <= before && before <= late);
        self.early += usize::from(late < before);
        self.bias.push((before, rul.p50.unwrap_or(90.0) / before));
        self.relative_widths.push((late - early) / before);
    }

    pub(crate) fn line(&self) -> String {
        let n = self.reached.max(1) as f64;
        let at_least = |days: f64| 100.0 * self.leads_days.iter().filter(|l| **l >= days).count() as f64 / n;
        format!(
            "reached {:3} | >=7d {:5.1} % >=14d {:5.1} % median lead {:4.1} d | 80 % interval holds {:5.1} % of {} (too early {:.0} %), width {:.2} | false {} in {:.1} machine-years = {:.3} | named first {}/{}",
            self.reached,
            at_least(7.0),
            at_least(14.0),
            median(&self.leads_days),
            100.0 * self.held as f64 / self.asked.max(1) as f64,
            self.asked,
            100.0 * self.early as f64 / self.asked.max(1) as f64,
            median(&self.relative_widths),
            self.false_advisories,
            self.machine_years,
            self.false_advisories as f64 / self.machine_years.max(0.01),
            self.named_first.0,
            self.named_first.1,
        )
    }
}

fn spec_shift(spec: &Spec) -> (usize, usize, bool) {
    spec.shift()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
