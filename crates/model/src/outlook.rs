//! A forecast as people are told it: a window of whole weeks, a word of certainty, and figures that agree with both.
//!
//! The letter to the customer and the advisor's pages say the same forecast in their own words; the weeks, the degree of
//! certainty and the chances must not differ between them, so all are decided here.

use serde::Serialize;

use crate::{Finding, FindingKind, RulDays, Timestamp};

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

/// One forecast as it is told at an instant.
///
/// A finding gives its quantiles as calibrated on what came true, and for *if the cause is real*; its chances within fixed spans
/// come from the walk itself and include that there may be no cause at all. Side by side they would contradict each other ("one
/// in ten within 5 days, 6 % within 7"). Here the chances too are for the case that the cause is real and nothing is done, and
/// none passes a quantile on the wrong side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// When it was reckoned.
    at: Timestamp,
    /// How long ago that was, days.
    age_days: f64,
    rul: RulDays,
    /// Days after `at` and the chance of the limit by then, both rising.
    course: [(f64, f64); 7],
    /// How many of them are known.
    known: usize,
}

impl Outlook {
    /// What a finding forecasts, told at `now`; `None` when it forecasts nothing.
    #[must_use]
    pub fn of(finding: &Finding, now: Timestamp) -> Option<Self> {
        let rul = finding.rul_days.filter(|_| finding.kind == FindingKind::Prediction)?;
        let real = finding.likelihood + finding.alternatives.iter().map(|other| other.likelihood).sum::<f64>();
        let real = if real > 0.0 { real.min(1.0) } else { 1.0 };
        let quantiles = [(rul.p10, 0.1), (rul.p50, 0.5), (rul.p90, 0.9)];
        let quantiles = quantiles.into_iter().filter_map(|(days, share)| Some((days?.max(0.0), share)));
        let spans = finding.probability_within.map(|p| [(7.0, p.d7), (14.0, p.d14), (21.0, p.d21), (30.0, p.d30)]);
        let (mut course, mut known) = ([(0.0, 0.0); 7], 0);
        for point in
            quantiles.clone().chain(spans.into_iter().flatten().map(|(days, p)| (days, within(&rul, days, p / real))))
        {
            course[known] = point;
            known += 1;
        }
        course[..known].sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        // The spans come from one rising curve and the quantiles from another: each is held to what came before it.
        let mut floor = 0.0_f64;
        for (_, share) in &mut course[..known] {
            floor = floor.max(*share);
            *share = floor;
        }
        Some(Self { at: finding.at, age_days: now.days_since(finding.at).max(0.0), rul, course, known })
    }

    /// The weeks that are told.
    #[must_use]
    pub fn window(&self) -> WeekWindow {
        WeekWindow::of(self.rul, self.age_days)
    }

    /// Between which instants the limit is likely reached; the second is `None` beyond the horizon. Nothing where the words say
    /// that it cannot be told.
    #[must_use]
    pub fn reached(&self) -> Option<(Timestamp, Option<Timestamp>)> {
        let from = self.instant(self.rul.p10).filter(|_| self.window() != WeekWindow::Open)?;
        Some((from, self.instant(self.rul.p90)))
    }

    /// The instants by which one, five and nine of ten futures have reached the limit; `None` beyond the horizon.
    #[must_use]
    pub fn quantiles(&self) -> [Option<Timestamp>; 3] {
        [self.rul.p10, self.rul.p50, self.rul.p90].map(|days| self.instant(days))
    }

    /// The chance that the limit is reached within so many days from now, 0 to 1; `None` beyond the last day of which anything
    /// is known.
    #[must_use]
    pub fn within(&self, days: f64) -> Option<f64> {
        let (ahead, mut before) = (self.age_days + days, (0.0, 0.0));
        for (at, share) in &self.course[..self.known] {
            if *at >= ahead {
                let part = if *at > before.0 { (ahead - before.0) / (at - before.0) } else { 1.0 };
                return Some(before.1 + part.clamp(0.0, 1.0) * (share - before.1));
            }
            before = (*at, *share);
        }
        None
    }

