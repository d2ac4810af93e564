//! The daily judgement of one machine: baseline, excess, forecast. Pure: state and days in, new state and judgement out.

use foretell_model::Limits;

use super::baseline::{Baseline, Belief, Conditions, TERMS};
use super::cold::{self, Stand};
use super::dropped::dropped_from;
use super::fit::{self, Fitted, Given};
use super::follows::{self, Follows};
use super::health::{Fresh, Health, reference};
use super::linear::{self, Vector};
use super::made;
use super::memory::{Leaving, Prior};
use super::points::{self, AmbientSource, Sample, Series, Surroundings};
use super::resettled::{Resettled, resettled};
use super::rivals::{self, Jump, Rivals, Unregulated, Week};
use super::rows::{self, Noise};
use super::scan::{self, Alternative, Scan};
use super::trend::{Law, SHAPES};
use crate::pa::climate::{Climate, HotHour};
use crate::pa::passage::{Forecast, HORIZON_DAYS, Outlook};
use crate::sd::day::{DAYS_KEPT, Day, DayRecord};

/// Chance, before looking, that an excess is growing on a machine at a given time.
const FAULT_PRIOR: f64 = 0.02;
/// Days that are weighed one by one; older ones are remembered together. A few more are kept, for a machine that was silent.
const WINDOW_DAYS: Day = 90;
/// Days that "of late" means.
const OF_LATE_DAYS: Day = 5;
/// Days before an onset from which its temperature can be compared with.
const COMPARED_DAYS: usize = 5;
/// Saturated weight of the hot hours above which a cooler can be judged, and below which it cannot (hysteresis); the
/// domain's gate of 8 K per 100 % UA is a weight of about 0.4.
const OBSERVABLE_FROM: f64 = 0.45;
const OBSERVABLE_UNTIL: f64 = 0.3;
/// The gate moves after so many days in a row, so that single warm days do not open and shut it.
const GATE_DAYS: u8 = 3;

/// The judgement of one day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgement {
    /// Log Bayes factor that an excess grows.
    pub(crate) log_bf: f64,
    /// The same with either side fitted where it fits best; as it is where nobody could doubt it.
    pub(crate) refitted_log_bf: f64,
    /// Chance that the excess is real.
    pub(crate) certainty: f64,
    /// Present excess of the saturated branch, K, and its sd.
    pub(crate) excess_k: f64,
    pub(crate) excess_sd_k: f64,
    pub(crate) rate_k_per_day: f64,
    /// Median onset.
    pub(crate) onset_day: f64,
    /// Posterior share of a sudden onset.
    pub(crate) step_share: f64,
    /// Mean residual of cool, regulated hours of the last days, K.
    pub(crate) cool_excess_k: Option<f64>,
    /// Slope of the cool points against ambient, K/K.
    pub(crate) cool_slope: Option<f64>,
    /// Mean of the last days' points, hot and cool, over what they would be with nothing amiss, K.
    pub(crate) over_k: Option<f64>,
    /// What else than a lost cooler the days since the onset may show.
    pub(crate) rivals: Option<Rivals>,
    /// How the last days stood over their air, if that is measured.
    pub(crate) stands: Vec<Stand>,
    /// Whether the valve regulates at all.
    pub(crate) unregulated: Option<Unregulated>,
    /// What the hot hours did within a week.
    pub(crate) week: Option<Week>,
    /// Whether it is kept at another temperature since a day.
    pub(crate) resettled: Option<Resettled>,
    /// What the hot hours rose by overnight, if they did.
    pub(crate) jump: Option<Jump>,
    /// Whether the days go up and down as the likeliest growth says; `None` where it says little, or no sensor shows the air.
    pub(crate) follows: Option<Follows>,
    /// How far the limit lies above the highest temperature held in the last days, K.
    pub(crate) margin_k: Option<f64>,
    /// Whether a sensor shows the air.
    pub(crate) is_measured: bool,
    /// Mean ambient of recent hot hours, degC, if measured.
    pub(crate) hot_ambient_c: Option<f64>,
    /// When the limit is reached *if* the excess is real; `certainty` says how likely that is.
    pub(crate) forecast: Option<Forecast>,
    /// Set when an unreported repair was seen: the first day of the new life.
    pub(crate) dropped_from: Option<Day>,
    pub(crate) hot_days: usize,
    /// How far the temperature itself stands above its median before the onset, K; `None` without days to compare.
    pub(crate) risen_k: Option<f64>,
    /// How far the last week's hot hours stand above what they would be with nothing amiss, in standard deviations of a day.
    pub(crate) stands_out: Option<f64>,
}

