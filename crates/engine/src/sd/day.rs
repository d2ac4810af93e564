//! What is kept of a closed day: two operating points and a few figures, 18 bytes.
//!
//! Raw readings are not kept (the archive has them). Two points per day are enough for a hinge: the hottest loaded hours
//! say what the cooler can do, the coolest say what the thermostatic valve does.

use foretell_model::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// Days that a machine's history holds.
pub(crate) const DAYS_KEPT: usize = 91;

/// 2000-01-01 in days since 1970; earlier days are a clock fault, not history.
const FIRST_DAY: i64 = 10_957;

const UNKNOWN: i16 = i16::MIN;
/// See [`DayRecord::excess_k`].
const UNJUDGED: u8 = 127;
const UNWELL: u8 = 128;
/// Cool hours are kept as what they are below the hot ones: in quarter kelvins from so many above them; 255 = unknown.
const COOL_ABOVE_K: f64 = 10.0;
/// An ambient that a sibling's sensor measured is kept by so much too high, which no air ever is: one's own and another's
/// sensor read apart, and must never be taken for each other.
const BESIDE: i16 = 20_000;
/// [`Point::aside`] of an hour of nothing but load.
const FULL: u8 = 250;
/// What is kept higher than this is such a one.
const OWN_MAX: i16 = 10_000;
/// Loaded shares are kept in so many parts.
const SHARE_PARTS: f64 = 250.0;
/// Power of an unloaded machine as a share of its loaded power (25 to 35 % in the field).
const IDLE_POWER: f64 = 0.28;

/// A day number as kept: days since 2000-01-01, enough until 2179.
pub(crate) type Day = u16;

/// The kept number of an instant's day; `None` outside 2000 to 2179, where only a broken clock can be.
pub(crate) fn day_of(ts: Timestamp) -> Option<Day> {
    Day::try_from(ts.day() - FIRST_DAY).ok()
}

/// The instant at which a day begins (UTC).
pub(crate) fn start_of(day: Day) -> Timestamp {
    Timestamp::from_millis((i64::from(day) + FIRST_DAY) * DAY_MS)
}

/// Mean operating point of some loaded-steady hours, in hundredths of degC and tenths of A and bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    td: i16,
    ta: i16,
    amps: u16,
    bar: u8,
    /// Of an hour, the loaded share of its running, in 1/250. Of a day's hot point, the heat made in its cool hours over that in
    /// its own, in 1/150; it stands here because every other place would cost a byte of padding, some hundred times per machine.
    aside: u8,
}

impl Default for Point {
    fn default() -> Self {
        Self { td: UNKNOWN, ta: UNKNOWN, amps: 0, bar: u8::MAX, aside: FULL }
    }
}

impl Point {
    pub(crate) fn new(td_c: f64, ta_c: Option<f64>, amps_a: f64, bar: Option<f64>) -> Self {
        Self {
            td: centi(Some(td_c)),
            ta: centi(ta_c),
            amps: (amps_a * 10.0).round().clamp(0.0, 65_535.0) as u16,
            bar: bar.map_or(u8::MAX, |b| (b * 10.0).round().clamp(0.0, 254.0) as u8),
            aside: FULL,
        }
    }

    /// Mean of some points, each counted once.
    pub(crate) fn mean(points: &[Self]) -> Self {
        if points.is_empty() {
            return Self::default();
        }
        let average = |value: fn(&Self) -> Option<f64>| {
            let (sum, n) = points.iter().filter_map(value).fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
            (n > 0.0).then(|| sum / n)
        };
        let mean = Self::new(
            average(Self::td_c).unwrap_or_default(),
            average(Self::ta_c),
            average(|p| Some(p.amps_a())).unwrap_or_default(),
            average(Self::bar),
        );
        let mean = mean.loaded(average(|p| Some(f64::from(p.aside) / SHARE_PARTS)).unwrap_or(1.0));
        // An hour whose air nobody knew would make a mean of other hours.
        let all_beside = points.iter().all(|p| p.beside_c().is_some());
        mean.beside(average(Self::beside_c).filter(|_| all_beside))
    }

    /// The same with the ambient by a sibling's sensor in the same hours, unless the machine's own measured it.
    pub(crate) fn beside(self, air_c: Option<f64>) -> Self {
        match air_c.map(|c| centi(Some(c))).filter(|c| self.ta == UNKNOWN && *c < OWN_MAX) {
            Some(air) => Self { ta: air.saturating_add(BESIDE), ..self },
            None => self,
        }
    }

    /// The same of hours in which the machine was loaded for so much of its running time.
    pub(crate) fn loaded(self, share: f64) -> Self {
        Self { aside: (share * SHARE_PARTS).round().clamp(0.0, SHARE_PARTS) as u8, ..self }
    }

    /// What stands for the heat made in an hour: idling, a machine draws half the current but a quarter of the power.
    fn heat_a(&self) -> f64 {
        self.amps_a() * heat_share(f64::from(self.aside) / SHARE_PARTS)
    }

    pub(crate) fn td_c(&self) -> Option<f64> {
        known(self.td)
    }

