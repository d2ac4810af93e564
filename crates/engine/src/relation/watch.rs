//! Watches a learned relation: block means of what is left over, and a two-sided CUSUM on them.

use foretell_model::Timestamp;

use super::Learned;
use super::learn::Model;
use super::options::RelationOptions;
use super::slots::Slots;

/// What a block must exceed to count, in sigmas (the CUSUM's reference value).
const REFERENCE: f64 = 1.0;

/// Sum of what exceeded it at which the relation has changed (the CUSUM's decision value).
const DECISION: f64 = 8.0;

/// The sum does not grow beyond this, so that a relation that returns is soon believed.
const SUM_MAX: f64 = 2.0 * DECISION;

/// The most that one block says, in sigmas.
const CLIP: f64 = 4.0;

/// Shares of scatter and of spread that a shift must exceed to matter.
const EFFECT_OF_SCATTER: f64 = 0.5;
const EFFECT_OF_SPREAD: f64 = 0.1;

/// Which way a target left its relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It is higher than its companions let expect.
    Up,
    /// It is lower.
    Down,
}

/// A statement about a relation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// When it was concluded.
    pub at: Timestamp,
    /// False when the target follows as it used to again.
    pub open: bool,
    /// Whether it is the first statement of its episode.
    pub new: bool,
    /// Which way.
    pub direction: Direction,
    /// Mean excess over what was expected in the newest block, in the target's unit, signed.
    pub excess: f64,
    /// How fast the excess changes since the onset, per day; `None` before three blocks.
    pub per_day: Option<f64>,
    /// Beginning of the block in which it began to show.
    pub since: Timestamp,
    /// The excess over its chance scatter in the newest block, in sigmas, not clipped.
    pub sigmas: f64,
}

/// One side of the CUSUM, and a line through the blocks since its onset.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    sum: f64,
    since: Timestamp,
    blocks: f64,
    t: f64,
    tt: f64,
    e: f64,
    te: f64,
}

impl Side {
    fn take(&mut self, score: f64, excess: f64, from: Timestamp, at: Timestamp) {
        if self.sum <= 0.0 {
            *self = Self { since: from, ..Self::default() };
        }
        self.sum = (self.sum + score - REFERENCE).clamp(0.0, SUM_MAX);
        let days = at.days_since(self.since);
        self.blocks += 1.0;
        self.t += days;
        self.tt += days * days;
        self.e += excess;
        self.te += days * excess;
    }

    fn per_day(&self) -> Option<f64> {
        let spread = self.blocks * self.tt - self.t * self.t;
        (self.blocks >= 3.0 && spread > 0.0).then(|| (self.blocks * self.te - self.t * self.e) / spread)
    }
}

/// What a block of slots showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// When it closed.
    pub at: Timestamp,
    /// The target's mean above what its companions let expect, in its own unit.
    pub excess: f64,
    /// Standard deviation of that while the relation held, in the same unit.
    pub usual: f64,
}

/// A learned relation under watch.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    model: Model,
    options: RelationOptions,
    terms: Vec<f64>,
    spare: Vec<f64>,
    centre: Vec<f64>,
    excess: f64,
    slots: usize,
    from: Timestamp,
    up: Side,
    down: Side,
    open: Option<Direction>,
    newest: Option<Block>,
}

impl Watch {
    pub(super) fn new(model: Model, options: RelationOptions) -> Self {
        let count = model.terms.count();
        Self {
            model,
            options,
            terms: Vec::with_capacity(count),
            spare: Vec::with_capacity(count),
            centre: vec![0.0; count],
            excess: 0.0,
            slots: 0,
            from: Timestamp::default(),
            up: Side::default(),
            down: Side::default(),
            open: None,
            newest: None,
        }
    }

    pub(super) const fn newest(&self) -> Option<Block> {
        self.newest
    }

    pub(super) fn reach(&self) -> usize {
        self.model.terms.reach()
    }

    pub(super) fn learned(&self, slots: &Slots) -> Learned {
        let companions = &self.model.terms.companions;
        let delay = |column: usize| companions.iter().find(|c| c.column == column).map(|c| c.delay.slots as i64);
        Learned {
            explained: self.model.explained,
            scatter: self.model.scatter,
            block_sd: self.model.block_sd,
            delays_ms: (1..slots.columns()).map(|column| Some(delay(column)? * slots.slot_ms())).collect(),
            slot_ms: slots.slot_ms(),
            block_slots: self.model.block_slots,
        }
    }

    /// Takes the newest closed slot; says something when that closes a block.
    pub(super) fn slot(&mut self, at: Timestamp, slots: &Slots) -> Option<Change> {
        self.model.terms.fill(|lag, column| slots.back(lag, column), &mut self.terms);
        let excess = slots.back(0, 0) - self.model.expected(&self.terms);
        if !excess.is_finite() {
            return None;
        }
        self.spare.clone_from(&self.terms);
        let known = self.model.terms.inside(&self.terms);
        if !known || self.model.leverage(&mut self.spare) > self.model.leverage_max {
            return None;
        }
        self.centre.iter_mut().zip(&self.terms).for_each(|(sum, term)| *sum += term);
        if self.slots == 0 {
            self.from = at;
        }
        self.excess += excess;
        self.slots += 1;
        (self.slots >= self.model.block_slots).then(|| self.block(at)).flatten()
    }

    fn block(&mut self, at: Timestamp) -> Option<Change> {
        let count = self.slots as f64;
        let excess = self.excess / count;
        self.centre.iter_mut().for_each(|sum| *sum /= count);
        let leverage = self.model.leverage(&mut self.centre);
        let wider = (1.0 + count * leverage) / (1.0 + count * self.model.block_leverage);
        let sigmas = excess / (self.model.block_sd * wider.max(1.0).sqrt());
        let score = sigmas.clamp(-CLIP, CLIP);
        self.up.take(score, excess, self.from, at);
        self.down.take(-score, excess, self.from, at);
        self.centre.fill(0.0);
        (self.excess, self.slots) = (0.0, 0);
        self.newest = Some(Block { at, excess, usual: self.model.block_sd });
        self.judge(at, excess, sigmas)
    }

    fn judge(&mut self, at: Timestamp, excess: f64, sigmas: f64) -> Option<Change> {
        let was = self.open;
        let direction = was.unwrap_or(if self.up.sum >= self.down.sum { Direction::Up } else { Direction::Down });
        let side = if direction == Direction::Up { self.up } else { self.down };
        let signed = if direction == Direction::Up { excess } else { -excess };
        let changed = side.sum > DECISION && signed > self.effect_min();
        let open = if was.is_some() { side.sum > 0.0 } else { changed };
        self.open = open.then_some(direction);
        (open || was.is_some()).then(|| Change {
            at,
            open,
            new: was.is_none(),
            direction,
            excess,
            per_day: side.per_day(),
            since: side.since,
            sigmas,
        })
    }

    fn effect_min(&self) -> f64 {
        let of_spread = self.options.effect_min.unwrap_or(EFFECT_OF_SPREAD * self.model.spread);
        of_spread.max(EFFECT_OF_SCATTER * self.model.scatter)
    }
}
