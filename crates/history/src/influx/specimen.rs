//! Days as a fleet has them, for tests that measure what they take: figures to their last digit, as the engine has them.

use foretell_model::{Grade, MachineId, Timestamp, wire};

use super::{MachineDay, Outlook, forecast_line};

/// Appends what a machine's closed day puts into the outbox: the day itself with ten spans ahead, and a forecast.
pub(super) fn day_of(machine: u32, lines: &mut String) {
    let day = Timestamp::parse("2026-07-18T00:00:00Z").unwrap();
    let mut state = machine.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut between = |low: f64, high: f64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low + (high - low) * f64::from(state) / f64::from(u32::MAX)
    };
    let outlook = [3, 6, 9, 12, 15, 21, 30, 45, 60, 90].map(|ahead_days| {
        let (q50_c, spread_k) = (between(85.0, 105.0), between(0.5, 4.0));
        let day = day.plus_days(f64::from(ahead_days) + 1.0);
        Outlook { ahead_days, day, q10_c: q50_c - spread_k, q50_c, q90_c: q50_c + spread_k }
    });
    let of_day = MachineDay {
        machine: MachineId::new(&format!("s{:03}", machine / 12), &format!("m{machine:05}")).unwrap(),
        day,
        discharge_temp_c: Some(between(80.0, 100.0)),
        discharge_temp_peak_c: Some(between(80.0, 104.0)),
        ambient_temp_c: Some(between(15.0, 38.0)),
        expected_c: Some(between(80.0, 95.0)),
        expected_sd_k: between(0.4, 1.5),
        run_h: between(0.0, 24.0),
        load_h: between(0.0, 24.0),
        unloaded_current_share: Some(between(0.3, 0.6)),
        warn_c: 105.0,
        trip_c: 110.0,
        learned: true,
        observable: true,
        excess_k: Some(between(-1.0, 9.0)),
        cooler_ua_loss: Some(between(0.0, 0.4)),
        open_findings: Some(1),
        grade: Some(Grade::Watch),
        outlook: outlook.to_vec(),
    };
    assert_eq!(of_day.lines(lines), 12);
    let finding = format!(
        r#"{{"at":"2026-07-18T00:00:00Z","site":"s{:03}","machine":"m{machine:05}","event":"prediction","id":"s{:03}/m{machine:05}/cooler_clogging/1","status":"updated","grade":"watch","fault":"cooler_clogging","likelihood":{},"alternatives":[],"rul_days":{{"p10":{},"p50":{},"p90":null}},"probability_within":{{"7d":{},"14d":{},"21d":{},"30d":{}}},"limit":{{"signal":"discharge_temp_c","value":105.0}},"evidence":[],"text":"The cooler of m{machine:05} clogs: it runs {:.1} K hotter than its normal, and reaches 105 °C in about {:.0} days."}}"#,
        machine / 12,
        machine / 12,
        between(0.3, 0.99),
        between(5.0, 20.0),
        between(20.0, 40.0),
        between(0.0, 0.2),
        between(0.2, 0.4),
        between(0.4, 0.6),
        between(0.6, 0.9),
        between(2.0, 9.0),
        between(10.0, 40.0),
    );
    assert!(forecast_line(&wire::from_json(&finding).unwrap(), 0, lines));
}
