//! What a customer's link shows, and what its holder chooses.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use foretell_console::view::{
    Comer, GuestCase, GuestChoice, GuestPage, GuestReport, GuestTask, GuestVisit, Person, PhotoView, Way,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{Clock, MachineId, Timestamp, VisitState};
use foretell_outreach as outreach;
use foretell_outreach::{CaseView, Errand, Guest, PhotoOf, Promise, Task, Technician};

use super::ServiceBackend;
use super::desk::{progress, report_for};
use super::errors::{failed, not_found, of_outreach};
use super::registry::{lang, language, zone};
use super::visits;

/// Days before a visit whose findings may tell of its effect; it is dated by when the machine ran again.
const EFFECT_BEFORE_DAYS: f64 = 1.0;

impl ServiceBackend {
    /// Of what a link's holder sees move, a number.
    pub(super) fn mark_of_guest(&self, token: &str) -> Result<u64, BackendError> {
        let guest = self.outreach.guest(token, self.clocks.now()).map_err(of_outreach)?;
        let mut hasher = DefaultHasher::new();
        match guest {
            Guest::Letter { errand, done, stands, troubles, .. } => {
                format!("{errand:?}{done:?}{stands:?}{troubles:?}").hash(&mut hasher);
            }
            Guest::Case(view) => format!("{:?}{:?}", view.case, view.technician).hash(&mut hasher),
        }
        Ok(hasher.finish())
    }

    pub(super) fn guest_page(&self, token: &str) -> Result<GuestPage, BackendError> {
        let now = self.clocks.now();
        match self.outreach.guest(token, now).map_err(of_outreach)? {
            Guest::Letter { customer, errand, done, troubles, .. } => {
                let portrait = self.portrait(&customer.advisor)?;
                let lang = lang(customer.language);
                let earlier = done.filter(|done| errand.as_ref().is_none_or(|newest| newest.visit.id != done.visit.id));
                let visit = errand.map(|errand| self.guest_visit(&errand, lang)).transpose()?;
                let earlier = earlier.map(|done| self.guest_visit(&done, lang)).transpose()?;
                let page_of = |view: CaseView| Ok((self.case_token(&view.case), self.guest_case(view, now)?));
                let troubles = troubles.into_iter().map(page_of).collect::<Result<_, BackendError>>()?;
                Ok(GuestPage::Letter { page: self.booking_view(token)?, visit, earlier, portrait, troubles })
            }
            Guest::Case(view) => self.guest_case(view, now).map(GuestPage::Case),
        }
    }

    /// What stands behind `/b/` in the address of a broken machine's page.
    fn case_token(&self, case: &outreach::ServiceCase) -> String {
        let link = self.outreach.case_link(case);
        link.rsplit_once('/').map_or(link.clone(), |(_, token)| token.to_owned())
    }

    fn guest_visit(&self, errand: &Errand, lang: Lang) -> Result<GuestVisit, BackendError> {
        let sheet = self.outreach.errand_sheet(errand.visit.id).map_err(of_outreach)?;
        let done = errand.state == VisitState::Done;
        let at = sheet.report.as_ref().and_then(|report| report.ended).unwrap_or(errand.visit.start);
        let since = at.plus_days(-EFFECT_BEFORE_DAYS);
        // What was done on each machine is measured on it alone.
        let said =
            if done { self.outreach.effects_in_words(errand.visit.id).map_err(of_outreach)? } else { Vec::new() };
        let task = |(task, said): (&Task, Option<String>)| {
            let mut effects = if done { self.effects(task.machine(), |t| t >= since) } else { Vec::new() };
            effects.retain(|finding| task.works.iter().any(|work| finding.fault.as_str() == work));
            GuestTask {
                machine: task.machine().clone(),
                machine_name: task.number.clone(),
                works: task.works.clone(),
                looked_at: task.looked_at.clone(),
                effects,
                said,
            }
        };
        Ok(GuestVisit {
            comer: self.comer(errand.visit.technician.as_ref(), lang)?,
            way: visits::way(errand),
            done,
            at,
            minutes: sheet.report.as_ref().and_then(visits::minutes),
            tasks: sheet.errand.tasks.iter().zip(said.into_iter().chain(std::iter::repeat(None))).map(task).collect(),
            report: sheet.report.map(|report| report_for(language(lang), report)),
            photos: self.views(PhotoOf::Visit, &errand.visit.id.to_string(), lang)?,
        })
    }

