//! A made-up exchanger: two inlets and two flows that wander, an outlet that answers late.

use foretell_model::Timestamp;

use super::*;

const EVERY_S: i64 = 10;

/// Deterministic noise, uniform in -1..1 (an LCG after Knuth's MMIX constants).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// A run of an exchanger.
#[derive(Clone, Copy)]
struct Run {
    seed: u64,
    rows: i64,
    /// Rows between inlet and outlet.
    dead_rows: usize,
    /// Share of the exchange that is lost by the end.
    lost: f64,
    /// From which share of the run on it is lost, linearly.
    onset: f64,
    noise_k: f64,
    /// One row in so many is kept.
    every: i64,
    /// Companions beyond what was learned: from half-time on the hot flow is so much larger.
    flow_jump: f64,
    /// The outlet does not depend on the inlets at all.
    unrelated: bool,
}

const CLEAN: Run = Run {
    seed: 1,
    rows: 3_000,
    dead_rows: 25,
    lost: 0.0,
    onset: 0.5,
    noise_k: 0.1,
    every: 1,
    flow_jump: 0.0,
    unrelated: false,
};

fn options() -> RelationOptions {
    RelationOptions::new(0, 500 * EVERY_S * 1_000, None, None).unwrap()
}

/// Every statement of a run, with the row at which it was said.
fn observe(run: Run, relation: &mut Relation) -> Vec<(i64, Change)> {
    let mut noise = Noise(run.seed);
    let mut wander = [0.0_f64; 4];
    let mut past: Vec<[f64; 4]> = Vec::new();
    let mut said = Vec::new();
    for row in 0..run.rows {
        for value in &mut wander {
            *value = 0.8 * *value + 0.6 * noise.next();
        }
        let jump = if 2 * row > run.rows { run.flow_jump } else { 0.0 };
        let inlets =
            [60.0 + 3.0 * wander[0], 20.0 + 3.0 * wander[1], 0.9 + 0.2 * wander[2] + jump, 0.9 + 0.2 * wander[3]];
        past.push(inlets);
        let [hot_c, cold_c, hot_flow, cold_flow] = past[past.len().saturating_sub(1 + run.dead_rows)];
        let share = ((row as f64 / run.rows as f64 - run.onset) / (1.0 - run.onset)).max(0.0);
        let ua = 0.6 * (1.0 - run.lost * share) * (hot_flow.max(0.2) * cold_flow.max(0.2)).powf(0.3);
        let effectiveness = 1.0 - (-ua / hot_flow.max(0.2)).exp();
        let mut outlet_c = hot_c - effectiveness * (hot_c - cold_c) + run.noise_k * noise.next();
        if run.unrelated {
            outlet_c = 50.0 + 3.0 * noise.next();
        }
        if row % run.every == 0 {
            let ts = Timestamp::from_millis(row * EVERY_S * 1_000);
            let change = relation.observe(ts, &[outlet_c, inlets[0], inlets[1], inlets[2], inlets[3]]);
            said.extend(change.map(|change| (row, change)));
        }
    }
    said
}

fn first(run: Run) -> Option<(i64, Change)> {
    observe(run, &mut Relation::new(4, options())).into_iter().next()
}

#[test]
fn clean_exchangers_are_never_spoken_of() {
    for seed in 1..=40 {
        assert_eq!(first(Run { seed, ..CLEAN }).map(|(row, _)| row), None, "seed {seed}");
        assert_eq!(first(Run { seed, noise_k: 2.0, ..CLEAN }).map(|(row, _)| row), None, "seed {seed}, noisy");
        assert_eq!(first(Run { seed, every: 5, ..CLEAN }).map(|(row, _)| row), None, "seed {seed}, sparse");
    }
}

#[test]
fn a_slow_loss_is_found_wherever_the_inlets_wander() {
    let fouled = Run { lost: 0.3, ..CLEAN };
    let found = |run: Run, latest: i64| {
        for seed in 1..=20 {
            let (row, change) = first(Run { seed, ..run }).unwrap();
            assert!(change.new && change.open && change.direction == Direction::Up, "{change:?}");
            assert!((1_500..latest).contains(&row), "seed {seed}: row {row}");
            assert!(change.excess > 0.0 && change.per_day.is_none_or(|rate| rate > 0.0), "{change:?}");
            assert!(change.since <= change.at, "{change:?}");
        }
    };
    found(fouled, 2_300);
    found(Run { dead_rows: 0, ..fouled }, 2_300);
    found(Run { dead_rows: 100, ..fouled }, 2_300);
    found(Run { every: 5, ..fouled }, 2_600);
    found(Run { noise_k: 1.0, ..fouled }, 2_600);
}

