//! What confuses a watcher of healthy machines: the room, the works and the settings change, and nothing is broken.

use crate::rng::Rng;

use super::climate;
use super::hour::{Hour, day, ramp};
use super::unit::Fan;
use super::{Place, Plant, Scenario};

/// What happens to the site as a whole; gives a story.
pub(crate) fn room(rng: &mut Rng, scenario: &Scenario, place: &mut Place) -> String {
    let days = place.days as f64;
    match scenario.name {
        "h_hot_room" => {
            // A door is shut or an exhaust blocked for some weeks.
            let from = rng.between(70.0, days - 45.0);
            let (until, by_k) = (from + rng.between(5.0, 40.0), rng.between(7.0, 16.0));
            let at_once = rng.chance(0.5);
            heat(place, |h| {
                let grown = if at_once { f64::from(u8::from(day(h) > from)) } else { ramp(h, from, from + 14.0) };
                if day(h) < until { by_k * grown } else { 0.0 }
            });
            format!("hot room +{by_k:.0} K by load, days {from:.0} to {until:.0}")
        }
        "h_duct_removed" => {
            let (from, by_k) = (rng.between(70.0, days - 40.0), rng.between(6.0, 12.0));
            heat(place, |h| if day(h) > from { by_k } else { 0.0 });
            format!("duct removed for good, +{by_k:.0} K by load, day {from:.0}")
        }
        "h_heat_wave" => {
            let mut story = String::from("heat waves:");
            for _ in 0..2 {
                let (from, long, by_k) =
                    (rng.between(65.0, days - 20.0), rng.between(6.0, 16.0), rng.between(6.0, 10.0));
                for (h, outdoor_c) in place.outdoor_c.iter_mut().enumerate() {
                    let inside = ((day(h) - from) / 2.0).min((from + long - day(h)) / 2.0);
                    *outdoor_c += by_k * inside.clamp(0.0, 1.0);
                }
                story += &format!(" day {from:.0} +{by_k:.0} K {long:.0} d");
            }
            story
        }
        _ => String::new(),
    }
}

fn heat(place: &mut Place, by_k: impl Fn(usize) -> f64) {
    for (h, heat_k) in place.own_heat_k.iter_mut().enumerate() {
        *heat_k += by_k(h);
    }
}

/// Changes every hour from a day on.
fn from(plant: &mut Plant, from_day: f64, change: impl Fn(&mut Hour)) {
    plant.hours.iter_mut().enumerate().filter(|(h, _)| day(*h) >= from_day).for_each(|(_, hour)| change(hour));
}

/// What happens to a machine; gives a story.
pub(crate) fn machine(rng: &mut Rng, scenario: &Scenario, place: &Place, plant: &mut Plant) -> String {
    let days = place.days as f64;
    let at = rng.between(70.0, days - 45.0);
    let story = match scenario.name {
        "h_pressure_up" | "h_pressure_down" => {
            let sign = if scenario.name == "h_pressure_up" { 1.0 } else { -1.0 };
            let by_bar = sign * rng.between(0.4, 1.6);
            from(plant, at, |hour| hour.set_point_bar += by_bar);
            format!("pressure {by_bar:+.1} bar")
        }
        "h_valve_lower" | "h_valve_higher" => valve(rng, scenario, plant, at),
        "h_fanset_lower" | "h_fanset_higher" => {
            let sign = if scenario.name == "h_fanset_higher" { 1.0 } else { -1.0 };
            let by_k = sign * rng.between(4.0, 10.0);
            from(plant, at, |hour| hour.fan_shift_k += by_k);
            format!("fan's set point {by_k:+.0} K")
        }
        "h_vsd_range" => {
            let speed = (rng.between(0.2, 0.55), rng.between(0.72, 1.0));
            from(plant, at, |hour| hour.speed = speed);
            format!("speed {:.2} to {:.2}", speed.0, speed.1)
        }
        "h_cleaned_silently" => {
            let grown = rng.between(0.12, 0.25);
            for (h, hour) in plant.hours.iter_mut().enumerate() {
                let dirty = 0.05 + grown * (day(h) / at).clamp(0.0, 1.0) * 0.8;
                hour.fouling = if day(h) >= at { 0.02 } else { dirty };
            }
            format!("cleaned silently of {:.2}", 0.05 + grown * 0.8)
        }
        "h_ageing" => {
            plant.hours.iter_mut().enumerate().for_each(|(h, hour)| hour.fouling = 0.085 * day(h) / 365.0);
            "ages 2 K a year".to_owned()
        }
        "h_new_shift" | "h_new_consumer" => works(rng, scenario, place, plant, at),
        "h_maintenance" => {
            let jobs = [
                "oil_changed",
                "oil_filter_replaced",
                "intake_filter_replaced",
                "cooler_cleaned",
                "separator_replaced",
            ];
            for work in jobs {
                if rng.chance(0.6) {
                    let on = rng.between(30.0, days - 10.0);
                    plant.jobs.push((on, work));
                    let hour = (on * 24.0) as usize;
                    plant.hours[hour..hour + 3].iter_mut().for_each(|h| h.demand = -1.0);
                }
            }
            "maintained".to_owned()
        }
        "h_hot_restart" => restarts(rng, place, plant, at),
        "h_sensor_offset" => {
            let by_k = rng.pick(&[-1.0, 1.0]) * rng.between(1.0, 2.0);
            from(plant, at, |hour| hour.bias_k += by_k);
            format!("another discharge sensor, {by_k:+.1} K")
        }
        "h_clock" => {
            plant.sensors.clock = Some((at, at + rng.between(30.0, 120.0), rng.pick(&[-3600, 3600])));
            "clock wrong by an hour".to_owned()
        }
        _ => return String::new(),
    };
    format!("{story}, day {at:.0}")
}

