//! One signal of a mapping: where its number stands, how it is put together and what it becomes.

use foretell_model::{Signal, widened};
use serde_json::Value;

use super::pointer::Pointer;
use super::unit::{self, Linear};
use crate::decode::reason::{Fault, RefusalReason};

/// Texts that stand for "not measured", as in files.
const MISSING: [&str; 5] = ["", "null", "nan", "na", "#value!"];

/// Where one signal stands.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::decode) struct Field {
    pub(in crate::decode) signal: Signal,
    pub(super) source: Source,
    /// The word in the topic that announces it, in a mapping whose topic names the signal.
    pub(super) word: Option<String>,
    pub(super) register: Register,
    /// In which unit the payload has its numbers.
    pub(super) unit: String,
    /// From the number in the payload to the signal's own unit.
    pub(super) linear: Linear,
    /// The same in words.
    pub(super) how: String,
    /// Numbers of the payload that mean "not measured".
    pub(super) missing: Vec<f64>,
}

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// The configuration.
    Constant(f64),
    /// One place of the record, or two registers, the higher bits first.
    At(Vec<Pointer>),
}

/// How registers of 16 bits make a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Register {
    /// They do not: the value is the number.
    None,
    U16,
    I16,
    U32,
    I32,
    F32,
}

/// What a field says in one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::decode) enum Measured {
    /// Nothing: the record does not name it.
    Absent,
    /// That it was not measured.
    Missing,
    /// This, in the signal's own unit.
    Value(f64),
}

impl Register {
    pub(super) const NAMES: &str = "u16, i16, u32, i32, f32";

    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "u16" => Some(Self::U16),
            "i16" => Some(Self::I16),
            "u32" => Some(Self::U32),
            "i32" => Some(Self::I32),
            "f32" => Some(Self::F32),
            _ => None,
        }
    }

    /// Registers that make one number.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::None | Self::U16 | Self::I16 => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
        }
    }

    /// The number of these registers.
    fn number(self, high: u16, low: u16) -> f64 {
        let whole = u32::from(high) << 16 | u32::from(low);
        match self {
            Self::None | Self::U16 => f64::from(high),
            Self::I16 => f64::from(high.cast_signed()),
            Self::U32 => f64::from(whole),
            Self::I32 => f64::from(whole.cast_signed()),
            Self::F32 => widened(f32::from_bits(whole)),
        }
    }
}

impl Field {
    /// Whether it has anything to say about a message of this topic.
    pub(super) fn is_meant(&self, signal_level: Option<&str>) -> bool {
        match (&self.word, signal_level) {
            (Some(word), Some(level)) => word == level,
            _ => true,
        }
    }

    pub(super) const fn is_constant(&self) -> bool {
        matches!(self.source, Source::Constant(_))
    }

    /// Where it stands; nothing for a constant.
    pub(in crate::decode) fn places(&self) -> &[Pointer] {
        match &self.source {
            Source::Constant(_) => &[],
            Source::At(places) => places,
        }
    }

    /// What the record says of it.
    pub(in crate::decode) fn read(&self, record: &Value, decimal_comma: bool) -> Result<Measured, Fault> {
        let raw = match &self.source {
            Source::Constant(value) => return Ok(Measured::Value(*value)),
            Source::At(places) if self.register == Register::None => {
                let Some(value) = places.first().and_then(|place| place.find(record)) else {
                    return Ok(Measured::Absent);
                };
                match self.plain(value, decimal_comma)? {
                    Some(number) => number,
                    None => return Ok(Measured::Missing),
                }
            }
            Source::At(places) => match self.registers(places, record)? {
                Measured::Value(number) => number,
                nothing => return Ok(nothing),
            },
        };
        if self.missing.contains(&raw) {
            return Ok(Measured::Missing);
        }
        let number = self.linear.apply(raw);
        if number.is_finite() {
            return Ok(Measured::Value(number));
        }
        let detail = format!("`{}` is beyond all numbers after scaling", self.signal.name());
        Err(Fault::new(RefusalReason::OutOfRange, detail))
    }

    /// The number of a value; `None` when the source says that it was not measured.
    fn plain(&self, value: &Value, decimal_comma: bool) -> Result<Option<f64>, Fault> {
        let number = match value {
            Value::Null => return Ok(None),
            Value::Number(number) => number.as_f64(),
            Value::String(text) if MISSING.contains(&text.trim().to_lowercase().as_str()) => return Ok(None),
            // Many gateways write numbers as texts.
            Value::String(text) => {
                let (number, unit) = in_text(text);
                // A temperature is no pressure, and 181 degF are not 181 degC.
                if let Some(theirs) = unit::written(unit).filter(|theirs| *theirs != self.unit) {
                    return Err(self.other_unit(value, theirs));
                }
                number_in(number, decimal_comma)
            }
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.no_number(value))
    }

