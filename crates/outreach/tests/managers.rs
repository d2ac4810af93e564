//! A manager hears that a customer complains: once, at an hour for letters, and as things are then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use crate::support::desk::check;
use crate::support::scene::wednesday;
use crate::support::{Dying, REGISTRY, Recorder, at, options};
use foretell_model::Timestamp;
use foretell_outreach::{
    Channel, CustomerStage, Language, Manager, Managers, Outreach, OutreachOptions, Parcel, RecordFilter, Registry,
};

const COMPLAINT: Option<CustomerStage> = Some(CustomerStage::Complaint);

fn manager(login: &str, language: Language) -> Manager {
    let (name, address) = (format!("{login} by name"), format!("{login}@service.example"));
    Manager { login: login.into(), name, address, language }
}

fn open(dir: &Path, channel: Arc<dyn Channel>, managers: Vec<Manager>) -> Outreach {
    let managers = Managers(Arc::new(move || managers.clone()));
    let how = OutreachOptions { managers, ..options(channel) };
    let outreach = Outreach::open(&dir.join("service.sqlite"), how).unwrap();
    outreach.import(&Registry::from_toml(REGISTRY).unwrap(), "test", at("2026-07-01T00:00:00Z")).unwrap();
    outreach
}

struct House {
    outreach: Outreach,
    channel: Arc<Recorder>,
    dir: tempfile::TempDir,
}

fn house(managers: Vec<Manager>) -> House {
    let dir = tempfile::tempdir().unwrap();
    let channel = Arc::new(Recorder::default());
    House { outreach: open(dir.path(), channel.clone(), managers), channel, dir }
}

impl House {
    fn complains(&self, stage: Option<CustomerStage>, now: Timestamp) {
        self.outreach.set_stage("acme", stage, "still too hot after two visits", "wang", now).unwrap();
    }

    /// Whom has been written to, after a look at the clock.
    fn told(&self, now: Timestamp) -> Vec<String> {
        self.outreach.tick(now).unwrap();
        self.channel.parcels.lock().unwrap().iter().map(|parcel| parcel.to.clone()).collect()
    }

    fn record(&self) -> Vec<(String, String)> {
        let filter = RecordFilter { customer: Some("acme".into()), max: 50, ..RecordFilter::default() };
        let entries = self.outreach.record(&filter).unwrap();
        entries.into_iter().map(|entry| (entry.what, entry.why)).collect()
    }
}

#[test]
fn managers_read_who_complains_of_what_and_who_looks_after_them() {
    let texts = [("acme", Language::En), ("huaxin", Language::ZhCn)].map(|(customer, language)| {
        let (why, noted_by, advisor) = match language {
            Language::En => ("two visits, and the machine still runs hot", "Ben Hall", "Min Wang"),
            Language::ZhCn => ("上门两次，机器还是高温", "陈军", "王敏"),
        };
        let own = Manager { name: advisor.into(), ..manager("wang", language) };
        let house = house(vec![manager("li", language), own]);
        house.outreach.set_stage(customer, COMPLAINT, why, noted_by, wednesday()).unwrap();
        house.told(wednesday());
        let further = wednesday().plus_days(1.0);
        house.outreach.escalate(customer, "wang", why, noted_by, further).unwrap();
        house.told(further);
        let printed = |parcel: &Parcel| {
            format!("{}\n{}\n\n{}\n--- short ---\n{}\n", parcel.to, parcel.subject, parcel.body, parcel.short)
        };
        let parcels = house.channel.parcels.lock().unwrap();
        parcels.iter().map(printed).collect::<Vec<_>>().join("\n----------\n\n")
    });
    check("complaint", &texts);
}

#[test]
fn each_manager_is_told_once_of_each_turn_for_the_worse() {
    let house = house(vec![manager("li", Language::En), manager("wu", Language::ZhCn)]);
    let now = wednesday();
    house.complains(Some(CustomerStage::NearComplaint), now);
    assert_eq!(house.told(now), Vec::<String>::new(), "nobody complains yet");
    house.complains(COMPLAINT, now);
    assert_eq!(house.told(now), ["li@service.example", "wu@service.example"]);
    house.complains(COMPLAINT, now);
    assert_eq!(house.told(now).len(), 2, "the same again is no news");
    house.outreach.escalate("acme", "wang", "their director wrote", "wang", now).unwrap();
    assert_eq!(house.told(now).len(), 4);
    assert!(house.record().contains(&("manager_told".into(), "wu".into())), "{:?}", house.record());
    assert_eq!(house.told(now.plus_days(3.0)).len(), 4);
}

