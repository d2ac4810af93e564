//! Counts, and judges from outside: what was delivered, to whom, when, and what came of the forecasts.

use std::collections::{BTreeMap, BTreeSet};

use foretell_model::{DAY_MS, Finding, FindingId, Remark, Timestamp};
use foretell_outreach::compose::lint;
use foretell_outreach::{Booking, CustomerStage, Outreach, Parcel, Promise, ServiceCase};

use super::world::Anything;

/// One delivery.
pub(crate) struct Sent {
    pub(crate) at: Timestamp,
    pub(crate) customer: String,
    /// The machines that it is about; the first one's case it belongs to.
    pub(crate) machines: Vec<String>,
    pub(crate) medium: String,
    pub(crate) parcel: Parcel,
    /// Whether messages may arrive there at that hour.
    pub(crate) is_open: bool,
    pub(crate) urgent: bool,
    /// Word about a machine that broke.
    pub(crate) notice: bool,
    /// An answer to what somebody did, or word about what broke: nothing that the caps count.
    pub(crate) asked: bool,
    pub(crate) reminder: bool,
    /// The one word after a job, which an opt-out stops although no cap counts it.
    pub(crate) follow_up: bool,
    /// Something was broken on the machine.
    pub(crate) broken: bool,
}

/// What became of a forecast that a customer might hear of.
#[derive(Clone, Copy)]
struct Forecast {
    first: Timestamp,
    /// The tenth percentile as the engine had it when the visit was booked, or last.
    p10: Timestamp,
    limit: Timestamp,
    phantom: bool,
    visit: Option<Timestamp>,
    written: bool,
}

#[derive(Default)]
pub(crate) struct Judge {
    /// Customers with the media that they stopped.
    pub(crate) stopped: BTreeSet<(String, String)>,
    pub(crate) stages: BTreeMap<String, CustomerStage>,
    pub(crate) broke: u32,
    /// Messages that one channel refused and the next one was asked to take.
    pub(crate) went_on: u32,
    pub(crate) failed: u32,
    sent: Vec<Sent>,
    forecasts: BTreeMap<String, Forecast>,
    /// Technician, booking, from, to: every visit as it was last seen.
    visits: BTreeMap<i64, (String, Timestamp, Timestamp)>,
    worked: u32,
    kept: BTreeMap<Promise, u32>,
    broken: BTreeMap<Promise, u32>,
    told: BTreeMap<Promise, u32>,
    faults: BTreeMap<&'static str, u32>,
    joint: u32,
    customers: usize,
    waiting: usize,
}

impl Judge {
    fn fault(&mut self, what: &'static str, is: bool) {
        *self.faults.entry(what).or_insert(0) += u32::from(is);
    }

    pub(crate) fn advised(&mut self, finding: &Finding, phantom: bool, limit: Timestamp) {
        let days = finding.rul_days.and_then(|rul| rul.p10).unwrap_or(0.0);
        let p10 = finding.at.plus_days(days);
        let new = Forecast { first: finding.at, p10, limit, phantom, visit: None, written: false };
        let known = self.forecasts.entry(finding.id.to_string()).or_insert(new);
        if known.visit.is_none() {
            known.p10 = p10;
        }
    }

    pub(crate) fn booked(&mut self, outreach: &Outreach, id: &FindingId, now: Timestamp) -> Anything<()> {
        let card = outreach.card(id, now)?;
        if let Some(booking) = card.booking {
            for id in std::iter::once(id).chain(card.companions.iter().map(|other| &other.id)) {
                if let Some(forecast) = self.forecasts.get_mut(id.as_str()) {
                    forecast.visit = Some(booking.start);
                }
            }
            self.seen(&booking);
        }
        Ok(())
    }

    fn seen(&mut self, booking: &Booking) {
        let technician = booking.technician.as_ref().map_or_else(|| "nobody".to_owned(), |t| t.id.clone());
        self.visits.insert(booking.id, (technician, booking.start, booking.end));
    }

    /// Nobody is in two places at once.
    pub(crate) fn look_at_visits(&mut self, outreach: &Outreach, now: Timestamp) -> Anything<()> {
        let visits = outreach.visits(now, 10_000)?;
        for (n, a) in visits.iter().enumerate() {
            let twice = visits[n + 1..].iter().any(|b| {
                a.technician.as_ref().map(|t| &t.id) == b.technician.as_ref().map(|t| &t.id)
                    && a.start < b.end
                    && b.start < a.end
            });
            self.fault("double bookings", twice);
        }
        Ok(())
    }

