//! What a report says of a machine's standing, by data: which instant, what is found, what the data allow.

use foretell_model::{Catalogue, Finding, Limits, MachineId, Signal, Timestamp, wire};

use typst::layout::{Frame, FrameItem};

use super::fonts::Fonts;
use super::pdf::laid_out;
use super::sheet::Sheet;
use crate::view::{
    DayPoint, Health, HealthReport, HiddenBy, JobDone, MachineDetail, MachineSummary, Person, StandingOf,
};
use crate::{Lang, Span};

fn at(day: &str) -> Timestamp {
    Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap()
}

fn catalogue() -> Catalogue {
    Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap()
}

/// A finding as a line of the log tells it.
fn finding(event: &str, fault: &str) -> Finding {
    let line = format!(
        r#"{{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"{event}","id":"s1/m1/{fault}/1","status":"opened","grade":"watch","fault":"{fault}","likelihood":0.9,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[],"text":"x"}}"#
    );
    wire::from_json(&line).unwrap()
}

fn report(standing: StandingOf, health: Health, open: Vec<Finding>, days: u32) -> HealthReport {
    let (now, limits) = (at("2026-07-02"), Limits::default());
    let day = |n: u32| DayPoint {
        day: now.day() - 1 - i64::from(n),
        hot_c: Some(90.0),
        normal_low_c: None,
        normal_high_c: None,
    };
    let id = MachineId::new("s1", "m1").unwrap();
    let summary = MachineSummary {
        broken_since: None,
        hay: String::new(),
        name: "m1".to_owned(),
        site_name: "s1".to_owned(),
        customer: String::new(),
        zone: chrono_tz::Tz::UTC,
        offline: None,
        state: None,
        last_reading: Some(now),
        discharge_temp_c: None,
        limit_c: limits.warn_c,
        health,
        advisory: None,
        trend_c: vec![],
        id,
    };
    let mut detail = MachineDetail { open, ..MachineDetail::unheard(summary, now, 10) };
    detail.curve.days = (0..days).map(day).collect();
    detail.baseline.days = days;
    HealthReport {
        company: String::new(),
        advisor: Person::default(),
        customer: String::new(),
        model: String::new(),
        detail,
        standing,
        measured: vec![Signal::DischargeTemp, Signal::MotorCurrent],
        span: Span { from: at("2026-05-01"), to: at("2026-07-02") },
        ends_with_data: false,
        days_heard: (days, 62),
        jobs: vec![],
        effects: vec![],
    }
}

#[test]
fn a_report_says_of_when_it_tells_and_what_it_cannot_tell() {
    let known = Health::Known { cooler_loss: 0.0 };
    let learning = Health::Learning { days: 0, days_needed: 10 };
    let (none, no_advice) = ("Nothing needs to be planned at present.", "The data do not allow any advice yet.");
    for (standing, health, days, lead, advice, cooling) in [
        (StandingOf::Now, known, 30, "Runs as it should.", none, Some(100)),
        (StandingOf::Then, known, 30, "As of 2 Jul 2026: Runs", none, Some(100)),
        (
            StandingOf::LastReading,
            known,
            30,
            "The last reading is from 2 Jul 2026. At that time: Runs",
            none,
            Some(100),
        ),
        (StandingOf::Untold, known, 0, "The data do not show how the machine was doing", no_advice, None),
        (StandingOf::Now, learning, 0, "Learning what is normal: 0 of 10 days.", no_advice, None),
        (StandingOf::Now, Health::Hidden(HiddenBy::NoReadings), 0, "There have been no data", no_advice, None),
    ] {
        let sheet = Sheet::of(&report(standing, health, vec![], days), &catalogue(), Lang::En);
        assert!(sheet.lead.starts_with(lead), "{standing:?} {health:?}: {}", sheet.lead);
        assert!(sheet.no_advice.starts_with(advice), "{standing:?} {health:?}: {}", sheet.no_advice);
        assert_eq!(sheet.scores[0].score, cooling, "{standing:?} {health:?}");
        assert_eq!(sheet.has_curve, days > 0, "{standing:?} {health:?}");
    }
}

