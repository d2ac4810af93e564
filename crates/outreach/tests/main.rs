//! What the service side does, through its public face: one program, because linking each file by itself took longer than
//! running them all. A file joins the list below, or a test of the repository's form says that it is never run.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod arrange;
mod beside_letter;
mod contract;
mod crash;
mod crews;
mod desk;
mod due;
mod earlier;
mod editor;
mod edits;
mod fates;
mod finished;
mod flow;
mod found_nothing;
mod governor;
mod handover;
mod hands;
mod heard;
mod invitation;
mod joining;
mod joint;
mod joint_broken;
mod journey;
mod kill;
mod letters;
mod lives;
mod managers;
mod mistakes;
mod new_owner;
mod opt_out;
mod outbox;
mod personal;
mod plans;
mod rivals;
mod support;
mod taps;
mod texts;
mod trouble;
mod ways;
mod webhook;
mod words;
mod worked;
mod year;
