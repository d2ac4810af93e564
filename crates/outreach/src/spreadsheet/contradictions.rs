//! Lines of a spreadsheet that contradict each other: a customer with several machines stands in several lines, and so does a site.
//! What one line says of them and another says otherwise is a slip in one of the two, and nobody knows in which. Pure.

use std::collections::BTreeMap;

use crate::cells::{Fault, number, several};
use crate::registry::Language;

/// Columns about the customer, apart from its addresses.
const OF_CUSTOMER: &[&str] = &[
    "customer_name",
    "contact",
    "language",
    "zone",
    "advisor",
    "channels",
    "quiet_from",
    "quiet_to",
    "holidays",
    "shifts",
    "shutdowns",
    "busy",
];
/// Columns about the site.
const OF_SITE: &[&str] = &["site_name", "address", "latitude_deg", "longitude_deg"];

/// Something that a line says of its customer or its site.
pub(super) struct Saying {
    /// In which column.
    column: &'static str,
    /// Whose, as a reader calls it, and what of it.
    of: (String, String),
    /// As it stands there.
    text: String,
}

/// What the lines taken so far say, each thing with its first line.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<(String, String), (usize, String)>);

impl Told {
    /// Everything that an earlier line says otherwise.
    pub(super) fn contradicted(&self, says: &[Saying]) -> Vec<Fault> {
        let fault = |saying: &Saying| {
            let (line, text) = self.0.get(&saying.of)?;
            let is_other = meaning(saying.column, text) != meaning(saying.column, &saying.text);
            let why = format!("{} has `{text}` in line {line} and `{}` here", saying.of.0, saying.text);
            let remedy = "write the same in both lines, or leave one of the two fields empty".to_owned();
            is_other.then_some((saying.column, why, remedy))
        };
        says.iter().filter_map(fault).collect()
    }

    /// Keeps what a line says that was taken.
    pub(super) fn note(&mut self, line: usize, says: Vec<Saying>) {
        for saying in says {
            self.0.entry(saying.of).or_insert((line, saying.text));
        }
    }
}

/// Everything that a line says of its customer and its site; an empty field says nothing.
pub(super) fn says<'f>(get: &dyn Fn(&str) -> &'f str) -> Vec<Saying> {
    let (customer, site) = (format!("customer `{}`", get("customer")), format!("site `{}`", get("site")));
    let plain = |column: &'static str, whose: &str| Saying {
        column,
        of: (whose.to_owned(), column.to_owned()),
        text: get(column).to_owned(),
    };
    // The same address may stand in a column of its own or beside others.
    let by = |column: &'static str, medium: &str, address: &str| Saying {
        column,
        of: (customer.clone(), format!("address {medium}")),
        text: address.trim().to_owned(),
    };
    let mut says: Vec<Saying> = OF_CUSTOMER.iter().map(|&column| plain(column, &customer)).collect();
    says.extend(OF_SITE.iter().map(|&column| plain(column, &site)));
    says.extend(["email", "phone"].map(|column| by(column, column, get(column))));
    let ways = several(get("addresses")).filter_map(|pair| pair.split_once(':'));
    says.extend(ways.map(|(medium, address)| by("addresses", medium.trim(), address)));
    says.retain(|saying| !saying.text.is_empty());
    says
}

/// Lines of one machine that are named where it has several.
const LINES_NAMED: usize = 4;

/// That a machine stands in one line alone.
pub(super) fn stands_once(machine: &str, lines: Option<&Vec<usize>>) -> Result<(), Fault> {
    let Some(lines) = lines.filter(|lines| lines.len() > 1) else { return Ok(()) };
    let named = lines.iter().take(LINES_NAMED).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let more = if lines.len() > LINES_NAMED { " and more" } else { "" };
    let why = format!("machine `{machine}` stands in the file {} times, in lines {named}{more}", lines.len());
    Err(("machine", why, "keep the line that is right; until then none of them is taken".into()))
}

/// What a text means, where several are written for the same.
fn meaning(column: &str, text: &str) -> String {
    match column {
        "language" => language(text).map_or_else(|| text.to_owned(), |language| language.tag().to_owned()),
        "latitude_deg" | "longitude_deg" => number(text).map_or_else(|| text.to_owned(), |degrees| degrees.to_string()),
        "quiet_from" | "quiet_to" => text.trim_start_matches('0').to_owned(),
        "channels" | "holidays" | "shifts" | "shutdowns" | "busy" => several(text).collect::<Vec<_>>().join("|"),
        _ => text.to_owned(),
    }
}

/// The language that a field names.
pub(super) fn language(text: &str) -> Option<Language> {
    match text.to_lowercase().as_str() {
        "zh-cn" | "zh" | "中文" => Some(Language::ZhCn),
        "en" | "english" => Some(Language::En),
        _ => None,
    }
}
