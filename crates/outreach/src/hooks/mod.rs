//! Others are told of what happens: subscribers, such as a CMMS, receive advisories, bookings, verdicts and service cases by
//! HTTP, in the order of the record, at least once, each with an `Idempotency-Key` of its own.
//!
//! The record itself is the outbox, and a subscriber is a place in it: what is committed there will be told, and a crash
//! between telling and noting it tells the same entry again under the same key. What a subscriber refuses for good (400, 413,
//! 422, …) is counted and passed over; where the address or the login is wrong (401, 403, 404, 407, 410) and where nothing
//! answers, it waits, and the console says so.

mod event;
mod hook;

pub use event::EVENTS;
pub use hook::{Hook, HookOptions};

use foretell_model::{MINUTE_MS, Timestamp};
use metrics::counter;

use crate::Outreach;
use crate::error::Result;
use crate::outbox::settle::back_off_ms;
use crate::store::hooks::{self, HookState};
use crate::store::record;
use crate::views::RecordFilter;

use hook::Failed;

/// Entries told to one subscriber in one go.
const BATCH_MAX: u32 = 200;

/// Longest wait after a failure unless the subscriber asks for more.
const WAIT_MAX_MS: i64 = 30 * MINUTE_MS;

/// How a subscriber does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookStatus {
    /// Its name.
    pub name: String,
    /// Scheme and host of its address; the rest may be a secret.
    pub host: String,
    /// Entries of the record that it has not been offered, at most 1,000; not each of them concerns it.
    pub waiting: u32,
    /// How many it took.
    pub delivered: u32,
    /// How many it refused for good.
    pub refused: u32,
    /// Failures since the last success.
    pub failures: u32,
    /// When it last took one.
    pub last_delivered: Option<Timestamp>,
    /// When it last did not.
    pub last_failure: Option<Timestamp>,
    /// Why not; empty after a success.
    pub why: String,
    /// When it is tried again, after a failure.
    pub next: Option<Timestamp>,
}

impl Outreach {
    /// Tells every subscriber what it has not heard yet. To be called every few seconds, by one at a time; `now` is the wall
    /// clock's, also in a rehearsal. Says how many events were taken.
    ///
    /// # Errors
    /// When the store refuses. What was told up to then is noted.
    pub fn tell_hooks(&self, now: Timestamp) -> Result<u32> {
        let mut told = 0;
        for hook in &self.options.hooks {
            told += self.tell_hook(hook, now)?;
        }
        Ok(told)
    }

    fn tell_hook(&self, hook: &Hook, now: Timestamp) -> Result<u32> {
        let name = hook.name();
        let Some(mut state) = self.store.read("read a subscriber", |c| hooks::state(c, name))? else { return Ok(0) };
        // A clock that was set back must not silence it for longer than a wait.
        if state.due > now && state.due <= now + 2 * WAIT_MAX_MS + 86_400_000 {
            return Ok(0);
        }
        let filter = RecordFilter { after: state.cursor, max: BATCH_MAX, ..RecordFilter::default() };
        let entries = self.store.read("read the record", |c| record::filtered(c, &filter, None))?;
        let (mut told, before) = (0, state.cursor);
        for entry in &entries {
            let event = self.store.read("read an event", |c| event::of(c, entry))?;
            let Some((event, body)) = event.filter(|(event, _)| hook.wants(event)) else {
                state.cursor = entry.id;
                continue;
            };
            let fate = hook.tell(entry.id, &body);
            let label = match &fate {
                Ok(()) => "delivered",
                Err(Failed::Later { .. }) => "retry",
                Err(Failed::Never(_)) => "refused",
            };
            counter!("foretell_webhook_events_total", "webhook" => name.to_owned(), "fate" => label).increment(1);
            let is_over = matches!(fate, Err(Failed::Later { .. }));
            note(&mut state, entry.id, fate, now);
            self.store.write("note what a subscriber heard", |tx| hooks::save(tx, name, &state))?;
            if is_over {
                tracing::warn!(
                    webhook = name,
                    event,
                    why = state.why,
                    "A webhook did not take an event; it is tried again."
                );
                return Ok(told);
            }
            told += 1;
        }
        // Entries that are none of its business are passed over; each write is a sync of the disk.
        if state.cursor > before {
            self.store.write("note what a subscriber passed over", |tx| hooks::save(tx, name, &state))?;
        }
        Ok(told)
    }

    /// How every subscriber does.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn hook_statuses(&self) -> Result<Vec<HookStatus>> {
        self.store.read("read the subscribers", |c| {
            let head = hooks::head(c)?;
            let status = |hook: &Hook| {
                let state = hooks::state(c, hook.name())?.unwrap_or_default();
                let failing = state.attempts > 0;
                Ok(HookStatus {
                    name: hook.name().to_owned(),
                    host: hook.host().to_owned(),
                    waiting: u32::try_from((head - state.cursor).clamp(0, 1_000)).unwrap_or(0),
                    delivered: state.delivered,
                    refused: state.refused,
                    failures: state.attempts,
                    last_delivered: state.last_ok,
                    last_failure: state.last_failure,
                    next: failing.then_some(state.due),
                    why: state.why,
                })
            };
            self.options.hooks.iter().map(|hook| status(hook)).collect()
        })
    }

    /// Makes new subscribers known.
    pub(crate) fn subscribe_hooks(&self) -> Result<()> {
        if self.options.hooks.is_empty() {
            return Ok(());
        }
        self.store.write("make subscribers known", |tx| {
            self.options.hooks.iter().try_for_each(|hook| hooks::subscribe(tx, hook.name()))
        })
    }
}

fn note(state: &mut HookState, entry: i64, fate: std::result::Result<(), Failed>, now: Timestamp) {
    match fate {
        Ok(()) => {
            (state.cursor, state.attempts, state.due, state.last_ok) = (entry, 0, now, Some(now));
            state.delivered = state.delivered.saturating_add(1);
            state.why.clear();
        }
        Err(Failed::Never(why)) => {
            (state.cursor, state.attempts, state.due) = (entry, 0, now);
            (state.last_failure, state.why) = (Some(now), format!("refused: {why}"));
            state.refused = state.refused.saturating_add(1);
        }
        Err(Failed::Later { why, pause_ms }) => {
            state.attempts = state.attempts.saturating_add(1);
            // Half a minute at first, so that a subscriber that was restarted hears soon.
            let wait_ms = (back_off_ms(entry, state.attempts.saturating_sub(1)) / 2).min(WAIT_MAX_MS).max(pause_ms);
            (state.due, state.last_failure, state.why) = (now + wait_ms, Some(now), why);
        }
    }
}
