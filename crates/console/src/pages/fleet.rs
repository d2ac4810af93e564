//! The overview: what needs a person first, then every machine by site; of a large fleet every site by its states.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Catalogue, Limit, RunState, Signal, Timestamp};
use serde::Deserialize;

use super::page::{Ask, Chrome, encode, machine_href};
use super::pager::{self, Pager};
use super::sites::{self, SiteTile};
use super::standing::Standing;
use crate::chart::sparkline;
use crate::router::App;
use crate::view::{Fleet, Health, MachineSummary};
use crate::{Lang, civil, text};

/// Machines on one page; with their small curves some 60 KiB.
const ROWS_MAX: usize = 40;

/// The most pressing machines shown before the sites of a large fleet.
const FIRST_MAX: usize = 6;

/// What the address may ask: words to find, one standing, one site.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    q: String,
    show: String,
    site: String,
    page: usize,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.q.trim().is_empty() && self.show.is_empty() && self.site.is_empty()
    }
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
    /// Where there are more than are shown: how many, and where.
    more: Option<(String, String)>,
    tiles: Vec<SiteTile>,
    sites: Vec<Site>,
    nothing: &'static str,
    q: String,
    show: String,
    site: String,
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
        Ok(fleet) => ask.html(StatusCode::OK, &lay_out(&fleet, &filter, &app.options.catalogue, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(fleet: &Fleet, filter: &Filter, catalogue: &Catalogue, ask: &Ask) -> FleetPage {
    let (lang, t) = (ask.lang, text::words(ask.lang));
    let mut all: Vec<Known<'_>> = fleet.machines.iter().map(Known::of).collect();
    all.sort_by(|a, b| a.machine.id.cmp(&b.machine.id));
    let of_site = |known: &&Known<'_>| filter.site.is_empty() || known.machine.id.site() == filter.site;
    let counts = sites::count(all.iter().filter(of_site).map(|known| known.standing));
    let as_of = all.first().map_or_else(String::new, |first| civil::date_time(fleet.now, first.machine.zone, lang));
    let total: usize = counts.iter().sum();
    let is_map = filter.is_empty() && total > ROWS_MAX;
    let (attention, more, sites, tiles, p) = match is_map {
        true => map(&all, filter, fleet.now, catalogue, lang),
        false => list(&all, filter, fleet.now, catalogue, lang),
    };
    let nothing = match (attention.is_empty() && sites.is_empty() && tiles.is_empty(), all.is_empty()) {
        (true, true) => t.no_machines,
        (true, false) => t.nothing_found,
        (false, _) => "",
    };
    let of = |standing: Standing| counts[standing as usize];
    let headline = match all.iter().find(of_site).filter(|_| !filter.site.is_empty()) {
        Some(known) => known.machine.site_name.clone(),
        None => text::fleet_headline(of(Standing::Urgent), of(Standing::Advise), total, fleet.queue_len, lang),
    };
    let site_count = if filter.site.is_empty() { sites::number_of(&all) } else { 1 };
    FleetPage {
        c: ask.chrome("fleet", true).searching(&filter.q, "fleet-list"),
        headline,
        subline: text::fleet_subline(total, site_count, &as_of, lang),
        queue_len: fleet.queue_len,
        queue_line: text::queue_line(fleet.queue_len, lang),
        tally: Standing::ALL.map(|standing| tile(standing, of(standing), filter, lang)).into(),
        attention,
        more,
        tiles,
        sites,
        nothing,
        q: filter.q.clone(),
        show: filter.show.clone(),
        site: filter.site.clone(),
        p,
    }
}

/// A machine with where it stands.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) machine: &'a MachineSummary,
    pub(super) standing: Standing,
}

impl<'a> Known<'a> {
    pub(super) fn of(machine: &'a Arc<MachineSummary>) -> Self {
        Self { machine, standing: Standing::of(machine) }
    }

    /// Whether it calls for a person.
    const fn calls(&self) -> bool {
        matches!(self.standing, Standing::Urgent | Standing::Advise)
    }

    /// Sorts by what presses or may come to press, then by how soon the limit comes, then by site and the customer's own number.
    fn urgency(&self) -> (Standing, i64, &'a str, AsCounted, &'a str) {
        let (machine, id) = (self.machine, &self.machine.id);
        let standing = if self.standing <= Standing::Watch { self.standing } else { Standing::Good };
        let advisory = machine.advisory.as_ref().filter(|_| standing <= Standing::Watch);
        let days = advisory.and_then(|advisory| advisory.rul_days).and_then(|rul| rul.p50);
        let days = days.map_or(i64::MAX, |days| (days * 100.0) as i64);
        (standing, days, id.site(), as_counted(&machine.name), id.as_str())
    }
}

/// A name as people put it in order: whether it has no number, its numbers, its text.
type AsCounted = (bool, Vec<u64>, String);

/// No. 2 comes before No. 10, and whatever has no number last.
fn as_counted(name: &str) -> AsCounted {
    let digits = name.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let numbers: Vec<u64> = digits.map(|digits| digits.parse().unwrap_or(u64::MAX)).collect();
    (numbers.is_empty(), numbers, name.to_lowercase())
}

fn tile(standing: Standing, count: usize, filter: &Filter, lang: Lang) -> Tile {
    let on = filter.show == standing.name();
    let site = (!filter.site.is_empty()).then(|| format!("site={}", encode(&filter.site)));
    let show = (!on).then(|| format!("show={}", standing.name()));
    let query: Vec<String> = [site, show].into_iter().flatten().collect();
    let href = if query.is_empty() { "/".to_owned() } else { format!("/?{}", query.join("&")) };
    Tile { class: standing.name(), label: text::standing_label(standing, lang), count, href, on }
}

type Laid = (Vec<Row>, Option<(String, String)>, Vec<Site>, Vec<SiteTile>, Pager);

/// A large fleet: the most pressing machines, then every site with its states.
fn map(all: &[Known<'_>], filter: &Filter, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> Laid {
    let mut calling: Vec<&Known<'_>> = all.iter().filter(|known| known.calls()).collect();
    calling.sort_by_cached_key(|known| known.urgency());
    let urgent = calling.iter().filter(|known| known.standing == Standing::Urgent).count();
    let (show, number) = if urgent > FIRST_MAX { ("urgent", urgent) } else { ("advise", calling.len() - urgent) };
    let more = (calling.len() > FIRST_MAX)
        .then(|| (format!("/?show={show}"), text::all_of_standing(number, show == "urgent", lang)));
    let first = calling.iter().take(FIRST_MAX).map(|known| row(known, now, catalogue, lang)).collect();
    let (tiles, pager) = sites::tiles(all, filter.page, lang);
    (first, more, Vec::new(), tiles, pager)
}

/// The machines that the filter lets through. What calls for a person stays in front by urgency; the rest goes by site, so
/// that a site is not torn apart.
fn list(all: &[Known<'_>], filter: &Filter, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> Laid {
    let needle = filter.q.trim().to_lowercase();
    let mut shown: Vec<Known<'_>> =
        all.iter().filter(|known| is_meant(known, filter, &needle, catalogue, lang)).copied().collect();
    shown.sort_by_cached_key(|known| match known.calls() {
        true => (false, "", known.urgency()),
        false => (true, known.machine.id.site(), known.urgency()),
    });
    let query = [("q", filter.q.as_str()), ("show", &filter.show), ("site", &filter.site)];
    let pager = pager::cut(&mut shown, filter.page, ROWS_MAX, ("/", &query), lang);
    let mut attention = Vec::new();
    let mut by_site: BTreeMap<&str, (&str, Vec<Row>)> = BTreeMap::new();
    for known in &shown {
        let row = row(known, now, catalogue, lang);
        match known.calls() {
            true => attention.push(row),
            false => {
                let site = by_site.entry(known.machine.id.site());
                site.or_insert_with(|| (&known.machine.site_name, Vec::new())).1.push(row);
            }
        }
    }
    let site = |(name, rows): (&str, Vec<Row>)| Site {
        name: name.to_owned(),
        count: text::machines_count(rows.len(), lang),
        rows,
    };
    (attention, None, by_site.into_values().map(site).collect(), Vec::new(), pager)
}

fn is_meant(known: &Known<'_>, filter: &Filter, needle: &str, catalogue: &Catalogue, lang: Lang) -> bool {
    let machine = known.machine;
    if !filter.show.is_empty() && filter.show != known.standing.name() {
        return false;
    }
    if !filter.site.is_empty() && filter.site != machine.id.site() {
        return false;
    }
    let fault = || machine.advisory.as_ref().map(|advisory| text::fault(&advisory.fault, catalogue, lang));
    let holds = |text: &str| text.to_lowercase().contains(needle);
    needle.is_empty()
        || machine.hay.contains(needle)
        || holds(text::standing_label(known.standing, lang))
        || fault().is_some_and(|fault| holds(&fault))
}

fn row(known: &Known<'_>, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> Row {
    let (t, machine, standing) = (text::words(lang), known.machine, known.standing);
    let mut parts = vec![machine.site_name.as_str(), machine.customer.as_str()];
    parts.retain(|part| !part.is_empty());
    parts.dedup();
    let place = parts.join(" · ");
    let label = label(machine, lang);
    let sentence = sentence(machine, now, catalogue, lang);
    Row {
        href: machine_href(&machine.id),
        hay: format!("{} {} {}", machine.hay, label.to_lowercase(), sentence.to_lowercase()),
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

/// How a machine stands, in a word or two.
pub(super) fn label(machine: &MachineSummary, lang: Lang) -> &'static str {
    if machine.broken_since.is_some() {
        text::words(lang).standing_broken
    } else {
        text::standing_label(Standing::of(machine), lang)
    }
}

/// What there is to say about a machine, in a sentence.
pub(crate) fn sentence(machine: &MachineSummary, now: Timestamp, catalogue: &Catalogue, lang: Lang) -> String {
    let t = text::words(lang);
    if let Some(since) = machine.broken_since {
        return text::broken_down(since, machine.zone, lang);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_put_in_order_as_people_count() {
        let mut names = ["Reserve", "No. 10", "10号机", "No. 2", "K-1", "2号车间1号机", "2号车间10号机"];
        names.sort_by_cached_key(|name| as_counted(name));
        assert_eq!(names, ["K-1", "No. 2", "2号车间1号机", "2号车间10号机", "10号机", "No. 10", "Reserve"]);
    }
}
