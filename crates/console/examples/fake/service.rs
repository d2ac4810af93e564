//! What outreach would add to the made-up fleet: drafts, customers' pages, refused items, a backtest.

use foretell_console::Lang;
use foretell_console::report::{
    BacktestMachine, BacktestMoment, BacktestReport, BacktestScores, DayState, IntervalScore, KindScore, Letter,
    MissedFault, Rate, Share, StateRun, TruthSpan,
};
use foretell_console::view::{
    AdvisoryCard, AdvisoryState, BookingPage, BookingState, Contact, Curve, Customer, Draft, Governor, LetterTimes,
    MachineDetail, PartAtHand, Person, PhotoView, Proposal, RecordLine, Slot, Speaker, Stops,
};
use foretell_model::catalogue::Text;
use foretell_model::{FaultCode, Grade, HOUR_MS, Quarantined, RulDays};

use super::desk::task;
use super::fleet::{BERLIN, SHANGHAI, at, cone, finding, machines, now};

fn slot(from: &str, minutes: i64) -> Slot {
    Slot { from: at(from), to: at(from) + minutes * 60_000 }
}

const ZH_BODY: &str = "张经理，您好：\n\n我是您的服务顾问李薇。这几周我留意到贵厂2号机的排气温度，在同样的负荷和天气下，从6月22日起慢慢升高了约8度，目前还没到预警温度。\n\n很可能是冷却器积了灰，照这个趋势，大约一到四周后会到达高温预警。就像汽车水箱糊满了灰尘：车还能开，只是每次爬坡都更烫一点。\n\n建议安排一次冷却器清洗，约90分钟，期间需停机，可以避开您旺季的生产。以下两个时间都在您平时不开机的时段，您看哪个方便？";
const EN_BODY: &str = "Dear Mr Brandt,\n\nCompressor 1 in your press shop has been running warmer since 28 June: about 13 K above its own normal at equal load and weather.\n\nThe oil cooler is very likely clogged. If nothing is done, the controller's warning is to be expected in 3 to 10 days. It is like a car radiator full of road dust: the engine still runs, it just gets hotter on every hill.\n\nWe would like to clean the cooler. It takes about 90 minutes and the machine stops for it. Both times below lie outside your usual production hours.\n\nKind regards\nAnna Petersen";

/// What passed between us before.
fn earlier() -> Vec<Contact> {
    vec![
        contact("2026-06-03T03:20:00Z", "email", false, "油品更换提醒"),
        contact("2026-06-03T07:05:00Z", "phone", true, "同意更换，已安排"),
    ]
}

/// A customer who reads English.
fn hansa() -> Customer {
    Customer {
        id: "hansa".into(),
        name: "Hansa Blech GmbH".into(),
        contact: "Mr Brandt".into(),
        phone: "+49 421 555 0102".into(),
        address: "brandt@hansa.example".into(),
        lang: Lang::En,
        zone: BERLIN,
        stage: Some(1),
    }
}

/// Signs that nobody has judged yet, at one customer.
fn signs(place: usize) -> Vec<RecordLine> {
    let sign = || RecordLine {
        at: at("2026-07-17T08:12:00Z"),
        who: "foretell".into(),
        what: "stage_hint".into(),
        why: "a booked visit did not take place".into(),
        machine: "Compressor 2".into(),
    };
    if place == 6 { vec![sign()] } else { Vec::new() }
}

/// The queue.
pub(crate) fn cards(machines: &[MachineDetail]) -> Vec<AdvisoryCard> {
    let card = |place: usize, customer: Customer, draft: Draft, slots: Vec<Slot>, governor, advisor: Person| {
        let machine = &machines[place];
        let finding = machine.open[0].clone();
        let depot = Text { en: "Suzhou depot".into(), zh: "苏州仓库".into() };
        AdvisoryCard {
            id: finding.id.to_string(),
            revision: 3,
            machine_name: machine.summary.name.clone(),
            site_name: machine.summary.site_name.clone(),
            customer,
            state: AdvisoryState::Draft,
            curve: machine.curve.clone(),
            probability_before_slot: Some(if finding.grade == Grade::Urgent { 0.38 } else { 0.07 }),
            tasks: vec![task(&machine.summary, "cooler_clogging", "cooler_cleaned")],
            finding,
            parts: vec![PartAtHand { part: "degreaser".to_owned(), depot: Some(depot.clone()), n: 4 }],
            work_minutes: 90,
            machine_stops: true,
            choices: slots.clone(),
            gone: Vec::new(),
            slots,
            draft,
            unwritten: None,
            heard: None,
            wish: None,
            season_until: (place == 1).then(|| at("2026-07-18T00:00:00+08:00")),
            is_written: false,
            call_chosen: false,
            unsettled: false,
            delivery: None,
            unsent: None,
            governor,
            contacts: earlier(),
            written: Vec::new(),
            hints: signs(place),
            others: Vec::new(),
            joins: None,
            advisor,
            photos: if place == 6 { vec![PhotoView { id: 11, caption: "Before".into() }] } else { Vec::new() },
            booking_path: None,
            links_open: false,
            verdict: None,
            decided: None,
            has_colleagues: place != 6,
        }
    };
    let zh = hengfeng();
    let en = hansa();
    let held = Governor::Held { until: at("2026-07-20T00:00:00Z"), reason: "weekend".to_owned() };
    let mut cards = vec![
        card(
            6,
            en,
            Draft { subject: "Compressor 1: a cooler to be cleaned soon".into(), body: EN_BODY.into() },
            vec![slot("2026-07-21T05:30:00Z", 90), slot("2026-07-28T05:30:00Z", 90)],
            Governor::Allowed,
            person("Anna Petersen", "Service advisor", "+49 421 555 0170"),
        ),
        card(
            1,
            zh,
            Draft { subject: "2号机：建议清洗一次冷却器".into(), body: ZH_BODY.into() },
            vec![slot("2026-07-20T01:00:00Z", 90), slot("2026-07-27T01:00:00Z", 90)],
            held,
            person("李薇", "服务顾问", "138 0013 8000"),
        ),
    ];
    cards[0].contacts = vec![contact("2026-05-11T09:10:00Z", "visit", false, "Intake filters replaced on all three")];
    cards
}

