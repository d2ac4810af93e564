//! How far somebody has come: a line from where they set out to the customer's gate. No map, nothing from outside.

use foretell_model::Timestamp;

use crate::view::Way;

/// Size of the drawing, in its own units.
const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 48.0;

/// Draws a way; the part that lies behind is told by the distance, else by the time.
pub(crate) fn way(way: &Way, now: Timestamp, label: &str) -> String {
    let share = share(way, now);
    let (from, to) = (14.0, WIDTH - 34.0);
    let at = from + (to - from) * share;
    let percent = (share * 100.0).round();
    let middle = HEIGHT / 2.0;
    format!(
        "<svg class=\"way-line\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}: {percent}%\">\
         <path class=\"w-road\" d=\"M{from} {middle}H{to}\"/><path class=\"w-done\" d=\"M{from} {middle}H{at:.1}\"/>\
         <circle class=\"w-begin\" cx=\"{from}\" cy=\"{middle}\" r=\"4\"/>\
         <path class=\"w-gate\" d=\"M{x0:.1} 34V21l11-9 11 9v13z\"/>\
         <circle class=\"w-halo\" cx=\"{at:.1}\" cy=\"{middle}\" r=\"13\"/><circle class=\"w-now\" cx=\"{at:.1}\" cy=\"{middle}\" r=\"7\"/></svg>",
        x0 = to + 4.0,
    )
}

/// The part that lies behind, 0 to 1; a little is always left for the gate.
fn share(way: &Way, now: Timestamp) -> f64 {
    let by_distance = way.km.zip(way.begun_km).filter(|(_, begun)| *begun > 0.1).map(|(km, begun)| 1.0 - km / begun);
    let by_time = way.set_out.zip(way.arrival.map(|arrival| arrival.at));
    let by_time = by_time.map(|(set_out, at)| (now - set_out) as f64 / ((at - set_out).max(1)) as f64);
    by_distance.or(by_time).unwrap_or(0.0).clamp(0.0, 0.97)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_is_told_by_distance_else_by_time() {
        fn check(km: Option<f64>, eta_min: Option<i64>, expected: f64) {
            let minute = |n: i64| Timestamp::from_millis(n * 60_000);
            let known = |at| crate::view::Arrival { at, as_of: minute(0), told: true };
            let way = Way {
                set_out: Some(minute(0)),
                arrival: eta_min.map(|n| known(minute(n))),
                km,
                begun_km: Some(20.0),
                ..Way::default()
            };
            assert!((share(&way, minute(10)) - expected).abs() < 1e-9, "{km:?} {eta_min:?}");
        }
        check(Some(5.0), Some(40), 0.75);
        check(Some(25.0), None, 0.0);
        check(Some(0.0), None, 0.97);
        check(None, Some(40), 0.25);
        check(None, Some(5), 0.97);
        check(None, None, 0.0);
    }
}
