//! An explanation as a table for a terminal.

use std::fmt;

use super::explain::{Explained, Explanation, Fate};

/// A column is not made wider than this for one long cell.
const WIDTH_MAX: usize = 44;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.route)?;
        let rows: Vec<[String; 3]> = self.fields.iter().map(cells).collect();
        let width = |column: usize| {
            let widths = rows.iter().map(|row| row[column].chars().count());
            widths.filter(|width| *width <= WIDTH_MAX).max().unwrap_or(0)
        };
        let widths = [width(0), width(1)];
        for [at, value, became] in &rows {
            writeln!(f, "  {}  {}  {became}", padded(at, widths[0]), padded(value, widths[1]))?;
        }
        if self.records > 1 {
            let (records, admitted, is) = (self.records, self.admitted, if self.admitted == 1 { "is" } else { "are" });
            writeln!(f, "  (the first of {records} records; {admitted} of them {is} admitted)")?;
        }
        if self.passed_over > 0 {
            let (count, plural) = (self.passed_over, if self.passed_over == 1 { "" } else { "s" });
            writeln!(f, "  ({count} record{plural} of another kind passed over)")?;
        }
        f.write_str(&self.outcome)?;
        for refused in &self.refused {
            write!(f, "\n{refused}")?;
        }
        Ok(())
    }
}

fn cells(field: &Explained) -> [String; 3] {
    let Explained { at, value, fate, became, how } = field;
    let how = if how.is_empty() { String::new() } else { format!("  ({how})") };
    let verdict = match fate {
        Fate::Used => "->",
        Fate::Ignored => "--",
        Fate::Refused => "!!",
        Fate::Absent => "??",
    };
    [at.clone(), value.clone(), format!("{verdict} {became}{how}")]
}

fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}
