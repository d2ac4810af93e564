//! View structs as JSON. Findings have the one form that the whole product shares; numbers keep their units in their names.

use foretell_model::{Finding, Quality, Quarantined, Reading, RulDays, Timestamp, widened, wire};
use serde_json::{Map, Value, json};

use crate::pages::standing::Standing;
use crate::view::{
    AdvisoryCard, ConePoint, Curve, DayPoint, Fleet, Health, HistoryStore, IngestStatus, MachineClock, MachineDetail,
    MachineSummary, Offline, RefusalCount, Slot, Task, WebhookStatus,
};

/// `next` is where the answer after this one begins.
pub(super) fn fleet(fleet: &Fleet, next: Option<String>) -> Value {
    let machines: Vec<Value> = fleet.machines.iter().map(|machine| summary(machine)).collect();
    json!({ "now": fleet.now.to_string(), "queue_len": fleet.queue_len, "machines": machines, "next": next })
}

fn summary(machine: &MachineSummary) -> Value {
    let advisory = machine.advisory.as_ref().map(|advisory| {
        json!({
            "id": advisory.id.as_str(), "fault": advisory.fault.as_str(), "grade": advisory.grade.name(),
            "likelihood": advisory.likelihood, "at": advisory.at.to_string(),
            "rul_days": advisory.rul_days.map(rul), "booked": advisory.booked,
        })
    });
    json!({
        "site": machine.id.site(), "machine": machine.id.machine(), "name": machine.name,
        "site_name": machine.site_name, "customer": machine.customer, "time_zone": machine.zone.name(),
        "standing": Standing::of(machine).name(), "online": machine.offline.is_none(), "offline": machine.offline.map(offline),
        "state": machine.state.map(foretell_model::RunState::name),
        "last_reading": machine.last_reading.map(|ts| ts.to_string()),
        "discharge_temp_c": machine.discharge_temp_c, "limit_c": machine.limit_c,
        "health": health(machine.health), "advisory": advisory, "trend_c": machine.trend_c,
    })
}

fn offline(offline: Offline) -> Value {
    json!({ "since": offline.since.map(|ts| ts.to_string()), "why": offline.why.name() })
}

fn health(health: Health) -> Value {
    match health {
        Health::Learning { days, days_needed } => json!({ "is": "learning", "days": days, "days_needed": days_needed }),
        Health::Known { cooler_loss } => json!({ "is": "known", "cooler_loss": cooler_loss }),
        Health::Hidden(why) => json!({ "is": "hidden", "hidden_by": why.name() }),
    }
}

fn rul(rul: RulDays) -> Value {
    json!({ "p10": rul.p10, "p50": rul.p50, "p90": rul.p90 })
}

