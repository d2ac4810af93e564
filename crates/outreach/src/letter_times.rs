//! What became of the times that a letter named, for the page that its link opens. Pure.

use crate::slots::Slot;

/// What became of the times that a letter named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterTimes {
    /// They stand on the page; or the page has no letter with times to be compared with.
    AsWritten,
    /// Some of them have passed or been taken, and others can still be had.
    SomeGone,
    /// All of them have passed or been taken.
    AllGone,
    /// Some could be had as they were, but what there is to do takes more time or less than when it was written.
    OtherWork,
}

impl LetterTimes {
    /// Of the times that a letter named, those of them that are `gone`, and what its page offers now.
    pub(crate) fn of(named: &[Slot], gone: &[Slot], offered: &[Slot]) -> Self {
        let is_among =
            |slots: &[Slot], slot: &Slot| slots.iter().any(|known| (known.start, known.end) == (slot.start, slot.end));
        let is_gone = |slot: &Slot| is_among(gone, slot);
        if offered.iter().all(|slot| is_among(named, slot)) {
            Self::AsWritten
        } else if named.iter().any(|slot| !is_gone(slot) && !is_among(offered, slot)) {
            Self::OtherWork
        } else if named.iter().all(is_gone) {
            Self::AllGone
        } else {
            Self::SomeGone
        }
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{HOUR_MS, Timestamp};

    use super::*;

    #[test]
    fn a_page_says_what_is_true_of_the_times_in_its_letter() {
        #[track_caller]
        fn check(gone: &[(i64, i64)], offered: &[(i64, i64)], expected: LetterTimes) {
            let at = |hour: i64| Timestamp::from_millis(hour * HOUR_MS);
            let slots = |hours: &[(i64, i64)]| -> Vec<Slot> {
                hours.iter().map(|(from, to)| Slot { start: at(*from), end: at(*to), idle: false }).collect()
            };
            let letter = slots(&[(8, 10), (32, 34)]);
            assert_eq!(LetterTimes::of(&letter, &slots(gone), &slots(offered)), expected);
        }
        check(&[], &[(8, 10), (32, 34)], LetterTimes::AsWritten);
        check(&[(8, 10)], &[(32, 34)], LetterTimes::AsWritten);
        check(&[(8, 10), (32, 34)], &[], LetterTimes::AsWritten);
        check(&[(8, 10)], &[(32, 34), (56, 58)], LetterTimes::SomeGone);
        check(&[(8, 10), (32, 34)], &[(56, 58), (80, 82)], LetterTimes::AllGone);
        // There is time at both, but not for all that is to be done by now.
        check(&[], &[(8, 12), (32, 36)], LetterTimes::OtherWork);
        check(&[], &[(56, 60), (80, 84)], LetterTimes::OtherWork);
        check(&[(8, 10)], &[(32, 36), (56, 60)], LetterTimes::OtherWork);
    }
}
