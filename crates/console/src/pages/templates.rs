//! The templates of letters: the list, and the editor with its preview. The preview comes with a button, and as one types where
//! scripts run; what may not reach a customer cannot be saved.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use foretell_model::Obstacle;
use serde::Deserialize;

use super::case_acts::cut;
use super::page::{Ask, Chrome};
use crate::router::App;
use crate::text::letters;
use crate::view::{TemplateChange, TemplateLayer, TemplateLine, TemplatePage, TemplatePreview};
use crate::{BackendError, Lang, text};

/// In whose time changes are told: the company's own.
type Zone = chrono_tz::Tz;

#[derive(Template)]
#[template(path = "templates.html")]
struct List {
    c: Chrome,
    w: &'static letters::Words,
    rows: Vec<Row>,
}

struct Row {
    occasion: String,
    links: Vec<Link>,
}

struct Link {
    href: String,
    lang: &'static str,
    name: &'static str,
    standing: String,
    is_edited: bool,
}

#[derive(Template)]
#[template(path = "template.html")]
struct Editor {
    c: Chrome,
    w: &'static letters::Words,
    href: String,
    other_href: String,
    occasion: String,
    language: &'static str,
    lang_tag: &'static str,
    standing: String,
    notice: &'static str,
    problem: &'static str,
    hint: &'static str,
    source: String,
    lines: usize,
    revision: i64,
    why: String,
    of: String,
    examples: Vec<(String, String)>,
    undo: Option<&'static str>,
    is_page: bool,
    preview: Shown,
    history: Vec<(String, String)>,
}

