//! One line of InfluxDB's line protocol, right for every byte that may come.
//!
//! Servers agree on escaping commas, spaces and equals signs in names, and quotes and backslashes in texts. They do not agree on
//! a backslash in a name (before a comma it would escape it for one and not for the other) nor on line ends anywhere.
//! So a backslash in a name becomes a slash, and a control character anywhere becomes a space: nothing that a person reads is lost.

use std::fmt::Write as _;

/// Longest text of a field, characters: far below the 64 KiB that servers take.
const TEXT_CHARS_MAX: usize = 4_000;

/// A line in the making, appended to a text. Begin it, add tags, add fields, end it; one that comes to nothing leaves no trace.
#[derive(Debug)]
#[must_use = "a line that is not ended must not stay in the text"]
pub struct Line<'a> {
    out: &'a mut String,
    start: usize,
    fields: usize,
}

impl<'a> Line<'a> {
    /// Begins a line with its measurement.
    pub fn begin(out: &'a mut String, measurement: &str) -> Self {
        let start = out.len();
        // At the beginning of a line it would make a comment of it.
        let measurement = measurement.strip_prefix('#').map_or_else(|| measurement.into(), |rest| format!("_{rest}"));
        name(&measurement, &[',', ' '], out);
        Self { out, start, fields: 0 }
    }

    /// Adds a tag; all of them before the first field. An empty value is no tag.
    pub fn tag(self, key: &str, value: &str) -> Self {
        debug_assert_eq!(self.fields, 0, "tags stand before fields");
        if !key.is_empty() && !value.is_empty() {
            self.out.push(',');
            name(key, &[',', '=', ' '], self.out);
            self.out.push('=');
            name(value, &[',', '=', ' '], self.out);
        }
        self
    }

    /// Adds a number, if there is one and it is finite.
    pub fn number(self, key: &str, value: impl Into<Option<f64>>) -> Self {
        match value.into().filter(|value| value.is_finite()) {
            Some(value) => self.field(key, |out| write!(out, "{value}")),
            None => self,
        }
    }

    /// Adds a whole number, if there is one.
    pub fn whole(self, key: &str, value: impl Into<Option<i64>>) -> Self {
        match value.into() {
            Some(value) => self.field(key, |out| write!(out, "{value}i")),
            None => self,
        }
    }

    /// Adds true or false, if it is known.
    pub fn flag(self, key: &str, value: impl Into<Option<bool>>) -> Self {
        match value.into() {
            Some(value) => self.field(key, |out| out.write_str(if value { "true" } else { "false" })),
            None => self,
        }
    }

    /// Adds a text, if there is one; cut at 4,000 characters.
    pub fn text<'t>(self, key: &str, value: impl Into<Option<&'t str>>) -> Self {
        let Some(value) = value.into() else { return self };
        self.field(key, |out| {
            out.push('"');
            for c in value.chars().take(TEXT_CHARS_MAX) {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(if c.is_control() { ' ' } else { c });
            }
            out.push('"');
            Ok(())
        })
    }

    /// Ends the line with its time in nanoseconds since 1970 UTC; says whether it stands. One without a measurement or without
    /// fields does not.
    #[must_use]
    pub fn at_nanos(self, nanos: i64) -> bool {
        let stands = self.fields > 0 && !self.out[self.start..].starts_with([',', ' ']);
        let stands = stands && writeln!(self.out, " {nanos}").is_ok();
        if !stands {
            self.out.truncate(self.start);
        }
        stands
    }

    /// Ends the line with its time in milliseconds; does not stand either outside of the years 1677 to 2262 that nanoseconds reach.
    #[must_use]
    pub fn at_millis(self, millis: i64) -> bool {
        match millis.checked_mul(1_000_000) {
            Some(nanos) => self.at_nanos(nanos),
            None => {
                self.out.truncate(self.start);
                false
            }
        }
    }

    fn field(mut self, key: &str, value: impl FnOnce(&mut String) -> std::fmt::Result) -> Self {
        if key.is_empty() {
            return self;
        }
        self.out.push(if self.fields == 0 { ' ' } else { ',' });
        name(key, &[',', '=', ' '], self.out);
        self.out.push('=');
        let written = value(self.out);
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        self.fields += 1;
        self
    }
}

/// A name with a backslash before each special character.
fn name(text: &str, special: &[char], out: &mut String) {
    for c in text.chars() {
        let c = match c {
            '\\' => '/',
            c if c.is_control() => ' ',
            c => c,
        };
        if special.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests;
