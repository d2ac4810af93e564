//! Heats that come within minutes: a loaded machine without its air is at the limit before anybody looks.
//!
//! Not every such heat is a fault's. A machine that stops hot goes on warming its sensor, and one that starts again soon begins
//! with that heat and loses it within minutes, every day of its life. So what comes with a start counts only when it outlasts the
//! start or ends with the controller stopping the machine. And a heat that hotter air or more work than in the last days brings is
//! the air's or the work's: what is usual moves with both, one to one with the air and, over the air, in proportion to the current.

use foretell_model::MINUTE_MS;
use serde::{Deserialize, Serialize};

use super::feature::Feature;
use super::regime::Regime;
use super::tally::Seen;

/// A heat is this far above the hottest hour of the last days, K, and at least this hot, degC.
const HEAT_K: f32 = 8.0;
const HEAT_FROM_C: f32 = 95.0;
/// The air where nobody measures it, degC: what more work adds is told in proportion to the rise over it.
const NOMINAL_AIR_C: f32 = 30.0;
/// More work than this, as a share of the most of the last days, is a current that nobody should build upon.
const MORE_WORK_MAX: f32 = 1.6;
/// Time in which the oil follows what the motor draws.
const FOLLOWS_MS: f32 = 20.0 * MINUTE_MS as f32;
/// It begins from no more than this above that hour, K, and within this time.
const COOL_K: f32 = 3.0;
const WITHIN_MS: i64 = 30 * MINUTE_MS;
/// A heat that is over within this time, at no less load than it came with, comes and goes; one that lasts so long under load
/// stays.
const RETURN_WITHIN_MS: i64 = 60 * MINUTE_MS;
const STAYS_MS: i64 = 90 * MINUTE_MS;
/// Share of the current with which a heat came below which the load has gone.
const SAME_LOAD: f32 = 0.9;
/// A stop from such a heat is the controller's, degC.
const TRIP_FROM_C: f32 = 101.0;

/// How far a rise has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Rise {
    /// The machine is no hotter than it usually is.
    #[default]
    None,
    /// One reading was hot: the next must bear it out.
    Seen,
    /// The same of a machine that was starting, or at rest.
    SeenAtStart,
    /// It was borne out while the machine was starting: it must last, or stop the machine.
    AtStart,
    /// It has been counted, or is of no interest.
    Told,
}

/// The most of the last days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UsualHot {
    /// Highest temperature held, degC.
    pub(crate) td_c: f32,
    /// Air of the hot hours by the machine's own sensor, degC.
    pub(crate) ta_c: Option<f32>,
    /// Current of the hot hours, A.
    pub(crate) amps_a: f32,
}

/// Follows the heats of a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Excursions {
    usual_hot: Option<UsualHot>,
    /// What the oil's heat has followed of the current, A.
    work_a: f32,
    rise: Rise,
    count: u8,
    /// Heats that were over at equal load, and heats that stayed.
    returns: u8,
    stays: u8,
    /// How often the machine stopped from such a heat.
    trips: u8,
    /// When it was last no hotter than usual.
    cool_ms: i64,
    /// When the present heat was borne out, and the current that it came with, A; nought when none is followed.
    heat_ms: i64,
    heat_a: f32,
    /// When the machine was last seen running that hot.
    hot_ms: i64,
}

impl Excursions {
    /// Begins another day and keeps what spans midnight.
    pub(crate) fn restart(&mut self, usual_hot: Option<UsualHot>) {
        (self.count, self.returns, self.stays, self.trips) = (0, 0, 0, 0);
        self.usual_hot = usual_hot;
    }

    /// The day's features.
    pub(crate) fn features(&self, give: &mut impl FnMut(Feature, Option<f64>)) {
        let counts = [
            (Feature::HotExcursions, self.count),
            (Feature::HotTrips, self.trips),
            (Feature::HotReturns, self.returns),
            (Feature::HotStays, self.stays),
        ];
        counts.into_iter().for_each(|(feature, count)| give(feature, (count > 0).then_some(f64::from(count))));
    }

    /// Takes one reading.
    pub(crate) fn observe(&mut self, seen: &Seen<'_>) {
        self.follow_work(seen);
        let Some((td_c, usual_c)) = seen.td_c.zip(self.usual_c(seen)) else { return };
        let tripped = self.watch_trips(seen, td_c, usual_c);
        let is_cool = td_c <= usual_c + COOL_K;
        if is_cool {
            (self.cool_ms, self.rise) = (seen.ts.millis(), Rise::None);
        } else {
            self.follow_rise(seen, td_c, usual_c, tripped);
        }
        self.follow_heat(seen, is_cool);
    }

    /// Notes a temperature that jumped and waits to be believed: a heat begins with the first reading that shows it, and a machine
    /// that trips is at rest by the next.
    pub(crate) fn expect_heat(&mut self, seen: &Seen<'_>) {
        let Some((td_c, usual_c)) = seen.td_c.zip(self.usual_c(seen)) else { return };
        if self.rise == Rise::None {
            self.rise = self.first_sight(seen, td_c, usual_c);
        }
        if runs(seen) && td_c >= (usual_c + HEAT_K).max(TRIP_FROM_C) {
            self.hot_ms = seen.ts.millis();
        }
    }

