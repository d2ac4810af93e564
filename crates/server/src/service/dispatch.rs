//! What happens by the clock rather than by a reading: messages go out, service by hours falls due, advisories are published.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foretell_ingest::Ingest;
use foretell_model::{Clock, MachineId, Timestamp, wire};
use foretell_outreach::{Outcome, Outreach};
use metrics::gauge;
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::context;
use super::engine_room::EngineRoom;

/// Looks at holds, reminders and the outbox every `every`, until `stop`.
pub(super) async fn outreach(
    outreach: Arc<Outreach>,
    room: Arc<EngineRoom>,
    clocks: Arc<Clocks>,
    every: Duration,
    stop: CancellationToken,
) {
    let mut service_checked_on = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        if !clocks.started() {
            continue;
        }
        let now = clocks.now();
        let (outreach, room) = (Arc::clone(&outreach), Arc::clone(&room));
        let service_due = service_checked_on != Some(now.day());
        service_checked_on = Some(now.day());
        // A slow mail server holds this task up, never a worker of the runtime.
        let ticked = tokio::task::spawn_blocking(move || {
            if service_due {
                check_service(&outreach, &room, now);
            }
            tick(&outreach, &room, now);
        });
        match ticked.await {
            Ok(()) => {
                gauge!("foretell_outreach_looked_timestamp_seconds").set(clocks.wall().now().millis() as f64 / 1e3)
            }
            Err(error) => tracing::error!(%error, "A look at the outbox ended badly; the next one goes on."),
        }
    }
}

pub(super) fn tick(outreach: &Outreach, room: &EngineRoom, now: Timestamp) {
    match outreach.tick(now) {
        Ok(ticked) => {
            for step in &ticked {
                match &step.outcome {
                    Outcome::Retry { at, reason } => {
                        tracing::warn!(case = %step.case, reason, next_attempt = %at, "A message could not be sent yet.");
                    }
                    Outcome::ForAdvisor(reason) => {
                        tracing::warn!(case = %step.case, reason, "A message waits for the advisor.");
                    }
                    outcome => tracing::info!(case = %step.case, ?outcome, "A message moved."),
                }
            }
            if !ticked.is_empty() {
                room.changed();
            }
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "The outbox could not be looked at.");
        }
    }
}

/// Service by running hours changes by the day, so it is looked at once a day.
pub(super) fn check_service(outreach: &Outreach, room: &EngineRoom, now: Timestamp) {
    for (machine, view) in room.machines() {
        if let Err(error) = outreach.check_service(&machine, &context::of(&view), now) {
            tracing::error!(error = &error as &dyn std::error::Error, %machine, "Service by hours could not be checked.");
        }
    }
}

/// Publishes each machine's current advisory, retained, and an empty message when it has none any more. It compares what
/// stands in the service state with what it published last, so it works across processes and after any crash.
pub(super) async fn advisories(outreach: Arc<Outreach>, ingest: Arc<Ingest>, every: Duration, stop: CancellationToken) {
    let mut published: HashMap<MachineId, String> = HashMap::new();
    loop {
        let outreach = Arc::clone(&outreach);
        match tokio::task::spawn_blocking(move || current(&outreach)).await {
            Ok(Ok(current)) => publish(&ingest, &mut published, current),
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "Advisories could not be read.");
            }
            Err(error) => tracing::error!(%error, "Reading advisories ended badly."),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Each machine's current advisory in its JSON form.
fn current(outreach: &Outreach) -> foretell_outreach::Result<HashMap<MachineId, String>> {
    let advisories = outreach.advisories()?;
    Ok(advisories.into_iter().map(|finding| (finding.machine.clone(), wire::to_json(&finding))).collect())
}

fn publish(ingest: &Ingest, published: &mut HashMap<MachineId, String>, current: HashMap<MachineId, String>) {
    for (machine, payload) in &current {
        if published.get(machine) != Some(payload) {
            ingest.publish_retained(&topic(machine), payload.as_bytes());
        }
    }
    for machine in published.keys().filter(|machine| !current.contains_key(machine)) {
        ingest.publish_retained(&topic(machine), b"");
    }
    *published = current;
}

fn topic(machine: &MachineId) -> String {
    format!("foretell/v1/{machine}/advisory")
}