    pub(crate) fn worked(&mut self, visit: &Booking) {
        self.seen(visit);
        self.worked += 1;
    }

    pub(crate) fn mended(&mut self, case: &ServiceCase) {
        let nobody_rang = case.called_back.is_none() && !case.broken.contains(&Promise::CallBack);
        for promise in Promise::ALL.iter().copied() {
            if nobody_rang && promise == Promise::CallBack {
                continue;
            }
            let counts = if case.broken.contains(&promise) { &mut self.broken } else { &mut self.kept };
            *counts.entry(promise).or_insert(0) += 1;
            *self.told.entry(promise).or_insert(0) += u32::from(case.told.contains(&promise));
            // Told before it slips, as long as anybody may be told at all.
            let silent = case.broken.contains(&promise) && !case.told.contains(&promise);
            self.fault("promises broken without a word", silent);
        }
    }

    pub(crate) fn sent(&mut self, sent: Sent) {
        let stage = self.stages.get(&sent.customer).copied();
        self.fault("in quiet hours", !sent.is_open && !sent.urgent);
        let stopped = self.stopped.contains(&(sent.customer.clone(), sent.medium.clone()));
        self.fault("unasked after an opt-out", stopped && (!sent.asked || sent.follow_up));
        self.fault("to customers whom a person looks after (stage 6)", stage == Some(CustomerStage::Escalation));
        self.fault("repeats", self.is_repeated(&sent));
        self.fault("texts with internal words", !is_clean(&sent));
        self.fault("about something else while a machine is broken", sent.broken && !sent.notice);
        if !sent.asked {
            self.fault("unasked to displeased customers (stage 3 on)", stage >= Some(CustomerStage::OpenGrumbling));
            let recent = |days: i64| self.sent.iter().filter(move |s| !s.asked && sent.at - s.at < days * DAY_MS);
            let third = recent(7).filter(|s| s.customer == sent.customer).count() >= 2;
            self.fault("more than two in seven days", third);
            let joint = sent.machines.len() > 1;
            self.joint += u32::from(joint);
            self.fault("one machine twice in thirty days", self.is_too_soon(&sent));
            self.mark_written(&sent);
        }
        self.sent.push(sent);
    }

    fn mark_written(&mut self, sent: &Sent) {
        let machines: Vec<String> = sent.machines.iter().map(|machine| format!("{machine}/")).collect();
        for (id, forecast) in &mut self.forecasts {
            let is_of = machines.iter().any(|machine| id.starts_with(machine));
            forecast.written |= is_of && forecast.first <= sent.at;
        }
    }

    /// A letter that nobody asked for about a machine that one spoke of a short while ago; a reminder is part of the first.
    fn is_too_soon(&self, sent: &Sent) -> bool {
        let is_first = |s: &Sent| !s.asked && !s.reminder;
        let recent = self.sent.iter().filter(|s| is_first(s) && sent.at - s.at < 30 * DAY_MS);
        is_first(sent) && recent.into_iter().any(|s| s.machines.iter().any(|own| sent.machines.contains(own)))
    }

