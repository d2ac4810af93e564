//! Whether, since when and how a feature leaves its own normal, and when it will meet a limit.
//!
//! A mixture over onsets and shapes of growth (step, saturating, linear, accelerating), each a small Gaussian regression in
//! closed form about the learned normal, weighed by its evidence against "nothing has changed". The first passage through
//! a limit is read off the same mixture.

use std::sync::LazyLock;

use foretell_model::{ProbabilityWithin, RulDays};

use super::course::{Dated, Normal};

/// Exponents of growth: 0 is a step, 1/2 saturates, 2 and 3 accelerate.
const POWERS: [f64; 5] = [0.0, 0.5, 1.0, 2.0, 3.0];
/// Onsets, in days before now. The last ones lie before what a course shows: slow growth began earlier.
const ONSETS_DAYS: [f64; 24] = [
    2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 14.0, 16.0, 18.0, 20.0, 23.0, 26.0, 30.0, 34.0, 38.0,
    43.0, 55.0, 75.0, 110.0,
];
/// Growth of every power by whole days of age, up to the oldest onset: thousands of them are asked for per course.
static GROWTHS: LazyLock<[[f64; POWERS.len()]; 111]> =
    LazyLock::new(|| std::array::from_fn(|days| POWERS.map(|power| growth(power, days as f64))));
/// A step that one sees the beginning of lies within the days that are kept.
const STEP_WITHIN_DAYS: f64 = 30.0;
/// Neighbouring days share half of what is odd about them, so evidence counts half.
const INDEPENDENT: f64 = 0.5;
/// Farthest day of a forecast.
const HORIZON_DAYS: f64 = 90.0;
/// Quantile nodes (standard normal) of an uncertain pace, and their shares.
const NODES: [(f64, f64); 5] = [(-2.02, 0.0886), (-0.96, 0.2464), (0.0, 0.33), (0.96, 0.2464), (2.02, 0.0886)];
/// Growth to come over what the law fitted so far says, and the shares of each: laws break, and dirt hastens itself.
const HASTE: [(f64, f64); 4] = [(0.65, 0.2), (0.95, 0.3), (1.25, 0.3), (1.7, 0.2)];

/// One onset and shape.
#[derive(Clone, Copy, Debug)]
struct Law {
    onset_days: f64,
    power: f64,
    /// Growth by now, for a pace of one.
    grown: f64,
    /// Growth is `pace * growth(days since onset)`, as compared.
    pace: f64,
    pace_sd: f64,
    /// Offset of the normal that this law asks for.
    offset: f64,
    log_bf: f64,
    weight: f64,
}

/// What a course says about leaving the normal to one side. Changes are counted positive to that side.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    /// Log Bayes factor against "nothing has changed".
    pub(crate) log_bf: f64,
    /// Present change.
    pub(crate) change: f64,
    /// Its pace per day.
    pub(crate) per_day: f64,
    /// Posterior share of a sudden onset.
    pub(crate) step_share: f64,
    /// Median onset, days ago.
    pub(crate) onset_days: f64,
    laws: Vec<Law>,
}

fn growth(power: f64, days: f64) -> f64 {
    if days <= 0.0 {
        0.0
    } else if power == 0.0 {
        1.0
    } else {
        (days / 30.0).powf(power)
    }
}

/// Weighs how `days`, of whole ages and oldest first, leave `normal` to the side of `sign`; `scale` is the change worth speaking of.
pub(crate) fn weigh(days: &[Dated], normal: &Normal, sign: f64, scale: f64) -> Leaving {
    let residuals: Vec<Dated> = days.iter().map(|&(age, value)| (age, sign * (value - normal.mean))).collect();
    let mut var = normal.sd * normal.sd;
    // The noise is measured once more about the best law: a normal learned in quiet weeks must not make laws of weather.
    let mut laws = scan(&residuals, normal, var, scale);
    if let Some(best) = laws.iter().max_by(|a, b| a.log_bf.total_cmp(&b.log_bf)) {
        let square: f64 = residuals
            .iter()
            .map(|&(age, r)| (r - best.offset - best.pace * growth(best.power, best.onset_days - age)).powi(2))
            .sum();
        let about_best = square / (residuals.len() as f64 - 2.0).max(1.0);
        if about_best > var {
            var = about_best;
            laws = scan(&residuals, normal, var, scale);
        }
    }
    summarise(laws)
}