#[test]
fn a_part_that_the_data_do_not_show_has_no_score() {
    let unchecked = || vec![finding("observability", "sensor_drift")];
    let cannot = "The temperature sensor cannot be checked";
    let too_few = "This machine's data are not enough";
    for (open, part, score, why) in [
        (vec![], "Sensors", Some(100), "Nothing found."),
        (unchecked(), "Sensors", None, cannot),
        (vec![finding("sensor_fault", "sensor_drift")], "Sensors", Some(46), "A sensor should"),
        (unchecked(), "Cooling", Some(100), "Nothing found."),
        (vec![], "Motor and supply", None, too_few),
        (vec![], "Compressed-air network", Some(100), "Nothing found."),
    ] {
        let report = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, open, 30);
        let sheet = Sheet::of(&report, &catalogue(), Lang::En);
        let row = sheet.scores.iter().find(|row| row.name == part).unwrap();
        assert_eq!(row.score, score, "{part}");
        assert!(row.why.starts_with(why), "{part}: {}", row.why);
    }
}

#[test]
fn a_name_is_set_as_it_is_written() {
    // The typesetter would part letters and characters: "A车间1号机" came out as "A 车间 1 号机".
    let rule = include_str!("../../templates/health.typ").lines().find(|line| line.starts_with("#set text(font:"));
    assert!(rule.is_some_and(|rule| rule.contains("cjk-latin-spacing: none")), "{rule:?}");
}

/// How far down a page its text reaches, as a share of what lies between its margins; the foot of the page is not counted.
fn filled(page: &Frame) -> f64 {
    const MM: f64 = 72.0 / 25.4;
    fn lowest(frame: &Frame, from: f64, limit: f64) -> f64 {
        frame.items().fold(0.0, |low, (place, item)| {
            let at = from + place.y.to_pt();
            let reaches = match item {
                FrameItem::Group(group) => lowest(&group.frame, at, limit),
                FrameItem::Text(_) if at < limit => at,
                _ => 0.0,
            };
            low.max(reaches)
        })
    }
    let (top, bottom) = (17.0 * MM, page.height().to_pt() - 18.0 * MM);
    (lowest(page, 0.0, bottom) - top) / (bottom - top)
}

#[test]
fn no_page_of_a_report_is_nearly_empty() {
    let fonts = Fonts::find(None);
    let work = ["oil_changed", "cooler_cleaned"];
    let job = |n: usize| JobDone {
        at: at("2026-06-01"),
        work: work[n % 2].to_owned(),
        by: "Jonas Weber".to_owned(),
        minutes: Some(85),
        parts: None,
        photos: Vec::new(),
    };
    let effect = |fault: &str| {
        let figure = |name: &str, value: f64| {
            format!(r#"{{"feature":"{name}","value":{value},"unit":"K","change_per_day":null,"since":null}}"#)
        };
        let evidence = [figure("discharge_change_k", -6.3), figure("discharge_change_k_sd", 0.4)].join(",");
        let line = wire::to_json(&finding("maintenance_effect", fault));
        wire::from_json(&line.replace(r#""evidence":[]"#, &format!(r#""evidence":[{evidence}]"#))).unwrap()
    };
    let forecasts = || {
        let open = ["cooler_clogging", "oil_filter_clogging", "separator_clogging"];
        open.map(|fault| Finding { grade: foretell_model::Grade::Advise, ..finding("prediction", fault) }).to_vec()
    };
    for (lang, open, jobs, effects, pages) in [
        (Lang::En, vec![], 0, 0, 1),
        (Lang::Zh, vec![], 0, 0, 1),
        (Lang::En, forecasts(), 0, 0, 1),
        (Lang::Zh, forecasts(), 1, 1, 2),
        (Lang::En, forecasts(), 2, 2, 2),
        (Lang::Zh, forecasts(), 4, 4, 2),
        (Lang::En, vec![], 12, 2, 2),
    ] {
        let mut told = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, open, 60);
        told.jobs = (0..jobs).map(job).collect();
        told.effects = (0..effects).map(|n| effect(work[n % 2])).collect();
        let laid_out = laid_out(&Sheet::of(&told, &catalogue(), lang), &[], lang, &fonts).unwrap();
        let shares: Vec<f64> = laid_out.pages().iter().map(|page| filled(&page.frame)).collect();
        assert_eq!(shares.len(), pages, "{lang:?}, {jobs} jobs, {effects} effects: {shares:?}");
        assert!(shares.iter().all(|share| *share > 0.4), "{lang:?}, {jobs} jobs, {effects} effects: {shares:?}");
    }
}