pub(super) fn machine(detail: &MachineDetail) -> Value {
    let mut value = summary(&detail.summary);
    let baseline = &detail.baseline;
    let more = json!({
        "rated_kw": detail.rated_kw,
        "limits": { "warn_c": detail.limits.warn_c, "trip_c": detail.limits.trip_c },
        "run_hours": detail.run_hours, "hours_per_day": detail.hours_per_day,
        "baseline": {
            "since": baseline.since.map(|ts| ts.to_string()), "days": baseline.days, "days_needed": baseline.days_needed,
            "hinge_ambient_c": baseline.hinge_ambient_c, "ambient_measured": baseline.ambient_measured,
        },
        "cooler_loss": detail.cooler_loss.map(|loss| json!({ "value": loss.value, "p10": loss.low, "p90": loss.high })),
        "features": detail.features.iter().map(|feature| json!({
            "feature": feature.feature, "value": feature.value, "unit": feature.unit,
            "change_per_day": feature.change_per_day, "since": feature.since.map(|ts| ts.to_string()),
        })).collect::<Vec<_>>(),
        "open": findings(&detail.open), "past": findings(&detail.past),
        "curve": curve(&detail.curve),
        "duty_week_utc": detail.duty_week.map(|duty| duty.map(widened).to_vec()),
        "advisory_id": detail.advisory_id,
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn curve(curve: &Curve) -> Value {
    let day = |day: &DayPoint| json!({ "day": day_name(day.day), "hot_c": day.hot_c, "normal_low_c": day.normal_low_c, "normal_high_c": day.normal_high_c });
    let cone = |point: &ConePoint| json!({ "day": day_name(point.day), "q10_c": point.q10_c, "q50_c": point.q50_c, "q90_c": point.q90_c });
    json!({
        "now": curve.now.to_string(), "limit_c": curve.limit_c,
        "days": curve.days.iter().map(day).collect::<Vec<_>>(),
        "cone": curve.cone.iter().map(cone).collect::<Vec<_>>(),
    })
}

/// `2026-07-18`.
fn day_name(day: i64) -> String {
    let (year, month, day) = foretell_model::Timestamp::from_millis(day * foretell_model::DAY_MS).civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// Findings in the product's one form.
pub(super) fn findings(findings: &[Finding]) -> Value {
    // `to_json` writes JSON, so reading it back cannot fail; null would show if it ever did.
    findings.iter().map(|finding| serde_json::from_str(&wire::to_json(finding)).unwrap_or(Value::Null)).collect()
}

pub(super) fn reading(reading: &Reading) -> Value {
    let mut value = Map::new();
    value.insert("ts".into(), reading.ts.to_string().into());
    value.insert("arrived".into(), reading.arrived.to_string().into());
    for (signal, measured) in reading.signals.iter() {
        value.insert(signal.name().into(), measured.into());
    }
    if let Some(state) = reading.state {
        value.insert("state".into(), state.name().into());
    }
    let quality = match reading.quality {
        Quality::Good => "good",
        Quality::Bad => "bad",
        Quality::Stale => "stale",
        Quality::UntimedAtSource => "untimed_at_source",
    };
    value.insert("quality".into(), quality.into());
    Value::Object(value)
}

pub(super) fn advisory(card: &AdvisoryCard) -> Value {
    let finding = findings(std::slice::from_ref(&card.finding));
    let companions: Vec<Finding> = card.others.iter().map(|other| other.finding.clone()).collect();
    let companions = findings(&companions);
    let slot = |slot: &Slot| json!({ "from": slot.from.to_string(), "to": slot.to.to_string() });
    json!({
        "id": card.id, "revision": card.revision, "state": card.state.name(), "machine_name": card.machine_name,
        "site_name": card.site_name, "customer": card.customer.name, "language": card.customer.lang.tag(),
        "finding": finding[0], "work_minutes": card.work_minutes, "machine_stops": card.machine_stops,
        "parts": card.parts.iter().map(|part| part.part.as_str()).collect::<Vec<_>>(), "slots": card.slots.iter().map(slot).collect::<Vec<_>>(),
        "draft": { "subject": card.draft.subject, "body": card.draft.body },
        "unwritten": card.unwritten.as_ref().map(|why| json!({ "code": why.why.code(), "text": why.to_string() })),
        "probability_before_slot": card.probability_before_slot, "heard": card.heard, "unsettled": card.unsettled,
        "tasks": tasks(&card.tasks), "companions": companions,
        "joins": card.joins.as_ref().map(|joins| json!({
            "advisory": joins.case, "machine_name": joins.machine_name, "told": joins.told.map(|t| t.to_string()),
            "visit": joins.visit.as_ref().map(|(_, then)| slot(then)),
        })),
    })
}

/// What a visit is for, on each of its machines.
pub(super) fn tasks(tasks: &[Task]) -> Value {
    let task = |task: &Task| {
        json!({
            "machine": task.machine, "machine_name": task.machine_name, "advisory": task.case, "fault": task.fault,
            "works": task.works,
        })
    };
    tasks.iter().map(task).collect()
}

pub(super) fn ingest(status: &IngestStatus) -> Value {
    let sources: Vec<Value> = status
        .sources
        .iter()
        .map(|source| {
            json!({
                "name": source.name, "address": source.address, "connected": source.connected, "clients": source.clients,
                "readings": source.readings, "readings_per_second": source.readings_per_second,
                "refused": source.refused, "last_reading": source.last_reading.map(|ts| ts.to_string()),
            })
        })
        .collect();
    json!({
        "now": status.now.to_string(), "sources": sources, "refusals": counts(&status.refusals),
        "log_entries": status.log_entries, "engine_behind": status.engine_behind, "held": counts(&status.held),
        "faults": status.faults, "webhooks": status.webhooks.iter().map(webhook).collect::<Vec<_>>(),
        "history_store": status.history_store.as_ref().map(history_store),
    })
}

fn webhook(webhook: &WebhookStatus) -> Value {
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "name": webhook.name, "host": webhook.host, "waiting": webhook.waiting, "delivered": webhook.delivered,
        "refused": webhook.refused, "failures": webhook.failures, "why": webhook.why,
        "last_delivered": instant(webhook.last_delivered), "last_failure": instant(webhook.last_failure),
        "next": instant(webhook.next),
    })
}

fn history_store(store: &HistoryStore) -> Value {
    json!({
        "state": store.state.name(), "detail": store.detail, "behind_entries": store.behind_entries,
        "points_written": store.points_written, "points_refused": store.points_refused,
        "last_written": store.last_written.map(|ts| ts.to_string()),
    })
}

fn counts(counts: &[RefusalCount]) -> Map<String, Value> {
    counts.iter().map(|refusal| (refusal.reason.clone(), refusal.count.into())).collect()
}

pub(super) fn clock(clock: &MachineClock) -> Value {
    json!({
        "site": clock.machine.site(), "machine": clock.machine.machine(), "behind_s": clock.behind_ms as f64 / 1000.0,
        "heard": clock.heard.to_string(), "refused_ahead": clock.refused_ahead,
    })
}

pub(super) fn quarantined(item: &Quarantined) -> Value {
    json!({
        "id": item.id, "reason": item.reason, "arrived": item.arrived.to_string(), "source": item.source,
        "topic": item.topic, "detail": item.detail, "raw": String::from_utf8_lossy(&item.raw),
    })
}
