//! Why and since when nothing comes from a machine.

use chrono_tz::Tz;
use foretell_model::Timestamp;

use super::words;
use crate::view::{Offline, OfflineWhy};
use crate::{Lang, civil};

/// A sentence about a machine that is off line, with the time on its site's clocks.
pub(crate) fn offline(offline: Offline, zone: Tz, lang: Lang) -> String {
    let Some(since) = offline.since else { return words(lang).offline_sentence.to_owned() };
    let since = civil::date_time(since, zone, lang);
    match (offline.why, lang) {
        (OfflineWhy::Said, Lang::En) => format!("Offline since {since}, as its controller or gateway reported."),
        (OfflineWhy::Said, Lang::Zh) => format!("{since}起离线，由控制器或网关上报。"),
        (OfflineWhy::Silent, Lang::En) => format!("No data since {since}."),
        (OfflineWhy::Silent, Lang::Zh) => format!("{since}起没有收到数据。"),
    }
}

/// A machine that was reported broken and is not mended yet.
pub(crate) fn broken_down(since: Timestamp, zone: Tz, lang: Lang) -> String {
    let since = civil::date_time(since, zone, lang);
    match lang {
        Lang::En => format!("Reported broken down on {since}; we are seeing to it."),
        Lang::Zh => format!("{since}报修故障停机，正在处理。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(since: Option<&str>, why: OfflineWhy, en: &str, zh: &str) {
        let off = Offline { since: since.map(|since| Timestamp::parse(since).unwrap()), why };
        let said = [Lang::En, Lang::Zh].map(|lang| offline(off, Tz::Asia__Shanghai, lang));
        assert_eq!(said, [en, zh]);
    }

    #[test]
    fn says_since_when_and_how_we_know() {
        let since = Some("2026-06-12T06:05:00Z");
        check(
            since,
            OfflineWhy::Said,
            "Offline since 12 Jun, 14:05, as its controller or gateway reported.",
            "6月12日14:05起离线，由控制器或网关上报。",
        );
        check(since, OfflineWhy::Silent, "No data since 12 Jun, 14:05.", "6月12日14:05起没有收到数据。");
        check(None, OfflineWhy::Silent, "No connection to the controller.", "与控制器失去连接。");
    }
}