#[test]
fn it_knows_the_dead_time() {
    for dead_rows in [0, 1, 25, 100] {
        let mut relation = Relation::new(4, options());
        observe(Run { dead_rows, ..CLEAN }, &mut relation);
        let Standing::Watching(learned) = relation.standing() else { panic!("{:?}", relation.standing()) };
        assert_eq!(learned.slot_ms, EVERY_S * 1_000);
        assert_eq!(learned.delays_ms, vec![Some(dead_rows as i64 * EVERY_S * 1_000); 4]);
        assert!(learned.explained > 0.9, "{learned:?}");
    }
}

#[test]
fn it_says_nothing_where_it_cannot_know() {
    let mut relation = Relation::new(4, options());
    assert!(observe(Run { unrelated: true, ..CLEAN }, &mut relation).is_empty());
    assert!(matches!(relation.standing(), Standing::Unrelated(explained) if explained < 0.1));
    // A flow beyond all that was learned is no evidence against the exchanger.
    assert_eq!(first(Run { flow_jump: 5.0, ..CLEAN }).map(|(row, _)| row), None);
    let mut short = Relation::new(4, options());
    assert!(observe(Run { rows: 500, lost: 0.9, ..CLEAN }, &mut short).is_empty());
    assert_eq!(short.standing(), Standing::Learning);
}

#[test]
fn an_episode_ends_when_the_relation_returns() {
    let mut relation = Relation::new(4, options());
    let said = observe(Run { lost: 0.5, onset: 0.4, ..CLEAN }, &mut relation);
    assert_eq!(said.iter().filter(|(_, change)| change.new).count(), 1);
    // Cleaned: the same exchanger goes on as it was.
    let mut later = Vec::new();
    let mut noise = Noise(9);
    let mut past: Vec<[f64; 4]> = Vec::new();
    for row in 3_000..6_000 {
        let inlets =
            [60.0 + 3.0 * noise.next(), 20.0 + 3.0 * noise.next(), 0.9 + 0.2 * noise.next(), 0.9 + 0.2 * noise.next()];
        past.push(inlets);
        let [hot_c, cold_c, hot_flow, cold_flow] = past[past.len().saturating_sub(26)];
        let effectiveness = 1.0 - (-0.6 * (hot_flow * cold_flow).powf(0.3) / hot_flow).exp();
        let outlet_c = hot_c - effectiveness * (hot_c - cold_c);
        let row_of = [outlet_c, inlets[0], inlets[1], inlets[2], inlets[3]];
        later.extend(relation.observe(Timestamp::from_millis(row * EVERY_S * 1_000), &row_of));
    }
    assert!(later.iter().any(|change| !change.open), "{later:?}");
    assert!(!later.iter().any(|change| change.new), "{later:?}");
}

#[test]
fn missing_cells_and_gaps_cost_power_but_not_truth() {
    let observe_with_holes = |lost: f64| {
        let mut relation = Relation::new(4, options());
        let mut noise = Noise(77);
        let mut said = Vec::new();
        let mut past: Vec<[f64; 4]> = Vec::new();
        for row in 0..3_000_i64 {
            let inlets = [
                60.0 + 3.0 * noise.next(),
                20.0 + 3.0 * noise.next(),
                0.9 + 0.2 * noise.next(),
                0.9 + 0.2 * noise.next(),
            ];
            past.push(inlets);
            let [hot_c, cold_c, hot_flow, cold_flow] = past[past.len().saturating_sub(26)];
            let ua = 0.6 * (1.0 - lost * (row as f64 / 1_500.0 - 1.0).max(0.0)) * (hot_flow * cold_flow).powf(0.3);
            let outlet_c = hot_c - (1.0 - (-ua / hot_flow).exp()) * (hot_c - cold_c);
            let mut cells = [outlet_c, inlets[0], inlets[1], inlets[2], inlets[3]];
            cells.iter_mut().filter(|_| noise.next() > 0.98).for_each(|cell| *cell = f64::NAN);
            if !(1_000..1_100).contains(&row) {
                said.extend(relation.observe(Timestamp::from_millis(row * EVERY_S * 1_000), &cells));
            }
        }
        said
    };
    assert!(observe_with_holes(0.0).is_empty());
    assert!(observe_with_holes(0.3)[0].new);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let check = |skip, learn, delay, effect, expected: &str| {
        let refused = RelationOptions::new(skip, learn, delay, effect).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    };
    check(0, 0, None, None, "learn must be longer than 0");
    check(-1, 10, None, None, "skip and delay_max must not be negative");
    check(0, 10, Some(10), None, "delay_max must be shorter than learn");
    check(0, 10, None, Some(f64::NAN), "effect_min must be above 0");
}
