//! One machine: its curve, then from the advisory down to the readings.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;
use foretell_model::{Catalogue, Evidence, FaultCode, Finding, FindingKind, Outlook, Timestamp};

use super::card::move_href;
use super::figure::{Figure, page_figure};
use super::fleet::{label, run_state, sentence};
use super::page::{Ask, Chrome, advisory_href, encode, machine_href, machine_of};
use super::standing::Standing;
use super::table::{ReadingsTable, table};
use crate::chart::{self, Size};
use crate::router::App;
use crate::view::{Health, MachineDetail};
use crate::{Lang, civil, local_day, text};

/// What is known of the machine at one look.
struct Fact {
    name: &'static str,
    value: String,
    /// In small letters below; may be empty.
    note: String,
}

#[derive(Template)]
#[template(path = "machine.html")]
struct MachinePage {
    c: Chrome,
    name: String,
    site: String,
    customer: String,
    class: &'static str,
    label: &'static str,
    sentence: String,
    facts: Vec<Fact>,
    fig: Figure,
    findings: Vec<FindingCard>,
    advisory_href: String,
    /// When the booked visit is, and where it can be moved or cancelled; none while nothing is booked.
    visit: Option<(String, String)>,
    forecast: Option<ForecastCard>,
    health_line: String,
    baseline: Vec<(&'static str, String)>,
    week: String,
    features: Vec<FeatureRow>,
    hours: String,
    table: ReadingsTable,
    readings_href: String,
    report_href: String,
    /// Where a case is opened, or the one that is open.
    case_href: String,
    has_case: bool,
    past: Vec<(String, String)>,
}

struct FindingCard {
    class: &'static str,
    grade: &'static str,
    sentence: String,
    meta: String,
    causes: Vec<Cause>,
}

/// A possible cause with its likelihood.
pub(crate) struct Cause {
    pub(crate) name: String,
    /// Length of the bar.
    pub(crate) percent: u8,
    pub(crate) share: String,
}

impl Cause {
    fn of(name: String, likelihood: f64) -> Self {
        Self { name, percent: text::percent(likelihood), share: text::share(likelihood) }
    }

