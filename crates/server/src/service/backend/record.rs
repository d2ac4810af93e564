//! People and entries of the record as readers know them: names for keys, machines as their owners call them.

use foretell_console::view::{Contact, Record, RecordEntry, RecordLine, RecordQuery, Speaker};
use foretell_console::{BackendError, Lang};
use foretell_model::MachineId;
use foretell_outreach::{Desk, Happening, RecordFilter, Technician};

use super::ServiceBackend;
use super::errors::of_outreach;
use super::registry::{Sites, language};

impl ServiceBackend {
    pub(super) fn record_view(&self, query: &RecordQuery, lang: Lang) -> Result<Record, BackendError> {
        let filter = RecordFilter {
            customer: query.customer.clone(),
            machine: query.machine.as_ref().map(ToString::to_string),
            who: query.who.clone(),
            people: query.people,
            max: query.max,
            ..RecordFilter::default()
        };
        let page = self.outreach.record_before(&filter, query.before).map_err(of_outreach)?;
        let sites = Sites::read(&self.outreach)?;
        let entry = |entry: &Happening| RecordEntry {
            id: entry.id,
            line: sites.record_line(entry, lang),
            by: entry.who.clone(),
            customer: entry.customer.as_ref().map(|key| {
                let name = Desk::customer(&sites, key).map_or_else(|| key.clone(), |known| known.name.clone());
                (key.clone(), name)
            }),
            machine: entry.machine.as_deref().and_then(|machine| MachineId::parse(machine).ok()),
            case: entry.case.clone(),
        };
        Ok(Record { entries: page.entries.iter().map(entry).collect(), next: page.next })
    }
}

impl Sites {
    /// An entry of the record with the machine as the customer calls it.
    pub(super) fn record_line(&self, entry: &Happening, lang: Lang) -> RecordLine {
        RecordLine {
            at: entry.at,
            who: self.person_named(&entry.who, lang),
            what: entry.what.clone(),
            why: self.concerning(entry, lang),
            machine: self.machine_named(entry).unwrap_or_default(),
        }
    }

    /// What the machine of an entry is called, if the entry is about one; of a visit to several, each of them.
    pub(super) fn machine_named(&self, entry: &Happening) -> Option<String> {
        let all = entry.machine.iter().chain(&entry.beside).filter_map(|machine| MachineId::parse(machine).ok());
        let names: Vec<String> = all.map(|machine| self.number(&machine)).collect();
        (!names.is_empty()).then(|| names.join(" + "))
    }

    /// A technician by name; anybody else as noted.
    pub(super) fn person_named(&self, key: &str, lang: Lang) -> String {
        self.technician(key).map_or_else(|| key.to_owned(), |known| name(known, lang))
    }

    /// What was said, without the way it came.
    pub(super) fn said(&self, entry: &Happening, lang: Lang) -> String {
        match entry.why.split_once(": ").filter(|_| entry.what == "replied") {
            Some((_, words)) => words.to_owned(),
            None => self.concerning(entry, lang),
        }
    }

    /// What an entry notes; who was sent is noted by key and read by name.
    pub(super) fn concerning(&self, entry: &Happening, lang: Lang) -> String {
        match entry.what.as_str() {
            "trouble_assigned" => self.person_named(&entry.why, lang),
            "handed_over" => self.taken_over(&entry.why, lang),
            _ => entry.why.clone(),
        }
    }

    /// `wang: why` with the advisor's name for the key.
    fn taken_over(&self, noted: &str, lang: Lang) -> String {
        let Some((key, why)) = noted.split_once(": ") else { return noted.to_owned() };
        let name = self.advisor_named(key, lang);
        let colon = if lang == Lang::En { ": " } else { "：" };
        format!("{name}{colon}{why}")
    }
}

/// A technician's name in a language.
pub(super) fn name(technician: &Technician, lang: Lang) -> String {
    language(lang).of(&technician.name).to_owned()
}

