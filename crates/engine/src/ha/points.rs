//! Gathers a machine's days into comparable points, with the best ambient that the site offers.
//!
//! One source is used for the whole window: mixing sources with different offsets would make steps that look like faults.

use std::cell::LazyCell;

use serde::{Deserialize, Serialize};

use super::air::{Sibling, Told};
use super::baseline::Conditions;
use super::duty;
use super::made::{Heat, Reference};
use super::neighbours;
use super::silent;
use super::trend::Trend;
use crate::sd::day::{Day, DayRecord, Point, start_of};

/// Where the ambient of a machine comes from, from the surest to the vaguest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AmbientSource {
    /// Its own inlet sensor.
    Own,
    /// A sensor of another machine on the site, in the same hours; where these are not known, in that machine's own.
    Sibling,
    /// Its own oil at the end of a long stop.
    ColdSoak,
    /// The discharge temperatures of the site's other machines, read back through their hinges, together with the mornings of
    /// those that rest by night and with weather that persists.
    SiblingTemperatures,
    /// Nothing but the season.
    #[default]
    Season,
}

impl AmbientSource {
    /// Day-level error of the expected temperature to assume before residuals are known, K.
    pub(crate) const fn prior_sd_k(self) -> f64 {
        match self {
            Self::Own => 0.9,
            Self::Sibling => 1.0,
            Self::ColdSoak => 2.0,
            Self::SiblingTemperatures => 1.5,
            Self::Season => 3.5,
        }
    }

    /// How much of a day's error to expect in the next, before residuals are known. Weather persists.
    pub(crate) const fn prior_rho(self) -> f64 {
        match self {
            Self::Own | Self::Sibling => 0.4,
            Self::ColdSoak | Self::SiblingTemperatures => 0.45,
            Self::Season => 0.8,
        }
    }

    /// Whether a sensor shows the air itself, and not what is made of other temperatures.
    pub(crate) const fn is_measured(self) -> bool {
        matches!(self, Self::Own | Self::Sibling)
    }

    /// Whether it tells a hot room from a hot machine.
    pub(crate) const fn tells_the_room(self) -> bool {
        matches!(self, Self::Own | Self::Sibling | Self::SiblingTemperatures)
    }

    /// Whether it tells cool hours from hot ones of the same day.
    const fn knows_the_hour(self) -> bool {
        matches!(self, Self::Own | Self::Sibling | Self::ColdSoak)
    }

    /// How much the evidence counts. Above 1 where the ambient is measured: there the model of errors, made wide for all that
    /// it leaves out, has shown itself too cautious on foreign fleets; below 1 where it is one machine's guess.
    pub(crate) const fn trust(self) -> f64 {
        match self {
            Self::Own => 1.8,
            Self::Sibling => 1.6,
            Self::SiblingTemperatures => 1.05,
            Self::ColdSoak => 0.7,
            Self::Season => 0.3,
        }
    }

    /// How growth still to come may differ from the law fitted so far, as shares of it.
    ///
    /// A measured ambient shows the law itself; what is left of doubt leans upwards, because laws break towards the limit:
    /// blocked fins take the air from their neighbours. An inferred ambient blurs the law to both sides.
    pub(crate) const fn growth_error(self) -> GrowthError {
        match self {
            Self::Own | Self::Sibling => GrowthError { haste: 1.1, slower_sd: 0.28, faster_sd: 0.28 },
            // How unsure the air is stands with each of its days.
            Self::SiblingTemperatures => GrowthError { haste: 1.0, slower_sd: 0.32, faster_sd: 0.35 },
            Self::ColdSoak | Self::Season => GrowthError { haste: 1.0, slower_sd: 0.4, faster_sd: 0.45 },
        }
    }

    /// No more persistence than this is believed: beyond it a level could no longer be told from drift.
    pub(crate) const fn rho_max(self) -> f64 {
        match self {
            Self::Own | Self::Sibling => 0.65,
            Self::ColdSoak | Self::SiblingTemperatures => 0.8,
            Self::Season => 0.92,
        }
    }

    /// How far the slope in this ambient may be from the physical one, K per 10 K.
    pub(crate) const fn slope_sd(self) -> f64 {
        match self {
            Self::Own | Self::Sibling => 0.4,
            Self::SiblingTemperatures => 1.5,
            Self::ColdSoak => 2.5,
            Self::Season => 5.0,
        }
    }
}

