//! How far each machine's clock is from ours.
//!
//! A reading's delay (arrival minus time stamp) is the clocks' difference plus whatever the way took, and buffering only ever
//! adds. So the least delay of each minute of arrival is kept, and the median over the last nine such minutes is the estimate:
//! a backlog beside live readings does not move it, nor does a single wrong stamp. Pure: arrivals tell the time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foretell_model::{Event, HOUR_MS, MINUTE_MS, MachineId, Timestamp};

/// Minutes whose least delays are kept of each machine.
const MINUTES: usize = 9;

/// Machines that are kept; identities pass admission first, so this is a bound against mistakes.
const MACHINES_MAX: usize = 200_000;

/// The same of machines of which nothing was ever taken. Whoever may speak for a whole site can make up names without end.
const STRANGERS_MAX: usize = 10_000;

/// Readings that are later than this are a backlog, milliseconds.
const BACKLOG_MS: i64 = 60 * MINUTE_MS;

/// Who was heard within this counts when our own clock is judged, milliseconds.
const HEARD_WITHIN_MS: i64 = 15 * MINUTE_MS;

/// So many machines must be refused before our own clock is suspected.
const SUSPECT_MIN: usize = 3;

/// Readings that are taken show our own clock ahead when they are later than this, milliseconds.
const LATE_MS: i64 = HOUR_MS;

/// For so many minutes of arrival, one after the other, and with so little between them, milliseconds: a backlog comes nearer to the
/// present, and whoever delivers in parcels is now late and now less so.
const STEADY_MINUTES: usize = 3;
const STEADY_MS: i64 = MINUTE_MS;

/// One machine's clock beside ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockSkew {
    /// Whose.
    pub machine: MachineId,
    /// How far its clock is behind ours, milliseconds; negative when it is ahead. Delivering late looks the same as a clock
    /// that is behind.
    pub behind_ms: i64,
    /// When it was last heard.
    pub heard: Timestamp,
    /// Items refused since the start because their stamps lay too far ahead.
    pub refused_ahead: u64,
}

/// Our own clock seems to be wrong: most machines agree against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnClock {
    /// By how much we seem to be behind, milliseconds, negative when ahead: the median of the machines that are refused for it.
    pub behind_ms: i64,
    /// Machines that are too far ahead of us now, or too far behind.
    pub against: usize,
    /// Machines heard of late.
    pub heard: usize,
}

/// Every machine's clock.
#[derive(Debug, Default)]
pub(crate) struct Skews(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Readings of these were taken.
    taken: HashMap<MachineId, Skew>,
    /// All that came from these was refused for its stamp.
    strangers: HashMap<MachineId, Skew>,
}

impl Known {
    fn taken(&mut self, machine: &MachineId) -> Option<&mut Skew> {
        if !self.taken.contains_key(machine) {
            let stranger = self.strangers.remove(machine);
            if self.taken.len() >= MACHINES_MAX {
                return None;
            }
            self.taken.insert(machine.clone(), stranger.unwrap_or(Skew::NEW));
        }
        self.taken.get_mut(machine)
    }

    fn refused(&mut self, machine: &MachineId) -> &mut Skew {
        if self.taken.contains_key(machine) {
            return self.taken.entry(machine.clone()).or_insert(Skew::NEW);
        }
        // Who is still there comes again, and finds room.
        if self.strangers.len() >= STRANGERS_MAX && !self.strangers.contains_key(machine) {
            self.strangers.clear();
        }
        self.strangers.entry(machine.clone()).or_insert(Skew::NEW)
    }

    /// Who was heard of late and is asked about our own clock. Strangers are, only where too few others can tell: else made-up
    /// names would outvote the machines that are there. Who sends a backlog says nothing of the time it is.
    fn heard(&self, now: Timestamp) -> Vec<&Skew> {
        let is_heard = |skew: &&Skew| now - skew.heard <= HEARD_WITHIN_MS;
        let mut heard: Vec<&Skew> = self.taken.values().filter(is_heard).collect();
        let tells = |skew: &&&Skew| skew.is_refused || skew.latest_ms() <= BACKLOG_MS;
        if heard.iter().filter(tells).count() < SUSPECT_MIN {
            heard.extend(self.strangers.values().filter(is_heard));
        }
        heard
    }
}

