//! Everything needed to make one visit: what to do on which machine and why, what to bring, whom to call, how it ended.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, FindingKind, Timestamp};

use super::asker::Standing;
use super::card::tel;
use super::case_acts::{PartRow, parts};
use super::cases::{Line, checklist, lines};
use super::field_acts::Finished;
use super::kept::Kept;
use super::page::{self, Ask, Chrome, advisory_href};
use super::photos::{Tile, tiles};
use super::verdicts::{faults, verdict_line};
use super::visits::{Asked, notice, works, works_made};
use crate::router::App;
use crate::text::{self, desk, field};
use crate::view::{CHECKLIST, Choice, EarlierVisit, Errand, PartToBring, Stops, TaskInFull, VisitPage, VisitState};
use crate::{BackendError, Lang, assets, civil};

#[derive(Template)]
#[template(path = "visit.html")]
struct OnePage {
    c: Chrome,
    f: &'static field::Words,
    js: &'static str,
    href: String,
    notice: String,
    /// Something was refused.
    bad: bool,
    /// A colleague is sent: one may look, and no more.
    anothers: &'static str,
    /// What was typed into a small form before it was refused.
    kept: Kept,
    /// What was typed into the form of the end.
    typed: Finished,
    part_rows: Vec<PartRow>,
    /// Of which machines there was a forecast, which was right or not.
    judged: Vec<Judged>,
    class: &'static str,
    state: &'static str,
    when: String,
    customer: String,
    site: String,
    address: String,
    geo: String,
    /// What is to be done on each machine.
    tasks: Vec<TaskCard>,
    /// How long all of it takes.
    work_detail: String,
    people: Vec<Caller>,
    advisor: Caller,
    /// In which language the customer reads.
    reads: &'static str,
    reader: &'static str,
    note_lacks: bool,
    stage_with_advice: String,
    bring: Vec<String>,
    record: Vec<Line>,
    earlier: Vec<(String, String, String)>,
    advisory_href: String,
    can: Can,
    eta: String,
    points: Vec<(&'static str, &'static str, bool)>,
    parts: Vec<Choice>,
    depots: Vec<Choice>,
    depot: String,
    faults: Vec<Choice>,
    report: Vec<String>,
    photos: Vec<Tile>,
}

/// What is to be done on one machine, and why.
struct TaskCard {
    machine: String,
    href: String,
    /// Model and rated power.
    detail: String,
    work: String,
    why: String,
    comparison: String,
}

/// What somebody found of a forecast, as it is asked and as it was typed.
struct Judged {
    /// What the names of its fields end in: nothing, `_2`, `_3`.
    suffix: &'static str,
    /// Its case; empty where nothing was forecast, so that there is nothing to ask.
    case: String,
    /// Which machine; empty where it is the only one.
    machine: String,
    found: String,
    instead: String,
}

/// What can be done with a visit as it stands.
struct Can {
    set_out: bool,
    tell: bool,
    /// It is this telephone that tells where it is.
    share: bool,
    arrive: bool,
    finish: bool,
    photo: bool,
    /// What was entered last can be taken back: an arrival, or the end of the visit.
    take_back: bool,
}

/// Somebody to ring.
struct Caller {
    name: String,
    role: String,
    phone: String,
    tel: String,
}

/// `GET /visits/{id}`
pub(crate) async fn one(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Query(asked): Query<Asked>) -> Response {
    let notice = notice(&asked.done, ask.lang).to_owned();
    again(&app, &ask, id, (StatusCode::OK, notice), Finished::default()).await
}

/// One visit as it stands now, with what there is to say about what was just tried.
pub(super) async fn again(app: &App, ask: &Ask, id: i64, told: (StatusCode, String), typed: Finished) -> Response {
    let (lang, who) = (ask.lang, ask.asker());
    let asked = app.ask(move |backend| Ok((backend.visit(id, lang)?, who.standing(backend, Errand::Visit(id))?)));
    match asked.await {
        Ok((page, standing)) => {
            ask.html(told.0, &lay_out_one(&page, &app.options.catalogue, ask, told, standing, typed))
        }
        Err(error) => ask.failure(&error),
    }
}