    /// The same key, or the same words to the same people.
    fn is_repeated(&self, sent: &Sent) -> bool {
        let words = |parcel: &Parcel| {
            let lines = parcel.body.lines().filter(|line| !line.contains("://"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        self.sent.iter().any(|other| {
            other.parcel.key == sent.parcel.key
                || (other.customer == sent.customer && words(&other.parcel) == words(&sent.parcel))
        })
    }

    /// What is still on its way when the year ends.
    pub(crate) fn close(&mut self, outreach: &Outreach, now: Timestamp) -> Anything<()> {
        self.customers = outreach.customers()?.len();
        self.waiting = outreach.queue(now)?.len();
        Ok(())
    }

    /// What must never happen, and how often it did.
    pub(crate) fn faults(&self) -> Vec<(&'static str, u32)> {
        const ALL: &[&str] = &[
            "double bookings",
            "in quiet hours",
            "unasked after an opt-out",
            "repeats",
            "texts with internal words",
            "more than two in seven days",
            "one machine twice in thirty days",
            "unasked to displeased customers (stage 3 on)",
            "to customers whom a person looks after (stage 6)",
            "about something else while a machine is broken",
            "promises broken without a word",
        ];
        ALL.iter().map(|what| (*what, self.faults.get(what).copied().unwrap_or(0))).collect()
    }

    /// Forecasts that a customer could hear of, those that were right, booked, booked before p10, and reached their limit.
    pub(crate) fn shares(&self) -> Shares {
        let real: Vec<&Forecast> = self.forecasts.values().filter(|forecast| !forecast.phantom).collect();
        let count = |is: &dyn Fn(&&&Forecast) -> bool| real.iter().filter(is).count();
        Shares {
            forecasts: self.forecasts.len(),
            real: real.len(),
            written: count(&|f| f.written),
            booked: count(&|f| f.visit.is_some()),
            before_p10: count(&|f| f.visit.is_some_and(|visit| visit < f.p10)),
            before_limit: count(&|f| f.visit.is_some_and(|visit| visit < f.limit)),
        }
    }

    /// The table, line by line.
    pub(crate) fn table(&self, days: i64) -> Vec<String> {
        let months = days as f64 / 30.4;
        let unasked: Vec<&Sent> = self.sent.iter().filter(|sent| !sent.asked).collect();
        let notices = self.sent.iter().filter(|sent| sent.notice).count();
        let mut by_month: BTreeMap<(String, String), u32> = BTreeMap::new();
        for sent in &unasked {
            let (year, month, _) = sent.at.civil();
            *by_month.entry((sent.customer.clone(), format!("{year}-{month:02}"))).or_insert(0) += 1;
        }
        let most = by_month.values().copied().max().unwrap_or(0);
        let mean = unasked.len() as f64 / self.customers.max(1) as f64 / months.max(0.1);
        let shares = self.shares();
        let percent = |n: usize| 100.0 * n as f64 / shares.real.max(1) as f64;
        let promise = |promise: Promise| {
            let of = |counts: &BTreeMap<Promise, u32>| counts.get(&promise).copied().unwrap_or(0);
            format!("{} kept, {} broken, {} told before", of(&self.kept), of(&self.broken), of(&self.told))
        };
        // Whoever just acted, or whose machine stands, is answered at once: these break the quiet hours, and are counted.
        let asked_outside = || self.sent.iter().filter(|sent| sent.asked && !sent.is_open).count();
        let mut lines = vec![
            format!("customers | {}", self.customers),
            format!("messages that nobody asked for | {}", unasked.len()),
            format!("  about several machines at once | {}", self.joint),
            format!("  per customer and month, mean | {mean:.2}"),
            format!("  per customer and month, most | {most}"),
            format!("confirmations and follow-ups | {}", self.sent.len() - unasked.len() - notices),
            format!("words about machines that broke | {notices}"),
            format!("  of both outside of open hours, by design | {}", asked_outside()),
            format!("refused by one channel, went on by the next | {}", self.went_on),
            format!("forecasts that a customer could hear of | {} ({} of them right)", shares.forecasts, shares.real),
            format!("  customer was written to | {:.0} %", percent(shares.written)),
            format!("  visit booked | {:.0} %", percent(shares.booked)),
            format!("  visit booked before p10 | {:.0} %", percent(shares.before_p10)),
            format!("  visit booked before the limit | {:.0} %", percent(shares.before_limit)),
            format!("  limit reached all the same | {}", self.failed),
            format!("visits done | {}", self.worked),
            format!("broke without a forecast | {}", self.broke),
            format!("call back within 20 min | {}", promise(Promise::CallBack)),
            format!("on site within 4 h | {}", promise(Promise::OnSite)),
            format!("on the advisor's desk at the end | {}", self.waiting),
        ];
        lines.extend(self.faults().into_iter().map(|(what, n)| format!("{what} | {n}")));
        lines
    }
}

/// What became of the forecasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shares {
    pub(crate) forecasts: usize,
    pub(crate) real: usize,
    pub(crate) written: usize,
    pub(crate) booked: usize,
    pub(crate) before_p10: usize,
    pub(crate) before_limit: usize,
}

/// Whether a text holds nothing that a customer must not read.
fn is_clean(sent: &Sent) -> bool {
    let of = |machine: &String| {
        let mut remarks = lint::message(&sent.parcel.subject, &sent.parcel.body, machine);
        remarks.extend(lint::short(&sent.parcel.short, machine));
        remarks
    };
    let mut remarks: Vec<Remark> = sent.machines.iter().flat_map(of).collect();
    // How long a short form is depends on people's names.
    remarks.retain(|remark| !matches!(remark, Remark::Short(_)));
    // Word about a broken machine has no page to link to.
    remarks.iter().all(|remark| sent.notice && matches!(remark, Remark::Links(0)))
}
