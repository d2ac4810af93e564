//! What comes in and what was refused, for those who run it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use foretell_model::{Quarantined, Timestamp};

use super::page::{Ask, Chrome, machine_href};
use crate::router::App;
use crate::view::{IngestStatus, MachineClock, RefusalCount, SourceStatus, WebhookStatus};
use crate::{Lang, text};

/// Bytes of a refused item that are shown; the API has the rest.
const RAW_SHOWN_BYTES: usize = 400;

/// A clock that is further off than this is shown, milliseconds.
const CLOCK_OFF_MS: i64 = 60_000;

/// Clocks shown; the API has the rest.
const CLOCKS_MAX: usize = 20;

#[derive(Template)]
#[template(path = "ingest.html")]
struct IngestPage {
    c: Chrome,
    headline: String,
    asof: String,
    log_line: String,
    store_line: Option<String>,
    faults: Vec<String>,
    clocks: Vec<ClockRow>,
    webhooks: Vec<WebhookRow>,
    sources: Vec<SourceRow>,
    refusals: Vec<RefusalRow>,
    items: Vec<QuarantineRow>,
}

struct SourceRow {
    class: &'static str,
    name: String,
    address: String,
    state: &'static str,
    clients: String,
    rate: String,
    kept: String,
    refused: String,
    last: String,
}

struct WebhookRow {
    class: &'static str,
    name: String,
    host: String,
    state: String,
    why: String,
    delivered: String,
    waiting: String,
    refused: String,
    last: String,
}

struct RefusalRow {
    name: String,
    code: String,
    count: String,
    percent: u8,
}

struct ClockRow {
    href: String,
    machine: String,
    off: String,
    refused: String,
    heard: String,
}

/// A refused item, also on the quarantine's own page.
pub(super) struct QuarantineRow {
    pub(super) reason: String,
    /// In pieces; what is code is marked.
    pub(super) detail: Vec<(bool, String)>,
    pub(super) when: String,
    pub(super) source: String,
    pub(super) topic: String,
    pub(super) raw: String,
}

/// `GET /ingest`
pub(crate) async fn show(State(app): State<App>, ask: Ask) -> Response {
    match app.ask(|backend| backend.ingest()).await {
        Ok(status) => ask.html(StatusCode::OK, &lay_out(status, &ask)),
        Err(error) => ask.failure(&error),
    }
}

fn lay_out(mut status: IngestStatus, ask: &Ask) -> IngestPage {
    let lang = ask.lang;
    let rate = status.sources.iter().map(|source| source.readings_per_second).sum();
    status.refusals.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    let total = status.refusals.iter().map(|refusal| refusal.count).sum::<u64>().max(1);
    IngestPage {
        c: ask.chrome("ingest", true),
        headline: text::ingest_headline(rate, lang),
        asof: text::words(lang).ingest.to_owned(),
        log_line: text::log_line(status.log_entries, status.engine_behind, lang),
        store_line: status.history_store.as_ref().map(|store| text::store_line(store, lang)),
        faults: status.faults.iter().map(|fault| text::intake_fault(fault, lang)).collect(),
        clocks: clock_rows(&status.clocks, status.now, lang),
        webhooks: status.webhooks.into_iter().map(|webhook| webhook_row(webhook, status.now, lang)).collect(),
        sources: status.sources.into_iter().map(|source| source_row(source, status.now, lang)).collect(),
        refusals: status.refusals.iter().map(|refusal| refusal_row(refusal, total, lang)).collect(),
        items: status.quarantine.into_iter().map(|item| quarantine_row(item, status.now, lang)).collect(),
    }
}

fn source_row(source: SourceStatus, now: Timestamp, lang: Lang) -> SourceRow {
    let t = text::words(lang);
    SourceRow {
        class: if source.connected { "good" } else { "offline" },
        state: if source.connected { t.connected } else { t.disconnected },
        clients: source.clients.map_or_else(|| "–".to_owned(), |clients| clients.to_string()),
        rate: text::number(source.readings_per_second, lang),
        kept: text::number(source.readings as f64, lang),
        refused: text::number(source.refused as f64, lang),
        last: source.last_reading.map_or_else(|| t.never.to_owned(), |then| text::ago(now, then, lang)),
        name: source.name,
        address: source.address,
    }
}

