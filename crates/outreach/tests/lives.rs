//! Random lives through the whole crate - findings, taps, replies, calls, breakdowns, holidays, refusing channels, restarts, clocks
//! that are set: no rule is broken, nothing is sent twice, nothing that should be said is lost.

use std::sync::Arc;

use crate::support::{self, Recorder, apply, at, finding, machine, open, token};
use foretell_model::{DAY_MS, Finding, FindingId, Grade, HOUR_MS, Reply, Status, Timestamp};
use foretell_outreach::{
    Calendar, CustomerStage, DeliveryError, Outreach, PageState, Parcel, ReplyHeard, Source, Stage, Ticked, VisitReport,
};
use proptest::prelude::*;

/// What may happen in the whole crate between two ticks.
#[derive(Clone, Debug)]
enum Step {
    Finding {
        case: usize,
        grade: Grade,
        status: Status,
    },
    Approve {
        case: usize,
    },
    NotNow {
        case: usize,
    },
    Book {
        case: usize,
    },
    /// To another time, from a page that may be out of date.
    Move {
        case: usize,
        stale: bool,
    },
    Cancel {
        case: usize,
    },
    Stop {
        case: usize,
    },
    Resume {
        case: usize,
    },
    Call {
        case: usize,
    },
    /// Another time is wished on the page, in words.
    OtherTime {
        case: usize,
    },
    /// What was answered on the page was a mistake.
    TakeBack {
        case: usize,
    },
    /// Words that a gateway brings.
    Reply {
        customer: usize,
        text: &'static str,
    },
    /// The next delivery comes to this.
    Refuse {
        how: usize,
    },
    Break {
        machine: usize,
    },
    Mend,
    Feel {
        customer: usize,
        level: usize,
    },
    Holiday {
        days: i64,
    },
    Restart,
    /// The clock shows so much less than it is, or more where it is negative; 0 sets it right.
    Clock {
        hours_slow: i64,
    },
    Wait {
        hours: i64,
    },
}

const MACHINES: [&str; 3] = ["s02/m002", "s02/m003", "s01/m002"];
const FAULTS: [&str; 2] = ["cooler_clogging", "separator_clogging"];
const CUSTOMERS: [(&str, &str); 2] = [("acme", "baker@acme.example"), ("huaxin", "li@huaxin.example")];
/// What customers write: an answer, a grumble, that it stands still, that they want no more.
const REPLIES: &[&str] =
    &["Rather Thursday at noon", "This is the third time!", "It has stopped again", "STOP", "退订"];
const CASES: usize = MACHINES.len() * FAULTS.len();

fn case_of(n: usize, grade: Grade, status: Status) -> Finding {
    finding(&machine(MACHINES[n % MACHINES.len()]), FAULTS[n / MACHINES.len()], grade, status)
}

fn case_id(n: usize) -> FindingId {
    case_of(n, Grade::Advise, Status::Opened).id
}

fn owner(machine: usize) -> usize {
    usize::from(machine == 2)
}