    fn guest_case(&self, view: CaseView, now: Timestamp) -> Result<GuestCase, BackendError> {
        let lang = lang(view.customer.language);
        let own = language(lang);
        let clock = |promise| view.case.timer(promise, self.outreach.promises(), now);
        let advisor = view.advisor.as_ref().map_or_else(Person::default, |advisor| Person {
            name: own.of(&advisor.name).to_owned(),
            role: own.of(&advisor.role).to_owned(),
            phone: advisor.phone.clone(),
        });
        Ok(GuestCase {
            lang,
            zone: zone(&view.customer),
            now,
            company: view.company.clone(),
            advisor,
            portrait: self.portrait(&view.customer.advisor)?,
            machine_name: view.number.clone(),
            call_back: clock(Promise::CallBack),
            call_back_by: view.case.call_back_by,
            on_site: clock(Promise::OnSite),
            comer: self.comer(view.technician.as_ref(), lang)?,
            way: case_way(&view.case, view.distance_km),
            photos: self.views(PhotoOf::ServiceCase, &view.case.id.to_string(), lang)?,
            progress: view.case.progress.as_ref().map(progress),
            told_by_controller: view.told_by_controller,
            what: view.case.what,
            opened: view.case.opened,
            closed: view.case.closed,
            withdrawn: view.case.withdrawn.is_some(),
            report: view.case.report.map(|report| report_for(own, report)),
        })
    }

    fn comer(&self, technician: Option<&Technician>, lang: Lang) -> Result<Option<Comer>, BackendError> {
        let Some(technician) = technician else { return Ok(None) };
        Ok(Some(Comer {
            name: language(lang).of(&technician.name).to_owned(),
            phone: technician.phone.clone(),
            badge: technician.badge.clone().unwrap_or_default(),
            portrait: self.portrait(&technician.id)?,
        }))
    }

    /// Number of somebody's portrait.
    pub(super) fn portrait(&self, person: &str) -> Result<Option<i64>, BackendError> {
        Ok(self.outreach.photos(PhotoOf::Person, person).map_err(of_outreach)?.pop().map(|photo| photo.id))
    }

    /// Pictures for a reader, who is shown no caption in another language.
    fn views(&self, of: PhotoOf, subject: &str, reader: Lang) -> Result<Vec<PhotoView>, BackendError> {
        let photos = self.outreach.photos(of, subject).map_err(of_outreach)?;
        let caption = |caption: String| if language(reader).reads(&caption) { caption } else { String::new() };
        Ok(photos.into_iter().map(|photo| PhotoView { id: photo.id, caption: caption(photo.caption) }).collect())
    }

    /// A picture that a link's holder may see: of the link's own visit or case, of who comes and who writes, and of jobs that
    /// the machine's report tells of.
    pub(super) fn picture_for_guest(&self, token: &str, id: i64, small: bool) -> Result<Vec<u8>, BackendError> {
        let now = self.clocks.now();
        let photo = self.outreach.photo(id).map_err(of_outreach)?;
        let own = self.outreach.photos_of_link(token, now).map_err(of_outreach)?;
        let guest = self.outreach.guest(token, now).map_err(of_outreach)?;
        let machines = self.machines_of(token, &guest, now)?;
        let (Guest::Letter { customer, .. } | Guest::Case(CaseView { customer, .. })) = guest;
        let is_advisor = photo.of == PhotoOf::Person && photo.subject == customer.advisor;
        let may = own.iter().any(|own| own.id == id) || is_advisor || self.shows_work_on(&machines, &photo)?;
        if may { self.bytes(&photo, small) } else { Err(not_found("photo", id)) }
    }

