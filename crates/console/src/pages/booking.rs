//! The customer's page: one sentence, one curve, two times. Made for a phone, in the customer's own language, and useful
//! after booking: the same link reschedules and cancels. Opening it changes nothing, because mail scanners open links too.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use foretell_model::{DAY_MS, Timestamp};
use serde::Deserialize;

use super::booking_acts::Notice;
use super::figure::{Figure, customer_figure};
use super::guest::{self, ComerCard, WayView};
use super::guest_case::{self, CaseHead};
use super::guest_frame::{Frame, Sender};
use super::page::{Ask, encode, render};
use super::photos::{Tile, tiles};
use super::visits::works_made;
use crate::health::energy::{self, Tip};
use crate::router::App;
use crate::text::{self, Words, field};
use crate::view::{BookingPage, BookingState, Curve, GuestCase, GuestPage, GuestTask, GuestVisit, LetterTimes, Visit};
use crate::{BackendError, Lang, api, civil};

#[derive(Template)]
#[template(path = "booking.html")]
struct CustomerPage {
    frame: Frame,
    sender: Sender,
    t: &'static Words,
    title: String,
    notice: &'static str,
    /// What the forms belong to.
    shown: String,
    /// What is broken of the machines: nothing else matters as much.
    troubles: Vec<CaseHead>,
    /// What becomes of the letter's matter meanwhile; empty where it is as it was.
    meanwhile: &'static str,
    /// None of the letter's machines runs.
    all_broken: bool,
    headline: String,
    visit: Option<VisitCard>,
    /// The visit's time has passed.
    past: bool,
    /// The visit can still be moved or cancelled.
    movable: bool,
    /// When the visit that is shown begins, ms; none while nothing is booked.
    seen: Option<i64>,
    /// A time can be taken although the customer would rather wait.
    later: bool,
    stopped: bool,
    /// What was answered can be taken back.
    can_undo: bool,
    wish: String,
    offer: bool,
    can_another: bool,
    /// The customer can ask to be left alone for a while.
    can_wait: bool,
    /// The customer can stop such messages for good.
    can_stop: bool,
    proposal: String,
    proposal_detail: String,
    slots: Vec<SlotButton>,
    /// Why the times are not those of the letter; empty where they are.
    letter_times: &'static str,
    fig: Figure,
    /// Those of other machines, each under its name.
    other_figs: Vec<(String, Figure)>,
    f: &'static field::Words,
    comer: Option<ComerCard>,
    way: Option<WayView>,
    after: Option<After>,
    /// The work is done and nothing is asked.
    only_after: bool,
    /// The advisor will call about what comes after the work.
    call_comes: bool,
    /// Machines of which one is named where the customer reports a breakdown; none where the letter is about one.
    which: Vec<String>,
    b: BookingPage,
}

struct VisitCard {
    day: String,
    hours: String,
    /// Why nobody is named yet; empty when somebody is.
    who: &'static str,
    facts: Vec<(&'static str, String)>,
}

/// What there is to say after the work was done.
struct After {
    day: String,
    /// What was done; a line for each machine, named where there are several.
    works: Vec<String>,
    /// On some machine nothing was found, and it is watched on.
    watched: bool,
    lines: Vec<String>,
    /// What the work achieved on each machine.
    tasks: Vec<AfterTask>,
    /// There is something to say of that, or will be.
    has_news: bool,
    photos: Vec<Tile>,
}

/// What there is to say of one machine after the work was done.
struct AfterTask {
    /// Its name; empty where it is the only one.
    machine: String,
    /// Where its report is.
    report: String,
    effects: Vec<Tip>,
    /// What there is to say of it, in the words of the letter after the visit; empty where nothing is.
    said: String,
    /// Nothing is known yet.
    waits: bool,
}

struct SlotButton {
    value: i64,
    day: String,
    hours: String,
}

#[derive(Template)]
#[template(path = "kind.html")]
struct KindPage {
    frame: Frame,
    title: &'static str,
    text: &'static str,
}

/// `GET /b/{token}`
pub(crate) async fn show(
    State(app): State<App>,
    ask: Ask,
    Path(token): Path<String>,
    Query(done): Query<Done>,
) -> Response {
    let notice = if done.is("cancelled") { Notice::Cancelled } else { Notice::None };
    shown(&app, &ask, token, StatusCode::OK, notice).await
}

/// What was just done, so that the page can say so.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Done {
    #[serde(default)]
    done: String,
}