fn hengfeng() -> Customer {
    Customer {
        id: "hengfeng".into(),
        name: "恒丰纺织有限公司".into(),
        contact: "张经理".into(),
        phone: "0512-5550 0102".into(),
        address: String::new(),
        lang: Lang::Zh,
        zone: SHANGHAI,
        stage: Some(2),
    }
}

fn person(name: &str, role: &str, phone: &str) -> Person {
    Person { name: name.to_owned(), role: role.to_owned(), phone: phone.to_owned() }
}

fn contact(at_: &str, channel: &str, inbound: bool, summary: &str) -> Contact {
    Contact {
        at: at(at_),
        channel: channel.to_owned(),
        from: if inbound { Speaker::Customer } else { Speaker::Us },
        what: summary.to_owned(),
        data: String::new(),
        machine: None,
    }
}

/// The customers' pages by token.
pub(crate) fn pages(cards: &[AdvisoryCard]) -> Vec<(&'static str, BookingPage)> {
    let page = |card: &AdvisoryCard, company: &str, work: &str, sentence: &str| BookingPage {
        lang: card.customer.lang,
        zone: card.customer.zone,
        company: company.to_owned(),
        advisor: card.advisor.clone(),
        machine_name: card.machine_name.clone(),
        sentence: sentence.to_owned(),
        again: false,
        own_name: card.machine_name.clone(),
        curve: card.curve.clone(),
        others: Vec::new(),
        proposal: Proposal {
            work: work.to_owned(),
            names_machines: false,
            minutes: 90,
            at_most: false,
            stops: Stops::Throughout,
            is_beside_machine: false,
        },
        slots: card.slots.clone(),
        letter_times: LetterTimes::AsWritten,
        state: BookingState::Open,
        wish: None,
        runs_then: false,
    };
    vec![
        (
            "token-zh",
            page(
                &cards[1],
                "安捷空压机服务",
                "清洗冷却器",
                "2号机的排气温度，在同样的负荷和天气下，从6月22日起慢慢升高了约8度，目前还没到预警温度。很可能是冷却器积了灰，大约一到四周后会到达高温预警。就像汽车水箱糊满了灰尘：车还能开，只是每次爬坡都更烫一点。",
            ),
        ),
        (
            "token-en",
            page(
                &cards[0],
                "Northline Compressor Service",
                "clean the oil cooler",
                "Compressor 1 has been running about 13 K warmer than its own normal since 28 June, at equal load and weather. The oil cooler is very likely clogged; the controller's warning is to be expected within 2 weeks. It is like a car radiator full of road dust: the engine still runs, it just gets hotter on every hill.",
            ),
        ),
    ]
}

/// Some refused items.
pub(crate) fn quarantine() -> Vec<Quarantined> {
    let item = |id, ago_ms: i64, reason: &str, topic: &str, detail: &str, raw: &[u8]| Quarantined {
        id,
        reason: reason.to_owned(),
        arrived: now() + -ago_ms,
        source: "listener".to_owned(),
        topic: topic.to_owned(),
        detail: detail.to_owned(),
        raw: raw.to_vec(),
    };
    vec![
        item(
            290,
            95_000,
            "out_of_range",
            "foretell/v1/s02/m005/telemetry",
            "`discharge_temp_c` is 6553.5; -273.15 to 1000 is possible",
            br#"{"ts":"2026-07-18T06:03:25Z","discharge_temp_c":6553.5,"motor_current_a":41.7,"run_hours":4021.5}"#,
        ),
        item(
            289,
            2 * HOUR_MS,
            "unknown_topic",
            "plant/line3/raw",
            "no mapping knows this topic",
            b"\x00\x17\xfe<script>alert(1)</script>",
        ),
    ]
}