    /// The machines of a link: those that its letter speaks of and that its visits went to, the letter's own first.
    fn machines_of(&self, token: &str, guest: &Guest, now: Timestamp) -> Result<Vec<MachineId>, BackendError> {
        let (machine, visits) = match guest {
            Guest::Case(view) => return Ok(vec![view.machine.clone()]),
            Guest::Letter { machine, errand, done, .. } => (machine, [errand, done]),
        };
        let visited = visits.into_iter().flatten().flat_map(|errand| &errand.tasks).map(|task| task.machine().clone());
        let told = self.outreach.booking_page(token, now).map_err(of_outreach)?.spoken;
        let told = told.into_iter().map(|finding| finding.machine);
        let mut machines = vec![machine.clone()];
        for other in told.chain(visited) {
            if !machines.contains(&other) {
                machines.push(other);
            }
        }
        Ok(machines)
    }

    /// Whether a picture shows work on one of these machines.
    fn shows_work_on(&self, machines: &[MachineId], photo: &outreach::Photo) -> Result<bool, BackendError> {
        let Ok(id) = photo.subject.parse::<i64>() else { return Ok(false) };
        match photo.of {
            PhotoOf::Visit => {
                let sheet = self.outreach.errand_sheet(id).map_err(of_outreach)?;
                Ok(sheet.errand.tasks.iter().any(|task| machines.contains(task.machine())))
            }
            PhotoOf::ServiceCase => {
                let machine = self.outreach.service_case(id).map_err(of_outreach)?.machine;
                Ok(machines.iter().any(|own| own.as_str() == machine))
            }
            _ => Ok(false),
        }
    }

    pub(super) fn bytes(&self, photo: &outreach::Photo, small: bool) -> Result<Vec<u8>, BackendError> {
        match self.photos.read(&photo.reference, small) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(not_found("photo", photo.id)),
            read => read.map_err(|error| failed("read a photo", error)),
        }
    }

    pub(super) fn report_for_guest(&self, token: &str, which: Option<&str>) -> Result<GuestReport, BackendError> {
        let now = self.clocks.now();
        let guest = self.outreach.guest(token, now).map_err(of_outreach)?;
        let mut machines = self.machines_of(token, &guest, now)?.into_iter();
        let machine = match which {
            Some(which) => machines.find(|machine| machine.machine() == which),
            None => machines.next(),
        };
        let machine = machine.ok_or_else(|| not_found("machine", which.unwrap_or_default()))?;
        let (Guest::Letter { customer, .. } | Guest::Case(CaseView { customer, .. })) = guest;
        let lang = lang(customer.language);
        let report = self.health_of(&machine, (None, None), lang)?;
        Ok(GuestReport { lang, report })
    }

    pub(super) fn choice_of_guest(&self, token: &str) -> Result<GuestChoice, BackendError> {
        let chosen = self.outreach.preferences(token, self.clocks.now()).map_err(of_outreach)?;
        Ok(GuestChoice {
            lang: lang(chosen.language),
            media: chosen.media.into_iter().map(|(medium, stopped)| (medium, stopped.is_none())).collect(),
            from: chosen.quiet_to,
            until: chosen.quiet_from,
        })
    }

    pub(super) fn keeps_choice(&self, token: &str, choice: GuestChoice) -> Result<(), BackendError> {
        let welcome = choice.media.iter().filter(|(_, welcome)| *welcome).map(|(medium, _)| medium.clone());
        let chosen = outreach::Choice {
            language: language(choice.lang),
            first: choice.media.first().map(|(medium, _)| medium.clone()).unwrap_or_default(),
            welcome: welcome.collect(),
            quiet_from: choice.until,
            quiet_to: choice.from,
        };
        self.outreach.choose(token, &chosen, self.clocks.now()).map_err(of_outreach)
    }
}

/// The way to a broken machine.
pub(super) fn case_way(case: &outreach::ServiceCase, km: Option<f64>) -> Way {
    Way {
        set_out: case.set_out,
        arrival: case.arrival().map(visits::arrival),
        km,
        begun_km: case.begun_km,
        located: case.located,
        arrived: case.on_site,
    }
}