/// Sums that a law's two unknowns are solved from.
#[derive(Clone, Copy)]
struct Sums {
    /// Of the normal's offset: the same for all laws.
    a: f64,
    x: f64,
    /// Of the pace, and of both.
    b: f64,
    c: f64,
    y: f64,
}

/// All laws that go the right way, the youngest first. The powers are summed side by side.
fn scan(residuals: &[Dated], normal: &Normal, var: f64, scale: f64) -> Vec<Law> {
    let (precision, p0) = (INDEPENDENT / var, normal.mean_sd.powi(-2));
    let (a, x) = residuals.iter().fold((p0, 0.0), |(a, x), (_, r)| (a + precision, x + precision * r));
    let mut laws = Vec::with_capacity(ONSETS_DAYS.len() * POWERS.len());
    for onset_days in ONSETS_DAYS {
        // Before the onset there is no growth.
        let after = &residuals[residuals.partition_point(|(age, _)| *age >= onset_days)..];
        if after.len() < 2 {
            continue;
        }
        let now = GROWTHS[onset_days as usize];
        let p1 = now.map(|now| (2.0 * scale / now.max(1e-6)).powi(-2));
        let (mut b, mut c, mut y) = ([0.0; POWERS.len()], p1, [0.0; POWERS.len()]);
        for (age, r) in after {
            let growths = &GROWTHS[(onset_days - age) as usize];
            for (i, g) in growths.iter().enumerate() {
                b[i] += precision * g;
                c[i] += precision * g * g;
                y[i] += precision * g * r;
            }
        }
        for (i, power) in POWERS.into_iter().enumerate() {
            let lasts = power == 0.0 && onset_days > STEP_WITHIN_DAYS;
            let sums = Sums { a, x, b: b[i], c: c[i], y: y[i] };
            laws.extend(law(sums, (p0, p1[i]), (onset_days, power, now[i])).filter(|_| !lasts));
        }
    }
    laws
}

/// Two unknowns, the normal's offset and the pace, with Gaussian priors: 2x2 in closed form. The pace's prior is that by
/// now the change is of the size of `scale`, to either side; laws that go the wrong way are dropped.
fn law(Sums { a, x, b, c, y }: Sums, (p0, p1): (f64, f64), (onset_days, power, grown): (f64, f64, f64)) -> Option<Law> {
    let determinant = a * c - b * b;
    let (offset, pace) = ((c * x - b * y) / determinant, (a * y - b * x) / determinant);
    let goes_right = determinant > 0.0 && pace > 0.0;
    if !goes_right {
        return None;
    }
    let log_evidence = 0.5 * (offset * x + pace * y) - 0.5 * (determinant / (p0 * p1)).ln();
    // The same without growth: only the normal's offset is free.
    let log_nothing = 0.5 * x * x / a - 0.5 * (a / p0).ln();
    let pace_sd = (a / determinant).sqrt();
    let log_bf = log_evidence - log_nothing;
    Some(Law { onset_days, power, grown, pace, pace_sd, offset, log_bf, weight: 0.0 })
}

fn summarise(mut laws: Vec<Law>) -> Leaving {
    let most = laws.iter().map(|l| l.log_bf).fold(f64::NEG_INFINITY, f64::max);
    // Of every ten changes about four are sudden; a saturating growth that looks like one is rarer.
    let prior = |l: &Law| match l.power {
        0.0 => 2.0,
        p if p < 1.0 => 0.5,
        _ => 1.0,
    };
    laws.iter_mut().for_each(|law| law.weight = prior(law) * (law.log_bf - most).exp());
    let total: f64 = laws.iter().map(|law| law.weight).sum();
    let mut leaving =
        Leaving { log_bf: 0.0, change: 0.0, per_day: 0.0, step_share: 0.0, onset_days: 0.0, laws: Vec::new() };
    let weighed = total > 0.0 && most.is_finite();
    if !weighed {
        return leaving;
    }
    let count = (ONSETS_DAYS.len() * POWERS.len()) as f64;
    leaving.log_bf = (most + (total / count).ln()).clamp(-1e6, 1e6);
    for law in &mut laws {
        law.weight /= total;
        leaving.change += law.weight * law.pace * law.grown;
        // The derivative of a power.
        leaving.per_day += law.weight * law.pace * law.grown * law.power / law.onset_days;
        leaving.step_share += if law.power == 0.0 { law.weight } else { 0.0 };
    }
    let mut below = 0.0;
    leaving.onset_days = laws
        .iter()
        .find(|law| {
            below += law.weight;
            below >= 0.5
        })
        .map_or(0.0, |law| law.onset_days);
    laws.retain(|law| law.weight > 0.003);
    leaving.laws = laws;
    leaving
}