    /// Ambient by the machine's own sensor, degC.
    pub(crate) fn ta_c(&self) -> Option<f64> {
        known(self.ta).filter(|_| self.ta <= OWN_MAX)
    }

    /// Ambient by a sibling's sensor in the very same hours, degC.
    pub(crate) fn beside_c(&self) -> Option<f64> {
        (self.ta > OWN_MAX).then(|| f64::from(self.ta - BESIDE) / 100.0)
    }

    /// Ambient by whatever sensor, degC.
    pub(crate) fn air_c(&self) -> Option<f64> {
        self.ta_c().or_else(|| self.beside_c())
    }

    pub(crate) fn amps_a(&self) -> f64 {
        f64::from(self.amps) / 10.0
    }

    pub(crate) fn bar(&self) -> Option<f64> {
        (self.bar != u8::MAX).then(|| f64::from(self.bar) / 10.0)
    }

    pub(crate) const fn is_some(&self) -> bool {
        self.td != UNKNOWN
    }
}

/// One closed day of one machine. Packed by hand: it is kept 92 times per machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DayRecord {
    /// Which day.
    pub(crate) day: Day,
    /// Up to four hottest loaded-steady hours.
    pub(crate) hot: Point,
    /// The cool hours; of their pressure and number nothing is asked later.
    cool_td: u8,
    cool_ta: u8,
    /// What was held at most over the hot point, tenths of K.
    peak_over: u8,
    /// Half degrees from -40 degC; 255 = no soak.
    soak: u8,
    /// Quarter kelvins, 127 = not judged; the highest bit of a day that says nothing of the room.
    excess: u8,
    run: u8,
    load: u8,
    unloaded: u8,
}

impl DayRecord {
    pub(crate) fn new(day: Day, hot: Point, cool: Point, peak_c: Option<f64>, soak_c: Option<f64>) -> Self {
        let over_k = peak_c.zip(hot.td_c()).map_or(0.0, |(peak, hot)| peak - hot);
        let share = cool.heat_a() / hot.heat_a().max(0.1) * 150.0;
        Self {
            day,
            hot: Point { aside: share.round().clamp(0.0, 255.0) as u8, ..hot },
            cool_td: below(hot.td_c(), cool.td_c()),
            cool_ta: below(hot.ta_c(), cool.ta_c()).min(below(hot.beside_c(), cool.beside_c())),
            peak_over: (over_k * 10.0).round().clamp(0.0, 255.0) as u8,
            soak: soak_c.map_or(u8::MAX, |c| ((c + 40.0) * 2.0).round().clamp(0.0, 254.0) as u8),
            excess: UNJUDGED,
            run: 0,
            load: 0,
            unloaded: 0,
        }
    }

    pub(crate) fn with_hours(mut self, run_h: f64, load_h: f64, unloaded_share: Option<f64>) -> Self {
        self.run = (run_h * 10.0).round().clamp(0.0, 240.0) as u8;
        self.load = (load_h * 10.0).round().clamp(0.0, 240.0) as u8;
        self.unloaded = unloaded_share.map_or(0, |s| (s * 200.0).round().clamp(1.0, 255.0) as u8);
        self
    }

    /// Up to four of the coolest other hours.
    pub(crate) fn cool(&self) -> Point {
        let amps = (f64::from(self.hot.amps) * self.cool_heat()).round().min(65_535.0) as u16;
        let td = centi(not_below(self.hot.td_c(), self.cool_td));
        let ta = centi(not_below(self.hot.ta_c(), self.cool_ta));
        Point { td, ta, amps, bar: u8::MAX, aside: FULL }.beside(not_below(self.hot.beside_c(), self.cool_ta))
    }

    /// Heat made in the cool hours over that made in the hot ones.
    pub(crate) fn cool_heat(&self) -> f64 {
        f64::from(self.hot.aside) / 150.0
    }

    /// Highest loaded discharge temperature that was held for ten minutes, degC.
    pub(crate) fn peak_c(&self) -> Option<f64> {
        Some(self.hot.td_c()? + f64::from(self.peak_over) / 10.0)
    }

    /// Discharge temperature at the end of a stop long enough to have come down to ambient, degC.
    pub(crate) fn soak_c(&self) -> Option<f64> {
        (self.soak != u8::MAX).then(|| f64::from(self.soak) / 2.0 - 40.0)
    }

    /// Excess over own normal as judged when the day closed, K; siblings subtract it.
    pub(crate) fn excess_k(&self) -> Option<f64> {
        let excess = self.excess & !UNWELL;
        (excess != UNJUDGED).then(|| f64::from(excess) / 4.0)
    }

    pub(crate) fn set_excess_k(&mut self, excess_k: f64) {
        let excess = (excess_k * 4.0).round().clamp(0.0, f64::from(UNJUDGED - 1)) as u8;
        self.excess = (self.excess & UNWELL) | excess;
    }

    /// Whether the machine had something else than its cooler on that day, so that its temperature says nothing of the room.
    pub(crate) const fn is_unwell(&self) -> bool {
        self.excess & UNWELL != 0
    }