    /// Follows the current: up at once and down as the oil cools.
    fn follow_work(&mut self, seen: &Seen<'_>) {
        let now_a = seen.amps_a.filter(|_| runs(seen)).unwrap_or(0.0);
        let kept_a = self.work_a - (self.work_a - now_a) * (seen.dt_ms as f32 / FOLLOWS_MS).clamp(0.0, 1.0);
        self.work_a = now_a.max(kept_a);
    }

    /// What the hottest hour of the last days would be in this air and at this work, degC.
    fn usual_c(&self, seen: &Seen<'_>) -> Option<f32> {
        let usual = self.usual_hot?;
        let hotter_k = seen.ta_c.zip(usual.ta_c).map_or(0.0, |(now, then)| (now - then).max(0.0));
        let more = (self.work_a / usual.amps_a.max(0.1)).clamp(1.0, MORE_WORK_MAX) - 1.0;
        let rise_k = (usual.td_c - usual.ta_c.unwrap_or(NOMINAL_AIR_C)).max(0.0);
        Some(usual.td_c + hotter_k + more * rise_k)
    }

    /// It was none.
    pub(crate) fn take_heat_back(&mut self) {
        (self.rise, self.hot_ms) = (Rise::None, 0);
    }

    /// Whether the machine has just stopped from such a heat that its controller will have stopped it.
    fn watch_trips(&mut self, seen: &Seen<'_>, td_c: f32, usual_c: f32) -> bool {
        if runs(seen) && td_c >= (usual_c + HEAT_K).max(TRIP_FROM_C) {
            self.hot_ms = seen.ts.millis();
        } else if seen.regime == Regime::Stopped && self.hot_ms != 0 {
            let tripped = seen.ts.millis() - self.hot_ms <= WITHIN_MS;
            (self.trips, self.hot_ms) = (self.trips.saturating_add(u8::from(tripped)), 0);
            return tripped;
        }
        false
    }

    fn follow_rise(&mut self, seen: &Seen<'_>, td_c: f32, usual_c: f32, tripped: bool) {
        // The second reading need only still be hot: the machine may have tripped and begun to cool.
        self.rise = match self.rise {
            Rise::None => self.first_sight(seen, td_c, usual_c),
            Rise::Seen => self.told(seen),
            Rise::SeenAtStart | Rise::AtStart if tripped || lasts(seen.regime) => self.told(seen),
            Rise::SeenAtStart => Rise::AtStart,
            rise => rise,
        };
    }

    /// What the first reading of a rise is worth.
    fn first_sight(&self, seen: &Seen<'_>, td_c: f32, usual_c: f32) -> Rise {
        let is_hot = td_c >= (usual_c + HEAT_K).max(HEAT_FROM_C);
        match seen.regime {
            _ if !is_hot => Rise::None,
            _ if seen.ts.millis() - self.cool_ms > WITHIN_MS => Rise::Told,
            // Seldom seen running, a machine that trips within minutes is found at rest.
            Regime::Stopped | Regime::Unknown if td_c >= TRIP_FROM_C => Rise::Seen,
            Regime::Stopped | Regime::Unknown | Regime::Starting => Rise::SeenAtStart,
            Regime::Unloaded | Regime::LoadedSteady => Rise::Seen,
        }
    }

    fn told(&mut self, seen: &Seen<'_>) -> Rise {
        self.count = self.count.saturating_add(1);
        (self.heat_ms, self.heat_a) = (seen.ts.millis(), seen.amps_a.filter(|_| runs(seen)).unwrap_or(0.0));
        Rise::Told
    }

    /// Tells a heat that comes and goes while the machine works on as before from one that stays. One that ends with a stop or
    /// with the load tells neither.
    fn follow_heat(&mut self, seen: &Seen<'_>, is_cool: bool) {
        if self.heat_ms == 0 {
            return;
        }
        let for_ms = seen.ts.millis() - self.heat_ms;
        let is_loaded =
            seen.regime == Regime::LoadedSteady && seen.amps_a.is_some_and(|a| a >= SAME_LOAD * self.heat_a);
        if is_cool {
            let returned = is_loaded && for_ms <= RETURN_WITHIN_MS;
            (self.returns, self.heat_ms) = (self.returns.saturating_add(u8::from(returned)), 0);
        } else if !runs(seen) {
            self.heat_ms = 0;
        } else if is_loaded && for_ms >= STAYS_MS {
            (self.stays, self.heat_ms) = (self.stays.saturating_add(1), 0);
        }
    }
}

const fn runs(seen: &Seen<'_>) -> bool {
    !matches!(seen.regime, Regime::Stopped | Regime::Unknown)
}

/// Whether the machine has been running for longer than a start takes.
const fn lasts(regime: Regime) -> bool {
    matches!(regime, Regime::Unloaded | Regime::LoadedSteady)
}

#[cfg(test)]
mod tests {
    use foretell_model::{Signals, Timestamp};

    use super::*;

