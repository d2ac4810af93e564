//! Everything about one customer, or one colleague, as JSON, table by table, to hand out.

use foretell_model::Timestamp;
use serde_json::{Map, Value as Json};

use super::{Session, Value, values};
use crate::error::{OutreachError, Result};

/// Columns of instants.
const TIMES: &[&str] = &["at", "sent", "begins", "ends", "opened", "closed", "changed", "until"];

/// One table: what it is called, its columns (of those called `json` the content stands in the row's place), and the rows.
struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    from: &'static str,
}

/// What stands under a customer's key.
const OF_CUSTOMER: &[Table] = &[
    Table {
        name: "replies_not_read_yet",
        columns: &["id", "machine", "medium", "text", "at"],
        from: "loose_reply WHERE customer = ?1 ORDER BY id",
    },
    Table {
        name: "messages",
        columns: &["id", "advisory", "machine", "kind", "state", "subject", "body", "channel", "address", "sent"],
        from: "message WHERE customer = ?1 ORDER BY id",
    },
    Table {
        name: "visits",
        columns: &["id", "advisory", "machine", "begins", "ends", "technician", "state", "changed"],
        from: "booking WHERE customer = ?1 ORDER BY id",
    },
    Table {
        name: "visit_reports",
        columns: &["booking", "at", "who", "json"],
        from: "(SELECT booking, at, who, body AS json FROM visit_report
                WHERE booking IN (SELECT id FROM booking WHERE customer = ?1)) AS reports ORDER BY booking",
    },
    Table {
        name: "service_cases",
        columns: &["id", "opened", "closed", "json"],
        from: "(SELECT id, opened, closed, body AS json FROM service_case WHERE customer = ?1) AS cases ORDER BY id",
    },
    Table {
        name: "stages",
        columns: &["at", "stage", "who", "why"],
        from: "stage_change WHERE customer = ?1 ORDER BY id",
    },
    Table { name: "stopped", columns: &["medium", "at"], from: "opt_out WHERE customer = ?1 ORDER BY medium" },
    Table {
        name: "chosen",
        columns: &["at", "json"],
        from: "(SELECT at, body AS json FROM wishes WHERE customer = ?1) AS chosen ORDER BY at",
    },
    Table {
        name: "record",
        columns: &["at", "who", "what", "why", "machine", "advisory"],
        from: "happening WHERE customer = ?1 ORDER BY id",
    },
];

/// What stands under a machine's.
const OF_MACHINE: &[Table] = &[
    Table {
        name: "advisories",
        columns: &["id", "machine", "fault", "stage", "until", "remark", "opened", "changed"],
        from: "advisory WHERE machine = ?1 ORDER BY opened, id",
    },
    Table {
        name: "verdicts",
        columns: &["advisory", "machine", "found", "instead", "note", "at", "who"],
        from: "verdict WHERE machine = ?1 ORDER BY id",
    },
    Table {
        name: "photos",
        columns: &["id", "kind", "subject", "caption", "at", "who"],
        from: "photo WHERE (kind = 'machine' AND subject = ?1)
                     OR (kind = 'case' AND subject IN (SELECT id FROM advisory WHERE machine = ?1))
                     OR (kind = 'visit' AND subject IN (SELECT CAST(id AS TEXT) FROM booking WHERE machine = ?1))
                     OR (kind = 'service_case' AND subject IN
                         (SELECT CAST(id AS TEXT) FROM service_case WHERE machine = ?1)) ORDER BY id",
    },
];

/// What stands under a technician's.
const OF_TECHNICIAN: &[Table] = &[Table {
    name: "visits",
    columns: &["id", "machine", "begins", "ends", "state", "changed"],
    from: "booking WHERE technician = ?1 ORDER BY id",
}];

/// What was done under a colleague's name. Not why: that is mostly what customers said.
const OF_NAME: &[Table] = &[
    Table { name: "record", columns: &["at", "what", "machine"], from: "happening WHERE who = ?1 ORDER BY id" },
    Table { name: "visit_reports", columns: &["booking", "at"], from: "visit_report WHERE who = ?1 ORDER BY booking" },
    Table {
        name: "verdicts",
        columns: &["advisory", "machine", "found", "at"],
        from: "verdict WHERE who = ?1 ORDER BY id",
    },
    Table { name: "photos", columns: &["id", "kind", "caption", "at"], from: "photo WHERE who = ?1 ORDER BY id" },
];

/// Fills in what is kept under a technician's key.
pub(crate) fn of_technician(connection: &dyn Session, key: &str, into: &mut Map<String, Json>) -> Result<()> {
    OF_TECHNICIAN.iter().try_for_each(|table| add(connection, table, key, into))
}

/// Adds what was done under a name.
pub(crate) fn of_name(connection: &dyn Session, name: &str, into: &mut Map<String, Json>) -> Result<()> {
    OF_NAME.iter().try_for_each(|table| add(connection, table, name, into))
}

/// Fills in what is kept under a customer's key.
pub(crate) fn of_customer(connection: &dyn Session, customer: &str, into: &mut Map<String, Json>) -> Result<()> {
    OF_CUSTOMER.iter().try_for_each(|table| add(connection, table, customer, into))
}

/// Adds what is kept under a machine's.
pub(crate) fn of_machine(connection: &dyn Session, machine: &str, into: &mut Map<String, Json>) -> Result<()> {
    OF_MACHINE.iter().try_for_each(|table| add(connection, table, machine, into))
}

fn add(connection: &dyn Session, table: &Table, of: &str, into: &mut Map<String, Json>) -> Result<()> {
    let sql = format!("SELECT {} FROM {}", table.columns.join(", "), table.from);
    let rows = into.entry(table.name).or_insert_with(|| Json::Array(Vec::new()));
    for row in connection.query(&sql, values![of])? {
        let cells =
            table.columns.iter().zip(row.0).map(|(column, value)| Ok(((*column).to_owned(), cell(column, value)?)));
        let object = cells.collect::<Result<Map<String, Json>>>()?;
        if let Json::Array(rows) = rows {
            rows.push(Json::Object(object));
        }
    }
    Ok(())
}

fn cell(column: &str, value: Value) -> Result<Json> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Int(n) if TIMES.contains(&column) => Json::String(Timestamp::from_millis(n).to_string()),
        Value::Int(n) => n.into(),
        Value::Real(x) => x.into(),
        Value::Text(text) if column == "json" => {
            serde_json::from_str(&text).map_err(|e| OutreachError::corrupt("a record of a customer", e))?
        }
        Value::Text(text) => Json::String(text),
    })
}