impl Done {
    /// Whether this was just done.
    pub(super) fn is(&self, what: &str) -> bool {
        self.done == what
    }
}

pub(super) async fn shown(app: &App, ask: &Ask, token: String, status: StatusCode, notice: Notice) -> Response {
    let base = format!("/b/{}", encode(&token));
    match app.ask(move |backend| backend.guest(&token)).await {
        Ok(GuestPage::Letter { page, visit, earlier, portrait, troubles }) => {
            let notice = notice.words(&page);
            render(status, &lay_out(page, (visit, earlier, portrait), &troubles, base, notice, app))
        }
        Ok(GuestPage::Case(case)) => guest_case::page(&case, base, &app.options.catalogue),
        Err(error) => kind(ask, &error),
    }
}

fn lay_out(
    b: BookingPage,
    (known, earlier, portrait): (Option<GuestVisit>, Option<GuestVisit>, Option<i64>),
    troubles: &[(String, GuestCase)],
    base: String,
    notice: &'static str,
    app: &App,
) -> CustomerPage {
    let (lang, t, f) = (b.lang, text::words(b.lang), field::words(b.lang));
    let booked_visit = known.as_ref().filter(|_| matches!(b.state, BookingState::Booked(_) | BookingState::Past(_)));
    // What was done stays on the page, whatever comes next.
    let done = known.as_ref().filter(|visit| visit.done).or(earlier.as_ref());
    let comer = booked_visit.or(done).and_then(|visit| visit.comer.as_ref());
    let name = comer.map_or("", |comer| comer.name.as_str());
    let way = booked_visit.and_then(|visit| guest::way_view(&visit.way, name, b.curve.now, b.zone, lang));
    let after = done.map(|visit| self::after(visit, &b, &base, app));
    let only_after = after.is_some() && matches!(b.state, BookingState::Done | BookingState::CallComes);
    // Whoever comes to a machine that stands still sees to the rest as well: nobody is asked about that now.
    let all_broken = troubles.len() >= b.machines();
    let is_asked = matches!(b.state, BookingState::Open | BookingState::AnotherTime { .. }) && !all_broken;
    let offer = is_asked && !b.slots.is_empty();
    let is_put_off = matches!(b.state, BookingState::NotNow { .. } | BookingState::Stopped);
    let later = is_put_off && !all_broken && !b.slots.is_empty();
    let visit = match &b.state {
        BookingState::Booked(visit) | BookingState::Past(visit) => Some(visit_card(visit, &b)),
        _ => None,
    };
    let wish = match (&b.state, &b.wish) {
        (BookingState::AnotherTime { wish }, _) | (BookingState::Booked(_), Some(wish)) => text::your_wish(wish, lang),
        _ => String::new(),
    };
    let booked = if let BookingState::Booked(visit) = &b.state { Some(visit.slot.from) } else { None };
    let slots = b.slots.iter().filter(|slot| Some(slot.from) != booked).map(|slot| {
        let (day, hours) = civil::slot(*slot, b.zone, lang);
        SlotButton { value: slot.from.millis(), day, hours }
    });
    let follows = !troubles.is_empty() || is_near(booked_visit, &b);
    let frame = Frame::new(lang, base).of_letter(follows);
    let head = |(token, case): &(String, GuestCase)| CaseHead::of(case, &Frame::new(lang, case_base(token)));
    CustomerPage {
        troubles: troubles.iter().map(head).collect(),
        meanwhile: meanwhile(all_broken, visit.is_some(), f),
        all_broken,
        sender: Sender::of(&b.advisor, &b.company, portrait, &frame),
        t,
        title: format!("{} · {}", b.machine_name, b.company),
        notice,
        shown: state_shown(&b, all_broken),
        headline: headline(&b),
        visit,
        past: matches!(b.state, BookingState::Past(_)),
        // Whoever is on the way cannot be turned round here.
        seen: booked.map(Timestamp::millis),
        movable: booked.is_some_and(|from| from > b.curve.now) && booked_visit.is_none_or(|v| v.way.arrived.is_none()),
        later,
        stopped: b.state == BookingState::Stopped,
        can_undo: matches!(b.state, BookingState::AnotherTime { .. } | BookingState::NotNow { .. }) || b.wish.is_some(),
        wish,
        offer,
        can_another: !all_broken && matches!(b.state, BookingState::Open | BookingState::NotNow { .. }),
        can_wait: is_asked,
        can_stop: matches!(
            b.state,
            BookingState::Open | BookingState::AnotherTime { .. } | BookingState::NotNow { .. }
        ),
        proposal: text::proposal(&b.proposal, &b.machine_name, lang),
        proposal_detail: proposal_detail(&b),
        slots: slots.collect(),
        letter_times: letter_times(b.letter_times, f),
        f,
        comer: comer.map(|comer| guest::comer_card(comer, &frame)),
        way,
        after,
        only_after,
        call_comes: b.state == BookingState::CallComes,
        which: which(&b),
        fig: customer_figure(&b.curve, &app.options.catalogue, lang),
        other_figs: b.others.iter().map(|(name, curve)| other_figure(name, curve, app, lang)).collect(),
        frame,
        b,
    }
}

