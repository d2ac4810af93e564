//! Reads a Sparkplug payload straight from its protobuf bytes, without owning anything.
//!
//! The generated types (`srad_types::payload`) would do, but they allocate whatever a payload claims to hold: one mebibyte
//! of empty metrics becomes hundreds, before anything could refuse it. Here a metric is a view of the bytes, the number of
//! metrics is bounded before they are kept, and data sets, templates and files are stepped over. A property test holds it
//! equal to the generated decoder.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use crate::decode::{Fault, RefusalReason};

/// Most metrics in one message.
pub(super) const METRICS_MAX: usize = 10_000;
/// What `uuid` says when the payload's body is compressed.
const COMPRESSED: &[u8] = b"SPBV1.0_COMPRESSED";

/// A payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message<'a> {
    /// When it was sent, ms since 1970 UTC.
    pub(super) timestamp: Option<u64>,
    /// Its place among the node's messages.
    pub(super) seq: Option<u64>,
    pub(super) metrics: Vec<Metric<'a>>,
}

/// One metric of a payload.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Metric<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) alias: Option<u64>,
    /// When it was measured, ms since 1970 UTC.
    pub(super) timestamp: Option<u64>,
    pub(super) datatype: Option<u32>,
    pub(super) is_historical: bool,
    pub(super) is_transient: bool,
    pub(super) is_null: bool,
    /// The property `Quality`: 192 good, 0 bad, 500 stale.
    pub(super) quality: Option<u64>,
    pub(super) value: Value<'a>,
}

/// What a metric carries.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Value<'a> {
    #[default]
    Absent,
    Int(u32),
    Long(u64),
    Float(f32),
    Double(f64),
    Bool(bool),
    Text(&'a str),
    /// Bytes or a file.
    Bytes,
    DataSet,
    Template,
    Extension,
}

/// Reads a payload.
///
/// # Errors
/// When it is no protobuf of that form, holds too many metrics, or is compressed.
pub(super) fn read(mut payload: &[u8]) -> Result<Message<'_>, Fault> {
    let mut message = Message::default();
    let buf = &mut payload;
    while !buf.is_empty() {
        let (tag, wire) = decode_key(buf).map_err(malformed)?;
        match (tag, wire) {
            (1, WireType::Varint) => message.timestamp = Some(varint(buf)?),
            (2, WireType::LengthDelimited) => {
                if message.metrics.len() == METRICS_MAX {
                    let detail = format!("the message holds more than {METRICS_MAX} metrics");
                    return Err(Fault::new(RefusalReason::TooMany, detail));
                }
                message.metrics.push(metric(slice(buf)?)?);
            }
            (3, WireType::Varint) => message.seq = Some(varint(buf)?),
            (4, WireType::LengthDelimited) => {
                if slice(buf)? == COMPRESSED {
                    let detail = "the payload is compressed; switch compression off at the edge node";
                    return Err(Fault::new(RefusalReason::WrongType, detail));
                }
            }
            (1..=4, _) => return Err(wrong_wire(tag)),
            _ => skip(wire, tag, buf)?,
        }
    }
    Ok(message)
}

fn metric(mut bytes: &[u8]) -> Result<Metric<'_>, Fault> {
    let mut metric = Metric::default();
    let buf = &mut bytes;
    while !buf.is_empty() {
        let (tag, wire) = decode_key(buf).map_err(malformed)?;
        match (tag, wire) {
            (1, WireType::LengthDelimited) => metric.name = Some(text(slice(buf)?)?),
            (2, WireType::Varint) => metric.alias = Some(varint(buf)?),
            (3, WireType::Varint) => metric.timestamp = Some(varint(buf)?),
            (4, WireType::Varint) => metric.datatype = Some(varint(buf)? as u32),
            (5, WireType::Varint) => metric.is_historical = varint(buf)? != 0,
            (6, WireType::Varint) => metric.is_transient = varint(buf)? != 0,
            (7, WireType::Varint) => metric.is_null = varint(buf)? != 0,
            (9, WireType::LengthDelimited) => metric.quality = quality(slice(buf)?)?.or(metric.quality),
            (10, WireType::Varint) => metric.value = Value::Int(varint(buf)? as u32),
            (11, WireType::Varint) => metric.value = Value::Long(varint(buf)?),
            (12, WireType::ThirtyTwoBit) => metric.value = Value::Float(f32::from_le_bytes(fixed(buf)?)),
            (13, WireType::SixtyFourBit) => metric.value = Value::Double(f64::from_le_bytes(fixed(buf)?)),
            (14, WireType::Varint) => metric.value = Value::Bool(varint(buf)? != 0),
            (15, WireType::LengthDelimited) => metric.value = Value::Text(text(slice(buf)?)?),
            (16..=19, WireType::LengthDelimited) => {
                slice(buf)?;
                metric.value = match tag {
                    16 => Value::Bytes,
                    17 => Value::DataSet,
                    18 => Value::Template,
                    _ => Value::Extension,
                };
            }
            (1..=7 | 9..=19, _) => return Err(wrong_wire(tag)),
            _ => skip(wire, tag, buf)?,
        }
    }
    Ok(metric)
}

