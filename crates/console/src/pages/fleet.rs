//! The overview: what needs a person first, then every machine by site.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, Limit, RunState, Signal, Timestamp};
use serde::Deserialize;

use super::page::{Ask, Chrome, machine_href};
use super::pager::{self, Pager};
use super::standing::Standing;
use crate::chart::sparkline;
use crate::router::App;
use crate::view::{Fleet, Health, MachineSummary};
use crate::{Lang, civil, text};

/// Machines on one page; with their small curves some 60 KiB.
const ROWS_MAX: usize = 40;

/// What the address may ask: words to find, and one standing to show.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Filter {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    page: usize,
}

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage {
    c: Chrome,
    headline: String,
    subline: String,
    queue_len: usize,
    queue_line: String,
    tally: Vec<Tile>,
    attention: Vec<Row>,
    sites: Vec<Site>,
    nothing: &'static str,
    q: String,
    show: String,
    p: Pager,
}

struct Tile {
    class: &'static str,
    label: &'static str,
    count: usize,
    href: String,
    on: bool,
}

struct Site {
    name: String,
    count: String,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    name: String,
    id: String,
    place: String,
    class: &'static str,
    label: &'static str,
    sentence: String,
    temp: String,
    run: String,
    seen: String,
    spark: String,
    /// What the search looks into, in lower case.
    hay: String,
}

