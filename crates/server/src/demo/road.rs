//! The demo's technicians: they set out before a visit, drive there where everybody can follow, and tell what they did. Whoever
//! follows the demo may be the technician instead: each step says where, and time goes slowly meanwhile.

use std::collections::BTreeMap;

use foretell_console::portrait;
use foretell_model::{FindingKind, Found, HOUR_MS, MINUTE_MS, Timestamp, VisitState};
use foretell_outreach::{Checklist, Errand, Outreach, OutreachError, PhotoOf, VisitReport};

use super::people::LOOKS;
use crate::failure::{Failure, Kind};
use crate::service::Photos;

/// How long before a visit somebody sets out, ms.
const WAY_MS: i64 = 45 * MINUTE_MS;
/// How far off that person is then, km.
const BEGIN_KM: f64 = 17.0;
/// Kilometres of one degree of latitude.
const KM_PER_DEGREE: f64 = 111.2;
/// From when on before a visit time must not leap over it, ms.
const SOON_MS: i64 = 9 * HOUR_MS;

/// How near the next drive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Near {
    /// Not today.
    Far,
    /// In some hours.
    Soon,
    /// The demo's technician is at the machine; whoever likes may report first.
    Work,
    /// Somebody is on the road, or a person plays the technician at the machine.
    Now,
}

/// Visits of which each step that a person may play was told: on the road, then at the machine.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<i64, Near>);

/// What the drives have come to.
#[derive(Debug)]
pub(super) struct Drives {
    /// How near the next one is.
    pub(super) near: Near,
    /// Visits at which somebody is on the road or at work, with what can be played of them.
    pub(super) under_way: Vec<(Errand, Near)>,
    /// What went wrong on the way to single visits.
    pub(super) wrong: Vec<OutreachError>,
}

impl Told {
    /// Says once of each step of a visit whose it is and where to play it; `pace` is in simulated seconds per second.
    pub(super) fn of(
        &mut self,
        drives: &Drives,
        outreach: &Outreach,
        (console, now): (&str, Timestamp),
        pace: impl Fn(Near) -> f64,
    ) -> foretell_outreach::Result<Vec<String>> {
        let mut lines = Vec::new();
        for (errand, step) in &drives.under_way {
            let visit = &errand.visit;
            // A person at work was told what there is to know before setting out.
            if self.0.get(&visit.id).is_some_and(|told| told <= step) {
                continue;
            }
            self.0.insert(visit.id, *step);
            let card = outreach.card(&visit.case, now)?;
            let link = card.message.map(|message| message.link).unwrap_or_default();
            let real = |ms: i64, near: Near| ms.max(0) as f64 / MINUTE_MS as f64 / pace(near);
            let minutes = real(visit.start - now, Near::Now) + real(visit.end - visit.start.max(now), Near::Work);
            lines.push(line(errand, *step, (&link, console), minutes));
        }
        Ok(lines)
    }
}

/// What is said of a step of a visit; the demo's own technician reports in so many minutes of whoever looks on.
fn line(errand: &Errand, step: Near, (link, console): (&str, &str), minutes: f64) -> String {
    let (machine, visit, at) = (&errand.machine, &errand.visit, super::story::date(errand.visit.start));
    let who = visit.technician.as_ref().map_or("a technician", |technician| technician.name.en.as_str());
    let page = format!("{console}/visits/{}", visit.id);
    let minutes = minutes.ceil().max(1.0);
    let until = if minutes > 1.0 { format!("{minutes:.0} minutes") } else { "a minute".to_owned() };
    if step == Near::Now {
        // Booked on the telephone there is no letter, and no page that it leads to.
        let follow = if link.is_empty() { String::new() } else { format!("follow as the customer {link}, or ") };
        format!(
            "         {at}  {machine}: {who} is on the way; {follow}be the technician, arrive and report: {page}; time goes slowly, \
             and in about {until} the demo has reported"
        )
    } else {
        format!(
            "         {at}  {machine}: {who} is there; be the technician and report what you found: {page}; in about {until} the \
             demo does"
        )
    }
}

