//! What the demo tells of machines that broke down: each step once, with where to take the next. Two promises run, so time waits
//! while anything is open.

use std::collections::BTreeMap;

use foretell_outreach::{Outreach, ServiceCase, Source};

use super::story::date;

/// How far a breakdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Reported,
    CalledBack,
    Sent,
    There,
    Over,
}

impl Step {
    const fn of(case: &ServiceCase) -> Self {
        match case {
            ServiceCase { closed: Some(_), .. } => Self::Over,
            ServiceCase { on_site: Some(_), .. } => Self::There,
            ServiceCase { technician: Some(_), .. } => Self::Sent,
            ServiceCase { called_back: Some(_), .. } => Self::CalledBack,
            _ => Self::Reported,
        }
    }
}

/// Breakdowns that were told of.
#[derive(Debug, Default)]
pub(super) struct Broken(BTreeMap<i64, Step>);

impl Broken {
    /// Whether one is open: each step of it is somebody's to take.
    pub(super) fn is_open(&self) -> bool {
        self.0.values().any(|step| *step != Step::Over)
    }

    /// A line for each step since the last look.
    pub(super) fn look(&mut self, outreach: &Outreach, console: &str) -> foretell_outreach::Result<Vec<String>> {
        let mut cases = outreach.service_cases()?;
        // One that is closed is no open case any more, but its end belongs to the story.
        let told = self.0.iter().filter(|(id, step)| **step != Step::Over && cases.iter().all(|case| case.id != **id));
        for id in told.map(|(id, _)| *id).collect::<Vec<_>>() {
            cases.push(outreach.service_case(id)?);
        }
        let mut lines = Vec::new();
        for case in &cases {
            let step = Step::of(case);
            if self.0.insert(case.id, step) != Some(step) {
                lines.push(line(case, step, console));
            }
        }
        Ok(lines)
    }
}

fn line(case: &ServiceCase, step: Step, console: &str) -> String {
    let (machine, page) = (&case.machine, format!("{console}/cases/{}", case.id));
    let at = match step {
        Step::Over => case.closed,
        Step::There => case.on_site,
        Step::CalledBack => case.called_back,
        Step::Sent | Step::Reported => None,
    };
    let said = match (step, case.source) {
        (Step::Reported, Source::Customer | Source::Reply) => {
            format!("it has broken down, the customer says; call back: {page}")
        }
        (Step::Reported, Source::Controller) => {
            format!("it has stopped, its controller says; call the customer: {page}")
        }
        (Step::Reported, Source::Advisor) => format!("it has broken down; call the customer back: {page}"),
        (Step::CalledBack, _) => format!("the customer was called back; send somebody: {page}"),
        (Step::Sent, _) => format!("a technician is sent; be the technician, set out and arrive: {page}"),
        (Step::There, _) => format!("the technician is there; say what was found and done: {page}"),
        (Step::Over, _) if case.withdrawn.is_some() => format!("nothing was broken after all: {page}"),
        (Step::Over, _) => format!("it is mended, and the customer has the report: {page}"),
    };
    format!("         {}  {machine}: {said}", date(at.unwrap_or(case.opened)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use foretell_model::{Catalogue, HOUR_MS, MachineId, Timestamp};
    use foretell_outreach::{Checklist, OutreachOptions, VisitReport};

    use super::*;

    #[test]
    fn a_breakdown_holds_time_until_it_is_over_and_each_step_is_told_once() {
        let (dir, now) = (tempfile::tempdir().unwrap(), Timestamp::parse("2026-07-14T08:00:00Z").unwrap());
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let options = OutreachOptions::new(Arc::new(catalogue));
        let outreach = Outreach::open(&dir.path().join("service.sqlite"), options).unwrap();
        let fleet = foretell_sim::Fleet::builtin("demo", 1).unwrap();
        outreach.import(&super::super::people::registry(&fleet), "test", now).unwrap();
        let known = &fleet.machines()[0];
        let machine = MachineId::new(&known.site, &known.name).unwrap();
        let mut broken = Broken::default();
        let mut look = |expected: &str, is_open: bool| {
            let lines = broken.look(&outreach, "http://x").unwrap();
            let told = lines.first().map_or("", String::as_str);
            assert!(
                lines.len() == usize::from(!expected.is_empty()) && told.contains(expected),
                "{expected}: {lines:?}"
            );
            assert_eq!(broken.is_open(), is_open, "{expected}");
            assert_eq!(broken.look(&outreach, "http://x").unwrap(), [""; 0], "once");
        };
        look("", false);
        let case = outreach.open_service_case(&machine, Source::Customer, "it stands", "customer", now).unwrap();
        look(&format!("{machine}: it has broken down, the customer says; call back: http://x/cases/{}", case.id), true);
        outreach.called_back(case.id, "soon", "anna", now).unwrap();
        look("was called back; send somebody", true);
        outreach.arrived(case.id, "anna", now + HOUR_MS).unwrap();
        look("say what was found", true);
        let checklist = Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true };
        let report = VisitReport { checklist, ..VisitReport::default() };
        outreach.close_service_case(case.id, &report, "", "anna", now + 2 * HOUR_MS).unwrap();
        look("it is mended", false);
        let other = outreach.open_service_case(&machine, Source::Controller, "E07", "controller", now).unwrap();
        look("its controller says", true);
        outreach.withdraw_trouble(other.id, "a test", "anna", now).unwrap();
        look("nothing was broken", false);
    }
}