    /// Heats counted, trips, and heats that went, of a machine whose hottest hour is 84 degC, read every `every_min`.
    fn check(every_min: i64, readings: &[(f32, Regime)], expected: (u8, u8, u8)) {
        let mut excursions = Excursions::default();
        excursions.restart(Some(UsualHot { td_c: 84.0, ta_c: Some(32.0), amps_a: 100.0 }));
        let signals = Signals::empty();
        for (place, (td_c, regime)) in (0..).zip(readings) {
            let ts = Timestamp::from_millis(1_800_000_000_000) + place * every_min * MINUTE_MS;
            let (dt_ms, regime) = (every_min * MINUTE_MS, *regime);
            let amps_a = Some(if matches!(regime, Regime::Stopped) { 0.0 } else { 100.0 });
            excursions.observe(&Seen {
                ts,
                dt_ms,
                regime,
                is_told: true,
                td_c: Some(*td_c),
                ta_c: Some(32.0),
                amps_a,
                bar: None,
                signals: &signals,
            });
        }
        assert_eq!((excursions.count, excursions.trips, excursions.returns), expected, "{every_min} min {readings:?}");
    }

    #[test]
    fn a_heat_is_counted_when_the_next_reading_bears_it_out() {
        use Regime::{LoadedSteady as Loaded, Stopped};
        check(5, &[(82.0, Loaded), (97.0, Loaded), (99.0, Loaded), (82.0, Loaded)], (1, 0, 1));
        check(5, &[(82.0, Loaded), (97.0, Loaded), (82.0, Loaded)], (0, 0, 0));
        check(5, &[(82.0, Loaded), (104.0, Loaded), (96.0, Stopped), (60.0, Stopped)], (1, 1, 0));
        // Seldom seen, the machine has tripped before the first hot reading.
        check(15, &[(82.0, Loaded), (104.0, Stopped), (92.0, Stopped), (60.0, Stopped)], (1, 0, 0));
        // What took an hour is the weather, or dirt.
        check(15, &[(82.0, Loaded), (89.0, Loaded), (91.0, Loaded), (93.0, Loaded), (96.0, Loaded)], (0, 0, 0));
    }

    /// Heats counted of a machine that has been no hotter than 84 degC at 100 A and in air of 32 degC, and is now.
    fn counted(now_a: f32, air_c: Option<f32>, heats_c: &[f32]) -> u8 {
        let mut excursions = Excursions::default();
        excursions.restart(Some(UsualHot { td_c: 84.0, ta_c: air_c.map(|_| 32.0), amps_a: 100.0 }));
        let signals = Signals::empty();
        for (place, td_c) in (0..).zip(heats_c) {
            excursions.observe(&Seen {
                ts: Timestamp::from_millis(1_800_000_000_000) + place * 5 * MINUTE_MS,
                dt_ms: 5 * MINUTE_MS,
                regime: Regime::LoadedSteady,
                is_told: false,
                td_c: Some(*td_c),
                ta_c: air_c,
                amps_a: Some(now_a),
                bar: None,
                signals: &signals,
            });
        }
        excursions.count
    }

    #[test]
    fn the_heat_of_hotter_air_or_of_more_work_is_no_fans() {
        let heats_c = [82.0, 88.0, 95.0, 95.0, 94.0, 83.0];
        assert_eq!(counted(100.0, Some(32.0), &heats_c), 1);
        assert_eq!(counted(100.0, None, &heats_c), 1);
        // A third more work, and a room that has become ten kelvins hotter.
        assert_eq!(counted(133.0, Some(32.0), &heats_c), 0);
        assert_eq!(counted(133.0, None, &heats_c), 0);
        assert_eq!(counted(100.0, Some(42.0), &heats_c), 0);
        // A fan that stops is hotter than either by far.
        let stopped_c = [82.0, 96.0, 108.0, 109.0];
        assert_eq!(counted(110.0, Some(36.0), &stopped_c), 1);
    }

    #[test]
    fn what_a_hot_machine_starts_with_is_no_fault() {
        use Regime::{LoadedSteady as Loaded, Starting, Stopped};
        // The sensor warms on after a stop, and the start begins with that heat.
        let soak = [(82.0, Loaded), (93.0, Stopped), (97.0, Stopped), (98.0, Stopped)];
        let starts = |after: &[(f32, Regime)]| [&soak[..], after].concat();
        check(1, &starts(&[(99.0, Starting), (96.0, Starting), (88.0, Starting), (84.0, Starting)]), (0, 0, 0));
        check(1, &starts(&[(99.0, Starting), (97.0, Starting), (96.0, Stopped), (80.0, Stopped)]), (0, 0, 0));
        // But what outlasts the start does not come of it, and neither does what stops the machine.
        let lasting: Vec<(f32, Regime)> = [vec![(98.0, Starting); 20], vec![(98.0, Loaded)]].concat();
        check(1, &starts(&lasting), (1, 0, 0));
        check(1, &starts(&[(99.0, Starting), (104.0, Starting), (108.0, Starting), (106.0, Stopped)]), (1, 1, 0));
    }
}
