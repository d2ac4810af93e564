//! Sequences that no honest node says: nothing panics, nothing is attributed to what it is not of, memory stays bounded.

use std::collections::HashMap;

use foretell_model::Signal;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A step of a scenario. Values tell where they belong: machine `k{d}` has discharge temperatures `100 * d + 1 …` and currents
/// `100 * d + 50 …`, so a value attributed wrongly is seen.
#[derive(Clone, Debug)]
enum Step {
    NodeBirth,
    /// Device, and whether its two metrics change their aliases.
    DeviceBirth(u8, bool),
    /// Device, metric, by alias or by name.
    Data(u8, bool, bool),
    DeviceDeath(u8),
    NodeDeath,
}

/// What happens to the message on its way.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    IsLost,
    ComesTwice,
    IsCut(usize),
}

fn step() -> impl Strategy<Value = (Step, Fate)> {
    let step = prop_oneof![
        1 => Just(Step::NodeBirth),
        3 => (1_u8..4, any::<bool>()).prop_map(|(d, swap)| Step::DeviceBirth(d, swap)),
        8 => (1_u8..4, any::<bool>(), prop::bool::weighted(0.8)).prop_map(|(d, temp, alias)| Step::Data(d, temp, alias)),
        1 => (1_u8..4).prop_map(Step::DeviceDeath),
        1 => Just(Step::NodeDeath),
    ];
    let fate = prop_oneof![
        12 => Just(Fate::Arrives),
        2 => Just(Fate::IsLost),
        2 => Just(Fate::ComesTwice),
        1 => (0_usize..40).prop_map(Fate::IsCut),
    ];
    (step, fate)
}

/// An honest node: it numbers its messages and remembers which aliases it gave.
#[derive(Default)]
struct HonestNode {
    seq: u8,
    bd_seq: u64,
    second: u32,
    swapped: HashMap<u8, bool>,
}

impl HonestNode {
    fn say(&mut self, step: &Step) -> Line {
        self.second += 1;
        let t = self.second;
        let seq = match step {
            Step::NodeBirth => {
                // Far from where it was: a birth that is lost can be noticed by the sequence alone, and if that went on as if
                // by chance, nobody could notice.
                (self.seq, self.bd_seq) = (self.seq.wrapping_add(101), self.bd_seq + 1);
                self.swapped.clear();
                self.seq
            }
            Step::NodeDeath => self.seq,
            _ => {
                self.seq = self.seq.wrapping_add(1);
                self.seq
            }
        };
        let drift = f64::from(t % 40);
        let text = match step {
            Step::NodeBirth => format!("NBIRTH gw seq={seq} t={t} bdSeq:u64={}", self.bd_seq),
            Step::NodeDeath => format!("NDEATH gw t={t} bdSeq:u64={}", self.bd_seq),
            Step::DeviceDeath(d) => format!("DDEATH gw/k{d} seq={seq} t={t}"),
            Step::DeviceBirth(d, swap) => {
                self.swapped.insert(*d, *swap);
                let (temp, amps) = if *swap { (2, 1) } else { (1, 2) };
                let own = 100.0 * f64::from(*d);
                format!(
                    "DBIRTH gw/k{d} seq={seq} t={t} discharge_temp_c#{temp}={} motor_current_a#{amps}={}",
                    own + drift,
                    own + 50.0 + drift
                )
            }
            Step::Data(d, is_temp, by_alias) => {
                let value = 100.0 * f64::from(*d) + drift + if *is_temp { 0.0 } else { 50.0 };
                let name = if *is_temp { "discharge_temp_c" } else { "motor_current_a" };
                let swapped = self.swapped.get(d).copied().unwrap_or_default();
                let alias = if *is_temp != swapped { 1 } else { 2 };
                let metric = if *by_alias { format!("#{alias}={value}") } else { format!("{name}={value}") };
                format!("DDATA gw/k{d} seq={seq} t={t} {metric}")
            }
        };
        Line::parse(&text)
    }
}

