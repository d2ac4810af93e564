//! What the hour of the day, and of the week, lets expect.

use foretell_model::{DAY_MS, HOUR_MS, Timestamp};

const HALF_HOUR_MS: i64 = HOUR_MS / 2;
const DAY_BINS: usize = 48;
const WEEK_BINS: usize = 168;

/// Visits of a bin that count, at most.
const MEMORY: f64 = 20.0;

/// Visits of a half hour before its mean is asked.
const VISITS_MIN: u16 = 2;

/// Days before weekdays are told apart.
const DAYS_BEFORE_WEEKS: u16 = 7;

/// Values that are compared before the hour is believed to tell anything, and at most.
const COMPARED: (f64, f64) = (100.0, 4_000.0);

/// The hour must explain this part of the variance, or nothing is said.
const UNEXPLAINED_MAX: f64 = 0.6;

/// Means by half hour of the day, and by hour of the week on top of them.
#[derive(Clone, Debug)]
pub(super) struct Season {
    day: [f32; DAY_BINS],
    day_visits: [u16; DAY_BINS],
    week: [f32; WEEK_BINS],
    week_visits: [u16; WEEK_BINS],
    /// The half hour since 1970 that is being summed.
    open: Option<i64>,
    sum: f64,
    count: u32,
    compared: f64,
    mean: f64,
    square: f64,
    unexplained: f64,
}

/// The half hour of the day and the hour of the week.
fn bins(half_hour: i64) -> (usize, usize) {
    let day = half_hour.rem_euclid(DAY_BINS as i64) as usize;
    let week = half_hour.div_euclid(HOUR_MS / HALF_HOUR_MS).rem_euclid(WEEK_BINS as i64) as usize;
    (day, week)
}

impl Season {
    pub(super) const fn new() -> Self {
        Self {
            day: [0.0; DAY_BINS],
            day_visits: [0; DAY_BINS],
            week: [0.0; WEEK_BINS],
            week_visits: [0; WEEK_BINS],
            open: None,
            sum: 0.0,
            count: 0,
            compared: 0.0,
            mean: 0.0,
            square: 0.0,
            unexplained: 0.0,
        }
    }

    fn expected(&self, half_hour: i64) -> Option<f64> {
        let (day, week) = bins(half_hour);
        let visits = f64::from(self.week_visits[week]);
        // A weekday seen once or twice counts for little.
        let weekday = f64::from(self.week[week]) * visits / (visits + 2.0);
        (self.day_visits[day] >= VISITS_MIN).then_some(f64::from(self.day[day]) + weekday)
    }

    /// Distance from what the hour lets expect; `None` until that is known and has been seen to help.
    pub(super) fn residual(&self, ts: Timestamp, value: f64) -> Option<f64> {
        let residual = value - self.expected(ts.millis().div_euclid(HALF_HOUR_MS))?;
        let variance = self.square - self.mean * self.mean;
        (self.compared > COMPARED.0 && self.unexplained < UNEXPLAINED_MAX * variance).then_some(residual)
    }

    /// Takes a value in.
    pub(super) fn learn(&mut self, ts: Timestamp, value: f64) {
        let half_hour = ts.millis().div_euclid(HALF_HOUR_MS);
        if let Some(expected) = self.expected(half_hour) {
            self.compared = (self.compared + 1.0).min(COMPARED.1);
            let step = 1.0 / self.compared;
            self.mean += step * (value - self.mean);
            self.square += step * (value * value - self.square);
            self.unexplained += step * ((value - expected).powi(2) - self.unexplained);
        }
        match self.open {
            Some(open) if open != half_hour => {
                self.close(open);
                self.open = Some(half_hour);
            }
            _ => self.open = Some(half_hour),
        }
        self.sum += value;
        self.count += 1;
    }

    fn close(&mut self, half_hour: i64) {
        let mean = self.sum / f64::from(self.count.max(1));
        (self.sum, self.count) = (0.0, 0);
        let (day, week) = bins(half_hour);
        let visits = self.day_visits[day].saturating_add(1);
        self.day_visits[day] = visits;
        let apart = mean - f64::from(self.day[day]);
        self.day[day] += (apart / f64::from(visits).min(MEMORY)) as f32;
        if visits > DAYS_BEFORE_WEEKS {
            let visits = self.week_visits[week].saturating_add(1);
            self.week_visits[week] = visits;
            let apart = apart - f64::from(self.week[week]);
            self.week[week] += (apart / f64::from(visits).min(MEMORY)) as f32;
        }
    }
}

const _: () = assert!(DAY_MS == HALF_HOUR_MS * DAY_BINS as i64);

#[cfg(test)]
mod tests {
    use super::*;

    /// Residuals of the last day of a signal that is `value(hour of the week)` every ten minutes.
    fn last_day(days: i64, value: impl Fn(i64) -> f64) -> Vec<Option<f64>> {
        let mut season = Season::new();
        let mut last = Vec::new();
        for step in 0..days * 144 {
            let ts = Timestamp::from_millis(step * 600_000);
            let value = value(step / 6 % 168);
            if step >= (days - 1) * 144 {
                last.push(season.residual(ts, value));
            }
            season.learn(ts, value);
        }
        last
    }

    #[test]
    fn knows_the_day_after_days_and_the_week_after_weeks() {
        let shift = |hour: i64| if (8..18).contains(&(hour % 24)) { 10.0 } else { 2.0 };
        assert!(last_day(2, shift).iter().all(Option::is_none));
        assert!(last_day(5, shift).iter().all(|residual| residual.is_some_and(|r| r.abs() < 0.1)));
        let week = |hour: i64| if hour >= 120 { 2.0 } else { shift(hour) };
        let worst = |days| last_day(days, week).iter().map(|r| r.map_or(9.0, f64::abs)).fold(0.0, f64::max);
        assert!(worst(14) > 3.0 && worst(56) < 2.0, "{} {}", worst(14), worst(56));
    }

    #[test]
    fn keeps_silent_where_the_hour_tells_nothing() {
        let constant = last_day(10, |_| 5.0);
        let odd = last_day(11, |hour| f64::from((hour as u32).wrapping_mul(2_654_435_769) >> 16));
        assert!(constant.iter().chain(&odd).all(Option::is_none));
    }
}
