//! The contact governor ("constant temperature"): whether one message may go out now. Pure: it is told the time and the
//! past, and answers with a decision that is data, so that it can be kept, counted, and said in the reader's language.
//!
//! Enthusiasm beyond need drives customers away, so the caps hold for urgent messages too; an advisor who must speak
//! sooner calls. Reminders belong to the contact they remind of: the machine's cap does not count them, the customer's does.
//! Word about a machine that broke is no enthusiasm: no cap and no quiet hour holds it. A confirmation answers what somebody just
//! did, so no cap counts it; at which hours it goes out, [`Answer`] says.
//!
//! An opt-out holds for good, urgent or not, against all that we write of our own accord. It is no renunciation of a visit that
//! was booked or of help with a machine that stands still: whoever comes, and when, is told, first on a channel that was not
//! stopped. The page on which a customer stops messages says so.

mod say;

use foretell_model::{DAY_MS, HOUR_MS, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Closed};
use crate::care::CustomerStage;

/// The house rules, configurable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Days between two invitations about one machine.
    pub machine_gap_days: u32,
    /// Messages one customer may receive within `customer_span_days`.
    pub customer_messages_max: u32,
    /// The span of the customer's cap, days.
    pub customer_span_days: u32,
    /// Working days after which an unanswered message gets its one reminder, and after that the advisor a call to make.
    pub reminder_after_working_days: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { machine_gap_days: 30, customer_messages_max: 2, customer_span_days: 7, reminder_after_working_days: 3 }
    }
}

/// What kind of message asks to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first message of a case.
    Invitation,
    /// The one reminder of a case.
    Reminder,
    /// The one word after a job.
    FollowUp,
    /// Word that a visit was booked, moved or cancelled: the answer to what somebody just did.
    Confirmation,
    /// Word that a promise about an open service case is about to slip.
    Notice,
    /// Word about who is on the way to an open service case.
    OnTheWay,
    /// Word about what was found there and how long it takes.
    Progress,
    /// Word that it is mended.
    Closing,
    /// Word that nobody comes, because nothing is broken after all.
    CalledOff,
    /// Word that it is not over, although the customer was told so.
    StillOpen,
}

impl Kind {
    /// Its name in the store and in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reminder => "reminder",
            Self::FollowUp => "follow_up",
            Self::Confirmation => "confirmation",
            Self::Notice => "notice",
            Self::OnTheWay => "on_the_way",
            Self::Progress => "progress",
            Self::Closing => "closing",
            Self::CalledOff => "called_off",
            Self::StillOpen => "still_open",
        }
    }

    /// The kind of a name; everything unknown is an invitation, the strictest of them.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "reminder" => Self::Reminder,
            "follow_up" => Self::FollowUp,
            "confirmation" => Self::Confirmation,
            "notice" => Self::Notice,
            "on_the_way" => Self::OnTheWay,
            "progress" => Self::Progress,
            "closing" => Self::Closing,
            "called_off" => Self::CalledOff,
            "still_open" => Self::StillOpen,
            _ => Self::Invitation,
        }
    }

    /// Whether the customer did not ask for it: such messages are what the caps are for.
    #[must_use]
    pub const fn is_proactive(self) -> bool {
        matches!(self, Self::Invitation | Self::Reminder)
    }

    /// Whether we write it of our own accord, so that an opt-out stops it; anything else tells of a visit that was agreed, or of a
    /// machine that broke.
    #[must_use]
    pub const fn heeds_opt_out(self) -> bool {
        self.is_proactive() || matches!(self, Self::FollowUp)
    }

    /// Whether it is about a service case: whoever has a broken machine waits for it at any hour.
    #[must_use]
    pub const fn is_about_trouble(self) -> bool {
        !matches!(self, Self::Invitation | Self::Reminder | Self::FollowUp | Self::Confirmation)
    }
}

/// What asks to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// First message, reminder, and so on.
    pub kind: Kind,
    /// At which hours it may go out.
    pub hours: Hours,
}

/// At which hours something may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// On working days, outside the quiet hours.
    Working,
    /// On any day outside the quiet hours: it concerns what comes before the next working day is over.
    Waking,
    /// At any hour: days rather than weeks are left, or its reader waits for it.
    Any,
}

impl Hours {
    /// Those of something urgent, or of anything else.
    #[must_use]
    pub const fn of_urgency(urgent: bool) -> Self {
        if urgent { Self::Any } else { Self::Working }
    }

    /// The first instant from `t` on that is within them.
    fn next(self, calendar: &Calendar, t: Timestamp) -> Timestamp {
        match self {
            Self::Working => calendar.next_open(t),
            Self::Waking => calendar.next_awake(t),
            Self::Any => t,
        }
    }
}