/// A preview laid out.
struct Shown {
    has_text: bool,
    subject: String,
    paragraphs: Vec<Vec<String>>,
    short: String,
    short_says: String,
    faults: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    done: String,
    of: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Edited {
    source: String,
    #[serde(default)]
    of: String,
    #[serde(default)]
    why: String,
    revision: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Undone {
    #[serde(default)]
    why: String,
    revision: i64,
}

/// `GET /templates`
pub(crate) async fn show(State(app): State<App>, ask: Ask) -> Response {
    match app.ask(|backend| Ok((backend.templates()?, backend.zone()))).await {
        Ok((lines, zone)) => ask.html(StatusCode::OK, &lay_out(&lines, zone, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(lines: &[TemplateLine], zone: Zone, ask: &Ask) -> List {
    let (lang, w) = (ask.lang, letters::words(ask.lang));
    let mut rows: Vec<(&str, Row)> = Vec::new();
    for line in lines {
        let link = Link {
            href: href(&line.name),
            lang: line.lang.tag(),
            name: language(line.lang, w),
            standing: letters::standing(line.layer, line.changed.as_ref(), zone, lang),
            is_edited: line.layer != TemplateLayer::Shipped,
        };
        match rows.iter_mut().find(|(code, _)| *code == line.occasion) {
            Some((_, row)) => row.links.push(link),
            None => rows
                .push((&line.occasion, Row { occasion: letters::occasion(&line.occasion, lang), links: vec![link] })),
        }
    }
    List { c: ask.chrome("templates", false), w, rows: rows.into_iter().map(|(_, row)| row).collect() }
}

const fn language(of: Lang, w: &letters::Words) -> &'static str {
    match of {
        Lang::Zh => w.chinese,
        Lang::En => w.english,
    }
}

fn href(name: &str) -> String {
    format!("/templates/{name}")
}

/// `GET /templates/{name}`
pub(crate) async fn one(
    State(app): State<App>,
    ask: Ask,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let w = letters::words(ask.lang);
    let notice = match asked.done.as_str() {
        "saved" => w.saved,
        "undone" => w.undone,
        _ => "",
    };
    edit(&app, &ask, name, Draft { of: asked.of, ..Draft::default() }, (StatusCode::OK, notice, "")).await
}

/// What somebody has typed, if anything yet.
#[derive(Default)]
struct Draft {
    source: Option<String>,
    of: String,
    why: String,
}

impl From<Edited> for Draft {
    fn from(form: Edited) -> Self {
        Self { source: Some(form.source.replace("\r\n", "\n")), of: form.of, why: cut(&form.why) }
    }
}

/// The editor over what counts or what was typed, with a preview of it.
async fn edit(
    app: &App,
    ask: &Ask,
    name: String,
    draft: Draft,
    (status, notice, problem): (StatusCode, &'static str, &'static str),
) -> Response {
    let (of, typed) = (draft.of.clone(), draft.source.clone());
    let asked = app.ask(move |backend| {
        let page = backend.template(&name)?;
        let source = typed.unwrap_or_else(|| page.source.clone());
        let preview = backend.preview_template(&name, &source, &of)?;
        Ok((page, source, preview, backend.zone()))
    });
    match asked.await {
        Ok((page, source, preview, zone)) => {
            let said = (notice, problem);
            ask.html(status, &lay_out_one(&page, source, (draft, &preview), zone, said, ask, app))
        }
        Err(error) => ask.failure(&error),
    }
}

fn lay_out_one(
    page: &TemplatePage,
    source: String,
    (draft, preview): (Draft, &TemplatePreview),
    zone: Zone,
    (notice, problem): (&'static str, &'static str),
    ask: &Ask,
    app: &App,
) -> Editor {
    let (lang, w, line) = (ask.lang, letters::words(ask.lang), &page.line);
    let about = |about: &str| {
        foretell_model::FaultCode::new(about)
            .map_or_else(|| about.to_owned(), |code| text::fault(&code, &app.options.catalogue, lang))
    };
    let other = line.name.replace(line.lang.tag(), line.lang.other().tag());
    let undo = match line.layer {
        TemplateLayer::Edited => Some(w.undo),
        _ => None,
    };
    Editor {
        c: ask.chrome("templates", false),
        w,
        href: href(&line.name),
        other_href: href(&other),
        occasion: letters::occasion(&line.occasion, lang),
        language: language(line.lang, w),
        lang_tag: line.lang.tag(),
        standing: letters::standing(line.layer, line.changed.as_ref(), zone, lang),
        notice,
        problem,
        hint: if line.occasion == "phrases" { w.phrases_hint } else { w.text_hint },
        lines: source.lines().count().clamp(12, 40) + 1,
        revision: page.revision,
        why: draft.why,
        of: draft.of,
        examples: page
            .examples
            .iter()
            .map(|example| (example.key.clone(), format!("{} · {}", example.machine, about(&example.about))))
            .collect(),
        undo,
        is_page: line.occasion == "page",
        preview: shown(preview, &source, lang),
        source,
        history: page.history.iter().map(|change: &TemplateChange| letters::change(change, zone, lang)).collect(),
    }
}

fn shown(preview: &TemplatePreview, source: &str, lang: Lang) -> Shown {
    let excerpt = |line: usize| source.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let text = preview.text.clone().unwrap_or_default();
    Shown {
        has_text: preview.text.is_some(),
        paragraphs: super::card::paragraphs(&text.body),
        short_says: letters::short_parts(text.short.chars().count(), text.short_parts, lang),
        subject: text.subject,
        short: text.short,
        faults: preview
            .faults
            .iter()
            .map(|(line, fault)| letters::fault(line.map(|line| (line, excerpt(line))), fault, lang))
            .collect(),
    }
}

/// `POST /templates/{name}/preview`
pub(crate) async fn preview(
    State(app): State<App>,
    ask: Ask,
    Path(name): Path<String>,
    Form(form): Form<Edited>,
) -> Response {
    edit(&app, &ask, name, form.into(), (StatusCode::OK, "", "")).await
}

/// `POST /templates/{name}`
pub(crate) async fn save(
    State(app): State<App>,
    ask: Ask,
    Path(name): Path<String>,
    Form(form): Form<Edited>,
) -> Response {
    let (by, revision, of) = (ask.by.clone(), form.revision, form.of.clone());
    let draft = Draft::from(form);
    let (saved, why) = (draft.source.clone(), draft.why.clone());
    let name_of = name.clone();
    let done = app.ask(move |backend| backend.save_template((&name_of, revision), saved, &why, &by)).await;
    let w = letters::words(ask.lang);
    match done {
        Ok(()) => {
            let of = super::page::encode(&of);
            Redirect::to(&format!("{}?done=saved&of={of}", href(&name))).into_response()
        }
        Err(BackendError::Refused(told)) if told.why == Obstacle::TemplateFaulty => {
            edit(&app, &ask, name, draft, (StatusCode::UNPROCESSABLE_ENTITY, "", w.not_saved)).await
        }
        Err(BackendError::Refused(_)) => {
            edit(&app, &ask, name, draft, (StatusCode::CONFLICT, "", text::words(ask.lang).conflict_text)).await
        }
        Err(error) => ask.failure(&error),
    }
}

/// `POST /templates/{name}/undo`
pub(crate) async fn undo(
    State(app): State<App>,
    ask: Ask,
    Path(name): Path<String>,
    Form(form): Form<Undone>,
) -> Response {
    let (by, why, name_of) = (ask.by.clone(), cut(&form.why), name.clone());
    let done = app.ask(move |backend| backend.save_template((&name_of, form.revision), None, &why, &by)).await;
    match done {
        Ok(()) => Redirect::to(&format!("{}?done=undone", href(&name))).into_response(),
        Err(error) => ask.failure(&error),
    }
}
