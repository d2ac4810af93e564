//! What held back the warnings that came late: the gates that were shut on some days before the limit, and how what was seen
//! then compares with what truly was.

use std::collections::BTreeMap;

use foretell_engine::{Engine, Weighed};
use foretell_model::Event;

use crate::case::Case;
use crate::fleet::Site;

/// Days before the limit on which it is asked.
const ASKED_DAYS: [i64; 4] = [28, 21, 14, 7];

/// One machine on one of these days.
pub(crate) struct Held {
    machine: String,
    before_days: i64,
    since_onset_days: f64,
    /// What the fault truly adds to the saturated branch and to what the hot hours show, K.
    true_k: Option<(f64, f64)>,
    weighed: Weighed,
}

impl Held {
    /// The day that has just closed, if it is one of those asked.
    pub(crate) fn of(engine: &Engine, site: &Site, event: &Event) -> Option<Self> {
        let Event::Reading(reading) = event else { return None };
        let machine = site.machines.iter().find(|m| m.id == reading.machine)?;
        let (onset, limit) = (machine.truth.onset?, machine.truth.limit_reached?);
        let before_days = limit.days_since(reading.ts).floor() as i64;
        if !ASKED_DAYS.contains(&before_days) {
            return None;
        }
        let day = reading.ts.days_since(site.start).floor() as usize;
        Some(Self {
            machine: machine.id.to_string(),
            before_days,
            since_onset_days: reading.ts.days_since(onset),
            true_k: day.checked_sub(1).and_then(|day| machine.truth.excess_k.get(day)).copied(),
            weighed: engine.weighed(&machine.id)?,
        })
    }

    fn gates(&self) -> String {
        let w = &self.weighed;
        if w.likeliest.is_none() {
            return "nothing".to_owned();
        }
        let mut gates = w.short_of.clone();
        if gates.is_empty() && w.sensor > 0.5 {
            gates.push("sensor named");
        }
        if gates.is_empty() && w.likeliest.as_ref().is_some_and(|(fault, _)| fault.as_str() != "cooler_clogging") {
            gates.push("other cause named");
        }
        if gates.is_empty() { "none".to_owned() } else { gates.join(" + ") }
    }
}

/// One line for each machine and day, and how often each set of gates was shut.
pub(crate) fn table<'a>(sites: impl Iterator<Item = (u64, &'a [Held], &'a [Case])>) -> String {
    let (mut out, mut counts) = (String::new(), BTreeMap::<(i64, String), usize>::new());
    for (seed, held, cases) in sites {
        for h in held {
            let late = cases.iter().find(|c| c.machine == h.machine).filter(|c| c.reached && c.lead_named_days < 14.0);
            let Some(case) = late else { continue };
            *counts.entry((h.before_days, h.gates())).or_default() += 1;
            out += &line(seed, h, case);
        }
    }
    for ((before_days, gates), count) in counts {
        out += &format!("{before_days:3} d before {count:4}  {gates}\n");
    }
    out
}

fn line(seed: u64, h: &Held, case: &Case) -> String {
    let w = &h.weighed;
    let some = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.1}"));
    let (true_k, shown_k) = h.true_k.unwrap_or((f64::NAN, f64::NAN));
    format!(
        "{seed:3} {} -{} at {} lead {:.1} {} {} age {:.0} true {true_k:.1} K shown {shown_k:.1} seen {:.1}+-{:.1} K for {:.0} d \
         bf {:.1} chance {:.2} p50 {} risen {} out {} noise {:.2}/{:.2}/{:.2} load {:.1}/{:.1} days {} {:?} {} sensor {:.2}: {}\n",
        h.machine,
        h.before_days,
        w.at,
        case.lead_named_days,
        case.traits.drive,
        case.traits.shape,
        h.since_onset_days,
        w.excess_k.0,
        w.excess_k.1,
        w.at.days_since(w.onset),
        w.log_bf,
        w.chance,
        some(w.p50_days),
        some(w.risen_k),
        some(w.stands_out),
        w.noise.0,
        w.noise.1,
        w.noise.2,
        w.load_k.0,
        w.load_k.1,
        w.hot_days,
        w.source,
        w.likeliest.as_ref().map_or_else(String::new, |(fault, p)| format!("{fault} {p:.2}")),
        w.sensor,
        h.gates(),
    )
}
