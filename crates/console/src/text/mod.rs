//! Everything the pages say, in both languages: a table of fixed words, names for codes, and sentences with figures.

// First: the table's macro serves `desk` too.
#[macro_use]
mod words;

mod access;
mod bound;
mod breaches;
mod casework;
mod codes;
pub(crate) mod desk;
mod due;
mod effects;
pub(crate) mod field;
mod figures;
mod findings;
mod intake;
mod joins;
mod learning;
pub(crate) mod letters;
mod noted;
mod obstacles;
mod offline;
mod parts;
mod phrases;
mod plans;
mod promises;
mod readout;
mod record;
mod stage;
mod taps;
mod verdicts;
mod works;
mod zones;

pub(crate) use access::{Words as AccessWords, happened, refused, role, role_hint, who_may, words as access};
pub(crate) use bound::{bind_all, bound_page};
pub(crate) use breaches::breach;
pub(crate) use casework::{
    has_it_taken_place, lost_because, not_sent_yet, progress, quiet_until, remark, season_until, told_of_case,
    visit_was, when, your_wish,
};
use codes::look_up;
pub(crate) use codes::{
    channel, feature, governor_reason, is_momentary, kind_label, medium, part, refusal_reason, signal, standing_label,
};
pub(crate) use due::{counter_figures, due_unreported, hours_unit, interval, interval_full, is_time};
pub(crate) use figures::{
    celsius, change, duration, hour_figures, large, limit, month, month_short, number, percent, share, temperature,
    weekday, weekday_short, window, window_days, with_unit,
};
pub(crate) use findings::{certainty, fault, kind_sentence, kind_sentence_at, prediction_sentence};
pub(crate) use intake::{clock_off, ingest_headline, log_line, store_line, webhook_fails};
pub(crate) use joins::joins;
pub(crate) use learning::{learning, learning_anew};
pub(crate) use noted::{intake_fault, refusal_detail, undelivered};
pub(crate) use obstacles::{objection, refusal};
pub(crate) use offline::{broken_down, offline};
pub(crate) use parts::{clean_in_part, not_seen};
pub(crate) use phrases::{
    ago, all_of_standing, card_state, confirmation_waits, cooler_loss, evidence_line, fleet_headline, fleet_subline,
    governor, hidden_by, hours_count, in_days, listed, machines_count, never_sent, period, probability_before_slot,
    probability_of_limit, queue_headline, queue_line, readings_summary, report_summary, said, stood_last, stood_on,
    truth_line, untold, was, with_remark, within_days,
};
pub(crate) use readout::{cone_figures, cone_words, day_figures, day_words, mark_line};
pub(crate) use record::{happening, sign, who};
pub(crate) use taps::{Below, tap_refused};
pub(crate) use words::{Words, words};
pub(crate) use works::{capitalised, proposal, proposal_detail, visit_change, work_done, work_listed, work_looked_at};
pub(crate) use zones::zone;
