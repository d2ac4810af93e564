//! A forecast as people are told it: a window of whole weeks and a word of certainty.
//!
//! The letter to the customer and the advisor's pages say the same forecast in their own words; the weeks and the degree of
//! certainty must not differ between them, so both are decided here.

use serde::Serialize;

use crate::RulDays;

/// A day more or less changes no plan; it keeps 13.9 days from reading as "one week".
const SLACK_DAYS: f64 = 1.0;

/// When it is likely, in whole weeks from now; never more precise than the interval it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WeekWindow {
    /// Within a week at most.
    ThisWeek,
    /// Any time up to so many weeks from now.
    Within {
        /// Latest likely week, at least 2.
        to: u32,
    },
    /// Between so many weeks.
    Between {
        /// Earliest likely week, at least 1.
        from: u32,
        /// Latest likely week, more than `from`.
        to: u32,
    },
    /// So many weeks from now or later; the far end is beyond what can be seen.
    From {
        /// Earliest likely week, at least 1.
        from: u32,
    },
    /// Some time; nothing more can be said.
    Open,
}

impl WeekWindow {
    /// The window of an interval, counted `age_days` after it was reckoned.
    #[must_use]
    pub fn of(rul: RulDays, age_days: f64) -> Self {
        let weeks_from = |days: f64| ((days - age_days + SLACK_DAYS) / 7.0).floor().max(0.0) as u32;
        let weeks_to = |days: f64| ((days - age_days - SLACK_DAYS) / 7.0).ceil().max(1.0) as u32;
        match (rul.p10.map(weeks_from), rul.p90.map(weeks_to)) {
            (_, Some(1)) => Self::ThisWeek,
            (None | Some(0), Some(to)) => Self::Within { to },
            // The slack may make an interval of under two days look empty.
            (Some(from), Some(to)) => Self::Between { from: from.min(to - 1), to },
            (Some(from), None) if from > 0 => Self::From { from },
            _ => Self::Open,
        }
    }
}

/// How sure we are of the cause and the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// "very likely".
    High,
    /// "probably".
    Medium,
    /// "possibly".
    Low,
}

impl Certainty {
    /// From the likelihood of the cause, 0 to 1.
    #[must_use]
    pub fn of(likelihood: f64) -> Self {
        match likelihood {
            p if p >= 0.8 => Self::High,
            p if p >= 0.55 => Self::Medium,
            _ => Self::Low,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(p10: Option<f64>, p90: Option<f64>, expected: WeekWindow) {
        assert_eq!(WeekWindow::of(RulDays { p10, p50: None, p90 }, 0.0), expected);
    }

    #[test]
    fn is_as_wide_as_the_interval() {
        check(Some(14.0), Some(21.0), WeekWindow::Between { from: 2, to: 3 });
        check(Some(13.4), Some(21.6), WeekWindow::Between { from: 2, to: 3 });
        check(Some(11.2), Some(27.5), WeekWindow::Between { from: 1, to: 4 });
        check(Some(1.0), Some(12.0), WeekWindow::Within { to: 2 });
        check(Some(1.0), Some(4.0), WeekWindow::ThisWeek);
        check(Some(25.0), None, WeekWindow::From { from: 3 });
        check(Some(2.0), None, WeekWindow::Open);
        check(None, None, WeekWindow::Open);
        check(Some(20.0), Some(21.0), WeekWindow::Between { from: 2, to: 3 });
    }

    #[test]
    fn a_forecast_ages() {
        let rul = RulDays { p10: Some(21.0), p50: None, p90: Some(28.0) };
        assert_eq!(WeekWindow::of(rul, 7.0), WeekWindow::Between { from: 2, to: 3 });
    }

    proptest::proptest! {
        #[test]
        fn never_more_precise_than_the_interval(p10 in 0.0..90.0_f64, width in 0.0..90.0_f64) {
            let p90 = p10 + width;
            let (from, to) = match WeekWindow::of(RulDays { p10: Some(p10), p50: None, p90: Some(p90) }, 0.0) {
                WeekWindow::ThisWeek => (0, 1),
                WeekWindow::Within { to } => (0, to),
                WeekWindow::Between { from, to } => (from, to),
                open => return Err(proptest::test_runner::TestCaseError::fail(format!("{open:?}"))),
            };
            proptest::prop_assert!(f64::from(from) * 7.0 <= p10 + SLACK_DAYS);
            proptest::prop_assert!(f64::from(to) * 7.0 >= p90 - SLACK_DAYS);
            proptest::prop_assert!(from < to);
        }
    }
}