/// See [`AmbientSource::growth_error`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrowthError {
    /// Growth to expect over what the law says.
    pub(crate) haste: f64,
    /// Relative sd on the slow side.
    pub(crate) slower_sd: f64,
    /// Relative sd on the fast side.
    pub(crate) faster_sd: f64,
}

/// Which of a day's two points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Series {
    Hot,
    Cool,
}

/// One point of the fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) day: Day,
    pub(crate) series: Series,
    pub(crate) td_c: f64,
    pub(crate) at: Conditions,
    /// Highest temperature held on the day minus the mean of its hot hours, K; of hot points.
    pub(crate) peak_over_k: f64,
}

/// What surrounds a machine when it is judged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings<'a> {
    /// The other machines on the site. Only days before the judged one may be used, so that a machine that
    /// delivers late is judged as it would have been live.
    pub(crate) siblings: Vec<Sibling<'a>>,
    /// Degrees north of the site, when configured.
    pub(crate) latitude_deg: Option<f64>,
    /// Usual time between samples, h, if the machine loads and unloads: a few samples then say little about its mean current.
    pub(crate) switching_h: Option<f64>,
    /// First of the days since which the machine's valve is known to stand open.
    pub(crate) spoilt_from: Option<Day>,
    /// What the machine itself is known to read too high.
    pub(crate) trend: Option<Trend>,
    /// Whether somebody has been advised of a growing excess, which is then as likely as not before anything is weighed.
    pub(crate) is_told: bool,
}

/// Share of the days on which a source must speak to be chosen.
pub(super) const COVERAGE: f64 = 0.6;
/// Share at which the source in use is kept.
const COVERAGE_HELD: f64 = 0.4;
/// How much warmer the hot and cool hours of the day are than the end of a night's soak, K; the fit absorbs the error.
const SOAK_TO_HOT_K: f64 = 7.0;
const SOAK_TO_COOL_K: f64 = 3.0;
/// At most so many siblings are consulted, nearest first in order of appearance; more would add cost and no knowledge.
pub(super) const SIBLINGS_MAX: usize = 8;

/// Chooses the ambient source and lists the window's samples in order of days, hot before cool.
///
/// `heats` are those of `days`, see [`heats`].
pub(crate) fn gather(
    days: &[DayRecord],
    heats: &[Option<Heat>],
    today: Day,
    reference: Reference,
    around: &Surroundings<'_>,
    held: AmbientSource,
) -> (AmbientSource, Vec<Sample>) {
    let by_hour = by_hour(days);
    // Reading the room off its machines is the dearest of all sources, so it is done when asked for, and once.
    let index = LazyCell::new(|| neighbours::air_c(days, today, around));
    let source = choose(days, today, around, held, &index);
    let told = silent::told(source, days, today, around, &index);
    let mut samples = Vec::with_capacity(days.len() * 2);
    let cool_heats = if around.switching_h.is_some() { duty::of_cool_hours(days) } else { Vec::new() };
    for (place, day) in days.iter().enumerate() {
        for series in [Series::Hot, Series::Cool] {
            let point = point_of(day, series);
            let (Some(td_c), true) = (point.td_c(), point.is_some()) else { continue };
            let (ta_c, ta_sd_k) = match (&told, series) {
                (Some(told), Series::Hot) => (told.air_c[place], told.sd_k[place]),
                (_, Series::Cool) if !source.knows_the_hour() => continue,
                _ => (spoken(source, by_hour, day, series, today, around), 0.0),
            };
            let Some(ta_c) = ta_c else { continue };
            let heat = match series {
                Series::Hot => heats[place],
                // A machine of variable speed shows in each hour what it draws.
                Series::Cool if cool_heats.is_empty() => Some(Heat::drawn(point.amps_a())),
                Series::Cool => heats[place].zip(cool_heats[place]).map(|(heat, share)| heat.times(share)),
            };
            let conditions = reference.conditions(ta_c, heat.unwrap_or(reference.usual()), point.bar());
            let at = Conditions { ta_sd_k, ..conditions };
            let peak_over_k = day.peak_c().map_or(0.0, |peak| (peak - td_c).clamp(0.0, 10.0));
            samples.push(Sample { day: day.day, series, td_c, at, peak_over_k });
        }
    }
    (source, samples)
}

