//! The contact governor ("constant temperature"): whether one message may go out now. Pure: it is told the time and the
//! past, and answers with a reason that a person understands.
//!
//! Enthusiasm beyond need drives customers away, so the caps hold for urgent messages too; an advisor who must speak
//! sooner calls. Reminders belong to the contact they remind of: the machine's cap does not count them, the customer's does.

use foretell_model::{DAY_MS, Timestamp};

use crate::calendar::Calendar;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The first message of a case.
    Invitation,
    /// The one reminder of a case.
    Reminder,
}

impl Kind {
    /// Its name in the store and in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reminder => "reminder",
        }
    }

    /// The kind of a name; everything unknown is an invitation, the stricter of the two.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        if name == "reminder" { Self::Reminder } else { Self::Invitation }
    }
}

/// What asks to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// First message or reminder.
    pub kind: Kind,
    /// Days rather than weeks are left.
    pub urgent: bool,
}

/// What counts of the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// When the last invitation about this machine went out.
    pub machine_last: Option<Timestamp>,
    /// When messages of any kind went to this customer; older ones than the span do no harm.
    pub customer_sent: Vec<Timestamp>,
    /// Reminders already sent in this case.
    pub reminders: u32,
    /// Whether the customer wants no such messages on this medium.
    pub opted_out: bool,
    /// The customer asked for silence about this machine until then.
    pub not_now_until: Option<Timestamp>,
    /// Another case about this machine that is still under way.
    pub open_case: Option<String>,
}

/// Why a message waits or is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Evening, night, weekend or holiday at the customer's.
    QuietHours,
    /// This machine was written about a short while ago.
    MachineCap,
    /// This customer received enough messages lately.
    CustomerCap,
    /// The customer asked for silence until then.
    NotNow,
    /// Another case about this machine is under way.
    OpenCase(String),
    /// The customer wants no such messages on this medium.
    OptedOut,
    /// A case has one reminder, never two.
    Reminded,
}

impl Reason {
    /// Closed-set label for metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::QuietHours => "quiet_hours",
            Self::MachineCap => "machine_cap",
            Self::CustomerCap => "customer_cap",
            Self::NotNow => "not_now",
            Self::OpenCase(_) => "open_case",
            Self::OptedOut => "opted_out",
            Self::Reminded => "reminded",
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
        /// Why it waits.
        reason: Reason,
    },
    /// Never.
    Drop {
        /// Why.
        reason: Reason,
    },
}

impl Verdict {
    /// One sentence for the record and the advisor's card, in the customer's local time.
    #[must_use]
    pub fn explain(&self, calendar: &Calendar, policy: &Policy) -> String {
        let why = |reason: &Reason| match reason {
            Reason::QuietHours => "quiet hours".to_owned(),
            Reason::MachineCap => {
                format!("one message per machine in {} days", policy.machine_gap_days)
            }
            Reason::CustomerCap => {
                let (n, days) = (policy.customer_messages_max, policy.customer_span_days);
                format!("{n} messages per customer in {days} days")
            }
            Reason::NotNow => "the customer said not now".to_owned(),
            Reason::OpenCase(case) => format!("another case on this machine is under way ({case})"),
            Reason::OptedOut => "the customer wants no such messages on this channel".to_owned(),
            Reason::Reminded => "one reminder was sent already".to_owned(),
        };
        match self {
            Self::Send => "may go out now".to_owned(),
            Self::Hold { until, reason } => {
                format!("held until {}: {}", calendar.local(*until).format("%A %-d %B %H:%M"), why(reason))
            }
            Self::Drop { reason } => format!("dropped: {}", why(reason)),
        }
    }
}

/// Judges one request. Of several reasons to wait, the one that lasts longest is named.
#[must_use]
pub fn judge(policy: &Policy, calendar: &Calendar, past: &Past, request: Request, now: Timestamp) -> Verdict {
    if past.opted_out {
        return Verdict::Drop { reason: Reason::OptedOut };
    }
    if request.kind == Kind::Reminder && past.reminders > 0 {
        return Verdict::Drop { reason: Reason::Reminded };
    }
    let mut waits = Vec::new();
    if let Some(case) = &past.open_case {
        waits.push((now.plus_days(1.0), Reason::OpenCase(case.clone())));
    }
    if let Some(until) = past.not_now_until {
        waits.push((until, Reason::NotNow));
    }
    if let (Kind::Invitation, Some(last)) = (request.kind, past.machine_last) {
        waits.push((last + i64::from(policy.machine_gap_days) * DAY_MS, Reason::MachineCap));
    }
    if let Some(until) = customer_cap(policy, &past.customer_sent) {
        waits.push((until, Reason::CustomerCap));
    }
    let longest = waits.into_iter().filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until);
    let open = |t| if request.urgent { t } else { calendar.next_open(t) };
    match longest {
        Some((until, reason)) => Verdict::Hold { until: open(until), reason },
        None if open(now) > now => Verdict::Hold { until: open(now), reason: Reason::QuietHours },
        None => Verdict::Send,
    }
}

/// When the customer's cap next allows a message: a span after the oldest of the last `max` ones.
fn customer_cap(policy: &Policy, sent: &[Timestamp]) -> Option<Timestamp> {
    let Some(oldest_that_counts) = policy.customer_messages_max.checked_sub(1) else { return Some(Timestamp::MAX) };
    let mut newest_first = sent.to_vec();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    newest_first.get(oldest_that_counts as usize).map(|t| *t + i64::from(policy.customer_span_days) * DAY_MS)
}
