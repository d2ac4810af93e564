//! What is said of intake: rates, the log, the stores and listeners behind it, and clocks.

use super::noted::store_detail;
use super::number;
use crate::Lang;
use crate::view::{HistoryStore, StoreState};

/// Intake's first line.
pub(crate) fn ingest_headline(readings_per_second: f64, lang: Lang) -> String {
    let rate = number(readings_per_second, lang);
    match lang {
        Lang::En if rate == "1" => "1 reading per second".to_owned(),
        Lang::En => format!("{rate} readings per second"),
        Lang::Zh => format!("每秒{rate}条读数"),
    }
}

/// Intake's second line.
pub(crate) fn log_line(entries: u64, behind: Option<u64>, lang: Lang) -> String {
    let (count, entries) = (entries, number(entries as f64, lang));
    let Some(behind) = behind.map(|behind| number(behind as f64, lang)) else {
        return match lang {
            Lang::En => format!("{entries} entries on the log; how many the engine has not seen is not known."),
            Lang::Zh => format!("日志共{entries}条，引擎尚未处理多少条暂时无法得知。"),
        };
    };
    match lang {
        Lang::En if count == 1 => format!("1 entry on the log, {behind} not yet seen by the engine."),
        Lang::En => format!("{entries} entries on the log, {behind} not yet seen by the engine."),
        Lang::Zh => format!("日志共{entries}条，其中{behind}条引擎尚未处理。"),
    }
}

/// How writing to the plant's history store goes.
pub(crate) fn store_line(store: &HistoryStore, lang: Lang) -> String {
    let (written, behind) = (number(store.points_written as f64, lang), number(store.behind_entries as f64, lang));
    let detail = store_detail(&store.detail, lang);
    match (lang, store.state) {
        (Lang::En, StoreState::Writing) => format!("InfluxDB: {written} points written, {behind} entries to go."),
        (Lang::En, StoreState::Waiting) => {
            format!("InfluxDB is away or busy ({detail}); {behind} entries wait on the log and are filled in later.")
        }
        (Lang::En, StoreState::Stopped) => {
            format!("Writing to InfluxDB has stopped ({detail}); {behind} entries wait on the log.")
        }
        (Lang::Zh, StoreState::Writing) => format!("InfluxDB：已写入{written}点，尚余{behind}条。"),
        (Lang::Zh, StoreState::Waiting) => format!("InfluxDB暂不可用（{detail}），{behind}条在日志中等待补写。"),
        (Lang::Zh, StoreState::Stopped) => format!("已停止写入InfluxDB（{detail}），{behind}条在日志中等待。"),
    }
}

/// How often a webhook has failed since its last success.
pub(crate) fn webhook_fails(failures: u32, lang: Lang) -> String {
    match lang {
        Lang::En if failures == 1 => "failed once, is tried again".to_owned(),
        Lang::En => format!("failed {failures} times, is tried again"),
        Lang::Zh => format!("已失败{failures}次，将重试"),
    }
}

/// How far a machine's clock is off: to the second below a minute and a half, then in minutes, hours and days.
pub(crate) fn clock_off(behind_ms: i64, lang: Lang) -> String {
    let seconds = behind_ms.abs() / 1000;
    let (count, en, zh) = match seconds {
        0..90 => (seconds, "s", "秒"),
        90..7_200 => (seconds / 60, "min", "分钟"),
        7_200..172_800 => (seconds / 3_600, "h", "小时"),
        _ => (seconds / 86_400, "days", "天"),
    };
    match (lang, behind_ms < 0) {
        (Lang::En, true) => format!("{count} {en} ahead"),
        (Lang::En, false) => format!("{count} {en} behind, or late"),
        (Lang::Zh, true) => format!("快{count}{zh}"),
        (Lang::Zh, false) => format!("慢{count}{zh}，或为延迟上传"),
    }
}