/// What a source says of the air in a day's hot or cool hours, degC.
pub(super) fn spoken(
    source: AmbientSource,
    by_hour: bool,
    day: &DayRecord,
    series: Series,
    today: Day,
    around: &Surroundings<'_>,
) -> Option<f64> {
    match source {
        AmbientSource::Sibling if by_hour => point_of(day, series).beside_c(),
        _ => ambient(source, day, series, today, around),
    }
}

fn point_of(day: &DayRecord, series: Series) -> Point {
    match series {
        Series::Hot => day.hot,
        Series::Cool => day.cool(),
    }
}

fn choose<F: FnOnce() -> Told>(
    days: &[DayRecord],
    today: Day,
    around: &Surroundings<'_>,
    held: AmbientSource,
    index: &LazyCell<Told, F>,
) -> AmbientSource {
    let hot = || days.iter().filter(|d| d.hot.is_some());
    let with_hot = hot().count().max(1) as f64;
    let covered = |source: AmbientSource| {
        let days = match source {
            AmbientSource::SiblingTemperatures => index.air_c.iter().flatten().count(),
            AmbientSource::Sibling if by_hour(days) => hot().filter(|d| d.hot.beside_c().is_some()).count(),
            _ => hot().filter(|d| ambient(source, d, Series::Hot, today, around).is_some()).count(),
        };
        days as f64 / with_hot
    };
    // A change of source throws away what was learned with the old one, so it must be worth it.
    let enough = |source: &AmbientSource| covered(*source) >= if *source == held { COVERAGE_HELD } else { COVERAGE };
    // What siblings tell holds the machine's own mornings as well.
    let surest_first =
        [AmbientSource::Own, AmbientSource::Sibling, AmbientSource::SiblingTemperatures, AmbientSource::ColdSoak];
    surest_first.into_iter().find(enough).unwrap_or(AmbientSource::Season)
}

/// Whether a sibling's sensor is known in the very hours of most days. Days of which only the sibling's own hours are known are
/// then left out: these are other hours, and among the rest they would look like odd ones.
pub(super) fn by_hour(days: &[DayRecord]) -> bool {
    let with_hot = days.iter().filter(|d| d.hot.is_some()).count();
    2 * days.iter().filter(|d| d.hot.beside_c().is_some()).count() > with_hot
}

fn ambient(
    source: AmbientSource,
    day: &DayRecord,
    series: Series,
    today: Day,
    around: &Surroundings<'_>,
) -> Option<f64> {
    match source {
        AmbientSource::Own => point_of(day, series).ta_c(),
        AmbientSource::Sibling => {
            let spoken = |sibling: &Sibling<'_>| point_of(on(sibling, day.day, today)?, series).ta_c();
            let (sum, n) = around.siblings.iter().take(SIBLINGS_MAX).filter_map(spoken).fold((0.0, 0.0), add);
            (n > 0.0).then(|| sum / n)
        }
        AmbientSource::ColdSoak => {
            let warmer_k = if series == Series::Hot { SOAK_TO_HOT_K } else { SOAK_TO_COOL_K };
            day.soak_c().map(|soak| soak + warmer_k)
        }
        AmbientSource::SiblingTemperatures => None,
        AmbientSource::Season => Some(season_c(day.day, around.latitude_deg)),
    }
}

/// A sibling's record of a day, if that day is before the judged one.
pub(super) fn on<'a>(sibling: &Sibling<'a>, day: Day, today: Day) -> Option<&'a DayRecord> {
    let days = sibling.days;
    (day < today).then(|| days.binary_search_by_key(&day, |d| d.day).ok().map(|place| &days[place])).flatten()
}

pub(super) fn add((sum, n): (f64, f64), value: f64) -> (f64, f64) {
    (sum + value, n + 1.0)
}

/// A hot hour's ambient by the season alone, degC: warmest in late July north and late January south, hardly moving in
/// the tropics. Without a latitude a northern temperate site is assumed.
pub(crate) fn season_c(day: Day, latitude_deg: Option<f64>) -> f64 {
    let latitude = latitude_deg.unwrap_or(35.0);
    let amplitude_k = (latitude.abs() * 0.28).min(11.0) * latitude.signum();
    let turn = std::f64::consts::TAU * (f64::from(start_of(day).day_of_year()) - 205.0) / 365.25;
    24.0 + amplitude_k * turn.cos()
}

/// Median; `None` of nothing.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}
