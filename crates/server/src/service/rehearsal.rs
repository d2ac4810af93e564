//! Outreach by event time: in a rehearsal months pass in a minute, and what happens by the clock must fall on the same hour
//! in every run, however fast this computer is.

use foretell_model::{DAY_MS, HOUR_MS, Logged, Timestamp};
use foretell_outreach::Outreach;

use super::by_hours::ByHours;
use super::dispatch;
use super::engine_room::EngineRoom;

/// Cuts a stretch of the log where its newest reading enters another hour, so that the clock never skips one.
/// `newest` is the newest reading before the stretch.
pub(super) fn by_the_hour(entries: &[Logged], newest: Timestamp) -> impl Iterator<Item = &[Logged]> {
    let mut hour = newest.millis().div_euclid(HOUR_MS);
    entries.chunk_by(move |_, next| {
        let next = next.event.ts().millis().div_euclid(HOUR_MS);
        let same = next <= hour;
        hour = hour.max(next);
        same
    })
}

/// Does what falls due by the clock when an hour has begun between two instants.
pub(super) fn pass(outreach: &Outreach, room: &EngineRoom, before: Timestamp, now: Timestamp) {
    let entered = |span_ms: i64| now.millis().div_euclid(span_ms) > before.millis().div_euclid(span_ms);
    if entered(DAY_MS) {
        ByHours::default().look(outreach, room, (now, false));
    }
    if entered(HOUR_MS) {
        dispatch::tick(outreach, room, now);
    }
}
