//! What people do in the small world: advisors with office hours, customers who answer when they feel like it, technicians, and
//! whoever was let down.

use foretell_model::{FindingId, Grade, HOUR_MS, MINUTE_MS};
use foretell_outreach::governor::Kind;
use foretell_outreach::{
    AfterCall, Checklist, Customer, CustomerStage, Outcome, Parcel, Promise, Spoken, Stage, Ticked, VisitReport,
};

use super::judge::Sent;
use super::world::{Anything, FAULTS, Wear, World};

/// What the record calls a change of a visit.
const CHANGES: [&str; 3] = ["visit_booked", "visit_moved", "visit_cancelled"];

impl World {
    /// Each advisor takes what waits, the most pressing first; now and then one is busy.
    pub(super) fn advisors_work(&mut self) -> Anything<()> {
        for entry in self.outreach.queue(self.now)? {
            match entry.stage {
                Stage::Draft | Stage::Postponed
                    if self.dice.chance(0.5) && self.outreach.approve(&entry.id, "wang", self.now).is_err() =>
                {
                    self.outreach.call_instead(&entry.id, "no two times are free", "wang", self.now)?;
                }
                Stage::Call if self.dice.chance(0.3) => self.call(&entry.id)?,
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn call(&mut self, id: &FindingId) -> Anything<()> {
        let card = self.outreach.card(id, self.now)?;
        match self.dice.uniform() {
            p if p < 0.25 => self.outreach.called(id, AfterCall::Again, "nobody there", "wang", self.now)?,
            p if p < 0.85 => {
                if let Some(slot) = card.choices.first()
                    && self.outreach.book_for(id, slot.start, &Spoken::default(), "wang", self.now).is_ok()
                {
                    self.judge.booked(&self.outreach, id, self.now)?;
                }
            }
            _ => self.outreach.called(id, AfterCall::Close, "will see to it themselves", "wang", self.now)?,
        }
        Ok(())
    }

    /// What was delivered just now: judged, and answered some time later by most.
    pub(super) fn delivered(&mut self, done: &[Ticked]) -> Anything<()> {
        let parcels = {
            let mut delivered = self.delivered.lock().map_err(|e| e.to_string())?;
            std::mem::take(&mut *delivered)
        };
        let went_on = done.iter().filter(|ticked| matches!(ticked.outcome, Outcome::GoesOn(_))).count();
        self.judge.went_on += u32::try_from(went_on)?;
        for parcel in parcels {
            let key = |ticked: &&Ticked| {
                ticked.outcome == Outcome::Sent && format!("foretell-{}", ticked.message) == parcel.key
            };
            let ticked = done.iter().find(key).ok_or("a parcel that no tick tells of")?;
            let customer = self.fleet.customer_of(&parcel.to).ok_or("a parcel to nobody")?;
            let sent = self.describe(&parcel, ticked, &customer)?;
            if !sent.asked {
                let token = parcel.link.rsplit('/').next().unwrap_or_default().to_owned();
                let wait_h = -self.dice.uniform().max(1e-9).ln() * 20.0;
                let at = self.now + (wait_h * HOUR_MS as f64) as i64;
                self.answers.push((at, token, ticked.case.clone(), sent.medium.clone()));
            }
            self.judge.sent(sent);
        }
        Ok(())
    }

    pub(super) fn describe(&self, parcel: &Parcel, ticked: &Ticked, customer: &Customer) -> Anything<Sent> {
        let notice = ticked.case.as_str().starts_with("case/");
        let medium = customer.addresses.iter().find(|(_, address)| **address == parcel.to);
        let (machines, urgent) = if notice {
            let id: i64 = ticked.case.as_str().trim_start_matches("case/").parse()?;
            (vec![self.outreach.service_case(id)?.machine], true)
        } else {
            let card = self.outreach.card(&ticked.case, self.now)?;
            // Word of a visit that is near does not wait for Monday, but for the morning; whoever just tapped awaits the letter.
            let awake = self.outreach.calendar_of(Some(customer)).next_awake(self.now) <= self.now;
            let changed = card.history.iter().find(|entry| CHANGES.contains(&entry.what.as_str()));
            let awaited = changed.is_some_and(|entry| entry.who == "customer")
                && medium.is_some_and(|(medium, _)| medium == "email");
            let pressing = awaited || awake;
            let all = || std::iter::once(&card.finding).chain(&card.companions);
            let urgent = all().any(|finding| finding.grade == Grade::Urgent);
            let machines = all().map(|finding| finding.machine.to_string()).collect();
            (machines, urgent || (ticked.kind == Kind::Confirmation && pressing))
        };
        let broken = self.outreach.service_cases()?.iter().any(|case| machines.contains(&case.machine));
        Ok(Sent {
            at: self.now,
            medium: medium.map(|(medium, _)| medium.clone()).ok_or("a parcel to no address")?,
            customer: customer.id.clone(),
            is_open: self.outreach.calendar_of(Some(customer)).is_open(self.now),
            parcel: parcel.clone(),
            machines,
            reminder: ticked.kind == Kind::Reminder,
            follow_up: ticked.kind == Kind::FollowUp,
            urgent,
            notice,
            asked: notice || !ticked.kind.is_proactive(),
            broken,
        })
    }

    pub(super) fn customers_answer(&mut self) -> Anything<()> {
        let answers = std::mem::take(&mut self.answers);
        let (due, later): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(t, ..)| *t <= self.now);
        self.answers = later;
        for (_, token, case, medium) in due {
            let Ok(page) = self.outreach.booking_page(&token, self.now) else { continue };
            match self.dice.uniform() {
                p if p < 0.6 => {
                    let pick = usize::from(self.dice.chance(0.4));
                    if let Some(slot) = page.slots.get(pick).or(page.slots.first())
                        && self.outreach.book(&token, slot.slot.start, self.now).is_ok()
                    {
                        self.judge.booked(&self.outreach, &case, self.now)?;
                        self.change_of_mind(&token, &case)?;
                    }
                }
                p if p < 0.68 => drop(self.outreach.other_time(&token, "下周三以后可以吗", self.now)),
                p if p < 0.75 => drop(self.outreach.not_now(&token, 14, self.now)),
                p if p < 0.78 => {
                    if self.outreach.stop(&token, self.now).is_ok()
                        && let Some(customer) = self.outreach.card(&case, self.now)?.customer
                    {
                        self.judge.stopped.insert((customer.id.clone(), medium.clone()));
                        if self.dice.chance(0.5) {
                            self.back.push((self.now.plus_days(60.0), (customer.id, medium)));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Some move the visit, a few cancel it.
    pub(super) fn change_of_mind(&mut self, token: &str, case: &FindingId) -> Anything<()> {
        let page = self.outreach.booking_page(token, self.now)?;
        if self.dice.chance(0.08)
            && let Some(slot) = page.slots.first()
        {
            if self.outreach.reschedule(token, slot.slot.start, self.now).is_ok() {
                self.judge.booked(&self.outreach, case, self.now)?;
            }
        } else if self.dice.chance(0.04) {
            drop(self.outreach.cancel(token, self.now));
        }
        Ok(())
    }

    pub(super) fn visits_end(&mut self) -> Anything<()> {
        for visit in self.outreach.visits(self.now + -HOUR_MS, 1_000)? {
            if visit.end > self.now || self.visited.contains(&visit.id) {
                continue;
            }
            if self.dice.chance(0.04) {
                self.outreach.not_done(visit.id, "the gate was closed", "chen", self.now)?;
                continue;
            }
            self.visited.insert(visit.id);
            let card = self.outreach.card(&visit.case, self.now)?;
            let machine = card.finding.machine;
            let place = self.fleet.machines.iter().position(|own| own.id == machine);
            let place = place.ok_or("a visit to no machine")?;
            self.outreach.report_visit(visit.id, &report(), "chen", self.now)?;
            let hours = self.context(place).run_hours;
            self.outreach.complete(visit.id, hours, "chen", self.now)?;
            self.judge.worked(&visit);
            // Whatever was worn there is new; the engine sees it the day after.
            let done = std::iter::once(&visit.case).chain(card.companions.iter().map(|other| &other.id));
            let done: Vec<&str> = done.map(FindingId::as_str).collect();
            let machines = &self.fleet.machines;
            let is_mended = |wear: &Wear| {
                let of = format!("{}/{}/", machines[wear.machine].id, FAULTS[wear.fault].0);
                done.iter().any(|id| id.starts_with(&of))
            };
            self.wear.retain(|wear| !is_mended(wear));
        }
        Ok(())
    }

    /// People look after what is broken: most in time, some late.
    pub(super) fn troubles(&mut self) -> Anything<()> {
        let technicians = self.outreach.technicians()?;
        for case in self.outreach.service_cases()? {
            let age_min = (self.now - case.opened) / MINUTE_MS;
            if case.called_back.is_none() {
                if age_min >= 10 && self.dice.chance(0.75) {
                    self.outreach.called_back(case.id, "on our way", "wang", self.now)?;
                }
            } else if case.technician.is_none() {
                let who = (self.dice.uniform() * technicians.len() as f64) as usize;
                let eta = self.now + (self.dice.between(40.0, 260.0) * MINUTE_MS as f64) as i64;
                let technician = technicians.get(who).ok_or("no technicians")?;
                self.outreach.send_technician(case.id, &technician.id, Some(eta), "wang", self.now)?;
            } else if case.on_site.is_none() {
                if case.eta.is_none_or(|eta| eta <= self.now) {
                    self.outreach.arrived(case.id, "chen", self.now)?;
                }
            } else if case.on_site.is_some_and(|there| self.now - there >= 90 * MINUTE_MS) {
                let closed = self.outreach.close_service_case(case.id, &report(), "mended", "chen", self.now)?;
                self.mind(&closed)?;
            }
        }
        Ok(())
    }

    /// Whoever was let down may grumble, and is at peace again after a while.
    pub(super) fn mind(&mut self, case: &foretell_outreach::ServiceCase) -> Anything<()> {
        self.judge.mended(case);
        let Some(customer) = &case.customer else { return Ok(()) };
        if case.broken.contains(&Promise::OnSite) && self.dice.chance(0.5) {
            let stage = if self.dice.chance(0.3) { CustomerStage::Escalation } else { CustomerStage::OpenGrumbling };
            match stage {
                CustomerStage::Escalation => {
                    self.outreach.escalate(customer, "wang", "we came late", "wang", self.now)?;
                }
                _ => self.outreach.set_stage(customer, Some(stage), "we came late", "wang", self.now)?,
            }
            self.judge.stages.insert(customer.clone(), stage);
            self.calm.push((self.now.plus_days(30.0), customer.clone()));
        }
        Ok(())
    }
}

fn report() -> VisitReport {
    VisitReport {
        parts: [("oil_filter".to_owned(), 1)].into(),
        depot: Some("east".to_owned()),
        checklist: Checklist { test_run: true, tidy: true, old_parts: true, report: true, courtesy: true },
        ..VisitReport::default()
    }
}
