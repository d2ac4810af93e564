//! What every database must keep, whichever it is: one list of checks, run over each. A new one joins `databases`.

use std::path::Path;
use std::sync::Arc;

use crate::support::scene::wednesday;
use crate::support::{self, Recorder, apply, at, context, finding, machine, options, token};
use foretell_model::{FindingId, Grade, Reply, Status, Timestamp, wire};
use foretell_outreach::store::{Database, Row, Session, Sqlite, Value};
use foretell_outreach::{Matter, Outreach, OutreachError, RecordFilter, Registry, Result, Stage};

type Open = fn(&Path) -> Box<dyn Database>;

/// Every database, by name; each call opens the same place anew.
fn databases() -> Vec<(&'static str, Open)> {
    vec![("SQLite", |dir| Box::new(Sqlite::open(&dir.join("service.sqlite")).unwrap()))]
}

fn check(of: impl Fn(&str, &dyn Fn() -> Box<dyn Database>)) {
    for (name, open) in databases() {
        let dir = tempfile::tempdir().unwrap();
        of(name, &|| open(dir.path()));
    }
}

/// A house over every database with a case of its own; each call opens it anew.
fn house(of: impl Fn(&str, &dyn Fn() -> Outreach, &FindingId)) {
    check(|name, open| {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("link.secret");
        let start = || Outreach::over(open(), &secret, options(Arc::new(Recorder::default()))).unwrap();
        let outreach = start();
        outreach.import(&Registry::from_toml(support::REGISTRY).unwrap(), "test", wednesday()).unwrap();
        let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
        let id = apply(&outreach, 1, &case, wednesday());
        drop(outreach);
        of(name, &start, &id);
    });
}

const INSERT: &str = "INSERT INTO stock (depot, part, n) VALUES (?1, ?2, ?3)";

fn put(session: &dyn Session, depot: &str, n: i64) -> Result<usize> {
    session.execute(INSERT, &[depot.into(), "oil".into(), n.into()])
}

fn depots(database: &dyn Database) -> Vec<String> {
    let mut found = Vec::new();
    database
        .read(&mut |session| {
            let rows = session.query("SELECT depot FROM stock ORDER BY depot", &[])?;
            found = rows.iter().map(|row| row.get(0)).collect::<Result<_>>()?;
            Ok(())
        })
        .unwrap();
    found
}

#[test]
fn a_step_is_kept_wholly_or_not_at_all() {
    check(|name, open| {
        let database = open();
        database.write(&mut |session| put(session, "a", 1).map(drop)).unwrap();
        let refused = database.write(&mut |session| {
            put(session, "b", 1)?;
            Err(OutreachError::Link("a step that fails"))
        });
        assert!(refused.is_err(), "{name}");
        let broken = database.write(&mut |session| {
            put(session, "c", 1)?;
            put(session, "a", 2).map(drop)
        });
        assert!(matches!(broken, Err(OutreachError::Store { .. })), "{name}: a key stands once");
        assert_eq!(depots(&*database), ["a"], "{name}");
        // A second opening of the same place sees the same.
        assert_eq!(depots(&*open()), ["a"], "{name}");
    });
}

#[test]
fn values_come_back_as_they_were_given() {
    check(|name, open| {
        let database = open();
        let texts = ["", "plain", "王敏 – “quoted” 'single' \"double\" \\ % _ ?1 $1 ;", "line\nbreak\r\n\ttab", "🙂"];
        for text in texts {
            database
                .write(&mut |session| {
                    session.execute("DELETE FROM stock", &[])?;
                    session.execute(INSERT, &[text.into(), "oil".into(), i64::MAX.into()])?;
                    let rows = session.query("SELECT depot, n, ?1, ?2 FROM stock", &[0.1_f64.into(), Value::Null])?;
                    let expected = vec![text.into(), Value::Int(i64::MAX), Value::Real(0.1), Value::Null];
                    assert_eq!(rows, [Row(expected)], "{name}");
                    Ok(())
                })
                .unwrap();
        }
    });
}

