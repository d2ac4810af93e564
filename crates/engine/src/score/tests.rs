//! Made-up signals of many kinds, and when they alarm.

use std::f64::consts::TAU;
use std::ops::Range;

use foretell_model::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use proptest::prelude::*;

use super::*;

/// A generator of pseudo-random numbers (xorshift), so that every run sees the same.
struct Dice(u64);

impl Dice {
    fn even(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.even().max(1e-300).ln()).sqrt() * (TAU * self.even()).cos()
    }
}

fn dice() -> Dice {
    Dice(0x9e37_79b9_7f4a_7c15)
}

/// 2026-06-01T00:00:00Z.
const START: Timestamp = Timestamp::from_millis(20_605 * DAY_MS);

fn scores(step_ms: i64, values: &[f64]) -> Vec<f64> {
    let mut scorer = Scorer::new(1);
    let score = |(n, value): (usize, &f64)| {
        let mut score = [f64::NAN];
        scorer.observe(START + step_ms * n as i64, &[*value], &mut score);
        score[0]
    };
    values.iter().enumerate().map(score).collect()
}

/// The places at which alarms begin.
fn alarms(scores: &[f64]) -> Vec<usize> {
    let is_alarm = |n: usize| scores[n] >= ALARM_SCORE;
    (0..scores.len()).filter(|n| is_alarm(*n) && (*n == 0 || !is_alarm(n - 1))).collect()
}

/// Alarms begin in the anomaly or shortly after, and nowhere else; with no anomaly there are none.
fn check(name: &str, step_ms: i64, values: &[f64], anomaly: Option<Range<usize>>) {
    let found = alarms(&scores(step_ms, values));
    match anomaly {
        Some(anomaly) => {
            let within = anomaly.start..anomaly.end + 64;
            assert!(found.iter().any(|n| within.contains(n)), "{name}: nothing in {anomaly:?}, but {found:?}");
            assert!(found.iter().all(|n| within.contains(n)), "{name}: {anomaly:?}, but {found:?}");
        }
        None => assert_eq!(found, [0; 0], "{name}"),
    }
}

/// The same signal alone and with an anomaly in one stretch.
fn both(name: &str, step_ms: i64, len: usize, at: Range<usize>, mut value: impl FnMut(usize, bool, &mut Dice) -> f64) {
    let mut series = |anomaly: &Range<usize>| {
        let mut dice = dice();
        (0..len).map(|n| value(n, anomaly.contains(&n), &mut dice)).collect::<Vec<_>>()
    };
    check(name, step_ms, &series(&(0..0)), None);
    check(name, step_ms, &series(&at), Some(at));
}

#[test]
fn noise_with_a_spike_a_shift_a_drift_or_another_spread() {
    let seconds = 1_000;
    let anomaly = |size: f64| move |_: usize, odd: bool, dice: &mut Dice| dice.normal() + if odd { size } else { 0.0 };
    both("spike", seconds, 3_000, 2_000..2_001, anomaly(15.0));
    both("shift", seconds, 3_000, 2_000..2_300, anomaly(4.0));
    both("spread", seconds, 3_000, 2_000..2_300, |_, odd, dice| dice.normal() * if odd { 4.0 } else { 1.0 });
    both("drift", MINUTE_MS, 4_000, 3_000..3_500, |n, odd, dice| {
        dice.normal() + if odd { 0.02 * (n - 3_000) as f64 } else { 0.0 }
    });
}

#[test]
fn a_wave_that_stops_or_quickens_or_shrinks() {
    let wave = |speed: f64, height: f64| {
        let mut phase = 0.0_f64;
        move |n: usize, odd: bool, dice: &mut Dice| {
            phase = if n == 0 { 0.0 } else { phase + TAU / 60.0 * if odd { speed } else { 1.0 } };
            10.0 + phase.sin() * if odd { height } else { 1.0 } + 0.05 * dice.normal()
        }
    };
    both("quickens", 1_000, 4_000, 2_600..2_900, wave(2.0, 1.0));
    both("shrinks", 1_000, 4_000, 2_600..2_900, wave(1.0, 0.3));
    let mut own = wave(1.0, 1.0);
    both("stops", 1_000, 4_000, 2_600..2_900, move |n, odd, dice| {
        let value = own(n, false, dice);
        if odd { 10.3 } else { value }
    });
}

#[test]
fn a_day_without_its_shift_though_no_value_is_new() {
    let mut dice = dice();
    let values: Vec<f64> = (0..4_032)
        .map(|n| {
            let is_shift = (9..18).contains(&(n % 288 / 12)) && n / 288 != 10;
            if is_shift { 80.0 + 10.0 * dice.even() } else { 20.0 + 4.0 * dice.even() }
        })
        .collect();
    let found = alarms(&scores(5 * MINUTE_MS, &values));
    // On the second day a shift has begun and ended but once.
    let later: Vec<usize> = found.iter().copied().filter(|n| *n >= 2 * 288).collect();
    assert!(found.len() <= later.len() + 1, "{found:?}");
    assert!(later.len() == 1 && (2_880..3_168).contains(&later[0]), "{found:?}");
}

#[test]
fn a_compressor_that_hardly_unloads_any_more() {
    let (mut loaded, mut left) = (true, 0_i64);
    both("leak", 10_000, 30_000, 20_000..24_000, move |n, odd, dice| {
        (loaded, left) = if n == 0 { (true, 30) } else { (loaded, left - 1) };
        if left <= 0 {
            loaded = !loaded;
            let usual = if loaded == odd { 60.0 } else { 30.0 };
            left = (usual * (0.8 + 0.4 * dice.even())) as i64 + i64::from(odd && loaded) * 40;
        }
        if loaded { 6.0 + 0.1 * dice.normal() } else { 3.8 + 0.05 * dice.normal() }
    });
}

