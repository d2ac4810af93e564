//! Why a growing excess is or is not told of: the day's figures and the gates of the grades that they do not pass.

use foretell_model::{Catalogue, FaultCode, FindingKind, MachineId, Timestamp};

use crate::engine::{Engine, speaker};
use crate::findings::grade;
use crate::ha::cause::likelihoods;
use crate::ha::points::AmbientSource;
use crate::heat::of_heat;
use crate::sd::day::start_of;

/// A machine's newest closed day, weighed.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// When that day had ended (UTC).
    pub at: Timestamp,
    /// Where its ambient comes from.
    pub source: AmbientSource,
    /// Days with loaded hours that its normal rests on.
    pub hot_days: usize,
    /// Log Bayes factor that an excess grows.
    pub log_bf: f64,
    /// Present excess of the saturated branch, K, and its sd.
    pub excess_k: (f64, f64),
    /// When it began, as far as can be told.
    pub onset: Timestamp,
    /// How far the temperature itself stands above the days before the onset, K; `None` without such days.
    pub risen_k: Option<f64>,
    /// How far the last week stands above normal, in standard deviations of a day.
    pub stands_out: Option<f64>,
    /// Chance of the limit within the days that `advise` looks ahead, 0 to 1.
    pub chance: f64,
    /// Median of the remaining days; `None` beyond the horizon or without a forecast.
    pub p50_days: Option<f64>,
    /// Error of a day, K, its share in the next, and error of a point within its day, K.
    pub noise: (f64, f64, f64),
    /// What a tenth more load adds with an open and with a regulating valve, K.
    pub load_k: (f64, f64),
    /// The likeliest fault and its likelihood, 0 to 1.
    pub likeliest: Option<(FaultCode, f64)>,
    /// The likeliest sensor fault's likelihood, 0 to 1.
    pub sensor: f64,
    /// Share of the excess that the site has in common, 0 to 1.
    pub common_share: Option<f64>,
    /// Gates of `advise` that the day does not pass.
    pub short_of: Vec<&'static str>,
}

impl Engine {
    /// Weighs the machine's newest closed day anew, which costs as much as closing a day; `None` where it cannot be judged.
    #[must_use]
    pub fn weighed(&self, id: &MachineId) -> Option<Weighed> {
        let place = *self.index.get(id)? as usize;
        let machine = self.machines.get(place)?;
        let today = machine.days.last()?.day.saturating_add(1);
        let (judged, site) = self.judge(place, today);
        let at = self.site(place).closing(today);
        let speaker = speaker(&self.options, id, at);
        let known = speaker.known(machine, today, judged.as_ref().map(|(_, j)| j), &site);
        let (health, j) = judged?;
        let policy = &self.options.policy;
        let causes = likelihoods(&self.options.catalogue, Catalogue::DISCHARGE_HOT, &of_heat(machine, &known));
        let of_sensor = |fault: &FaultCode| speaker.kind_of(fault) == FindingKind::SensorFault;
        let first = |sensor: bool| causes.iter().find(|a| of_sensor(&a.fault) == sensor);
        let within = |f: &crate::pa::passage::Forecast| j.certainty * f.within(policy.advise_within_days);
        Some(Weighed {
            at,
            source: health.source,
            hot_days: j.hot_days,
            log_bf: j.log_bf,
            excess_k: (j.excess_k, j.excess_sd_k),
            onset: start_of(j.onset_day.clamp(0.0, f64::from(today)) as u16),
            risen_k: j.risen_k,
            stands_out: j.stands_out,
            chance: j.forecast.as_ref().map_or(0.0, within),
            p50_days: j.forecast.as_ref().and_then(|f| f.rul_days().p50),
            noise: (health.noise.sd_k, health.noise.rho, health.noise.point_sd_k),
            load_k: (health.baseline.theta[4], health.baseline.theta[7]),
            likeliest: first(false).map(|a| (a.fault.clone(), a.likelihood)),
            sensor: first(true).map_or(0.0, |a| a.likelihood),
            common_share: site.common_share,
            short_of: grade::short_of(&j, policy),
        })
    }
}
