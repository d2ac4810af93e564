//! A template on a real case: which cases it could be about, and what it would make of one.

use foretell_model::{FindingId, MachineId, Timestamp};

use super::editor::PreviewOf;
use super::trial::specimens;
use super::trouble::{About, OnSiteNews};
use super::{Composer, Draft, Occasion};
use crate::error::{OutreachError, Result};
use crate::registry::{Language, Machine, Technician};
use crate::store::{Case, Session, Stay, advisories, bookings, messages, registry, service_cases};
use crate::views::{Promise, ServiceCase, Stage};
use crate::{Outreach, slots};

/// Real cases offered for a preview.
const CHOICES_MAX: usize = 40;

impl Outreach {
    /// Open cases that a template could be about.
    pub(super) fn template_choices(
        &self,
        connection: &dyn Session,
        occasion: Occasion,
    ) -> Result<Vec<(PreviewOf, String)>> {
        let number = |machine: &str| -> Result<String> {
            let known: Option<Machine> = registry::find(connection, machine)?;
            Ok(known.map_or_else(|| machine.to_owned(), |machine| machine.number))
        };
        if occasion.is_about_trouble() {
            let open = service_cases::open(connection)?;
            let choice = |case: &ServiceCase| Ok((PreviewOf::Trouble(case.id), number(&case.machine)?));
            return open.iter().take(CHOICES_MAX).map(choice).collect();
        }
        if occasion.is_in_house() {
            return Ok(Vec::new());
        }
        let talked_of: Vec<Stage> = Stage::ALL
            .iter()
            .copied()
            .filter(|stage| !matches!(stage, Stage::Internal | Stage::Done | Stage::Cleared))
            .collect();
        let mut cases = advisories::in_stages(connection, &talked_of)?;
        let own = [Occasion::Fault, Occasion::Service, Occasion::Energy].contains(&occasion);
        cases.retain(|case| !own || Occasion::of_finding(&case.finding) == occasion);
        // What is told when another machine joins shows on a case that has one.
        cases.retain(|case| occasion != Occasion::Joined || !case.companions.is_empty());
        let choice =
            |case: &Case| Ok((PreviewOf::Case(case.finding.id.clone()), number(case.finding.machine.as_str())?));
        cases.iter().take(CHOICES_MAX).map(choice).collect()
    }

    /// The text of a template on a real case, or on invented facts.
    pub(super) fn specimen(
        &self,
        connection: &dyn Session,
        composer: &Composer,
        (occasion, language): (Occasion, Language),
        of: &PreviewOf,
        now: Timestamp,
    ) -> Result<Draft> {
        match of {
            PreviewOf::Case(id) if !occasion.is_about_trouble() && !occasion.is_in_house() => {
                self.specimen_of_case(connection, composer, (occasion, language), id, now)
            }
            PreviewOf::Trouble(id) if occasion.is_about_trouble() => {
                self.specimen_of_trouble(connection, composer, (occasion, language), *id, now)
            }
            _ => {
                let shown = if occasion == Occasion::Phrases { Occasion::Fault } else { occasion };
                let first = specimens(shown, language, &self.options.catalogue).into_iter().next();
                first.ok_or_else(|| OutreachError::missing("example", shown.name()))?.render(composer, shown)
            }
        }
    }

    fn specimen_of_case(
        &self,
        connection: &dyn Session,
        composer: &Composer,
        (occasion, language): (Occasion, Language),
        id: &FindingId,
        now: Timestamp,
    ) -> Result<Draft> {
        let case = advisories::get(connection, id)?;
        let mut people = self.people_or_refuse(connection, &case, "preview a template")?;
        people.customer.language = language;
        let mail = messages::newest_of(connection, id)?;
        let link = mail.as_ref().map_or_else(|| "https://service.example/b/…".to_owned(), |mail| self.link(mail));
        let offered = match &mail {
            Some(mail) => messages::offers(connection, mail.id)?,
            None => Vec::new(),
        };
        let roster = self.roster(connection, now)?;
        let earliest = slots::with_notice(now);
        let slots = if offered.len() == 2 {
            offered
        } else {
            self.propose(connection, &case, &people.calendar, &roster, earliest)?
        };
        let facts = self.facts(connection, &case, &people, &slots, &link, now)?.most_pressing_first();
        match occasion {
            Occasion::Confirmed
            | Occasion::Moved
            | Occasion::Joined
            | Occasion::Cancelled
            | Occasion::Calendar
            | Occasion::FollowUp => {
                let stay = match bookings::newest_of(connection, id)? {
                    Some(stay) => stay,
                    None => imagined(connection, &case, &people.customer.id, slots.first(), now)?,
                };
                let facts = self.visit_facts(connection, (&case, &stay), &people, &link)?;
                composer.letter(occasion, language, &facts)
            }
            Occasion::Page => {
                let body = composer.page(&facts)?;
                Ok(Draft { body, ..Draft::default() })
            }
            Occasion::Phrases => composer.letter(facts.occasion(), language, &facts),
            Occasion::Again if facts.occasion() != Occasion::Again => {
                let stay = imagined(connection, &case, &people.customer.id, slots.first(), now)?;
                let before = self.before(connection, &case, &stay, &people)?;
                composer.letter(occasion, language, &facts.after(before))
            }
            _ => composer.letter(occasion, language, &facts),
        }
    }

    fn specimen_of_trouble(
        &self,
        connection: &dyn Session,
        composer: &Composer,
        (occasion, language): (Occasion, Language),
        id: i64,
        now: Timestamp,
    ) -> Result<Draft> {
        let case = service_cases::get(connection, id)?;
        let machine =
            MachineId::parse(&case.machine).map_err(|e| OutreachError::corrupt("a service case's machine", e))?;
        let people = self.people(connection, &machine)?;
        let mut people = people.map_err(|why| OutreachError::refused("preview a template", why))?;
        people.customer.language = language;
        let technician = someone(connection, case.technician.as_deref())?;
        let news = OnSiteNews { found: None, minutes: 90 };
        let about = About {
            promise: (occasion == Occasion::Late).then_some(Promise::OnSite),
            news: (occasion == Occasion::Progress).then_some(&news),
            technician: technician.as_ref(),
            ..About::default()
        };
        composer.letter(occasion, language, &self.trouble_facts(&case, about, &people, now))
    }
}

/// A technician by key, or whoever is registered first.
fn someone(connection: &dyn Session, id: Option<&str>) -> Result<Option<Technician>> {
    match id {
        Some(id) => registry::find(connection, id),
        None => Ok(registry::all(connection)?.into_iter().next()),
    }
}

/// A visit as it could have been booked.
fn imagined(
    connection: &dyn Session,
    case: &Case,
    customer: &str,
    slot: Option<&slots::Slot>,
    now: Timestamp,
) -> Result<Stay> {
    let (start, end) = slot.map_or((now.plus_days(1.0), now.plus_days(1.08)), |slot| (slot.start, slot.end));
    Ok(Stay {
        id: 0,
        case: case.finding.id.clone(),
        machine: case.finding.machine.clone(),
        customer: customer.to_owned(),
        start,
        end,
        technician: someone(connection, None)?.map(|technician| technician.id),
        state: "booked".into(),
        sequence: 0,
        changed: now,
        uid: 0,
    })
}
