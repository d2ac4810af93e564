//! The air at the inlet of the room.

use crate::fleet::{self, DAYS, Kind};
use crate::rng::Rng;

use super::STEPS_PER_DAY;

/// Season, day, AR(1) weather, heat waves and hot rooms, degC per step.
pub(super) fn ambient(rng: &mut Rng, start_day: f64, kind: Kind) -> (Vec<f64>, &'static str, String) {
    let (mean, season, daily) = (rng.between(13.0, 21.0), rng.between(4.0, 10.0), rng.between(3.0, 5.0));
    let (weather_sd, rho, room) = (rng.between(1.8, 3.0), rng.between(0.65, 0.85), rng.between(2.0, 6.0));
    let peak = if rng.chance(0.85) { 205.0 } else { 20.0 };
    let heat_wave = rng.chance(0.5).then(|| (rng.between(20.0, 220.0), rng.between(4.0, 12.0), rng.between(4.0, 7.0)));
    let hot_room = (kind == Kind::Healthy && rng.chance(0.4))
        .then(|| (rng.between(40.0, 200.0), rng.between(10.0, 40.0), rng.between(3.0, 5.0)));
    let mut weather = weather_sd * rng.normal();
    let mut out = Vec::with_capacity(DAYS * STEPS_PER_DAY);
    for day in 0..DAYS {
        let before = weather;
        weather = rho * weather + weather_sd * (1.0 - rho * rho).sqrt() * rng.normal();
        for step in 0..STEPS_PER_DAY {
            let t = day as f64 + step as f64 / STEPS_PER_DAY as f64;
            let turn = std::f64::consts::TAU;
            let mut ta = mean + room + season * (turn * (start_day + t - peak) / 365.0).cos();
            ta += daily * (turn * (t - 0.375)).sin();
            ta += before + (weather - before) * (t - day as f64);
            for (from, length, height) in heat_wave.iter().chain(&hot_room) {
                let inside = (t - from).min(from + length - t);
                ta += height * inside.clamp(0.0, 1.0);
            }
            out.push(ta);
        }
    }
    (
        out,
        fleet::season(start_day, peak),
        format!("mean {mean:.0} season {season:.0} room {room:.0}, wave {heat_wave:.1?}, hot room {hot_room:.1?}"),
    )
}
