//! Whatever a broker could deliver: nothing panics, and only the admissible comes out.

use foretell_model::{MINUTE_MS, MachineId};
use proptest::prelude::*;

use super::*;

/// Anything that a broker could deliver, weighted towards what is nearly right.
fn any_payload() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        any::<f64>().prop_map(|v| v.to_string()),
        any::<i64>().prop_map(|v| v.to_string()),
        (-50.0..150.0).prop_map(|v: f64| v.to_string()),
        "null|\"x\"|true|NaN|1e999|\\{\\}|\\[1\\]|\"2026-07-01T07:00:00Z\"".prop_map(String::from),
    ];
    let key = "ts|discharge_temp_c|motor_current_a|run_hours|state|kind|online|timestamp|Oil_temperature|Motor_current|[a-z]{0,3}";
    let object = prop::collection::vec((key, number), 0..8).prop_map(|pairs| {
        let body: Vec<_> = pairs.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", body.join(","))
    });
    let array = prop::collection::vec(object.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(",")));
    prop_oneof![
        object.prop_map(String::into_bytes),
        (array, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(array, at, byte)| {
            let mut bytes = array.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn nothing_panics_and_only_the_admissible_comes_out(
        topic in "foretell/v1/[a-z /]{1,3}/[a-zö]{1,3}/(telemetry|event|status|x)|metro/apu/.{0,3}|.{0,20}",
        payload in any_payload(),
    ) {
        let decoder = decoder(METRO);
        let out = decoded(&decoder, &topic, &payload);
        for event in &out.events {
            prop_assert!(MachineId::parse(event.machine().as_str()).is_ok());
            prop_assert!(event.ts() >= Timestamp::MIN && event.ts() <= arrived() + 10 * MINUTE_MS);
            let Event::Reading(Reading { signals, state, .. }) = event else { continue };
            prop_assert!(!signals.is_empty() || state.is_some());
            for (signal, value) in signals.iter() {
                prop_assert!(signal.physical_range().contains(value));
            }
        }
        for refusal in &out.refused {
            prop_assert!(RefusalReason::ALL.iter().any(|reason| reason.code() == refusal.reason));
            prop_assert_eq!(&refusal.topic, &topic);
        }
        prop_assert_eq!(&decoded(&decoder, &topic, &payload), &out, "the same message gives the same events");
        prop_assert!(!decoder.explain(arrived(), &topic, &payload).outcome.is_empty());
    }
}