/// A backtest over two of the machines.
pub(crate) fn report(lang: Lang) -> BacktestReport {
    let machines = machines();
    let from = at("2026-03-22T00:00:00Z");
    let run = |first: i64, last: i64, state| StateRun { first, last, state };
    let (first, last) = (from.day(), now().day());
    let tested = |place: usize, moments: Vec<BacktestMoment>, truth: Vec<TruthSpan>, letters: Vec<Letter>| {
        let machine = &machines[place];
        let ill = if moments.is_empty() { DayState::Normal } else { DayState::Advise };
        BacktestMachine {
            id: machine.summary.id.clone(),
            readings: 169_920,
            unjudged: None,
            curve: Curve { cone: vec![], ..machine.curve.clone() },
            residuals: vec![],
            moments,
            truth,
            states: vec![
                run(first, first + 9, DayState::Learning),
                run(first + 10, first + 30, DayState::Hidden),
                run(first + 31, last - 10, DayState::Normal),
                run(last - 9, last, ill),
            ],
            letters,
        }
    };
    let clogged = &machines[6];
    let moment = |ago: i64, grade: Grade, from_c: f64| {
        let rul = RulDays { p10: Some(ago as f64 * 0.8), p50: Some(ago as f64 * 1.2), p90: Some(ago as f64 * 1.9) };
        let mut finding = finding(&clogged.summary.id, FaultCode::COOLER_CLOGGING, grade, Some(rul));
        finding.at = now().plus_days(-(ago as f64));
        BacktestMoment { finding, cone: cone(from_c, 0.74, now().day() - ago, 30), would_send: grade > Grade::Watch }
    };
    let truth = TruthSpan {
        fault: FaultCode::COOLER_CLOGGING,
        onset: at("2026-06-28T00:00:00Z"),
        limit_reached: Some(at("2026-07-24T13:00:00Z")),
        cleared: None,
    };
    let letter = |ago: f64, held_by, subject: &str| Letter {
        at: now().plus_days(-ago),
        held_by,
        subject: subject.to_owned(),
        body: "Hello,\n\nthis is what we would write.\n".to_owned(),
    };
    let letters = vec![letter(9.0, None, "Compressor 1"), letter(2.0, Some(now().plus_days(-9.0)), "")];
    let moments = vec![moment(13, Grade::Watch, 90.0), moment(9, Grade::Advise, 93.0)];
    BacktestReport {
        title: "plant-2026.parquet".to_owned(),
        lang,
        zone: SHANGHAI,
        from,
        to: now(),
        slot_ms: foretell_model::DAY_MS,
        readings: 339_840,
        refused: 12,
        machines: vec![tested(6, moments, vec![truth], letters), tested(0, vec![], vec![], vec![])],
        scores: Some(scores()),
    }
}

fn scores() -> BacktestScores {
    let share = |part, of| Share { part, of, low: 0.3, high: 0.97 };
    let interval = |days_before, fell: [u32; 4]| IntervalScore {
        days_before,
        asked: 24,
        holds: share(fell[1] + fell[2], fell.iter().sum()),
        median_width: Some(1.2),
        fell,
    };
    BacktestScores {
        warned_7d: share(17, 21),
        warned_14d: share(14, 21),
        lead_days_median: Some(15.5),
        leads_days: vec![2.0, 9.0, 9.4, 15.5, 21.0, 33.0, 80.0],
        named_first: share(18, 20),
        false_advisories: Rate { count: 1, machine_years: 0.65, per_year: 1.54, low: 0.04, high: 8.57 },
        false_on_healthy: Rate { count: 0, machine_years: 0.3, per_year: 0.0, low: 0.0, high: 12.3 },
        intervals: vec![interval(28, [2, 8, 7, 4]), interval(7, [0, 12, 9, 0])],
        kinds: vec![KindScore {
            fault: FaultCode::COOLER_CLOGGING,
            there: 21,
            found: 20,
            advised: 19,
            alternative: 1,
            false_advisories: 1,
        }],
        missed: vec![MissedFault {
            machine: machines()[6].summary.id.clone(),
            fault: FaultCode::COOLER_CLOGGING,
            limit_reached: now(),
            said: None,
        }],
    }
}

/// The catalogue that ships with the product.
pub(crate) fn catalogue() -> std::sync::Arc<foretell_model::Catalogue> {
    std::sync::Arc::new(
        foretell_model::Catalogue::parse(include_str!("../../../../config/faults.toml"))
            .expect("the shipped catalogue parses"),
    )
}