fn webhook_row(webhook: WebhookStatus, now: Timestamp, lang: Lang) -> WebhookRow {
    let t = text::words(lang);
    let fails = webhook.failures > 0;
    WebhookRow {
        class: if fails { "offline" } else { "good" },
        state: if fails { text::webhook_fails(webhook.failures, lang) } else { t.webhook_good.to_owned() },
        delivered: text::number(f64::from(webhook.delivered), lang),
        waiting: text::number(f64::from(webhook.waiting), lang),
        refused: text::number(f64::from(webhook.refused), lang),
        last: webhook.last_delivered.map_or_else(|| t.never.to_owned(), |then| text::ago(now, then, lang)),
        why: text::undelivered(&webhook.why, lang),
        name: webhook.name,
        host: webhook.host,
    }
}

/// The clocks that are worth a look.
fn clock_rows(clocks: &[MachineClock], now: Timestamp, lang: Lang) -> Vec<ClockRow> {
    let off = clocks.iter().filter(|clock| clock.behind_ms.abs() >= CLOCK_OFF_MS || clock.refused_ahead > 0);
    let row = |clock: &MachineClock| ClockRow {
        href: machine_href(&clock.machine),
        machine: clock.machine.to_string(),
        off: text::clock_off(clock.behind_ms, lang),
        refused: text::number(clock.refused_ahead as f64, lang),
        heard: text::ago(now, clock.heard, lang),
    };
    off.take(CLOCKS_MAX).map(row).collect()
}

fn refusal_row(refusal: &RefusalCount, total: u64, lang: Lang) -> RefusalRow {
    RefusalRow {
        name: text::refusal_reason(&refusal.reason, lang),
        code: refusal.reason.clone(),
        count: text::number(refusal.count as f64, lang),
        percent: text::percent(refusal.count as f64 / total as f64),
    }
}

pub(super) fn quarantine_row(item: Quarantined, now: Timestamp, lang: Lang) -> QuarantineRow {
    QuarantineRow {
        reason: text::refusal_reason(&item.reason, lang),
        when: text::ago(now, item.arrived, lang),
        raw: printable(&item.raw),
        detail: pieces(&text::refusal_detail(&item.detail, lang)),
        source: item.source,
        topic: item.topic,
    }
}

/// A sentence in pieces; what stands between backticks is code, and is marked.
fn pieces(text: &str) -> Vec<(bool, String)> {
    let pieces = text.split('`').enumerate().map(|(place, piece)| (place % 2 == 1, piece.to_owned()));
    pieces.filter(|(_, piece)| !piece.is_empty()).collect()
}

/// Raw bytes as text: what is not UTF-8 or would move the cursor shows as `·`.
fn printable(raw: &[u8]) -> String {
    let shown = &raw[..raw.len().min(RAW_SHOWN_BYTES)];
    let text = String::from_utf8_lossy(shown);
    let mut text: String =
        text.chars().map(|c| if c.is_control() && c != '\n' || c == '\u{fffd}' { '·' } else { c }).collect();
    if raw.len() > shown.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_a_sentence_is_marked() {
        let code = |text: &str| (true, text.to_owned());
        let said = |text: &str| (false, text.to_owned());
        assert_eq!(pieces("`ts` is late"), [code("ts"), said(" is late")]);
        assert_eq!(pieces("no mapping knows this topic"), [said("no mapping knows this topic")]);
    }

    #[test]
    fn raw_bytes_cannot_disturb_the_page() {
        assert_eq!(printable(b"{\"a\":1}\x00\x1b[2J\xff"), "{\"a\":1}··[2J·");
        assert_eq!(printable(&[b'x'; 500]).chars().count(), 401);
    }
}