/// Everything a view needs beyond the judgement.
pub(crate) struct Detail {
    pub(crate) samples: Vec<Sample>,
    /// 10, 50 and 90 % of the hot hour for each day ahead in steps of three days.
    pub(crate) cone: Vec<(usize, [f64; 3])>,
}

/// Judges the machine at the start of `today` from its closed days.
pub(crate) fn judge(
    health: &Health,
    days: &[DayRecord],
    today: Day,
    around: &Surroundings<'_>,
    limits: Limits,
) -> Option<(Health, Judgement)> {
    Work::prepare(health, days, today, around).map(|work| work.finish(limits, around))
}

/// The same judgement with the curves that a page draws.
pub(crate) fn detail(health: &Health, days: &[DayRecord], today: Day, around: &Surroundings<'_>) -> Option<Detail> {
    let work = Work::prepare(health, days, today, around)?;
    let (scan, climate) = (work.scan(), work.climate(around));
    let cone = climate.as_ref().map_or_else(Vec::new, |climate| {
        let outlook = work.outlook(&scan, climate, certainty(scan.log_bf, work.is_told));
        let excess_k = days.last().and_then(DayRecord::excess_k).unwrap_or(0.0);
        let shown = |temp_c: f64| work.over_valve(excess_k, temp_c);
        (0..HORIZON_DAYS).step_by(3).map(|day| (day, outlook.hot_hour_quantiles_c(day).map(shown))).collect()
    });
    Some(Detail { samples: work.all_samples(), cone })
}

fn certainty(log_bf: f64, is_told: bool) -> f64 {
    let odds = if is_told { 1.0 } else { FAULT_PRIOR } * log_bf.min(50.0).exp();
    odds / (1.0 + odds)
}

/// One day's work in progress.
pub(super) struct Work {
    pub(super) health: Health,
    pub(super) prior: Prior,
    pub(super) samples: Vec<Sample>,
    /// Points that no normal is learned from.
    left_out: Vec<Sample>,
    stands: Vec<Stand>,
    pub(super) first: Day,
    pub(super) today: Day,
    hot_days: usize,
    pub(super) fitted: Fitted,
    pub(super) is_told: bool,
}

