//! What the service desk would show of the made-up fleet: cases, calendar, customers.

use chrono_tz::Tz;
use foretell_console::view::{
    Arrival, BookedVisit, CalendarOffer, CalendarRow, CalendarVisit, CaseDesk, CasePage, CaseReport, Choice, Contact,
    ContactPerson, CustomerLine, CustomerPage, Customers, MachineDetail, MachineSummary, Medium, OwnMachine, Person,
    RecordLine, Sent, ServiceCase, Speaker, StageChange, Task, Timer, TimerState, VisitCalendar,
};
use foretell_console::{BackendError, Lang};
use foretell_model::{MINUTE_MS, Timestamp};

use super::fleet::{BERLIN, SHANGHAI, at, now};
use super::guest_case::broken;
use super::plans::work_against;

const TECHNICIANS: [(&str, &str, &str, f64); 4] = [
    ("zhou", "周明", "Zhou Ming", 24.0),
    ("lin", "林晓东", "Lin Xiaodong", 24.0),
    ("weber", "Jonas Weber", "Jonas Weber", 30.0),
    ("krause", "Mia Krause", "Mia Krause", 12.0),
];

fn technician(key: &str, lang: Lang) -> String {
    let found = TECHNICIANS.iter().find(|(known, ..)| *known == key);
    found.map_or_else(String::new, |(_, zh, en, _)| (*if lang == Lang::Zh { zh } else { en }).to_owned())
}

/// Everything on the desk that a test can change.
pub(crate) struct Desk {
    pub(crate) cases: Vec<ServiceCase>,
    pub(crate) customers: Vec<Whom>,
    /// What customers wrote outside of any case.
    pub(crate) replies: Vec<foretell_console::view::LooseReply>,
    /// Shelves that were counted.
    pub(crate) counts: Vec<foretell_console::view::StockCount>,
}

/// A customer with what changes about it.
pub(crate) struct Whom {
    pub(crate) id: &'static str,
    pub(crate) name: String,
    pub(crate) contact: &'static str,
    zone: Tz,
    lang: Lang,
    advisor: &'static str,
    site: &'static str,
    pub(crate) stages: Vec<StageChange>,
    pub(crate) media: Vec<Medium>,
}

fn timer(due: Timestamp, met: Option<Timestamp>) -> Timer {
    let state = match met {
        Some(met) if met <= due => TimerState::Kept,
        Some(_) => TimerState::KeptLate,
        None if now() > due => TimerState::Late,
        None if due - now() < 5 * MINUTE_MS => TimerState::Slipping,
        None => TimerState::Running,
    };
    Timer { due, met, state }
}

/// Settles the clocks after an act.
pub(crate) fn wind(case: &mut ServiceCase) {
    case.call_back = timer(case.call_back.due, case.call_back.met);
    case.on_site = timer(case.on_site.due, case.on_site.met);
}

/// A case that was opened so many minutes ago.
pub(crate) fn case(id: i64, machine: &MachineDetail, ago_min: i64, what: &str, source: &str) -> ServiceCase {
    let opened = now() + -ago_min * MINUTE_MS;
    let german = machine.summary.zone == BERLIN;
    let (contact, phone) = if german { ("Mr Brandt", "+49 421 555 0102") } else { ("张经理", "0512-5550 0102") };
    ServiceCase {
        id,
        revision: 1,
        machine: machine.summary.id.to_string(),
        machine_name: machine.summary.name.clone(),
        site_name: machine.summary.site_name.clone(),
        customer_id: customer_of(machine.summary.id.site()).to_owned(),
        customer: machine.summary.customer.clone(),
        contact: contact.to_owned(),
        phone: phone.to_owned(),
        stage: (!german).then_some(2),
        zone: machine.summary.zone,
        source: source.to_owned(),
        what: what.to_owned(),
        opened,
        call_back: timer(opened + 20 * MINUTE_MS, None),
        call_back_by: None,
        on_site: timer(opened + 240 * MINUTE_MS, None),
        sent: None,
        way: foretell_console::view::Way::default(),
        progress: None,
        closed: None,
        report: None,
        withdrawn: None,
        goes_on: None,
        heard: Vec::new(),
    }
}

/// What somebody of ours said a moment ago.
pub(crate) fn expected(at: Timestamp) -> Option<Arrival> {
    Some(Arrival { at, as_of: now(), told: true })
}

fn customer_of(site: &str) -> &'static str {
    match site {
        "s01" => "hengfeng",
        "s02" => "yunling",
        "s03" => "hansa",
        _ => "quell",
    }
}

