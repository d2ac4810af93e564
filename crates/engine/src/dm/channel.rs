//! One sensor's health, judged reading by reading: rails, impossible values, spikes, missing values, wrong units, stuck.
//!
//! A trouble opens on sustained evidence and closes only after hours of good values, so that a loose contact makes one
//! finding and not a hundred. While a trouble other than [`Trouble::Flaky`] is open nothing of the sensor is used.

use foretell_model::{FaultCode, HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};

use super::hold::{Hold, Minute};
use super::jump::{Against, Jump, Jumps};
use super::plausible::{Plausible, WrongUnit};

/// What is wrong with a sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// Absent, at its rails or impossible for most of the time.
    Dropout,
    /// Repeats one value.
    Stuck,
    /// Reads off by a constant or a growing amount, seen against another sensor.
    Drift,
    /// Off by a factor that is exactly that between two units. The value is not converted: a guess that is wrong would
    /// become a wrong forecast, a value that is missing only a silent one, and the cure is one line in the column map.
    Unit,
    /// Spikes or drops out now and then; the values between pass every check and are used.
    Flaky,
}

impl Trouble {
    /// The code under which it is found; `None` when there is nothing to find.
    pub(crate) const fn fault(self) -> Option<FaultCode> {
        match self {
            Self::None => None,
            Self::Dropout | Self::Flaky => Some(FaultCode::SENSOR_DROPOUT),
            Self::Stuck => Some(FaultCode::SENSOR_STUCK),
            Self::Drift | Self::Unit => Some(FaultCode::SENSOR_DRIFT),
        }
    }

    /// Whether values may still be used.
    pub(crate) const fn is_usable(self) -> bool {
        matches!(self, Self::None | Self::Flaky)
    }
}

/// A bad sample counts for as long as it lasted, over about this time.
const SHARE_TIME_MS: f32 = 120.0 * MINUTE_MS as f32;
const OPENS_AT: f32 = 0.4;
const CLOSES_AT: f32 = 0.02;
/// Faults are counted over about this time, or so many samples where these take longer.
const FAULTS_MS: f32 = 72.0 * HOUR_MS as f32;
const FAULTS_SAMPLES: f32 = 1000.0;
/// Faults per sample, and at least so many, that make a sensor flaky. Electrical noise on a healthy one makes well under
/// one in a thousand; a loose contact makes one in a hundred.
const FLAKY_SHARE: f32 = 0.006;
const FLAKY_MIN: f32 = 5.0;
/// A gap in the values weighs this much of a spike: links lose values too.
const GAP_WEIGHT: f32 = 0.05;
/// Presence is learned over about this time.
const PRESENCE_MS: f32 = 240.0 * HOUR_MS as f32;
/// A signal that comes with this share of the readings is missed when it does not.
const REGULAR: f32 = 0.9;
/// One that comes less often is missed after this long, min.
const ABSENT_MIN: Minute = 12 * 60;
/// After this long without it, its absence no longer says how regularly it comes, min.
const LEARNS_ABSENCE_MIN: Minute = 60;
/// A channel that never spoke so often is not missing.
const KNOWN_AFTER: u8 = 20;
/// Beyond such a gap nobody knows whether the value was held.
const UNSEEN_MS: i64 = HOUR_MS;
/// Samples and time of one wrong unit that convict.
const UNIT_SAMPLES: u8 = 5;
const UNIT_MIN: Minute = 45;
/// Tenths of an ampere show at least so many times the loaded current: of a loaded machine, and, once suspected, of one that idles.
const TENFOLD: [f32; 2] = [6.0, 3.0];
/// No discharge is this hot in degC for long; in Fahrenheit every warm one is hotter.
const HOT_F: f32 = 125.0;
/// A machine that runs is at least this warm, degC: what would be colder in another unit is not in that unit.
const RUNNING_C: f32 = 45.0;

/// Weights of one step of time, shared by a reading's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weights {
    dt_ms: i32,
    /// Usual time between readings, ms.
    period_ms: f32,
}

impl Weights {
    /// For the next step.
    pub(crate) fn step(&mut self, dt_ms: i64) {
        if dt_ms <= 0 || dt_ms > UNSEEN_MS {
            // Beyond a gap a sample speaks for no more than any other.
            return;
        }
        self.dt_ms = dt_ms as i32;
        let period_ms = if self.period_ms == 0.0 { dt_ms as f32 } else { self.period_ms };
        self.period_ms = period_ms + 0.02 * (dt_ms as f32 - period_ms);
    }

