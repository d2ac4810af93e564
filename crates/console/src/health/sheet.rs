//! The report in the words and figures of one language. Page and PDF lay this out and add nothing.

use foretell_model::{Catalogue, Finding, FindingKind, Grade};
use serde::Serialize;

use super::energy::{self, Tip};
use super::score::{Basis, Score, Unknown, View, is_for_customers, score};
use crate::chart::{self, Plan};
use crate::pages::figure::mark_name;
use crate::view::{Health, HealthReport, HiddenBy, JobDone, JobPhoto, StandingOf, Stops};
use crate::{Lang, civil, text};

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// A subsystem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ScoreRow {
    pub(crate) name: String,
    /// 0 to 100; `None` is N/A.
    pub(crate) score: Option<u8>,
    /// Whether the machine's signals show the part in part only.
    pub(crate) in_part: bool,
    /// What the score rests on, or why there is none.
    pub(crate) why: String,
    /// Which colour: `good`, `watch`, `advise`, `urgent`, `hidden`.
    pub(crate) tone: &'static str,
}

/// A piece of advice with its window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Advice {
    /// What we propose.
    pub(crate) title: String,
    /// Why and until when.
    pub(crate) sentence: String,
    /// How long it takes and whether the machine stops.
    pub(crate) detail: String,
    /// What it spares.
    pub(crate) benefit: String,
    pub(crate) tone: &'static str,
}

/// A job that was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Job {
    pub(crate) date: String,
    pub(crate) what: String,
    pub(crate) detail: String,
    pub(crate) photos: Vec<Picture>,
}

/// A picture of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Picture {
    pub(crate) id: i64,
    /// What the typesetter knows the file by.
    pub(crate) file: String,
    /// What is to be seen, for those who do not see it.
    pub(crate) alt: String,
    pub(crate) caption: String,
}

/// What the typesetter knows a picture by.
pub(super) fn file_of(photo: i64) -> String {
    format!("photo-{photo}.jpg")
}

/// The whole report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sheet {
    /// The machine's identity; for the file's own identity, never printed.
    pub(crate) id: String,
    pub(crate) lang: &'static str,
    pub(crate) company: String,
    pub(crate) machine: String,
    pub(crate) place: String,
    /// The instant whose standing is told, as a date.
    pub(crate) made: String,
    /// What the line at that instant is called in the curve.
    pub(crate) now_name: String,
    pub(crate) tone: &'static str,
    pub(crate) lead: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) scores: Vec<ScoreRow>,
    pub(crate) curve: Plan,
    /// Whether the curve has anything to draw.
    pub(crate) has_curve: bool,
    pub(crate) advice: Vec<Advice>,
    /// What is said instead of advice.
    pub(crate) no_advice: &'static str,
    pub(crate) jobs: Vec<Job>,
    pub(crate) effects: Vec<Tip>,
    pub(crate) tips: Vec<Tip>,
    pub(crate) contact: String,
    /// The fixed words that the layout needs.
    pub(crate) words: SheetWords,
}