/// When a limit is met: days ahead with the share of the mixture that meets it then, soonest first.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    meets: Vec<(f64, f64)>,
}

impl Leaving {
    /// First passage through a change of `limit`, counted like [`Leaving::change`].
    pub(crate) fn passage(&self, limit: f64) -> Passage {
        let total: f64 = self.laws.iter().map(|l| l.weight).sum::<f64>().max(1e-9);
        let mut meets = Vec::new();
        for law in &self.laws {
            for (node, node_share) in NODES {
                let pace = (law.pace + node * law.pace_sd).max(0.0);
                let left = limit - law.offset - pace * law.grown;
                for (haste, haste_share) in HASTE {
                    let share = law.weight / total * node_share * haste_share;
                    let days = if left <= 0.0 {
                        Some(0.0)
                    } else if law.power == 0.0 || pace <= 0.0 {
                        None
                    } else {
                        let there = law.grown + left / (pace * haste);
                        Some(30.0 * there.powf(law.power.recip()) - law.onset_days)
                    };
                    meets.extend(days.filter(|d| *d <= HORIZON_DAYS).map(|d| (d.max(0.0), share)));
                }
            }
        }
        meets.sort_by(|a, b| a.0.total_cmp(&b.0));
        Passage { meets }
    }
}

impl Passage {
    /// Chance of having met the limit within so many days.
    pub(crate) fn within(&self, days: f64) -> f64 {
        self.meets.iter().take_while(|m| m.0 <= days).map(|m| m.1).sum::<f64>().min(1.0)
    }

    /// The fixed spans, for a forecast that is itself only so certain.
    pub(crate) fn probability_within(&self, certainty: f64) -> ProbabilityWithin {
        let within = |days: f64| certainty * self.within(days);
        ProbabilityWithin { d7: within(7.0), d14: within(14.0), d21: within(21.0), d30: within(30.0) }
    }

    pub(crate) fn rul_days(&self) -> RulDays {
        RulDays { p10: self.quantile(0.1), p50: self.quantile(0.5), p90: self.quantile(0.9) }
    }

    fn quantile(&self, share: f64) -> Option<f64> {
        let mut below = 0.0;
        let met = |m: &&(f64, f64)| {
            below += m.1;
            below >= share
        };
        self.meets.iter().find(met).map(|m| m.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORMAL: Normal = Normal { mean: 0.2, sd: 0.02, mean_sd: 0.01 };

    /// 32 days that end now, with an even wobble of the normal's size.
    fn course(value: impl Fn(f64) -> f64) -> Leaving {
        let day = |i: i32| {
            let age = f64::from(31 - i);
            (age, value(age) + 0.02 * f64::from(i * 7 % 5 - 2) / 2.0)
        };
        weigh(&(0..32).map(day).collect::<Vec<_>>(), &NORMAL, 1.0, 0.2)
    }

    #[test]
    fn nothing_is_nothing() {
        let leaving = course(|_| 0.2);
        assert!(leaving.log_bf < 0.0, "{leaving:?}");
    }

    #[test]
    fn a_step_is_told_from_a_ramp() {
        let (step, ramp) =
            (course(|age| if age < 10.0 { 0.5 } else { 0.2 }), course(|age| 0.2 + 0.015 * (20.0 - age).max(0.0)));
        assert!(step.log_bf > 20.0 && step.step_share > 0.9 && (step.change - 0.3).abs() < 0.03, "{step:?}");
        assert!(ramp.log_bf > 20.0 && ramp.step_share < 0.1 && (ramp.per_day - 0.015).abs() < 0.004, "{ramp:?}");
        assert!((14.0..=26.0).contains(&ramp.onset_days), "{ramp:?}");
    }

    #[test]
    fn a_ramp_meets_its_limit_within_its_interval() {
        // 0.5 now, 0.015 a day: 0.8 in 20 days.
        let passage = course(|age| 0.2 + 0.015 * (20.0 - age).max(0.0)).passage(0.6);
        let rul = passage.rul_days();
        let (early, late) = (rul.p10.unwrap(), rul.p90.unwrap());
        assert!(early < 20.0 && 20.0 < late && late - early < 24.0, "{rul:?}");
        assert!(passage.within(7.0) < 0.05 && passage.within(60.0) > 0.9, "{passage:?}");
    }
}