impl Work {
    fn prepare(health: &Health, days: &[DayRecord], today: Day, around: &Surroundings<'_>) -> Option<Self> {
        let first_from = |day: Day, days: &[DayRecord]| days.partition_point(|d| d.day < day);
        let days = &days[first_from(today.saturating_sub(DAYS_KEPT as Day), days)..];
        let mut health = health.clone();
        let oldest = health.valid_from.max(today.saturating_sub(WINDOW_DAYS));
        let heats = made::heats(days, around.switching_h);
        let in_window = first_from(oldest, days);
        let reference = reference(&mut health, &days[in_window..], &heats[in_window..])?;
        let (source, mut samples) = points::gather(days, &heats, today, reference, around, health.source);
        let window = samples.partition_point(|s| s.day < oldest);
        let first = samples.get(window)?.day;
        if source == health.source {
            let Health { baseline, noise, .. } = health;
            let spoilt_from = around.spoilt_from.map(f64::from);
            let onset_day = health.trend.map(|t| t.onset_day).into_iter().chain(spoilt_from).reduce(f64::min);
            let ends = health.fresh;
            let leaving =
                Leaving { days, samples: &samples, baseline: &baseline, noise, before: oldest, onset_day, ends };
            leaving.enter(&mut health.memory);
        } else {
            // Another source has another offset, so nothing learned with the old one holds.
            health.source = source;
            health.memory = None;
            health.trend = None;
            health.fresh = Fresh::ByWork;
        }
        samples.drain(..window);
        let stands = if source.is_measured() { cold::stands(&samples, &health.baseline, today) } else { Vec::new() };
        let (samples, left_out): (Vec<Sample>, Vec<Sample>) =
            samples.into_iter().partition(|s| health.teaches(s, around.spoilt_from));
        // The physical slope is believed as far as the ambient is right.
        let mut belief = Belief::FLEET;
        belief.sd[3] = source.slope_sd();
        let prior = Prior::of(&belief, health.memory.as_deref());
        if health.fresh != Fresh::No {
            health.baseline = Baseline { theta: prior.mean }.bounded();
            health.noise = Noise::prior(source);
        }
        let steps = if health.fresh != Fresh::No { 6 } else { 1 };
        let given = Given { samples: &samples, trend: health.trend.as_ref(), noise: health.noise, prior: &prior };
        let fitted = fit::refine(given, health.baseline, steps);
        health.baseline = fitted.baseline;
        health.fresh = Fresh::No;
        let hot_days = samples.iter().filter(|s| s.series == Series::Hot).count();
        // A normal that is not learned from for a while is still known.
        health.learned = hot_days >= health.days_needed() || (health.learned && around.spoilt_from.is_some());
        Some(Self { health, prior, samples, left_out, stands, first, today, hot_days, fitted, is_told: around.is_told })
    }

    /// Those of the window, also of days that no normal is learned from, in order of days.
    fn all_samples(&self) -> Vec<Sample> {
        let mut all = [&self.samples[..], &self.left_out].concat();
        all.sort_by_key(|s| s.day);
        all
    }

    fn climate(&self, around: &Surroundings<'_>) -> Option<Climate> {
        let trend = self.health.trend.as_ref();
        let hot: Vec<HotHour> = self
            .samples
            .iter()
            .filter(|s| s.series == Series::Hot)
            .map(|s| {
                let excess_k = trend.map_or(0.0, |t| t.excess_k(f64::from(s.day) + 0.5));
                let expected = self.health.baseline.expect(&s.at, excess_k);
                let clean_c = expected.saturated_c - excess_k * s.at.excess_gain();
                let temp_c = clean_c + expected.weight * (s.td_c - expected.td_c).clamp(-6.0, 6.0) + s.peak_over_k;
                HotHour { day: s.day, temp_c }
            })
            .collect();
        Climate::learn(&hot, around.latitude_deg)
    }

    pub(super) fn recent(&self, series: Series, within_days: Day) -> impl Iterator<Item = &Sample> {
        let from = self.today.saturating_sub(within_days);
        self.samples.iter().filter(move |s| s.series == series && s.day >= from)
    }

    /// What a temperature of the saturated branch shows as under the conditions of late, degC: in cool weather the valve holds
    /// a machine above it.
    fn over_valve(&self, excess_k: f64, saturated_c: f64) -> f64 {
        let shown = self.recent(Series::Hot, 14).map(|s| self.health.baseline.over_valve(&s.at, excess_k, saturated_c));
        let (sum, n) = shown.fold((0.0, 0.0), |(sum, n), temp_c| (sum + temp_c, n + 1.0));
        if n > 0.0 { sum / n } else { saturated_c }
    }

    fn outlook<'a>(&self, scan: &'a Scan, climate: &'a Climate, trend_share: f64) -> Outlook<'a> {
        let (mut row, mut gain, mut n): (Vector, f64, f64) = ([0.0; TERMS], 0.0, 0.0);
        for s in self.recent(Series::Hot, 14) {
            for (sum, value) in row.iter_mut().zip(Baseline::saturated_row(&s.at)) {
                *sum += value;
            }
            gain += s.at.excess_gain();
            n += 1.0;
        }
        if n == 0.0 {
            (row, gain, n) = (Baseline::saturated_row(&Conditions { ta_c: 30.0, ..Conditions::default() }), 1.0, 1.0);
        }
        let hot_row = row.map(|sum| sum / n);
        Outlook {
            scan,
            climate,
            hot_row,
            gain: gain / n,
            now: f64::from(self.today),
            source: self.health.source,
            trend_share,
        }
    }

