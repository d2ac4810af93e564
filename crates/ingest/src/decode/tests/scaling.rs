//! Scales, offsets, units, registers and time stamps: what a source wrote comes back as what it measured; and whatever
//! mapping a person writes, no payload makes it panic.

use proptest::prelude::*;

use super::*;
use foretell_model::Signal;

/// A signal, a unit it may come in, and the conversion to that unit.
type Unit = (&'static str, &'static str, fn(f64) -> f64);

/// Every unit with its value for one reading of 80 °C, 7 bar, 40 A, 1000 h, 55 kW, 2 mm/s or 20 mbar.
const UNITS: &[Unit] = &[
    ("discharge_temp_c", "degC", |c| c),
    ("discharge_temp_c", "degF", |c| c * 1.8 + 32.0),
    ("discharge_temp_c", "K", |c| c + 273.15),
    ("discharge_pressure_bar", "psi", |bar| bar * 14.503_773_773),
    ("discharge_pressure_bar", "MPa", |bar| bar / 10.0),
    ("discharge_pressure_bar", "kPa", |bar| bar * 100.0),
    ("discharge_pressure_bar", "mbar", |bar| bar * 1000.0),
    ("motor_current_a", "mA", |a| a * 1000.0),
    ("run_hours", "s", |h| h * 3600.0),
    ("run_hours", "min", |h| h * 60.0),
    ("power_kw", "W", |kw| kw * 1000.0),
];

fn one(signal: &str, spec: FieldSpec, ts: Option<TimeSpec>) -> Decoder {
    let mapping = MappingSpec {
        topic: "x/{site}/{machine}".into(),
        required: Some(Vec::new()),
        signals: [(signal.to_owned(), spec)].into(),
        ts,
        ..MappingSpec::default()
    };
    Decoder::new(DecoderOptions { mappings: vec![mapping], ..DecoderOptions::default() }).unwrap()
}

fn value(decoder: &Decoder, signal: &str, payload: &str) -> Option<f64> {
    let out = decoded(decoder, "x/s/m", payload.as_bytes());
    match out.events.first() {
        Some(Event::Reading(reading)) => reading.signals.get(Signal::from_name(signal)?),
        _ => None,
    }
}

