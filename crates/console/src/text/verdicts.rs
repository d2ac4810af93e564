//! How often forecasts were right, in words that claim no more than the number of verdicts allows.

use super::figures::percent;
use crate::Lang;

/// From so many verdicts on a share is told, with its interval; of fewer the counts say all there is to say.
const SHARE_FROM: u32 = 10;

/// The normal quantile of a two-sided 95% interval.
const Z_95: f64 = 1.96;

/// The first line of the verdicts.
pub(crate) fn precision_headline(confirmed: u32, all: u32, lang: Lang) -> String {
    match (lang, all) {
        (Lang::En, 0) => "No verdicts yet".to_owned(),
        (Lang::Zh, 0) => "还没有核实结果".to_owned(),
        (Lang::En, 1) if confirmed == 1 => "The one forecast that was looked into was confirmed".to_owned(),
        (Lang::En, 1) => "The one forecast that was looked into was not confirmed".to_owned(),
        (Lang::En, _) => format!("{confirmed} of {all} forecasts were confirmed"),
        (Lang::Zh, _) => format!("核实{all}次，属实{confirmed}次"),
    }
}

/// `2 of 2`, and of ten and more `88% (95% interval 77 to 95%)`, which is empty otherwise.
pub(crate) fn confirmed_of(confirmed: u32, all: u32, lang: Lang) -> (String, String) {
    let counts = match lang {
        Lang::En => format!("{confirmed} of {all}"),
        Lang::Zh => format!("{confirmed}/{all}"),
    };
    (counts, share_told(confirmed, all, lang).unwrap_or_default())
}

/// The share and between which shares the truth lies in 95 of 100 cases (Wilson, 1927: it stays within 0 and 1, and is honest
/// where all were confirmed).
fn share_told(confirmed: u32, all: u32, lang: Lang) -> Option<String> {
    if all < SHARE_FROM {
        return None;
    }
    let (n, share, square) = (f64::from(all), f64::from(confirmed) / f64::from(all), Z_95 * Z_95);
    let middle = (share + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z_95 / (1.0 + square / n) * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    let whole = |share: f64| (share.clamp(0.0, 1.0) * 100.0).round();
    let (low, high) = (whole(middle - half), whole(middle + half));
    let share = percent(share);
    Some(match lang {
        Lang::En => format!("{share}% (95% interval {low:.0} to {high:.0}%)"),
        Lang::Zh => format!("{share}%（95%区间{low:.0}～{high:.0}%）"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_only_of_enough_verdicts_and_with_its_interval() {
        for (confirmed, all, en, zh) in [
            (0, 0, "No verdicts yet", "还没有核实结果"),
            (1, 1, "The one forecast that was looked into was confirmed", "核实1次，属实1次"),
            (2, 2, "2 of 2 forecasts were confirmed", "核实2次，属实2次"),
            (46, 52, "46 of 52 forecasts were confirmed", "核实52次，属实46次"),
        ] {
            assert_eq!([Lang::En, Lang::Zh].map(|lang| precision_headline(confirmed, all, lang)), [en, zh]);
        }
        assert_eq!(confirmed_of(2, 2, Lang::En), ("2 of 2".to_owned(), String::new()));
        assert_eq!(confirmed_of(2, 3, Lang::Zh), ("2/3".to_owned(), String::new()));
        assert_eq!(confirmed_of(46, 52, Lang::En).1, "88% (95% interval 77 to 95%)");
        assert_eq!(confirmed_of(10, 10, Lang::Zh).1, "100%（95%区间72～100%）");
    }
}
