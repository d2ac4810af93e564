//! Customers: the list, one in full, and what is noted about one.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use foretell_model::Catalogue;
use serde::Deserialize;

use super::answer::answered;
use super::card::{contact_line, tel};
use super::case_acts::cut;
use super::case_row::{CaseRow, customer_href, row};
use super::cases::{Line, lines, notice};
use super::kept::Kept;
use super::page::{self, Ask, Chrome, advisory_href};
use super::pager::{self, Pager};
use super::visits::machines;
use crate::civil::{self, Place};
use crate::router::App;
use crate::text::{self, desk, field};
use crate::view::{
    BookedVisit, Choice, CustomerAct, CustomerLine, CustomerPage, Customers, OwnMachine, Slot, StageChange,
};
use crate::{BackendError, Lang};

/// Customers on one page.
const LINES_MAX: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    page: usize,
    done: String,
}

#[derive(Template)]
#[template(path = "customers.html")]
struct List {
    c: Chrome,
    headline: String,
    rows: Vec<Row>,
    p: Pager,
}

struct Row {
    href: String,
    name: String,
    contact: String,
    class: &'static str,
    stage: String,
    machines: usize,
    cases: usize,
    visit: String,
    advisor: String,
    hay: String,
}

#[derive(Template)]
#[template(path = "customer.html")]
struct One {
    c: Chrome,
    f: &'static field::Words,
    key: String,
    may_export: bool,
    may_erase: bool,
    href: String,
    name: String,
    notice: String,
    /// Something was refused.
    bad: bool,
    kept: Kept,
    class: &'static str,
    stage: String,
    stage_advice: &'static str,
    /// The stage that stands in the form.
    stage_chosen: u8,
    /// The stage as it is, 0 for none.
    stage_seen: u8,
    stages: Vec<(u8, String)>,
    facts: Vec<(&'static str, String)>,
    media: Vec<Medium>,
    people: Vec<Person>,
    hints: Vec<Line>,
    /// What is said where no stage was ever set.
    no_history: &'static str,
    changes: Vec<(String, String, String, String)>,
    machines: Vec<Own>,
    cases: Vec<CaseRow>,
    visits: Vec<(String, String, String)>,
    contacts: Vec<(String, String)>,
    record: Vec<Line>,
    /// Who looks after them.
    advisor: Choice,
    colleagues: Vec<Choice>,
}

struct Medium {
    code: String,
    name: String,
    address: String,
    stopped: String,
}

struct Person {
    name: String,
    role: String,
    phone: String,
    tel: String,
    email: String,
}

struct Own {
    href: String,
    name: String,
    detail: String,
    last: String,
    is_silent: bool,
}

/// `GET /customers`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(asked): Query<Asked>) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.customers(lang)).await {
        Ok(customers) => ask.html(StatusCode::OK, &lay_out(customers, asked.page, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(mut customers: Customers, page: usize, ask: &Ask) -> List {
    let lang = ask.lang;
    let displeased = customers.lines.iter().filter(|line| line.stage.is_some()).count();
    let headline = desk::customers_headline(customers.lines.len(), displeased, lang);
    customers
        .lines
        .sort_by(|a, b| b.stage.cmp(&a.stage).then(b.open_cases.cmp(&a.open_cases)).then_with(|| a.name.cmp(&b.name)));
    let p = pager::cut(&mut customers.lines, page, LINES_MAX, ("/customers", &[]), lang);
    let row = |line: &CustomerLine| Row {
        href: customer_href(&line.id),
        name: line.name.clone(),
        contact: line.contact.clone(),
        class: stage_class(line.stage),
        stage: stage_text(line.stage, lang),
        machines: line.machines,
        cases: line.open_cases,
        visit: line.next_visit.map_or_else(|| "–".to_owned(), |at| civil::date_time(at, ask.place(line.zone), lang)),
        advisor: line.advisor.clone(),
        hay: format!("{} {} {}", line.name, line.contact, line.advisor).to_lowercase(),
    };
    let c = ask.chrome("customers", true).searching("", "customers");
    List { c, headline, rows: customers.lines.iter().map(row).collect(), p }
}

/// `3/6 Grumbling openly`.
fn stage_text(stage: Option<u8>, lang: Lang) -> String {
    let words = desk::stage(stage, lang);
    stage.map_or_else(|| words.to_owned(), |n| format!("{n}/6 {words}"))
}

const fn stage_class(stage: Option<u8>) -> &'static str {
    match stage {
        None => "good",
        Some(0..=2) => "watch",
        Some(3..=4) => "advise",
        Some(_) => "urgent",
    }
}

/// `GET /customers/{id}`
pub(crate) async fn one(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let notice = notice(&asked.done, ask.lang).to_owned();
    again(&app, &ask, id, (StatusCode::OK, notice), Kept::default()).await
}

/// One customer as things stand now, with what there is to say about what was just tried, and what was typed.
async fn again(app: &App, ask: &Ask, id: String, told: (StatusCode, String), kept: Kept) -> Response {
    let lang = ask.lang;
    match app.ask(move |backend| backend.customer(&id, lang)).await {
        Ok(page) => ask.html(told.0, &lay_out_one(&page, &app.options.catalogue, ask, told, kept)),
        Err(error) => ask.failure(&error),
    }
}

/// What an act that was refused is answered with.
pub(super) async fn refused(app: &App, ask: &Ask, id: String, error: &BackendError, kept: Kept) -> Response {
    match page::refused(ask, error) {
        Some(told) => again(app, ask, id, told, kept).await,
        None => ask.failure(error),
    }
}

fn lay_out_one(
    page: &CustomerPage,
    catalogue: &Catalogue,
    ask: &Ask,
    (status, notice): (StatusCode, String),
    kept: Kept,
) -> One {
    let (line, lang) = (&page.line, ask.lang);
    let (zone, d) = (line.zone, desk::words(lang));
    let change = |change: &StageChange| {
        let at = civil::date_time(change.at, zone, lang);
        (at, stage_text(change.stage, lang), change.why.clone(), text::who(&change.who, lang))
    };
    let unjudged = line.stage.is_none() && !page.hints.is_empty();
    One {
        c: ask.chrome("customers", true),
        f: field::words(lang),
        key: line.id.clone(),
        may_export: ask.may_see("/customers/{id}/data.json"),
        may_erase: ask.may("/customers/{id}/erase"),
        href: customer_href(&line.id),
        name: line.name.clone(),
        notice,
        bad: status != StatusCode::OK,
        stage_seen: line.stage.unwrap_or(0),
        stage_chosen: kept.or("stage", "stage", &line.stage.unwrap_or(0).to_string()).parse().unwrap_or(0),
        kept,
        // Signs that nobody has judged yet are no sign of content.
        class: if unjudged { "watch" } else { stage_class(line.stage) },
        stage: if unjudged { d.stage_open.to_owned() } else { stage_text(line.stage, lang) },
        no_history: if unjudged { d.stage_not_set } else { d.stage_no_history },
        stage_advice: desk::stage_advice(line.stage, lang),
        stages: (1..=6).map(|n| (n, stage_text(Some(n), lang))).collect(),
        facts: vec![
            (d.advisor, line.advisor.clone()),
            (d.language, if line.lang == Lang::Zh { "中文" } else { "English" }.to_owned()),
            (d.zone, line.zone.name().replace('_', " ")),
            (d.quiet_hours, format!("{}–{}", page.quiet.0, page.quiet.1)),
            (d.letters, if page.sends_unasked { d.letters_unasked } else { d.letters_approved }.to_owned()),
        ],
        media: page
            .media
            .iter()
            .map(|medium| Medium {
                code: medium.medium.clone(),
                name: text::medium(&medium.medium, lang),
                address: medium.address.clone(),
                stopped: medium.stopped.map_or_else(String::new, |since| civil::date(since, zone, lang)),
            })
            .collect(),
        people: people(page),
        hints: lines(&page.hints, catalogue, zone, lang),
        changes: page.stages.iter().map(change).collect(),
        machines: page.machines.iter().map(|machine| own(machine, page, lang)).collect(),
        cases: page.cases.iter().map(|case| row(case, page.now, ask)).collect(),
        visits: page.visits.iter().map(|visit| booked(visit, ask.place(zone), lang)).collect(),
        contacts: page.contacts.iter().map(|contact| contact_line(contact, catalogue, zone, lang)).collect(),
        record: lines(&page.record, catalogue, zone, lang),
        advisor: Choice { key: page.advisor.clone(), name: line.advisor.clone() },
        colleagues: page.colleagues.clone(),
    }
}

fn people(page: &CustomerPage) -> Vec<Person> {
    let person = |person: &crate::view::ContactPerson| Person {
        name: person.name.clone(),
        role: person.role.clone(),
        tel: tel(&person.phone),
        phone: person.phone.clone(),
        email: person.email.clone(),
    };
    page.people.iter().map(person).collect()
}

fn booked(visit: &BookedVisit, place: Place, lang: Lang) -> (String, String, String) {
    let when = text::when(Slot { from: visit.from, to: visit.to }, place, lang);
    let who = if visit.technician.is_empty() { String::new() } else { format!(" · {}", visit.technician) };
    (advisory_href(&visit.case), when, format!("{}{who}", machines(&visit.tasks, lang)))
}

fn own(machine: &OwnMachine, page: &CustomerPage, lang: Lang) -> Own {
    let kw = machine.rated_kw.map_or_else(String::new, |kw| format!("{} kW", text::number(kw, lang)));
    let mut detail = vec![machine.site_name.clone(), machine.model.clone(), kw];
    detail.retain(|part| !part.is_empty());
    let never = desk::words(lang).never_reported;
    Own {
        href: format!("/m/{}", machine.id),
        name: machine.name.clone(),
        detail: detail.join(" · "),
        last: machine.last_reading.map_or_else(|| never.to_owned(), |then| text::ago(page.now, then, lang)),
        is_silent: machine.last_reading.is_none(),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct StageForm {
    stage: u8,
    /// The one that the page showed, 0 for none.
    seen: Option<u8>,
    #[serde(default)]
    to: String,
    why: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct HandForm {
    to: String,
    why: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MediumForm {
    medium: String,
    why: String,
}

/// `POST /customers/{id}/stage`
pub(crate) async fn stage(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Form(form): Form<StageForm>,
) -> Response {
    // Another number is no form of ours, and must not be taken for word that all is well.
    if form.stage > 6 {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let stage = Some(form.stage).filter(|stage| *stage > 0);
    let kept = Kept::of("stage", &[("stage", &form.stage.to_string()), ("to", &form.to), ("why", &form.why)]);
    let set = CustomerAct::Stage { stage, to: form.to, why: cut(&form.why), seen: form.seen };
    act(&app, &ask, id, set, "stage", kept).await
}

/// `POST /customers/{id}/hand-over`
pub(crate) async fn hand_over(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Form(form): Form<HandForm>,
) -> Response {
    let kept = Kept::of("hand-over", &[("to", &form.to), ("why", &form.why)]);
    act(&app, &ask, id, CustomerAct::HandOver { to: form.to, why: cut(&form.why) }, "handed-over", kept).await
}

/// `POST /customers/{id}/stop`
pub(crate) async fn stop(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Form(form): Form<MediumForm>,
) -> Response {
    let kept = Kept::of("stop", &[("medium", &form.medium), ("why", &form.why)]);
    act(&app, &ask, id, CustomerAct::Stop { medium: form.medium, why: cut(&form.why) }, "stopped", kept).await
}

/// `POST /customers/{id}/resume`
pub(crate) async fn resume(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Form(form): Form<MediumForm>,
) -> Response {
    let kept = Kept::of("resume", &[("medium", &form.medium), ("why", &form.why)]);
    act(&app, &ask, id, CustomerAct::Resume { medium: form.medium, why: cut(&form.why) }, "resumed", kept).await
}

async fn act(app: &App, ask: &Ask, id: String, act: CustomerAct, done: &'static str, kept: Kept) -> Response {
    let (by, of) = (ask.by.clone(), id.clone());
    let to = format!("{}?done={done}", customer_href(&id));
    let otherwise = |error| async move { refused(app, ask, id, &error, kept).await };
    let did = app.ask(move |backend| backend.act_on_customer(&of, act, &by));
    answered(did, |()| to, otherwise).await
}
