//! The customer's page about a machine that broke: both promises, who comes, what was found, what was done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::Catalogue;

use super::guest::{ComerCard, WayView, comer_card, report_lines, way_view};
use super::guest_frame::{Frame, Sender};
use super::page::render;
use super::photos::{Tile, tiles};
use crate::text::{self, Words, field};
use crate::view::{GuestCase, TimerState};

#[derive(Template)]
#[template(path = "guest_case.html")]
struct CasePage {
    frame: Frame,
    sender: Sender,
    f: &'static field::Words,
    t: &'static Words,
    title: String,
    h: CaseHead,
    closed: bool,
    /// Nothing was broken.
    withdrawn: bool,
    /// The customer can still say that nobody need come.
    can_end: bool,
    /// Machines of which one is named where the customer reports again: the page is about one.
    which: Vec<String>,
    what: Vec<String>,
    opened: String,
    steps: Vec<Step>,
    /// What was found, and until when it takes.
    found: Vec<String>,
    report: Vec<String>,
    photos: Vec<Tile>,
}

/// How a breakdown stands: what its own page begins with, and the page of any letter about the same machine while it lasts.
pub(super) struct CaseHead {
    pub(super) machine_name: String,
    pub(super) headline: String,
    pub(super) tone: &'static str,
    /// What its end means; empty before.
    pub(super) ended: &'static str,
    pub(super) promises: Vec<Promise>,
    pub(super) comer: Option<ComerCard>,
    pub(super) way: Option<WayView>,
    /// Where the whole case is.
    pub(super) href: String,
}

pub(super) struct Promise {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) line: String,
}

struct Step {
    done: bool,
    now: bool,
    text: &'static str,
}

impl CaseHead {
    /// As the holder of the link behind `frame` sees it.
    pub(super) fn of(g: &GuestCase, frame: &Frame) -> Self {
        let (lang, f) = (g.lang, field::words(g.lang));
        let (closed, here) = (g.closed.is_some(), is_here(g));
        let name = g.comer.as_ref().map(|comer| comer.name.as_str());
        let headline = field::case_headline((g.call_back, g.on_site), name, (&g.way, closed), (g.now, g.zone), lang);
        let late = [g.call_back, g.on_site].iter().any(|timer| timer.state == TimerState::Late && timer.met.is_none());
        Self {
            machine_name: g.machine_name.clone(),
            headline: if g.withdrawn { f.case_withdrawn.to_owned() } else { headline },
            tone: if closed || here {
                "good"
            } else if late {
                "advise"
            } else {
                "watch"
            },
            ended: match (g.withdrawn, closed) {
                (true, _) => f.case_withdrawn_text,
                (false, true) => f.case_closed_text,
                (false, false) => "",
            },
            // Promises about nothing are neither kept nor broken.
            promises: if g.withdrawn { Vec::new() } else { promises(g) },
            comer: g.comer.as_ref().filter(|_| !g.withdrawn).map(|comer| comer_card(comer, frame)),
            way: if closed { None } else { way_view(&g.way, name.unwrap_or_default(), g.now, g.zone, lang) },
            href: frame.base.clone(),
        }
    }
}

/// Whether somebody is on site.
fn is_here(g: &GuestCase) -> bool {
    g.way.arrived.or(g.on_site.met).is_some()
}

fn promises(g: &GuestCase) -> Vec<Promise> {
    let f = field::words(g.lang);
    let promise = |label, timer: crate::view::Timer| Promise {
        class: match (timer.met, timer.state) {
            (Some(_), TimerState::KeptLate | TimerState::Overtaken) => "hidden",
            (Some(_), _) => "good",
            (None, TimerState::Late | TimerState::Slipping) => "advise",
            (None, _) => "watch",
        },
        label,
        line: field::promise(timer, g.now, g.zone, g.lang),
    };
    let by = field::call_by(g.call_back, g.call_back_by, (g.now, g.zone), g.lang);
    let call = promise(f.promise_call, g.call_back);
    vec![Promise { line: by.unwrap_or(call.line), ..call }, promise(f.promise_site, g.on_site)]
}

/// The page of a broken machine.
pub(super) fn page(g: &GuestCase, base: String, catalogue: &Catalogue) -> Response {
    let (lang, f) = (g.lang, field::words(g.lang));
    let (closed, here) = (g.closed.is_some(), is_here(g));
    let reached = [g.call_back.met.is_some() || here, here, closed, closed];
    let now_at = reached.iter().position(|done| !done);
    let texts = [f.next_call, f.next_drive, f.next_look, f.next_end];
    let steps = texts.iter().zip(reached).enumerate();
    let frame = Frame::new(lang, base).following(!closed);
    let told = g.told_by_controller.then_some(f.told_controller);
    let page = CasePage {
        sender: Sender::of(&g.advisor, &g.company, g.portrait, &frame),
        f,
        t: text::words(lang),
        title: format!("{} · {}", g.machine_name, g.company),
        h: CaseHead::of(g, &frame),
        closed,
        withdrawn: g.withdrawn,
        can_end: !closed && !here,
        which: Vec::new(),
        what: told.into_iter().chain(g.what.lines()).map(str::to_owned).collect(),
        opened: crate::civil::date_time(g.opened, g.zone, lang),
        steps: steps.map(|(n, (text, done))| Step { done, now: now_at == Some(n), text }).collect(),
        found: g
            .progress
            .as_ref()
            .filter(|_| !closed)
            .map_or_else(Vec::new, |told| text::progress(told, catalogue, (g.now, g.zone), lang)),
        report: case_lines(g),
        photos: tiles(&g.photos),
        frame,
    };
    render(StatusCode::OK, &page)
}

/// What was done, line by line; from when to when, because how long of that was work nobody said.
fn case_lines(g: &GuestCase) -> Vec<String> {
    let mut lines = report_lines(g.report.as_ref(), None, g.lang);
    if let Some((began, ended)) = g.on_site.met.zip(g.closed).filter(|_| g.report.is_some()) {
        lines.insert(0, field::begun_and_finished(began, ended, g.zone, g.lang));
    }
    lines
}
