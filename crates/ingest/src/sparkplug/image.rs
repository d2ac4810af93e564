//! What a device last said of each signal. A node reports a value when it changes, so between two reports the last one
//! holds; a reading is what holds at its time, not only what was said at that moment.

use foretell_model::{RunState, Signal, Timestamp};

use crate::decode::{Candidate, bit};

/// What holds, and since when. Values are held by their own time, so that a late one changes no newer one.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// `None` inside: said to be not measured.
    signals: [Option<(Timestamp, Option<f64>)>; Signal::COUNT],
    state: Option<(Timestamp, Option<RunState>)>,
}

impl Image {
    /// Keeps a signal said at a time, unless something newer is known.
    pub(super) fn keep(&mut self, signal: Signal, at: Timestamp, value: Option<f64>) {
        let held = &mut self.signals[signal as usize];
        if held.is_none_or(|(since, _)| since <= at) {
            *held = Some((at, value));
        }
    }

    /// Keeps a state said at a time, unless something newer is known.
    pub(super) fn keep_state(&mut self, at: Timestamp, state: Option<RunState>) {
        if self.state.is_none_or(|(since, _)| since <= at) {
            self.state = Some((at, state));
        }
    }

    /// Forgets a signal: what holds is not known.
    pub(super) fn forget(&mut self, signal: Signal) {
        self.signals[signal as usize] = None;
    }

    /// Forgets the state.
    pub(super) fn forget_state(&mut self) {
        self.state = None;
    }

    /// Whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.state.is_none() && self.signals.iter().all(Option::is_none)
    }

    /// Adds what holds at a time to what was said at that time. `state_said`: whether the state was among it.
    pub(super) fn fill(&self, candidate: &mut Candidate, at: Timestamp, state_said: bool) {
        for signal in Signal::ALL {
            if candidate.named & bit(signal) == 0
                && let Some((since, value)) = self.signals[signal as usize]
                && since <= at
            {
                candidate.name(signal, value);
            }
        }
        if !state_said
            && let Some((since, state)) = self.state
            && since <= at
        {
            candidate.state = state;
        }
    }
}
