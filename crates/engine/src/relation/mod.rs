//! Slow change in how a signal follows from its companions, with no physics of our own: "it no longer follows as it used to".
//!
//! A relation is one *target* (an outlet temperature) and its *companions* (inlet temperatures, flows). In a learning window it
//! finds, per companion, the dead time after which the target answers (`delays`), and a ridge regression on the companions
//! at those delays, with their products and squares where they help (`learn`). From then on it is frozen: a relation that
//! kept learning would learn the fault. What is left over is judged in blocks (`watch`):
//!
//! - **Its own yardstick.** How far a block's mean may be off is not assumed but measured: each seventh of the learning window
//!   is predicted from the other six, so the yardstick holds what the model cannot do (curvature it lacks, autocorrelation,
//!   companions nobody measures). It is never taken smaller than the autocorrelation of the residual allows (variance
//!   inflation after Hamed and Rao 1998, here `1 + 2 Σ (1 - k/n) ρ_k` over the first positive run of ρ).
//! - **No guessing outside what was learned.** A moment counts only if each companion lies within what it was in the learning
//!   window, and all together too, by leverage; a block's yardstick widens with the leverage of its mean. Where the season has
//!   left the learning window the relation is silent: the window should hold the conditions that are to be watched.
//! - **A two-sided CUSUM** (Page 1954) on the blocks' clipped scores with reference 1 and decision 8. For independent blocks
//!   Siegmund's formula gives one false alarm in some 2e7 blocks; with a yardstick estimated from seven blocks, simulated,
//!   one signal in 4,000 alarms falsely within 200 blocks. Clipping at 4 makes it at least three blocks, never one outlier.
//! - **An effect that matters.** Significance alone is no reason to speak: the shift must also exceed half the scatter about
//!   the relation and a tenth of the target's ordinary spread, or the least effect that the caller names.
//!
//! Memory is bounded: at most 512 averaged slots while learning, and as many slots of companions as the longest
//! delay afterwards. Pure and deterministic; time comes with the rows.

mod delays;
mod learn;
mod matrix;
mod options;
mod slots;
mod terms;
#[cfg(test)]
mod tests;
mod watch;

use foretell_model::Timestamp;

use learn::Model;
pub use options::{RelationOptions, RelationOptionsError};
use slots::Slots;
use watch::Watch;
pub use watch::{Block, Change, Direction};

/// Companions that one relation may have.
pub const COMPANIONS_MAX: usize = 12;

/// What is known of a learned relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// Share of the target's variance that stretches left out of the fit were predicted with, at most 1.
    pub explained: f64,
    /// Scatter of one slot about the relation, in the target's unit.
    pub scatter: f64,
    /// How far the mean of one block may be off by chance, one sigma, in the target's unit.
    pub block_sd: f64,
    /// Dead time of each companion, ms; `None` for one that told nothing.
    pub delays_ms: Vec<Option<i64>>,
    /// Length of one slot, ms.
    pub slot_ms: i64,
    /// Slots in one block.
    pub block_slots: usize,
}

/// Where a relation stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Not enough rows yet.
    Learning,
    /// The target does not follow from these companions; nothing will be said. With the share that could be predicted.
    Unrelated(f64),
    /// The relation is known and watched.
    Watching(Learned),
}

#[derive(Clone, Debug)]
enum Stage {
    Learning,
    Unrelated(f64),
    Watching(Box<Watch>),
}

/// One target and its companions on one machine.
#[derive(Clone, Debug)]
pub struct Relation {
    options: RelationOptions,
    slots: Slots,
    stage: Stage,
}

impl Relation {
    /// A relation with so many companions; more than [`COMPANIONS_MAX`] are left out.
    #[must_use]
    pub fn new(companions: usize, options: RelationOptions) -> Self {
        Self { options, slots: Slots::new(1 + companions.min(COMPANIONS_MAX), options), stage: Stage::Learning }
    }

    /// Takes a row: the target first, then the companions; NaN is "not measured". Returns what is new to say, at most one
    /// statement per closed block. A row no later than the one before it is ignored.
    pub fn observe(&mut self, ts: Timestamp, row: &[f64]) -> Option<Change> {
        let mut said = None;
        self.slots.take(ts, row);
        while self.slots.advance() {
            match &mut self.stage {
                Stage::Learning => self.learn(),
                Stage::Unrelated(_) => {}
                Stage::Watching(watch) => said = watch.slot(ts, &self.slots).or(said),
            }
        }
        said
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match &self.stage {
            Stage::Learning => Standing::Learning,
            Stage::Unrelated(explained) => Standing::Unrelated(*explained),
            Stage::Watching(watch) => Standing::Watching(watch.learned(&self.slots)),
        }
    }

    /// The newest block that closed under watch: what a picture of the relation is made of.
    #[must_use]
    pub const fn newest_block(&self) -> Option<Block> {
        match &self.stage {
            Stage::Watching(watch) => watch.newest(),
            _ => None,
        }
    }

    fn learn(&mut self) {
        let Some(window) = self.slots.window() else { return };
        self.stage = match Model::learn(&window) {
            // Too little was measured: the window begins anew.
            None => {
                self.slots.restart();
                return;
            }
            Some(model) if model.follows() => Stage::Watching(Box::new(Watch::new(model, self.options))),
            Some(model) => Stage::Unrelated(model.explained),
        };
        let reach = if let Stage::Watching(watch) = &self.stage { watch.reach() } else { 0 };
        self.slots.forget(reach);
    }
}
