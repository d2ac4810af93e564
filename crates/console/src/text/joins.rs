//! A machine that goes with what the customer knows of another one, in words for the advisor.

use super::when;
use crate::Lang;
use crate::civil::{self, Place};
use crate::view::Joins;

/// Why a case has no letter of its own, and what approving it does. `is_own` says that it is service of the very machine that it
/// joins.
pub(crate) fn joins(joins: &Joins, is_own: bool, place: Place, lang: Lang) -> String {
    let name = &joins.machine_name;
    let told = joins.told.map(|told| civil::date_time(told, place, lang)).unwrap_or_default();
    match (&joins.visit, joins.told.is_some(), lang) {
        (Some((visit, then)), _, Lang::En) => format!(
            "No letter of its own: our visit to {name} on {} can take this along and then lasts until {}. Once you approve, an \
             updated confirmation goes out on {told} at the earliest.",
            when(*visit, place, lang),
            civil::clock(then.to, place.zone)
        ),
        (Some((visit, then)), _, Lang::Zh) => format!(
            "不单独发信：{name}已约好{}上门，可以一起做，到{}结束。批准后最早{told}发出更新后的上门确认。",
            when(*visit, place, lang),
            civil::clock(then.to, place.zone)
        ),
        (None, true, Lang::En) if is_own => format!(
            "No second letter within days: the one about {name} is not answered yet. Once you approve, its page \
             offers time for this as well, and the reminder on {told} speaks of it."
        ),
        (None, true, Lang::Zh) if is_own => format!(
            "几天内不再单独发信：{name}的信客户还没有回复。批准后，预约页面马上把这项保养的时间也算进去，{told}的提醒里一起说明。"
        ),
        (None, true, Lang::En) => format!(
            "No second letter within days: the one about {name} is not answered yet. Once you approve, its page \
             offers time for both at once, and the reminder on {told} speaks of both."
        ),
        (None, true, Lang::Zh) => format!(
            "几天内不再单独发信：{name}的信客户还没有回复。批准后，预约页面马上按两台安排时间，{told}的提醒里一起说明。"
        ),
        (None, false, Lang::En) => {
            format!(
                "No letter of its own: the customer was written to about {name}, and a call is next. Once you approve, the call is \
                 about both."
            )
        }
        (None, false, Lang::Zh) => {
            format!("不单独发信：{name}的事已经写过信，接下来该打电话。批准后，打电话时一起说。")
        }
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::Timestamp;

    use super::*;
    use crate::view::Slot;

    #[test]
    fn a_card_says_what_approving_it_does() {
        #[track_caller]
        fn check(visit: bool, told: bool, lang: Lang, expected: &str) {
            let at = |text: &str| Timestamp::parse(text).unwrap();
            let (from, before, then) =
                (at("2026-07-20T09:00:00Z"), at("2026-07-20T11:00:00Z"), at("2026-07-20T13:00:00Z"));
            let joins = Joins {
                case: "s01/m002/cooler_clogging/1".to_owned(),
                machine_name: if lang == Lang::En { "No. 2" } else { "2号机" }.to_owned(),
                visit: visit.then_some((Slot { from, to: before }, Slot { from, to: then })),
                told: told.then(|| at("2026-07-16T00:00:00Z")),
            };
            for is_own in [false, true] {
                assert!(super::joins(&joins, is_own, chrono_tz::Asia::Shanghai.into(), lang).contains(expected));
            }
        }
        check(
            true,
            true,
            Lang::En,
            "lasts until 21:00. Once you approve, an updated confirmation goes out on 16 Jul, 08:00",
        );
        check(true, true, Lang::Zh, "到21:00结束。批准后最早7月16日");
        check(false, true, Lang::En, "the reminder on 16 Jul, 08:00");
        check(false, true, Lang::Zh, "的提醒里一起说明");
        check(false, false, Lang::En, "a call is next");
        check(false, false, Lang::Zh, "打电话时一起说");
    }
}
