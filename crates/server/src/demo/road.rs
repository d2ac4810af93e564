//! The demo's technicians: they set out before a visit, drive there where everybody can follow, and tell what they did.

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
    /// Somebody is on the road.
    Now,
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

/// Drives whoever is due to a visit a bit on; says how near the next drive is, and what went wrong on the way to one visit.
pub(super) fn drive(outreach: &Outreach, now: Timestamp) -> foretell_outreach::Result<(Near, Vec<OutreachError>)> {
    let (mut near, mut wrong) = (Near::Far, Vec::new());
    let places: BTreeMap<String, (f64, f64)> =
        outreach.sites()?.into_iter().filter_map(|site| Some((site.id.clone(), site.place()?))).collect();
    for errand in outreach.errands(None, (now, now + SOON_MS))? {
        if errand.state != VisitState::Booked {
            continue;
        }
        let left_ms = errand.visit.start - now;
        near = near.max(if left_ms <= WAY_MS && left_ms > 0 { Near::Now } else { Near::Soon });
        wrong.extend(drive_to(outreach, &errand, places.get(errand.machine.site()).copied(), now).err());
    }
    Ok((near, wrong))
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

    #[test]
    fn every_visit_can_be_finished_whatever_its_case_is() {
        #[track_caller]
        fn check(kind: FindingKind, code: &str) {
            let (dir, fleet) = (tempfile::tempdir().unwrap(), Fleet::builtin("demo", 1).unwrap());
            let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
            let options = OutreachOptions::new(Arc::new(catalogue));
            let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
            let now = Timestamp::parse("2026-07-15T08:00:00Z").unwrap();
            outreach.import(&super::super::people::registry(&fleet), "test", now).unwrap();
            let (machine, fault) =
                (foretell_model::MachineId::parse("s02/m005").unwrap(), FaultCode::new(code).unwrap());
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
            let errand = outreach.errands_of(&[visit]).unwrap().remove(0);
            finish(&outreach, &errand, start.plus_days(1.0)).unwrap();
            assert!(outreach.errand_sheet(visit).unwrap().report.is_some(), "{code}: nothing was told");
        }
        check(FindingKind::MaintenanceDue, "serviced");
        check(FindingKind::Prediction, "cooler_clogging");
    }
}