#[test]
fn statements_say_what_they_changed() {
    check(|name, open| {
        let database = open();
        database
            .write(&mut |session| {
                assert_eq!(put(session, "a", 1)?, 1, "{name}");
                let again = "INSERT INTO stock (depot, part, n) VALUES (?1, 'oil', 5) ON CONFLICT DO NOTHING";
                assert_eq!(session.execute(again, &["a".into()])?, 0, "{name}: nothing was to do");
                assert_eq!(session.execute("UPDATE stock SET n = 7 WHERE depot = 'z'", &[])?, 0, "{name}");
                let sql = "INSERT INTO photo (kind, subject, reference, caption, at, who)
                           VALUES ('case', 'x', 'r', '', 0, 'test') RETURNING id";
                let ids = [session.query(sql, &[])?, session.query(sql, &[])?];
                let id = |n: usize| ids[n][0].get::<i64>(0);
                assert!(id(1)? > id(0)?, "{name}: numbers grow");
                assert!(ids[0][0].get::<String>(0).is_err(), "{name}: a number is no text");
                Ok(())
            })
            .unwrap();
    });
}

/// Each step looks first and writes then; no two of them may see the same.
#[test]
fn writers_come_one_after_another() {
    const WRITERS: usize = 8;
    const STEPS: usize = 25;
    check(|name, open| {
        let first = open();
        first.write(&mut |session| put(session, "a", 0).map(drop)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                // Each over a connection of its own, as other processes would have.
                let database = open();
                scope.spawn(move || {
                    for _ in 0..STEPS {
                        database
                            .write(&mut |session| {
                                let n: i64 = session.query("SELECT n FROM stock", &[])?[0].get(0)?;
                                session.execute("UPDATE stock SET n = ?1", &[(n + 1).into()]).map(drop)
                            })
                            .unwrap();
                    }
                });
            }
        });
        let mut n = 0;
        first
            .read(&mut |session| {
                n = session.query("SELECT n FROM stock", &[])?[0].get::<i64>(0)?;
                Ok(())
            })
            .unwrap();
        assert_eq!(n as usize, WRITERS * STEPS, "{name}");
    });
}

#[test]
fn the_record_is_append_only_but_for_words_struck_out() {
    check(|name, open| {
        let database = open();
        let sql = "INSERT INTO happening (at, who, what, why) VALUES (1, 'wang', 'called', 'private words')";
        database.write(&mut |session| session.execute(sql, &[]).map(drop)).unwrap();
        for change in [
            "DELETE FROM happening",
            "UPDATE happening SET at = 2",
            "UPDATE happening SET why = 'other words'",
            "UPDATE happening SET why = '(erased)', who = 'li'",
        ] {
            let refused = database.write(&mut |session| session.execute(change, &[]).map(drop));
            assert!(refused.is_err(), "{name}: {change}");
        }
        let erase = "UPDATE happening SET why = '(erased)'";
        database.write(&mut |session| session.execute(erase, &[]).map(drop)).unwrap();
    });
}

/// The whole service over each database: a registration, a case, its message, and the record of it.
#[test]
fn the_service_runs_over_every_database() {
    house(|name, start, id| {
        let (outreach, now) = (start(), wednesday());
        outreach.approve(id, "wang", now).unwrap();
        outreach.tick(now).unwrap();
        drop(outreach);
        let outreach = start();
        let case = Some(id.to_string());
        let record = outreach.record(&RecordFilter { case, ..RecordFilter::default() }).unwrap();
        let lines: Vec<&str> = record.iter().map(|entry| entry.what.as_str()).collect();
        assert_eq!(lines, ["opened the case", "approved the message", "invitation_sent"], "{name}");
        // A reader goes on where it stopped.
        let after = record[1].id;
        let rest = outreach.record(&RecordFilter { after, ..RecordFilter::default() }).unwrap();
        assert_eq!((rest.len(), rest[0].who.as_str(), rest[0].customer.as_deref()), (1, "outbox", Some("acme")));
    });
}

/// A change of a registration names its fields, so that it can be told who switched what on; values are nobody's business there.
#[test]
fn the_record_names_the_fields_that_were_changed() {
    house(|name, start, _| {
        let (outreach, now) = (start(), wednesday());
        let mut customer = outreach.customer("acme").unwrap().unwrap();
        customer.auto_approve = true;
        customer.contact = Some("Mr Miller".into());
        customer.addresses.insert("sms".into(), "+44 7700 900123".into());
        customer.production.shifts.push("mon-fri 06:00-22:00".into());
        outreach.register_customer(&customer, "li", now).unwrap();
        outreach.register_customer(&customer, "li", now).unwrap();
        let entries = outreach.lately("acme", false, 10).unwrap();
        let said: Vec<&str> =
            entries.iter().filter(|entry| entry.what == "changed customer `acme`").map(|e| e.why.as_str()).collect();
        assert_eq!(said, ["addresses.sms, auto_approve, contact, production.shifts"], "{name}");
        let first = entries.iter().find(|entry| entry.what == "registered customer `acme`");
        assert_eq!(first.map(|entry| entry.why.as_str()), Some(""), "{name}: all of it is new");
    });
}

