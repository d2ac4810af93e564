//! What stands in the way of something that a person asked for. Whoever refuses names the obstacle; whoever speaks to people
//! words it in their language, so neither needs the other's sentences.

use std::fmt;

macro_rules! obstacles {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)+) => {
        /// Why something was not done as things stand.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Obstacle { $($(#[$doc])* $name,)+ }
        impl Obstacle {
            /// Every obstacle.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// Its code, for programs.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
            /// In plain English, for logs and for programs.
            const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

obstacles! {
    // The way to a visit.
    /// Nobody sets out so long before.
    TooEarly = "too_early", "it is more than a day away";
    /// Nobody is at a visit on another day.
    OtherDay = "other_day", "the visit is not today";
    /// The visit has not begun.
    NotBegun = "not_begun", "it has not begun";
    /// The visit has begun: only the advisor can change it now.
    Begun = "begun", "it has begun; call the advisor";
    /// Somebody has arrived.
    SomebodyThere = "somebody_there", "somebody is there already";
    /// Nobody has set out.
    NotSetOut = "not_set_out", "nobody has set out";
    /// Nobody is on the way.
    NobodyOnTheWay = "nobody_on_the_way", "nobody is on the way";
    /// Nobody has arrived.
    NobodyOnSite = "nobody_on_site", "nobody is on site";
    /// A way that nobody ended.
    WayTooLong = "way_too_long", "the way has taken too long; set out anew";
    /// Degrees that are none.
    NoPlace = "no_place", "this is no place on Earth";
    // The visit itself.
    /// Nothing is booked.
    NoVisit = "no_visit", "no visit is booked";
    /// Its work was done.
    VisitDone = "visit_done", "the visit is done";
    /// It did not take place.
    VisitMissed = "visit_missed", "the visit did not take place";
    /// It was called off.
    VisitCancelled = "visit_cancelled", "the visit was called off";
    /// It is at another time now than whoever wants to change it has seen.
    Moved = "moved", "the visit was moved meanwhile; look at the page again";
    /// Somebody else took the time, or it has passed.
    SlotTaken = "slot_taken", "this time is no longer free";
    /// A time that lies in the past.
    TimePassed = "time_passed", "the time given has passed";
    /// A time so far ahead that nobody plans for it: a slip of the keyboard.
    TooFar = "too_far", "the time given is too far ahead";
    /// A time at which no visit begins or ends, e.g. at night or on a Sunday, that nobody said was agreed.
    OddHour = "odd_hour", "visits are from 07:00 to 19:00, Monday to Saturday; confirm that this time was agreed with the customer";
    /// A point of the checklist is neither done nor explained.
    ChecklistGap = "checklist_gap", "a point of the checklist is neither done nor explained; do it or say why it was left out";
    /// Parts that the depot does not hold; how many of which, as `60 x bearing_grease, 2 x oil_filter`, is what it is about.
    PartsNotInStock = "parts_not_in_stock", "the depot does not hold these parts";
    /// What was found is not said.
    FoundMissing = "found_missing", "what was found is not said";
    /// Nobody has said what was done.
    NoReport = "no_report", "nobody has said yet what was done";
    /// A text in a language that its reader does not read.
    OtherLanguage = "other_language", "the customer does not read this language";
    /// Nothing of the kind was entered, or it can no longer be taken back.
    NothingToTakeBack = "nothing_to_take_back", "there is nothing to take back, or it is too late for that";
    /// A regular service has no forecast to judge.
    NothingForecast = "nothing_forecast", "a service by running hours forecasts nothing";
    /// The other fault that was found is the one that was forecast.
    IsForecast = "is_forecast", "what was forecast was found: that is `confirmed`";
    /// No number of minutes; what was typed, is what it is about.
    MinutesInvalid = "minutes_invalid", "this is no number of minutes from 1 to 1440";
    // Where an advisory stands.
    /// It stays inside the company.
    CaseInternal = "case_internal", "the case stays inside the company";
    /// Its letter and its visit are those of another machine of the site; which, is what it is about.
    CaseGoesAlong = "case_goes_along", "it goes with another machine's letter and visit";
    /// It waits for the advisor.
    CaseDraft = "case_draft", "the case waits for the advisor's approval";
    /// It is put off.
    CasePostponed = "case_postponed", "the case is postponed";
    /// Its message is approved.
    CaseQueued = "case_queued", "the message is approved already";
    /// Its message has gone out.
    CaseContacted = "case_contacted", "the message has gone out";
    /// A call is due.
    CaseCall = "case_call", "the customer is to be called";
    /// The customer does not want it now.
    CaseNotNow = "case_not_now", "the customer said not now";
    /// A visit is booked.
    CaseBooked = "case_booked", "a visit is booked";
    /// The work was done.
    CaseDone = "case_done", "the work is done";
    /// There is nothing more to do.
    CaseCleared = "case_cleared", "the case is closed";
    /// Somebody changed it in the meantime.
    Stale = "stale", "it has changed since you opened it; look at it again and decide then";
    // Messages.
    /// It is known what became of a message.
    DeliveryKnown = "delivery_known", "what became of the message is known";
    /// A link that was never given out or was taken back.
    LinkClosed = "link_closed", "its link opens nothing";
    /// An edited text names times that are gone.
    TimesGone = "times_gone", "the times in the edited text are no longer free; edit it";
    /// An edited text has figures that are no longer so.
    FiguresMoved = "figures_moved", "the forecast has moved since the text was edited; edit it";
    /// Not two times are left to offer.
    FewTimes = "few_times", "fewer than two times are free in the coming weeks; call";
    /// It joins a case that is talked about on the telephone.
    NoLetterGoesOut = "no_letter_goes_out", "no letter goes out about it: the call that is next is about both";
    /// There is no message in the case.
    NothingWritten = "nothing_written", "nothing was written in this case";
    /// The template or what came of it has a fault; which, is what it is about.
    TextBroken = "text_broken", "the message could not be written";
    /// A message is on its way at this moment.
    Sending = "sending", "a message to them is on its way at this moment; try again in a minute";
    /// Nothing was said that waits to be read.
    NothingHeard = "nothing_heard", "nothing in it waits to be noted";
    /// The customer has no address; which customer, is what it is about.
    NoRoute = "no_route", "the customer has no address on any channel in use; call instead";
    /// Whether a message arrived is not said.
    ArrivalMissing = "arrival_missing", "whether it arrived is not said";
    /// A subject or a text is empty or too long.
    MessageLength = "message_length", "a message needs a subject of 1 to 200 and a text of 1 to 8,000 characters";
    // What is registered.
    /// No customer of a site; which site, is what it is about.
    NoCustomer = "no_customer", "no customer is registered for the site";
    /// What was personal is gone; of whom, is what it is about.
    Erased = "erased", "what was personal about the customer was erased";
    /// A machine nobody registered; which, is what it is about.
    MachineUnregistered = "machine_unregistered", "the machine is not registered: what does the customer call it?";
    /// An advisor nobody registered; who, is what it is about.
    AdvisorUnregistered = "advisor_unregistered", "the advisor is not registered";
    /// There is no such machine; which was named, is what it is about.
    NoMachine = "no_machine", "there is no such machine";
    /// A depot nobody registered; which was named, is what it is about.
    NoDepot = "no_depot", "there is no such depot";
    /// A kind of part that no work takes and no shelf holds; which was named, is what it is about.
    NoPart = "no_part", "there is no such part";
    /// No count of pieces; what was typed, is what it is about.
    CountInvalid = "count_invalid", "this is no count of pieces from 0 to 100000";
    // What customers wish.
    /// Hours that are none; why, is what it is about.
    HoursInvalid = "hours_invalid", "these hours cannot be kept";
    /// Messages that were not stopped.
    NotStopped = "not_stopped", "they were not stopped";
    // What is missing in what was sent.
    /// Whoever should take a customer over has them already.
    AlreadyTheirs = "already_theirs", "that advisor looks after the customer already";
    /// A reason.
    WhyMissing = "why_missing", "say why; whoever takes over must know";
    /// Who takes a customer over whom automation leaves alone.
    PersonMissing = "person_missing", "name the advisor who takes over; at this stage nothing is sent by itself";
    /// On whose word.
    WordMissing = "word_missing", "say on whose word; only the customer may undo it";
    /// A word of explanation.
    ExplanationMissing = "explanation_missing", "a word of explanation is needed";
    /// What comes of a call.
    OutcomeMissing = "outcome_missing", "what comes of the call is not known";
    /// The key that stands for a customer, to show that it is meant.
    KeyWrong = "key_wrong", "what was typed is not the customer's key; nothing was erased";
    /// A date and a time.
    WhenMissing = "when_missing", "a date and a time are needed";
    /// Days outside what is allowed.
    PostponeDays = "postpone_days", "postponing needs 1 to 90 days";
    // Service cases.
    /// It is closed.
    CaseClosed = "case_closed", "the service case is closed";
    /// The machine has another open case, which goes on.
    OtherCaseOpen = "other_case_open", "the machine has another open case";
    /// It is closed on its own page.
    ChecklistNeeded = "checklist_needed", "a case is closed with its checklist";
    // Templates and pictures.
    /// Somebody else changed it.
    TemplateChanged = "template_changed", "somebody else changed it since you opened it; look at it again";
    /// Its preview says what is wrong.
    TemplateFaulty = "template_faulty", "the template has faults; the preview says which";
    /// There are enough; how many, is what it is about.
    PhotosFull = "photos_full", "there are as many photos as there may be; delete one first";
    /// There is none.
    PhotoMissing = "photo_missing", "there is no photo in the form";
    /// A file of another kind.
    PhotoKind = "photo_kind", "only JPEG and PNG pictures are taken";
    /// Too many bytes or points.
    PhotoTooLarge = "photo_too_large", "a picture may have 12 MB and 30 million pixels";
    /// Too few points.
    PhotoTooSmall = "photo_too_small", "the picture is too small to show anything";
    /// It cannot be read.
    PhotoDamaged = "photo_damaged", "the picture is damaged";
}

impl Obstacle {
    /// Whether what was sent is lacking, so that sending it mended helps; else things themselves stand in the way.
    #[must_use]
    pub const fn is_of_form(self) -> bool {
        matches!(
            self,
            Self::ChecklistGap
                | Self::PartsNotInStock
                | Self::FoundMissing
                | Self::MinutesInvalid
                | Self::ArrivalMissing
                | Self::MessageLength
                | Self::NoMachine
                | Self::NoDepot
                | Self::NoPart
                | Self::CountInvalid
                | Self::WhyMissing
                | Self::PersonMissing
                | Self::WordMissing
                | Self::ExplanationMissing
                | Self::OutcomeMissing
                | Self::KeyWrong
                | Self::WhenMissing
                | Self::PostponeDays
                | Self::ChecklistNeeded
                | Self::TemplateFaulty
                | Self::PhotoMissing
                | Self::PhotoKind
                | Self::PhotoTooLarge
                | Self::PhotoTooSmall
                | Self::PhotoDamaged
        )
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// An obstacle with what it is about, where it is about something of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What stands in the way.
    pub why: Obstacle,
    /// What it is about, as [`Obstacle`] says; else empty.
    pub about: String,
}

impl Objection {
    /// An obstacle with what it is about.
    pub fn about(why: Obstacle, about: impl Into<String>) -> Self {
        Self { why, about: about.into() }
    }
}

impl From<Obstacle> for Objection {
    fn from(why: Obstacle) -> Self {
        Self { why, about: String::new() }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about.as_str() {
            "" => write!(f, "{}", self.why),
            about => write!(f, "{} ({about})", self.why),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_obstacle_has_a_code_and_a_sentence_of_its_own() {
        let codes: BTreeSet<&str> = Obstacle::ALL.iter().map(|why| why.code()).collect();
        let texts: BTreeSet<String> = Obstacle::ALL.iter().map(ToString::to_string).collect();
        assert_eq!((codes.len(), texts.len()), (Obstacle::ALL.len(), Obstacle::ALL.len()));
        let is_code = |code: &&str| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert_eq!(codes.iter().find(|code| !is_code(code)), None);
    }

    #[test]
    fn what_it_is_about_is_said_behind_it() {
        let check = |objection: Objection, expected: &str| assert_eq!(objection.to_string(), expected);
        check(Obstacle::NoVisit.into(), "no visit is booked");
        check(
            Objection::about(Obstacle::PartsNotInStock, "60 x bearing_grease"),
            "the depot does not hold these parts (60 x bearing_grease)",
        );
    }
}
