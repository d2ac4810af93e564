//! A machine whose normal is being learned, for the first time or after work.

use crate::Lang;

/// How much of the history that a normal needs is still to come; days enough do not mean that it is known.
pub(crate) fn learning(days: u32, days_needed: u32, lang: Lang) -> String {
    match (days_needed.saturating_sub(days), lang) {
        (0, Lang::En) => "Still learning what is normal; a few more days are needed.".to_owned(),
        (0, Lang::Zh) => "正在学习正常状态，还需要几天。".to_owned(),
        (1, Lang::En) => "Learning what is normal: about one more day is needed.".to_owned(),
        (left, Lang::En) => format!("Learning what is normal: about {left} more days are needed."),
        (left, Lang::Zh) => format!("正在学习正常状态，大约还需{left}天。"),
    }
}

/// The same of a machine that has just been worked on and was known before.
pub(crate) fn learning_anew(days: u32, days_needed: u32, lang: Lang) -> String {
    match (days_needed.saturating_sub(days).max(1), lang) {
        (1, Lang::En) => "Work was done lately. In about a day we can tell how it runs now.".to_owned(),
        (left, Lang::En) => format!("Work was done lately. In about {left} days we can tell how it runs now."),
        (left, Lang::Zh) => format!("刚检修过，大约再运行{left}天就能看出现在的状态。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_still_to_come() {
        for (days, first, anew) in [
            (0, "about 3 more days are needed", "In about 3 days"),
            (2, "about one more day is needed", "In about a day"),
            (3, "a few more days are needed", "In about a day"),
        ] {
            let (said, after_work) = (learning(days, 3, Lang::En), learning_anew(days, 3, Lang::En));
            assert!(said.contains(first) && after_work.contains(anew), "{said} {after_work}");
        }
        assert_eq!(learning(9, 21, Lang::Zh), "正在学习正常状态，大约还需12天。");
        assert_eq!(learning_anew(0, 3, Lang::Zh), "刚检修过，大约再运行3天就能看出现在的状态。");
    }
}
