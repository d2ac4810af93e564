//! Work that comes due by running hours, in words and figures.

use foretell_model::{Catalogue, Finding, FindingKind, RulDays, Status, Timestamp};

use super::{number, work_done};
use crate::{Lang, civil};

/// Since so small a share of the interval work was done but now.
const FRESH_SHARE: f64 = 0.05;
/// From so large a share of the interval on, a reminder ends because the machine runs less than it did.
const NEAR_SHARE: f64 = 0.5;

/// Whole weeks until work comes due, so many days after that was reckoned; 0 where it is time for it.
fn weeks_left(reckoned: Option<(RulDays, f64)>) -> u32 {
    let left_days = reckoned.and_then(|(rul, age_days)| Some(rul.p50? - age_days)).unwrap_or(0.0);
    (left_days / 7.0).round().max(0.0) as u32
}

/// Whether it is time for a work that comes due by running hours, as its words say at an instant.
pub(crate) fn is_time(due: &Finding, now: Timestamp) -> bool {
    weeks_left(due.rul_days.map(|rul| (rul, now.days_since(due.at).max(0.0)))) == 0
}

/// Work that comes due by running hours: now, or in about so many weeks.
pub(super) fn due(name: &str, reckoned: Option<(RulDays, f64)>, lang: Lang) -> String {
    match (weeks_left(reckoned), lang) {
        (0, Lang::En) => format!("By its running hours it is time to {name}."),
        (0, Lang::Zh) => format!("按运行小时，该{name}了。"),
        (1, Lang::En) => format!("By its running hours it will be time to {name} in about a week."),
        (weeks, Lang::En) => format!("By its running hours it will be time to {name} in about {weeks} weeks."),
        (weeks, Lang::Zh) => format!("按运行小时推算，约{weeks}周后该{name}了。"),
    }
}

/// Why it is no longer time for a work: it was done, the machine runs less and will need it later, or its mark passed long ago
/// and nobody has reported it.
pub(super) fn due_no_more(finding: &Finding, name: &str, catalogue: &Catalogue, lang: Lang) -> String {
    let share = share_run(finding, catalogue);
    let done = work_done(finding.fault.as_str(), name, lang);
    let what = super::works::bare(name);
    match (share, lang) {
        (Some(share), Lang::En) if share < FRESH_SHARE => format!("{done}; the reminder is settled."),
        (Some(share), Lang::Zh) if share < FRESH_SHARE => format!("{done}，提醒已解除。"),
        (Some(share), Lang::En) if share >= NEAR_SHARE => {
            format!("The machine runs less than before: it is not yet time to {name}.")
        }
        (Some(share), Lang::Zh) if share >= NEAR_SHARE => format!("机器近来运行较少，还不到{what}的时候。"),
        (Some(_), Lang::En) => {
            format!("The time to {name} passed a while ago and no such work was reported; the reminder has lapsed.")
        }
        (Some(_), Lang::Zh) => format!("{what}的时点已过去一段时间，没有收到保养记录，提醒已失效。"),
        (None, Lang::En) => format!("It is no longer time to {name}."),
        (None, Lang::Zh) => format!("{what}提醒已解除。"),
    }
}

/// Work whose mark passed long ago without a report, where somebody is asked about it still: nothing has lapsed then. `None` of
/// anything else.
pub(crate) fn due_unreported(finding: &Finding, catalogue: &Catalogue, lang: Lang) -> Option<String> {
    let is_over = finding.kind == FindingKind::MaintenanceDue && finding.status == Status::Cleared;
    let name = super::fault(&finding.fault, catalogue, lang);
    let has_passed = |share: &f64| (FRESH_SHARE..NEAR_SHARE).contains(share);
    share_run(finding, catalogue).filter(|share| is_over && has_passed(share)).map(|_| match lang {
        Lang::En => format!("The time to {name} has passed, and no such work was reported."),
        Lang::Zh => format!("{}的时点已过，没有收到保养记录。", super::works::bare(&name)),
    })
}

/// The share of its interval that a machine has run since a work; `None` where nobody knows.
fn share_run(finding: &Finding, catalogue: &Catalogue) -> Option<f64> {
    let interval_h = catalogue.actions.get(finding.fault.as_str()).and_then(|action| action.interval_h)?;
    let hours = |feature: &str| finding.evidence.iter().find(|item| item.feature == feature);
    // As a case names it, and as the engine does.
    let own = hours(&format!("run_hours_since_{}", finding.fault)).or_else(|| hours("run_hours_since_service"));
    own.map(|own| own.value / interval_h)
}

/// The unit of an axis of hours.
pub(crate) const fn hours_unit(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "h",
        Lang::Zh => "小时",
    }
}

/// What the limit of a counter is called: `Interval 4000 h`.
pub(crate) fn interval(hours: f64, lang: Lang) -> String {
    match lang {
        Lang::En => format!("Interval {} h", number(hours, lang)),
        Lang::Zh => format!("保养间隔{}小时", number(hours, lang)),
    }
}

/// One day of a counter: `18 Jul: 3420 h since the last service`.
pub(crate) fn counter_figures(day: i64, hours: f64, lang: Lang) -> String {
    let (day, hours) = (civil::day(day, lang), number(hours.round(), lang));
    match lang {
        Lang::En => format!("{day}: {hours} h since the last service"),
        Lang::Zh => format!("{day}：上次保养以来{hours}小时"),
    }
}

/// When the interval is full, for the bar on its line.
pub(crate) fn interval_full(first: i64, last: Option<i64>, lang: Lang) -> String {
    let from = civil::day(first, lang);
    match (last.map(|last| civil::day(last, lang)), lang) {
        (Some(to), Lang::En) => format!("Service likely to fall due between {from} and {to}"),
        (None, Lang::En) => format!("Service likely to fall due from {from} on"),
        (Some(to), Lang::Zh) => format!("预计{from}～{to}到期"),
        (None, Lang::Zh) => format!("预计{from}以后到期"),
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::wire;

    use super::*;

    #[test]
    fn the_end_of_a_reminder_says_why() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let cleared = |since_h: f64| {
            let line = format!(
                r#"{{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"maintenance_due","id":"s1/m1/serviced/1","status":"cleared","grade":"watch","fault":"serviced","likelihood":1,"alternatives":[],"rul_days":null,"probability_within":null,"limit":null,"evidence":[{{"feature":"run_hours_since_service","value":{since_h},"unit":"h","change_per_day":20,"since":null}}],"text":"x"}}"#
            );
            wire::from_json(&line).unwrap()
        };
        for (since_h, en, zh) in [
            (12.0, "the reminder is settled", "提醒已解除"),
            (410.0, "the reminder has lapsed", "没有收到保养记录"),
            (3_700.0, "The machine runs less than before", "机器近来运行较少"),
        ] {
            let say = |name: &str, lang| due_no_more(&cleared(since_h), name, &catalogue, lang);
            assert!(
                say("do the regular service", Lang::En).contains(en),
                "{}",
                say("do the regular service", Lang::En)
            );
            assert!(say("做定期保养", Lang::Zh).contains(zh), "{}", say("做定期保养", Lang::Zh));
            // Where it is asked about still, nothing has lapsed.
            for lang in [Lang::En, Lang::Zh] {
                let asked = due_unreported(&cleared(since_h), &catalogue, lang);
                assert_eq!(asked.is_some(), en.contains("lapsed"), "{since_h}");
                assert!(asked.is_none_or(|said| !said.contains("lapsed") && !said.contains("失效")));
            }
        }
    }
}
