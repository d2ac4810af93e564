//! What is done about a case: opened, called back, somebody sent, arrived, closed with the checklist.

use std::collections::{BTreeMap, BTreeSet};

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, Objection, Obstacle};
use serde::Deserialize;

use super::answer::answered;
use super::cases::{self, SEVERAL_MAX, Typed, list, refused};
use super::field_acts::minutes;
use super::kept::Kept;
use super::page::{self, Ask};
use crate::router::App;
use crate::text::{self, desk};
use crate::typed;
use crate::view::{CaseAct, CaseReport, Choice};
use crate::{BackendError, Lang, civil};

/// Longest remark, characters.
const REMARK_CHARS_MAX: usize = 1_000;
/// Most pieces of one part.
const PIECES_MAX: u32 = 1_000;
/// Lines of parts in a form at first; once its last one is filled in, `field.js` adds another.
const LINES_MIN: usize = 2;
/// Lines added at a time where somebody asks the server for more.
const LINES_MORE: usize = 3;
/// Lines at most.
const LINES_MAX: usize = 30;

#[derive(Debug, Deserialize)]
pub(crate) struct Opened {
    machine: String,
    what: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Spoken {
    remark: String,
    /// What the page showed, as [`crate::view::ServiceCase::revision`] has it.
    seen: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    technician: String,
    #[serde(default)]
    eta: String,
    seen: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    #[serde(default)]
    fault: String,
    #[serde(default)]
    minutes: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Settled {
    message: i64,
    arrived: String,
}

/// The closing checklist. A browser sends a box only when it is ticked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Closing {
    test_run: Option<String>,
    tidy: Option<String>,
    old_parts: Option<String>,
    report: Option<String>,
    courtesy: Option<String>,
    pub(super) left_out: String,
    pub(super) note: String,
    pub(super) depot: String,
    /// Asks for more lines of parts in place of sending the form.
    pub(super) more: Option<String>,
    /// Lines of parts, `part_1` with `n_1` and so on, as many as the form had.
    #[serde(flatten)]
    lines: BTreeMap<String, String>,
    /// Parts that the depot does not hold by our list were used all the same.
    pub(super) parts_sure: Option<String>,
    /// Whether to ask about them; set by an answer, never sent.
    #[serde(skip)]
    pub(super) ask_parts: bool,
}

impl Closing {
    /// Which points of the checklist were ticked, in its order.
    pub(super) fn ticked(&self) -> [bool; 5] {
        [&self.test_run, &self.tidy, &self.old_parts, &self.report, &self.courtesy].map(Option::is_some)
    }

    /// The lines of parts as they are shown: as they were typed, then an empty one, or as many more as were asked for.
    pub(super) fn part_rows(&self) -> Vec<PartRow> {
        let last = |counts: &dyn Fn(usize) -> bool| (1..=LINES_MAX).rev().find(|n| counts(*n)).unwrap_or(0);
        let rows = match self.more {
            Some(_) => last(&|n| self.lines.contains_key(&format!("part_{n}"))) + LINES_MORE,
            None => last(&|n| !self.line(n).part.is_empty()) + 1,
        };
        (1..=rows.clamp(LINES_MIN, LINES_MAX)).map(|n| self.line(n)).collect()
    }

    fn line(&self, n: usize) -> PartRow {
        let field = |name: &str| self.lines.get(&format!("{name}_{n}")).map_or("", |typed| typed.trim());
        let pieces = Some(field("n")).filter(|typed| !typed.is_empty()).unwrap_or("1");
        PartRow { n, part: field("part").to_owned(), pieces: pieces.to_owned() }
    }

    /// How many of which parts were used; what stands on two lines is added up.
    fn parts(&self) -> Vec<(String, u32)> {
        let mut used: BTreeMap<String, u32> = BTreeMap::new();
        for row in (1..=LINES_MAX).map(|n| self.line(n)).filter(|row| !row.part.is_empty()) {
            let pieces = row.pieces.parse().unwrap_or(1).clamp(1, PIECES_MAX);
            let sum = used.entry(row.part).or_insert(0);
            *sum = (*sum + pieces).min(PIECES_MAX);
        }
        used.into_iter().collect()
    }

    /// Asks about parts, where they are what stands in the way.
    pub(super) fn asking_of_parts(self, error: &BackendError) -> Self {
        let of_parts = matches!(error, BackendError::Refused(told) if told.why == Obstacle::PartsNotInStock);
        Self { ask_parts: of_parts || self.parts_sure.is_some(), ..self }
    }

