//! What an entry of the record is to others: its name, and what it concerns as things are when it is told.

use foretell_model::{Finding, FindingId, Grade, MachineId, Timestamp, wire};
use serde_json::{Map, Value, json};

use crate::care::{CustomerStage, STAGE_SET};
use crate::error::Result;
use crate::store::{Case, Session, advisories, bookings, care, evidence, hooks, record, registry, service_cases};
use crate::views::Happening;

/// Every event there is: its name, and what it is called in the record.
pub const EVENTS: &[(&str, &str)] = &[
    ("advisory.opened", "opened the case"),
    ("advisory.changed", "changed the grade"),
    ("advisory.cleared", "cleared the case"),
    ("advisory.closed", "closed the case"),
    ("advisory.closed", record::CALLED_CLOSED),
    ("booking.booked", record::VISIT_BOOKED),
    ("booking.moved", record::VISIT_MOVED),
    ("booking.joined", record::VISIT_JOINED),
    ("booking.cancelled", record::VISIT_CANCELLED),
    ("booking.done", record::VISIT_DONE),
    ("booking.missed", record::VISIT_MISSED),
    ("booking.reopened", record::VISIT_REOPENED),
    ("verdict.given", "verdict"),
    ("case.opened", record::TROUBLE_REPORTED),
    ("case.added", record::TROUBLE_REPORTED),
    ("case.called_back", record::TROUBLE_CALLED),
    ("case.assigned", record::TROUBLE_ASSIGNED),
    ("case.on_site", record::TROUBLE_ON_SITE),
    ("case.closed", record::TROUBLE_CLOSED),
    ("case.closed", record::TROUBLE_PASSED_ON),
    ("case.withdrawn", record::TROUBLE_WITHDRAWN),
    ("customer.stage", STAGE_SET),
];

/// The key of an entry's event.
pub(super) fn key(entry: i64) -> String {
    format!("foretell-event-{entry}")
}

/// The event of an entry, with its name; `None` for what is nobody else's business.
pub(super) fn of(connection: &dyn Session, entry: &Happening) -> Result<Option<(&'static str, Value)>> {
    let is = |what: &str| entry.what == what || (what == "changed the grade" && entry.what.starts_with(what));
    let Some((mut event, _)) = EVENTS.iter().find(|(_, what)| is(what)).copied() else { return Ok(None) };
    if event == "case.opened" && !hooks::is_first(connection, entry)? {
        event = "case.added";
    }
    // Of the two cases the one in whose place another goes on says which.
    if entry.what == record::TROUBLE_PASSED_ON && entry.why.is_empty() {
        event = "case.opened";
    }
    // What is only watched is nobody else's business yet; when it becomes an advisory, it opens for them.
    if entry.what.starts_with("changed the grade from watch") {
        event = "advisory.opened";
    }
    // Of a machine that joined a letter alone no visit has changed.
    if event == "booking.joined" && entry.why.is_empty() {
        return Ok(None);
    }
    if matches!(event, "advisory.opened" | "advisory.cleared") && !is_outward(connection, entry)? {
        return Ok(None);
    }
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value).is_none();
    put("id", key(entry.id).into());
    put("event", event.into());
    put("at", entry.at.to_string().into());
    put("by", entry.who.clone().into());
    let machine = entry.machine.as_deref().and_then(|text| MachineId::parse(text).ok());
    put("site", machine.as_ref().map(|machine| machine.site().to_owned()).into());
    put("machine", machine.as_ref().map(|machine| machine.machine().to_owned()).into());
    let customer = match (&entry.customer, &machine) {
        (None, Some(machine)) => registry::customer_of(connection, machine)?.map(|customer| customer.id),
        (known, _) => known.clone(),
    };
    put("customer", customer.into());
    let case = entry.case.as_deref().map(FindingId::from_text);
    match (event.split('.').next().unwrap_or_default(), case) {
        ("case", Some(case)) => {
            put("case", service_case(connection, &case)?);
        }
        (kind, Some(case)) => {
            put("advisory", case.as_str().into());
            put("finding", finding(connection, &case)?);
            if kind == "booking" {
                put("visit", visit(connection, &case, &entry.why)?);
            }
            if kind == "verdict" {
                let verdict = evidence::verdict(connection, &case)?;
                let told =
                    |v: crate::WorkVerdict| json!({ "found": v.found.name(), "instead": v.instead, "note": v.note });
                put("verdict", verdict.map_or(Value::Null, told));
            }
        }
        // How far a customer's dissatisfaction has gone; from a complaint on, a manager wants to hear of it.
        ("customer", None) => {
            let stage = entry.customer.as_deref().map_or(Ok(None), |customer| care::stage(connection, customer))?;
            put("stage", stage.map(CustomerStage::name).into());
            put("why", entry.why.clone().into());
        }
        (_, None) => return Ok(None),
    }
    Ok(Some((event, Value::Object(body))))
}

/// Whether an entry's case is one that may leave the house.
fn is_outward(connection: &dyn Session, entry: &Happening) -> Result<bool> {
    let case = entry.case.as_deref().map(FindingId::from_text);
    let case = case.map_or(Ok(None), |case| advisories::find(connection, &case))?;
    Ok(case.is_some_and(|case| case.finding.grade >= Grade::Advise))
}

/// The forecast as the API and MQTT give it.
fn finding(connection: &dyn Session, case: &FindingId) -> Result<Value> {
    let known = advisories::find(connection, case)?.map(|case| wire::to_json(&case.finding));
    Ok(known.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null))
}

/// The visit's time as the entry says, and who comes as things are.
fn visit(connection: &dyn Session, case: &FindingId, span: &str) -> Result<Value> {
    let stay = bookings::newest_of(connection, case)?;
    let now = stay.as_ref().map(|stay| record::span(stay.start, stay.end)).unwrap_or_default();
    let (from, to, _) = record::parse_span(span).or_else(|| record::parse_span(&now)).unwrap_or_default();
    let technician = stay.as_ref().and_then(|stay| stay.technician.clone());
    let task = |finding: &Finding| json!({ "machine": finding.machine.as_str(), "advisory": finding.id.as_str(), "fault": finding.fault.as_str() });
    let known = advisories::find(connection, case)?;
    let tasks: Vec<Value> = known.iter().flat_map(Case::findings).map(task).collect();
    let sequence = stay.map(|stay| stay.sequence);
    Ok(json!({ "from": from, "to": to, "technician": technician, "sequence": sequence, "tasks": tasks }))
}

fn service_case(connection: &dyn Session, case: &FindingId) -> Result<Value> {
    let Some(number) = service_cases::number(case) else { return Ok(Value::Null) };
    let case = service_cases::get(connection, number)?;
    let at = |t: Option<Timestamp>| t.map(|t| t.to_string());
    Ok(json!({
        "number": case.id, "source": case.source.name(), "what": service_cases::words(connection, &case)?, "opened": case.opened.to_string(),
        "call_back_due": case.call_back_due.to_string(), "called_back": at(case.called_back),
        "on_site_due": case.on_site_due.to_string(), "on_site": at(case.on_site), "technician": case.technician,
        "closed": at(case.closed), "withdrawn": case.withdrawn,
    }))
}