/// Whether a value lies where its machine and signal have theirs.
fn belongs(machine: &str, signal: Signal, value: f64) -> bool {
    let own = 100.0 * machine.trim_start_matches('k').parse::<f64>().unwrap_or(-1.0);
    let from = own + if signal == Signal::DischargeTemp { 0.0 } else { 50.0 };
    (from..from + 40.0).contains(&value)
}

#[test]
fn long_names_take_no_memory() {
    let (decoder, mut out) = (decoder(SparkplugOptions::default()), Decoded::default());
    let long = "x".repeat(60_000);
    let mut say = |line: String| {
        let Line { topic, payload, arrived, input } = Line::parse(&line);
        decoder.decode(arrived, &input, &topic, &payload, &mut out);
    };
    say("NBIRTH gw seq=0 t=0 bdSeq:u64=0".to_owned());
    for n in 1..100 {
        say(format!("NDATA gw seq={n} t=0 {long}{n}=1"));
        say(format!("NBIRTH {long}{n} seq=0 t=0 bdSeq:u64=0"));
        say(format!("DBIRTH gw/{long}{n} seq={n} t=0 temp=1"));
    }
    let held = format!("{decoder:?}").len();
    assert!(held < 100_000, "{held} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is lost, cut or repeated on the way: no value is attributed to another machine, signal or time; a repeated
    /// message becomes what it was.
    #[test]
    fn nothing_is_attributed_wrongly(steps in prop::collection::vec(step(), 1..120)) {
        let decoder = decoder(SparkplugOptions { rebirth_every_ms: 1, ..SparkplugOptions::default() });
        let mut node = HonestNode::default();
        let (mut first, mut again) = (Decoded::default(), Decoded::default());
        for (step, fate) in &steps {
            let Line { topic, payload, arrived, .. } = node.say(step);
            let cut = if let Fate::IsCut(at) = fate { *at } else { payload.len() };
            if !matches!(fate, Fate::IsLost) {
                decoder.decode(arrived, "test", &topic, &payload[..cut.min(payload.len())], &mut first);
                for event in &first.events {
                    if let Event::Reading(reading) = event {
                        for (signal, value) in reading.signals.iter() {
                            prop_assert!(belongs(reading.machine.machine(), signal, value), "{}", say(event));
                        }
                    }
                }
            }
            if matches!(fate, Fate::ComesTwice) && !matches!(step, Step::NodeDeath) {
                decoder.decode(arrived + 5, "test", &topic, &payload, &mut again);
                prop_assert_eq!(&again.events, &first.events);
            }
        }
    }

    /// With nothing lost, everything that an honest node says by alias after its births is taken.
    #[test]
    fn nothing_is_lost_of_an_orderly_node(data in prop::collection::vec((1_u8..4, any::<bool>()), 1..400)) {
        let decoder = decoder(SparkplugOptions::default());
        let mut node = HonestNode::default();
        let mut out = Decoded::default();
        let births = [Step::NodeBirth].into_iter().chain((1..4).map(|d| Step::DeviceBirth(d, d == 2)));
        for step in births.chain(data.iter().map(|(d, is_temp)| Step::Data(*d, *is_temp, true))) {
            let Line { topic, payload, arrived, .. } = node.say(&step);
            decoder.decode(arrived, "test", &topic, &payload, &mut out);
            let readings = out.events.iter().filter(|event| matches!(event, Event::Reading(_))).count();
            prop_assert_eq!((readings, out.refused.len()), (usize::from(!matches!(step, Step::NodeBirth)), 0));
            prop_assert!(out.publications.is_empty());
        }
    }

    /// Bytes of any kind on any topic of the namespace: answered, never with more than a few copies of the payload.
    #[test]
    fn anything_on_any_topic(
        messages in prop::collection::vec((any::<Index>(), prop::collection::vec(any::<u8>(), 0..80)), 1..40),
    ) {
        let topics = ["NBIRTH/gw", "NDATA/gw", "NDEATH/gw", "DBIRTH/gw/k1", "DDATA/gw/k1", "DDEATH/gw/k1", "DDATA/gw", "x"];
        let decoder = decoder(SparkplugOptions::default());
        let mut out = Decoded::default();
        for (topic, payload) in &messages {
            let topic = format!("spBv1.0/hq/{}", topics[topic.index(topics.len())]);
            decoder.decode(at(0.0), "test", &topic, payload, &mut out);
            prop_assert!(out.refused.len() <= 8 && out.publications.len() <= 1);
        }
    }

    /// Metrics with any times, types, flags and carriers.
    #[test]
    fn any_metric_is_admitted_or_refused(
        metrics in prop::collection::vec(
            (0_u64..4, prop::option::of(any::<u64>()), 0_u32..40, any::<u64>(), 0_u8..6, any::<[bool; 3]>()), 1..30),
        timestamp in prop::option::of(any::<u64>()),
    ) {
        let decoder = decoder(SparkplugOptions::default());
        let mut out = Decoded::default();
        for line in [
            "NBIRTH gw seq=0 t=0 bdSeq:u64=1",
            "DBIRTH gw/k1 seq=1 t=0 discharge_temp_c#0=83 motor_current_a#1=41 run_hours#2:u64=9 state#3:s=loaded",
        ] {
            let Line { topic, payload, arrived, .. } = Line::parse(line);
            decoder.decode(arrived, "test", &topic, &payload, &mut out);
        }
        let metrics = metrics.into_iter().map(|(alias, timestamp, datatype, bits, carrier, flags)| {
            let value = match carrier {
                0 => Some(metric::Value::IntValue(bits as u32)),
                1 => Some(metric::Value::LongValue(bits)),
                2 => Some(metric::Value::FloatValue(f32::from_bits(bits as u32))),
                3 => Some(metric::Value::DoubleValue(f64::from_bits(bits))),
                4 => Some(metric::Value::StringValue(bits.to_string())),
                _ => None,
            };
            let [historical, transient, null] = flags.map(Some);
            Metric {
                alias: Some(alias), timestamp, datatype: Some(datatype), is_historical: historical,
                is_transient: transient, is_null: null, value, ..Metric::default()
            }
        });
        let payload = Payload { timestamp, seq: Some(2), metrics: metrics.collect(), ..Payload::default() };
        decoder.decode(at(10.0), "test", "spBv1.0/hq/DDATA/gw/k1", &payload.encode_to_vec(), &mut out);
        for event in &out.events {
            prop_assert!(event.ts() - at(10.0) <= 600_000);
            let Event::Reading(reading) = event else { continue };
            prop_assert!(reading.signals.iter().all(|(signal, value)| signal.physical_range().contains(value)));
        }
    }
}

#[test]
fn a_birth_of_thousands_of_metrics_is_learnt_and_one_more_is_too_many() {
    let decoder = decoder(SparkplugOptions::default());
    let birth = |whose: &str, seq: u64, count: usize| {
        let name = |place| if place == 7 { "discharge_temp_c".to_owned() } else { format!("Folder/Tag~{place}") };
        let metrics: String = (0..count).map(|place| format!(" {}#{place}=80", name(place))).collect();
        Line::parse(&format!("{whose} seq={seq} t=0{metrics}"))
    };
    let hear = |Line { topic, payload, arrived, .. }: Line, out: &mut Decoded| {
        decoder.decode(arrived, "test", &topic, &payload, out);
    };
    let mut out = Decoded::default();
    hear(birth("NBIRTH gw", 0, 1), &mut out);
    hear(birth("DBIRTH gw/k1", 1, 10_000), &mut out);
    assert_eq!((out.events.len(), out.refused.len(), out.ignored_keys), (2, 0, 9_999));
    hear(Line::parse("DDATA gw/k1 seq=2 t=1 #7=81 #9999=1 #10000=1"), &mut out);
    assert_eq!(
        became(&out),
        ["hq/k1 1 s: discharge_temp_c=81", "unknown_alias: the birth names no metric with alias 10000", "ignored 1"]
    );
    hear(birth("DBIRTH gw/k1", 3, 10_001), &mut out);
    // A birth that cannot be read was missed.
    let expected = ["too_many: the message holds more than 10000 metrics", "-> spBv1.0/hq/NCMD/gw", "gaps 1"];
    assert_eq!(became(&out), expected);
}
