//! In which order a letter and its page speak of several machines: the most pressing first, whichever of them the case is about.

use std::cmp::Reverse;
use std::mem::take;

use foretell_model::{Finding, FindingKind, Grade, MachineId, Timestamp};

use super::Facts;

/// How pressing a finding is; of several the least comes first. A fault goes before service that is due.
pub(crate) type Pressing = (bool, Reverse<Grade>, Timestamp);

/// How pressing a finding is.
pub(crate) fn pressing(finding: &Finding) -> Pressing {
    let p10 = finding.rul_days.and_then(|rul| rul.p10).map(|days| finding.at.plus_days(days));
    (finding.kind == FindingKind::MaintenanceDue, Reverse(finding.grade), p10.unwrap_or(Timestamp::MAX))
}

impl Facts {
    /// With the most pressing of its machines first, and what nobody has read of yet last. A letter after work that did not help
    /// begins with that work.
    pub(crate) fn most_pressing_first(mut self) -> Self {
        self.others.sort_by_key(|other| (other.is_new, other.pressing));
        let leads = |other: &Self| !other.is_new && other.pressing < self.pressing;
        if self.before.is_some() || !self.others.first().is_some_and(leads) {
            return self;
        }
        let mut first = self.others.remove(0);
        // What is true of the letter and its visit, and of no machine alone.
        (first.talk, first.earlier) = (self.talk.take(), self.earlier.take());
        first.earlier_worse = take(&mut self.earlier_worse);
        (first.slots_run, first.others) = (take(&mut self.slots_run), take(&mut self.others));
        (first.duration, first.minutes) = (self.duration.clone(), self.minutes);
        (first.stops, first.at_most) = (self.stops, self.at_most);
        first.season_until = self.season_until.take();
        first.others.push(self);
        first.others.sort_by_key(|other| (other.is_new, other.pressing));
        first
    }

    /// The machines in the order in which they are spoken of.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &MachineId> {
        std::iter::once(self).chain(&self.others).map(|facts| &facts.machine)
    }
}
