//! Whose turn it is: a publisher with a backlog may not make the others wait.
//!
//! Each publisher has a share of every batch. What exceeds it waits in a lane of its publisher's own, in its order (MQTT
//! answers in the order of messages), and whatever the batch has left over is given out to the lanes in turn. So a gateway
//! that delivers three days costs everybody else at most half a batch, and nothing at all is held back while nobody else
//! has anything. Only submissions that found room in the queue come here, so its bound holds for the lanes too.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::submitter::Submission;

/// Events and refusals of one publisher in a batch before the others have had their turn: two full arrays.
const SHARE_ITEMS: usize = 2_000;

/// See the module's text.
#[derive(Default)]
pub(super) struct Lanes {
    /// Who waits, the next in front; each has at least one submission.
    waiting: VecDeque<(Publisher, VecDeque<Submission>)>,
    /// Events and refusals of each publisher in the batch that is open.
    taken: HashMap<Publisher, usize>,
}

/// A publisher, by the address of its outbox: it stands as long as anything of its publisher waits.
type Publisher = usize;

fn publisher(submission: &Submission) -> Publisher {
    Arc::as_ptr(&submission.outbox).addr()
}

impl Lanes {
    /// A new batch begins.
    pub(super) fn begin(&mut self) {
        self.taken.clear();
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Gives a submission back when it may join the batch now; else it waits.
    pub(super) fn offer(&mut self, submission: Submission) -> Option<Submission> {
        let from = publisher(&submission);
        if let Some((_, lane)) = self.waiting.iter_mut().find(|(publisher, _)| *publisher == from) {
            lane.push_back(submission);
            return None;
        }
        let taken = self.taken.entry(from).or_default();
        if *taken > 0 && *taken + submission.items() > SHARE_ITEMS {
            self.waiting.push_back((from, VecDeque::from([submission])));
            return None;
        }
        *taken += submission.items();
        Some(submission)
    }

    /// The next that waits; its publisher goes behind the others.
    pub(super) fn next(&mut self) -> Option<Submission> {
        let (from, mut lane) = self.waiting.pop_front()?;
        let submission = lane.pop_front();
        if let Some(submission) = &submission {
            *self.taken.entry(from).or_default() += submission.items();
        }
        if !lane.is_empty() {
            self.waiting.push_back((from, lane));
        }
        submission
    }
}
