//! The two promises about a broken machine, as its owner reads of them.

use chrono_tz::Tz;
use foretell_model::{MINUTE_MS, Timestamp};

use super::duration;
use super::field::words;
use crate::Lang;
use crate::civil::{self, Place};
use crate::view::{Timer, TimerState, Way};

/// Where the customer's case stands, in one line.
pub(crate) fn case_headline(
    (call_back, on_site): (Timer, Timer),
    comer: Option<&str>,
    (way, closed): (&Way, bool),
    (now, zone): (Timestamp, Tz),
    lang: Lang,
) -> String {
    let at = |timer: Timer| civil::clock_or_date(timer.due, now, zone, lang);
    let is_late = |timer: Timer| timer.state == TimerState::Late;
    // Who was told when somebody comes is not told the promise in its place.
    let expected = way.arrival.filter(|arrival| arrival.at > now && !way.is_under_way());
    let expected = expected.map(|arrival| civil::clock_or_date(arrival.at, now, zone, lang));
    if let (false, None, Some(name), Some(expected)) = (closed, way.arrived.or(on_site.met), comer, expected) {
        return match lang {
            Lang::En => format!("{name} expects to be with you at about {expected}"),
            Lang::Zh => format!("{name}师傅预计{expected}左右到"),
        };
    }
    match (closed, way.arrived.or(on_site.met), comer, way.is_under_way(), call_back.met, lang) {
        (true, ..) => words(lang).case_closed.to_owned(),
        // A time that has passed is not promised again.
        (_, None, None, _, None, Lang::En) if is_late(call_back) => "Our call to you is running late".to_owned(),
        (_, None, None, _, None, Lang::Zh) if is_late(call_back) => "给您的回电晚了".to_owned(),
        (_, None, Some(name), false, _, Lang::En) if is_late(on_site) => format!("{name} will be with you later"),
        (_, None, Some(name), false, _, Lang::Zh) if is_late(on_site) => format!("{name}师傅会晚一些到"),
        (_, None, None, _, Some(_), Lang::En) if is_late(on_site) => "We will be with you later".to_owned(),
        (_, None, None, _, Some(_), Lang::Zh) if is_late(on_site) => "师傅会晚一些到".to_owned(),
        (_, Some(_), Some(name), .., Lang::En) => format!("{name} is with you"),
        (_, Some(_), Some(name), .., Lang::Zh) => format!("{name}师傅已到现场"),
        (_, Some(_), None, .., Lang::En) => "Our technician is with you".to_owned(),
        (_, Some(_), None, .., Lang::Zh) => "师傅已到现场".to_owned(),
        (_, None, Some(name), true, _, Lang::En) => format!("{name} is on the way to you"),
        (_, None, Some(name), true, _, Lang::Zh) => format!("{name}师傅正在赶来"),
        (_, None, Some(name), false, _, Lang::En) => format!("{name} will be with you by {}", at(on_site)),
        (_, None, Some(name), false, _, Lang::Zh) => format!("{name}师傅会在{}前到场", at(on_site)),
        (_, None, None, _, None, Lang::En) => format!("We will ring you by {}", at(call_back)),
        (_, None, None, _, None, Lang::Zh) => format!("{}前给您回电", at(call_back)),
        (_, None, None, _, Some(_), Lang::En) => format!("A technician will be with you by {}", at(on_site)),
        (_, None, None, _, Some(_), Lang::Zh) => format!("{}前会有师傅到场", at(on_site)),
    }
}

/// By when a customer is called whose first promise slipped, as it was told; none where the call was made or that has passed too.
pub(crate) fn call_by(
    call: Timer,
    by: Option<Timestamp>,
    (now, place): (Timestamp, impl Into<Place>),
    lang: Lang,
) -> Option<String> {
    let by = by.filter(|by| call.met.is_none() && *by > now)?;
    let place = place.into();
    let (due, by) = (civil::clock_or_date(call.due, now, place.zone, lang), civil::clock_or_date(by, now, place, lang));
    Some(match lang {
        Lang::En => format!("by {by}; we had said {due}, and we are sorry"),
        Lang::Zh => format!("{by}前；原来说好{due}前，让您久等了"),
    })
}

