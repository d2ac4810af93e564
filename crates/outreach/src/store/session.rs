//! The seam below which databases differ: a transaction takes statements of the SQL that SQLite and PostgreSQL share, with
//! `?1`, `?2`, … for values, and gives rows back.
//!
//! What a database must keep (`tests/contract.rs` checks it):
//! - `write` runs its step once, as one transaction; an error undoes all of it. Writers of every process come one after
//!   another, so that a step may look first and write then.
//! - What `write` has returned survives a crash of the process and of the computer.
//! - `read` sees what was committed before it began and changes nothing.
//! - A statement that breaks a unique index is an error, unless it says `ON CONFLICT`.
//! - Integers have 64 bits, floats are IEEE doubles, texts are any Unicode without NUL; each comes back as it was given.

use foretell_model::Timestamp;

use crate::error::{OutreachError, Result};

/// One value of a statement or a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, a truth value (0 or 1) or an instant (milliseconds since 1970 UTC).
    Int(i64),
    /// A float.
    Real(f64),
    /// A text.
    Text(String),
}

/// One row of an answer, by the order of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Value>);

impl Row {
    /// A column's value.
    ///
    /// # Errors
    /// When there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T> {
        let value = self.0.get(column).unwrap_or(&Value::Null);
        T::from_value(value)
            .ok_or_else(|| OutreachError::corrupt(format!("column {column} of a row"), format!("it holds {value:?}")))
    }
}

/// One transaction, or one glance outside of any.
pub trait Session {
    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// In the database's own words.
    fn execute(&self, sql: &str, values: &[Value]) -> Result<usize>;

    /// Asks for rows; also for statements with `RETURNING`.
    ///
    /// # Errors
    /// In the database's own words.
    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>>;
}

impl dyn Session + '_ {
    /// The first row of an answer.
    pub(crate) fn first(&self, sql: &str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// Whether there is a row.
    pub(crate) fn exists(&self, sql: &str, values: &[Value]) -> Result<bool> {
        Ok(!self.query(sql, values)?.is_empty())
    }

    /// The number a counting statement gives.
    pub(crate) fn count(&self, sql: &str, values: &[Value]) -> Result<u32> {
        let n = self.first(sql, values)?.map_or(Ok(0), |row| row.get::<i64>(0))?;
        Ok(u32::try_from(n).unwrap_or(u32::MAX))
    }
}

/// Where service state is kept.
pub trait Database: Send + Sync {
    /// Runs one step as one transaction.
    ///
    /// # Errors
    /// The step's own, or the database's; nothing was kept then.
    fn write(&self, step: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()>;

    /// Looks without changing anything.
    ///
    /// # Errors
    /// The step's own, or the database's.
    fn read(&self, step: &mut dyn FnMut(&dyn Session) -> Result<()>) -> Result<()>;

    /// Writes the store anew so that nothing of what was deleted is left on the disk; a database that does so by itself need
    /// do nothing.
    ///
    /// # Errors
    /// When the database refuses; nothing is lost then.
    fn compact(&self) -> Result<()> {
        Ok(())
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// `None` when the value is something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Int(n) = value { Some(*n) } else { None }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).and_then(|n| Self::try_from(n).ok())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(|n| n != 0)
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Real(x) = value { Some(*x) } else { None }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_millis)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(i64::from(n))
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Self::Int(i64::from(is))
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::Real(x)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Timestamp> for Value {
    fn from(t: Timestamp) -> Self {
        Self::Int(t.millis())
    }
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// The values of a statement, each by its own type.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] };
}
pub(crate) use values;
