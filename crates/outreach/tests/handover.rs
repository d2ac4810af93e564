//! A customer handed over from one advisor to another: who signs, who is named, and what an import takes back.

use crate::support::scene::{cooler, scene, wednesday};
use crate::support::{REGISTRY, apply};
use foretell_model::{Grade, Obstacle, Status};
use foretell_outreach::{Advisor, OutreachError, Registry, Words};

fn words(en: &str, zh: &str) -> Words {
    Words { en: en.to_owned(), zh: zh.to_owned() }
}

#[test]
fn whoever_takes_over_signs_and_an_import_takes_nothing_back() {
    let (s, now) = (scene(), wednesday());
    let zhou =
        Advisor::new("zhou", words("Ting Zhou", "周婷"), words("your service advisor", "服务顾问"), "+86 21 5555 0202");
    s.outreach.register_advisor(&zhou, "test", now).unwrap();
    let id = apply(&s.outreach, 1, &cooler("s02/m002", Grade::Advise, Status::Opened), now);
    let signed = || s.outreach.card(&id, now).unwrap().message.unwrap().text.body;
    assert!(signed().contains("This is Min Wang"), "{}", signed());
    let give = |to: &str, why: &str| s.outreach.hand_over("acme", to, why, "wang", now);
    assert!(matches!(give("nobody", "on leave"), Err(OutreachError::Missing { .. })));
    for (to, why, obstacle) in [("zhou", " ", Obstacle::WhyMissing), ("wang", "on leave", Obstacle::AlreadyTheirs)] {
        let refused = give(to, why).unwrap_err();
        assert!(matches!(&refused, OutreachError::Refused { why, .. } if why.why == obstacle), "{refused}");
    }

    give("zhou", "on leave until August").unwrap();
    assert!(signed().contains("This is Ting Zhou") && signed().contains("+86 21 5555 0202"), "{}", signed());
    s.outreach.import(&Registry::from_toml(REGISTRY).unwrap(), "test", now).unwrap();
    let customer = s.outreach.customer("acme").unwrap().unwrap();
    assert_eq!(customer.advisor, "zhou");
    let mut registered = customer.clone();
    registered.advisor = "wang".into();
    s.outreach.register_customer(&registered, "test", now).unwrap();
    assert_eq!(s.outreach.customer("acme").unwrap().unwrap().advisor, "zhou", "as a hand gave it, not as a list says");
    let record = s.outreach.lately("acme", false, 20).unwrap();
    let noted: Vec<_> =
        record.iter().filter(|entry| entry.what == "handed_over").map(|entry| entry.why.as_str()).collect();
    assert_eq!(noted, ["zhou: on leave until August"]);
    // A register that names somebody else by now means it.
    let liu =
        Advisor::new("liu", words("Yan Liu", "刘燕"), words("your service advisor", "服务顾问"), "+86 21 5555 0303");
    s.outreach.register_advisor(&liu, "test", now).unwrap();
    registered.advisor = "liu".into();
    s.outreach.register_customer(&registered, "test", now).unwrap();
    assert!(signed().contains("This is Yan Liu"));
    give("wang", "back again").unwrap();
    // At the last stage somebody is named who takes over.
    s.outreach.escalate("acme", "zhou", "their director wrote", "wang", now).unwrap();
    assert_eq!(s.outreach.customer("acme").unwrap().unwrap().advisor, "zhou");
    give("wang", "settled").unwrap();
    assert!(signed().contains("This is Min Wang"));
}
