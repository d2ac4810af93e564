//! The lumped model against the table of known sensitivities (75 kW unless said otherwise).

use foretell_sim::physics::{
    Conditions, Control, Cooler, Drive, FAN_OFF_AIR_FLOW, Meter, Params, Steady, Unit, Valve, steady_state,
};

fn steady(kw: f64, change: impl FnOnce(&mut Conditions)) -> Steady {
    let mut conditions = Conditions::default();
    change(&mut conditions);
    steady_state(&Params::rated(kw), &conditions, 7.5)
}

fn at(ambient_c: f64) -> impl FnOnce(&mut Conditions) {
    move |conditions| conditions.ambient_c = ambient_c
}

fn check(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found:.2}, expected {expected} +- {tolerance}");
}

#[test]
fn clean_steady_temperatures() {
    let table = [
        (-5.0, 74.7),
        (0.0, 75.3),
        (5.0, 75.9),
        (10.0, 76.8),
        (15.0, 77.9),
        (20.0, 79.4),
        (25.0, 81.5),
        (30.0, 84.5),
        (35.0, 90.0),
        (40.0, 95.5),
        (45.0, 100.9),
    ];
    for (ambient_c, expected) in table {
        check(&format!("clean at {ambient_c}"), steady(75.0, at(ambient_c)).discharge_c, expected, 0.5);
    }
    for (ambient_c, expected) in [(20.0, 53.0), (30.0, 58.0), (40.0, 69.0)] {
        check(&format!("injection at {ambient_c}"), steady(75.0, at(ambient_c)).injection_c, expected, 1.0);
    }
}

#[test]
fn sizes_agree() {
    for kw in [37.0, 250.0] {
        for ambient_c in [10.0, 25.0, 35.0] {
            let book = steady(75.0, at(ambient_c)).discharge_c;
            check(&format!("{kw} kW at {ambient_c}"), steady(kw, at(ambient_c)).discharge_c, book, 0.6);
        }
    }
    for (kw, current_a) in [(37.0, 76.5), (75.0, 150.7), (250.0, 482.7)] {
        check(&format!("{kw} kW current"), Params::rated(kw).rated_current_a(), current_a, 0.02 * current_a);
    }
}

#[test]
fn fouling_shows_in_summer_and_hides_in_winter() {
    let rise = |ambient_c: f64, ua_loss: f64| {
        let fouled = steady(75.0, |c| (c.ambient_c, c.ua_loss) = (ambient_c, ua_loss));
        fouled.discharge_c - steady(75.0, at(ambient_c)).discharge_c
    };
    check("35 degC, UA -10 %", rise(35.0, 0.1), 2.3, 0.3);
    check("35 degC, UA -30 %", rise(35.0, 0.3), 8.5, 1.0);
    check("35 degC, UA -50 %", rise(35.0, 0.5), 18.9, 1.5);
    check("10 degC, UA -30 %", rise(10.0, 0.3), 1.5, 0.9);
    check("20 degC, UA -30 %", rise(20.0, 0.3), 3.3, 0.7);
}

#[test]
fn the_hinge_moves_down_with_fouling() {
    // The hinge is where the valve has just opened fully: the coldest ambient with valve position 1.
    let hinge = |ua_loss: f64| {
        (0..800)
            .map(|step| -5.0 + 0.05 * f64::from(step))
            .find(|ambient_c| steady(75.0, |c| (c.ambient_c, c.ua_loss) = (*ambient_c, ua_loss)).valve >= 0.9999)
            .expect("at 35 degC every valve is open")
    };
    for (ua_loss, expected) in [(0.0, 29.5), (0.1, 27.5), (0.2, 25.0), (0.3, 22.0), (0.4, 18.1), (0.5, 13.1)] {
        check(&format!("hinge at loss {ua_loss}"), hinge(ua_loss), expected, 0.8);
    }
}

#[test]
fn ambient_at_which_a_limit_is_reached() {
    let ambient = |ua_loss: f64, limit_c: f64| {
        (0..4000)
            .map(|step| 20.0 + 0.01 * f64::from(step))
            .find(|ambient_c| steady(75.0, |c| (c.ambient_c, c.ua_loss) = (*ambient_c, ua_loss)).discharge_c >= limit_c)
            .expect("at 60 degC every machine is above 110")
    };
    let table = [
        (0.0, 48.8, 53.4),
        (0.1, 46.6, 51.2),
        (0.2, 44.1, 48.6),
        (0.3, 40.9, 45.4),
        (0.4, 36.8, 41.3),
        (0.5, 31.6, 36.0),
    ];
    for (ua_loss, warn, trip) in table {
        check(&format!("105 degC at loss {ua_loss}"), ambient(ua_loss, 105.0), warn, 0.7);
        check(&format!("110 degC at loss {ua_loss}"), ambient(ua_loss, 110.0), trip, 0.7);
    }
}