#[derive(Clone, Copy, Debug)]
struct Skew {
    least_ms: [i64; MINUTES],
    /// Minutes seen so far; the newest stands at `(minutes - 1) % MINUTES`.
    minutes: usize,
    minute: i64,
    heard: Timestamp,
    refused_ahead: u64,
    /// Whether the newest was refused for its stamp.
    is_refused: bool,
}

impl Skew {
    const NEW: Self = Self {
        least_ms: [0; MINUTES],
        minutes: 0,
        minute: i64::MIN,
        heard: Timestamp::MIN,
        refused_ahead: 0,
        is_refused: false,
    };

    fn note(&mut self, arrived: Timestamp, behind_ms: i64) {
        let minute = arrived.millis().div_euclid(MINUTE_MS);
        if self.minute != minute {
            (self.minute, self.minutes) = (minute, self.minutes + 1);
            self.least_ms[(self.minutes - 1) % MINUTES] = behind_ms;
        }
        let least = &mut self.least_ms[(self.minutes - 1) % MINUTES];
        *least = behind_ms.min(*least);
        self.heard = self.heard.max(arrived);
    }

    /// The least of the newest minute: a clock that stepped is judged by what it refuses now, not by what it refused before.
    fn latest_ms(&self) -> i64 {
        self.least_ms[self.minutes.saturating_sub(1) % MINUTES]
    }

    /// How late it is, if it has been equally late of late and all of it was taken.
    fn steady_ms(&self) -> Option<i64> {
        let newest = (1..=STEADY_MINUTES).map(|back| self.least_ms[self.minutes.saturating_sub(back) % MINUTES]);
        let (least_ms, most_ms) = (newest.clone().min()?, newest.max()?);
        let is_steady = self.minutes >= STEADY_MINUTES && most_ms - least_ms <= STEADY_MS;
        (is_steady && !self.is_refused).then_some(least_ms)
    }

    fn behind_ms(&self) -> i64 {
        let mut known = self.least_ms;
        let known = &mut known[..self.minutes.clamp(1, MINUTES)];
        known.sort_unstable();
        known[(known.len() - 1) / 2]
    }
}

impl Skews {
    /// Takes the delays of readings that were kept.
    pub(crate) fn note(&self, events: &[Event]) {
        let mut known = self.lock();
        for event in events {
            // Without a stamp of its own a reading says nothing about its clock.
            if let Event::Reading(reading) = event
                && reading.ts != reading.arrived
                && let Some(skew) = known.taken(&reading.machine)
            {
                skew.note(reading.arrived, reading.arrived - reading.ts);
                skew.is_refused = false;
            }
        }
    }

    /// Takes a stamp that was refused for lying so far ahead, or behind when negative.
    pub(crate) fn note_refused(&self, machine: &MachineId, arrived: Timestamp, ahead_ms: i64, items: u64) {
        let mut known = self.lock();
        let skew = known.refused(machine);
        skew.note(arrived, -ahead_ms);
        skew.is_refused = true;
        skew.refused_ahead += if ahead_ms > 0 { items } else { 0 };
    }

    /// Every machine that was heard, the furthest off first.
    pub(crate) fn all(&self) -> Vec<ClockSkew> {
        let known = self.lock();
        let mut all: Vec<ClockSkew> = known
            .taken
            .iter()
            .chain(&known.strangers)
            .map(|(machine, skew)| ClockSkew {
                machine: machine.clone(),
                behind_ms: skew.behind_ms(),
                heard: skew.heard,
                refused_ahead: skew.refused_ahead,
            })
            .collect();
        all.sort_by(|a, b| b.behind_ms.abs().cmp(&a.behind_ms.abs()).then_with(|| a.machine.cmp(&b.machine)));
        all
    }

    /// Whether most machines say that the wrong clock is ours.
    pub(crate) fn own_clock(&self, now: Timestamp) -> Option<OwnClock> {
        let known = self.lock();
        let heard = known.heard(now);
        let refused = || heard.iter().filter(|skew| skew.is_refused).map(|skew| skew.latest_ms());
        let (mut ahead, mut behind): (Vec<i64>, Vec<i64>) = refused().partition(|behind_ms| *behind_ms < 0);
        let against = if ahead.len() >= behind.len() { &mut ahead } else { &mut behind };
        if against.len() < SUSPECT_MIN || against.len() * 2 <= heard.len() {
            return None;
        }
        against.sort_unstable();
        Some(OwnClock { behind_ms: -against[against.len() / 2], against: against.len(), heard: heard.len() })
    }

