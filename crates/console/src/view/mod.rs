//! What the pages show, as plain structs: the server fills them, the pages only lay them out.
//!
//! Every instant is UTC in here; a page turns it into the site's or the customer's civil time by the `zone` beside it.
//! Every text that a person outside reads arrives in that person's language; everything else is a code that
//! the pages put into words.

mod advisory;
mod after;
mod booking;
mod calendar;
mod cases;
mod curve;
mod customer;
mod field;
mod fleet;
mod guest;
mod health;
mod ingest;
mod machine;
mod planning;
mod record;
mod reply;
mod sent;
mod template;
mod unread;

/// What outreach and the pages speak of alike.
pub use foretell_model::{FaultPrecision, Found, Remark, Reply, TemplateFault, Timer, TimerState, VisitState};

pub use advisory::{
    AdvisorAct, AdvisoryCard, AdvisoryState, Contact, Customer, Draft, Governor, Joins, OtherMachine, PartAtHand,
    Queue, Slot, Speaker, Unsent,
};
pub use after::{AfterCall, AfterCancelling};
pub use booking::{BookingAct, BookingPage, BookingState, LetterTimes, Person, Proposal, Stops, Visit};
pub use calendar::{CalendarOffer, CalendarRow, CalendarVisit, VisitCalendar};
pub use cases::{
    BrokenMachine, CHECKLIST, CaseAct, CaseDesk, CasePage, CaseReport, Choice, Progress, RecordLine, Sent, ServiceCase,
    UnsettledWord,
};
pub use curve::{ConePoint, Counter, Curve, DayPoint, Mark, MarkKind, Reached};
pub use customer::{
    BookedVisit, ContactPerson, CustomerAct, CustomerLine, CustomerPage, Customers, Medium, OwnMachine, StageChange,
};
pub use field::{
    Arrival, Colleague, Comer, EarlierVisit, Errand, FieldAct, FoundThere, PartToBring, PhotoOf, PhotoView, Task,
    TaskInFull, VisitChange, VisitDay, VisitLine, VisitPage, Way,
};
pub use fleet::{Fleet, Health, HiddenBy, MachineSummary, Offline, OfflineWhy, OpenAdvisory};
pub use guest::{GuestCase, GuestChoice, GuestPage, GuestReport, GuestTask, GuestVisit};
pub use health::{HealthReport, JobDone, JobPhoto, StandingOf};
pub use ingest::{
    HistoryStore, IngestStatus, MachineClock, QuarantineQuery, RefusalCount, SourceStatus, StoreState, WebhookStatus,
};
pub use machine::{Baseline, Estimate, HourPoint, MachineDetail, MachineName};
pub use planning::{Band, DelayLine, Hit, Hits, PartPlan, Planning, StockCount, Verdict, WeekPlan};
pub use record::{Record, RecordEntry, RecordQuery};
pub use reply::{ReplyTaken, Signed};
pub use sent::{Delivery, Written};
pub use template::{
    TemplateChange, TemplateExample, TemplateLayer, TemplateLine, TemplatePage, TemplatePreview, TemplateText,
};
pub use unread::{LooseReply, UntoldLine, UntoldOf};
