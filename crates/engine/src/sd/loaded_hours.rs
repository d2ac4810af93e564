//! The loaded hours of an open day: of all of them only those are kept that can still be among its hottest or its coolest.

use serde::{Deserialize, Serialize};

use super::day::Point;

/// Hours that make one operating point.
const HOURS_PER_POINT: usize = 4;
const KEPT: usize = 2 * HOURS_PER_POINT;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LoadedHours {
    kept: [Point; KEPT],
    known: u8,
    /// Whether one of them came without the ambient.
    without_ambient: bool,
    /// Coolest of all so far, degC.
    coolest_c: Option<f32>,
}

impl LoadedHours {
    /// Takes a closed hour's means.
    pub(crate) fn add(&mut self, hour: Point) {
        let Some(td_c) = hour.td_c().map(|c| c as f32) else { return };
        self.coolest_c = Some(self.coolest_c.map_or(td_c, |low| low.min(td_c)));
        self.without_ambient |= hour.air_c().is_none();
        if let Some(free) = self.kept.get_mut(usize::from(self.known)) {
            *free = hour;
            self.known += 1;
            return;
        }
        let mut all = [hour; KEPT + 1];
        all[..KEPT].copy_from_slice(&self.kept);
        self.sort(&mut all);
        // The one in the middle of nine is neither among the four hottest nor among the four coolest of any day.
        self.kept[..HOURS_PER_POINT].copy_from_slice(&all[..HOURS_PER_POINT]);
        self.kept[HOURS_PER_POINT..].copy_from_slice(&all[HOURS_PER_POINT + 1..]);
    }

    /// Coolest hour so far, degC.
    pub(crate) fn coolest_c(&self) -> Option<f64> {
        self.coolest_c.map(f64::from)
    }

    /// Means of the hottest and of the coolest other hours.
    pub(crate) fn points(&self) -> (Point, Point) {
        let mut hours = self.kept;
        let hours = &mut hours[..usize::from(self.known)];
        self.sort(hours);
        let (hot, cool) = hours.split_at(hours.len().div_ceil(2));
        (Point::mean(hot), Point::mean(cool))
    }

    /// Hottest first. By ambient where it is measured: picking hours by their own noisy temperature would make hot points read
    /// high and cool ones low at the same ambient, which is no hinge. The sort is stable, so equal keys keep their order.
    fn sort(&self, hours: &mut [Point]) {
        let key = |p: &Point| if self.without_ambient { p.td_c() } else { p.air_c() };
        hours.sort_by(|a, b| key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a day of these hours becomes when none of them is forgotten.
    fn of_all(hours: &[Point]) -> (Point, Point) {
        let mut hours = hours.to_vec();
        let by_ambient = hours.iter().all(|p| p.ta_c().is_some());
        let key = |p: &Point| if by_ambient { p.ta_c() } else { p.td_c() };
        hours.sort_by(|a, b| key(b).partial_cmp(&key(a)).unwrap());
        let (hot, rest) = hours.split_at(hours.len().div_ceil(2).min(HOURS_PER_POINT));
        (Point::mean(hot), Point::mean(&rest[rest.len().saturating_sub(HOURS_PER_POINT)..]))
    }

    #[test]
    fn what_is_forgotten_is_not_missed() {
        for count in 0..=24 {
            for with_ambient in [true, false] {
                let hour = |i: usize| {
                    let td_c = 80.0 + (i * 7 % 11) as f64;
                    // Equal ambients among them.
                    Point::new(td_c, with_ambient.then_some((i * 5 % 8) as f64), 100.0 + i as f64, None)
                };
                let hours: Vec<Point> = (0..count).map(hour).collect();
                let mut kept = LoadedHours::default();
                hours.iter().for_each(|h| kept.add(*h));
                assert_eq!(kept.points(), of_all(&hours), "{count} hours");
                assert_eq!(kept.coolest_c(), hours.iter().filter_map(Point::td_c).reduce(f64::min));
            }
        }
    }
}