/// A confirmation, as far as the quiet hours care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// By which medium it goes.
    pub medium: &'a str,
    /// Its reader did what it confirms, by a tap on our page.
    pub is_own_act: bool,
    /// The sooner of when the visit begins and when its reader would wait for it; `None` where neither lies ahead.
    pub visit: Option<Timestamp>,
}

/// Media that wake nobody: what comes by them is there when its reader looks.
const SILENT_MEDIA: &[&str] = &["email", "mqtt"];

/// Word of a visit that would come less than this before it comes too late to arrange anything, ms.
const READING_MS: i64 = 2 * HOUR_MS;

impl Answer<'_> {
    /// At which hours it goes out. Whoever just tapped expects the letter that keeps it, and an e-mail at night wakes nobody: it
    /// goes at once. A telephone that rings (SMS, a robot in a chat) does disturb, and so does word of what somebody else did:
    /// those wait for the morning, and for the working day unless the visit comes before that is over.
    #[must_use]
    pub fn hours(&self, calendar: &Calendar, now: Timestamp) -> Hours {
        let is_near = self.visit.is_some_and(|start| start < calendar.next_working_day_ends(now));
        match self.is_own_act && SILENT_MEDIA.contains(&self.medium) {
            true => Hours::Any,
            false if is_near => Hours::Waking,
            false => Hours::Working,
        }
    }

    /// Whether word that goes out at an instant comes too late for the visit: somebody has to ring.
    #[must_use]
    pub fn comes_too_late(&self, at: Timestamp) -> bool {
        self.visit.is_some_and(|start| at + READING_MS > start)
    }
}

/// What counts of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// When the last invitation about this machine went out.
    pub machine_last: Option<Timestamp>,
    /// When proactive messages went to this customer; older ones than the span do no harm.
    pub customer_sent: Vec<Timestamp>,
    /// Reminders already sent in this case.
    pub reminders: u32,
    /// Follow-ups already sent in this case.
    pub follow_ups: u32,
    /// Whether the customer wants no such messages on this medium.
    pub opted_out: bool,
    /// The customer asked for silence about this machine until then.
    pub not_now_until: Option<Timestamp>,
    /// Fault code of another advisory about this machine that is still under way.
    pub open_case: Option<String>,
    /// Number of a service case that is open on this machine: something did break.
    pub trouble: Option<i64>,
    /// How far the customer's dissatisfaction has gone, if it has.
    pub stage: Option<CustomerStage>,
    /// Until when this computer's clock is in doubt.
    pub doubtful_until: Option<Timestamp>,
}

/// Why a message waits or is dropped, with the figures that say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// Evening or night at the customer's.
    QuietHours,
    /// Saturday or Sunday there.
    Weekend,
    /// A holiday there.
    Holiday,
    /// This machine was written about a short while ago.
    MachineCap {
        /// Days between two invitations.
        days: u32,
    },
    /// This customer received enough messages lately.
    CustomerCap {
        /// So many at most
        messages: u32,
        /// in so many days.
        days: u32,
    },
    /// The customer asked for silence until then.
    NotNow,
    /// Another advisory about this machine is under way.
    OpenCase {
        /// Its fault code.
        fault: String,
    },
    /// The customer knows of another machine of the site: it goes with that, and has no letter of its own.
    Alongside {
        /// What the customer calls that machine.
        number: String,
    },
    /// Something broke on this machine: nothing else about it now.
    Trouble {
        /// Number of the service case.
        case: i64,
    },
    /// This computer's clock went back a short while ago: until it has run steadily, it is not believed.
    ClockInDoubt,
    /// The customer wants no such messages on this medium.
    OptedOut,
    /// A case has one reminder, never two.
    Reminded,
    /// A job has one follow-up, never two.
    FollowedUp,
    /// The customer is displeased: a person speaks first.
    Displeased {
        /// How far it has gone.
        stage: CustomerStage,
    },
    /// The customer is in the hands of a named person: automation is silent.
    Silent,
}

impl Reason {
    /// Closed-set label for metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::QuietHours => "quiet_hours",
            Self::Weekend => "weekend",
            Self::Holiday => "holiday",
            Self::MachineCap { .. } => "machine_cap",
            Self::CustomerCap { .. } => "customer_cap",
            Self::NotNow => "not_now",
            Self::OpenCase { .. } => "open_case",
            Self::Alongside { .. } => "alongside",
            Self::Trouble { .. } => "trouble",
            Self::ClockInDoubt => "clock_in_doubt",
            Self::OptedOut => "opted_out",
            Self::Reminded => "reminded",
            Self::FollowedUp => "followed_up",
            Self::Displeased { .. } => "stage",
            Self::Silent => "silent",
        }
    }
}