/// What a case asks of the advisor, and with what it goes, is kept apart from the remark, which people read.
#[test]
fn what_a_case_asks_for_is_kept() {
    house(|name, start, id| {
        let (outreach, now) = (start(), wednesday());
        let link = outreach.approve(id, "wang", now).unwrap().link;
        outreach.tick(now).unwrap();
        outreach.other_time(token(&link), "the customer replied: or not", now).unwrap();
        drop(outreach);
        let outreach = start();
        let asked = |outreach: &Outreach| {
            let card = outreach.card(id, now).unwrap();
            (card.stage, card.matter, card.remark.unwrap_or_default())
        };
        let wish = (Stage::Call, Some(Matter::OtherTime), "the customer replied: or not".to_owned());
        assert_eq!(asked(&outreach), wish, "{name}");
        let said = Reply { id: "1".into(), customer: Some("acme".into()), text: "Noon".into(), ..Reply::default() };
        outreach.take_reply("test", &said, now).unwrap();
        let reply = (Stage::Call, Some(Matter::Reply), "the customer replied: Noon".to_owned());
        assert_eq!(asked(&outreach), reply, "{name}");
        // What was asked is settled by whatever comes of it.
        outreach.called(id, foretell_outreach::AfterCall::Close, "no need", "wang", now).unwrap();
        assert_eq!(asked(&outreach), (Stage::Cleared, None, "no need".to_owned()), "{name}");
    });
}

/// Before there were columns for it, the beginnings of remarks told what a case asks for and goes with.
#[test]
fn what_remarks_told_is_read_on() {
    const BEFORE: [&str; 10] = [
        include_str!("../src/store/schema.sql"),
        include_str!("../src/store/schema_2.sql"),
        include_str!("../src/store/schema_field.sql"),
        include_str!("../src/store/schema_letters.sql"),
        include_str!("../src/store/schema_changes.sql"),
        include_str!("../src/store/schema_ways.sql"),
        include_str!("../src/store/schema_fates.sql"),
        include_str!("../src/store/schema_hands.sql"),
        include_str!("../src/store/schema_unsent.sql"),
        include_str!("../src/store/schema_joint.sql"),
    ];
    /// What the columns `goes_with`, `matter` and `remark` hold of a remark of old.
    #[track_caller]
    fn check(stage: &str, remark: &str, expected: [Option<&str>; 3]) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("service.sqlite");
        let old = rusqlite::Connection::open(&path).unwrap();
        BEFORE.iter().for_each(|tables| old.execute_batch(tables).unwrap());
        old.pragma_update(None, "user_version", BEFORE.len() as i64).unwrap();
        let case = finding(&machine("s02/m002"), "cooler_clogging", Grade::Advise, Status::Opened);
        let context = serde_json::to_string(&context(&case.machine)).unwrap();
        old.execute(
            "INSERT INTO advisory (id, machine, fault, grade, stage, remark, opened, changed, finding, context)
             VALUES (?1, 's02/m002', 'cooler_clogging', 'advise', ?2, ?3, 1, 1, ?4, ?5)",
            rusqlite::params![case.id.as_str(), stage, remark, wire::to_json(&case), context],
        )
        .unwrap();
        drop(old);
        let mut held = Vec::new();
        let database = Sqlite::open(&path).unwrap();
        database
            .read(&mut |session| {
                let row = session.query("SELECT goes_with, matter, remark FROM advisory", &[])?.remove(0);
                held = (0..3).map(|column| row.get::<Option<String>>(column)).collect::<Result<_>>()?;
                Ok(())
            })
            .unwrap();
        assert_eq!(held.iter().map(Option::as_deref).collect::<Vec<_>>(), expected, "{remark}");
        let outreach = Outreach::open(&path, options(Arc::new(Recorder::default()))).unwrap();
        let card = outreach.card(&case.id, at("2026-07-15T08:30:00Z")).unwrap();
        assert_eq!((card.matter.map(Matter::name), card.remark.as_deref()), (expected[1], expected[2]), "{remark}");
    }
    check("internal", "goes with the next visit", [Some("next visit"), None, None]);
    check("internal", "goes with s02/m003/low_oil/2", [Some("s02/m003/low_oil/2"), None, None]);
    check("call", "the customer wishes another time", [None, Some("other_time"), None]);
    check("call", "the customer wishes another time: Friday: noon", [None, Some("other_time"), Some("Friday: noon")]);
    let kept = |remark| Some(remark);
    let replied = "the customer replied after the visit: thanks";
    check("call", replied, [None, Some("reply_after"), kept(replied)]);
    let unhappy = "the customer is not happy after the visit: again";
    check("call", unhappy, [None, Some("unhappy_after"), kept(unhappy)]);
    check("booked", "the customer replied: gate 2", [None, Some("reply"), kept("the customer replied: gate 2")]);
    let lost = "the message could not be delivered: refused";
    check("call", lost, [None, Some("undelivered"), kept(lost)]);
    let moved = "the customer was not told in writing that the visit was moved: no address";
    check("booked", moved, [None, Some("move_untold"), kept(moved)]);
    check("draft", "goes with flowers", [None, None, kept("goes with flowers")]);
}

