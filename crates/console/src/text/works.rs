//! Work that was done, as it is said afterwards.

use foretell_model::catalogue::Action;

use crate::Lang;
use crate::view::{Errand, Proposal, Slot, Stops, VisitChange};

/// Shipped work in the past; work of another catalogue falls back to its name.
const DONE_EN: &[(&str, &str)] = &[
    ("cooler_cleaned", "Cooler cleaned"),
    ("thermostatic_valve_replaced", "Thermostatic valve insert replaced"),
    ("oil_filter_replaced", "Oil filter replaced"),
    ("oil_topped_up", "Oil topped up"),
    ("oil_changed", "Oil changed"),
    ("fan_repaired", "Cooling fan repaired"),
    ("ventilation_checked", "Ventilation checked"),
    ("separator_replaced", "Separator element replaced"),
    ("intake_filter_replaced", "Intake filter replaced"),
    ("leak_surveyed", "Air network surveyed for leaks"),
    ("inlet_valve_serviced", "Inlet valve serviced"),
    ("bearing_inspected", "Air-end bearings inspected"),
    ("motor_bearing_serviced", "Motor bearings greased and checked"),
    ("supply_checked", "Connections, contactor and supply checked"),
    ("sensor_replaced", "Sensor replaced"),
    ("serviced", "Regular service done"),
    ("vibration_tested", "Vibration test done"),
];

/// Work that was done: `Cooler cleaned` of `cooler_cleaned`, which is called `clean the cooler`.
pub(crate) fn work_done(code: &str, name: &str, lang: Lang) -> String {
    let known = DONE_EN.iter().find(|(known, _)| *known == code);
    match (known, lang) {
        (Some((_, done)), Lang::En) => (*done).to_owned(),
        (None, Lang::En) => format!("Done: {name}"),
        (_, Lang::Zh) => format!("已完成：{}", bare(name)),
    }
}

/// The same under a heading that says that it is done, which Chinese does not say twice.
pub(crate) fn work_listed(code: &str, name: &str, lang: Lang) -> String {
    if lang == Lang::Zh { bare(name).to_owned() } else { work_done(code, name, lang) }
}

/// What was done without the verb that only asks for it: "done: do the regular service" says it twice.
pub(super) fn bare(name: &str) -> &str {
    name.trim_start_matches('做')
}

/// What a look at each of the shipped works is called, once it is over.
const LOOKED_AT_EN: &[(&str, &str)] = &[
    ("cooler_cleaned", "Cooler"),
    ("thermostatic_valve_replaced", "Thermostatic valve"),
    ("oil_filter_replaced", "Oil filter"),
    ("oil_topped_up", "Oil level"),
    ("oil_changed", "Oil"),
    ("fan_repaired", "Cooling fan"),
    ("ventilation_checked", "Ventilation"),
    ("separator_replaced", "Separator element"),
    ("intake_filter_replaced", "Intake filter"),
    ("leak_surveyed", "Air network"),
    ("inlet_valve_serviced", "Inlet valve"),
    ("bearing_inspected", "Air-end bearings"),
    ("motor_bearing_serviced", "Motor bearings"),
    ("supply_checked", "Connections, contactor and supply"),
    ("sensor_replaced", "Sensor"),
];

/// Work that came to a look, because nothing was found: `Cooler checked, nothing wrong found`.
pub(crate) fn work_looked_at(code: &str, action: Option<&Action>, lang: Lang) -> String {
    let name = action.map_or("", |action| action.look.as_ref().unwrap_or(&action.name).in_language(lang.tag()));
    let known = LOOKED_AT_EN.iter().find(|(known, _)| *known == code);
    match (known, lang) {
        (Some((_, thing)), Lang::En) => format!("{thing} checked, nothing wrong found"),
        (None, Lang::En) => format!("Looked at ({name}), nothing wrong found"),
        (_, Lang::Zh) => format!("{}，未发现异常", bare(name)),
    }
}