    /// What is rounded each for itself may sum to 99 or 101; the likeliest makes up for that, where it is seen least.
    fn make_whole(causes: &mut [Self]) {
        let sum: i32 = causes.iter().map(|cause| i32::from(cause.percent)).sum();
        let most = i32::try_from(causes.len()).unwrap_or(i32::MAX);
        let Some(likeliest) = causes.iter_mut().max_by_key(|cause| cause.percent) else { return };
        if sum != 100
            && (sum - 100).abs() < most
            && let Ok(percent) = u8::try_from(i32::from(likeliest.percent) + 100 - sum)
        {
            (likeliest.percent, likeliest.share) = (percent, format!("{percent}%"));
        }
    }
}

struct ForecastCard {
    /// Label, date, how far off that is.
    quantiles: Vec<(&'static str, String, String)>,
    within_caption: String,
    within: Vec<Cause>,
}

struct FeatureRow {
    name: String,
    code: String,
    value: String,
    change: String,
    since: String,
}

/// `GET /m/{site}/{machine}`
pub(crate) async fn show(State(app): State<App>, ask: Ask, Path((site, machine)): Path<(String, String)>) -> Response {
    let found = app.ask(move |backend| backend.machine(&machine_of(&site, &machine)?)).await;
    match found {
        Ok(detail) => ask.html(StatusCode::OK, &lay_out(&detail, &app, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(detail: &MachineDetail, app: &App, ask: &Ask) -> MachinePage {
    let (machine, lang, catalogue) = (&detail.summary, ask.lang, &app.options.catalogue);
    let zone = machine.zone;
    let standing = Standing::of(machine);
    let now = detail.curve.now;
    let forecast = forecast_of(&detail.open);
    let shift = civil::shift_hours(now, zone);
    let hours =
        [Size::Wide, Size::Narrow].map(|size| chart::hours(&detail.hours, machine.limit_c, shift, size, lang)).concat();
    MachinePage {
        c: ask.chrome("fleet", true),
        name: machine.name.clone(),
        site: machine.site_name.clone(),
        // A customer with one site need not be named twice.
        customer: Some(machine.customer.clone()).filter(|name| *name != machine.site_name).unwrap_or_default(),
        class: standing.name(),
        label: label(machine, lang),
        sentence: sentence(machine, now, catalogue, lang),
        facts: facts(detail, lang),
        fig: page_figure(&detail.curve, catalogue, lang),
        findings: findings(detail, catalogue, lang),
        advisory_href: detail.advisory_id.as_deref().map_or_else(String::new, advisory_href),
        visit: detail.visit.as_ref().map(|(case, slot)| (text::when(*slot, ask.place(zone), lang), move_href(case))),
        forecast: forecast.and_then(|finding| forecast_card(finding, now, zone, lang)),
        health_line: health_line(detail, lang),
        baseline: baseline(detail, lang),
        week: detail.duty_week.as_ref().map_or_else(String::new, |duty| chart::week(duty, shift, lang)),
        features: detail.features.iter().map(|feature| feature_row(feature, zone, catalogue, lang)).collect(),
        hours,
        table: table(&detail.readings, zone, lang),
        report_href: format!("{}/report", machine_href(&machine.id)),
        case_href: detail.open_case.map_or_else(
            || format!("/cases?machine={}#open", encode(machine.id.as_str())),
            |case| format!("/cases/{case}"),
        ),
        has_case: detail.open_case.is_some(),
        readings_href: format!("{}/readings", machine_href(&machine.id)),
        past: detail.past.iter().map(|finding| past_line(finding, zone, catalogue, lang)).collect(),
    }
}

fn facts(detail: &MachineDetail, lang: Lang) -> Vec<Fact> {
    let (machine, t) = (&detail.summary, text::words(lang));
    let last = machine.last_reading.map(|then| text::ago(detail.curve.now, then, lang));
    let last_at = machine.last_reading.map(|then| civil::date_time(then, machine.zone, lang));
    let limit = machine.discharge_temp_c.map(|_| format!("{} {:.0} {}", t.limit, machine.limit_c, text::celsius(lang)));
    let facts = [
        (t.fact_temp, machine.discharge_temp_c.map(|c| text::temperature(c, lang)), limit),
        (t.standing_offline, machine.offline.map(|offline| text::offline(offline, machine.zone, lang)), None),
        (t.fact_state, machine.state.map(|state| run_state(Some(state), lang).to_owned()), None),
        (t.fact_run_hours, detail.run_hours.map(|hours| text::hours_count(hours, lang)), None),
        (t.fact_per_day, detail.hours_per_day.map(|hours| text::hours_count(hours, lang)), None),
        (t.fact_rated, detail.rated_kw.map(|kw| format!("{} kW", text::number(kw, lang))), None),
        (t.fact_last, Some(last.unwrap_or_else(|| t.never.to_owned())), last_at),
    ];
    let fact = |(name, value, note): (_, Option<String>, Option<String>)| {
        Some(Fact { name, value: value?, note: note.unwrap_or_default() })
    };
    facts.into_iter().filter_map(fact).collect()
}

/// What is open. Of a cooler that could not be judged the finding says how that was on its day; here stands how it is today,
/// as below under health, and nothing once the cooler is known.
fn findings(detail: &MachineDetail, catalogue: &Catalogue, lang: Lang) -> Vec<FindingCard> {
    let (machine, now) = (&detail.summary, detail.curve.now);
    let is_blind =
        |finding: &Finding| finding.kind == FindingKind::Observability && finding.fault == FaultCode::COOLER_CLOGGING;
    let is_known = matches!(machine.health, Health::Known { .. });
    let open = detail.open.iter().filter(|finding| !(is_known && is_blind(finding)));
    open.map(|finding| {
        let card = finding_card(finding, now, machine.zone, catalogue, lang);
        if is_blind(finding) { FindingCard { sentence: health_line(detail, lang), ..card } } else { card }
    })
    .collect()
}

fn finding_card(finding: &Finding, now: Timestamp, zone: Tz, catalogue: &Catalogue, lang: Lang) -> FindingCard {
    let standing = Standing::of_grade(finding.grade);
    FindingCard {
        class: if says_something_is_wrong(finding) { standing.name() } else { Standing::Hidden.name() },
        grade: text::kind_label(finding, lang),
        sentence: text::kind_sentence_at(finding, now, catalogue, lang),
        meta: format!("{} · {}", civil::date_time(finding.at, zone, lang), finding.id),
        causes: causes(finding, catalogue, lang),
    }
}

/// Whether a finding is of the kind by which a fleet counts its machines; the others say what is due, or what cannot be seen.
const fn says_something_is_wrong(finding: &Finding) -> bool {
    matches!(finding.kind, FindingKind::Prediction | FindingKind::Anomaly | FindingKind::SensorFault)
}

/// The named cause, its alternatives and what remains; nothing when only one cause is possible.
pub(crate) fn causes(finding: &Finding, catalogue: &Catalogue, lang: Lang) -> Vec<Cause> {
    let named = [(&finding.fault, finding.likelihood)]
        .into_iter()
        .chain(finding.alternatives.iter().map(|other| (&other.fault, other.likelihood)));
    // One cause is named once, with all that speaks for it.
    let mut once: Vec<(&FaultCode, f64)> = Vec::new();
    for (fault, likelihood) in named {
        match once.iter_mut().find(|(known, _)| *known == fault) {
            Some((_, sum)) => *sum += likelihood,
            None => once.push((fault, likelihood)),
        }
    }
    let mut causes: Vec<Cause> = once
        .into_iter()
        .map(|(fault, likelihood)| Cause::of(text::fault(fault, catalogue, lang), likelihood))
        .collect();
    let rest = 1.0 - finding.likelihood - finding.alternatives.iter().map(|other| other.likelihood).sum::<f64>();
    if rest >= 0.005 {
        causes.push(Cause::of(text::words(lang).other_causes.to_owned(), rest));
    }
    if causes.len() < 2 {
        return Vec::new();
    }
    Cause::make_whole(&mut causes);
    causes
}

/// The finding that forecasts a limit. A service that comes due by its hours has a date too, but no limit that is reached.
fn forecast_of(open: &[Finding]) -> Option<&Finding> {
    open.iter().find(|finding| finding.kind == FindingKind::Prediction && finding.rul_days.is_some())
}

fn forecast_card(finding: &Finding, now: Timestamp, zone: Tz, lang: Lang) -> Option<ForecastCard> {
    let (outlook, t) = (Outlook::of(finding, now)?, text::words(lang));
    let quantile = |label, at: Option<Timestamp>| match at {
        Some(at) => {
            let ahead = local_day(at, zone) - local_day(now, zone);
            (label, civil::date(at, zone, lang), text::in_days(ahead, lang))
        }
        None => (label, t.beyond.to_owned(), String::new()),
    };
    let within = |days: u32| {
        let share = outlook.within(f64::from(days))?;
        Some(Cause::of(text::within_days(days, lang), share))
    };
    let within = finding.probability_within.map(|_| [7, 14, 21, 30].into_iter().filter_map(within).collect());
    let labels = [t.quantile_10, t.quantile_50, t.quantile_90].into_iter();
    Some(ForecastCard {
        quantiles: labels.zip(outlook.quantiles()).map(|(label, at)| quantile(label, at)).collect(),
        within_caption: text::probability_of_limit(finding.limit, lang),
        within: within.unwrap_or_default(),
    })
}

fn health_line(detail: &MachineDetail, lang: Lang) -> String {
    match (detail.summary.health, detail.cooler_loss) {
        (Health::Hidden(why), _) => text::hidden_by(why, lang).to_owned(),
        (Health::Learning { days, days_needed }, _) if detail.baseline.anew => {
            text::learning_anew(days, days_needed, lang)
        }
        (Health::Learning { days, days_needed }, _) => text::learning(days, days_needed, lang),
        (Health::Known { .. }, Some(loss)) => text::cooler_loss(loss.value, Some((loss.low, loss.high)), lang),
        (Health::Known { cooler_loss }, None) => text::cooler_loss(cooler_loss, None, lang),
    }
}

fn baseline(detail: &MachineDetail, lang: Lang) -> Vec<(&'static str, String)> {
    let (baseline, t) = (&detail.baseline, text::words(lang));
    let ambient = if baseline.ambient_measured { t.ambient_measured } else { t.ambient_estimated };
    let facts = [
        (t.fact_baseline, baseline.since.map(|since| civil::date(since, detail.summary.zone, lang))),
        (t.fact_days, Some(baseline.days.to_string())),
        (t.fact_hinge, baseline.hinge_ambient_c.map(|hinge_c| text::temperature(hinge_c, lang))),
        (t.fact_ambient, Some(ambient.to_owned())),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn feature_row(feature: &Evidence, zone: Tz, catalogue: &Catalogue, lang: Lang) -> FeatureRow {
    let date = |since: Timestamp| civil::date(since, zone, lang);
    FeatureRow {
        name: text::feature(&feature.feature, catalogue, lang),
        code: feature.feature.clone(),
        value: text::with_unit(&feature.feature, feature.value, &feature.unit, lang),
        change: feature
            .change_per_day
            .and_then(|change| text::change(&feature.feature, change, &feature.unit, lang))
            .unwrap_or_else(|| "–".to_owned()),
        since: feature.since.filter(|_| !text::is_momentary(&feature.feature)).map_or_else(|| "–".to_owned(), date),
    }
}

fn past_line(finding: &Finding, zone: Tz, catalogue: &Catalogue, lang: Lang) -> (String, String) {
    (civil::date(finding.at, zone, lang), text::kind_sentence(finding, catalogue, lang))
}

#[cfg(test)]
mod tests {
    use foretell_model::{Alternative, wire};

    use super::*;
    use crate::view::MachineSummary;

    #[test]
    fn one_cause_is_named_once() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let line = r#"{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"sensor_fault","id":"s1/m1/sensor_drift/1","status":"opened","grade":"watch","fault":"sensor_drift","likelihood":0.55,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[],"text":"x"}"#;
        let finding = wire::from_json(line).unwrap();
        for (other, expected) in [("sensor_drift", vec![95, 5]), ("cooler_clogging", vec![55, 40, 5])] {
            let fault = FaultCode::new(other).unwrap();
            let finding = Finding { alternatives: vec![Alternative { fault, likelihood: 0.4 }], ..finding.clone() };
            let percents: Vec<u8> = causes(&finding, &catalogue, Lang::En).iter().map(|cause| cause.percent).collect();
            assert_eq!(percents, expected, "{other}");
        }
        let fault = FaultCode::new("cooler_clogging").unwrap();
        let odd = Finding {
            likelihood: 0.977,
            alternatives: vec![Alternative { fault, likelihood: 0.016 }],
            ..finding.clone()
        };
        let shares: Vec<String> = causes(&odd, &catalogue, Lang::En).into_iter().map(|cause| cause.share).collect();
        assert_eq!(shares, ["97%", "2%", "1%"], "they sum to a hundred");
    }

    #[test]
    fn of_a_cooler_that_cannot_be_judged_the_state_of_today_is_told() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let line = r#"{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"observability","id":"s1/m1/cooler_clogging/1","status":"opened","grade":"watch","fault":"cooler_clogging","likelihood":1.0,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[],"text":"1 day is known, 10 days are needed."}"#;
        let open = vec![wire::from_json(line).unwrap()];
        let now = Timestamp::parse("2026-07-14T00:00:00Z").unwrap();
        let told = |health: Health| {
            let summary = MachineSummary {
                broken_since: None,
                hay: String::new(),
                name: "m1".to_owned(),
                site_name: "s1".to_owned(),
                customer: String::new(),
                zone: Tz::UTC,
                offline: None,
                state: None,
                last_reading: Some(now),
                discharge_temp_c: None,
                limit_c: 105.0,
                health,
                advisory: None,
                trend_c: vec![],
                id: foretell_model::MachineId::new("s1", "m1").unwrap(),
            };
            let detail = MachineDetail { open: open.clone(), ..MachineDetail::unheard(summary, now, 10) };
            findings(&detail, &catalogue, Lang::En).into_iter().map(|card| card.sentence).collect::<Vec<_>>()
        };
        let learning = Health::Learning { days: 14, days_needed: 10 };
        assert_eq!(told(learning), ["Still learning what is normal; a few more days are needed."]);
        assert_eq!(told(Health::Known { cooler_loss: 0.0 }), Vec::<String>::new());
    }

    #[test]
    fn only_a_limit_that_is_to_be_reached_is_a_forecast() {
        let finding = |event: &str, fault: &str| {
            let line = format!(
                r#"{{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"{event}","id":"s1/m1/{fault}/1","status":"opened","grade":"advise","fault":"{fault}","likelihood":0.9,"alternatives":[],"rul_days":{{"p10":0,"p50":0,"p90":0}},"probability_within":null,"limit":null,"evidence":[],"text":"x"}}"#
            );
            wire::from_json(&line).unwrap()
        };
        let (due, predicted) = (finding("maintenance_due", "oil_changed"), finding("prediction", "cooler_clogging"));
        let undated = Finding { rul_days: None, ..predicted.clone() };
        for (open, expected) in [
            (vec![], None),
            (vec![due.clone()], None),
            (vec![undated, due.clone()], None),
            (vec![due, predicted.clone()], Some(predicted.fault)),
        ] {
            assert_eq!(forecast_of(&open).map(|finding| finding.fault.clone()), expected);
        }
    }
}
