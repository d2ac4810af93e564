//! What a report says of a machine's standing, by data: which instant, what is found, what the data allow.

use foretell_model::{Catalogue, Finding, Limits, MachineId, RulDays, Signal, Timestamp, wire};

use typst::layout::{Frame, FrameItem};

use super::fonts::Fonts;
use super::pdf::laid_out;
use super::sheet::Sheet;
use crate::view::{
    DayPoint, Health, HealthReport, HiddenBy, JobDone, JobPhoto, MachineDetail, MachineSummary, Person, StandingOf,
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
        (StandingOf::Now, learning, 0, "Learning what is normal: about 10 more days are needed.", no_advice, None),
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
fn right_after_work_only_what_rests_on_the_new_normal_waits_for_it() {
    let learning = Health::Learning { days: 0, days_needed: 3 };
    for (anew, lead, advice, scored) in [
        (false, "Learning what is normal: about 3 more days are needed.", "The data do not allow", &[][..]),
        (
            true,
            "Work was done lately. In about 3 days we can tell how it runs now.",
            "Work was done lately.",
            &[
                "Lubrication",
                "Oil separation",
                "Air intake",
                "Air end",
                "Motor and supply",
                "Compressed-air network",
                "Sensors",
            ],
        ),
    ] {
        let mut told = report(StandingOf::Now, learning, vec![], 30);
        told.measured = Signal::REQUIRED.to_vec();
        told.detail.baseline.anew = anew;
        let sheet = Sheet::of(&told, &catalogue(), Lang::En);
        let names = sheet.scores.iter().filter(|row| row.score.is_some()).map(|row| row.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), scored);
        assert_eq!(sheet.lead, lead);
        assert!(sheet.no_advice.starts_with(advice), "{}", sheet.no_advice);
        let cooling = &sheet.scores[0];
        assert_eq!(cooling.why.contains("Work was done lately"), anew, "{}", cooling.why);
    }
}

/// The row of a part of a machine that measures these signals.
fn part(name: &str, measured: &[Signal], open: Vec<Finding>, lang: Lang) -> super::sheet::ScoreRow {
    let told = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, open, 30);
    let told = HealthReport { measured: measured.to_vec(), ..told };
    let sheet = Sheet::of(&told, &catalogue(), lang);
    sheet.scores.into_iter().find(|row| row.name == name).unwrap()
}

#[test]
fn a_part_has_a_score_wherever_a_signal_or_a_finding_speaks_of_it_and_says_what_it_rests_on() {
    let needed = &Signal::REQUIRED[..];
    let rich = &Signal::ALL[..];
    let temperature = &[Signal::DischargeTemp][..];
    let unchecked = || vec![finding("observability", "sensor_drift")];
    let due = |days: f64| {
        let rul = foretell_model::RulDays { p10: Some(days), p50: Some(days), p90: Some(days) };
        vec![Finding { rul_days: Some(rul), at: at("2026-07-02"), ..finding("maintenance_due", "oil_changed") }]
    };
    for (name, measured, open, score, in_part, why) in [
        ("Sensors", needed, vec![], Some(100), false, "Nothing found."),
        ("Sensors", needed, unchecked(), None, false, "The temperature sensor cannot be checked"),
        ("Sensors", needed, vec![finding("sensor_fault", "sensor_drift")], Some(46), false, "A sensor should"),
        ("Cooling", needed, unchecked(), Some(100), false, "Nothing found."),
        ("Compressed-air network", needed, vec![], Some(100), false, "Nothing found."),
        (
            "Motor and supply",
            needed,
            vec![],
            Some(97),
            true,
            "Nothing found in motor current; measuring phase currents would show more.",
        ),
        ("Motor and supply", rich, vec![], Some(100), false, "Nothing found."),
        (
            "Air end",
            needed,
            vec![],
            Some(97),
            true,
            "Nothing found in motor current and running hours; measuring vibration would",
        ),
        ("Lubrication", needed, vec![], Some(90), true, "Nothing found in discharge temperature and running"),
        ("Lubrication", needed, due(20.0), Some(78), true, "By its running hours it will be time to change the oil in"),
        ("Lubrication", rich, due(0.0), Some(60), false, "By its running hours it is time to change the oil."),
        ("Oil separation", needed, vec![], Some(95), true, "Nothing found in motor current and running hours;"),
        ("Air intake", needed, vec![], Some(92), true, "Nothing found in motor current and running hours;"),
        ("Air intake", temperature, vec![], None, false, "No sensor on this machine shows it; measuring intake"),
        // What was found counts, whatever is measured.
        ("Lubrication", &[][..], due(0.0), Some(60), true, "By its running hours it is time"),
    ] {
        let row = part(name, measured, open, Lang::En);
        assert_eq!((row.score, row.in_part), (score, in_part), "{name}: {}", row.why);
        assert!(row.why.starts_with(why), "{name}: {}", row.why);
    }
    let zh = part("主机", needed, vec![], Lang::Zh);
    assert_eq!(zh.why, "从电机电流、运行小时来看，未发现异常；增加振动监测可以看得更全面。");
    let zh = part("进气系统", temperature, vec![], Lang::Zh);
    assert_eq!(zh.why, "现有测点反映不出它的状况；增加进气滤芯负压监测后即可评分。");
}

#[test]
fn service_by_hours_is_advised_though_it_has_no_grade() {
    let told =
        report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, vec![finding("maintenance_due", "serviced")], 30);
    let advice: Vec<String> =
        Sheet::of(&told, &catalogue(), Lang::En).advice.into_iter().map(|item| item.title).collect();
    assert_eq!(advice, ["Do the regular service"]);
}