/// What an act that was refused is answered with; what was typed stays.
pub(super) async fn refused(app: &App, ask: &Ask, id: i64, error: &BackendError, typed: Finished) -> Response {
    match page::refused(ask, error) {
        Some(told) => again(app, ask, id, told, typed).await,
        None => ask.failure(error),
    }
}

fn lay_out_one(
    page: &VisitPage,
    catalogue: &Catalogue,
    ask: &Ask,
    (status, notice): (StatusCode, String),
    Standing { barred, on_way }: Standing,
    typed: Finished,
) -> OnePage {
    let (line, lang) = (&page.line, ask.lang);
    let (class, state) = field::visit_state(line.state, &line.way, lang);
    let codes = line.tasks.iter().flat_map(|task| &task.works);
    let actions = codes.filter_map(|code| catalogue.actions.get(code));
    let stops = Stops::of(actions.clone().map(|action| action.stops_machine));
    let minutes: u32 = actions.map(|action| action.minutes).sum();
    let booked = line.state == VisitState::Booked && !barred;
    let arrived = line.way.arrived.is_some();
    OnePage {
        c: ask.chrome("visits", false),
        f: field::words(lang),
        js: assets::field_js(),
        href: format!("/visits/{}", line.id),
        notice,
        bad: status != StatusCode::OK,
        anothers: if barred && line.state == VisitState::Booked { text::access(lang).anothers } else { "" },
        kept: typed.kept.clone(),
        part_rows: typed.closing.part_rows(),
        judged: judged(page, &typed),
        class,
        state,
        when: text::when(line.slot, ask.place(line.zone), lang),
        customer: line.customer.clone(),
        site: line.site_name.clone(),
        address: line.address.clone(),
        geo: page.place_deg.map_or_else(String::new, |(north, east)| format!("geo:{north:.5},{east:.5}")),
        tasks: page.tasks.iter().map(|task| task_card(task, page.now, catalogue, lang)).collect(),
        work_detail: if minutes == 0 {
            String::new()
        } else {
            text::proposal_detail((minutes, false), stops, line.tasks.len(), lang)
        },
        people: page.people.iter().map(|p| caller(&p.name, &p.role, &p.phone)).collect(),
        advisor: caller(&page.advisor.name, &page.advisor.role, &page.advisor.phone),
        reads: field::reads(page.reader, lang),
        reader: page.reader.tag(),
        note_lacks: page.note_lacks,
        stage_with_advice: desk::stage_with_advice(page.stage, &page.advisor, lang),
        bring: page.parts.iter().map(|part| bring(part, lang)).collect(),
        record: lines(&page.record, catalogue, line.zone, lang),
        earlier: page.earlier.iter().map(|visit| earlier(visit, page, catalogue, lang)).collect(),
        advisory_href: advisory_href(&line.case),
        can: Can {
            set_out: booked && line.way.set_out.is_none(),
            tell: booked && line.way.is_under_way(),
            share: on_way,
            arrive: booked && !arrived,
            finish: booked && arrived,
            photo: !barred,
            take_back: (booked && arrived) || (!barred && matches!(line.state, VisitState::Done | VisitState::Missed)),
        },
        eta: if line.way.is_under_way() {
            field::there_in(&line.way, (page.now, ask.place(line.zone)), lang)
        } else {
            String::new()
        },
        points: points(&typed, lang),
        parts: parts_to_use(page, catalogue, lang),
        depots: page.depots.clone(),
        depot: Some(&typed.closing.depot).filter(|depot| !depot.is_empty()).unwrap_or(&page.depot).clone(),
        faults: faults(catalogue, lang),
        report: report(page, catalogue, lang),
        photos: tiles(&page.photos),
        typed,
    }
}