    /// Of the newest sample in a mean over [`SHARE_TIME_MS`]: 1 - exp(-x), to a thousandth.
    fn share(&self) -> f32 {
        let part = self.dt_ms.min(15 * MINUTE_MS as i32) as f32 / SHARE_TIME_MS;
        part / (1.0 + 0.5 * part)
    }

    /// The same over [`PRESENCE_MS`].
    fn presence(&self) -> f32 {
        self.dt_ms as f32 / PRESENCE_MS
    }

    /// What is left of faults that were counted before.
    fn keep(&self) -> f32 {
        1.0 - self.dt_ms as f32 / self.faults_ms()
    }

    /// Time over which faults are counted, ms: a loose contact shows in a share of the samples, however far apart they are.
    fn faults_ms(&self) -> f32 {
        FAULTS_MS.max(FAULTS_SAMPLES * self.period_ms)
    }

    /// Faults in that time that make a sensor flaky.
    fn flaky_from(&self) -> f32 {
        let samples = self.faults_ms() / self.period_ms.max(1000.0);
        (FLAKY_SHARE * samples).max(FLAKY_MIN)
    }

    /// Faults in that time as a rate, 1/d.
    fn per_day(&self, faults: f32) -> f64 {
        f64::from(faults) * 24.0 * HOUR_MS as f64 / f64::from(self.faults_ms())
    }
}

/// What is known of the machine when one of its sensors is judged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around {
    pub(crate) at: Minute,
    pub(crate) dt_ms: i64,
    pub(crate) running: bool,
    /// Running or resting for half an hour without a change.
    pub(crate) steady: bool,
    /// The motor draws what it drew at the reading before, or nobody knows.
    pub(crate) same_load: bool,
    /// The learned loaded current, A, for the motor current's own check.
    pub(crate) loaded_a: Option<f32>,
}

/// Follows one sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Channel {
    jumps: Jumps,
    bad_share: f32,
    /// Faults counted over some days, a run of bad samples as one.
    faults: f32,
    /// Share of the readings that bring a value.
    presence: f32,
    seen: u8,
    known: u8,
    was_bad: bool,
    /// Whether the newest sample passed every check of its own.
    passed: bool,
    last_present: Minute,
    /// Place of the suspected wrong unit, plus one; 0 for none.
    unit: u8,
    unit_samples: u8,
    unit_since: Minute,
    pub(crate) hold: Hold,
    /// Found wrong by something outside this channel.
    condemned: Trouble,
    trouble: Trouble,
}

/// What a sample turned out to be.
enum Sample {
    Good(Jump),
    /// A jump that waits for the next samples.
    Waits(Jump),
    Bad,
}

impl Channel {
    /// Judges the next sample and returns the value if it may be used, and what it says of a jump.
    pub(crate) fn observe(
        &mut self,
        value: Option<f32>,
        p: &Plausible,
        w: &Weights,
        around: &Around,
    ) -> (Option<f32>, Jump) {
        if around.dt_ms > UNSEEN_MS {
            self.hold.forget();
        }
        self.faults *= w.keep();
        self.passed = false;
        self.jumps.tick(around.dt_ms);
        let Some(value) = value else {
            if self.seen >= KNOWN_AFTER {
                let missing = self.misses(w, around);
                self.account(missing, GAP_WEIGHT, w);
                self.judge(p, w, around);
            }
            return (None, Jump::None);
        };
        self.present(w, around);
        let sample = self.believe(value, p, w, around);
        let (believed, bad, jump) = match sample {
            Sample::Good(jump) => {
                self.known = self.known.saturating_add(1);
                self.hold.observe(around.at, value);
                self.passed = true;
                (Some(value), false, jump)
            }
            Sample::Waits(jump) => (None, false, jump),
            Sample::Bad => (None, true, Jump::None),
        };
        // Nought is nought in every unit: a motor at rest does not clear its current of a wrong one.
        let nought = around.loaded_a.is_some_and(|loaded_a| value < 0.13 * loaded_a);
        if !(nought && self.trouble == Trouble::Unit) {
            self.account(bad, 1.0, w);
        }
        self.judge(p, w, around);
        (believed.filter(|_| self.trouble.is_usable()), jump)
    }