/// A file written before there were versions is brought forward with everything in it.
#[test]
fn an_older_file_is_brought_forward() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("service.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../src/store/schema.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO booking (advisory, machine, customer, start, end, half_day, lane, technician, state, sequence, changed)
         VALUES ('s02/m002/cooler_clogging/1', 's02/m002', 'acme', 1784200000000, 1784207200000, '2026-07-16 pm', 0,
                 'chen', 'booked', 2, 1784000000000);",
    )
    .unwrap();
    drop(old);
    for _ in 0..2 {
        let outreach = Outreach::open(&path, options(Arc::new(Recorder::default()))).unwrap();
        let visits = outreach.visits(at("2026-07-01T00:00:00Z"), 9).unwrap();
        assert_eq!((visits.len(), visits[0].sequence, visits[0].start.millis()), (1, 2, 1_784_200_000_000));
    }
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let refused = Sqlite::open(&path).err().unwrap().to_string();
    assert!(refused.ends_with("a newer version of foretell wrote it; start that version"), "{refused}");
}

#[test]
fn edits_of_templates_and_effects_of_jobs_are_kept() {
    check(|name, open| {
        let dir = tempfile::tempdir().unwrap();
        let desk = |database| {
            Outreach::over(database, &dir.path().join("link.secret"), options(Arc::new(Recorder::default()))).unwrap()
        };
        let (template, t) = ("page.zh-CN.j2", Timestamp::from_millis(1_000));
        let first = desk(open());
        first.save_template((template, 0), "{{ number }}：您好", "试试", "王敏", t).unwrap();
        let second = desk(open());
        let kept = second.template(template).unwrap();
        assert_eq!(kept.source, "{{ number }}：您好\n", "{name}");
        let change = kept.info.changed.unwrap();
        assert_eq!((change.at, change.who.as_str(), change.why.as_str()), (t, "王敏", "试试"), "{name}");
        // Two hands on one version: the second is told.
        second.save_template((template, kept.revision), "{{ number }}", "", "李工", t).unwrap();
        assert!(first.save_template((template, kept.revision), "x", "", "王敏", t).is_err(), "{name}");
        assert_eq!(first.template(template).unwrap().history.len(), 2, "{name}");
    });
}

/// What a search looks for is text: a per cent sign or an underscore finds itself and not everything.
#[test]
fn letters_are_found_by_what_their_subject_says() {
    house(|name, start, id| {
        let outreach = start();
        let body = outreach.card(id, wednesday()).unwrap().message.unwrap().text.body;
        outreach.edit(id, "Cooler of K_2, 5 % dearer", &body, "wang", wednesday()).unwrap();
        outreach.approve(id, "wang", wednesday()).unwrap();
        outreach.tick(wednesday()).unwrap();
        let found = |text: &str| outreach.letters_called(text, 5).unwrap().len();
        for (text, expected) in [("cooler", 1), ("k_2, 5 %", 1), ("k%2", 0), ("k!_2", 0), ("_____", 0), ("pump", 0)] {
            assert_eq!(found(text), expected, "{name}: {text}");
        }
    });
}
