//! What of the facts is news to their reader: since the letter, since a visit was booked, since a machine stands still.

use foretell_model::MachineId;

use super::{Facts, Occasion, lint};
use crate::edits::Claim;

impl Facts {
    /// Marks which other machines a text did not speak of.
    pub(crate) fn since(mut self, told: &str) -> Self {
        for other in &mut self.others {
            other.is_new = !lint::names(told, other.number());
        }
        self
    }

    /// With the figures of the last letter, where those of now say the same to a reader: what has moved by a tenth may round to another
    /// whole number, and whoever opens the page beside the letter must not wonder which of the two is true.
    pub(crate) fn with_told_figures(mut self, claims: &[Claim]) -> Self {
        self.others =
            std::mem::take(&mut self.others).into_iter().map(|other| other.with_told_figures(claims)).collect();
        let told = claims.iter().find_map(|claim| claim.figure_for(&self.machine, self.seen.said()));
        if let Some(figure) = told {
            self.seen.told_as(figure);
        }
        self
    }

    /// What there is to say of a fault on the machine of a visit, where what was told of the visit names neither it nor its work: it
    /// came up since. The works are then those that nobody had planned.
    pub(super) fn unsaid(mut self, told: &str) -> Option<Self> {
        let due = &self.due;
        self.works.retain(|work| !due.contains(work));
        let fault = self.fault.as_deref().filter(|_| self.occasion == Occasion::Fault)?;
        let is_said = told.contains(fault) || self.works.iter().any(|work| told.contains(work.as_str()));
        (!told.is_empty() && !is_said).then_some(self)
    }

    /// Whether it came up after what was told last.
    pub(crate) const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Of machines that stand still, each with the day in words on which it broke down: nothing else is said of them.
    pub(crate) fn broken_down(mut self, broken: &[(MachineId, String)]) -> Self {
        self.others = std::mem::take(&mut self.others).into_iter().map(|other| other.broken_down(broken)).collect();
        if let Some((_, day)) = broken.iter().find(|(machine, _)| *machine == self.machine) {
            self.broken = Some(day.clone());
            self.comparison.clear();
        }
        self
    }

    /// For the works of a visit that does not go to these machines.
    pub(crate) fn leaving_out(self, machines: &[MachineId]) -> Self {
        let left: Vec<_> = machines.iter().map(|machine| (machine.clone(), String::new())).collect();
        self.broken_down(&left)
    }
}