/// What passed between us and the customer; the machine is named where it is another one.
pub(super) fn contact(happening: &Happening, of: &MachineId, sites: &Sites, lang: Lang) -> Contact {
    let is_other = happening.machine.as_deref().is_some_and(|machine| machine != of.as_str());
    Contact {
        at: happening.at,
        channel: channel(happening).to_owned(),
        from: speaker(happening),
        what: happening.what.clone(),
        data: sites.said(happening, lang),
        machine: sites.machine_named(happening).filter(|_| is_other),
    }
}

/// Who spoke. What a customer said on the telephone is noted by one of us.
pub(super) fn speaker(happening: &Happening) -> Speaker {
    match (happening.who.as_str(), happening.what.as_str()) {
        ("controller", _) => Speaker::Machine,
        ("customer", _) | (_, "stopped" | "resumed" | "trouble_reported" | "times_wished") => Speaker::Customer,
        _ => Speaker::Us,
    }
}

/// By which way something passed between us and the customer.
pub(super) fn channel(happening: &Happening) -> &str {
    match (happening.who.as_str(), happening.what.as_str()) {
        // The medium stands before what was written.
        ("customer", "replied" | "stopped") => {
            happening.why.split_once(':').map(|(way, _)| way).filter(|way| !way.is_empty()).unwrap_or("page")
        }
        ("customer", _) => "page",
        ("controller", _) => "controller",
        (_, "note_written") => "page",
        (_, "trouble_assigned" | "trouble_passed_on" | "trouble_withdrawn" | "trouble_not_on_site") => "desk",
        (_, "visit_joined" | "visit_reopened") => "desk",
        (_, "visit_done" | "visit_missed" | "visit_on_site") => "visit",
        (_, "trouble_on_site" | "trouble_found" | "trouble_closed") => "visit",
        (_, "set_out" | "visit_not_on_site") => "field",
        ("outbox", _) => match happening.why.as_str() {
            "smtp" | "folder" => "email",
            other => other,
        },
        _ => "phone",
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Timestamp;

    use super::*;

    #[test]
    fn the_record_says_by_which_way_people_spoke() {
        #[track_caller]
        fn check(who: &str, what: &str, why: &str, expected: (Speaker, &str)) {
            let (who, what, why) = (who.to_owned(), what.to_owned(), why.to_owned());
            let happening = Happening {
                id: 1,
                at: Timestamp::default(),
                who,
                what,
                why,
                customer: None,
                machine: None,
                beside: Vec::new(),
                case: None,
            };
            assert_eq!((speaker(&happening), channel(&happening)), expected, "{happening:?}");
        }
        check("customer", "stopped", "email: STOP", (Speaker::Customer, "email"));
        check("customer", "stopped", "email", (Speaker::Customer, "page"));
        check("customer", "replied", "sms: Friday", (Speaker::Customer, "sms"));
        check("customer", "visit_booked", "2026-07-16T09:00:00Z/2026-07-16T11:00:00Z", (Speaker::Customer, "page"));
        check("chen", "set_out", "", (Speaker::Us, "field"));
        check("chen", "visit_on_site", "", (Speaker::Us, "visit"));
        check("chen", "trouble_found", "inlet_valve 90", (Speaker::Us, "visit"));
        check("wang", "trouble_assigned", "chen", (Speaker::Us, "desk"));
        check("wang", "called_closed", "nothing more", (Speaker::Us, "phone"));
        // What one of us only noted was said by somebody else.
        check("wang", "trouble_reported", "it stopped", (Speaker::Customer, "phone"));
        check("wang", "stopped", "email: rang", (Speaker::Customer, "phone"));
        check("wang", "times_wished", "thursday", (Speaker::Customer, "phone"));
        check("controller", "trouble_reported", "E01", (Speaker::Machine, "controller"));
        check("wang", "visit_joined", "", (Speaker::Us, "desk"));
        check("wang", "note_written", "the valve was stuck", (Speaker::Us, "page"));
        check("outbox", "progress_sent", "smtp", (Speaker::Us, "email"));
    }
}
