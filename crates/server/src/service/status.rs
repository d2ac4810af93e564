//! What machines' controllers and gateways say about their own connection: births and deaths of Sparkplug, wills, the
//! contract's status topic.
//!
//! Event time decides, as everywhere: of two words the later one holds, whenever they arrived, and a reading taken after a
//! machine went off line shows that it is back. But a will carries the time at which it was written, when the machine connected:
//! a word that a machine is gone counts at the earliest from what was heard of the machine before it.

use std::collections::BTreeMap;

use foretell_console::view::{Offline, OfflineWhy};
use foretell_model::{MINUTE_MS, MachineId, Timestamp};

/// A machine that was silent for longer is taken for off line, whatever it said.
const SILENT_MS: i64 = 15 * MINUTE_MS;

/// The last word about a machine's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// When, by the time of the event.
    pub at: Timestamp,
    /// Whether it is on line since.
    pub online: bool,
}

/// The last word about each machine that ever said one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statuses(BTreeMap<MachineId, Told>);

impl Statuses {
    /// Notes a word, with when the machine's newest reading was measured that stands before it on the log. An earlier word than
    /// the last changes nothing, unless it says that the machine is gone; of two at one instant the one that stands later on
    /// the log holds.
    pub(super) fn note(&mut self, machine: &MachineId, mut told: Told, last_reading: Option<Timestamp>) {
        if !told.online {
            let heard = self.of(machine).map(|last| last.at).max(last_reading);
            told.at = told.at.max(heard.unwrap_or(told.at));
        }
        match self.0.get_mut(machine) {
            Some(last) if told.at < last.at => {}
            Some(last) => *last = told,
            None => _ = self.0.insert(machine.clone(), told),
        }
    }

    /// The last word about a machine.
    pub(super) fn of(&self, machine: &MachineId) -> Option<Told> {
        self.0.get(machine).copied()
    }

    /// Machines whose last word was that they are off line, with when.
    pub(super) fn offline(&self) -> impl Iterator<Item = (&MachineId, Timestamp)> {
        self.0.iter().filter(|(_, told)| !told.online).map(|(machine, told)| (machine, told.at))
    }

    /// A line for each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let word = |online| if online { "online" } else { "offline" };
        self.0.iter().map(move |(machine, told)| format!("{machine} {} {}", told.at.millis(), word(told.online)))
    }

    /// Takes up a line of [`Statuses::lines`]; `None` when it is none.
    pub(super) fn note_line(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let machine = MachineId::parse(words.next()?).ok()?;
        let at = Timestamp::from_millis(words.next()?.parse().ok()?);
        let online = match words.next()? {
            "online" => true,
            "offline" => false,
            _ => return None,
        };
        self.note(&machine, Told { at, online }, None);
        Some(())
    }
}

/// Why and since when a machine is off line; `None` while it is on line. `last_reading` is when its newest reading was measured.
pub(super) fn offline(told: Option<Told>, last_reading: Option<Timestamp>, now: Timestamp) -> Option<Offline> {
    if let Some(Told { at, online: false }) = told
        && last_reading.is_none_or(|last| last <= at)
    {
        return Some(Offline { since: Some(at), why: OfflineWhy::Said });
    }
    let heard = told.filter(|told| told.online).map(|told| told.at).max(last_reading);
    let silent = heard.is_none_or(|heard| now - heard > SILENT_MS);
    silent.then_some(Offline { since: last_reading, why: OfflineWhy::Silent })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times in minutes, in the order of the log; a word is `on@5` or `off@5`, a reading `at@5`. The newest reading may stand
    /// later on the log.
    fn check(words: &[&str], last_reading: Option<i64>, now: i64, expected: &str) {
        let at = |minute: i64| Timestamp::from_millis(minute * MINUTE_MS);
        let (machine, mut statuses) = (MachineId::new("s", "m").unwrap(), Statuses::default());
        let mut read = None;
        for word in words {
            let (word, minute) = word.split_once('@').unwrap();
            let minute = at(minute.parse().unwrap());
            match word {
                "at" => read = read.max(Some(minute)),
                _ => statuses.note(&machine, Told { at: minute, online: word == "on" }, read),
            }
        }
        let found = offline(statuses.of(&machine), last_reading.map(at), at(now)).map_or("on line".into(), |offline| {
            let since = offline.since.map_or("ever".into(), |since| (since.millis() / MINUTE_MS).to_string());
            format!("{} since {since}", offline.why.name())
        });
        assert_eq!(found, expected, "{words:?}, last reading {last_reading:?}, at {now}");
        let mut again = Statuses::default();
        statuses.lines().for_each(|line| again.note_line(&line).unwrap());
        assert_eq!(again, statuses);
    }

    #[test]
    fn the_later_word_holds_and_readings_speak_for_themselves() {
        check(&[], Some(10), 12, "on line");
        check(&[], Some(10), 26, "silent since 10");
        check(&[], None, 26, "silent since ever");
        check(&["off@11"], Some(10), 12, "said since 11");
        check(&["off@11"], Some(10), 500, "said since 11");
        check(&["off@10"], Some(10), 12, "said since 10");
        // It speaks again.
        check(&["off@11"], Some(12), 12, "on line");
        check(&["off@11", "on@12"], Some(10), 12, "on line");
        // A word that comes late is an earlier word, but a will was written when the machine came.
        check(&["off@12", "on@11"], Some(10), 12, "said since 12");
        check(&["on@12", "off@11"], Some(10), 12, "said since 12");
        check(&["on@12", "at@14", "off@11"], Some(14), 15, "said since 14");
        check(&["on@12", "at@14", "off@11"], Some(16), 16, "on line");
        check(&["off@11", "on@11"], Some(10), 12, "on line");
        check(&["on@11", "off@11"], Some(10), 12, "said since 11");
        // Born but silent: it may still be about to speak, but not for ever.
        check(&["on@20"], Some(10), 30, "on line");
        check(&["on@20"], Some(10), 36, "silent since 10");
    }

    #[test]
    fn what_is_no_line_is_not_taken() {
        for line in ["", "s/m", "s/m 5", "s/m x online", "s/m 5 up", "s 5 online"] {
            assert_eq!(Statuses::default().note_line(line), None, "{line}");
        }
    }
}