/// The desk as it stands.
pub(crate) fn desk(machines: &[MachineDetail]) -> Desk {
    let mut mending = case(101, &machines[4], 265, "不出气，面板显示排气高温", "customer");
    mending.call_back = timer(mending.call_back.due, Some(mending.opened + 9 * MINUTE_MS));
    mending.sent = Some(Sent { name: "林晓东".into(), phone: "138 0013 8003".into(), badge: "0417".into() });
    mending.way.arrival = expected(now() + 10 * MINUTE_MS);
    wind(&mut mending);
    let fresh =
        case(103, &machines[8], 17, "Tripped with E23, restarts only for a minute\nA smell of hot oil", "controller");
    let mut called = case(102, &machines[0], 64, "机器声音很大，停下来不敢再开", "advisor");
    called.call_back = timer(called.call_back.due, Some(called.opened + 26 * MINUTE_MS));
    let mut over = case(97, &machines[9], 2_900, "No pressure in hall 2", "customer");
    over.call_back = timer(over.call_back.due, Some(over.opened + 6 * MINUTE_MS));
    over.on_site = timer(over.on_site.due, Some(over.opened + 171 * MINUTE_MS));
    over.closed = Some(over.opened + 290 * MINUTE_MS);
    over.report = Some(CaseReport {
        done: [true, true, true, true, false],
        left_out: "nobody in reception to hand it to".into(),
        parts: vec![("inlet_valve_kit".into(), 1)],
        depot: "hamburg".into(),
        note: "Inlet valve stuck closed; the piston was worn.".into(),
        ..CaseReport::default()
    });
    over.heard = vec!["Runs again, but who pays for the lost shift?".into()];
    let name = |place: usize| machines[place].summary.customer.clone();
    let whom = |id, name, contact, zone, lang, advisor, site| Whom {
        id,
        name,
        contact,
        zone,
        lang,
        advisor,
        site,
        stages: Vec::new(),
        media: ["email", "wecom", "phone"]
            .into_iter()
            .filter(|medium| lang == Lang::Zh || *medium != "wecom")
            .map(|medium| Medium {
                medium: medium.into(),
                address: match medium {
                    "email" => format!("plant@{id}.example"),
                    "wecom" => id.to_owned(),
                    _ => "0512-5550 0102".to_owned(),
                },
                stopped: None,
            })
            .collect(),
    };
    let mut customers = vec![
        whom("hengfeng", name(0), "张经理", SHANGHAI, Lang::Zh, "李薇", "s01"),
        whom("yunling", name(3), "王工", SHANGHAI, Lang::Zh, "李薇", "s02"),
        whom("hansa", name(6), "Mr Brandt", BERLIN, Lang::En, "Anna Petersen", "s03"),
        whom("quell", name(9), "Ms Vogel", BERLIN, Lang::En, "Anna Petersen", "s04"),
    ];
    let change =
        |at_: &str, stage, who: &str, why: &str| StageChange { at: at(at_), stage, who: who.into(), why: why.into() };
    customers[0].stages = vec![
        change("2026-07-14T02:30:00Z", Some(2), "李薇", "电话里说上次等了一个下午"),
        change("2026-05-02T06:00:00Z", None, "李薇", "已上门道歉，客户表示理解"),
        change("2026-04-20T01:10:00Z", Some(3), "李薇", "配件晚到两天，当面抱怨"),
    ];
    customers[3].stages =
        vec![change("2026-07-16T09:00:00Z", Some(4), "Anna Petersen", "Third stop in a month; asks who is in charge")];
    customers[1].media[0].stopped = Some(at("2026-06-11T03:00:00Z"));
    Desk {
        cases: vec![called, mending, fresh, over],
        customers,
        replies: vec![super::decided::loose()],
        counts: vec![],
    }
}

pub(super) fn line(at_: &str, who: &str, what: &str, why: &str) -> RecordLine {
    RecordLine { at: at(at_), who: who.into(), what: what.into(), why: why.into(), machine: String::new() }
}

impl Desk {
    pub(crate) fn note_reply(&mut self, id: i64) -> Result<(), BackendError> {
        let place = self.replies.iter().position(|reply| reply.id == id);
        let place = place.ok_or_else(|| BackendError::NotFound(format!("reply {id}")))?;
        self.replies.remove(place);
        Ok(())
    }

    pub(crate) fn cases(&self) -> CaseDesk {
        let (closed, open) = self.cases.iter().cloned().partition(|case| case.closed.is_some());
        CaseDesk { now: now(), open, closed }
    }