/// What the forms of a page belong to, for its script: the kind of its state, and the visit that they would change.
fn state_shown(b: &BookingPage, all_broken: bool) -> String {
    let visit = |kind, visit: &Visit| (kind, visit.slot.from.millis().to_string());
    let (kind, from) = match &b.state {
        BookingState::Booked(booked) if booked.slot.from > b.curve.now => visit("booked", booked),
        BookingState::Booked(booked) => visit("begun", booked),
        BookingState::Past(past) => visit("past", past),
        BookingState::Open => ("open", String::new()),
        BookingState::AnotherTime { .. } => ("another", String::new()),
        BookingState::NotNow { .. } => ("not-now", String::new()),
        BookingState::Stopped => ("stopped", String::new()),
        BookingState::Done => ("done", String::new()),
        BookingState::CallComes => ("call-comes", String::new()),
    };
    let wishes = if b.wish.is_some() { " wish" } else { "" };
    let broken = if all_broken { " broken" } else { "" };
    format!("{kind} {from}{wishes}{broken}").trim_end().to_owned()
}

/// What becomes of the letter's matter while its machines stand still.
const fn meanwhile(all_broken: bool, is_booked: bool, f: &field::Words) -> &'static str {
    match (all_broken, is_booked) {
        (false, _) => "",
        (true, true) => f.trouble_booked,
        (true, false) => f.trouble_first,
    }
}

/// What the customer calls the machines of a letter about several.
fn which(b: &BookingPage) -> Vec<String> {
    let others = b.others.iter().map(|(name, _)| name);
    if b.others.is_empty() { Vec::new() } else { std::iter::once(&b.own_name).chain(others).cloned().collect() }
}

const fn letter_times(times: LetterTimes, f: &field::Words) -> &'static str {
    match times {
        LetterTimes::AsWritten => "",
        LetterTimes::SomeGone => f.times_some_gone,
        LetterTimes::AllGone => f.times_gone,
        LetterTimes::OtherWork => f.times_other_work,
    }
}

/// Where the page of a broken machine is.
fn case_base(token: &str) -> String {
    format!("/b/{}", encode(token))
}

fn other_figure(name: &str, curve: &Curve, app: &App, lang: Lang) -> (String, Figure) {
    (name.to_owned(), customer_figure(curve, &app.options.catalogue, lang))
}

fn headline(b: &BookingPage) -> String {
    let (lang, t) = (b.lang, text::words(b.lang));
    match &b.state {
        BookingState::Open if b.again => t.again_headline.to_owned(),
        BookingState::Open | BookingState::Booked(_) if b.machines() > 1 => t.choose_headline_several.to_owned(),
        BookingState::Open | BookingState::Booked(_) => t.choose_headline.to_owned(),
        BookingState::Past(visit) => text::visit_was(visit.slot, b.zone, lang),
        BookingState::AnotherTime { .. } => t.another_headline.to_owned(),
        BookingState::NotNow { until } => text::quiet_until(*until, b.zone, lang),
        BookingState::Stopped => t.stopped_headline.to_owned(),
        BookingState::Done | BookingState::CallComes => t.done_headline.to_owned(),
    }
}

fn proposal_detail(b: &BookingPage) -> String {
    text::proposal_detail((b.proposal.minutes, b.proposal.at_most), b.proposal.stops, b.machines(), b.lang)
}

