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
    t: &'static Words,
    f: &'static field::Words,
    title: String,
    headline: String,
    tone: &'static str,
    closed: bool,
    /// Nothing was broken.
    withdrawn: bool,
    /// The customer can still say that nobody need come.
    can_end: bool,
    promises: Vec<Promise>,
    comer: Option<ComerCard>,
    way: Option<WayView>,
    what: Vec<String>,
    opened: String,
    steps: Vec<Step>,
    /// What was found, and until when it takes.
    found: Vec<String>,
    report: Vec<String>,
    photos: Vec<Tile>,
    g: GuestCase,
}

struct Promise {
    class: &'static str,
    label: &'static str,
    line: String,
}

struct Step {
    done: bool,
    now: bool,
    text: &'static str,
}

/// The page of a broken machine.
pub(super) fn page(g: GuestCase, base: String, catalogue: &Catalogue) -> Response {
    let (lang, t, f) = (g.lang, text::words(g.lang), field::words(g.lang));
    let closed = g.closed.is_some();
    let name = g.comer.as_ref().map(|comer| comer.name.clone());
    let headline =
        field::case_headline((g.call_back, g.on_site), name.as_deref(), (&g.way, closed), (g.now, g.zone), lang);
    let headline = if g.withdrawn { f.case_withdrawn.to_owned() } else { headline };
    let late = [g.call_back, g.on_site].iter().any(|timer| timer.state == TimerState::Late && timer.met.is_none());
    let promise = |label, timer: crate::view::Timer| Promise {
        class: match (timer.met, timer.state) {
            (Some(_), TimerState::KeptLate | TimerState::Overtaken) => "hidden",
            (Some(_), _) => "good",
            (None, TimerState::Late | TimerState::Slipping) => "advise",
            (None, _) => "watch",
        },
        label,
        line: field::promise(timer, g.now, g.zone, lang),
    };
    let here = g.way.arrived.or(g.on_site.met).is_some();
    let reached = [g.call_back.met.is_some() || here, here, closed, closed];
    let now_at = reached.iter().position(|done| !done);
    let texts = [f.next_call, f.next_drive, f.next_look, f.next_end];
    let steps = texts.iter().zip(reached).enumerate();
    let frame = Frame::new(lang, base).following(!closed);
    let page = CasePage {
        sender: Sender::of(&g.advisor, &g.company, g.portrait, &frame),
        t,
        f,
        title: format!("{} · {}", g.machine_name, g.company),
        headline,
        tone: if closed || here {
            "good"
        } else if late {
            "advise"
        } else {
            "watch"
        },
        closed,
        withdrawn: g.withdrawn,
        can_end: !closed && !here,
        // Promises about nothing are neither kept nor broken.
        promises: if g.withdrawn {
            Vec::new()
        } else {
            let by = field::call_by(g.call_back, g.call_back_by, (g.now, g.zone), lang);
            let call = promise(f.promise_call, g.call_back);
            vec![Promise { line: by.unwrap_or(call.line), ..call }, promise(f.promise_site, g.on_site)]
        },
        comer: g.comer.as_ref().filter(|_| !g.withdrawn).map(|comer| comer_card(comer, &frame)),
        way: if closed { None } else { way_view(&g.way, name.as_deref().unwrap_or_default(), g.now, g.zone, lang) },
        what: g
            .told_by_controller
            .then_some(f.told_controller)
            .into_iter()
            .chain(g.what.lines())
            .map(str::to_owned)
            .collect(),
        opened: crate::civil::date_time(g.opened, g.zone, lang),
        steps: steps.map(|(n, (text, done))| Step { done, now: now_at == Some(n), text }).collect(),
        found: g
            .progress
            .as_ref()
            .filter(|_| !closed)
            .map_or_else(Vec::new, |told| text::progress(told, catalogue, (g.now, g.zone), lang)),
        report: case_lines(&g),
        photos: tiles(&g.photos),
        frame,
        g,
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