    pub(crate) fn case(&self, id: i64, lang: Lang) -> Result<CasePage, BackendError> {
        let found = self.cases.iter().find(|case| case.id == id).cloned();
        let found = found.ok_or_else(|| BackendError::NotFound(format!("case {id}")))?;
        let choice = |key: &str, name: &str| Choice { key: key.into(), name: name.into() };
        Ok(CasePage {
            now: now(),
            advisor: Person { name: "Anna Petersen".into(), role: String::new(), phone: "+49 421 555 0200".into() },
            machine: broken(&found.machine),
            case: found,
            technicians: TECHNICIANS.iter().map(|(key, ..)| choice(key, &technician(key, lang))).collect(),
            depots: vec![choice("suzhou", "苏州仓库"), choice("hamburg", "Hamburg depot")],
            record: vec![
                line("2026-07-18T05:39:00Z", "Anna Petersen", "trouble_called", "Comes at once, please wait at gate 3"),
                line("2026-07-18T05:30:00Z", "customer", "trouble_reported", "E23"),
            ],
            reader: lang,
            note_lacks: false,
            unsettled: Vec::new(),
            wrote_of_slip: true,
            wrote_of_progress: true,
        })
    }

    fn line(&self, whom: &Whom, machines: &[MachineDetail]) -> CustomerLine {
        let open = |case: &&ServiceCase| case.customer_id == whom.id && case.closed.is_none();
        CustomerLine {
            id: whom.id.into(),
            name: whom.name.clone(),
            contact: whom.contact.into(),
            lang: whom.lang,
            zone: whom.zone,
            advisor: whom.advisor.into(),
            machines: machines.iter().filter(|machine| machine.summary.id.site() == whom.site).count(),
            stage: whom.stages.first().and_then(|change| change.stage),
            open_cases: self.cases.iter().filter(open).count(),
            next_visit: (whom.id == "hengfeng").then(|| at("2026-07-22T01:00:00Z")),
        }
    }

    pub(crate) fn customers(&self, machines: &[MachineDetail]) -> Customers {
        Customers { now: now(), lines: self.customers.iter().map(|whom| self.line(whom, machines)).collect() }
    }

    pub(crate) fn customer(&self, id: &str, machines: &[MachineDetail]) -> Result<CustomerPage, BackendError> {
        let whom = self.customers.iter().find(|whom| whom.id == id);
        let whom = whom.ok_or_else(|| BackendError::NotFound(format!("customer {id}")))?;
        let own = machines.iter().filter(|machine| machine.summary.id.site() == whom.site);
        let said = |at_: &str, channel: &str, inbound, what: &str, data: &str| Contact {
            at: at(at_),
            channel: channel.into(),
            from: if inbound { Speaker::Customer } else { Speaker::Us },
            what: what.into(),
            data: data.into(),
            machine: Some("2号机".into()),
        };
        Ok(CustomerPage {
            now: now(),
            line: self.line(whom, machines),
            people: vec![ContactPerson {
                name: if whom.lang == Lang::Zh { "陈师傅" } else { "Mr Okafor" }.into(),
                role: if whom.lang == Lang::Zh { "夜班" } else { "night shift" }.into(),
                phone: "138 0013 8111".into(),
                email: String::new(),
            }],
            media: whom.media.clone(),
            advisor: "weber".into(),
            // One customer's advisor is the only one who speaks the language.
            colleagues: if whom.id == "hansa" {
                Vec::new()
            } else {
                vec![Choice { key: "zhou".into(), name: "周婷".into() }]
            },
            quiet: ("20:00".into(), "08:00".into()),
            sends_unasked: false,
            stages: whom.stages.clone(),
            hints: vec![line("2026-07-17T08:12:00Z", "foretell", "stage_hint", "a booked visit did not take place")],
            machines: own
                .map(|machine| OwnMachine {
                    id: machine.summary.id.to_string(),
                    name: machine.summary.name.clone(),
                    site_name: machine.summary.site_name.clone(),
                    model: "LU75-8A".into(),
                    rated_kw: machine.rated_kw,
                    last_reading: machine.summary.last_reading,
                })
                .collect(),
            cases: self.cases.iter().filter(|c| c.customer_id == id && c.closed.is_none()).cloned().collect(),
            visits: vec![BookedVisit {
                case: "s01/m003/cooler_clogging/1".into(),
                tasks: vec![Task {
                    machine: "s01/m003".into(),
                    machine_name: "3号机".into(),
                    case: "s01/m003/cooler_clogging/1".into(),
                    fault: "cooler_clogging".into(),
                    works: vec!["cooler_cleaned".into()],
                }],
                from: at("2026-07-22T01:00:00Z"),
                to: at("2026-07-22T02:30:00Z"),
                technician: "周明".into(),
            }],
            contacts: vec![
                said("2026-07-15T07:40:00Z", "page", true, "visit_booked", "2026-07-22T01:00:00Z/2026-07-22T02:30:00Z"),
                said("2026-07-15T02:00:00Z", "email", false, "invitation_sent", "email"),
                said("2026-06-03T07:05:00Z", "phone", true, "called_closed", "同意更换，已安排"),
            ],
            record: vec![
                line("2026-07-15T07:40:00Z", "customer", "visit_booked", "2026-07-22T01:00:00Z/2026-07-22T02:30:00Z"),
                line("2026-07-15T02:00:00Z", "outbox", "invitation_sent", "email"),
                line("2026-07-14T02:30:00Z", "李薇", "stage_set", "turning: 电话里说上次等了一个下午"),
                line("2026-07-14T00:05:00Z", "engine", "opened", "cooler_clogging"),
            ],
        })
    }
}

