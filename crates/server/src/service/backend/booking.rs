//! The customer's page and what a customer chooses on it.

use foretell_console::BackendError;
use foretell_console::view::{
    BookingAct, BookingPage, BookingState, Curve, LetterTimes, Person, Proposal, Slot, Stops, Visit,
};
use foretell_model::{Clock, Finding, MachineId, Timestamp};
use foretell_outreach::{Booking, BookingView, PageState};

use super::ServiceBackend;
use super::curve;
use super::errors::{not_found, of_outreach};
use super::machine::{self, FINDINGS_MAX};
use super::registry::{lang, zone};

impl ServiceBackend {
    pub(super) fn booking_view(&self, token: &str) -> Result<BookingPage, BackendError> {
        let now = self.clocks.now();
        let view = self.outreach.booking_page(token, now).map_err(of_outreach)?;
        let customer = self.outreach.customer_of(&view.machine).map_err(of_outreach)?;
        let state = booking_state(&view, now);
        let mut told = self.told_of(&view.spoken, now)?.into_iter();
        let (own_name, curve) = told.next().ok_or_else(|| not_found("finding of", &view.machine))?;
        let others: Vec<(String, Curve)> = told.collect();
        Ok(BookingPage {
            lang: lang(view.language),
            zone: customer.as_ref().map_or(chrono_tz::Tz::UTC, zone),
            company: view.company,
            advisor: Person { name: view.advisor_name, role: view.advisor_role, phone: view.advisor_phone },
            machine_name: view.number,
            sentence: view.sentence,
            again: view.again,
            own_name,
            curve,
            proposal: Proposal {
                names_machines: !others.is_empty(),
                work: view.work,
                minutes: view.minutes,
                at_most: view.at_most,
                stops: match (view.stops_machine, view.stops_partly) {
                    (false, _) => Stops::Not,
                    (true, true) => Stops::Partly,
                    (true, false) => Stops::Throughout,
                },
                is_beside_machine: view.is_beside_machine,
            },
            others,
            letter_times: letter_times(view.letter_times),
            slots: view.slots.iter().map(|o| Slot { from: o.slot.start, to: o.slot.end }).collect(),
            wish: if let PageState::Booked { wish, .. } = &view.state { wish.clone() } else { None },
            runs_then: view.runs_then,
            state,
        })
    }

    /// What the customer calls each machine, and the curve behind what is said of it.
    fn told_of(&self, spoken: &[Finding], now: Timestamp) -> Result<Vec<(String, Curve)>, BackendError> {
        spoken.iter().map(|told| Ok((self.number_of(&told.machine)?, self.curve_about(told, now)?))).collect()
    }

    fn number_of(&self, id: &MachineId) -> Result<String, BackendError> {
        let own = self.outreach.machine(id).map_err(of_outreach)?;
        Ok(own.map_or_else(|| id.to_string(), |own| own.number))
    }

    /// The curve of a finding's machine, with what that finding forecasts; empty when the engine does not know the machine (yet).
    pub(super) fn curve_of(&self, told: &Finding, now: Timestamp) -> Curve {
        let id = &told.machine;
        let limit_c = self.config.engine.limits.warn_c;
        let marks = curve::marks(&self.room.marks(id), [].iter());
        match self.room.machine(id) {
            Some(view) => {
                let open = machine::open(&view, &self.room.findings(Some(id), None, FINDINGS_MAX));
                curve::curve(&view, now, curve::about(&open, told), marks)
            }
            None => Curve { now, limit_c, days: Vec::new(), cone: Vec::new(), reached: None, marks, counter: None },
        }
    }

    pub(super) fn customer_acts(&self, token: &str, act: BookingAct) -> Result<(), BackendError> {
        let now = self.clocks.now();
        let acted = match act {
            BookingAct::Choose { from, seen } => self.outreach.choose_time(token, from, seen, now),
            BookingAct::AnotherTime { wish } => self.outreach.other_time(token, &wish, now),
            BookingAct::NotNow { days } => self.outreach.not_now(token, u32::from(days), now),
            BookingAct::StopMessages => self.outreach.stop(token, now),
            BookingAct::Resume => self.outreach.resume(token, now),
            BookingAct::TakeBack => self.outreach.take_answer_back(token, now),
            BookingAct::AllWell => return self.outreach.take_trouble_back(token, now).map_err(of_outreach),
            BookingAct::Cancel { seen } => self.outreach.cancel_seen(token, seen, now),
        };
        acted.map(|_| ()).map_err(of_outreach)
    }
}

const fn letter_times(times: foretell_outreach::LetterTimes) -> LetterTimes {
    match times {
        foretell_outreach::LetterTimes::AsWritten => LetterTimes::AsWritten,
        foretell_outreach::LetterTimes::SomeGone => LetterTimes::SomeGone,
        foretell_outreach::LetterTimes::AllGone => LetterTimes::AllGone,
        foretell_outreach::LetterTimes::OtherWork => LetterTimes::OtherWork,
    }
}

fn booking_state(view: &BookingView, now: Timestamp) -> BookingState {
    match &view.state {
        PageState::Open => BookingState::Open,
        PageState::Booked { booking, technician_name, .. } => {
            let visit = visit(booking, technician_name.clone());
            if booking.end <= now { BookingState::Past(visit) } else { BookingState::Booked(visit) }
        }
        PageState::NotNow { until, .. } => BookingState::NotNow { until: *until },
        PageState::OtherTime { wish } => BookingState::AnotherTime { wish: wish.clone() },
        PageState::Stopped => BookingState::Stopped,
        PageState::CallComes => BookingState::CallComes,
        PageState::Done | PageState::NotNeeded => BookingState::Done,
    }
}

fn visit(booking: &Booking, technician_name: Option<String>) -> Visit {
    let phone = booking.technician.as_ref().map(|technician| technician.phone.clone()).unwrap_or_default();
    Visit {
        slot: Slot { from: booking.start, to: booking.end },
        technician: technician_name.map(|name| Person { name, role: String::new(), phone }),
    }
}