fn visit_card(visit: &Visit, b: &BookingPage) -> VisitCard {
    let t = text::words(b.lang);
    let (day, hours) = civil::slot(visit.slot, b.zone, b.lang);
    let who = if visit.technician.is_some() { "" } else { t.visit_unassigned };
    let facts = vec![(t.visit_what, text::capitalised(&b.proposal.work)), (t.visit_long, proposal_detail(b))];
    VisitCard { day, hours, who, facts }
}

/// Whether somebody may be on the way soon: from a day before until the visit is settled.
fn is_near(visit: Option<&GuestVisit>, b: &BookingPage) -> bool {
    let slot = match &b.state {
        BookingState::Booked(visit) | BookingState::Past(visit) => visit.slot,
        _ => return false,
    };
    let is_around = slot.from + -DAY_MS <= b.curve.now && b.curve.now <= slot.to + DAY_MS;
    visit.is_some_and(|visit| is_around || visit.way.is_under_way())
}

fn after(visit: &GuestVisit, b: &BookingPage, base: &str, app: &App) -> After {
    let catalogue = &app.options.catalogue;
    let is_joint = visit.tasks.len() > 1;
    let task = |task: &GuestTask| AfterTask {
        machine: if is_joint { task.machine_name.clone() } else { String::new() },
        report: guest::report_href(base, is_joint.then_some(&task.machine)),
        // Of work whose purpose shows in no figure that it changed none is no news, and the letter says nothing of it either.
        effects: match task.said {
            Some(_) => task.effects.iter().map(|found| energy::effect_of(found, b.zone, catalogue, b.lang)).collect(),
            None => Vec::new(),
        },
        said: task.said.clone().unwrap_or_default(),
        // Nothing was changed where nothing was found.
        waits: !task.works.is_empty() && task.effects.is_empty() && task.said.is_none(),
    };
    let work = |task: &GuestTask| {
        let done = works_made((&task.works, &task.looked_at), catalogue, b.lang);
        let done = if b.lang == Lang::Zh { text::listed(&done, b.lang) } else { done.join(" · ") };
        if is_joint { format!("{} · {done}", task.machine_name) } else { done }
    };
    let tasks: Vec<AfterTask> = visit.tasks.iter().map(task).collect();
    After {
        day: civil::date(visit.at, b.zone, b.lang),
        works: visit.tasks.iter().map(work).collect(),
        watched: visit.tasks.iter().any(|task| !task.looked_at.is_empty()),
        lines: guest::report_lines(visit.report.as_ref(), visit.minutes, b.lang),
        has_news: tasks.iter().any(|task| task.waits || !task.said.is_empty()),
        tasks,
        photos: tiles(&visit.photos),
    }
}

/// A page for a link that does not work: no blame, and what to do instead. The language is the browser's, because nothing
/// is known of who reads it.
pub(super) fn kind(ask: &Ask, error: &BackendError) -> Response {
    let (t, f) = (text::words(ask.lang), field::words(ask.lang));
    let (status, title, text) = match error {
        BackendError::Expired => (StatusCode::GONE, t.link_old, t.link_old_text),
        BackendError::TakenBack => (StatusCode::GONE, t.link_back, t.link_back_text),
        BackendError::NotYet => (StatusCode::NOT_FOUND, f.link_draft, f.link_draft_text),
        BackendError::Failed { .. } => {
            api::log_failure(error);
            (StatusCode::INTERNAL_SERVER_ERROR, t.link_down, t.link_down_text)
        }
        _ => (StatusCode::NOT_FOUND, t.link_bad, t.link_bad_text),
    };
    plain(ask.lang, status, title, text)
}

/// A page of two sentences for somebody of whom nothing is known.
pub(super) fn plain(lang: Lang, status: StatusCode, title: &'static str, text: &'static str) -> Response {
    render(status, &KindPage { frame: Frame::new(lang, String::new()), title, text })
}

/// Too many links that nobody was given were tried from this address.
pub(crate) fn too_often(ask: &Ask, seconds: u64) -> Response {
    let t = text::access(ask.lang);
    let page = plain(ask.lang, StatusCode::TOO_MANY_REQUESTS, t.too_often, t.too_often_text);
    ([(header::RETRY_AFTER, seconds.to_string())], page).into_response()
}
