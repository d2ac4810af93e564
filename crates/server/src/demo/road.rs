//! The demo's technicians: they set out before a visit, drive there where everybody can follow, and tell what they did.

use std::collections::BTreeMap;

use foretell_console::portrait;
use foretell_model::{Found, HOUR_MS, MINUTE_MS, Timestamp, VisitState};
use foretell_outreach::{Checklist, Errand, Outreach, PhotoOf, VisitReport};

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

/// Drives whoever is due to a visit a bit on; says how near the next drive is.
pub(super) fn drive(outreach: &Outreach, now: Timestamp) -> foretell_outreach::Result<Near> {
    let mut near = Near::Far;
    let places: BTreeMap<String, (f64, f64)> =
        outreach.sites()?.into_iter().filter_map(|site| Some((site.id.clone(), site.place()?))).collect();
    for errand in outreach.errands(None, (now, now + SOON_MS))? {
        if errand.state != VisitState::Booked {
            continue;
        }
        let left_ms = errand.visit.start - now;
        near = near.max(if left_ms <= WAY_MS && left_ms > 0 { Near::Now } else { Near::Soon });
        drive_to(outreach, &errand, places.get(errand.machine.site()).copied(), now)?;
    }
    Ok(near)
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
    outreach.give_verdict(&sheet.finding.id, (Found::Confirmed, None), "", who, now).map(drop)
}