#[test]
fn an_advisor_sees_that_there_is_nobody_to_tell() {
    let house = house(Vec::new());
    house.complains(COMPLAINT, wednesday());
    assert!(house.record().contains(&("manager_untold".into(), "no account has an e-mail address".into())));
}

/// Whoever entered it knows.
#[test]
fn nobody_is_told_what_they_entered_themselves() {
    let own = Manager { name: "wang".into(), ..manager("wang", Language::En) };
    let house = house(vec![own, manager("wu", Language::En)]);
    house.complains(COMPLAINT, wednesday());
    assert_eq!(house.told(wednesday()), ["wu@service.example"]);
}

#[test]
fn a_word_keeps_quiet_hours_and_is_looked_at_again() {
    let (friday, monday) = (at("2026-07-17T14:00:00Z"), at("2026-07-20T00:05:00Z"));
    let holiday = (at("2026-10-01T02:00:00Z"), at("2026-10-08T00:05:00Z"));
    #[track_caller]
    fn check(begin: Timestamp, end: Timestamp, then: Option<CustomerStage>, expected: usize) {
        let house = house(vec![manager("li", Language::En)]);
        house.complains(COMPLAINT, begin);
        assert_eq!(house.told(begin).len(), 0, "quiet");
        assert!(house.record().contains(&("manager_held".into(), "li".into())));
        if then != COMPLAINT {
            house.complains(then, begin.plus_days(0.01));
        }
        assert_eq!(house.told(end).len(), expected);
    }
    // 22:00 on a Friday in China, and 8:05 on the Monday after it.
    check(friday, monday, COMPLAINT, 1);
    check(friday, monday, None, 0);
    // The National Day week.
    check(holiday.0, holiday.1, COMPLAINT, 1);
    // That it has gone beyond us does not wait.
    let house = house(vec![manager("li", Language::En)]);
    house.complains(COMPLAINT, friday);
    house.outreach.escalate("acme", "wang", "their director wrote", "wang", friday).unwrap();
    assert_eq!(house.told(friday).len(), 1, "and only the newer word goes out");
    assert_eq!(house.told(monday).len(), 1);
}

#[test]
fn an_account_without_an_address_is_told_nothing_more() {
    let house = house(vec![manager("li", Language::En)]);
    house.complains(COMPLAINT, at("2026-07-17T14:00:00Z"));
    let House { outreach, channel, dir } = house;
    drop(outreach);
    let house = House { outreach: open(dir.path(), channel.clone(), Vec::new()), channel, dir };
    assert_eq!(house.told(at("2026-07-20T00:05:00Z")).len(), 0);
    assert!(house.record().iter().any(|(what, _)| what == "manager_untold"), "{:?}", house.record());
}

/// Once put back from a backup, what waited then may have gone out.
#[test]
fn what_waited_in_a_backup_is_not_told_again() {
    let house = house(vec![manager("li", Language::En)]);
    house.complains(COMPLAINT, at("2026-07-17T14:00:00Z"));
    house.outreach.restored(None, at("2026-07-20T00:05:00Z")).unwrap();
    assert_eq!(house.told(at("2026-07-20T00:06:00Z")).len(), 0);
    assert!(house.record().iter().any(|(what, why)| what == "manager_untold" && why.ends_with(": li")));
}

/// Killed before or after the channel took it: an idempotent channel keeps one letter, any other is never asked twice.
#[test]
fn nobody_is_told_twice_after_a_crash() {
    for (idempotent, after, expected) in [(true, false, 1), (true, true, 1), (false, false, 0), (false, true, 1)] {
        let dir = tempfile::tempdir().unwrap();
        let channel = Arc::new(Recorder { idempotent, ..Recorder::default() });
        let managers = vec![manager("li", Language::En)];
        let dying = Dying { inner: channel.clone(), after };
        let outreach = open(dir.path(), Arc::new(dying), managers.clone());
        outreach.set_stage("acme", COMPLAINT, "late again", "wang", wednesday()).unwrap();
        assert!(catch_unwind(AssertUnwindSafe(|| outreach.tick(wednesday()))).is_err());
        drop(outreach);
        let house = House { outreach: open(dir.path(), channel.clone(), managers), channel, dir };
        house.told(wednesday());
        let mut keys = house.channel.keys();
        keys.dedup();
        assert_eq!(keys.len(), expected, "idempotent {idempotent}, after {after}: {keys:?}");
        assert_eq!(house.record().iter().any(|(what, _)| what == "manager_untold"), !idempotent);
    }
}