fn step() -> impl Strategy<Value = Step> {
    let grade = prop_oneof![Just(Grade::Watch), Just(Grade::Advise), Just(Grade::Advise), Just(Grade::Urgent)];
    let status = prop_oneof![Just(Status::Opened), Just(Status::Updated), Just(Status::Updated), Just(Status::Cleared)];
    let case = || 0..CASES;
    prop_oneof![
        4 => (case(), grade, status).prop_map(|(case, grade, status)| Step::Finding { case, grade, status }),
        5 => case().prop_map(|case| Step::Approve { case }),
        1 => case().prop_map(|case| Step::NotNow { case }),
        1 => case().prop_map(|case| Step::Book { case }),
        1 => (case(), any::<bool>()).prop_map(|(case, stale)| Step::Move { case, stale }),
        1 => case().prop_map(|case| Step::Cancel { case }),
        1 => case().prop_map(|case| Step::Stop { case }),
        1 => case().prop_map(|case| Step::Resume { case }),
        1 => case().prop_map(|case| Step::Call { case }),
        1 => case().prop_map(|case| Step::OtherTime { case }),
        1 => case().prop_map(|case| Step::TakeBack { case }),
        1 => (0..CUSTOMERS.len(), prop::sample::select(REPLIES)).prop_map(|(customer, text)| Step::Reply { customer, text }),
        1 => (0_usize..3).prop_map(|how| Step::Refuse { how }),
        1 => (0..MACHINES.len()).prop_map(|machine| Step::Break { machine }),
        1 => Just(Step::Mend),
        1 => (0..CUSTOMERS.len(), 0_usize..7).prop_map(|(customer, level)| Step::Feel { customer, level }),
        1 => (0_i64..6).prop_map(|days| Step::Holiday { days }),
        2 => Just(Step::Restart),
        1 => prop_oneof![Just(0_i64), 1_i64..200].prop_map(|hours_slow| Step::Clock { hours_slow }),
        9 => (1_i64..80).prop_map(|hours| Step::Wait { hours }),
    ]
}

/// A delivery, with the true time and what was true then.
struct Sent {
    parcel: Parcel,
    truth: Timestamp,
    machines: Vec<String>,
    urgent: bool,
    notice: bool,
}

struct Life {
    dir: tempfile::TempDir,
    channel: Arc<Recorder>,
    outreach: Outreach,
    truth: Timestamp,
    slow_ms: i64,
    offset: u64,
    sent: Vec<Sent>,
    stopped: [bool; 2],
    level: [usize; 2],
    holidays: Vec<String>,
    replies: usize,
    /// The clock may run ahead, which nobody can tell from a computer that was switched off: caps and hours are then kept by a
    /// clock that is wrong.
    is_ahead: bool,
}

impl Life {
    fn new(start: Timestamp, is_ahead: bool) -> Self {
        let dir = support::fast_dir();
        let channel = Arc::new(Recorder::default());
        let outreach = open(dir.path(), channel.clone());
        let truth = start;
        let (sent, holidays) = (Vec::new(), Vec::new());
        Self {
            dir,
            channel,
            outreach,
            truth,
            slow_ms: 0,
            offset: 0,
            sent,
            stopped: [false; 2],
            level: [0; 2],
            holidays,
            replies: 0,
            is_ahead,
        }
    }

    fn now(&self) -> Timestamp {
        self.truth + -self.slow_ms
    }

    /// Some hours pass; what went out at their end is judged at once.
    fn pass(&mut self, hours: i64) -> Result<(), TestCaseError> {
        self.truth = self.truth + hours * HOUR_MS;
        let before = self.channel.parcels.lock().unwrap().len();
        let done = self.outreach.tick(self.now()).unwrap();
        let parcels: Vec<Parcel> = self.channel.parcels.lock().unwrap()[before..].to_vec();
        for parcel in parcels {
            let of = done.iter().find(|ticked| format!("foretell-{}", ticked.message) == parcel.key).unwrap();
            self.judge(parcel, of)?;
        }
        Ok(())
    }