    /// Condemns the sensor for something that others saw, or acquits it.
    pub(crate) fn condemn(&mut self, trouble: Trouble) {
        self.condemned = trouble;
    }

    /// Whether it ever spoke often enough to be relied on.
    pub(crate) const fn is_known(&self) -> bool {
        self.known >= KNOWN_AFTER
    }

    pub(crate) const fn trouble(&self) -> Trouble {
        self.trouble
    }

    /// The newest value if it passed its own checks: what comparisons with other sensors need, also of a drifting one.
    pub(crate) fn sound(&self) -> Option<f32> {
        let own = matches!(self.trouble, Trouble::None | Trouble::Flaky | Trouble::Drift);
        (self.passed && own).then(|| self.hold.value())
    }

    /// Faults per day at the present rate.
    pub(crate) fn faults_per_day(&self, w: &Weights) -> f64 {
        w.per_day(self.faults)
    }

    /// Share of the last hours that brought nothing usable, 0 to 1.
    pub(crate) fn bad_share(&self) -> f64 {
        f64::from(self.bad_share)
    }

    /// The unit that the values seem to be in.
    pub(crate) fn wrong_unit<'a>(&self, p: &'a Plausible) -> Option<&'a WrongUnit> {
        if self.condemned == Trouble::Unit {
            return p.wrong_units.iter().find(|unit| unit.factor < 1.0);
        }
        p.wrong_units.get(usize::from(self.unit).checked_sub(1)?)
    }

    fn present(&mut self, w: &Weights, around: &Around) {
        self.seen = self.seen.saturating_add(1);
        self.last_present = around.at;
        self.learn_presence(1.0, w);
    }

    fn learn_presence(&mut self, came: f32, w: &Weights) {
        let young = 1.0 / f32::from(self.seen.max(1));
        let weight = if self.seen < 50 { young.max(w.presence()) } else { w.presence() };
        self.presence += weight * (came - self.presence);
    }

    /// Whether the absence of a value is a fault: of one that comes with nearly every reading at once, of others late.
    fn misses(&mut self, w: &Weights, around: &Around) -> bool {
        let absent = around.at.saturating_sub(self.last_present);
        if absent < LEARNS_ABSENCE_MIN && self.trouble == Trouble::None {
            self.learn_presence(0.0, w);
        }
        self.presence > REGULAR || absent > ABSENT_MIN
    }

    fn account(&mut self, bad: bool, weight: f32, w: &Weights) {
        self.bad_share += w.share() * (f32::from(u8::from(bad)) - self.bad_share);
        if bad && !self.was_bad {
            self.add_fault(weight, w);
        }
        self.was_bad = bad;
    }

    fn convict(&mut self, is_spike: bool, w: &Weights) {
        if is_spike {
            self.add_fault(1.0, w);
        }
    }

    /// Counts a fault, but no further than a few days can forget again.
    fn add_fault(&mut self, weight: f32, w: &Weights) {
        self.faults = (self.faults + weight).min(1.5 * w.flaky_from());
    }

    fn believe(&mut self, value: f32, p: &Plausible, w: &Weights, around: &Around) -> Sample {
        let possible = p.min <= value && value <= p.max;
        let last = if self.known == 0 { value } else { self.hold.value() };
        let to = Against { last, known: self.known, plausible: p, around };
        if possible && !self.is_tenfold(value, p, around) && self.jumps.follows(value, &to) {
            let (jump, convicts) = self.jumps.follow(value, &to);
            self.convict(convicts, w);
            (self.unit, self.unit_samples) = (0, 0);
            return Sample::Good(jump);
        }
        if self.fits_wrong_unit(value, p, around) || !possible {
            self.jumps.forget();
            return Sample::Bad;
        }
        let (jump, convicts) = self.jumps.depart(value, &to, self.trouble == Trouble::Flaky);
        self.convict(convicts, w);
        if jump == Jump::Confirmed { Sample::Good(jump) } else { Sample::Waits(jump) }
    }

    /// A motor never draws three times its loaded current for longer than a start. But what is held for that may be of quiet days, and
    /// of variable speed it draws four times as much when work begins: so only a value of near ten times it raises the doubt.
    fn is_tenfold(&self, value: f32, p: &Plausible, around: &Around) -> bool {
        p.max > 1000.0
            && around.loaded_a.is_some_and(|loaded_a| value > TENFOLD[usize::from(self.unit != 0)] * loaded_a)
    }

    /// Whether a value that cannot be true would be in another unit; notes for how long.
    fn fits_wrong_unit(&mut self, value: f32, p: &Plausible, around: &Around) -> bool {
        let place = p.wrong_units.iter().position(|unit| self.fits(value, unit, p, around));
        let Some(place) = place else {
            (self.unit, self.unit_samples) = (0, 0);
            return false;
        };
        let guess = place as u8 + 1;
        if self.unit == guess {
            self.unit_samples = self.unit_samples.saturating_add(1);
        } else {
            (self.unit, self.unit_samples, self.unit_since) = (guess, 1, around.at);
        }
        // The true value goes on changing meanwhile.
        if let Some(unit) = p.wrong_units.get(place).filter(|_| around.loaded_a.is_none()) {
            self.hold.observe(around.at, unit.right(value));
        }
        true
    }

    fn fits(&self, value: f32, unit: &WrongUnit, p: &Plausible, around: &Around) -> bool {
        let right = unit.right(value);
        if let Some(loaded_a) = around.loaded_a {
            return unit.factor > 1.0 && self.is_tenfold(value, p, around) && right < 1.4 * loaded_a;
        }
        let temperature = unit.offset != 0.0;
        let discharge = temperature && p.max > 100.0;
        if discharge && value < HOT_F && self.unit == 0 {
            // A cold start passes the same figures; a machine that runs warm in Fahrenheit does not.
            return false;
        }
        let sound = p.min <= right && right <= p.max && !(discharge && around.running && right < RUNNING_C);
        let last = self.hold.value();
        let near = if temperature {
            // Closely at first; a unit that is suspected already may also have the weather change.
            let sure = self.unit_samples >= UNIT_SAMPLES;
            let steady_k = if sure { 3.0 * p.jump } else { p.jump };
            (right - last).abs() <= if around.steady { steady_k } else { p.bound(around.dt_ms) }
        } else {
            // A pressure moves within its band only.
            (right - last).abs() <= 0.2 * last.abs()
        };
        // A sensor that never gave a believable value is judged by the range alone.
        sound && if self.known == 0 { !(p.min <= value && value <= p.max) } else { near }
    }

    fn judge(&mut self, p: &Plausible, w: &Weights, around: &Around) {
        let stuck = self.hold.judge(around.at, around.running, &p.honest, p.per_second > 0.1);
        let unit = self.unit_samples >= UNIT_SAMPLES && around.at.saturating_sub(self.unit_since) >= UNIT_MIN;
        let flaky_from = w.flaky_from();
        self.trouble = match self.trouble {
            Trouble::Unit if self.bad_share > CLOSES_AT => Trouble::Unit,
            _ if unit => Trouble::Unit,
            _ if matches!(self.condemned, Trouble::Unit | Trouble::Dropout) => self.condemned,
            Trouble::Dropout if self.bad_share > CLOSES_AT => Trouble::Dropout,
            _ if self.bad_share > OPENS_AT => Trouble::Dropout,
            _ if stuck => Trouble::Stuck,
            _ if self.condemned != Trouble::None => self.condemned,
            Trouble::Flaky if self.faults > 0.25 * flaky_from => Trouble::Flaky,
            _ if self.faults > flaky_from => Trouble::Flaky,
            _ => Trouble::None,
        };
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Signal;

    use super::*;

    struct Bench {
        channel: Channel,
        weights: Weights,
        plausible: Plausible,
        around: Around,
    }

    impl Bench {
        fn new(signal: Signal) -> Self {
            let around = Around { at: 1000, running: true, steady: true, ..Around::default() };
            let plausible = Plausible::of(signal).unwrap();
            Self { channel: Channel::default(), weights: Weights::default(), plausible, around }
        }

        fn take(&mut self, value: Option<f32>) -> Option<f32> {
            self.around.dt_ms = MINUTE_MS;
            self.around.at += 1;
            self.weights.step(MINUTE_MS);
            self.channel.observe(value, &self.plausible, &self.weights, &self.around).0
        }

        fn all(mut self, values: impl IntoIterator<Item = Option<f32>>) -> Trouble {
            for value in values {
                self.take(value);
            }
            self.channel.trouble()
        }
    }

    fn good(n: usize) -> impl Iterator<Item = Option<f32>> + Clone {
        (0..n).map(|i| Some(80.0 + (i % 7) as f32 * 0.1))
    }

    #[test]
    fn one_spike_is_dropped_and_a_lasting_step_believed() {
        let mut bench = Bench::new(Signal::DischargeTemp);
        let used = [80.0, 267.0, 80.5, 130.0, 80.5, 120.0, 121.0, 121.5].map(|value| bench.take(Some(value)));
        assert_eq!(used, [Some(80.0), None, Some(80.5), None, Some(80.5), None, None, Some(121.5)]);
        assert_eq!(bench.channel.trouble(), Trouble::None);
    }

    #[test]
    fn rails_for_hours_are_a_dropout_until_it_has_been_well_for_hours() {
        let check = |rail: Option<f32>, well: usize, expected: Trouble| {
            let values = good(60).chain(std::iter::repeat_n(rail, 120)).chain(good(well));
            assert_eq!(Bench::new(Signal::DischargeTemp).all(values), expected, "{rail:?} {well}");
        };
        for rail in [Some(-125.0), Some(267.0), None] {
            check(rail, 0, Trouble::Dropout);
            check(rail, 60, Trouble::Dropout);
            check(rail, 720, Trouble::None);
        }
    }

    #[test]
    fn frequent_spikes_and_dropouts_are_one_trouble_and_rare_ones_none() {
        let every = |n: usize, odd: Option<f32>| {
            good(7200).enumerate().map(move |(i, v)| if i > 1000 && i % n == n / 2 { odd } else { v })
        };
        let check = |n: usize, odd: Option<f32>, expected: Trouble| {
            assert_eq!(Bench::new(Signal::DischargeTemp).all(every(n, odd)), expected, "every {n}th {odd:?}");
        };
        check(1250, Some(267.0), Trouble::None);
        check(500, Some(-125.0), Trouble::None);
        check(100, Some(118.0), Trouble::Flaky);
        check(100, Some(267.0), Trouble::Flaky);
        check(4, None, Trouble::Flaky);
        check(50, None, Trouble::None);
    }

    #[test]
    fn a_signal_that_comes_with_every_tenth_reading_is_not_missing() {
        let values = (0..4000).map(|i| (i % 10 == 0).then_some(21.0 + (i / 10 % 9) as f32 * 0.1));
        assert_eq!(Bench::new(Signal::AmbientTemp).all(values), Trouble::None);
        assert_eq!(Bench::new(Signal::AmbientTemp).all((0..600).map(|_| None)), Trouble::None, "not fitted");
    }

    #[test]
    fn a_wrong_unit_is_named_and_not_used() {
        let check = |signal: Signal, right: f32, sent: f32, unit: &str| {
            let mut bench = Bench::new(signal);
            bench.around.loaded_a = (signal == Signal::MotorCurrent).then_some(right);
            let noise = |i: usize| 1.0 + (i % 5) as f32 * 0.001;
            (0..500).for_each(|i| assert!(bench.take(Some(right * noise(i))).is_some(), "{signal:?}"));
            (0..60).for_each(|i| assert_eq!(bench.take(Some(sent * noise(i))), None, "{signal:?} {i}"));
            assert_eq!(bench.channel.trouble(), Trouble::Unit, "{signal:?}");
            assert_eq!(bench.channel.wrong_unit(&bench.plausible).map(|u| u.name), Some(unit));
            (0..700).for_each(|i| {
                bench.take(Some(right * noise(i)));
            });
            assert_eq!(bench.channel.trouble(), Trouble::None, "{signal:?} put right");
        };
        check(Signal::DischargeTemp, 82.0, 179.6, "degrees Fahrenheit");
        check(Signal::AmbientTemp, 5.0, 41.0, "degrees Fahrenheit");
        check(Signal::AmbientTemp, 27.0, 80.6, "degrees Fahrenheit");
        check(Signal::MotorCurrent, 150.0, 1500.0, "tenths of an ampere");
        check(Signal::DischargePressure, 7.0, 101.5, "psi");
        check(Signal::DischargePressure, 7.0, 700.0, "kPa");
    }

    /// What was learned on quiet days says little of what a motor of variable speed draws when work begins.
    #[test]
    fn work_after_quiet_days_is_no_wrong_unit() {
        for times in [1.5, 2.5, 3.4, 4.5, 5.5] {
            let mut bench = Bench::new(Signal::MotorCurrent);
            bench.around.loaded_a = Some(16.4);
            let noise = |i: usize| 1.0 + (i % 5) as f32 * 0.001;
            (0..500).for_each(|i| assert!(bench.take(Some(16.4 * noise(i))).is_some()));
            (0..200).for_each(|i| assert!(bench.take(Some(16.4 * times * noise(i))).is_some(), "{times} {i}"));
            assert_eq!(bench.channel.trouble(), Trouble::None, "{times}");
        }
    }

    /// An idling machine draws four tenths of its loaded current: in tenths of an ampere it still is in tenths of an ampere.
    #[test]
    fn a_wrong_unit_of_a_machine_that_idles_between_is_named() {
        let mut bench = Bench::new(Signal::MotorCurrent);
        bench.around.loaded_a = Some(150.0);
        let right = |i: usize| if i.is_multiple_of(3) { 60.0 } else { 150.0 + (i % 5) as f32 };
        (0..500).for_each(|i| assert!(bench.take(Some(right(i))).is_some()));
        (1..100).for_each(|i| assert_eq!(bench.take(Some(10.0 * right(i))), None, "{i}"));
        assert_eq!(bench.channel.trouble(), Trouble::Unit);
    }

    #[test]
    fn a_cold_start_is_no_wrong_unit() {
        let mut bench = Bench::new(Signal::DischargeTemp);
        bench.around.running = false;
        (0..200).for_each(|i| {
            bench.take(Some(20.0 + (i % 3) as f32 * 0.1));
        });
        (bench.around.running, bench.around.steady) = (true, false);
        let warm_up = (0..240).filter(|&i| bench.take(Some(80.0 - 60.0 * (-(i as f32) / 6.0).exp())).is_some()).count();
        assert!(warm_up > 235, "{warm_up} of 240 used");
    }

    #[test]
    fn a_value_that_lives_through_long_phases_is_stuck_at_any_resolution() {
        let check = |flicker: f32, phases: usize, expected: Trouble| {
            let mut bench = Bench::new(Signal::DischargeTemp);
            // The machine's past shows the sensor's resolution.
            (0..100).for_each(|i| {
                bench.take(Some(75.0 + (i % 9) as f32));
            });
            for i in 0..300 {
                if phases > 0 && i % (300 / phases) == 5 {
                    bench.channel.hold.phase_ended();
                }
                bench.take(Some(81.0 + if i % 4 == 0 { flicker } else { 0.0 }));
            }
            assert_eq!(bench.channel.trouble(), expected, "flicker {flicker}, {phases} phases");
        };
        check(0.0, 4, Trouble::Stuck);
        check(1.0, 4, Trouble::Stuck);
        check(3.0, 4, Trouble::None);
        check(0.0, 0, Trouble::None);
    }

    #[test]
    fn a_machine_that_never_stops_shows_a_stuck_sensor_by_its_load() {
        let check = |step: f32, load_changes: usize, hours: usize, expected: Trouble| {
            let mut bench = Bench::new(Signal::DischargeTemp);
            (0..100).for_each(|i| {
                bench.take(Some(79.0 + (i % 5) as f32 * step));
            });
            for minute in 0..hours * 60 {
                if load_changes > 0 && minute % (hours * 60 / load_changes) == 0 {
                    bench.channel.hold.load_changed();
                }
                bench.take(Some(81.0));
            }
            assert_eq!(bench.channel.trouble(), expected, "step {step}, {load_changes} changes in {hours} h");
        };
        check(0.1, 40, 7, Trouble::Stuck);
        check(0.1, 0, 7, Trouble::None);
        check(0.1, 0, 31, Trouble::Stuck);
        check(1.0, 400, 48, Trouble::None);
        check(1.0, 400, 73, Trouble::Stuck);
    }

    #[test]
    fn one_value_on_both_sides_of_a_gap_is_not_stuck() {
        let mut bench = Bench::new(Signal::DischargeTemp);
        bench.take(Some(81.0));
        for _ in 0..5 {
            bench.around.at += 6000;
            bench.around.dt_ms = 6000 * MINUTE_MS;
            let Bench { channel, weights, plausible, around } = &mut bench;
            channel.observe(Some(81.0), plausible, weights, around);
        }
        assert_eq!(bench.channel.trouble(), Trouble::None);
    }
}