    pub(super) fn report(self) -> CaseReport {
        CaseReport {
            done: self.ticked(),
            left_out: cut(&self.left_out),
            parts: self.parts(),
            parts_sure: self.parts_sure.is_some(),
            depot: self.depot,
            note: cut(&self.note),
            note_for_customer: String::new(),
        }
    }
}

/// One line of parts in the form.
pub(super) struct PartRow {
    pub(super) n: usize,
    pub(super) part: String,
    pub(super) pieces: String,
}

/// Every part that the catalogue's work needs.
pub(super) fn parts(catalogue: &Catalogue, lang: Lang) -> Vec<Choice> {
    let kinds: BTreeSet<&String> = catalogue.actions.values().flat_map(|action| &action.parts).collect();
    kinds.into_iter().map(|part| Choice { key: part.clone(), name: text::part(part, lang) }).collect()
}

/// A remark as it is kept, cut at its longest.
pub(super) fn cut(text: &str) -> String {
    typed::fit(text, REMARK_CHARS_MAX)
}

/// `POST /cases`
pub(crate) async fn open(State(app): State<App>, ask: Ask, Form(form): Form<Opened>) -> Response {
    let (by, what) = (ask.by.clone(), cut(&form.what));
    let typed = (form.machine.clone(), what.clone());
    let opened = app.ask(move |backend| {
        let named = form.machine.trim();
        let meant = if named.is_empty() { Vec::new() } else { backend.machines_called(named, SEVERAL_MAX)? };
        match meant.as_slice() {
            [one] => backend.open_case(&one.id, &what, &by).map(Some),
            [] => Err(BackendError::Refused(Objection::about(Obstacle::NoMachine, named))),
            _ => Ok(None),
        }
    });
    let (app, ask) = (&app, &ask);
    let opened = match opened.await.transpose() {
        Some(opened) => opened,
        // Whoever typed it chooses among those that it may mean.
        None => {
            let which = desk::several(&typed.0, ask.lang);
            return list(app, ask, StatusCode::UNPROCESSABLE_ENTITY, which, typed, 1).await;
        }
    };
    let otherwise = |error| async move {
        match page::refused(ask, &error) {
            Some((status, why)) => list(app, ask, status, why, typed, 1).await,
            None => ask.failure(&error),
        }
    };
    answered(std::future::ready(opened), |id| format!("/cases/{id}?done=opened"), otherwise).await
}

/// `POST /cases/{id}/called`
pub(crate) async fn called(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Spoken>,
) -> Response {
    let kept = Kept::of("called", &[("remark", &form.remark)]);
    act(&app, &ask, (id, form.seen), CaseAct::Called { remark: cut(&form.remark) }, "called", kept).await
}

/// What was found, and for how long it takes yet.
fn told(form: Told) -> Result<CaseAct, BackendError> {
    let minutes = minutes(&form.minutes)?.ok_or_else(|| Objection::about(Obstacle::MinutesInvalid, ""));
    let minutes = minutes.map_err(BackendError::Refused)?;
    Ok(CaseAct::Found { fault: Some(form.fault).filter(|fault| !fault.is_empty()), minutes })
}

/// `POST /cases/{id}/send`
pub(crate) async fn send(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Form(form): Form<Chosen>) -> Response {
    let (lang, eta) = (ask.lang, form.eta.clone());
    // A date and time is meant as the customer's clock shows it.
    let eta = app.ask(move |backend| {
        if eta.is_empty() {
            return Ok(None);
        }
        let zone = backend.case(id, lang)?.case.zone;
        civil::from_field(&eta, zone).map(Some).ok_or(Obstacle::WhenMissing.into())
    });
    let kept = Kept::of("send", &[("technician", &form.technician), ("eta", &form.eta)]);
    match eta.await {
        Ok(eta) => {
            let send = CaseAct::Send { technician: form.technician, eta };
            act(&app, &ask, (id, form.seen), send, "sent", kept).await
        }
        Err(error) => refused(&app, &ask, id, &error, Typed { kept, ..Typed::default() }).await,
    }
}

/// `POST /cases/{id}/arrived`
pub(crate) async fn arrived(State(app): State<App>, ask: Ask, Path(id): Path<i64>) -> Response {
    act(&app, &ask, (id, None), CaseAct::Arrived, "arrived", Kept::default()).await
}

/// `POST /cases/{id}/found`
pub(crate) async fn found(State(app): State<App>, ask: Ask, Path(id): Path<i64>, Form(form): Form<Told>) -> Response {
    let kept = Kept::of("found", &[("fault", &form.fault), ("minutes", &form.minutes)]);
    match told(form) {
        Ok(told) => act(&app, &ask, (id, None), told, "found", kept).await,
        Err(error) => refused(&app, &ask, id, &error, Typed { kept, ..Typed::default() }).await,
    }
}

/// `POST /cases/{id}/settle`
pub(crate) async fn settle(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Settled>,
) -> Response {
    let arrived = match form.arrived.as_str() {
        "yes" => true,
        "no" => false,
        _ => return refused(&app, &ask, id, &Obstacle::ArrivalMissing.into(), Typed::default()).await,
    };
    let settle = CaseAct::Settle { message: form.message, arrived };
    act(&app, &ask, (id, None), settle, "settled", Kept::default()).await
}

/// `POST /cases/{id}/close`
pub(crate) async fn close(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Closing>,
) -> Response {
    let report = form.clone().report();
    let typed = Typed { closing: form, ..Typed::default() };
    if typed.closing.more.is_some() {
        return cases::again(&app, &ask, id, (StatusCode::OK, String::new()), typed).await;
    }
    if report.left_out.is_empty() && report.done.contains(&false) {
        return refused(&app, &ask, id, &Obstacle::ChecklistGap.into(), typed).await;
    }
    let by = ask.by.clone();
    let closed = app.ask(move |backend| backend.act_on_case(id, None, CaseAct::Close(report), &by));
    let (app, ask) = (&app, &ask);
    let otherwise = |error| async move {
        refused(app, ask, id, &error, Typed { closing: typed.closing.asking_of_parts(&error), ..typed }).await
    };
    answered(closed, |()| format!("/cases/{id}?done=mended"), otherwise).await
}

/// `POST /cases/{id}/withdraw`
pub(crate) async fn withdraw(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<i64>,
    Form(form): Form<Spoken>,
) -> Response {
    let kept = Kept::of("withdraw", &[("remark", &form.remark)]);
    act(&app, &ask, (id, form.seen), CaseAct::Withdraw { reason: cut(&form.remark) }, "withdrawn", kept).await
}

/// Does it, unless what it was decided upon is no longer so: nobody sends a second technician, or answers words unread, because
/// a page was old.
async fn act(
    app: &App,
    ask: &Ask,
    (id, seen): (i64, Option<u64>),
    act: CaseAct,
    done: &'static str,
    kept: Kept,
) -> Response {
    let by = ask.by.clone();
    let otherwise = |error| async move { refused(app, ask, id, &error, Typed { kept, ..Typed::default() }).await };
    let did = app.ask(move |backend| backend.act_on_case(id, seen, act, &by));
    answered(did, |()| format!("/cases/{id}?done={done}"), otherwise).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_has_a_line_more_than_was_typed_or_as_many_as_were_asked_for() {
        #[track_caller]
        fn check(fields: &[(&str, &str)], more: bool, rows: usize) {
            let form = Closing { lines: typed(fields), more: more.then(String::new), ..Closing::default() };
            assert_eq!(form.part_rows().len(), rows, "{fields:?} {more}");
        }
        check(&[], false, 2);
        check(&[("part_1", ""), ("part_6", "")], false, 2);
        check(&[("part_1", ""), ("part_5", "oil")], false, 6);
        check(&[("part_1", ""), ("part_2", "")], true, 5);
        check(&[("part_1", ""), ("part_5", "oil")], true, 8);
        check(&[("part_30", "oil")], true, 30);
        check(&[("part_30", "oil")], false, 30);
    }

    #[test]
    fn a_report_holds_what_was_ticked_and_counted() {
        let ticked = || Some("on".to_owned());
        let form = Closing {
            test_run: ticked(),
            report: ticked(),
            lines: typed(&[
                ("part_2", "oil"),
                ("n_2", "20"),
                ("part_7", "oil_filter"),
                ("n_7", "many"),
                ("part_9", "oil"),
            ]),
            left_out: "  no courtesy item left ".into(),
            ..Closing::default()
        };
        let report = form.report();
        assert_eq!(report.done, [true, false, false, true, false]);
        assert_eq!(report.parts, [("oil".to_owned(), 21), ("oil_filter".to_owned(), 1)]);
        assert_eq!(report.left_out, "no courtesy item left");
    }
}
