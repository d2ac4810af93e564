//! How an event's content is written on the log: compact, exact to the last bit, and versioned.
//!
//! The body holds everything but the machine, the time stamp and the time of arrival, which are columns of their own. Equal
//! content always gives equal bytes, because redelivered events are recognised by their bytes.
//!
//! A number is written as a decimal where that loses nothing (`83.2` takes two bytes), otherwise as its eight bytes. What a
//! controller publishes has one to three decimals nearly always, so a reading of four signals takes about 15 bytes.

use foretell_model::{
    Event, FindingId, MachineId, Note, Quality, Reading, RunState, Signal, Signals, Timestamp, Verdict, Work,
};

/// Version of the body's form; its first byte.
const VERSION: u8 = 1;

/// Powers of ten that a decimal may be divided by, by their two-bit code; the fourth code is eight raw bytes.
const DIVISORS: [f64; 3] = [10.0, 1_000.0, 100_000.0];
const RAW: u8 = 3;

/// Largest magnitude that is tried as a decimal; beyond it eight raw bytes are as short.
const MANTISSA_MAX: f64 = (1_u64 << 40) as f64;

/// What kind of event a row holds. The discriminant is on disk, so new ones go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Reading,
    Maintenance,
    ControllerAlarm,
    Note,
    Status,
    Verdict,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Reading, Self::Maintenance, Self::ControllerAlarm, Self::Note, Self::Status, Self::Verdict];

    pub(crate) const fn of(event: &Event) -> Self {
        match event {
            Event::Reading(_) => Self::Reading,
            Event::Maintenance { .. } => Self::Maintenance,
            Event::ControllerAlarm { .. } => Self::ControllerAlarm,
            Event::Note { .. } => Self::Note,
            Event::Status { .. } => Self::Status,
            Event::Verdict { .. } => Self::Verdict,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// Why bytes are not an event.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("its body has form {0}, which this release does not know")]
    Version(u8),
    #[error("its kind {0} is unknown to this release")]
    Kind(u8),
    #[error("its body ends too early or holds an impossible value")]
    Body,
    #[error("its body does not match its checksum")]
    Digest,
    #[error("its machine and its times do not match their checksum")]
    Place,
}

/// Where an event stands beside its body: the columns of its row.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) machine: MachineId,
    pub(crate) ts: Timestamp,
    /// Arrival minus event time in milliseconds; 0 for events that carry no arrival.
    pub(crate) lag_ms: i64,
    pub(crate) kind: u8,
}

/// Milliseconds from an event's time stamp to its arrival, exact for any pair.
pub(crate) const fn lag_ms(event: &Event) -> i64 {
    match event {
        Event::Reading(reading) => reading.arrived.millis().wrapping_sub(reading.ts.millis()),
        _ => 0,
    }
}

/// A 32-bit FNV-1a of kind and body, folded from 64 bits. It only narrows a search: equality is decided by the bytes.
pub(crate) fn digest(kind: u8, body: &[u8]) -> u32 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = body.iter().copied().fold(mix(0xcbf2_9ce4_8422_2325, kind), mix);
    (hash ^ (hash >> 32)) as u32
}

