//! What a case's page shows of the machine that broke: which it is, where it stands, who was there last, what was forecast.

use foretell_model::{Catalogue, FindingKind};

use super::visit::bring;
use super::visits::works_made;
use crate::view::{BrokenMachine, CasePage};
use crate::{Lang, civil, text};

/// The machine as `case_machine.html` shows it.
pub(super) struct MachineCard {
    /// Model, rated power and running hours; may be empty.
    pub(super) what: String,
    /// Its identity.
    pub(super) id: String,
    pub(super) site: String,
    pub(super) address: String,
    /// Where a map shows it; empty when nobody said.
    pub(super) geo: String,
    /// When somebody was there last, what was done, and who with what was said of it.
    pub(super) last_visit: Option<(String, String, String)>,
    /// What was forecast or seen, in sentences.
    pub(super) forecast: Vec<String>,
    /// Parts likely to be needed, with where they lie.
    pub(super) bring: Vec<String>,
}

/// Lays it out.
pub(super) fn machine_card(page: &CasePage, catalogue: &Catalogue, lang: Lang) -> MachineCard {
    let (machine, case) = (&page.machine, &page.case);
    let then = case.closed.map_or(page.now, |_| case.opened);
    let tells = |kind| !matches!(kind, FindingKind::Observability | FindingKind::MaintenanceEffect);
    let open = machine.open.iter().filter(|finding| tells(finding.kind));
    let last = machine.last_visit.as_ref().map(|visit| {
        let done = works_made((&visit.works, &visit.looked_at), catalogue, lang);
        let said = [visit.technician.clone(), visit.note.clone()];
        let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
        (civil::date(visit.at, case.zone, lang), text::listed(&done, lang), said.join(" · "))
    });
    MachineCard {
        what: what(machine, lang),
        id: case.machine.clone(),
        site: case.site_name.clone(),
        address: machine.address.clone(),
        geo: machine.place_deg.map_or_else(String::new, |(north, east)| format!("geo:{north:.5},{east:.5}")),
        last_visit: last,
        bring: if case.closed.is_some() {
            Vec::new()
        } else {
            machine.parts.iter().map(|part| bring(part, lang)).collect()
        },
        forecast: open.map(|finding| text::kind_sentence_at(finding, then, catalogue, lang)).collect(),
    }
}

fn what(machine: &BrokenMachine, lang: Lang) -> String {
    let parts = [
        Some(machine.model.clone()).filter(|model| !model.is_empty()),
        machine.rated_kw.map(|kw| format!("{} kW", text::number(kw, lang))),
        machine.run_hours.map(|hours| text::hours_count(hours, lang)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}