macro_rules! sheet_words {
    ($($name:ident),+ $(,)?) => {
        /// Headings and legends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
        pub(crate) struct SheetWords { $(pub(crate) $name: &'static str,)+ }
        impl SheetWords {
            fn of(lang: Lang) -> Self {
                let t = text::words(lang);
                Self { $($name: t.$name,)+ }
            }
        }
    };
}

sheet_words! {
    health_report, health_scores, health_scores_note, health_not_available, health_ahead, health_done,
    health_done_none, health_effect, health_effect_note, health_energy, health_contact, customer_curve, customer_line,
    customer_band, customer_cone, customer_limit, health_no_curve,
}

impl Sheet {
    /// Puts a report into words.
    pub(crate) fn of(report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> Self {
        let (machine, zone) = (&report.detail.summary, report.detail.summary.zone);
        let parts =
            |parts: [&str; 2]| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        let place = if report.customer == machine.site_name { "" } else { machine.site_name.as_str() };
        let mut curve = report.detail.curve.clone();
        curve.marks.retain(|mark| mark.kind == crate::view::MarkKind::Maintenance);
        let (lead, tone) = lead(report, catalogue, lang);
        Self {
            id: machine.id.to_string(),
            lang: lang.tag(),
            company: report.company.clone(),
            machine: parts([&machine.name, &report.model]),
            place: parts([&report.customer, place]),
            made: civil::date(report.detail.curve.now, zone, lang),
            // A sheet lies about for years: whoever reads it then learns nothing from "today".
            now_name: civil::day(report.detail.curve.now.day(), lang),
            tone,
            lead,
            facts: facts(report, lang),
            scores: catalogue.subsystems.iter().map(|part| row(report, part, catalogue, lang)).collect(),
            curve: chart::plan(&curve, lang, &|mark| mark_name(mark, catalogue, lang)),
            has_curve: chart::has_something(&curve),
            advice: advice(report, catalogue, lang),
            no_advice: no_advice(report, lang),
            jobs: report.jobs.iter().map(|job| self::job(job, report, catalogue, lang)).collect(),
            effects: report.effects.iter().map(|finding| energy::effect(finding, report, catalogue, lang)).collect(),
            tips: energy::tips(report, catalogue, lang),
            contact: parts([&report.advisor.name, &report.advisor.phone]),
            words: SheetWords::of(lang),
        }
    }
}

/// What is open, may be read by a customer and speaks of something to do; the most pressing first.
fn for_the_customer<'a>(report: &'a HealthReport, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a Finding> {
    let speaks = [FindingKind::Prediction, FindingKind::Anomaly];
    let open = report.detail.open.iter();
    open.filter(move |finding| speaks.contains(&finding.kind) && is_for_customers(finding, catalogue))
}

/// The one sentence under the title. Whose standing is not of the present says of when it is.
fn lead(report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> (String, &'static str) {
    let (zone, last) = (report.detail.summary.zone, report.detail.summary.last_reading);
    if let Some(since) = broken_now(report) {
        return (text::broken_down(since, zone, lang), "urgent");
    }
    let (said, tone) = standing(report, catalogue, lang);
    let at = civil::date(report.detail.curve.now, zone, lang);
    match report.standing {
        StandingOf::Now => (said, tone),
        StandingOf::Then => (text::stood_on(&at, &said, lang), tone),
        StandingOf::LastReading => (text::stood_last(&at, &said, lang), tone),
        StandingOf::Untold => (text::untold(last.map(|last| civil::date(last, zone, lang)), lang), "hidden"),
    }
}

/// Since when it is broken; of a day that is over that is not told.
fn broken_now(report: &HealthReport) -> Option<foretell_model::Timestamp> {
    report.detail.summary.broken_since.filter(|_| !matches!(report.standing, StandingOf::Then))
}

/// How the machine stands.
fn standing(report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> (String, &'static str) {
    let now = report.detail.curve.now;
    if let Some(finding) = for_the_customer(report, catalogue).next() {
        return (text::kind_sentence_at(finding, now, catalogue, lang), tone_of(finding.grade));
    }
    match report.detail.summary.health {
        Health::Learning { days, days_needed } if report.detail.baseline.anew => {
            (text::learning_anew(days, days_needed, lang), "hidden")
        }
        Health::Learning { days, days_needed } => (text::learning(days, days_needed, lang), "hidden"),
        Health::Hidden(why) => (text::hidden_by(why, lang).to_owned(), "hidden"),
        // What is advised below is not passed over above.
        Health::Known { .. } if is_work_due(report) => (text::words(lang).normal_but_due.to_owned(), "watch"),
        Health::Known { .. } => (text::words(lang).normal_sentence.to_owned(), "good"),
    }
}

/// Whether it is time for some work by the running hours.
fn is_work_due(report: &HealthReport) -> bool {
    let is_due = |finding: &Finding| {
        finding.kind == FindingKind::MaintenanceDue && text::is_time(finding, report.detail.curve.now)
    };
    report.detail.open.iter().any(is_due)
}

const fn tone_of(grade: Grade) -> &'static str {
    match grade {
        Grade::Urgent => "urgent",
        Grade::Advise => "advise",
        Grade::Watch => "watch",
    }
}

/// The days that a report looks back on, and that they end with the data where they do.
#[must_use]
pub fn period(report: &HealthReport, lang: Lang) -> String {
    let date = |at| civil::date(at, report.detail.summary.zone, lang);
    text::period(&date(report.span.from), &date(report.span.to), report.ends_with_data, lang)
}

fn facts(report: &HealthReport, lang: Lang) -> Vec<Fact> {
    let (t, zone) = (text::words(lang), report.detail.summary.zone);
    let date = |at| civil::date(at, zone, lang);
    let (heard, days) = report.days_heard;
    let facts = [
        (t.health_period, Some(period(report, lang))),
        (t.health_as_of, Some(date(report.detail.curve.now))),
        (t.fact_run_hours, report.detail.run_hours.map(|hours| text::hours_count(hours, lang))),
        (t.fact_per_day, report.detail.hours_per_day.map(|hours| text::hours_count(hours, lang))),
        (t.fact_rated, report.detail.rated_kw.map(|kw| format!("{} kW", text::number(kw, lang)))),
        (t.health_heard, Some(format!("{heard} / {days}"))),
    ];
    facts.into_iter().filter_map(|(name, value)| Some(Fact { name, value: value? })).collect()
}

fn row(report: &HealthReport, part: &foretell_model::Subsystem, catalogue: &Catalogue, lang: Lang) -> ScoreRow {
    let t = text::words(lang);
    let name = part.name.in_language(lang.tag()).to_owned();
    match score(report, part, catalogue) {
        Score::Known(points, basis, view) => {
            let why = match (basis, &view) {
                (Basis::Clean, View::Whole) => t.health_clean.to_owned(),
                (Basis::Clean, View::InPart(by, best)) => text::clean_in_part(by, *best, lang),
                (Basis::CapacityLost(loss), _) => text::cooler_loss(loss, None, lang),
                (Basis::Finding(finding), _) if finding.kind == FindingKind::SensorFault => t.health_sensor.to_owned(),
                (Basis::Finding(finding), _) => {
                    text::kind_sentence_at(finding, report.detail.curve.now, catalogue, lang)
                }
            };
            ScoreRow { name, score: Some(points), in_part: view != View::Whole, why, tone: tone_of_score(points) }
        }
        Score::NotAvailable(unknown) => {
            let why = match unknown {
                Unknown::Untold => t.health_not_measured.to_owned(),
                Unknown::NotMeasured(best) => text::not_seen(best, lang),
                Unknown::Unchecked => t.health_unchecked.to_owned(),
                Unknown::Learning if report.detail.baseline.anew => t.health_learning_anew.to_owned(),
                Unknown::Learning => t.health_learning.to_owned(),
                Unknown::Hidden(why) => text::hidden_by(why, lang).to_owned(),
            };
            ScoreRow { name, score: None, in_part: false, why, tone: "hidden" }
        }
    }
}

/// From which score on a subsystem has which colour: work within a month is unlikely, possible, likely, near.
const fn tone_of_score(points: u8) -> &'static str {
    match points {
        80.. => "good",
        60.. => "watch",
        30.. => "advise",
        _ => "urgent",
    }
}

/// What stands where no advice is given: nothing found is one thing, nothing known another.
fn no_advice(report: &HealthReport, lang: Lang) -> &'static str {
    let t = text::words(lang);
    if broken_now(report).is_some() {
        return t.health_ahead_broken;
    }
    match (report.standing, report.detail.summary.health) {
        (StandingOf::Now, Health::Learning { .. }) if report.detail.baseline.anew => t.health_ahead_worked,
        (StandingOf::Untold, _) | (_, Health::Learning { .. } | Health::Hidden(HiddenBy::NoReadings)) => {
            t.health_ahead_unknown
        }
        _ => t.health_ahead_none,
    }
}

/// What we propose: for forecasts, then for service that is due.
fn advice(report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> Vec<Advice> {
    let now = report.detail.curve.now;
    // Service by hours is announced weeks ahead and carries no grade of its own.
    let due = report.detail.open.iter().filter(|finding| finding.kind == FindingKind::MaintenanceDue);
    let mut seen: Vec<&str> = Vec::new();
    let mut advice = Vec::new();
    for finding in for_the_customer(report, catalogue).chain(due) {
        let fault = finding.cause(None, &[], catalogue).fault;
        let code = fault.as_str();
        let action = catalogue
            .action_for(fault)
            .or_else(|| catalogue.actions.get_key_value(code).map(|(code, action)| (code.as_str(), action)));
        // One job may answer two findings; it is proposed once.
        let Some((code, action)) = action.filter(|(code, _)| !seen.contains(code)) else { continue };
        seen.push(code);
        let work = action.name.in_language(lang.tag());
        advice.push(Advice {
            title: text::capitalised(work),
            sentence: text::kind_sentence_at(finding, now, catalogue, lang),
            detail: text::proposal_detail(
                (action.minutes, false),
                Stops::of(std::iter::once(action.stops_machine)),
                1,
                lang,
            ),
            benefit: action.benefit.in_language(lang.tag()).to_owned(),
            tone: tone_of(finding.grade),
        });
    }
    advice
}

fn job(job: &JobDone, report: &HealthReport, catalogue: &Catalogue, lang: Lang) -> Job {
    let action = catalogue.actions.get(&job.work);
    let what = match action {
        Some(_) if job.found_nothing => text::work_looked_at(&job.work, action, lang),
        Some(action) => text::work_listed(&job.work, action.name.in_language(lang.tag()), lang),
        None if job.work.is_empty() => text::words(lang).health_repair.to_owned(),
        None => job.work.replace('_', " "),
    };
    let usual = || action.map_or(&[][..], |action| &action.parts).iter().map(|part| text::part(part, lang)).collect();
    let used = job.parts.as_ref().map(|parts| parts.iter().map(|(part, n)| counted(part, *n, lang)).collect());
    let parts: Vec<String> = used.unwrap_or_else(usual);
    let detail = [
        text::listed(&parts, lang),
        job.minutes.map_or_else(String::new, |minutes| text::duration(minutes, lang)),
        job.by.clone(),
    ];
    let detail: Vec<String> = detail.into_iter().filter(|part| !part.is_empty()).collect();
    let picture = |photo: &JobPhoto| Picture {
        id: photo.id,
        file: file_of(photo.id),
        alt: if photo.caption.is_empty() { what.clone() } else { photo.caption.clone() },
        caption: photo.caption.clone(),
    };
    let photos = job.photos.iter().map(picture).collect();
    Job { date: civil::date(job.at, report.detail.summary.zone, lang), detail: detail.join(" · "), photos, what }
}

fn counted(part: &str, n: u32, lang: Lang) -> String {
    let name = text::part(part, lang);
    if n == 1 { name } else { format!("{n} × {name}") }
}