    fn registers(&self, places: &[Pointer], record: &Value) -> Result<Measured, Fault> {
        let mut words = [0_u16; 2];
        for (word, place) in words.iter_mut().zip(places) {
            let Some(value) = place.find(record) else { return Ok(Measured::Absent) };
            if value.is_null() {
                return Ok(Measured::Missing);
            }
            *word = register(value).ok_or_else(|| {
                let (name, shown) = (self.signal.name(), short(value));
                Fault::new(
                    RefusalReason::WrongType,
                    format!("`{name}` is {shown}; a register of 16 bits belongs there"),
                )
            })?;
        }
        let number = self.register.number(words[0], words[1]);
        // A float register that was never written often holds NaN.
        Ok(if number.is_finite() { Measured::Value(number) } else { Measured::Missing })
    }

    fn other_unit(&self, value: &Value, theirs: &str) -> Fault {
        let (name, shown, ours) = (self.signal.name(), short(value), &self.unit);
        let detail = format!("`{name}` is {shown}, which is in {theirs}; a number in {ours} belongs there (`unit`)");
        Fault::new(RefusalReason::WrongType, detail)
    }

    fn no_number(&self, value: &Value) -> Fault {
        let (name, shown) = (self.signal.name(), short(value));
        Fault::new(RefusalReason::WrongType, format!("`{name}` is {shown}; a number belongs there"))
    }
}

/// The number in a text and the unit behind it, if there is one: `83.2`, `83,2 °C`.
fn in_text(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (number, unit) = text.split_once([' ', '\u{a0}']).unwrap_or((text, ""));
    let unit = unit.trim();
    // What follows a space is a unit, unless it begins with a digit: `1 000` is not 1.
    if unit.starts_with(|c: char| c.is_ascii_digit()) { (text, "") } else { (number, unit) }
}

fn number_in(text: &str, decimal_comma: bool) -> Option<f64> {
    let number = if decimal_comma { text.replacen(',', ".", 1).parse() } else { text.parse() };
    number.ok().filter(|number: &f64| number.is_finite())
}

/// One register; gateways write them with or without sign.
fn register(value: &Value) -> Option<u16> {
    let number = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => match text.trim().strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok()?,
            None => text.trim().parse().ok()?,
        },
        _ => return None,
    };
    u16::try_from(number).ok().or_else(|| i16::try_from(number).ok().map(i16::cast_unsigned))
}

/// A value as a refusal shows it.
pub(super) fn short(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "json! makes values in place")]
    fn check(register: Register, record: Value, expected: &str) {
        let places = ["/0", "/1"].map(|at| Pointer::parse(at).unwrap());
        let field = Field {
            signal: Signal::RunHours,
            source: Source::At(places.into_iter().take(register.count()).collect()),
            word: None,
            register,
            unit: "h".to_owned(),
            linear: Linear { scale: 0.5, offset: 0.0 },
            how: String::new(),
            missing: vec![32767.0],
        };
        let got = field.read(&record, true).map_or_else(|fault| fault.detail, |measured| format!("{measured:?}"));
        assert_eq!(got, expected, "{record}");
    }

    #[test]
    fn numbers_texts_and_registers() {
        check(Register::None, json!([83.5]), "Value(41.75)");
        check(Register::None, json!(["83,5 h"]), "Value(41.75)");
        check(Register::None, json!(["83,5 units"]), "Value(41.75)");
        check(
            Register::None,
            json!(["83,5 °C"]),
            "`run_hours` is \"83,5 °C\", which is in degC; a number in h belongs there (`unit`)",
        );
        check(Register::None, json!(["83.5"]), "Value(41.75)");
        check(Register::None, json!(["1 000 h"]), "`run_hours` is \"1 000 h\"; a number belongs there");
        check(Register::None, json!(["hot"]), "`run_hours` is \"hot\"; a number belongs there");
        check(Register::None, json!([32767]), "Missing");
        check(Register::None, json!([null]), "Missing");
        check(Register::None, json!([]), "Absent");
        check(Register::U16, json!([65535]), "Value(32767.5)");
        check(Register::U16, json!([-1]), "Value(32767.5)");
        check(Register::I16, json!([65526]), "Value(-5.0)");
        check(Register::I16, json!(["0x000A"]), "Value(5.0)");
        check(Register::U32, json!([1, 2]), "Value(32769.0)");
        check(Register::I32, json!([65535, 65534]), "Value(-1.0)");
        check(Register::F32, json!([16932, 0]), "Value(20.5)");
        check(Register::F32, json!([0x7fc0, 0]), "Missing");
        check(Register::U32, json!([1]), "Absent");
        check(Register::U32, json!([1, 70000]), "`run_hours` is 70000; a register of 16 bits belongs there");
        check(Register::U16, json!([1.5]), "`run_hours` is 1.5; a register of 16 bits belongs there");
    }
}
