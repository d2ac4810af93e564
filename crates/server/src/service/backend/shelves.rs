//! Where the parts lie that a visit takes.

use foretell_console::view::{PartAtHand, PartToBring};
use foretell_console::{BackendError, Lang};
use foretell_model::MachineId;
use foretell_model::catalogue::Text;
use foretell_outreach as outreach;

use super::ServiceBackend;
use super::errors::of_outreach;

impl ServiceBackend {
    /// What works on a machine take, and where the nearest lies.
    pub(super) fn parts_for<'a>(
        &self,
        machine: &MachineId,
        works: impl Iterator<Item = &'a str>,
        lang: Lang,
    ) -> Result<Vec<PartToBring>, BackendError> {
        let actions = works.filter_map(|code| self.catalogue.actions.get(code));
        let at_hand = self.parts_at_hand(machine, actions.flat_map(|action| &action.parts))?;
        let bring = |part: PartAtHand| PartToBring {
            depot: part.depot.map_or_else(String::new, |depot| depot.in_language(lang.tag()).to_owned()),
            part: part.part,
            n: part.n,
        };
        Ok(at_hand.into_iter().map(bring).collect())
    }

    /// Where the nearest of each part lies; two works of one visit that take the same part take it once.
    pub(super) fn parts_at_hand<'a>(
        &self,
        machine: &MachineId,
        parts: impl IntoIterator<Item = &'a String>,
    ) -> Result<Vec<PartAtHand>, BackendError> {
        let mut kinds: Vec<&String> = Vec::new();
        for part in parts {
            if !kinds.contains(&part) {
                kinds.push(part);
            }
        }
        let stock = self.outreach.stock().map_err(of_outreach)?;
        let at_hand = |part: &String| {
            let nearest = self.outreach.nearest_depot(machine, part, 1).map_err(of_outreach)?;
            let on_shelf = |depot: &outreach::Depot| {
                stock.iter().find(|line| line.depot == depot.id && line.part == *part).map_or(0, |line| line.n)
            };
            Ok(PartAtHand {
                part: part.clone(),
                n: nearest.as_ref().map_or(0, |(depot, _)| on_shelf(depot)),
                depot: nearest.map(|(depot, _)| Text { en: depot.name.en, zh: depot.name.zh }),
            })
        };
        kinds.into_iter().map(at_hand).collect()
    }
}