fn any_field() -> impl Strategy<Value = FieldSpec> {
    let pointer = prop::sample::select(vec!["", "/a", "/b/0", "/b/[n=a]/v", "/~1", "a", "/a~", "/3"]);
    let places = prop::collection::vec(pointer.prop_map(String::from), 0..3).prop_map(Pointers);
    let word = |words: &[&'static str]| prop::option::of(prop::sample::select(words.to_vec()).prop_map(String::from));
    (
        places,
        word(&["t", "oil"]),
        prop::option::weighted(0.2, any::<f64>()),
        word(&["u16", "i16", "u32", "i32", "f32", "u8"]),
        word(&["degF", "psi", "s", "W"]),
        prop::option::of(any::<f64>()),
        prop::option::of(any::<f64>()),
    )
        .prop_map(|(at, topic, value, register, unit, scale, offset)| FieldSpec {
            at,
            topic,
            value,
            register,
            unit,
            scale,
            offset,
            missing: vec![32767.0],
        })
}

fn any_mapping() -> impl Strategy<Value = MappingSpec> {
    let signal = prop::sample::select(Signal::ALL.to_vec()).prop_map(|signal| signal.name().to_owned());
    (
        prop::sample::select(vec!["x/{site}/{machine}", "x/{site}/k{machine}/{signal}", "x/#", "{machine}/+/{signal}"]),
        prop::collection::btree_map(signal, any_field(), 0..4),
        prop::option::of(prop::sample::select(vec!["s", "ms", "us", "ns", "rfc3339", "%F %T"])),
        prop::option::of(prop::sample::select(vec!["", "/b"])),
        (any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|(topic, signals, format, records, (csv, text, decimal_comma))| MappingSpec {
            topic: topic.into(),
            site: (!topic.contains("{site}")).then(|| PartSpec::At("/a".into())),
            machine: (!topic.contains("{machine}")).then(|| "m".into()),
            records: records.map(String::from),
            csv: csv.then(CsvSpec::default),
            text,
            decimal_comma,
            ts: format.map(|format| TimeSpec { at: "/t".into(), format: Some(format.into()), zone: None }),
            required: Some(Vec::new()),
            signals,
            state: Some(StateSpec {
                at: "/a".into(),
                values: [("*".into(), "loaded".into())].into(),
                ..Default::default()
            }),
            ..MappingSpec::default()
        })
}

fn any_document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|v| serde_json::json!(v).to_string()),
        any::<i64>().prop_map(|v| v.to_string()),
        (0_u16..=u16::MAX).prop_map(|v| v.to_string()),
        "[ -~]{0,8}".prop_map(|text| serde_json::json!(text).to_string()),
        Just("null".to_owned()),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "t", "n", "v", "/", "3"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((key, inner), 0..5).prop_map(|pairs| {
                let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_scaled_value_comes_back(value_own in 0.5_f64..900.0, scale in 0.001_f64..1000.0, offset in -500.0_f64..500.0) {
        let spec = FieldSpec { at: "/v".into(), scale: Some(scale), offset: Some(offset), ..FieldSpec::default() };
        let raw = (value_own - offset) / scale;
        let got = value(&one("run_hours", spec, None), "run_hours", &format!("{{\"v\":{raw}}}")).unwrap();
        prop_assert!((got - value_own).abs() <= 1e-9 * (value_own.abs() + offset.abs()), "{got} {value_own}");
    }

    #[test]
    fn a_value_in_another_unit_and_in_tenths_comes_back(which in 0..UNITS.len(), value_own in 0.5_f64..90.0) {
        let (signal, unit, foreign) = UNITS[which];
        let spec = FieldSpec { at: "/v".into(), unit: Some(unit.into()), scale: Some(0.1), ..FieldSpec::default() };
        let raw = foreign(value_own) * 10.0;
        let got = value(&one(signal, spec, None), signal, &format!("{{\"v\":\"{raw}\"}}")).unwrap();
        prop_assert!((got - value_own).abs() <= 1e-8 * (value_own + 273.15), "{got} {value_own} {unit}");
    }

    #[test]
    fn a_counter_over_two_registers_comes_back(hours in 0_u32..1_000_000, swapped in any::<bool>()) {
        let (high, low) = (hours >> 16, hours & 0xffff);
        let (at, words) = if swapped { (["/1", "/0"], [low, high]) } else { (["/0", "/1"], [high, low]) };
        let at = Pointers(at.map(String::from).to_vec());
        let spec = FieldSpec { at, register: Some("u32".into()), ..FieldSpec::default() };
        let got = value(&one("run_hours", spec, None), "run_hours", &format!("{words:?}"));
        prop_assert_eq!(got, Some(f64::from(hours)));
    }

    #[test]
    // From 1973 on: earlier milliseconds are taken for seconds of our time, and refused with a word about it.
    fn a_count_of_any_unit_is_the_same_instant(millis in 100_000_000_000_i64..1_782_892_800_000, which in 0_usize..4) {
        let (format, per_milli) = [("s", 0), ("ms", 1), ("us", 1_000), ("ns", 1_000_000)][which];
        let count = if per_milli == 0 { millis / 1000 } else { millis * per_milli };
        let expected = if per_milli == 0 { millis / 1000 * 1000 } else { millis };
        let ts = TimeSpec { at: "/t".into(), format: Some(format.into()), zone: None };
        let decoder = one("run_hours", FieldSpec { at: "/v".into(), ..FieldSpec::default() }, Some(ts));
        let out = decoded(&decoder, "x/s/m", format!("{{\"t\":{count},\"v\":1}}").as_bytes());
        prop_assert_eq!(out.events[0].ts().millis(), expected);
    }

    #[test]
    fn no_mapping_and_no_payload_panics(
        mappings in prop::collection::vec(any_mapping(), 1..3),
        topic in "x/s/(m|k7|k7/oil|k7/run_hours)|m/x/(oil|t)|.{0,8}",
        payload in prop_oneof![any_document().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..80)],
    ) {
        // A faulty one is told and not used; what is left is enough to try.
        let sound: Vec<MappingSpec> = mappings
            .into_iter()
            .filter(|mapping| {
                let mappings = vec![mapping.clone()];
                Decoder::new(DecoderOptions { mappings, ..DecoderOptions::default() })
                    .map_err(|faults| assert!(!faults.to_string().is_empty()))
                    .is_ok()
            })
            .collect();
        let decoder = Decoder::new(DecoderOptions { mappings: sound, ..DecoderOptions::default() }).unwrap();
        let out = decoded(&decoder, &topic, &payload);
        for event in &out.events {
            let Event::Reading(reading) = event else { continue };
            prop_assert!(reading.signals.iter().all(|(signal, value)| signal.physical_range().contains(value)));
        }
        prop_assert_eq!(&decoded(&decoder, &topic, &payload), &out);
        prop_assert!(!decoder.explain(arrived(), &topic, &payload).to_string().is_empty());
        prop_assert!(decoder.overlaps().iter().all(|overlap| overlap.mapping < 2));
    }
}
