//! The record of everything that was done, newest first: who, when, what and why. What is in it stays; nothing here changes
//! it.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;
use foretell_model::{Catalogue, MachineId};
use serde::Deserialize;

use super::case_row::customer_href;
use super::page::{Ask, Chrome, advisory_href, encode, machine_href};
use crate::router::App;
use crate::text::{self, AccessWords};
use crate::view::{Record, RecordEntry, RecordQuery};
use crate::{Lang, civil};

/// What `show` says for what people did.
const PEOPLE: &str = "people";
/// Entries on one page.
const ENTRIES_MAX: u32 = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    who: String,
    /// `people` for what people did.
    show: String,
    customer: String,
    machine: String,
    before: Option<i64>,
}

impl Asked {
    fn query(&self) -> RecordQuery {
        let given = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        RecordQuery {
            who: given(&self.who),
            people: self.show == PEOPLE,
            customer: given(&self.customer),
            machine: given(&self.machine).and_then(|machine| MachineId::parse(&machine).ok()),
            before: self.before,
            max: ENTRIES_MAX,
        }
    }

    /// What is asked for, so that it can be taken back.
    fn filters(&self, lang: Lang) -> String {
        let who = if self.who.is_empty() { String::new() } else { text::who(&self.who, lang) };
        let given = [who, self.customer.clone(), self.machine.clone()].into_iter().filter(|text| !text.is_empty());
        given.collect::<Vec<_>>().join(" · ")
    }

    /// The address of what is asked for, without the place in it.
    fn href(&self) -> String {
        let pairs =
            [("show", &self.show), ("who", &self.who), ("customer", &self.customer), ("machine", &self.machine)];
        let given = pairs.iter().filter(|(_, value)| !value.is_empty());
        let given: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        format!("/record?{}", given.join("&"))
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    c: Chrome,
    w: &'static AccessWords,
    filters: String,
    people_only: bool,
    rows: Vec<Row>,
    first_href: String,
    next_href: String,
}

struct Row {
    at: String,
    who: String,
    who_href: String,
    what: String,
    /// What it is about: a name and where that stands, or nowhere.
    about: Vec<(String, String)>,
}

/// `GET /record`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let (query, lang) = (asked.query(), ask.lang);
    let read = app.ask(move |backend| Ok((backend.record(&query, lang)?, backend.zone())));
    match read.await {
        Ok((record, zone)) => ask.html(StatusCode::OK, &lay_out(&ask, &asked, &record, &app.options.catalogue, zone)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(ask: &Ask, asked: &Asked, record: &Record, catalogue: &Catalogue, zone: Tz) -> AuditPage {
    let here = asked.href();
    AuditPage {
        c: ask.chrome("users", false),
        w: text::access(ask.lang),
        filters: asked.filters(ask.lang),
        people_only: asked.show == PEOPLE,
        rows: record.entries.iter().map(|entry| row(entry, catalogue, zone, ask.lang)).collect(),
        first_href: if asked.before.is_some() { here.clone() } else { String::new() },
        next_href: record.next.map_or_else(String::new, |before| format!("{here}&before={before}")),
    }
}

fn row(entry: &RecordEntry, catalogue: &Catalogue, zone: Tz, lang: Lang) -> Row {
    let customer = entry.customer.as_ref().map(|(key, name)| (name.clone(), customer_href(key)));
    let machine = entry.machine.as_ref().map(|id| (entry.line.machine.clone(), machine_href(id)));
    let case = entry.case.as_deref().and_then(|case| match case.strip_prefix("case/") {
        Some(number) => Some((format!("#{number}"), format!("/cases/{number}"))),
        None => case.contains('/').then(|| (text::access(lang).audit_case.to_owned(), advisory_href(case))),
    });
    Row {
        at: civil::date_and_time(entry.line.at, zone, lang),
        who: text::who(&entry.line.who, lang),
        who_href: format!("/record?who={}", encode(&entry.by)),
        what: text::happening(&entry.line.what, &entry.line.why, catalogue, zone, lang),
        about: [customer, machine, case].into_iter().flatten().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_kept_from_page_to_page() {
        #[track_caller]
        fn check(who: &str, customer: &str, machine: &str, href: &str, filters: &str) {
            let (who, customer, machine) = (who.to_owned(), customer.to_owned(), machine.to_owned());
            let asked = Asked { who, customer, machine, ..Asked::default() };
            assert_eq!((asked.href().as_str(), asked.filters(Lang::En).as_str()), (href, filters));
        }
        check("", "", "", "/record?", "");
        check("governor", "", "", "/record?who=governor", "the contact rules");
        let people = Asked { show: PEOPLE.to_owned(), ..Asked::default() };
        assert!(people.query().people && people.href() == "/record?show=people");
        let people = Asked { show: PEOPLE.to_owned(), ..Asked::default() };
        assert!(people.query().people && people.href() == "/record?show=people");
        check("An Na", "c1", "s/m", "/record?who=An%20Na&customer=c1&machine=s%2Fm", "An Na · c1 · s/m");
    }
}