/// What a visit is for on one machine.
pub(super) fn task(machine: &MachineSummary, fault: &str, work: &str) -> Task {
    Task {
        machine: machine.id.to_string(),
        machine_name: machine.name.clone(),
        case: format!("{}/{fault}/1", machine.id),
        fault: fault.into(),
        works: vec![work.into()],
    }
}

/// Two weeks with a clash, a day away and a week that is too full.
pub(crate) fn calendar(machines: &[MachineDetail], day: Option<i64>, lang: Lang) -> VisitCalendar {
    let visit = |place: usize, key: &str, from: &str, minutes: i64, fault: &str| {
        let summary = &machines[place].summary;
        CalendarVisit {
            case: format!("{}/{fault}/1", summary.id),
            tasks: vec![task(summary, fault, work_against(fault))],
            site_name: summary.site_name.clone(),
            customer_id: customer_of(summary.id.site()).into(),
            customer: summary.customer.clone(),
            technician: key.into(),
            from: at(from),
            to: at(from) + minutes * MINUTE_MS,
            done: false,
        }
    };
    let this_monday = at("2026-07-13T00:00:00Z").day();
    let first_day = day.map_or(this_monday, |day| day - (day + 3).rem_euclid(7));
    let mut visits = vec![
        visit(2, "zhou", "2026-07-15T01:00:00Z", 90, "cooler_clogging"),
        visit(0, "zhou", "2026-07-15T02:00:00Z", 120, "oil_changed"),
        visit(4, "lin", "2026-07-17T05:30:00Z", 150, "separator_clogging"),
        visit(6, "weber", "2026-07-21T07:00:00Z", 240, "cooler_clogging"),
        visit(1, "zhou", "2026-07-22T01:00:00Z", 90, "cooler_clogging"),
        visit(8, "krause", "2026-07-22T06:00:00Z", 420, "thermostatic_valve"),
        visit(9, "krause", "2026-07-23T06:00:00Z", 420, "oil_changed"),
        visit(11, "weber", "2026-07-23T11:00:00Z", 120, "intake_filter_clogging"),
    ];
    // The separator of the machine beside it is changed in the same visit.
    visits[2].tasks.push(task(&machines[5].summary, "oil_filter_clogging", "oil_filter_replaced"));
    let offer = |place: usize, from: &str, minutes: i64, fault: &str| {
        let summary = &machines[place].summary;
        CalendarOffer {
            case: format!("{}/{fault}/1", summary.id),
            tasks: vec![task(summary, fault, work_against(fault))],
            site_name: summary.site_name.clone(),
            from: at(from),
            to: at(from) + minutes * MINUTE_MS,
        }
    };
    let offers = vec![
        offer(3, "2026-07-16T09:00:00Z", 120, "cooler_clogging"),
        offer(3, "2026-07-20T09:00:00Z", 120, "cooler_clogging"),
        offer(5, "2026-07-20T01:00:00Z", 90, "oil_changed"),
    ];
    let shown = first_day..first_day + 14;
    VisitCalendar {
        now: now(),
        zone: SHANGHAI,
        first_day,
        weeks: 2,
        rows: TECHNICIANS
            .iter()
            .map(|(key, .., hours)| CalendarRow {
                key: (*key).into(),
                name: technician(key, lang),
                capacity_h: vec![*hours; 2],
                day_h: (0..14).map(|n| if n % 7 < 5 { 6.0 } else { 0.0 }).collect(),
                away: if *key == "lin" { vec![this_monday + 4, this_monday + 7, this_monday + 8] } else { vec![] },
            })
            .collect(),
        visits: visits.into_iter().filter(|visit| shown.contains(&visit.from.day())).collect(),
        offers: offers.into_iter().filter(|offer| shown.contains(&offer.from.day())).collect(),
    }
}
