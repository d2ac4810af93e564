//! The queue between the engine and whoever keeps what it concludes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use foretell_history::MachineDay;
use foretell_model::{MachineId, Timestamp, Work};
use metrics::gauge;

use crate::service::placed::Placed;

/// Items that may wait; then the engine does. Each is some kilobytes.
const WAITING_MAX: usize = 1_000;

/// What has to be done, in the order of the log.
#[derive(Debug)]
pub(in crate::service) enum Item {
    /// Work was reported: the visit that was booked for it ends, before the forecast is withdrawn. Else the visit would look
    /// superfluous.
    Work(MachineId, Timestamp, Work),
    /// A controller raised an alarm of this code: a trip opens the machine's service case.
    Alarm(MachineId, Timestamp, String),
    /// Something was concluded.
    Found(Box<Placed>),
    /// A machine's day has closed.
    Day(Box<MachineDay>),
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Item>,
    /// The thread has taken items that are not done yet.
    working: bool,
    /// No more will come.
    closed: bool,
    /// The thread has given up what waits; it must be replayed.
    abandoned: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub(in crate::service) struct Conclusions {
    state: Mutex<State>,
    changed: Condvar,
}

impl Conclusions {
    /// Adds items; waits while the queue is full. False when they will not be done and must be replayed.
    pub(in crate::service) fn put(&self, items: impl IntoIterator<Item = Item>) -> bool {
        let mut state = self.lock();
        for item in items {
            state = self.wait_while(state, |state| state.waiting.len() >= WAITING_MAX && !state.abandoned);
            if state.abandoned {
                return false;
            }
            state.waiting.push_back(item);
            tell(&state);
            self.changed.notify_all();
        }
        !state.abandoned
    }

    /// Waits until everything is done. False when something was given up.
    pub(in crate::service) fn wait_level(&self) -> bool {
        let is_busy = |state: &mut State| (state.working || !state.waiting.is_empty()) && !state.abandoned;
        !self.wait_while(self.lock(), is_busy).abandoned
    }

    /// No more will come; what waits is done still.
    pub(in crate::service) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Everything that waits, as soon as there is something; `None` at the end. The items before are done by then.
    pub(super) fn take(&self) -> Option<Vec<Item>> {
        let mut state = self.lock();
        state.working = false;
        self.changed.notify_all();
        state = self.wait_while(state, |state| state.waiting.is_empty() && !state.closed);
        if state.waiting.is_empty() {
            return None;
        }
        state.working = true;
        let taken = state.waiting.drain(..).collect();
        tell(&state);
        self.changed.notify_all();
        Some(taken)
    }

    pub(super) fn abandon(&self) {
        self.lock().abandoned = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        is_so: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, is_so).unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(state: &State) {
    gauge!("foretell_conclusions_waiting").set(state.waiting.len() as f64);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn work(name: &str) -> Item {
        Item::Work(MachineId::new("s", name).unwrap(), Timestamp::default(), Work::new("serviced").unwrap())
    }

    fn names(items: Vec<Item>) -> Vec<String> {
        items
            .into_iter()
            .map(|item| if let Item::Work(machine, ..) = item { machine.to_string() } else { "?".into() })
            .collect()
    }

    #[test]
    fn what_queues_up_meanwhile_is_taken_at_once_and_in_order() {
        let queue = Conclusions::default();
        assert!(queue.put([work("a")]));
        assert_eq!(names(queue.take().unwrap()), ["s/a"]);
        assert!(queue.put([work("b"), work("c")]));
        assert_eq!(names(queue.take().unwrap()), ["s/b", "s/c"]);
        queue.close();
        assert!(queue.take().is_none());
        assert!(queue.wait_level());
    }

    #[test]
    fn level_is_reached_only_when_what_was_taken_is_done() {
        let queue = Arc::new(Conclusions::default());
        assert!(queue.put([work("a")]));
        assert_eq!(queue.take().map(names).unwrap(), ["s/a"]);
        let waiting = Arc::clone(&queue);
        let level = std::thread::spawn(move || waiting.wait_level());
        assert!(queue.lock().working);
        queue.close();
        assert!(queue.take().is_none());
        assert!(level.join().unwrap());
    }

    #[test]
    fn a_full_queue_holds_the_engine_up_until_there_is_room_or_all_is_given_up() {
        let queue = Arc::new(Conclusions::default());
        assert!(queue.put((0..WAITING_MAX).map(|_| work("a"))));
        let putting = Arc::clone(&queue);
        let put = std::thread::spawn(move || putting.put([work("b")]));
        assert_eq!(queue.take().unwrap().len(), WAITING_MAX);
        assert!(put.join().unwrap());
        assert!(queue.put((1..WAITING_MAX).map(|_| work("a"))));
        let putting = Arc::clone(&queue);
        let put = std::thread::spawn(move || putting.put([work("c")]));
        queue.abandon();
        assert!(!put.join().unwrap());
        assert!(!queue.wait_level() && !queue.put([]));
    }
}