/// A name as it stands at the head of a line.
pub(crate) fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What changed of a visit, in a line for whoever makes it.
pub(crate) fn visit_change(change: &VisitChange, lang: Lang) -> String {
    let slot = |slot: Option<Slot>| slot.map_or_else(String::new, |slot| super::when(slot, change.zone, lang));
    let (before, after) = (slot(change.before), slot(change.after));
    let whom = format!("{} · {}", change.customer, super::listed(&change.machines, lang));
    if let Errand::Case(_) = change.of {
        return match (change.what.as_str(), lang) {
            ("given", Lang::En) => format!("{whom}: the breakdown is yours now"),
            ("given", Lang::Zh) => format!("{whom}：报修由您上门"),
            ("taken", Lang::En) => format!("{whom}: a colleague goes to the breakdown"),
            ("taken", Lang::Zh) => format!("{whom}：报修改由同事上门"),
            (_, Lang::En) => format!("{whom}: breakdown called off"),
            (_, Lang::Zh) => format!("{whom}：报修已取消，不用上门"),
        };
    }
    match (change.what.as_str(), lang) {
        ("moved", Lang::En) => format!("{whom}: moved from {before} to {after}"),
        ("moved", Lang::Zh) => format!("{whom}：由{before}改到{after}"),
        ("given", Lang::En) => format!("{whom}: yours now, {after}"),
        ("given", Lang::Zh) => format!("{whom}：改由您上门，{after}"),
        ("taken", Lang::En) => format!("{whom}: a colleague's now, was {before}"),
        ("taken", Lang::Zh) => format!("{whom}：改由同事上门，原定{before}"),
        (_, Lang::En) => format!("{whom}: called off, was {before}"),
        (_, Lang::Zh) => format!("{whom}：已取消，原定{before}"),
    }
}

/// What we propose, as a heading above the two times.
pub(crate) fn proposal(proposed: &Proposal, machine_name: &str, lang: Lang) -> String {
    let work = &proposed.work;
    match (lang, proposed.names_machines, proposed.is_beside_machine) {
        (Lang::En, true, _) => format!("In one visit we would like to {work}. Which time suits you?"),
        (Lang::Zh, true, _) => format!("想一次上门做完：{work}。您哪个时间方便？"),
        // The air network belongs to none of the machines.
        (Lang::En, false, true) => format!("We would like to {work}. Which time suits you?"),
        (Lang::Zh, false, true) => format!("想上门{work}，您哪个时间方便？"),
        (Lang::En, false, false) => format!("We would like to {work} on {machine_name}. Which time suits you?"),
        (Lang::Zh, false, false) => format!("想给{machine_name}{work}，您哪个时间方便？"),
    }
}