    /// Whether most machines, though their readings are taken, say that our clock is ahead: all are equally late, and stay so.
    pub(crate) fn own_clock_ahead(&self, now: Timestamp) -> Option<OwnClock> {
        let known = self.lock();
        let heard = known.heard(now);
        let mut late: Vec<i64> = heard.iter().filter_map(|skew| skew.steady_ms()).filter(|ms| *ms >= LATE_MS).collect();
        late.sort_unstable();
        let behind_ms = *late.get(late.len() / 2)?;
        let against = late.iter().filter(|ms| (*ms - behind_ms).abs() <= STEADY_MS).count();
        let are_most = against >= SUSPECT_MIN && against * 2 > heard.len();
        are_most.then_some(OwnClock { behind_ms: -behind_ms, against, heard: heard.len() })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{DAY_MS, Quality, Reading, Signals};

    use super::*;

    fn machine(name: &str) -> MachineId {
        MachineId::new("s", name).unwrap()
    }

    fn reading(arrived_s: i64, behind_ms: i64) -> Event {
        let arrived = Timestamp::from_millis(1_782_900_000_000 + arrived_s * 1000);
        let (signals, ts) = (Signals::empty(), arrived + -behind_ms);
        Event::Reading(Reading { machine: machine("m"), ts, arrived, signals, state: None, quality: Quality::Good })
    }

    fn check(readings: impl Iterator<Item = (i64, i64)>, expected_ms: i64) {
        let skews = Skews::default();
        skews.note(&readings.map(|(arrived_s, behind_ms)| reading(arrived_s, behind_ms)).collect::<Vec<_>>());
        assert_eq!(skews.all()[0].behind_ms, expected_ms);
    }

    #[test]
    fn a_clock_is_measured_whatever_the_way_adds() {
        check((0..60).map(|n| (n * 10, 250)), 250);
        check((0..60).map(|n| (n * 10, -90_000 + n % 7 * 100)), -90_000);
        // A backlog of three days beside live readings.
        check((0..600).map(|n| (n, if n % 10 == 0 { 400 } else { 3 * DAY_MS - n * 1000 })), 400);
        // One wrong stamp in ten minutes.
        check((0..60).map(|n| (n * 10, if n == 30 { -500_000 } else { 400 })), 400);
        // A clock that was put right.
        check((0..120).map(|n| (n * 10, if n < 60 { -300_000 } else { 400 })), 400);
    }

    #[test]
    fn a_reading_without_a_stamp_of_its_own_says_nothing() {
        let skews = Skews::default();
        skews.note(&[reading(0, 0)]);
        assert_eq!(skews.all(), []);
    }

    #[test]
    fn our_clock_is_judged_by_what_it_refuses_now() {
        let begin = Timestamp::from_millis(1_782_900_000_000);
        // How far our clock stands ahead of the truth, and for how many minutes of truth, one after the other.
        for (steps, expected_ms) in [
            (&[(0, 20), (HOUR_MS, 8), (-HOUR_MS, 1)][..], HOUR_MS),
            (&[(0, 3), (3 * HOUR_MS, 3), (-2 * HOUR_MS, 3)], 2 * HOUR_MS),
            (&[(-2 * HOUR_MS, 20), (500 * DAY_MS, 1)], -500 * DAY_MS),
        ] {
            let (skews, mut minute, mut now) = (Skews::default(), 0, begin);
            for (ours_ms, minutes) in steps {
                for _ in 0..*minutes {
                    now = begin + (minute * MINUTE_MS + ours_ms);
                    for n in 0..20 {
                        skews.note_refused(&machine(&n.to_string()), now, -ours_ms, 1);
                    }
                    minute += 1;
                }
            }
            let expected = OwnClock { behind_ms: expected_ms, against: 20, heard: 20 };
            assert_eq!(skews.own_clock(now), Some(expected), "{steps:?}");
        }
    }

    #[test]
    fn one_fast_clock_is_the_machines_and_most_are_ours() {
        let now = Timestamp::from_millis(1_782_900_000_000);
        for (ahead_ms, refused_ahead) in [(3_600_000, 6), (-500 * DAY_MS, 0)] {
            let skews = Skews::default();
            skews.note(&[reading(0, 100)]);
            let ours = OwnClock { behind_ms: ahead_ms, against: 3, heard: 4 };
            for (machines, expected) in [(1, None), (2, None), (3, Some(ours))] {
                for n in 0..machines {
                    skews.note_refused(&machine(&n.to_string()), now, ahead_ms, 2);
                }
                assert_eq!(skews.own_clock(now), expected, "{machines}");
            }
            assert_eq!(skews.own_clock(now + DAY_MS), None);
            assert_eq!(skews.all()[0].refused_ahead, refused_ahead);
        }
    }

    #[test]
    fn made_up_names_outvote_nobody_and_take_no_room_without_end() {
        let (skews, now) = (Skews::default(), Timestamp::from_millis(1_782_900_000_000));
        let real = |n: usize| {
            let Event::Reading(reading) = reading(0, 100) else { unreachable!() };
            Event::Reading(Reading { machine: machine(&format!("real{n}")), ..reading })
        };
        skews.note(&(0..SUSPECT_MIN).map(real).collect::<Vec<_>>());
        for n in 0..2 * STRANGERS_MAX + 5 {
            skews.note_refused(&machine(&n.to_string()), now, HOUR_MS, 1);
        }
        assert_eq!((skews.own_clock(now), skews.own_clock_ahead(now)), (None, None));
        assert_eq!(skews.all().len(), SUSPECT_MIN + 5);
        // Those that send a backlog cannot tell the time, and then strangers are asked as well.
        let late = |n: usize| {
            let Event::Reading(reading) = reading(0, DAY_MS) else { unreachable!() };
            Event::Reading(Reading { machine: machine(&format!("late{n}")), ..reading })
        };
        let backlog = Skews::default();
        backlog.note(&(0..SUSPECT_MIN).map(late).collect::<Vec<_>>());
        for n in 0..2 * SUSPECT_MIN {
            backlog.note_refused(&machine(&n.to_string()), now, HOUR_MS, 1);
        }
        assert!(backlog.own_clock(now).is_some());
        // Those that are there are believed when they say so themselves.
        for n in 0..SUSPECT_MIN {
            skews.note_refused(&machine(&format!("real{n}")), now, HOUR_MS, 1);
        }
        let ours = OwnClock { behind_ms: HOUR_MS, against: SUSPECT_MIN, heard: SUSPECT_MIN };
        assert_eq!(skews.own_clock(now), Some(ours));
        assert_eq!(skews.all().len(), SUSPECT_MIN + 5);
    }

    /// What machines of some delays show, each of which grows by so much a minute.
    fn check_ahead(delays_ms: &[(i64, i64)], minutes: i64, expected: Option<(i64, usize)>) {
        let (skews, begin) = (Skews::default(), Timestamp::from_millis(1_782_900_000_000));
        for minute in 0..minutes {
            let arrived = begin + minute * MINUTE_MS;
            let reading = |(n, (late_ms, growth_ms)): (usize, &(i64, i64))| {
                let (ts, signals) = (arrived + -(late_ms + growth_ms * minute), Signals::empty());
                let machine = machine(&n.to_string());
                Event::Reading(Reading { machine, ts, arrived, signals, state: None, quality: Quality::Good })
            };
            skews.note(&delays_ms.iter().enumerate().map(reading).collect::<Vec<_>>());
        }
        let seen = skews.own_clock_ahead(begin + minutes * MINUTE_MS);
        let expected = expected.map(|(ms, against)| OwnClock { behind_ms: -ms, against, heard: delays_ms.len() });
        assert_eq!(seen, expected, "{delays_ms:?}");
    }

    #[test]
    fn machines_that_are_all_equally_late_show_our_clock_ahead() {
        const FAR_MS: i64 = 90 * DAY_MS;
        check_ahead(&[(FAR_MS + 200, 0), (FAR_MS + 900, 0), (FAR_MS, 0), (100, 0)], 3, Some((FAR_MS + 200, 3)));
        // Not yet; one of four alone; a backlog on its way; each late by a time of its own; a way that takes minutes.
        check_ahead(&[(FAR_MS, 0); 3], 2, None);
        check_ahead(&[(FAR_MS, 0), (0, 0), (0, 0), (0, 0)], 9, None);
        check_ahead(&[(FAR_MS, -10 * MINUTE_MS); 5], 9, None);
        check_ahead(&[(FAR_MS, 0), (2 * FAR_MS, 0), (3 * FAR_MS, 0), (4 * FAR_MS, 0)], 9, None);
        check_ahead(&[(20 * MINUTE_MS, 0); 5], 9, None);
    }
}