    fn judge(&mut self, parcel: Parcel, of: &Ticked) -> Result<(), TestCaseError> {
        let customer = CUSTOMERS.iter().position(|(_, to)| *to == parcel.to).unwrap();
        // An answer to what somebody did, or word about what broke.
        let notice = !of.kind.is_proactive();
        let open: Vec<_> = self.outreach.service_cases().unwrap().into_iter().map(|case| case.machine).collect();
        let of_case = (0..CASES).find(|n| case_id(*n) == of.case);
        let card = of_case.map(|n| self.outreach.card(&case_id(n), self.now()).unwrap());
        let findings: Vec<&Finding> =
            card.iter().flat_map(|card| std::iter::once(&card.finding).chain(&card.companions)).collect();
        let urgent = findings.iter().any(|finding| finding.grade == Grade::Urgent);
        let machines: Vec<String> = findings.iter().map(|finding| finding.machine.to_string()).collect();
        prop_assert!(self.sent.iter().all(|sent| sent.parcel.key != parcel.key), "nothing is sent twice");
        // The one word after a job answers nobody either.
        let of_own_accord = !notice || of.kind == foretell_outreach::governor::Kind::FollowUp;
        prop_assert!(!(of_own_accord && self.stopped[customer]), "sent after an opt-out: {}", parcel.subject);
        prop_assert!(self.level[customer] < 6, "automation is silent at stage 6: {}", parcel.subject);
        prop_assert!(machines.iter().all(|own| !open.contains(own)), "a service case is open: {machines:?}");
        if !notice && !self.is_ahead {
            prop_assert!(self.level[customer] < 3, "nothing proactive from stage 3 on: {}", parcel.subject);
            let zone = if customer == 1 { chrono_tz::Asia::Shanghai } else { chrono_tz::Europe::London };
            let day = Calendar::plain(zone).local(self.now()).date().to_string();
            let is_open = Calendar::plain(zone).is_open(self.now()) && !(customer == 0 && self.holidays.contains(&day));
            prop_assert!(urgent || is_open, "{} at {}", parcel.subject, self.now());
            self.judge_caps(&parcel, &machines)?;
        }
        self.sent.push(Sent { parcel, truth: self.truth, machines, urgent, notice });
        Ok(())
    }

    /// In true time, whatever the clock showed.
    fn judge_caps(&self, parcel: &Parcel, machines: &[String]) -> Result<(), TestCaseError> {
        let within =
            |days: i64| self.sent.iter().filter(move |sent| !sent.notice && self.truth - sent.truth < days * DAY_MS);
        let to_same = within(7).filter(|sent| sent.parcel.to == parcel.to).count();
        prop_assert!(to_same < 2, "two messages per customer in 7 days: {} at {}", parcel.subject, self.truth);
        let reminder = |p: &Parcel| p.subject.contains("choose from") || p.subject.contains("可以选");
        let same = |sent: &&Sent| sent.machines.iter().any(|own| machines.contains(own)) && !reminder(&sent.parcel);
        prop_assert!(reminder(parcel) || within(30).filter(same).count() == 0, "one per machine in 30 days");
        Ok(())
    }

    /// The link of the newest message of a case, if it has one.
    fn link(&self, n: usize) -> Option<String> {
        self.outreach.card(&case_id(n), self.now()).ok()?.message.ok().map(|message| message.link)
    }