/// A new element of another temperature; three in ten tell of it.
fn valve(rng: &mut Rng, scenario: &Scenario, plant: &mut Plant, at: f64) -> String {
    let unit = &plant.unit;
    let rise_k = if unit.senses_mix { unit.shaft_kw * unit.heat_share / unit.oil_kw_k } else { 0.0 };
    let hottest_k = 95.0 - unit.valve_c - unit.valve_span_k - rise_k;
    let by_k = rng.between(6.0, 14.0);
    let by_k = if scenario.name == "h_valve_lower" { -by_k } else { by_k.min(hottest_k).max(3.0) };
    from(plant, at, |hour| hour.valve_shift_k += by_k);
    let told = rng.chance(0.3);
    if told {
        plant.jobs.push((at, "thermostatic_valve_replaced"));
    }
    format!("valve's element {by_k:+.0} K{}", if told { ", told" } else { "" })
}

/// Another shift model, or one more consumer.
fn works(rng: &mut Rng, scenario: &Scenario, place: &Place, plant: &mut Plant, at: f64) -> String {
    if scenario.name == "h_new_consumer" {
        let more = rng.between(0.15, 0.4);
        from(plant, at, |hour| {
            if hour.demand > 0.0 {
                hour.demand = (hour.demand + more).clamp(0.0, 1.05);
            }
        });
        return format!("demand +{more:.2}");
    }
    let schedule = rng.pick(&["24/7", "24/5", "two shifts and Saturday"]);
    let level = rng.between(0.6, 0.95);
    let demand = climate::demand(rng, schedule, place.weekday, plant.hours.len(), level);
    for (h, hour) in plant.hours.iter_mut().enumerate().filter(|(h, _)| day(*h) >= at) {
        hour.demand = demand[h];
    }
    format!("new shifts {schedule}")
}

/// Short stops of a hot machine, always or from a day on.
fn restarts(rng: &mut Rng, place: &Place, plant: &mut Plant, at: f64) -> String {
    let unit = &mut plant.unit;
    (unit.restart_k, unit.restart_s) = (rng.between(8.0, 15.0), rng.between(90.0, 200.0));
    let first_h = if place.schedule == "24/5" { 5.95 } else { 13.95 };
    (unit.habit_h, unit.habit_min) = ([first_h, rng.pick(&[17.5, 21.0, 9.0])], rng.between(4.0, 12.0));
    unit.idle_off_s = 1e9;
    let always = rng.chance(0.7);
    for (h, hour) in plant.hours.iter_mut().enumerate() {
        hour.habit = always || day(h) >= at;
    }
    format!("hot restarts {:.0} K, {}", plant.unit.restart_k, if always { "always" } else { "from" })
}

/// The fan that a scenario needs.
pub(crate) fn fan(scenario: &Scenario) -> Option<Fan> {
    if scenario.name.starts_with("h_fanset") {
        return Some(Fan::Controlled);
    }
    (scenario.name.starts_with("h_valve") || scenario.name.starts_with("f_valve")).then_some(Fan::Fixed)
}