/// What a customer reads about one of the two promises: honest, and without a reproach to anybody.
pub(crate) fn promise(timer: Timer, now: Timestamp, zone: Tz, lang: Lang) -> String {
    let at = |t| civil::clock_or_date(t, now, zone, lang);
    // What was said later is told with its day, and so is then what was promised.
    let due = match timer.met {
        Some(met) if civil::day_number(met, zone) != civil::day_number(timer.due, zone) => {
            civil::date_time(timer.due, zone, lang)
        }
        _ => at(timer.due),
    };
    // A clock's time takes another word than a day's.
    let when = |t| {
        let is_today = civil::day_number(t, zone) == civil::day_number(now, zone);
        format!("{} {}", if is_today { "at" } else { "on" }, at(t))
    };
    let left = || duration(u32::try_from((timer.due - now).max(0) / MINUTE_MS).unwrap_or(u32::MAX), lang);
    match (timer.state, timer.met, lang) {
        (TimerState::Overtaken, Some(met), Lang::En) if met <= timer.due => {
            format!("not needed any more: our technician was with you {}", when(met))
        }
        (TimerState::Overtaken, Some(met), Lang::Zh) if met <= timer.due => {
            format!("没有另外打电话，师傅{}已到现场", at(met))
        }
        (TimerState::Overtaken, Some(met), Lang::En) => {
            format!("promised by {due}. We did not ring, and we are sorry; our technician was with you {}.", when(met))
        }
        (TimerState::Overtaken, Some(met), Lang::Zh) => {
            format!("原定{due}前，没有打给您，非常抱歉；师傅{}已到现场。", at(met))
        }
        (_, Some(met), Lang::En) if met <= timer.due => format!("{} – promised by {due}", when(met)),
        (_, Some(met), Lang::Zh) if met <= timer.due => format!("{}（承诺{due}前）", at(met)),
        (_, Some(met), Lang::En) => format!("{}, later than we promised ({due}). We are sorry.", when(met)),
        (_, Some(met), Lang::Zh) => format!("{}，比承诺的{due}晚，非常抱歉。", at(met)),
        (TimerState::Late, None, Lang::En) => {
            format!("promised by {due}. We are late, and we are sorry; we are on it.")
        }
        (TimerState::Late, None, Lang::Zh) => format!("原定{due}前，现在晚了，非常抱歉，我们正在抓紧。"),
        (TimerState::Slipping, None, Lang::En) => format!("by {due}; it may be a little later"),
        (TimerState::Slipping, None, Lang::Zh) => format!("{due}前，可能会稍晚一点"),
        (_, None, Lang::En) => format!("by {due}, {} from now", left()),
        (_, None, Lang::Zh) => format!("{due}前，还有{}", left()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_comes_later_says_when() {
        #[track_caller]
        fn check(met: Option<i64>, by: Option<i64>, en: Option<&str>, zh: Option<&str>) {
            let minute = |n: i64| Timestamp::from_millis(n * MINUTE_MS);
            let timer = Timer { due: minute(20), met: met.map(minute), state: TimerState::Late };
            let said = |lang| call_by(timer, by.map(minute), (minute(25), Tz::UTC), lang);
            assert_eq!((said(Lang::En).as_deref(), said(Lang::Zh).as_deref()), (en, zh));
        }
        let (en, zh) = ("by 00:40; we had said 00:20, and we are sorry", "00:40前；原来说好00:20前，让您久等了");
        check(None, Some(40), Some(en), Some(zh));
        check(None, Some(24), None, None);
        check(Some(22), Some(40), None, None);
        check(None, None, None, None);
    }

    #[test]
    fn a_case_never_promises_a_time_that_has_passed() {
        #[track_caller]
        fn check(call: TimerState, site: TimerState, comer: Option<&str>, en: &str, zh: &str) {
            let minute = |n: i64| Timestamp::from_millis(n * MINUTE_MS);
            let timer = |n, state| Timer { due: minute(n), met: (state == TimerState::Kept).then(|| minute(1)), state };
            let timers = (timer(20, call), timer(240, site));
            let said = |lang| case_headline(timers, comer, (&Way::default(), false), (minute(5), Tz::UTC), lang);
            assert_eq!((said(Lang::En).as_str(), said(Lang::Zh).as_str()), (en, zh));
        }
        use TimerState::{Kept, Late, Running};
        check(Running, Running, None, "We will ring you by 00:20", "00:20前给您回电");
        check(Late, Running, None, "Our call to you is running late", "给您的回电晚了");
        check(Kept, Running, None, "A technician will be with you by 04:00", "04:00前会有师傅到场");
        check(Kept, Late, None, "We will be with you later", "师傅会晚一些到");
        check(Kept, Running, Some("Jun Chen"), "Jun Chen will be with you by 04:00", "Jun Chen师傅会在04:00前到场");
        check(Kept, Late, Some("Jun Chen"), "Jun Chen will be with you later", "Jun Chen师傅会晚一些到");
        check(Kept, Kept, Some("Jun Chen"), "Jun Chen is with you", "Jun Chen师傅已到现场");
    }

    #[test]
    fn a_promise_is_spoken_of_honestly() {
        #[track_caller]
        fn check(state: TimerState, met: Option<i64>, en: &str, zh: &str) {
            let minute = |n: i64| Timestamp::from_millis(n * MINUTE_MS);
            let timer = Timer { due: minute(20), met: met.map(minute), state };
            assert_eq!(promise(timer, minute(8), Tz::UTC, Lang::En), en);
            assert_eq!(promise(timer, minute(8), Tz::UTC, Lang::Zh), zh);
        }
        check(TimerState::Running, None, "by 00:20, 12 min from now", "00:20前，还有12分钟");
        check(TimerState::Slipping, None, "by 00:20; it may be a little later", "00:20前，可能会稍晚一点");
        check(
            TimerState::Late,
            None,
            "promised by 00:20. We are late, and we are sorry; we are on it.",
            "原定00:20前，现在晚了，非常抱歉，我们正在抓紧。",
        );
        check(
            TimerState::Overtaken,
            Some(12),
            "not needed any more: our technician was with you at 00:12",
            "没有另外打电话，师傅00:12已到现场",
        );
        check(
            TimerState::Overtaken,
            Some(32),
            "promised by 00:20. We did not ring, and we are sorry; our technician was with you at 00:32.",
            "原定00:20前，没有打给您，非常抱歉；师傅00:32已到现场。",
        );
        check(TimerState::Kept, Some(12), "at 00:12 – promised by 00:20", "00:12（承诺00:20前）");
        check(
            TimerState::KeptLate,
            Some(32),
            "at 00:32, later than we promised (00:20). We are sorry.",
            "00:32，比承诺的00:20晚，非常抱歉。",
        );
        let days = 1_440;
        check(
            TimerState::KeptLate,
            Some(2 * days + 32),
            "on 3 Jan, 00:32, later than we promised (1 Jan, 00:20). We are sorry.",
            "1月3日00:32，比承诺的1月1日00:20晚，非常抱歉。",
        );
    }
}