/// The value of the property `Quality`, if the set has it: keys and values are two lists of the same order.
fn quality(set: &[u8]) -> Result<Option<u64>, Fault> {
    let mut wanted = None;
    each(set, 1, |place, key| {
        if key == b"Quality" {
            wanted = wanted.or(Some(place));
        }
        Ok(())
    })?;
    let mut found = None;
    if let Some(wanted) = wanted {
        each(set, 2, |place, value| {
            if place == wanted {
                found = property(value)?;
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Hands every length-delimited field of this tag to `take`, numbered from 0; steps over all others.
fn each<'a>(
    mut bytes: &'a [u8],
    wanted: u32,
    mut take: impl FnMut(usize, &'a [u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let buf = &mut bytes;
    let mut place = 0;
    while !buf.is_empty() {
        let (tag, wire) = decode_key(buf).map_err(malformed)?;
        if (tag, wire) == (wanted, WireType::LengthDelimited) {
            take(place, slice(buf)?)?;
            place += 1;
        } else {
            skip(wire, tag, buf)?;
        }
    }
    Ok(())
}

/// A property's whole number, if it is one.
fn property(mut bytes: &[u8]) -> Result<Option<u64>, Fault> {
    let buf = &mut bytes;
    let mut found = None;
    while !buf.is_empty() {
        let (tag, wire) = decode_key(buf).map_err(malformed)?;
        match (tag, wire) {
            (3, WireType::Varint) => found = Some(u64::from(varint(buf)? as u32)),
            (4, WireType::Varint) => found = Some(varint(buf)?),
            _ => skip(wire, tag, buf)?,
        }
    }
    Ok(found)
}

fn varint(buf: &mut &[u8]) -> Result<u64, Fault> {
    decode_varint(buf).map_err(malformed)
}

/// A length-delimited field's bytes.
fn slice<'a>(buf: &mut &'a [u8]) -> Result<&'a [u8], Fault> {
    let length = usize::try_from(varint(buf)?).unwrap_or(usize::MAX);
    let (field, rest) = buf.split_at_checked(length).ok_or_else(cut)?;
    *buf = rest;
    Ok(field)
}

fn fixed<const N: usize>(buf: &mut &[u8]) -> Result<[u8; N], Fault> {
    let (field, rest) = buf.split_first_chunk::<N>().ok_or_else(cut)?;
    *buf = rest;
    Ok(*field)
}

fn skip(wire: WireType, tag: u32, buf: &mut &[u8]) -> Result<(), Fault> {
    skip_field(wire, tag, buf, DecodeContext::default()).map_err(malformed)
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|error| Fault::new(RefusalReason::Malformed, format!("a text: {error}")))
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn malformed(error: DecodeError) -> Fault {
    Fault::new(RefusalReason::Malformed, format!("not a Sparkplug payload: {error}"))
}

fn cut() -> Fault {
    Fault::new(RefusalReason::Malformed, "not a Sparkplug payload: a field is longer than what is left; it seems cut")
}

fn wrong_wire(tag: u32) -> Fault {
    Fault::new(RefusalReason::Malformed, format!("not a Sparkplug payload: field {tag} has another type"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use srad_types::payload::{self, Message as _, metric};

    fn view(metric: &payload::Metric) -> Metric<'_> {
        let quality = metric.properties.as_ref().and_then(|set| {
            let place = set.keys.iter().position(|key| key == "Quality")?;
            match set.values.get(place)?.value.as_ref()? {
                payload::property_value::Value::IntValue(v) => Some(u64::from(*v)),
                payload::property_value::Value::LongValue(v) => Some(*v),
                _ => None,
            }
        });
        Metric {
            name: metric.name.as_deref(),
            alias: metric.alias,
            timestamp: metric.timestamp,
            datatype: metric.datatype,
            is_historical: metric.is_historical(),
            is_transient: metric.is_transient(),
            is_null: metric.is_null(),
            quality,
            value: match &metric.value {
                None => Value::Absent,
                Some(metric::Value::IntValue(v)) => Value::Int(*v),
                Some(metric::Value::LongValue(v)) => Value::Long(*v),
                Some(metric::Value::FloatValue(v)) => Value::Float(*v),
                Some(metric::Value::DoubleValue(v)) => Value::Double(*v),
                Some(metric::Value::BooleanValue(v)) => Value::Bool(*v),
                Some(metric::Value::StringValue(v)) => Value::Text(v),
                Some(metric::Value::BytesValue(_)) => Value::Bytes,
                Some(metric::Value::DatasetValue(_)) => Value::DataSet,
                Some(metric::Value::TemplateValue(_)) => Value::Template,
                Some(metric::Value::ExtensionValue(_)) => Value::Extension,
            },
        }
    }

    fn value() -> impl Strategy<Value = Option<metric::Value>> {
        let set = payload::DataSet { num_of_columns: Some(1), columns: vec!["a".into()], types: vec![3], rows: vec![] };
        let template = payload::Template { version: Some("1".into()), ..payload::Template::default() };
        prop::option::of(prop_oneof![
            any::<u32>().prop_map(metric::Value::IntValue),
            any::<u64>().prop_map(metric::Value::LongValue),
            (-1e9_f32..1e9).prop_map(metric::Value::FloatValue),
            (-1e9_f64..1e9).prop_map(metric::Value::DoubleValue),
            any::<bool>().prop_map(metric::Value::BooleanValue),
            ".{0,8}".prop_map(metric::Value::StringValue),
            prop::collection::vec(any::<u8>(), 0..20).prop_map(metric::Value::BytesValue),
            Just(metric::Value::DatasetValue(set)),
            Just(metric::Value::TemplateValue(template)),
        ])
    }

    prop_compose! {
        fn properties()(others in 0_usize..3, quality in any::<u64>(), long in any::<bool>()) -> payload::PropertySet {
            let mut set = payload::PropertySet::default();
            for other in 0..others {
                set.keys.push(format!("other{other}"));
                set.values.push(payload::PropertyValue {
                    value: Some(payload::property_value::Value::StringValue("x".into())),
                    ..payload::PropertyValue::default()
                });
            }
            set.keys.push("Quality".into());
            let value = if long {
                payload::property_value::Value::LongValue(quality)
            } else {
                payload::property_value::Value::IntValue(quality as u32)
            };
            set.values.push(payload::PropertyValue { value: Some(value), ..payload::PropertyValue::default() });
            set
        }
    }

    prop_compose! {
        fn metric_of()(
            name in prop::option::of(".{0,12}"),
            alias in prop::option::of(any::<u64>()),
            timestamp in prop::option::of(any::<u64>()),
            datatype in prop::option::of(any::<u32>()),
            flags in any::<[Option<bool>; 3]>(),
            properties in prop::option::of(properties()),
            value in value(),
        ) -> payload::Metric {
            let [is_historical, is_transient, is_null] = flags;
            payload::Metric {
                name, alias, timestamp, datatype, is_historical, is_transient, is_null,
                metadata: Some(payload::MetaData::default()), properties, value,
            }
        }
    }

    proptest! {
        #[test]
        fn reads_what_the_generated_decoder_reads(
            timestamp in prop::option::of(any::<u64>()),
            seq in prop::option::of(any::<u64>()),
            metrics in prop::collection::vec(metric_of(), 0..6),
        ) {
            let payload = payload::Payload { timestamp, metrics, seq, uuid: Some("u".into()), body: Some(vec![1]) };
            let bytes = payload.encode_to_vec();
            let read = read(&bytes).unwrap();
            prop_assert_eq!((read.timestamp, read.seq), (timestamp, seq));
            prop_assert_eq!(read.metrics, payload.metrics.iter().map(view).collect::<Vec<_>>());
        }

        #[test]
        fn anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let ours = read(&bytes);
            if let (Ok(ours), Ok(theirs)) = (ours, payload::Payload::decode(&*bytes)) {
                prop_assert_eq!(ours.metrics.len(), theirs.metrics.len());
            }
        }

        #[test]
        fn cut_messages_are_refused_or_shorter(metrics in prop::collection::vec(metric_of(), 1..4), cut in any::<prop::sample::Index>()) {
            let whole = payload::Payload { metrics, ..payload::Payload::default() };
            let bytes = whole.encode_to_vec();
            if let Ok(read) = read(&bytes[..cut.index(bytes.len())]) {
                prop_assert!(read.metrics.len() < whole.metrics.len());
            }
        }
    }

    #[test]
    fn a_flood_of_empty_metrics_is_refused_before_it_is_kept() {
        let flood = [0x12, 0x00].repeat(METRICS_MAX + 1);
        assert_eq!(read(&flood).unwrap_err().reason, RefusalReason::TooMany);
        assert_eq!(read(&flood[2..]).unwrap().metrics.len(), METRICS_MAX);
    }

    #[test]
    fn a_compressed_payload_is_refused_by_name() {
        let payload = payload::Payload { uuid: Some("SPBV1.0_COMPRESSED".into()), ..payload::Payload::default() };
        assert_eq!(read(&payload.encode_to_vec()).unwrap_err().reason, RefusalReason::WrongType);
    }
}