/// The governor's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// May go out now.
    Send,
    /// Not before then; asked again at that time.
    Hold {
        /// The earliest time that may do.
        until: Timestamp,
        /// What holds it longest.
        reason: Reason,
    },
    /// Never.
    Drop {
        /// Why.
        reason: Reason,
    },
}

/// Judges one request. Of several reasons to wait, the one that lasts longest is named.
#[must_use]
pub fn judge(policy: &Policy, calendar: &Calendar, past: &Past, request: Request, now: Timestamp) -> Verdict {
    if let Some(reason) = never(past, request) {
        return Verdict::Drop { reason };
    }
    let hours = if request.kind.is_about_trouble() { Hours::Any } else { request.hours };
    let longest = waits(policy, past, request, now).into_iter().filter(|(until, _)| *until > now);
    let longest = longest.max_by_key(|(until, _)| *until);
    let open = |t| hours.next(calendar, t);
    let closed = match calendar.closed(now) {
        _ if open(now) <= now => None,
        _ if hours == Hours::Waking => Some(Reason::QuietHours),
        Some(Closed::Holiday) => Some(Reason::Holiday),
        Some(Closed::Weekend) => Some(Reason::Weekend),
        Some(Closed::Hours) | None => Some(Reason::QuietHours),
    };
    match (longest, closed) {
        (Some((until, reason)), _) => Verdict::Hold { until: open(until), reason },
        (None, Some(reason)) => Verdict::Hold { until: open(now), reason },
        (None, None) => Verdict::Send,
    }
}

/// Why a request can never be granted.
fn never(past: &Past, request: Request) -> Option<Reason> {
    match (past.stage, request.kind) {
        (_, kind) if past.opted_out && kind.heeds_opt_out() => Some(Reason::OptedOut),
        (Some(CustomerStage::Escalation), _) => Some(Reason::Silent),
        (Some(stage), kind) if stage >= CustomerStage::OpenGrumbling && kind.is_proactive() => {
            Some(Reason::Displeased { stage })
        }
        (_, Kind::Reminder) if past.reminders > 0 => Some(Reason::Reminded),
        (_, Kind::FollowUp) if past.follow_ups > 0 => Some(Reason::FollowedUp),
        _ => None,
    }
}

/// Everything that a request has to wait for, with the time when it ends.
fn waits(policy: &Policy, past: &Past, request: Request, now: Timestamp) -> Vec<(Timestamp, Reason)> {
    let mut waits = Vec::new();
    // A clock in doubt endangers caps, silences and quiet hours, none of which holds word of a machine that broke; and its case says
    // of each word whether it was told.
    if request.kind.is_about_trouble() {
        return waits;
    }
    if let Some(until) = past.doubtful_until {
        waits.push((until, Reason::ClockInDoubt));
    }
    // Nobody knows when a case ends: asked again a day later.
    if let Some(case) = past.trouble {
        waits.push((now.plus_days(1.0), Reason::Trouble { case }));
    }
    // A visit that was booked is its own case's; what else is under way does not make its confirmation superfluous.
    if let Some(fault) = past.open_case.as_ref().filter(|_| request.kind != Kind::Confirmation) {
        waits.push((now.plus_days(1.0), Reason::OpenCase { fault: fault.clone() }));
    }
    if !request.kind.is_proactive() {
        return waits;
    }
    if let Some(until) = past.not_now_until {
        waits.push((until, Reason::NotNow));
    }
    if let (Kind::Invitation, Some(last)) = (request.kind, past.machine_last) {
        let days = policy.machine_gap_days;
        waits.push((last + i64::from(days) * DAY_MS, Reason::MachineCap { days }));
    }
    if let Some(until) = customer_cap(policy, &past.customer_sent) {
        let (messages, days) = (policy.customer_messages_max, policy.customer_span_days);
        waits.push((until, Reason::CustomerCap { messages, days }));
    }
    waits
}

/// When the customer's cap next allows a message: a span after the oldest of the last `max` ones.
fn customer_cap(policy: &Policy, sent: &[Timestamp]) -> Option<Timestamp> {
    let Some(oldest_that_counts) = policy.customer_messages_max.checked_sub(1) else { return Some(Timestamp::MAX) };
    let mut newest_first = sent.to_vec();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    newest_first.get(oldest_that_counts as usize).map(|t| *t + i64::from(policy.customer_span_days) * DAY_MS)
}