    fn instant(&self, days: Option<f64>) -> Option<Timestamp> {
        days.map(|days| self.at.plus_days(days))
    }
}

/// A chance within so many days, held between the quantiles around it.
fn within(rul: &RulDays, days: f64, share: f64) -> f64 {
    let quantiles = [(rul.p10, 0.1), (rul.p50, 0.5), (rul.p90, 0.9)];
    // A quantile beyond the horizon lies beyond every span.
    quantiles.into_iter().fold(share.clamp(0.0, 1.0), |share, (at, quantile)| match at {
        Some(at) if at <= days => share.max(quantile),
        _ => share.min(quantile),
    })
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

    /// A finding of 1 July with quantiles, chances within the spans and the likelihood of its cause.
    fn forecast(quantiles: [Option<f64>; 3], spans: [f64; 4], likelihood: f64) -> Finding {
        let [p10, p50, p90] = quantiles.map(|days| days.map_or("null".to_owned(), |days| days.to_string()));
        let [d7, d14, d21, d30] = spans;
        let line = format!(
            r#"{{"at":"2026-07-01T00:00:00Z","site":"s1","machine":"m1","event":"prediction","id":"s1/m1/cooler_clogging/1","status":"opened","grade":"advise","fault":"cooler_clogging","likelihood":{likelihood},"alternatives":[],"rul_days":{{"p10":{p10},"p50":{p50},"p90":{p90}}},"probability_within":{{"7d":{d7},"14d":{d14},"21d":{d21},"30d":{d30}}},"limit":null,"evidence":[],"text":"x"}}"#
        );
        crate::wire::from_json(&line).unwrap()
    }

    #[test]
    fn chances_agree_with_the_quantiles_beside_them() {
        #[track_caller]
        fn told(finding: &Finding, age_days: f64, expected: [Option<f64>; 4]) {
            let outlook = Outlook::of(finding, finding.at.plus_days(age_days)).unwrap();
            let within = [7.0, 14.0, 21.0, 30.0].map(|days| outlook.within(days).map(|p| (p * 100.0).round() / 100.0));
            assert_eq!(within, expected);
        }
        // One in ten within 5 days is at least one in ten within 7, whatever the walk alone says.
        let wide = forecast([Some(5.0), Some(34.0), None], [0.06, 0.17, 0.29, 0.45], 1.0);
        told(&wide, 0.0, [Some(0.1), Some(0.17), Some(0.29), Some(0.45)]);
        // Two weeks later the same days are nearer; beyond the last of them nothing is known.
        told(&wide, 14.0, [Some(0.29), Some(0.41), None, None]);
        // For a cause that is itself only even odds the chances are those of its being real, as the quantiles are.
        told(
            &forecast([Some(10.0), Some(20.0), Some(28.0)], [0.02, 0.13, 0.27, 0.47], 0.5),
            0.0,
            [Some(0.04), Some(0.26), Some(0.54), Some(0.94)],
        );
        told(&forecast([Some(3.0), Some(4.0), Some(6.0)], [0.7; 4], 1.0), 0.0, [Some(0.9); 4]);
        told(&forecast([None; 3], [0.0; 4], 1.0), 0.0, [Some(0.0); 4]);
    }

    #[test]
    fn no_days_are_shown_where_the_words_say_that_none_can_be_told() {
        for (quantiles, is_told) in [
            ([Some(5.0), Some(34.0), None], false),
            ([Some(12.0), Some(34.0), None], true),
            ([Some(12.0), Some(20.0), Some(30.0)], true),
            ([None; 3], false),
        ] {
            let finding = forecast(quantiles, [0.0; 4], 0.9);
            let outlook = Outlook::of(&finding, finding.at).unwrap();
            assert_eq!(outlook.reached().is_some(), is_told, "{quantiles:?}");
            assert_eq!(outlook.window() != WeekWindow::Open, is_told, "{quantiles:?}");
        }
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
