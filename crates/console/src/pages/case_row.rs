//! One case in a list, with both of its clocks.

use foretell_model::Timestamp;

use super::page::{Ask, encode};
use crate::Lang;
use crate::civil::{self, Place};
use crate::text::{self, desk, field};
use crate::view::{Arrival, CasePage, CaseReport, ServiceCase, Timer, TimerState, UnsettledWord};

/// One case in a list.
pub(crate) struct CaseRow {
    pub(crate) href: String,
    pub(crate) class: &'static str,
    pub(crate) machine: String,
    pub(crate) machine_href: String,
    pub(crate) site: String,
    pub(crate) customer: String,
    pub(crate) customer_href: String,
    pub(crate) stage: String,
    pub(crate) what: String,
    pub(crate) source: String,
    pub(crate) next: &'static str,
    pub(crate) timers: Vec<Clock>,
}

/// One of the two clocks.
pub(crate) struct Clock {
    pub(crate) class: &'static str,
    pub(crate) label: &'static str,
    pub(crate) line: String,
    pub(crate) promised: String,
    /// How much of the time is gone, per cent.
    pub(crate) gone: u8,
    /// Milliseconds since 1970 of the promise, for the script that keeps counting; 0 when it was kept.
    pub(crate) due_ms: i64,
    pub(crate) now_ms: i64,
    pub(crate) left: &'static str,
    pub(crate) over: &'static str,
}

/// A case in a list.
pub(crate) fn row(case: &ServiceCase, now: Timestamp, ask: &Ask) -> CaseRow {
    let lang = ask.lang;
    let d = desk::words(lang);
    let is_over = case.closed.is_some();
    let next = match (case.closed, case.on_site.met, &case.sent, case.call_back.met) {
        (Some(_), ..) if !case.heard.is_empty() => d.next_answer,
        (Some(_), ..) if case.goes_on.is_some() => field::words(lang).case_goes_on,
        (Some(_), ..) if case.withdrawn.is_some() => field::words(lang).case_withdrawn,
        (Some(_), ..) => d.case_over,
        (_, Some(_), ..) => d.next_mend,
        (_, _, _, None) => d.next_call,
        (_, _, None, _) => d.next_send,
        (_, _, Some(_), _) if case.way.is_under_way() => d.next_arrive,
        (_, _, Some(_), _) => d.next_set_out,
    };
    let clock = |label, timer: Timer| {
        let whole = (timer.due - case.opened).max(1) as f64;
        let gone = (timer.met.unwrap_or(now) - case.opened) as f64 / whole;
        let (left, over) = desk::count_forms(lang);
        Clock {
            class: class(timer.state),
            label,
            line: desk::timer_line(timer, now, case.zone, lang),
            promised: desk::promised_by(timer.due, ask.place(case.zone), lang),
            gone: text::percent(gone.clamp(0.0, 1.0)),
            due_ms: if timer.met.is_some() || case.closed.is_some() { 0 } else { timer.due.millis() },
            now_ms: now.millis(),
            left,
            over,
        }
    };
    CaseRow {
        href: format!("/cases/{}", case.id),
        class: match (is_over, case.heard.is_empty()) {
            (true, true) => "good",
            (true, false) => "advise",
            (false, _) => class(case.urgency().0),
        },
        machine: case.machine_name.clone(),
        machine_href: format!("/m/{}", case.machine),
        site: case.site_name.clone(),
        customer: case.customer.clone(),
        customer_href: customer_href(&case.customer_id),
        stage: case.stage.map_or_else(String::new, |stage| format!("{stage}/6 {}", desk::stage(Some(stage), lang))),
        what: case.heard.last().map_or_else(
            || case.what.lines().next().unwrap_or_default().to_owned(),
            |said| format!("{}{}{said}", d.replied, if lang == Lang::Zh { "" } else { " " }),
        ),
        source: desk::source(&case.source, lang),
        next,
        // Promises about nothing are neither kept nor broken, and those of a case that goes on count there.
        timers: if case.withdrawn.is_some() || case.goes_on.is_some() {
            Vec::new()
        } else {
            vec![clock(d.call_back, case.call_back), clock(d.on_site, case.on_site)]
        },
    }
}

/// When somebody is expected, and since when that is known.
pub(super) fn expected(arrival: Arrival, page: &CasePage, place: Place, lang: Lang) -> String {
    let as_of = field::as_of(arrival, (page.now, place.zone), lang);
    format!("{} · {as_of}", civil::date_time(arrival.at, place, lang))
}

/// A customer's page; empty where nobody is registered.
pub(crate) fn customer_href(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!("/customers/{}", encode(id)) }
}

/// The colour of a promise.
const fn class(state: TimerState) -> &'static str {
    match state {
        TimerState::Late => "urgent",
        TimerState::Slipping => "advise",
        TimerState::Running => "watch",
        TimerState::KeptLate | TimerState::Overtaken => "hidden",
        TimerState::Kept => "good",
    }
}

/// What a technician reported, parts first.
pub(super) fn report_lines(report: &CaseReport, lang: Lang) -> Vec<String> {
    let parts = report.parts.iter().map(|(part, n)| format!("{n} × {}", text::part(part, lang)));
    let colon = if lang == Lang::En { ": " } else { "：" };
    let why = Some(&report.left_out).filter(|why| !why.is_empty());
    let left_out = why.map_or_else(String::new, |why| format!("{}{colon}{why}", desk::words(lang).left_out));
    parts.chain([left_out, report.note.clone(), report.note_for_customer.clone()]).collect()
}

/// Words that did not arrive, or perhaps not, each with what stood in its way as it is read.
pub(super) fn why_lost(words: Vec<UnsettledWord>, lang: Lang) -> Vec<UnsettledWord> {
    let told = |reason: &str| text::capitalised(&text::lost_because(reason, lang));
    words.into_iter().map(|word| UnsettledWord { reason: told(&word.reason), ..word }).collect()
}