    fn finish(mut self, limits: Limits, around: &Surroundings<'_>) -> (Health, Judgement) {
        let Health { baseline, trend, noise, .. } = &self.health;
        let dropped_from = dropped_from(&self.sure(&self.samples), baseline, trend.as_ref(), noise.sd_k, self.today);
        let scan = self.converge();
        let mut judgement = Judgement { dropped_from, ..self.summarise(&scan) };
        self.look(&mut judgement);
        judgement.follows = self.follows(&scan);
        let peaks_c = self.recent(Series::Hot, OF_LATE_DAYS).map(|s| s.td_c + s.peak_over_k);
        judgement.margin_k = peaks_c.reduce(f64::max).map(|peak_c| limits.warn_c - peak_c);
        if self.claims(&scan) && self.health.learned {
            judgement.refitted_log_bf = self.refitted_log_bf(&scan);
            let climate = self.climate(around);
            judgement.forecast =
                climate.as_ref().map(|climate| self.outlook(&scan, climate, 1.0).first_passage(limits.warn_c));
        }
        self.health.trend = self.claimed(&scan);
        self.health.noise = self.noise(&scan);
        (self.health, judgement)
    }

    /// Error of the model, measured about the best alternative even when no trend is claimed yet: a slow rise that nobody
    /// believes in must not pass for noise, or it never would be believed.
    fn noise(&self, scan: &Scan) -> Noise {
        let trend = scan.alternatives.first().map(Alternative::trend);
        rows::noise_of(&self.samples, &self.beside_best(scan), trend.as_ref(), self.health.source)
    }

    /// The normal that goes with the likeliest growth.
    fn beside_best(&self, scan: &Scan) -> Baseline {
        let pulled = |i: usize| scan.alternatives.first().map_or(0.0, |a| a.coupling[i] * a.mean);
        let theta = std::array::from_fn(|i| self.health.baseline.theta[i] + scan.baseline_step[i] - pulled(i));
        Baseline { theta }.bounded()
    }

    /// Whether the days of the likeliest growth follow it.
    fn follows(&self, scan: &Scan) -> Option<Follows> {
        let best = scan.alternatives.first().filter(|_| self.is_measured())?;
        follows::expected(&self.samples, &self.beside_best(scan), &best.trend(), self.today)
    }

    fn summarise(&self, scan: &Scan) -> Judgement {
        let now = f64::from(self.today);
        let (mut mean, mut square, mut rate, mut step) = (0.0, 0.0, 0.0, 0.0);
        for a in &scan.alternatives {
            let grown = a.growth(now);
            mean += a.weight * a.mean * grown;
            square += a.weight * (a.mean * a.mean + a.sd * a.sd) * grown * grown;
            rate += a.weight * a.mean * a.growth_rate(now);
            step += if SHAPES[a.shape].law == Law::Step { a.weight } else { 0.0 };
        }
        let certainty = certainty(scan.log_bf, self.is_told);
        Judgement {
            log_bf: scan.log_bf,
            refitted_log_bf: scan.log_bf,
            certainty,
            excess_k: mean * certainty,
            excess_sd_k: (square - mean * mean).max(0.0).sqrt(),
            rate_k_per_day: rate * certainty,
            onset_day: scan::median_onset(scan).unwrap_or(now),
            step_share: step,
            is_measured: self.is_measured(),
            hot_days: self.hot_days,
            ..Judgement::default()
        }
    }

