//! Current advisories on MQTT, retained: what the engine concludes as soon as it is kept, and what people do within a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foretell_ingest::Ingest;
use foretell_model::{Finding, MachineId, wire};
use foretell_outreach::Outreach;
use tokio_util::sync::CancellationToken;

use super::clocks::Clocks;
use super::conclusions::note_wait;
use super::dispatch::read;
use super::engine_room::EngineRoom;
use super::placed::News;

/// Publishes each machine's current advisory, retained, and an empty message when it has none any more. What the engine
/// concludes in this process is published as soon as outreach has it. Besides, every `every`, all that stands in the service
/// state is compared with what was published last, so it works across processes, after any crash and after what people do.
pub(super) async fn advisories(
    outreach: Arc<Outreach>,
    ingest: Arc<Ingest>,
    room: Arc<EngineRoom>,
    clocks: Arc<Clocks>,
    every: Duration,
    stop: CancellationToken,
) {
    let (mut published, mut known) = (Published::default(), ingest.destinations());
    let mut compare_at = tokio::time::Instant::now();
    let tell = |machine: &MachineId, payload: &str| ingest.publish_retained(&topic(machine), payload.as_bytes());
    loop {
        let news = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep_until(compare_at) => None,
            news = room.news() => Some(news),
        };
        let Some(news) = news else {
            let (outreach, seen) = (Arc::clone(&outreach), published.seen);
            let current = tokio::task::spawn_blocking(move || current(&outreach, seen)).await;
            if let Some(current) = read(current) {
                // A new broker has been told nothing yet.
                let again = std::mem::replace(&mut known, ingest.destinations()) != known;
                published.compare(current, again, tell);
            }
            compare_at = tokio::time::Instant::now() + every;
            continue;
        };
        for (machine, News { payload, arrived }) in news {
            published.note(machine, payload, tell);
            note_wait("published", Some(clocks.wall().now()).zip(arrived));
        }
    }
}

/// What stands on MQTT by our doing.
#[derive(Default)]
struct Published {
    payloads: HashMap<MachineId, String>,
    /// The newest change of cases up to which all of it was compared; `None` where something was published since. A fleet's
    /// advisories are many, and as a rule nothing has changed in a second.
    seen: Option<i64>,
}

/// Every machine's current advisory in its JSON form, and the newest change of cases that is in them.
type Current = (i64, HashMap<MachineId, String>);

/// Where a case has changed since `seen`, every machine's current advisory.
fn current(outreach: &Outreach, seen: Option<i64>) -> foretell_outreach::Result<Option<Current>> {
    let desk = outreach.desk()?;
    let newest = desk.cases_version();
    if seen == Some(newest) {
        return Ok(None);
    }
    let of = |finding: &Finding| (finding.machine.clone(), wire::to_json(finding));
    Ok(Some((newest, desk.advisories().into_iter().map(of).collect())))
}

impl Published {
    /// Takes one machine's newest advisory.
    fn note(&mut self, machine: MachineId, payload: Option<String>, tell: impl Fn(&MachineId, &str)) {
        // It may have been overtaken on its way here, so that the next comparison must look at it.
        self.seen = None;
        if self.payloads.get(&machine) == payload.as_ref() {
            return;
        }
        tell(&machine, payload.as_deref().unwrap_or_default());
        match payload {
            Some(payload) => self.payloads.insert(machine, payload),
            None => self.payloads.remove(&machine),
        };
    }

    /// Takes all there are, if any has changed, and tells what is new of them; everything `again` to whoever knows nothing yet.
    fn compare(&mut self, current: Option<Current>, again: bool, tell: impl Fn(&MachineId, &str)) {
        let Some((newest, current)) = current else {
            let all = self.payloads.iter().filter(|_| again);
            return all.for_each(|(machine, payload)| tell(machine, payload));
        };
        for (machine, payload) in &current {
            if again || self.payloads.get(machine) != Some(payload) {
                tell(machine, payload);
            }
        }
        for machine in self.payloads.keys().filter(|machine| !current.contains_key(machine)) {
            tell(machine, "");
        }
        *self = Self { payloads: current, seen: Some(newest) };
    }
}

fn topic(machine: &MachineId) -> String {
    format!("foretell/v1/{machine}/advisory")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use foretell_model::{FaultCode, FindingId, FindingKind, Grade, Offset, Status, Timestamp};
    use foretell_outreach::{MachineContext, OutreachOptions};

    use super::*;

    fn finding(likelihood: f64) -> Finding {
        let (machine, fault) = (MachineId::new("s1", "m1").unwrap(), FaultCode::new("cooler_clogging").unwrap());
        Finding {
            at: Timestamp::from_millis(1_000),
            kind: FindingKind::Prediction,
            id: FindingId::new(&machine, &fault, 1),
            machine,
            status: Status::Opened,
            grade: Grade::Advise,
            fault,
            likelihood,
            alternatives: Vec::new(),
            rul_days: None,
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text: String::new(),
        }
    }

    #[test]
    fn advisories_are_read_when_a_case_has_changed_and_told_when_they_are_news() {
        let dir = tempfile::tempdir().unwrap();
        let options = OutreachOptions::new(Arc::new(crate::service::catalogue(None).unwrap()));
        let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
        let (mut published, told) = (Published::default(), RefCell::new(Vec::new()));
        let tell = |_: &MachineId, payload: &str| told.borrow_mut().push(payload.to_owned());
        let look = |published: &mut Published, again: bool| {
            let current = current(&outreach, published.seen).unwrap();
            let was_read = current.is_some();
            published.compare(current, again, tell);
            (was_read, std::mem::take(&mut *told.borrow_mut()))
        };
        let apply = |n: u64, finding: &Finding| {
            outreach.apply(Offset(n), 1, finding, &MachineContext::default(), finding.at).unwrap();
            wire::to_json(finding)
        };
        assert_eq!(look(&mut published, false), (true, vec![]), "the first look");
        let first = apply(1, &finding(0.8));
        assert_eq!(look(&mut published, false), (true, vec![first.clone()]));
        assert_eq!(look(&mut published, false), (false, vec![]), "nothing has changed");
        assert_eq!(look(&mut published, true), (false, vec![first.clone()]), "a new broker");
        // What the engine says is told at once, and compared: here it was overtaken on its way.
        let second = apply(2, &Finding { status: Status::Updated, ..finding(0.9) });
        assert_eq!(look(&mut published, false), (true, vec![second.clone()]));
        published.note(finding(0.8).machine, Some(first.clone()), tell);
        assert_eq!(look(&mut published, false), (true, vec![first, second]));
        apply(3, &Finding { status: Status::Cleared, ..finding(0.9) });
        assert_eq!(look(&mut published, false), (true, vec![String::new()]));
    }
}
