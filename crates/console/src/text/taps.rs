//! What a customer is told whose tap could not be obeyed: what happened, how things stand, and what to do next. Nobody did
//! anything wrong: others were faster, or a page lay open while things went on.

use foretell_model::Obstacle;

use crate::Lang;

/// What the page has to show below the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// A visit that is booked.
    Visit,
    /// Times to choose from.
    Times,
    /// Neither.
    Neither,
}

/// What to say of an obstacle.
pub(crate) const fn tap_refused(why: Obstacle, below: Below, lang: Lang) -> &'static str {
    let (en, zh) = match (why, below) {
        (Obstacle::SlotTaken, Below::Visit) => (
            "Somebody else has just booked that time. Your visit stays as it is below.",
            "您想改到的时间刚刚被别人约走了，原来约好的时间不变。",
        ),
        (Obstacle::SlotTaken, Below::Times) => (
            "Somebody else has just booked that time. Please choose another one below.",
            "这个时间刚刚被别人约走了，请在下面另选一个。",
        ),
        (Obstacle::SlotTaken, Below::Neither) => (
            "Somebody else has just booked that time, and there is no other to offer at the moment. Please call us, and we will find one together.",
            "这个时间刚刚被别人约走了，暂时没有别的时间可选。请给我们打个电话，一起商量时间。",
        ),
        (Obstacle::TimePassed, Below::Visit) => (
            "That time has passed in the meantime. Your visit stays as it is below.",
            "您想改到的时间已经过了，原来约好的时间不变。",
        ),
        (Obstacle::TimePassed, Below::Times) => (
            "That time has passed in the meantime. Please choose another one below.",
            "这个时间已经过了，请在下面另选一个。",
        ),
        (Obstacle::TimePassed, Below::Neither) => (
            "That time has passed in the meantime, and there is no other to offer at the moment. Please call us, and we will find one together.",
            "这个时间已经过了，暂时没有别的时间可选。请给我们打个电话，一起商量时间。",
        ),
        (Obstacle::Begun, _) => (
            "The visit has begun, so it can no longer be changed here. If something has come up, please call us.",
            "上门已经开始，这里改不了了。临时有事请直接给我们打电话。",
        ),
        (Obstacle::Moved, _) => (
            "The visit has been moved since you opened this page, so your last tap changed nothing. The new time is below; if it does not suit you, you can move or cancel it there.",
            "打开页面之后，上门时间改过了，刚才的操作没有生效。新时间见下方，不合适的话可以再改期或取消。",
        ),
        (Obstacle::CaseBooked, _) => (
            "A visit has been booked since you opened this page. It is shown below, where you can move or cancel it.",
            "打开页面之后，已经约好了上门时间，见下方；需要的话可以改期或取消。",
        ),
        (Obstacle::NoVisit, Below::Times) => (
            "This visit was cancelled before, so there is nothing left to do. Whenever you like, you can choose another time below.",
            "这次上门之前已经取消，不用再操作。什么时候需要，在下面另选时间就行。",
        ),
        (Obstacle::NoVisit, _) => (
            "This visit was cancelled before, so there is nothing left to do. If you would like another one, please call us.",
            "这次上门之前已经取消，不用再操作。需要重新约的话，请给我们打电话。",
        ),
        (Obstacle::CaseDone | Obstacle::VisitDone, _) => (
            "The work has been done in the meantime, so no visit is needed any more. If anything seems wrong, please call us.",
            "这项工作已经完成，不用再约了。用着有什么不对劲，请给我们打电话。",
        ),
        (Obstacle::CaseCleared, _) => (
            "This has been settled in the meantime, so no visit is needed any more. If you see it differently, please call us.",
            "这件事已经处理好，不用再约了。如果您觉得还需要上门，请给我们打电话。",
        ),
        (_, Below::Neither) => (
            "Things have changed since this page was opened. If anything is unclear, please call us.",
            "打开页面之后情况有变化。有不清楚的地方，请给我们打电话。",
        ),
        _ => (
            "Things have changed since this page was opened. This is how they stand now; please choose again.",
            "打开页面之后情况有变化，以下是最新情况，请重新选择。",
        ),
    };
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What can stand in the way of a tap on the customer's page.
    const MET: [Obstacle; 8] = [
        Obstacle::SlotTaken,
        Obstacle::TimePassed,
        Obstacle::Begun,
        Obstacle::Moved,
        Obstacle::CaseBooked,
        Obstacle::NoVisit,
        Obstacle::CaseDone,
        Obstacle::CaseCleared,
    ];

    #[test]
    fn each_obstacle_has_a_sentence_of_its_own_that_says_what_to_do() {
        let next_en = ["please call", "choose", "move or cancel", "stays as it is"];
        let next_zh = ["打电话", "打个电话", "选", "改期或取消", "不变"];
        for below in [Below::Visit, Below::Times, Below::Neither] {
            let mut said = BTreeSet::new();
            for why in MET {
                let (en, zh) = (tap_refused(why, below, Lang::En).to_lowercase(), tap_refused(why, below, Lang::Zh));
                assert!(said.insert((en.clone(), zh)), "{}: {en}", why.code());
                assert!(next_en.iter().any(|next| en.contains(next)), "{}: {en}", why.code());
                assert!(next_zh.iter().any(|next| zh.contains(next)), "{}: {zh}", why.code());
            }
            let other = tap_refused(Obstacle::PhotoKind, below, Lang::En);
            assert!(
                other.starts_with("Things have changed") && !said.iter().any(|(en, _)| *en == other.to_lowercase())
            );
        }
    }

    #[test]
    fn nobody_is_sent_to_times_that_are_not_there() {
        for why in MET {
            for (lang, word) in [(Lang::En, "choose another one below"), (Lang::Zh, "下面另选")] {
                assert!(!tap_refused(why, Below::Neither, lang).contains(word), "{}", why.code());
            }
        }
    }
}