    /// Looks at the last days: observability, the regulated side, the ambient.
    fn look(&mut self, judgement: &mut Judgement) {
        judgement.stands = std::mem::take(&mut self.stands);
        let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        let expected = |s: &Sample| rows::expected(s, &self.health.baseline, self.health.trend.as_ref());
        let weight = mean(self.recent(Series::Hot, 6).map(|s| expected(s).weight).collect());
        let cool: Vec<(f64, f64)> = self
            .recent(Series::Cool, 14)
            .filter(|s| self.health.baseline.expect(&s.at, 0.0).weight < 0.4)
            .map(|s| (s.at.ta_c, s.td_c - expected(s).td_c))
            .collect();
        if cool.len() >= 5 {
            judgement.cool_excess_k = mean(cool.iter().map(|(_, r)| *r).collect());
            let slope = mean(cool.iter().map(|(ta_c, _)| self.health.baseline.regulated_slope(*ta_c)).collect());
            judgement.cool_slope = linear::slope(&cool).zip(slope).map(|(extra, slope)| slope + extra);
        }
        let over_k = |s: &Sample| s.td_c - self.health.baseline.expect(&s.at, 0.0).td_c;
        let of_late = [Series::Hot, Series::Cool].into_iter().flat_map(|series| self.recent(series, OF_LATE_DAYS));
        judgement.over_k = mean(of_late.map(over_k).collect());
        if self.health.source != AmbientSource::Season {
            let sd_k = self.health.noise.sd_k.hypot(self.health.noise.point_sd_k);
            let trend = self.health.trend.as_ref();
            if self.health.learned {
                let all = self.all_samples();
                let samples = self.sure(&all);
                let (baseline, today) = (&self.health.baseline, self.today);
                judgement.unregulated = rivals::unregulated(&samples, baseline, sd_k, today);
                judgement.resettled = resettled(&samples, baseline, sd_k, today);
            }
            // Cool hours whose air is a guess from the morning do not tell where the heat is seen.
            judgement.rivals = trend
                .filter(|_| self.health.source != AmbientSource::ColdSoak)
                .and_then(|t| rivals::weigh(&self.sure(&self.samples), &self.health.baseline, t, sd_k, self.today));
        }
        if judgement.is_measured {
            judgement.hot_ambient_c = mean(self.recent(Series::Hot, 3).map(|s| s.at.ta_c).collect());
        }
        judgement.week = rivals::week(&self.samples, &self.health.baseline, self.today);
        let Health { baseline, source, noise, .. } = &self.health;
        judgement.jump = rivals::jump(&self.sure(&self.samples), baseline, *source, noise.sd_k, self.today);
        judgement.risen_k = self.risen_k(judgement.onset_day);
        judgement.stands_out = self.stands_out();
        let gate = if self.health.observable { OBSERVABLE_UNTIL } else { OBSERVABLE_FROM };
        let wants = weight.map_or(self.health.observable, |w| w > gate);
        self.health.gate_days = if wants == self.health.observable { 0 } else { self.health.gate_days + 1 };
        if self.health.gate_days >= GATE_DAYS {
            self.health.observable = wants;
            self.health.gate_days = 0;
        }
    }

    /// How far the last week's hot hours stand above what they would be with nothing amiss, in standard deviations of a day.
    pub(super) fn stands_out(&self) -> Option<f64> {
        let over_k = |s: &Sample| s.td_c - self.health.baseline.expect(&s.at, 0.0).td_c;
        let (sum, n) = self.recent(Series::Hot, 7).fold((0.0, 0.0), |(sum, n), s| (sum + over_k(s), n + 1.0));
        (n > 0.0).then(|| sum / n / self.health.noise.sd_k)
    }

    /// Mean hot temperature of the last days over its median before the onset, K.
    fn risen_k(&self, onset_day: f64) -> Option<f64> {
        let hot = || self.samples.iter().filter(|s| s.series == Series::Hot);
        let mut before: Vec<f64> = hot().filter(|s| f64::from(s.day) < onset_day).map(|s| s.td_c).collect();
        if before.len() < COMPARED_DAYS {
            return None;
        }
        let (sum, n) = self.recent(Series::Hot, 4).fold((0.0, 0.0), |(sum, n), s| (sum + s.td_c, n + 1.0));
        points::median(&mut before).filter(|_| n > 0.0).map(|median_c| sum / n - median_c)
    }
}
