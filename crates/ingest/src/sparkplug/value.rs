//! From a metric's data type and bits to a number or a word.
//!
//! Protobuf carries every small integer as `int_value` and every large one as `long_value`, without sign; only the data type
//! tells what is meant. Encoders differ in how they fill the bits above a small negative number, so both ways are read.

use std::borrow::Cow;

use foretell_model::widened;
use srad_types::payload::DataType;

use super::wire::Value;

/// How a data type is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Two's complement of so many bits.
    Signed(u32),
    Unsigned(u32),
    Real,
    Flag,
    Text,
    Other,
}

const fn class(datatype: DataType) -> Class {
    match datatype {
        DataType::Int8 => Class::Signed(8),
        DataType::Int16 => Class::Signed(16),
        DataType::Int32 => Class::Signed(32),
        DataType::Int64 => Class::Signed(64),
        DataType::UInt8 => Class::Unsigned(8),
        DataType::UInt16 => Class::Unsigned(16),
        DataType::UInt32 => Class::Unsigned(32),
        DataType::UInt64 => Class::Unsigned(64),
        DataType::Float | DataType::Double => Class::Real,
        DataType::Boolean => Class::Flag,
        DataType::String | DataType::Text => Class::Text,
        _ => Class::Other,
    }
}

/// A data type's code; 0 and what is not known count as not given.
pub(super) fn datatype(code: Option<u32>) -> Option<DataType> {
    code.and_then(|code| DataType::try_from(code).ok()).filter(|datatype| *datatype != DataType::Unknown)
}

/// The number that a value means; `None` for a NaN, which says that nothing was measured.
///
/// # Errors
/// In words, when it is no number, or the bits do not fit the data type.
pub(super) fn number(value: Value<'_>, datatype: Option<DataType>) -> Result<Option<f64>, String> {
    let number = match (datatype.map(class), value) {
        (Some(Class::Real), Value::Float(v)) | (None, Value::Float(v)) => widened(v),
        (Some(Class::Real), Value::Double(v)) | (None, Value::Double(v)) => v,
        (Some(class @ (Class::Signed(_) | Class::Unsigned(_))), Value::Int(v)) => {
            whole(class, u64::from(v), i64::from(v as i32))?
        }
        (Some(class @ (Class::Signed(_) | Class::Unsigned(_))), Value::Long(v)) => whole(class, v, v as i64)?,
        // Without a data type a set top bit may be a sign or not.
        (None, Value::Int(v)) if v <= i32::MAX as u32 => f64::from(v),
        (None, Value::Long(v)) if v <= i64::MAX as u64 => v as f64,
        (None, Value::Int(_) | Value::Long(_)) => {
            return Err("is a whole number whose sign is unknown without a data type".to_owned());
        }
        _ => return Err(format!("is {}; a number belongs there", named(value, datatype))),
    };
    Ok((!number.is_nan()).then_some(number))
}

/// `raw` are the bits as they came, `wide` the same with the sign of their carrier.
fn whole(class: Class, raw: u64, wide: i64) -> Result<f64, String> {
    let fits = match class {
        Class::Signed(64) => Some(wide as f64),
        Class::Signed(bits) => {
            let half = 1_i64 << (bits - 1);
            if (-half..half).contains(&wide) {
                Some(wide as f64)
            } else {
                // Only the type's own bits were filled: 251 for an Int8 of -5.
                (raw < 1 << bits).then(|| (raw as i64 - 2 * half) as f64)
            }
        }
        Class::Unsigned(bits) => (bits == 64 || raw < 1 << bits).then_some(raw as f64),
        _ => None,
    };
    fits.ok_or_else(|| format!("has the bits {raw:#x}, more than its data type holds"))
}

