//! What was done in the fake fleet, for the page about everything.

use foretell_console::Lang;
use foretell_console::view::{Record, RecordEntry, RecordLine, RecordQuery};
use foretell_model::MachineId;

use super::desk::line;

/// Entries on a page of the fake's record, so that there are two.
const PAGE: usize = 4;

/// The record, newest first.
pub(super) fn record(query: &RecordQuery, lang: Lang) -> Record {
    let about = |n: i64, line: RecordLine, machine: &str, case: &str| RecordEntry {
        id: n,
        by: line.who.clone(),
        line: RecordLine { machine: if lang == Lang::Zh { "2号机" } else { "No. 2" }.to_owned(), ..line },
        customer: Some(("hengfeng".to_owned(), "恒丰纺织有限公司".to_owned())),
        machine: MachineId::parse(machine).ok(),
        case: Some(case.to_owned()).filter(|case| !case.is_empty()),
    };
    let (own, case) = ("s01/m002", "s01/m002/cooler_clogging/1");
    let all = [
        about(
            6,
            line("2026-07-18T06:00:00Z", "governor", "held the message", "quiet_hours 2026-07-20T00:00:00Z"),
            own,
            case,
        ),
        about(5, line("2026-07-18T05:58:00Z", "王敏", "approved the message", ""), own, case),
        about(4, line("2026-07-18T05:39:00Z", "王敏", "trouble_called", "马上到，请在北门等"), own, "case/103"),
        about(3, line("2026-07-18T05:30:00Z", "customer", "trouble_reported", "E23"), own, "case/103"),
        about(2, line("2026-07-16T03:00:00Z", "王敏", "stage_set", "turning: 等了半天"), "", ""),
        about(1, line("2026-07-09T00:00:00Z", "engine", "opened the case", "A fault is likely."), own, case),
    ];
    let before = query.before.unwrap_or(i64::MAX);
    let wanted = |entry: &RecordEntry| {
        entry.id < before
            && (!query.people || !matches!(entry.by.as_str(), "engine" | "governor"))
            && query.who.as_ref().is_none_or(|who| entry.by == *who)
            && query.machine.as_ref().is_none_or(|id| entry.machine.as_ref() == Some(id))
    };
    let mut entries: Vec<RecordEntry> = all.into_iter().filter(wanted).collect();
    let size = PAGE.min(query.max as usize);
    let more = entries.len() > size;
    entries.truncate(size);
    Record { next: entries.last().filter(|_| more).map(|last| last.id), entries }
}