#[test]
fn score_advice_and_lead_agree_on_work_that_is_due() {
    for (days, lead, score, said) in [
        (None, "Runs as it should. By its running hours it is due for service", 55, "it is time to"),
        (Some(2.0), "Runs as it should. By its running hours it is due for service", 55, "it is time to"),
        (Some(20.0), "Runs as it should.", 75, "in about 3 weeks"),
    ] {
        let rul_days = days.map(|days| RulDays { p10: Some(days), p50: Some(days), p90: Some(days) });
        let due = finding("maintenance_due", "serviced");
        let due = Finding { at: at("2026-07-02"), rul_days, likelihood: 1.0, ..due };
        let mut told = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, vec![due], 30);
        told.measured = Signal::REQUIRED.to_vec();
        let sheet = Sheet::of(&told, &catalogue(), Lang::En);
        let row = sheet.scores.iter().find(|row| row.name == "Lubrication").unwrap();
        assert!(sheet.lead.starts_with(lead) && (days != Some(20.0) || sheet.lead == lead), "{}", sheet.lead);
        assert_eq!((row.score, row.why.contains(said)), (Some(score), true), "{}", row.why);
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
        found_nothing: false,
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
        (Lang::En, forecasts(), 0, 0, 2),
        (Lang::Zh, forecasts(), 1, 1, 2),
        (Lang::En, forecasts(), 2, 2, 2),
        (Lang::Zh, forecasts(), 4, 4, 2),
        (Lang::En, vec![], 12, 2, 2),
        (Lang::En, forecasts(), 30, 4, 3),
    ] {
        let mut told = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, open, 60);
        told.jobs = (0..jobs).map(job).collect();
        told.effects = (0..effects).map(|n| effect(work[n % 2])).collect();
        let laid_out = laid_out(&Sheet::of(&told, &catalogue(), lang), &[], lang, &fonts).unwrap();
        let shares: Vec<f64> = laid_out.pages().iter().map(|page| filled(&page.frame)).collect();
        let about = format!("{lang:?}, {jobs} jobs, {effects} effects: {shares:?}");
        assert!(shares.len() <= pages, "{about}");
        // The curve stands on the first page and fills it; a report ends where it ends.
        let (last, before) = shares.split_last().unwrap();
        assert!(*last > 0.1 && before.iter().all(|share| *share > 0.85), "{about}");
    }
}

/// Each run of text on a page with its place, in points.
fn runs(frame: &Frame, from: (f64, f64), found: &mut Vec<(String, f64, f64, f64)>) {
    for (place, item) in frame.items() {
        let at = (from.0 + place.x.to_pt(), from.1 + place.y.to_pt());
        match item {
            FrameItem::Group(group) => runs(&group.frame, at, found),
            FrameItem::Text(text) => found.push((text.text.to_string(), at.0, at.0 + text.width().to_pt(), at.1)),
            _ => {}
        }
    }
}

#[test]
fn a_middle_dot_between_latin_words_is_no_wider_than_a_word_space_or_two() {
    let told = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, vec![], 60);
    let told = HealthReport { model: "GA75".to_owned(), company: "Foretell".to_owned(), ..told };
    let laid_out = laid_out(&Sheet::of(&told, &catalogue(), Lang::En), &[], Lang::En, &Fonts::find(None)).unwrap();
    let mut found = Vec::new();
    laid_out.pages().iter().for_each(|page| runs(&page.frame, (0.0, 0.0), &mut found));
    // The title and the foot of the page name the machine with its model.
    let after: Vec<_> = found.iter().filter(|(text, ..)| text.trim_start().starts_with("GA75")).collect();
    assert!(after.len() >= 2, "{found:?}");
    for (_, begins, _, line) in after {
        let mut before = found
            .iter()
            .filter(|(text, _, ends, y)| text.trim_end().ends_with("m1") && (y - line).abs() < 0.1 && ends < begins);
        let (_, from, ends, _) = before.next_back().expect("the machine's name stands before its model");
        // The name has two characters; the gap is no wider than they are.
        assert!(begins - ends < ends - from, "{} between {}", begins - ends, ends - from);
    }
}

#[test]
fn a_little_picture_in_a_caption_costs_nobody_the_report() {
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(32, 24).write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let fonts = Fonts::find(None);
    let captioned = |caption: &str| {
        let photo = JobPhoto { id: 7, caption: caption.to_owned(), jpeg: jpeg.get_ref().clone() };
        let job = JobDone {
            at: at("2026-06-01"),
            work: "oil_changed".to_owned(),
            found_nothing: false,
            by: "Jonas Weber".to_owned(),
            minutes: Some(85),
            parts: None,
            photos: vec![photo],
        };
        let told = report(StandingOf::Now, Health::Known { cooler_loss: 0.0 }, vec![], 60);
        let told = HealthReport { jobs: vec![job], ..told };
        let pictures = [("photo-7.jpg".to_owned(), jpeg.get_ref().clone())];
        let laid_out = laid_out(&Sheet::of(&told, &catalogue(), Lang::Zh), &pictures, Lang::Zh, &fonts)?;
        let mut found = Vec::new();
        laid_out.pages().iter().for_each(|page| runs(&page.frame, (0.0, 0.0), &mut found));
        Ok::<_, super::PdfError>(found.into_iter().map(|(text, ..)| text).collect::<String>())
    };
    let text = captioned("清洗完毕 👍🏻 ok \u{1f9d1}\u{200d}\u{1f527}").unwrap();
    assert!(text.contains("清洗完毕 ok") && !text.contains('👍'), "{text}");
    // A word is not left out: whoever reads the report would miss it.
    let refused = captioned("𒀭𒂗 👍").unwrap_err().to_string();
    assert!(refused.contains("U+1202D") && refused.contains("fonts_dir"), "{refused}");
}