/// What is to be done on one machine, and why.
fn task_card(full: &TaskInFull, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> TaskCard {
    let kw = full.rated_kw.map_or_else(String::new, |kw| format!("{} kW", text::number(kw, lang)));
    let detail = [full.model.clone(), kw].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let fault = catalogue.fault(full.finding.cause(None, &[], catalogue).fault);
    TaskCard {
        machine: full.task.machine_name.clone(),
        href: format!("/m/{}", full.task.machine),
        detail: detail.join(" · "),
        work: works(&full.task.works, catalogue, lang),
        why: text::kind_sentence_at(&full.finding, now, catalogue, lang),
        comparison: fault.map_or_else(String::new, |fault| fault.comparison.in_language(lang.tag()).to_owned()),
    }
}

/// What is asked about what was found, of each machine of which something was forecast. Of several machines the others are named
/// too: nobody looks for what is not asked.
fn judged(page: &VisitPage, typed: &Finished) -> Vec<Judged> {
    let (mut typed, is_joint) = (typed.judged().into_iter(), page.tasks.len() > 1);
    let mut asked = Vec::new();
    for full in &page.tasks {
        let machine = if is_joint { full.task.machine_name.clone() } else { String::new() };
        if full.finding.kind == FindingKind::MaintenanceDue {
            let nothing =
                || Judged { machine, suffix: "", case: String::new(), found: String::new(), instead: String::new() };
            asked.extend(is_joint.then(nothing));
        } else if let Some((suffix, found, instead)) = typed.next() {
            let (found, instead) = (found.to_owned(), instead.to_owned());
            asked.push(Judged { suffix, case: full.task.case.clone(), machine, found, instead });
        }
    }
    asked
}

/// The checklist with what was ticked.
fn points(typed: &Finished, lang: Lang) -> Vec<(&'static str, &'static str, bool)> {
    let points = CHECKLIST.iter().copied().zip(checklist(lang)).zip(typed.closing.ticked());
    points.map(|((name, label), ticked)| (name, label, ticked)).collect()
}

/// Every part that can have been used: those that were to be brought stand first.
fn parts_to_use(page: &VisitPage, catalogue: &Catalogue, lang: Lang) -> Vec<Choice> {
    let mut all = parts(catalogue, lang);
    all.sort_by_key(|part| page.parts.iter().all(|brought| brought.part != part.key));
    all
}

fn caller(name: &str, role: &str, phone: &str) -> Caller {
    Caller { name: name.to_owned(), role: role.to_owned(), tel: tel(phone), phone: phone.to_owned() }
}

/// A part to bring, and where the nearest lies.
pub(super) fn bring(part: &PartToBring, lang: Lang) -> String {
    let (f, name) = (field::words(lang), text::part(&part.part, lang));
    match (part.depot.is_empty(), lang) {
        (true, Lang::En) => format!("{name} – {}", f.no_depot_has),
        (true, Lang::Zh) => format!("{name}（{}）", f.no_depot_has),
        (false, Lang::En) => format!("{name} – {} {} ({})", f.lies_in, part.depot, part.n),
        (false, Lang::Zh) => format!("{name}（{}{}，{}件）", f.lies_in, part.depot, part.n),
    }
}

fn earlier(visit: &EarlierVisit, page: &VisitPage, catalogue: &Catalogue, lang: Lang) -> (String, String, String) {
    let said = [visit.technician.clone(), visit.note.clone()];
    let said = said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let done = text::listed(&works_made((&visit.works, &visit.looked_at), catalogue, lang), lang);
    // Beside its own visit a lone machine need not be named.
    let done = if page.tasks.len() > 1 { format!("{} · {done}", visit.machine_name) } else { done };
    (civil::date(visit.at, page.line.zone, lang), done, said)
}

/// What was done, line by line, once somebody said.
fn report(page: &VisitPage, catalogue: &Catalogue, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(report) = &page.report {
        said.extend(page.minutes.map(|minutes| field::took(minutes, lang)));
        said.extend(report.parts.iter().map(|(part, n)| format!("{n} × {}", text::part(part, lang))));
        said.extend([report.left_out.clone(), report.note.clone(), report.note_for_customer.clone()]);
    }
    for full in &page.tasks {
        let Some(verdict) = &full.verdict else { continue };
        let found = verdict_line(verdict, page.line.zone, catalogue, lang);
        said.push(if page.tasks.len() > 1 { format!("{} · {found}", full.task.machine_name) } else { found });
    }
    said.retain(|line| !line.is_empty());
    said
}