/// Gives everybody a face.
pub(super) fn portraits(outreach: &Outreach, photos: &Photos, now: Timestamp) -> Result<(), Failure> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::because(Kind::Internal, "could not keep the demo's portraits", error)
    };
    for (key, looks) in LOOKS {
        if !outreach.photos(PhotoOf::Person, key).map_err(|error| failed(error.into()))?.is_empty() {
            continue;
        }
        let drawn = portrait::draw(looks).map_err(|error| failed(error.into()))?;
        let reference = photos.keep(&drawn).map_err(|error| failed(error.into()))?;
        let added = outreach.add_photo((PhotoOf::Person, key), &reference, "", "demo", now);
        added.map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

/// Drives whoever is due to a visit a bit on.
pub(super) fn drive(outreach: &Outreach, now: Timestamp) -> foretell_outreach::Result<Drives> {
    let mut drives = Drives { near: Near::Far, under_way: Vec::new(), wrong: Vec::new() };
    let places: BTreeMap<String, (f64, f64)> =
        outreach.sites()?.into_iter().filter_map(|site| Some((site.id.clone(), site.place()?))).collect();
    for errand in outreach.errands(None, (now, now + SOON_MS))? {
        if errand.state != VisitState::Booked {
            continue;
        }
        let step = step(&errand, now);
        drives.near = drives.near.max(step);
        drives.wrong.extend(drive_to(outreach, &errand, places.get(errand.machine.site()).copied(), now).err());
        if step > Near::Soon {
            drives.under_way.push((errand, step));
        }
    }
    Ok(drives)
}

/// How near one visit is.
fn step(errand: &Errand, now: Timestamp) -> Near {
    let start = errand.visit.start;
    let arrived = errand.journey.as_ref().and_then(|journey| journey.arrived);
    match start - now {
        // Nobody of the demo's comes early.
        _ if arrived.is_some_and(|arrived| arrived < start) => Near::Now,
        left_ms if left_ms > WAY_MS => Near::Soon,
        left_ms if left_ms > 0 => Near::Now,
        _ => Near::Work,
    }
}

fn drive_to(
    outreach: &Outreach,
    errand: &Errand,
    place: Option<(f64, f64)>,
    now: Timestamp,
) -> foretell_outreach::Result<()> {
    let (visit, left_ms) = (errand.visit.id, errand.visit.start - now);
    let who = errand.visit.technician.as_ref().map_or("demo", |technician| technician.id.as_str());
    let arrived = errand.journey.as_ref().is_some_and(|journey| journey.arrived.is_some());
    if arrived || left_ms > WAY_MS {
        return Ok(());
    }
    if left_ms <= 0 {
        return outreach.arrive(visit, who, now).map(drop);
    }
    if errand.journey.is_none() {
        outreach.set_out(visit, None, who, now)?;
    }
    let Some((north, east)) = place else { return Ok(()) };
    let km = BEGIN_KM * left_ms as f64 / WAY_MS as f64;
    outreach.locate(visit, (north - km / KM_PER_DEGREE, east), now).map(drop)
}

/// Tells what was done at a visit whose time has passed. The machine's own report of the work, which ends the visit, is on its
/// way to the log already.
pub(super) fn finish(outreach: &Outreach, errand: &Errand, now: Timestamp) -> foretell_outreach::Result<()> {
    let who = errand.visit.technician.as_ref().map_or("demo", |technician| technician.id.as_str());
    let sheet = outreach.errand_sheet(errand.visit.id)?;
    let depot = errand.visit.technician.as_ref().and_then(|technician| technician.depot.clone());
    let report = VisitReport {
        began: Some(errand.visit.start),
        ended: Some(errand.visit.end),
        depot,
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    };
    outreach.report_visit(errand.visit.id, &report, who, now)?;
    // Due service forecasts nothing that could be right or wrong.
    let mut forecast = sheet.errand.tasks.iter().filter(|task| task.finding.kind != FindingKind::MaintenanceDue);
    forecast
        .try_for_each(|task| outreach.give_verdict(&task.finding.id, (Found::Confirmed, None), "", who, now).map(drop))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use foretell_model::{Catalogue, FaultCode, Finding, FindingId, Grade, Offset, Status};
    use foretell_outreach::{MachineContext, OutreachOptions, Spoken};
    use foretell_sim::Fleet;

    use super::*;

    /// The demo's customers with a booked visit, about a finding of a kind; when it begins, and its number.
    fn booked(kind: FindingKind, code: &str) -> (tempfile::TempDir, Outreach, Timestamp, i64) {
        let (dir, fleet) = (tempfile::tempdir().unwrap(), Fleet::builtin("demo", 1).unwrap());
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let options = OutreachOptions::new(Arc::new(catalogue));
        let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
        let now = Timestamp::parse("2026-07-15T08:00:00Z").unwrap();
        outreach.import(&super::super::people::registry(&fleet), "test", now).unwrap();
        let (machine, fault) = (foretell_model::MachineId::parse("s02/m005").unwrap(), FaultCode::new(code).unwrap());
        let finding = Finding {
            at: now,
            id: FindingId::new(&machine, &fault, 1),
            machine,
            kind,
            status: Status::Opened,
            grade: Grade::Advise,
            fault,
            likelihood: 0.9,
            alternatives: Vec::new(),
            rul_days: None,
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text: "Something is due.".into(),
        };
        outreach.apply(Offset(1), 0, &finding, &MachineContext::default(), now).unwrap();
        let start = Timestamp::parse("2026-07-16T06:00:00Z").unwrap();
        let visit = outreach.book_for(&finding.id, start, &Spoken::default(), "lin", now).unwrap().id;
        (dir, outreach, start, visit)
    }

    #[test]
    fn every_visit_can_be_finished_whatever_its_case_is() {
        for (kind, code) in [(FindingKind::MaintenanceDue, "serviced"), (FindingKind::Prediction, "cooler_clogging")] {
            let (_dir, outreach, start, visit) = booked(kind, code);
            let errand = outreach.errands_of(&[visit]).unwrap().remove(0);
            finish(&outreach, &errand, start.plus_days(1.0)).unwrap();
            assert!(outreach.errand_sheet(visit).unwrap().report.is_some(), "{code}: nothing was told");
        }
    }

    #[test]
    fn each_step_of_a_visit_is_told_once_with_where_to_play_it() {
        let (_dir, outreach, start, visit) = booked(FindingKind::Prediction, "cooler_clogging");
        let (mut told, page) = (Told::default(), format!("http://x/visits/{visit}"));
        let mut look = |minutes: i64| {
            let now = start + minutes * MINUTE_MS;
            let drives = drive(&outreach, now).unwrap();
            assert!(drives.wrong.is_empty(), "{:?}", drives.wrong);
            (drives.near, told.of(&drives, &outreach, ("http://x", now), |_| 30.0).unwrap())
        };
        assert_eq!(look(-60), (Near::Soon, Vec::new()));
        let (near, lines) = look(-40);
        assert!(near == Near::Now && lines.len() == 1 && lines[0].contains("is on the way"), "{lines:?}");
        assert!(lines[0].contains(&page) && !lines[0].contains("customer"), "no letter was written: {lines:?}");
        let errand = outreach.errands_of(&[visit]).unwrap().remove(0);
        assert!(line(&errand, Near::Now, ("http://x/b/t", "http://x"), 4.0).contains("customer http://x/b/t, or be"));
        assert_eq!(look(-30), (Near::Now, Vec::new()));
        let (near, lines) = look(1);
        assert!(near == Near::Work && lines.len() == 1 && lines[0].contains(&page), "{lines:?}");
        assert_eq!(look(2), (Near::Work, Vec::new()));
    }

    #[test]
    fn time_goes_slowly_for_whoever_plays_the_technician() {
        let (_dir, outreach, start, visit) = booked(FindingKind::Prediction, "cooler_clogging");
        drive(&outreach, start + -40 * MINUTE_MS).unwrap();
        outreach.arrive(visit, "somebody", start + -30 * MINUTE_MS).unwrap();
        for minutes in [-29, 5] {
            let drives = drive(&outreach, start + minutes * MINUTE_MS).unwrap();
            assert_eq!(drives.near, Near::Now, "{minutes} minutes");
        }
    }
}