    pub(crate) const fn set_unwell(&mut self) {
        self.excess |= UNWELL;
    }

    pub(crate) fn run_h(&self) -> f64 {
        f64::from(self.run) / 10.0
    }

    pub(crate) fn load_h(&self) -> f64 {
        f64::from(self.load) / 10.0
    }

    /// Unloaded current as a share of the loaded current.
    pub(crate) fn unloaded_share(&self) -> Option<f64> {
        (self.unloaded > 0).then(|| f64::from(self.unloaded) / 200.0)
    }
}

/// Heat of a machine that is loaded for so much of its running time, over that of one that is always loaded.
pub(crate) fn heat_share(loaded_share: f64) -> f64 {
    IDLE_POWER + (1.0 - IDLE_POWER) * loaded_share
}

fn below(hot_c: Option<f64>, cool_c: Option<f64>) -> u8 {
    let quarters =
        |(hot_c, cool_c): (f64, f64)| ((hot_c - cool_c + COOL_ABOVE_K) * 4.0).round().clamp(0.0, 254.0) as u8;
    hot_c.zip(cool_c).map_or(u8::MAX, quarters)
}

fn not_below(hot_c: Option<f64>, quarters: u8) -> Option<f64> {
    hot_c.filter(|_| quarters != u8::MAX).map(|hot_c| hot_c + COOL_ABOVE_K - f64::from(quarters) / 4.0)
}

fn centi(value_c: Option<f64>) -> i16 {
    value_c.map_or(UNKNOWN, |v| (v * 100.0).round().clamp(-32_000.0, 32_000.0) as i16)
}

fn known(centi: i16) -> Option<f64> {
    (centi != UNKNOWN).then(|| f64::from(centi) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_ignores_what_was_not_measured() {
        let a = Point::new(80.0, Some(20.0), 100.0, None);
        let b = Point::new(90.0, None, 110.0, Some(7.0));
        let mean = Point::mean(&[a, b]);
        assert_eq!((mean.td_c(), mean.ta_c(), mean.amps_a(), mean.bar()), (Some(85.0), Some(20.0), 105.0, Some(7.0)));
        assert!(!Point::mean(&[]).is_some());
    }

    #[test]
    fn cool_hours_know_how_much_heat_was_made_in_them() {
        let check = |hot_share: f64, cool_share: f64, cool_a: f64, expected: f64| {
            let hour = |amps_a: f64, share: f64| Point::new(90.0, Some(30.0), amps_a, None).loaded(share);
            let record = DayRecord::new(7, hour(100.0, hot_share), hour(cool_a, cool_share), None, None);
            assert!((record.cool_heat() - expected).abs() < 0.01, "{record:?}");
        };
        check(1.0, 1.0, 100.0, 1.0);
        check(1.0, 1.0, 80.0, 0.8);
        check(1.0, 0.5, 100.0, 0.64);
        check(0.5, 1.0, 100.0, 1.0 / 0.64);
    }

    #[test]
    fn cool_hours_are_known_to_an_eighth_of_a_kelvin() {
        for (td_c, ta_c) in [(81.3, Some(18.04)), (97.9, None), (101.2, Some(35.0))] {
            let hot = Point::new(96.17, Some(34.2), 100.0, None);
            let cool = DayRecord::new(7, hot, Point::new(td_c, ta_c, 90.0, None), None, None).cool();
            assert!(cool.td_c().is_some_and(|c| (c - td_c).abs() < 0.13), "{cool:?}");
            assert!(cool.ta_c().map_or(ta_c.is_none(), |c| (c - ta_c.unwrap()).abs() < 0.13), "{cool:?}");
        }
        assert!(!DayRecord::new(7, Point::default(), Point::default(), None, None).cool().is_some());
    }

    #[test]
    fn the_air_of_another_sensor_is_never_taken_for_ones_own() {
        let hour = |td_c: f64, own_c, beside_c| Point::new(td_c, own_c, 100.0, None).beside(beside_c);
        let check = |points: &[Point], own_c, beside_c| {
            let mean = Point::mean(points);
            let cool = DayRecord::new(7, mean, Point::mean(points), None, None).cool();
            for point in [mean, cool] {
                assert_eq!((point.ta_c(), point.beside_c()), (own_c, beside_c), "{points:?}");
            }
        };
        check(&[hour(80.0, None, Some(-4.0)), hour(82.0, None, Some(-2.0))], None, Some(-3.0));
        check(&[hour(80.0, Some(20.0), Some(25.0)), hour(82.0, Some(22.0), None)], Some(21.0), None);
        check(&[hour(80.0, None, Some(25.0)), hour(82.0, None, None)], None, None);
        check(&[hour(80.0, Some(20.0), None), hour(82.0, None, Some(30.0))], Some(20.0), None);
    }

    #[test]
    fn days_outside_the_clock_of_the_product_are_none() {
        assert_eq!(day_of(Timestamp::from_millis(0)), None);
        let ts = Timestamp::parse("2026-07-01T13:00:00Z").unwrap();
        assert_eq!(start_of(day_of(ts).unwrap()).to_string(), "2026-07-01T00:00:00Z");
    }
}
