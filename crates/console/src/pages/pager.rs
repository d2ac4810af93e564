//! Long lists in pages, so that no page grows with the fleet.

use super::page::encode;
use crate::Lang;
use crate::text::desk;

/// Where one is in a long list; nothing to show while everything fits on one page.
#[derive(Default)]
pub(crate) struct Pager {
    /// `41–80 of 340`.
    pub(crate) line: String,
    /// Address of the page before; empty on the first.
    pub(crate) earlier: String,
    /// Address of the page after; empty on the last.
    pub(crate) later: String,
}

/// Keeps page `page` (1 is the first; what lies beyond the last is the last) of `size` things. `path` is the list's own
/// address, `query` what else it asks.
pub(crate) fn cut<T>(
    things: &mut Vec<T>,
    page: usize,
    size: usize,
    address: (&str, &[(&str, &str)]),
    lang: Lang,
) -> Pager {
    let total = things.len();
    let page = page.clamp(1, total.div_ceil(size).max(1));
    things.truncate((page * size).min(total));
    things.drain(..(page - 1) * size);
    of(total, page, size, address, lang)
}

/// Of a list that was cut already: page `page` (1 is the first) of `size` of `total` things.
pub(crate) fn of(total: usize, page: usize, size: usize, (path, query): (&str, &[(&str, &str)]), lang: Lang) -> Pager {
    if total <= size {
        return Pager::default();
    }
    let (first, last) = ((page - 1) * size, (page * size).min(total));
    let kept: String = query
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}&", encode(value)))
        .collect();
    let href = |page: usize| format!("{path}?{kept}page={page}");
    Pager {
        line: desk::range_of(first + 1, last, total, lang),
        earlier: if page > 1 { href(page - 1) } else { String::new() },
        later: if last < total { href(page + 1) } else { String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_a_short_one_is_left() {
        #[track_caller]
        fn check(total: usize, page: usize, kept: (usize, usize), line: &str, ends: (&str, &str)) {
            let mut things: Vec<usize> = (1..=total).collect();
            let pager = cut(&mut things, page, 40, ("/", &[("q", "a b"), ("show", "")]), Lang::En);
            assert_eq!((things.first().copied(), things.last().copied()), (Some(kept.0), Some(kept.1)));
            assert_eq!((pager.line.as_str(), pager.earlier.as_str(), pager.later.as_str()), (line, ends.0, ends.1));
        }
        check(40, 3, (1, 40), "", ("", ""));
        check(100, 1, (1, 40), "1–40 of 100", ("", "/?q=a%20b&page=2"));
        check(100, 9, (81, 100), "81–100 of 100", ("/?q=a%20b&page=2", ""));
    }
}
