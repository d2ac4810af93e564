//! What happens by the clock rather than by a reading: messages go out, service by hours falls due, the log hears of work.

use std::sync::Arc;
use std::time::Duration;

use foretell_history::SqliteLog;
use foretell_model::{Clock, Event, Log, Timestamp};
use foretell_outreach::{Outcome, Outreach, WorkDone};
use metrics::gauge;
use tokio_util::sync::CancellationToken;

use super::by_hours::ByHours;
use super::clocks::Clocks;
use super::engine_room::EngineRoom;
use super::photos::Photos;
use super::troubles::{Part, of_outreach};

/// How often webhooks are told what happens, and letters on MQTT compared with the service state.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks at holds, reminders and the outbox every `every`, until `stop`.
pub(super) async fn outreach(
    outreach: Arc<Outreach>,
    room: Arc<EngineRoom>,
    (clocks, photos, log): (Arc<Clocks>, Photos, Arc<SqliteLog>),
    every: Duration,
    stop: CancellationToken,
) {
    let (mut forgot_on, mut by_hours) = (None, ByHours::default());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        if !clocks.started() {
            continue;
        }
        let now = clocks.now();
        let (outreach, room, photos) = (Arc::clone(&outreach), Arc::clone(&room), photos.clone());
        let (log, mut looks) = (Arc::clone(&log), std::mem::take(&mut by_hours));
        let forgets = forgot_on.replace(now.day()) != Some(now.day());
        // In a rehearsal minutes fly by; the days of its counters are looked at by its own clock.
        let follows = !clocks.is_rehearsal();
        // A slow mail server holds this task up, never a worker of the runtime.
        let ticked = tokio::task::spawn_blocking(move || {
            looks.look(&outreach, &room, (now, follows));
            if forgets {
                forget(&outreach, &photos, now);
            }
            tick(&outreach, &room, now);
            tell_work(&outreach, log.as_ref(), now);
            looks
        });
        match ticked.await {
            Ok(looked) => {
                by_hours = looked;
                gauge!("foretell_outreach_looked_timestamp_seconds").set(clocks.wall().now().millis() as f64 / 1e3)
            }
            Err(error) => tracing::error!(%error, "A look at the outbox ended badly; the next one goes on."),
        }
    }
}

/// Tells webhooks what happens, if there are any, until `stop`. On a task of its own: a subscriber that does not answer delays no
/// letter.
pub(super) async fn hooks(outreach: Arc<Outreach>, clocks: Arc<Clocks>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let (outreach, now) = (Arc::clone(&outreach), clocks.wall().now());
        read(tokio::task::spawn_blocking(move || outreach.tell_hooks(now)).await);
    }
}

pub(super) fn tick(outreach: &Outreach, room: &EngineRoom, now: Timestamp) {
    match outreach.tick(now) {
        Ok(ticked) => {
            room.troubles().over(Part::Outbox);
            for step in &ticked {
                match &step.outcome {
                    Outcome::Retry { at, reason } => {
                        tracing::warn!(case = %step.case, reason, next_attempt = %at, "A message could not be sent yet.");
                    }
                    Outcome::ForAdvisor(reason) => {
                        tracing::warn!(case = %step.case, reason, "A message waits for the advisor.");
                    }
                    // Not that it has arrived: who takes it on from there may still refuse it.
                    Outcome::Sent => tracing::info!(case = %step.case, "A message was handed to its channel."),
                    outcome => tracing::info!(case = %step.case, ?outcome, "A message moved."),
                }
            }
            if !ticked.is_empty() {
                room.changed();
            }
        }
        Err(error) => room.troubles().note(Part::Outbox, of_outreach(&error)),
    }
}