/// Appends an event's body to `out`.
pub(crate) fn encode(event: &Event, out: &mut Vec<u8>) {
    out.push(VERSION);
    match event {
        Event::Reading(reading) => encode_reading(reading, out),
        Event::Maintenance { work, .. } => out.extend_from_slice(work.as_str().as_bytes()),
        Event::ControllerAlarm { code: text, .. } | Event::Note { text, .. } => {
            out.extend_from_slice(text.as_str().as_bytes());
        }
        Event::Status { online, .. } => out.push(u8::from(*online)),
        Event::Verdict { finding, verdict, .. } => {
            out.push(*verdict as u8);
            out.extend_from_slice(finding.to_string().as_bytes());
        }
    }
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(place: Place, body: &[u8]) -> Result<Event, CodecError> {
    let Place { machine, ts, lag_ms, kind } = place;
    let (&version, body) = body.split_first().ok_or(CodecError::Body)?;
    if version != VERSION {
        return Err(CodecError::Version(version));
    }
    Ok(match Kind::from_code(kind).ok_or(CodecError::Kind(kind))? {
        Kind::Reading => {
            let arrived = Timestamp::from_millis(ts.millis().wrapping_add(lag_ms));
            Event::Reading(decode_reading(machine, ts, arrived, body)?)
        }
        Kind::Maintenance => Event::Maintenance { machine, ts, work: Work::new(text(body)?).ok_or(CodecError::Body)? },
        Kind::ControllerAlarm => Event::ControllerAlarm { machine, ts, code: Note::new(text(body)?) },
        Kind::Note => Event::Note { machine, ts, text: Note::new(text(body)?) },
        Kind::Status => Event::Status { machine, ts, online: *body.first().ok_or(CodecError::Body)? != 0 },
        Kind::Verdict => {
            let (&code, finding) = body.split_first().ok_or(CodecError::Body)?;
            let verdict = *Verdict::ALL.get(usize::from(code)).ok_or(CodecError::Body)?;
            Event::Verdict { machine, ts, finding: FindingId::from_text(text(finding)?), verdict }
        }
    })
}

/// Mask of signals, state and quality in one byte, then the values in the order of the mask.
fn encode_reading(reading: &Reading, out: &mut Vec<u8>) {
    out.extend_from_slice(&reading.signals.mask().to_le_bytes());
    let state = reading.state.map_or(0, |state| state as u8 + 1);
    out.push(state | (reading.quality as u8) << 4);
    for (_, value) in reading.signals.iter() {
        encode_number(value, out);
    }
}

fn decode_reading(machine: MachineId, ts: Timestamp, arrived: Timestamp, body: &[u8]) -> Result<Reading, CodecError> {
    let [mask_low, mask_high, flags, values @ ..] = body else { return Err(CodecError::Body) };
    let mask = u16::from_le_bytes([*mask_low, *mask_high]);
    let state = match flags & 0x0f {
        0 => None,
        code => Some(*RunState::ALL.get(usize::from(code - 1)).ok_or(CodecError::Body)?),
    };
    let quality = *Quality::ALL.get(usize::from(flags >> 4)).ok_or(CodecError::Body)?;
    let (mut signals, mut rest) = (Signals::empty(), values);
    for signal in Signal::ALL.into_iter().filter(|signal| mask & (1 << *signal as u16) != 0) {
        signals.set(signal, decode_number(&mut rest).ok_or(CodecError::Body)?);
    }
    if !rest.is_empty() {
        return Err(CodecError::Body);
    }
    Ok(Reading { machine, ts, arrived, signals, state, quality })
}

/// A decimal is the zigzag of its mantissa, shifted left by two to make room for the divisor's code, in base-128 digits.
fn encode_number(value: f64, out: &mut Vec<u8>) {
    for (code, divisor) in DIVISORS.into_iter().enumerate() {
        let scaled = (value * divisor).round();
        if scaled.abs() >= MANTISSA_MAX {
            break;
        }
        let mantissa = scaled as i64;
        // Bits, not values: -0.0 must come back as -0.0.
        if (mantissa as f64 / divisor).to_bits() == value.to_bits() {
            let zigzag = ((mantissa << 1) ^ (mantissa >> 63)) as u64;
            return encode_digits(zigzag << 2 | code as u64, out);
        }
    }
    out.push(RAW);
    out.extend_from_slice(&value.to_le_bytes());
}

fn decode_number(rest: &mut &[u8]) -> Option<f64> {
    let digits = decode_digits(rest)?;
    let code = (digits & 3) as u8;
    if code == RAW {
        let (bytes, tail) = rest.split_first_chunk::<8>()?;
        *rest = tail;
        return Some(f64::from_le_bytes(*bytes));
    }
    let zigzag = digits >> 2;
    let mantissa = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
    Some(mantissa as f64 / DIVISORS[usize::from(code)])
}

fn encode_digits(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn decode_digits(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn text(body: &[u8]) -> Result<&str, CodecError> {
    std::str::from_utf8(body).map_err(|_| CodecError::Body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(event: &Event) -> Result<Event, CodecError> {
        let mut body = Vec::new();
        encode(event, &mut body);
        let place = Place {
            machine: event.machine().clone(),
            ts: event.ts(),
            lag_ms: lag_ms(event),
            kind: Kind::of(event) as u8,
        };
        decode(place, &body)
    }

    fn any_reading() -> impl Strategy<Value = Reading> {
        let values = prop::collection::vec(
            prop::option::of(prop_oneof![any::<f64>(), (-2_000_000_i64..2_000_000).prop_map(|n| n as f64 / 1000.0)]),
            Signal::COUNT,
        );
        (any::<i64>(), any::<i64>(), values, 0..5_usize, 0..4_usize).prop_map(
            |(ts, arrived, values, state, quality)| {
                let mut signals = Signals::empty();
                for (signal, value) in Signal::ALL.into_iter().zip(values) {
                    signals.set(signal, value.unwrap_or(f64::NAN));
                }
                Reading {
                    machine: MachineId::parse("s/m").unwrap(),
                    ts: Timestamp::from_millis(ts),
                    arrived: Timestamp::from_millis(arrived),
                    signals,
                    state: state.checked_sub(1).map(|n| RunState::ALL[n]),
                    quality: Quality::ALL[quality],
                }
            },
        )
    }

    proptest! {
        #[test]
        fn readings_come_back_to_the_last_bit(reading in any_reading()) {
            let Ok(Event::Reading(back)) = there_and_back(&Event::Reading(reading.clone())) else {
                return Err(TestCaseError::fail("not a reading"));
            };
            let bits = |r: &Reading| r.signals.iter().map(|(s, v)| (s, v.to_bits())).collect::<Vec<_>>();
            prop_assert_eq!(bits(&reading), bits(&back));
            prop_assert_eq!(back, reading);
        }

        #[test]
        fn other_events_come_back(ts in any::<i64>(), text in ".{0,40}", word in "[a-z0-9_]{1,64}", flag in any::<bool>(), n in 0..3_usize) {
            let (machine, ts) = (MachineId::parse("s/m").unwrap(), Timestamp::from_millis(ts));
            for event in [
                Event::Maintenance { machine: machine.clone(), ts, work: Work::new(&word).unwrap() },
                Event::ControllerAlarm { machine: machine.clone(), ts, code: Note::new(&text) },
                Event::Note { machine: machine.clone(), ts, text: Note::new(&text) },
                Event::Status { machine: machine.clone(), ts, online: flag },
                Event::Verdict { machine: machine.clone(), ts, finding: FindingId::from_text(&text), verdict: Verdict::ALL[n] },
            ] {
                prop_assert_eq!(there_and_back(&event), Ok(event));
            }
        }

        #[test]
        fn any_bytes_are_an_event_or_an_error(kind in 0..8_u8, body in prop::collection::vec(any::<u8>(), 0..60)) {
            let place = Place { machine: MachineId::parse("s/m").unwrap(), ts: Timestamp::default(), lag_ms: 0, kind };
            if let Ok(event) = decode(place, &body) {
                prop_assert_eq!(Kind::of(&event) as u8, kind);
            }
        }
    }

    #[test]
    fn a_usual_reading_is_short() {
        let signals = Signals::empty()
            .with(Signal::DischargeTemp, 83.2)
            .with(Signal::MotorCurrent, 41.7)
            .with(Signal::RunHours, 4021.5)
            .with(Signal::AmbientTemp, 27.1);
        let ts = Timestamp::default();
        let machine = MachineId::parse("s/m").unwrap();
        let mut body = Vec::new();
        let reading = Reading { machine, ts, arrived: ts, signals, state: None, quality: Quality::Good };
        encode(&Event::Reading(reading), &mut body);
        assert_eq!(body.len(), 13);
    }
}