    /// Customers and advisors may do anything at any time; what the state does not allow is refused.
    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let now = self.now();
        match step {
            Step::Finding { case, grade, status } => {
                let mut f = case_of(case, grade, status);
                f.at = now;
                self.offset += 1;
                apply(&self.outreach, self.offset, &f, now);
            }
            Step::Approve { case } => drop(self.outreach.approve(&case_id(case), "wang", now)),
            Step::NotNow { case } => {
                self.tap(case, |o, link| o.not_now(link, 10, now).is_ok());
            }
            Step::Book { case } => {
                if let Some(link) = self.link(case)
                    && let Ok(page) = self.outreach.booking_page(token(&link), now)
                    && let Some(slot) = page.slots.first()
                {
                    drop(self.outreach.book(token(&link), slot.slot.start, now));
                }
            }
            Step::Move { case, stale } => self.change_time(case, stale),
            Step::Cancel { case } => {
                self.tap(case, |o, link| o.cancel_seen(link, None, now).is_ok());
            }
            Step::Stop { case } => {
                if self.tap(case, |o, link| o.stop(link, now).is_ok()) {
                    self.stopped[owner(case % MACHINES.len())] = true;
                }
            }
            Step::Resume { case } => {
                if self.tap(case, |o, link| o.resume(link, now).is_ok()) {
                    self.stopped[owner(case % MACHINES.len())] = false;
                }
            }
            Step::OtherTime { case } => {
                self.tap(case, |o, link| o.other_time(link, "Thursday?", now).is_ok());
            }
            Step::TakeBack { case } => {
                self.tap(case, |o, link| o.take_answer_back(link, now).is_ok());
            }
            Step::Reply { customer, text } => self.reply(customer, text)?,
            Step::Refuse { how } => self.refuse(how),
            Step::Call { case } => drop(self.outreach.call_instead(&case_id(case), "", "wang", now)),
            Step::Break { machine: m } => {
                drop(self.outreach.open_service_case(&machine(MACHINES[m]), Source::Advisor, "stopped", "wang", now));
            }
            Step::Mend => self.mend(),
            Step::Feel { customer, level } => self.feel(customer, level),
            Step::Holiday { days } => {
                let mut customer = self.outreach.customer("acme").unwrap().unwrap();
                let day = Calendar::plain(chrono_tz::Europe::London).local(now.plus_days(days as f64)).date();
                customer.holidays.push(day.to_string());
                self.outreach.register_customer(&customer, "wang", now).unwrap();
                self.holidays.push(day.to_string());
            }
            Step::Restart => {
                let path = self.dir.path().join("service.sqlite");
                self.outreach = Outreach::open(&path, support::options(self.channel.clone())).unwrap();
            }
            Step::Clock { hours_slow } => self.slow_ms = hours_slow * HOUR_MS,
            Step::Wait { hours } => (0..hours).try_for_each(|_| self.pass(1))?,
        }
        Ok(())
    }

    /// What a customer does on the page of a case, where there is one; whether it was taken.
    fn tap(&self, case: usize, act: impl FnOnce(&Outreach, &str) -> bool) -> bool {
        self.link(case).is_some_and(|link| act(&self.outreach, token(&link)))
    }

    fn feel(&mut self, customer: usize, level: usize) {
        let (now, (key, _)) = (self.now(), CUSTOMERS[customer]);
        let felt = match level.checked_sub(1).map(|n| CustomerStage::ALL[n]) {
            Some(CustomerStage::Escalation) => self.outreach.escalate(key, "wang", "said so", "wang", now),
            stage => self.outreach.set_stage(key, stage, "said so", "wang", now),
        };
        felt.unwrap();
        self.level[customer] = level;
    }

    fn refuse(&self, how: usize) {
        let fate = match how {
            0 => DeliveryError::Temporary("busy".into()),
            1 => DeliveryError::Permanent("no such user".into()),
            _ => DeliveryError::Unknown("the connection broke".into()),
        };
        self.channel.failures.lock().unwrap().push(fate);
    }

    /// The customer moves a booked visit. A page that showed another time moves nothing.
    fn change_time(&self, case: usize, stale: bool) {
        let now = self.now();
        let Some(link) = self.link(case) else { return };
        let Ok(page) = self.outreach.booking_page(token(&link), now) else { return };
        let (PageState::Booked { booking, .. }, Some(slot)) = (&page.state, page.slots.last()) else { return };
        let seen = booking.start + i64::from(stale) * HOUR_MS;
        let moved = self.outreach.choose_time(token(&link), slot.slot.start, Some(seen), now);
        assert!(!stale || moved.is_err(), "a page that showed another time moved the visit");
    }

    /// A gateway brings a reply, and brings it again, as gateways do: it is heard once and found by whoever looks.
    fn reply(&mut self, customer: usize, text: &'static str) -> Result<(), TestCaseError> {
        let (now, (key, address)) = (self.now(), CUSTOMERS[customer]);
        self.replies += 1;
        let reply = Reply {
            id: self.replies.to_string(),
            medium: Some("email".into()),
            address: Some(address.into()),
            text: text.into(),
            ..Reply::default()
        };
        let heard = self.outreach.take_reply("gateway", &reply, now).unwrap();
        if let ReplyHeard::Stopped { .. } = heard {
            self.stopped[customer] = true;
        }
        prop_assert_eq!(self.outreach.take_reply("gateway", &reply, now).unwrap(), ReplyHeard::Before);
        let said = self.outreach.lately(key, true, 1_000).unwrap();
        prop_assert!(said.iter().any(|entry| entry.why.contains(text)), "{} is lost: {:?}", text, said);
        Ok(())
    }

    fn mend(&self) {
        let report = VisitReport { left_out: "not today".into(), ..VisitReport::default() };
        for case in self.outreach.service_cases().unwrap() {
            self.outreach.close_service_case(case.id, &report, "", "chen", self.now()).unwrap();
        }
    }

    /// In the end everybody is at peace, calls are made and visits done: whatever waited for its hour went out by then or is
    /// on the advisor's desk with its reason.
    fn rest(&mut self) -> Result<(), TestCaseError> {
        self.slow_ms = 0;
        self.channel.failures.lock().unwrap().clear();
        for (customer, _) in CUSTOMERS {
            self.outreach.set_stage(customer, None, "at peace", "wang", self.now()).unwrap();
        }
        self.level = [0; 2];
        for _ in 0..150 {
            self.mend();
            for n in 0..CASES {
                let Ok(card) = self.outreach.card(&case_id(n), self.now()) else { continue };
                for left in &card.unsettled {
                    self.outreach.resolve_delivery(left.message, true, "wang", self.now()).unwrap();
                }
                let Ok(card) = self.outreach.card(&case_id(n), self.now()) else { continue };
                match card.stage {
                    Stage::Call => self.outreach.close(&case_id(n), "called", "wang", self.now()).unwrap(),
                    Stage::Booked => {
                        let visit = card.booking.unwrap();
                        let end = self.now().max(visit.end);
                        self.outreach.complete(visit.id, None, "chen", end).unwrap();
                    }
                    _ => {}
                }
            }
            (0..8).try_for_each(|_| self.pass(3))?;
        }
        for n in 0..CASES {
            let Ok(card) = self.outreach.card(&case_id(n), self.now()) else { continue };
            let waits_for = card.speaker.as_ref().map(|id| self.outreach.card(id, self.now()).unwrap().stage);
            prop_assert!(
                !waits_for.is_some_and(|stage| matches!(stage, Stage::Done | Stage::Cleared | Stage::Internal)),
                "{} goes with what is over",
                card.finding.id
            );
            prop_assert!(
                !matches!(card.stage, Stage::Queued | Stage::Contacted | Stage::NotNow),
                "{} is forgotten as {}: {:?}",
                card.finding.id,
                card.stage.name(),
                card.verdict
            );
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]
    /// Beginning at different times of the year, so that clocks also change to summer and winter time in London.
    #[test]
    fn no_rule_is_broken_and_nothing_is_lost_whatever_happens(
        start_days in prop_oneof![Just(0_i64), Just(100), Just(250)],
        steps in proptest::collection::vec(step(), 1..70),
    ) {
        live(start_days, steps, false)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, max_shrink_iters: 200, ..ProptestConfig::default() })]
    /// The same with a clock that is sometimes set ahead: what depends on the hour may be wrong, but nothing goes out twice, nothing
    /// of our own accord after an opt-out, and nothing is lost.
    #[test]
    fn nothing_is_repeated_or_lost_when_the_clock_runs_ahead(
        start_days in prop_oneof![Just(0_i64), Just(100), Just(250)],
        steps in proptest::collection::vec(
            prop_oneof![
                12 => step(),
                1 => (1_i64..200).prop_map(|hours| Step::Clock { hours_slow: -hours }),
                1 => Just(Step::Clock { hours_slow: 0 }),
            ],
            1..70,
        ),
    ) {
        live(start_days, steps, true)?;
    }
}

fn live(start_days: i64, steps: Vec<Step>, is_ahead: bool) -> Result<(), TestCaseError> {
    let mut life = Life::new(at("2026-07-15T00:00:00Z") + start_days * DAY_MS, is_ahead);
    for step in steps {
        life.step(step)?;
    }
    life.rest()?;
    let urgent = life.sent.iter().filter(|sent| sent.urgent).count();
    prop_assert!(urgent <= life.sent.len());
    Ok(())
}