/// The word that a value means, for states: a text, or a whole number or flag written out.
///
/// # Errors
/// In words, when it is none of these.
pub(super) fn word(value: Value<'_>, datatype: Option<DataType>) -> Result<Cow<'_, str>, String> {
    match value {
        Value::Text(text) => Ok(text.trim().into()),
        Value::Bool(flag) => Ok(if flag { "true" } else { "false" }.into()),
        _ => match number(value, datatype)? {
            Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok((number as i64).to_string().into()),
            _ => Err(format!("is {}; a text or a whole number belongs there", named(value, datatype))),
        },
    }
}

fn named(value: Value<'_>, datatype: Option<DataType>) -> String {
    let carried = match value {
        Value::Absent => "nothing",
        Value::Int(_) | Value::Long(_) => "a whole number",
        Value::Float(_) | Value::Double(_) => "a real number",
        Value::Bool(_) => "true or false",
        Value::Text(_) => "a text",
        Value::Bytes => "bytes",
        Value::DataSet => "a data set",
        Value::Template => "a template",
        Value::Extension => "an extension",
    };
    datatype.map_or_else(|| carried.to_owned(), |datatype| format!("{carried} of type {}", datatype.as_str_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(datatype: Option<DataType>, value: Value<'_>, expected: &str) {
        let got = match number(value, datatype) {
            Ok(Some(number)) => number.to_string(),
            Ok(None) => "not measured".to_owned(),
            Err(problem) => problem,
        };
        assert_eq!(got, expected, "{datatype:?} {value:?}");
    }

    #[test]
    fn reads_each_type_in_each_carrier() {
        check(Some(DataType::Int8), Value::Int(251), "-5");
        check(Some(DataType::Int8), Value::Int(4_294_967_291), "-5");
        check(Some(DataType::Int16), Value::Int(65_531), "-5");
        check(Some(DataType::Int32), Value::Int(4_294_967_291), "-5");
        check(Some(DataType::Int32), Value::Long(4_294_967_291), "-5");
        check(Some(DataType::Int32), Value::Long(18_446_744_073_709_551_611), "-5");
        check(Some(DataType::Int64), Value::Long(18_446_744_073_709_551_611), "-5");
        check(Some(DataType::Int64), Value::Int(41), "41");
        check(Some(DataType::UInt32), Value::Long(4_021), "4021");
        check(Some(DataType::UInt64), Value::Long(4_021), "4021");
        check(Some(DataType::Float), Value::Float(83.25), "83.25");
        check(Some(DataType::Double), Value::Float(83.25), "83.25");
        check(Some(DataType::Double), Value::Double(f64::NAN), "not measured");
        check(None, Value::Int(41), "41");
        check(None, Value::Double(-0.5), "-0.5");
    }

    #[test]
    fn says_what_does_not_fit() {
        check(Some(DataType::UInt8), Value::Int(256), "has the bits 0x100, more than its data type holds");
        check(Some(DataType::Int8), Value::Int(256), "has the bits 0x100, more than its data type holds");
        check(Some(DataType::Double), Value::Int(1), "is a whole number of type Double; a number belongs there");
        check(Some(DataType::UInt32), Value::Double(1.0), "is a real number of type UInt32; a number belongs there");
        check(Some(DataType::Boolean), Value::Bool(true), "is true or false of type Boolean; a number belongs there");
        check(Some(DataType::String), Value::Text("4"), "is a text of type String; a number belongs there");
        check(None, Value::Int(u32::MAX), "is a whole number whose sign is unknown without a data type");
        check(None, Value::DataSet, "is a data set; a number belongs there");
        check(None, Value::Absent, "is nothing; a number belongs there");
    }

    #[test]
    fn states_are_words_flags_or_whole_numbers() {
        let words = [
            word(Value::Text(" loaded "), Some(DataType::String)),
            word(Value::Bool(true), Some(DataType::Boolean)),
            word(Value::Int(3), Some(DataType::UInt8)),
            word(Value::Double(3.5), None),
        ];
        let words = words.map(|word| word.map_or_else(|problem| problem, Cow::into_owned));
        assert_eq!(words, ["loaded", "true", "3", "is a real number; a text or a whole number belongs there"]);
    }
}