/// Tells the log of the work of visits whose reports can no longer be taken back whole. The log first: should the second
/// step fail, doing both again leaves one entry there, because it keeps the same event once.
pub(super) fn tell_work(outreach: &Outreach, log: &dyn Log, now: Timestamp) {
    let told = outreach.works_to_tell(now).map_err(|error| Box::new(error) as Box<dyn std::error::Error>);
    let told = told.and_then(|visits| {
        for (visit, works) in visits {
            let event = |done: WorkDone| Event::Maintenance { machine: done.machine, ts: done.ts, work: done.work };
            let events: Vec<Event> = works.into_iter().map(event).collect();
            if !events.is_empty() {
                log.append(&events)?;
            }
            outreach.note_told(visit)?;
        }
        Ok(())
    });
    if let Err(error) = told {
        tracing::error!(%error, "The log could not be told of work that was done; it is tried again.");
    }
}

/// Words and pictures of what is long over go once a day, and pictures that nothing names any more.
fn forget(outreach: &Outreach, photos: &Photos, now: Timestamp) {
    let forgotten = outreach.forget_what_is_long_over(now).and_then(|gone| Ok((gone, outreach.photo_references()?)));
    let deleted = match forgotten {
        Ok((gone, known)) => photos.delete(&gone).and_then(|()| photos.sweep(&known.into_iter().collect())),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "What is long over could not be struck out.");
            return;
        }
    };
    match deleted {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "Pictures that nothing names were deleted."),
        Err(error) => tracing::error!(%error, "Pictures could not be deleted."),
    }
}

pub(super) fn read<T>(read: Result<foretell_outreach::Result<T>, tokio::task::JoinError>) -> Option<T> {
    match read {
        Ok(Ok(read)) => return Some(read),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "Advisories could not be read.");
        }
        Err(error) => tracing::error!(%error, "Reading advisories ended badly."),
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use foretell_engine::EngineOptions;
    use foretell_outreach::store::{Database, Session, Sqlite};
    use foretell_outreach::{OutreachError, OutreachOptions};

    use super::*;

    /// A database that refuses while it is told to.
    struct Moody {
        within: Sqlite,
        refuses: Arc<AtomicBool>,
    }

    impl Moody {
        fn mood(&self) -> foretell_outreach::Result<()> {
            if self.refuses.load(Ordering::Relaxed) { Err(OutreachError::store("disk I/O error")) } else { Ok(()) }
        }
    }

    impl Database for Moody {
        fn write(
            &self,
            step: &mut dyn FnMut(&dyn Session) -> foretell_outreach::Result<()>,
        ) -> foretell_outreach::Result<()> {
            self.mood().and_then(|()| self.within.write(step))
        }

        fn read(
            &self,
            step: &mut dyn FnMut(&dyn Session) -> foretell_outreach::Result<()>,
        ) -> foretell_outreach::Result<()> {
            self.mood().and_then(|()| self.within.read(step))
        }

        fn compact(&self) -> foretell_outreach::Result<()> {
            self.mood().and_then(|()| self.within.compact())
        }
    }

    #[test]
    fn an_outbox_that_cannot_be_looked_at_makes_the_service_not_ready_until_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let (path, refuses) = (dir.path().join("service.sqlite"), Arc::new(AtomicBool::new(false)));
        let database = Moody { within: Sqlite::open(&path).unwrap(), refuses: Arc::clone(&refuses) };
        let secret = dir.path().join("link.secret");
        let options = OutreachOptions::new(Arc::new(crate::service::catalogue(None).unwrap()));
        let outreach = Outreach::over(Box::new(database), &secret, options).unwrap();
        let room = EngineRoom::new(EngineOptions::default());
        for (is_refusing, expected) in [
            (false, ""),
            (
                true,
                "letters and reminders have waited for the service state: could not look at the clock: disk I/O error",
            ),
            (false, ""),
        ] {
            refuses.store(is_refusing, Ordering::Relaxed);
            tick(&outreach, &room, Timestamp::from_millis(1_000));
            let said = room.troubles().sentences(true).join("; ");
            assert!(said.ends_with(expected) && said.is_empty() == expected.is_empty(), "{said}");
        }
    }
}
