//! What must hold for every machine under every drive.

use foretell_sim::physics::{Conditions, Control, Cooler, Drive, Meter, Params, Unit, Valve, steady_state};
use foretell_sim::time::{parse_utc, utc};
use proptest::prelude::*;

fn conditions() -> impl Strategy<Value = Conditions> {
    let valve = prop_oneof![Just(Valve::Regulating), (0.0..1.0_f64).prop_map(Valve::Stuck)];
    (-20.0..50.0_f64, 0.0..0.9_f64, 0.05..1.0_f64, 0.3..1.0_f64, valve).prop_map(
        |(ambient_c, ua_loss, air_flow, oil_flow, valve)| Conditions {
            ambient_c,
            ua_loss,
            air_flow,
            oil_flow,
            valve,
            ..Conditions::default()
        },
    )
}

proptest! {
    #[test]
    fn a_unit_stays_between_its_room_and_its_trip(
        kw in 4.0..630.0_f64,
        conditions in conditions(),
        demand in 0.0..2.0_f64,
        steps in prop::collection::vec(0.1..900.0_f64, 1..40),
    ) {
        let params = Params::rated(kw);
        let control = Control::default();
        let cooler = Cooler::new(&params, &conditions);
        let drive = Drive { wanted: true, demand_m3_min: demand * params.fad_m3_min, conditions, unloaded_extra: 0.0 };
        let mut unit = Unit::at_rest(params, control, conditions.ambient_c, 100.0, 80.0);
        let mut meter = Meter::default();
        let mut hours = 100.0;
        for step_s in steps {
            unit.advance(&drive, &cooler, step_s, &mut meter);
            let shown = unit.snapshot(&drive, &cooler);
            prop_assert!(shown.discharge_c >= conditions.ambient_c - 1e-6 && shown.discharge_c < control.trip_c + 5.0);
            prop_assert!(shown.pressure_bar >= 0.0 && shown.pressure_bar < control.unload_bar + 0.1);
            prop_assert!(shown.run_hours >= hours && shown.run_hours <= hours + step_s / 3600.0 + 1e-9);
            hours = shown.run_hours;
        }
    }

    #[test]
    fn more_dirt_is_never_cooler(conditions in conditions(), more in 0.0..0.5_f64) {
        let params = Params::rated(75.0);
        let dirtier = Conditions { ua_loss: (conditions.ua_loss + more).min(0.95), ..conditions };
        let (clean, dirty) = (steady_state(&params, &conditions, 7.5), steady_state(&params, &dirtier, 7.5));
        prop_assert!(dirty.discharge_c >= clean.discharge_c - 1e-6);
    }

    #[test]
    fn instants_are_written_and_read_back(ts_ms in -62_167_219_200_000..253_402_300_799_999_i64) {
        prop_assert_eq!(parse_utc(&utc(ts_ms)), Some(ts_ms));
    }
}