#[test]
fn pressure_power_and_oil_flow() {
    let book = Params::rated(75.0);
    let hot = Conditions { ambient_c: 35.0, ..Conditions::default() };
    let clean = steady_state(&book, &hot, 7.5);
    check("+1 bar", steady_state(&book, &hot, 8.5).discharge_c - clean.discharge_c, 3.5, 0.4);
    let current = book.current_a(book.shaft_kw * 1.065) / book.rated_current_a();
    check("+1 bar, current", current, 1.065, 0.005);
    let worn = steady_state(&book, &Conditions { friction: 0.03, ..hot }, 7.5);
    check("+3 % power", worn.discharge_c - clean.discharge_c, 1.6, 0.2);
    let starved = steady_state(&book, &Conditions { oil_flow: 0.8, ..hot }, 7.5);
    check("oil flow -20 %", starved.discharge_c - clean.discharge_c, 2.6, 0.5);
    check("oil flow -20 %, injection", starved.injection_c - clean.injection_c, -3.6, 0.5);
    let unloaded = book.current_a(book.shaft_kw * 0.28) / book.rated_current_a();
    check("unloaded current", unloaded, 0.50, 0.05);
}

#[test]
fn stuck_valves() {
    let off = |position: f64, ambient_c: f64| {
        let stuck = steady(75.0, |c| (c.ambient_c, c.valve) = (ambient_c, Valve::Stuck(position)));
        stuck.discharge_c - steady(75.0, at(ambient_c)).discharge_c
    };
    for (position, ambient_c, expected) in [
        (0.5, 0.0, -12.0),
        (0.5, 10.0, -2.5),
        (0.5, 20.0, 5.8),
        (0.5, 30.0, 11.7),
        (0.35, 10.0, 8.5),
        (0.35, 20.0, 17.0),
        (0.2, 20.0, 43.0),
        (0.2, 30.0, 50.0),
    ] {
        check(&format!("stuck at {position}, {ambient_c} degC"), off(position, ambient_c), expected, 1.5);
    }
    for (ambient_c, expected) in [(0.0, 51.5), (10.0, 62.5), (20.0, 73.5)] {
        let open = steady(75.0, |c| (c.ambient_c, c.valve) = (ambient_c, Valve::Stuck(1.0)));
        check(&format!("stuck open at {ambient_c}"), open.discharge_c, expected, 1.0);
    }
}

/// A unit under steady full load at 25 degC, and the drive that keeps it there.
fn warm_unit() -> (Unit, Drive) {
    let conditions = Conditions { ambient_c: 25.0, ..Conditions::default() };
    let drive = Drive { wanted: true, demand_m3_min: 13.65, conditions, unloaded_extra: 0.0 };
    let control = Control { trip_c: 200.0, load_bar: 7.5, unload_bar: 8.2, ..Control::default() };
    let mut unit = Unit::at_rest(Params::rated(75.0), control, 25.0, 0.0, 0.0);
    run(&mut unit, &drive, 7200.0);
    (unit, drive)
}

fn run(unit: &mut Unit, drive: &Drive, seconds: f64) -> f64 {
    let cooler = Cooler::new(unit.params(), &drive.conditions);
    unit.advance(drive, &cooler, seconds, &mut Meter::default());
    unit.snapshot(drive, &cooler).discharge_c
}

fn seconds_to(limit_c: f64, unit: &mut Unit, drive: &Drive) -> f64 {
    (1..2000).find(|_| run(unit, drive, 1.0) >= limit_c).map_or(f64::INFINITY, f64::from)
}

#[test]
fn sudden_failures() {
    let (mut unit, mut drive) = warm_unit();
    drive.conditions.air_flow = FAN_OFF_AIR_FLOW;
    check("fan stops", seconds_to(110.0, &mut unit, &drive), 214.0, 20.0);
    let (mut unit, mut drive) = warm_unit();
    drive.conditions.valve = Valve::Stuck(0.0);
    check("valve shuts", seconds_to(110.0, &mut unit, &drive), 160.0, 25.0);
}

#[test]
fn warming_up_and_soaking_cold() {
    let conditions = Conditions::default();
    let drive = Drive { wanted: true, demand_m3_min: 15.0, conditions, unloaded_extra: 0.0 };
    let mut unit = Unit::at_rest(Params::rated(75.0), Control::default(), 20.0, 0.0, 0.0);
    check("20 to 70 degC", seconds_to(70.0, &mut unit, &drive), 220.0, 40.0);
    run(&mut unit, &drive, 3600.0);
    let off = Drive { wanted: false, ..drive };
    let soaked = run(&mut unit, &off, 12.0 * 3600.0);
    check("after 12 h at rest", soaked, 20.0, 2.0);
}

#[test]
fn partial_load_costs_idle_power() {
    for (demand, expected) in [(0.3, 0.50), (0.5, 0.64), (0.7, 0.78), (0.9, 0.93)] {
        let params = Params::rated(75.0);
        let drive = Drive {
            wanted: true,
            demand_m3_min: demand * params.fad_m3_min,
            conditions: Conditions::default(),
            unloaded_extra: 0.0,
        };
        let cooler = Cooler::new(&params, &drive.conditions);
        // A large receiver, as the table assumes; small ones pay for each blow-down.
        let large = Params { receiver_m3: 200.0, ..params.clone() };
        let mut unit = Unit::at_rest(large, Control { idle_stop_s: 1e9, ..Control::default() }, 20.0, 0.0, 0.0);
        unit.advance(&drive, &cooler, 7200.0, &mut Meter::default());
        let mut energy = 0.0;
        for _ in 0..20_000 {
            unit.advance(&drive, &cooler, 1.0, &mut Meter::default());
            energy += (unit.snapshot(&drive, &cooler).power_kw - params.fan_kw) * params.efficiency;
        }
        check(&format!("demand {demand}"), energy / 20_000.0 / params.shaft_kw, expected, 0.04);
    }
}