#[test]
fn signals_that_wander_count_or_switch_are_left_alone() {
    let mut dice = dice();
    let mut level = 0.0;
    let walk: Vec<f64> = (0..5_000)
        .map(|_| {
            level += dice.normal();
            level
        })
        .collect();
    check("walk", HOUR_MS, &walk, None);
    let year: Vec<f64> = (0..8_760)
        .map(|n| {
            let n = f64::from(n);
            12.0 - 9.0 * (TAU * n / 8_760.0).cos() + 4.0 * (TAU * n / 24.0).sin() + dice.normal()
        })
        .collect();
    check("ambient", HOUR_MS, &year, None);
    check("constant", 1_000, &[7.25; 5_000], None);
    check("clock", 1_000, &(0..5_000).map(f64::from).collect::<Vec<_>>(), None);
    let coarse: Vec<f64> = walk.iter().map(|value| (value / 4.0).round() * 4.0).collect();
    check("coarse", MINUTE_MS, &coarse, None);
}

#[test]
fn what_lasts_becomes_normal_and_what_recurs_becomes_usual() {
    let mut dice = dice();
    let lasting: Vec<f64> = (0..4_000).map(|n| dice.normal() + if n >= 1_000 { 20.0 } else { 0.0 }).collect();
    let lasting = scores(1_000, &lasting);
    assert_eq!(alarms(&lasting).len(), 1);
    let over = (1_000..4_000).find(|n| lasting[*n] < ALARM_SCORE);
    assert!(over.is_some_and(|n| (1_600..2_300).contains(&n)), "{over:?}");
    let recurring: Vec<f64> = (0..12_000).map(|n| dice.normal() + if n % 400 == 399 { 25.0 } else { 0.0 }).collect();
    let found = alarms(&scores(1_000, &recurring));
    assert!((1..=8).contains(&found.len()) && found.iter().all(|n| *n < 6_000), "{found:?}");
}

#[test]
fn a_signal_that_leaves_its_companions_alarms_and_they_may_too() {
    let mut dice = dice();
    let mut scorer = Scorer::new(3);
    let mut scores = [0.0; 3];
    let mut load = 0.0;
    for n in 0..3_000 {
        load = 0.98 * load + 0.2 * dice.normal();
        // The second does not follow the load any more, and stays where it often is.
        let second = if n < 2_000 { 3.0 * load } else { 1.0 };
        scorer.observe(START + n * 1_000, &[load, second + 0.1 * dice.normal(), dice.normal()], &mut scores);
        let is_alarm = scores.map(|score| score >= ALARM_SCORE);
        assert!(n >= 2_000 || !is_alarm.contains(&true), "{n} {scores:?}");
        assert!(!is_alarm[2], "{n} {scores:?}");
        if is_alarm[1] {
            assert!(n < 2_200);
            return;
        }
    }
    panic!("no alarm");
}

#[test]
fn missing_values_late_rows_and_gaps_do_no_harm() {
    let mut dice = dice();
    let mut scorer = Scorer::new(1);
    let (mut ts, mut score) = (START, [0.0]);
    for n in 0..5_000 {
        ts = ts + if n % 1_000 == 999 { 7 * HOUR_MS } else { 1_000 };
        let value = if n % 3 == 0 { f64::NAN } else { 5.0 + dice.normal() };
        scorer.observe(ts, &[value], &mut score);
        assert!(score[0] < ALARM_SCORE, "{n} {score:?}");
        scorer.observe(ts + -500, &[1e9], &mut score);
        assert!(score[0] < ALARM_SCORE, "{n} {score:?}");
    }
    scorer.observe(ts + 1_000, &[1e300], &mut score);
    assert!(score[0] >= ALARM_SCORE && score[0] <= 1.0);
    (0..20).for_each(|n| scorer.observe(ts + (2 + n) * 1_000, &[f64::NAN], &mut score));
    assert!(score[0] < ALARM_SCORE, "nothing is measured any more, and still an alarm");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_values_give_scores_between_0_and_1(
        values in prop::collection::vec(prop_oneof![any::<f64>(), -10.0..10.0, Just(0.0), Just(1.0)], 600),
    ) {
        let all = scores(1_000, &values);
        prop_assert!(all.iter().all(|score| (0.0..=1.0).contains(score)));
    }

    #[test]
    fn a_score_uses_nothing_later(cut in 1..900_usize, later in -1e3..1e3) {
        let mut dice = dice();
        let mut values: Vec<f64> = (0..1_000).map(|_| dice.normal()).collect();
        let before = scores(1_000, &values);
        values[cut..].fill(later);
        prop_assert_eq!(&scores(1_000, &values)[..cut], &before[..cut]);
    }

    #[test]
    fn the_unit_makes_no_difference(scale in 1e-3..1e3, offset in -1e3..1e3) {
        let mut dice = dice();
        let values: Vec<f64> = (0..1_500).map(|n| dice.normal() + if n == 1_200 { 20.0 } else { 0.0 }).collect();
        let other: Vec<f64> = values.iter().map(|value| value * scale + offset).collect();
        prop_assert_eq!(alarms(&scores(1_000, &values)), alarms(&scores(1_000, &other)));
    }
}
