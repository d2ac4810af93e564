//! The air of a room read off the site's other machines, for one that has no better source.

use super::air::{self, Told};
use super::mornings;
use super::points::{COVERAGE, SIBLINGS_MAX, Surroundings, add, on, season_c};
use crate::sd::day::{Day, DayRecord};

/// How far a heat wave or a hot room lifts the air over the warmer quarter of usual days, K.
const HOT_SPELL_K: f64 = 3.0;

/// Ambient read off the site's other machines: through their hinges once these are learned, and until then by how
/// their temperatures move.
pub(super) fn air_c(days: &[DayRecord], today: Day, around: &Surroundings<'_>) -> Told {
    let nearest = &around.siblings[..around.siblings.len().min(SIBLINGS_MAX)];
    let mornings_k = mornings::mornings(days, today, nearest);
    let mut told = air::of_room(days, today, nearest, &mornings_k, around.trend.as_ref(), around.latitude_deg);
    mornings::hold(&mut told.air_c, days, &mornings_k);
    let count = |index: &[Option<f64>]| index.iter().flatten().count() as f64;
    let with_hot = days.iter().filter(|d| d.hot.is_some()).count() as f64;
    if count(&told.air_c) >= COVERAGE * with_hot {
        return told;
    }
    let mut moved_c = moving_index(days, today, around);
    mornings::hold(&mut moved_c, days, &mornings_k);
    if count(&told.air_c) >= COVERAGE * count(&moved_c) {
        told
    } else {
        Told { sd_k: vec![0.0; moved_c.len()], air_c: moved_c }
    }
}

/// How the hot temperatures of the site's other machines move, each about its own mean and freed of its own excess, as an
/// ambient in degC about 30.
fn moving_index(days: &[DayRecord], today: Day, around: &Surroundings<'_>) -> Vec<Option<f64>> {
    let level = |d: &DayRecord| Some(d.hot.td_c()? - d.excess_k().unwrap_or(0.0)).filter(|_| !d.is_unwell());
    let mut sums = vec![(0.0, 0.0); days.len()];
    for sibling in around.siblings.iter().take(SIBLINGS_MAX) {
        let levels: Vec<Option<f64>> = days.iter().map(|d| on(sibling, d.day, today).and_then(level)).collect();
        let (sum, n) = levels.iter().flatten().copied().fold((0.0, 0.0), add);
        if n < 5.0 {
            continue;
        }
        for (total, value) in sums.iter_mut().zip(levels) {
            *total = value.map_or(*total, |v| add(*total, v - sum / n));
        }
    }
    let index: Vec<Option<f64>> = sums.into_iter().map(|(sum, n)| (n > 0.0).then(|| 30.0 + sum / n)).collect();
    plausible(days, &index, around.latitude_deg)
}

/// An index no hotter than a room can get: siblings that clog together would else pass for the weather and hide each
/// other. What the season may have added since the middle of the window is allowed for, in either hemisphere.
fn plausible(days: &[DayRecord], index: &[Option<f64>], latitude_deg: Option<f64>) -> Vec<Option<f64>> {
    let mut known: Vec<f64> = index.iter().flatten().copied().collect();
    let upper = known.len() * 3 / 4;
    if known.is_empty() {
        return index.to_vec();
    }
    let usual_c = *known.select_nth_unstable_by(upper, f64::total_cmp).1;
    let middle_c = season_c(days[days.len() / 2].day, latitude_deg);
    let cap = |day: Day| usual_c + HOT_SPELL_K + 0.6 * (season_c(day, latitude_deg) - middle_c).abs();
    days.iter().zip(index).map(|(d, ta)| ta.map(|ta| ta.min(cap(d.day)))).collect()
}