/// `GET /`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Query(filter): Query<Filter>) -> Response {
    match app.ask(|backend| backend.fleet()).await {
        Ok(fleet) => ask.html(StatusCode::OK, &lay_out(fleet, &filter, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(mut fleet: Fleet, filter: &Filter, catalogue: &Catalogue, ask: &Ask) -> FleetPage {
    let lang = ask.lang;
    let t = text::words(lang);
    fleet.machines.sort_by_cached_key(urgency);
    let standings: Vec<Standing> = fleet.machines.iter().map(Standing::of).collect();
    let count = |standing: Standing| standings.iter().filter(|s| **s == standing).count();
    let tally = Standing::ALL
        .map(|standing| {
            let on = filter.show == standing.name();
            let href = if on { "/".to_owned() } else { format!("/?show={}", standing.name()) };
            Tile {
                class: standing.name(),
                label: text::standing_label(standing, lang),
                count: count(standing),
                href,
                on,
            }
        })
        .into();
    let site_names: BTreeSet<&str> = fleet.machines.iter().map(|machine| machine.id.site()).collect();
    let as_of = fleet
        .machines
        .iter()
        .min_by_key(|machine| machine.id.clone())
        .map_or_else(String::new, |first| civil::date_time(fleet.now, first.zone, lang));
    let (total, site_count) = (fleet.machines.len(), site_names.len());
    let mut shown = shown(&fleet, &standings, filter, catalogue, lang);
    let p = pager::cut(&mut shown, filter.page, ROWS_MAX, ("/", &[("q", &filter.q), ("show", &filter.show)]), lang);
    let mut attention = Vec::new();
    let mut by_site: BTreeMap<String, (String, Vec<Row>)> = BTreeMap::new();
    for (machine, standing) in shown {
        let row = row(machine, standing, fleet.now, catalogue, lang);
        if calls(standing) {
            attention.push(row);
        } else {
            let site = by_site.entry(machine.id.site().to_owned());
            site.or_insert_with(|| (machine.site_name.clone(), Vec::new())).1.push(row);
        }
    }
    let nothing = match (attention.is_empty() && by_site.is_empty(), total) {
        (true, 0) => t.no_machines,
        (true, _) => t.nothing_found,
        (false, _) => "",
    };
    FleetPage {
        c: ask.chrome("fleet", true),
        headline: text::fleet_headline(count(Standing::Urgent), count(Standing::Advise), total, lang),
        subline: text::fleet_subline(total, site_count, &as_of, lang),
        queue_len: fleet.queue_len,
        queue_line: text::queue_line(fleet.queue_len, lang),
        tally,
        attention,
        sites: by_site
            .into_values()
            .map(|(name, rows)| Site { name, count: text::machines_count(rows.len(), lang), rows })
            .collect(),
        nothing,
        q: filter.q.clone(),
        show: filter.show.clone(),
        p,
    }
}

/// Whether a standing calls for a person.
const fn calls(standing: Standing) -> bool {
    matches!(standing, Standing::Urgent | Standing::Advise)
}

/// The machines that the filter lets through. What calls for a person stays in front by urgency; the rest goes by site, so
/// that a site is not torn apart.
fn shown<'a>(
    fleet: &'a Fleet,
    standings: &[Standing],
    filter: &Filter,
    catalogue: &Catalogue,
    lang: Lang,
) -> Vec<(&'a MachineSummary, Standing)> {
    let needle = filter.q.trim().to_lowercase();
    let is_meant = |machine: &MachineSummary, standing: Standing| {
        (filter.show.is_empty() || filter.show == standing.name())
            && (needle.is_empty() || hay(machine, standing, catalogue, fleet.now, lang).contains(&needle))
    };
    let all = fleet.machines.iter().zip(standings.iter().copied());
    let mut shown: Vec<_> = all.filter(|(machine, standing)| is_meant(machine, *standing)).collect();
    shown.sort_by(|(a, a_standing), (b, b_standing)| match (calls(*a_standing), calls(*b_standing)) {
        (false, false) => a.id.site().cmp(b.id.site()),
        (a_calls, b_calls) => b_calls.cmp(&a_calls),
    });
    shown
}

/// Sorts by standing, then by how soon the limit comes, then by identity.
fn urgency(machine: &MachineSummary) -> (Standing, i64, String) {
    let days = machine.advisory.as_ref().and_then(|advisory| advisory.rul_days).and_then(|rul| rul.p50);
    (Standing::of(machine), days.map_or(i64::MAX, |days| (days * 100.0) as i64), machine.id.to_string())
}

/// What the search looks into, in lower case.
fn hay(machine: &MachineSummary, standing: Standing, catalogue: &Catalogue, now: Timestamp, lang: Lang) -> String {
    let (label, sentence) = (text::standing_label(standing, lang), sentence(machine, now, catalogue, lang));
    let MachineSummary { id, name, site_name, customer, .. } = machine;
    format!("{id} {name} {site_name} {customer} {label} {sentence}").to_lowercase()
}

fn row(machine: &MachineSummary, standing: Standing, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> Row {
    let t = text::words(lang);
    let mut parts = vec![machine.site_name.as_str(), machine.customer.as_str()];
    parts.retain(|part| !part.is_empty());
    parts.dedup();
    let place = parts.join(" · ");
    let label = text::standing_label(standing, lang);
    let sentence = sentence(machine, now, catalogue, lang);
    Row {
        href: machine_href(&machine.id),
        hay: hay(machine, standing, catalogue, now, lang),
        name: machine.name.clone(),
        id: machine.id.to_string(),
        place,
        class: standing.name(),
        label,
        sentence,
        temp: machine.discharge_temp_c.map_or_else(|| "–".to_owned(), |now_c| text::temperature(now_c, lang)),
        run: match machine.offline {
            None => run_state(machine.state, lang).to_owned(),
            Some(_) => t.standing_offline.to_lowercase(),
        },
        seen: machine.last_reading.map_or_else(|| t.never.to_owned(), |then| text::ago(now, then, lang)),
        spark: sparkline(&machine.trend_c, machine.limit_c),
    }
}

/// A run state in a word.
pub(crate) const fn run_state(state: Option<RunState>, lang: Lang) -> &'static str {
    let t = text::words(lang);
    match state {
        Some(RunState::Stopped) => t.run_stopped,
        Some(RunState::Starting) => t.run_starting,
        Some(RunState::Unloaded) => t.run_unloaded,
        Some(RunState::Loaded) => t.run_loaded,
        None => "",
    }
}

/// What there is to say about a machine, in a sentence.
pub(crate) fn sentence(machine: &MachineSummary, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> String {
    let t = text::words(lang);
    if let Some(advisory) = &machine.advisory {
        let name = text::fault(&advisory.fault, catalogue, lang);
        let limit = Some(Limit { signal: Signal::DischargeTemp, value: machine.limit_c });
        let reckoned = advisory.rul_days.map(|rul| (rul, now.days_since(advisory.at).max(0.0)));
        let likely = text::certainty(advisory.likelihood, lang);
        return text::prediction_sentence(likely, &name, limit, reckoned, lang);
    }
    if machine.last_reading.is_none() {
        return text::desk::words(lang).never_reported_sentence.to_owned();
    }
    if let Some(offline) = machine.offline {
        return text::offline(offline, machine.zone, lang);
    }
    match machine.health {
        Health::Learning { days, days_needed } => text::learning(days, days_needed, lang),
        Health::Hidden(why) => text::hidden_by(why, lang).to_owned(),
        Health::Known { .. } => t.normal_sentence.to_owned(),
    }
}