/// How long it takes, or may take at most, and whether the machine stops; of several each stops in its turn.
pub(crate) fn proposal_detail((minutes, at_most): (u32, bool), stops: Stops, machines: usize, lang: Lang) -> String {
    let duration = match (lang, at_most) {
        (Lang::En, false) => format!("About {}", super::duration(minutes, lang)),
        (Lang::En, true) => format!("Up to {}", super::duration(minutes, lang)),
        (Lang::Zh, false) => format!("约{}", super::duration(minutes, lang)),
        (Lang::Zh, true) => format!("最多{}", super::duration(minutes, lang)),
    };
    match (lang, machines > 1, stops) {
        (Lang::En, true, Stops::Not) => format!("{duration} in all; the machines can keep running."),
        (Lang::En, true, _) => format!("{duration} in all; each machine stops only while we work on it."),
        (Lang::En, false, Stops::Throughout) => format!("{duration}, with the machine stopped."),
        (Lang::En, false, Stops::Partly) => format!("{duration}; the machine has to stop for part of that time."),
        (Lang::En, false, Stops::Not) => format!("{duration}; the machine can keep running."),
        (Lang::Zh, true, Stops::Not) => format!("一共{duration}，都不用停机。"),
        (Lang::Zh, true, _) => format!("一共{duration}，做到哪台停哪台。"),
        (Lang::Zh, false, Stops::Throughout) => format!("{duration}，期间要停机。"),
        (Lang::Zh, false, Stops::Partly) => format!("{duration}，其中一部分时间要停机。"),
        (Lang::Zh, false, Stops::Not) => format!("{duration}，不用停机。"),
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Catalogue;

    use super::*;

    #[test]
    fn what_changed_of_a_breakdown_names_no_time() {
        let change = |what: &str| VisitChange {
            of: Errand::Case(7),
            what: what.to_owned(),
            customer: "Acme Castings".to_owned(),
            machines: vec!["No. 2".to_owned()],
            zone: chrono_tz::Europe::London,
            before: None,
            after: None,
            at: foretell_model::Timestamp::from_millis(0),
            technician: String::new(),
        };
        for (what, en, zh) in [
            ("cancelled", ": breakdown called off", "：报修已取消，不用上门"),
            ("taken", ": a colleague goes to the breakdown", "：报修改由同事上门"),
            ("given", ": the breakdown is yours now", "：报修由您上门"),
        ] {
            assert_eq!(visit_change(&change(what), Lang::En), format!("Acme Castings · No. 2{en}"));
            assert_eq!(visit_change(&change(what), Lang::Zh), format!("Acme Castings · No. 2{zh}"));
        }
    }

    #[test]
    fn work_that_is_over_is_said_to_be_over() {
        #[track_caller]
        fn check(code: &str, name: &str, lang: Lang, expected: &str) {
            assert_eq!(work_done(code, name, lang), expected);
        }
        check("cooler_cleaned", "clean the cooler", Lang::En, "Cooler cleaned");
        check("cooler_cleaned", "清洗冷却器", Lang::Zh, "已完成：清洗冷却器");
        check("serviced", "做定期保养", Lang::Zh, "已完成：定期保养");
        assert_eq!(work_listed("serviced", "做定期保养", Lang::Zh), "定期保养");
        assert_eq!(work_listed("cooler_cleaned", "clean the cooler", Lang::En), "Cooler cleaned");
        check("belt_changed", "change the belt", Lang::En, "Done: change the belt");
    }

    #[test]
    fn a_look_that_found_nothing_says_so() {
        let catalogue = Catalogue::parse(include_str!("../../../../config/faults.toml")).unwrap();
        let said = |code: &str, lang| work_looked_at(code, catalogue.actions.get(code), lang);
        assert_eq!(said("cooler_cleaned", Lang::En), "Cooler checked, nothing wrong found");
        assert_eq!(said("cooler_cleaned", Lang::Zh), "检查冷却器，未发现异常");
        assert_eq!(said("leak_surveyed", Lang::Zh), "管网超声波检漏，未发现异常");
    }

    #[test]
    fn every_shipped_work_has_its_words() {
        let catalogue = include_str!("../../../../config/faults.toml");
        let codes = catalogue.lines().filter_map(|line| line.strip_prefix("[action.")?.strip_suffix(']'));
        let missing: Vec<&str> = codes.filter(|code| DONE_EN.iter().all(|(known, _)| known != code)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn a_proposal_claims_no_more_than_the_work_needs() {
        #[track_caller]
        fn check(works: &[bool], machines: usize, expected: [&str; 2]) {
            let stops = Stops::of(works.iter().copied());
            let details = [Lang::En, Lang::Zh].map(|lang| proposal_detail((120, false), stops, machines, lang));
            assert!(details[0].ends_with(expected[0]) && details[1].ends_with(expected[1]), "{details:?}");
        }
        check(&[true], 1, [", with the machine stopped.", "，期间要停机。"]);
        check(&[true, false], 1, ["; the machine has to stop for part of that time.", "，其中一部分时间要停机。"]);
        check(&[true, false], 2, ["; each machine stops only while we work on it.", "，做到哪台停哪台。"]);
        check(&[false], 1, ["; the machine can keep running.", "，不用停机。"]);
        check(&[false, false], 2, ["; the machines can keep running.", "，都不用停机。"]);
    }

    #[test]
    fn what_starts_with_a_look_takes_so_long_at_most() {
        let details = [Lang::En, Lang::Zh].map(|lang| proposal_detail((210, true), Stops::Throughout, 1, lang));
        assert_eq!(details, ["Up to 3 h 30 min, with the machine stopped.", "最多3小时30分钟，期间要停机。"]);
    }

    #[test]
    fn work_on_the_air_network_is_proposed_for_no_machine() {
        let cleaning = Proposal {
            work: "清洗冷却器".to_owned(),
            names_machines: false,
            minutes: 120,
            at_most: false,
            stops: Stops::Throughout,
            is_beside_machine: false,
        };
        assert_eq!(proposal(&cleaning, "2号机", Lang::Zh), "想给2号机清洗冷却器，您哪个时间方便？");
        let survey = Proposal { work: "做管网超声波检漏".to_owned(), is_beside_machine: true, ..cleaning };
        assert_eq!(proposal(&survey, "2号机", Lang::Zh), "想上门做管网超声波检漏，您哪个时间方便？");
        let survey = Proposal { work: "survey the air network for leaks with ultrasound".to_owned(), ..survey };
        let own = Proposal { work: "clean the cooler".to_owned(), is_beside_machine: false, ..survey.clone() };
        let said = "We would like to clean the cooler on No. 1. Which time suits you?";
        assert_eq!(proposal(&own, "No. 1", Lang::En), said);
        assert_eq!(
            proposal(&survey, "No. 2", Lang::En),
            "We would like to survey the air network for leaks with ultrasound. Which time suits you?"
        );
    }
}
