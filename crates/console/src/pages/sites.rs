//! The map of a large fleet: a tile for each site with its machines by state.

use super::fleet::Known;
use super::page::encode;
use super::pager::{self, Pager};
use super::standing::Standing;
use crate::{Lang, text};

/// Tiles on one page.
const TILES_MAX: usize = 48;

/// Width of a tile's bar.
const BAR: usize = 100;

/// Machines by standing, in the order of [`Standing::ALL`].
pub(super) type Counts = [usize; Standing::ALL.len()];

/// One site.
pub(crate) struct SiteTile {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) customer: String,
    /// What the search looks into as it is typed, in lower case.
    pub(crate) hay: String,
    pub(crate) count: String,
    /// Class of the most pressing standing.
    pub(crate) class: &'static str,
    /// Class, how many, what they are called; only what there is.
    pub(crate) states: Vec<(&'static str, usize, &'static str)>,
    /// Class, place and width of each stretch of the bar.
    pub(crate) bar: Vec<(&'static str, usize, usize)>,
}

/// How many machines stand where.
pub(super) fn count(standings: impl Iterator<Item = Standing>) -> Counts {
    let mut counts = Counts::default();
    standings.for_each(|standing| counts[standing as usize] += 1);
    counts
}

/// A site's machines in a fleet that is sorted by identity.
fn by_site<'a, 'm>(all: &'a [Known<'m>]) -> impl Iterator<Item = &'a [Known<'m>]> {
    all.chunk_by(|a, b| a.machine.id.site() == b.machine.id.site())
}

/// How many sites there are.
pub(super) fn number_of(all: &[Known<'_>]) -> usize {
    let mut sites: Vec<&str> = by_site(all).map(|site| site[0].machine.id.site()).collect();
    sites.sort_unstable();
    sites.dedup();
    sites.len()
}

/// One page of sites: where most needs doing first, then by name.
pub(super) fn tiles(all: &[Known<'_>], page: usize, lang: Lang) -> (Vec<SiteTile>, Pager) {
    let mut sites: Vec<(Counts, &[Known<'_>])> =
        by_site(all).map(|site| (count(site.iter().map(|known| known.standing)), site)).collect();
    sites.sort_by(|(a, first), (b, second)| b.cmp(a).then_with(|| name(first).cmp(name(second))));
    let pager = pager::cut(&mut sites, page, TILES_MAX, ("/", &[]), lang);
    (sites.into_iter().map(|(counts, site)| tile(&counts, site, lang)).collect(), pager)
}

fn name<'a>(site: &'a [Known<'_>]) -> &'a str {
    site.first().map_or("", |known| known.machine.site_name.as_str())
}

fn tile(counts: &Counts, site: &[Known<'_>], lang: Lang) -> SiteTile {
    let present = || Standing::ALL.iter().zip(counts).filter(|(_, count)| **count > 0);
    let states = present().map(|(s, count)| (s.name(), *count, text::standing_label(*s, lang))).collect();
    let mut before = 0;
    let stretch = |(standing, count): (&Standing, &usize)| {
        let from = before * BAR / site.len();
        before += count;
        (standing.name(), from, before * BAR / site.len() - from)
    };
    let bar = present().map(stretch).collect();
    SiteTile {
        href: site.first().map_or_else(String::new, |known| format!("/?site={}", encode(known.machine.id.site()))),
        name: name(site).to_owned(),
        hay: site.first().map_or_else(String::new, |known| {
            format!("{} {} {}", known.machine.site_name, known.machine.customer, known.machine.id.site()).to_lowercase()
        }),
        customer: site.first().map_or_else(String::new, |known| known.machine.customer.clone()),
        count: text::machines_count(site.len(), lang),
        class: present().next().map_or("good", |(standing, _)| standing.name()),
        states,
        bar,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use foretell_model::MachineId;

    use super::*;
    use crate::view::{Health, HiddenBy, MachineSummary, Offline, OfflineWhy};

    fn machine(n: usize) -> Arc<MachineSummary> {
        // Five of each site, of which the first of every third site is off line.
        let (site, place) = (format!("s{:02}", n / 5), n % 5);
        let online = place != 0 || !(n / 5).is_multiple_of(3);
        Arc::new(MachineSummary {
            id: MachineId::new(&site, &format!("m{place}")).unwrap(),
            name: place.to_string(),
            site_name: format!("Site {site}"),
            customer: "Acme".to_owned(),
            hay: String::new(),
            zone: chrono_tz::UTC,
            offline: (!online).then_some(Offline { since: None, why: OfflineWhy::Silent }),
            state: None,
            last_reading: None,
            discharge_temp_c: None,
            limit_c: 105.0,
            health: if online { Health::Known { cooler_loss: 0.0 } } else { Health::Hidden(HiddenBy::NoReadings) },
            broken_since: None,
            advisory: None,
            trend_c: Vec::new(),
        })
    }

    #[test]
    fn a_broken_machine_is_never_called_normal() {
        #[track_caller]
        fn check(broken: bool, lang: Lang, expected: (&str, &str)) {
            let mut known = (*machine(7)).clone();
            known.offline = None;
            known.health = Health::Known { cooler_loss: 0.0 };
            known.last_reading = Some(foretell_model::Timestamp::default());
            known.broken_since = broken.then(foretell_model::Timestamp::default);
            let said = crate::pages::fleet::label(&known, lang);
            assert_eq!((Standing::of(&known).name(), said), expected);
        }
        check(false, Lang::Zh, ("good", "正常"));
        check(true, Lang::Zh, ("urgent", "故障停机"));
        check(true, Lang::En, ("urgent", "Broken down"));
    }

    #[test]
    fn a_site_is_a_tile_with_its_machines_by_state_and_the_worst_comes_first() {
        let fleet: Vec<Arc<MachineSummary>> = (0..500).map(machine).collect();
        let known: Vec<Known<'_>> = fleet.iter().map(Known::of).collect();
        assert_eq!(number_of(&known), 100);
        let (first, pager) = tiles(&known, 1, Lang::En);
        assert_eq!((first.len(), pager.line.as_str()), (TILES_MAX, "1–48 of 100"));
        assert!(first[..34].iter().all(|tile| tile.class == "offline") && first[34].class == "good");
        assert_eq!((first[0].name.as_str(), first[0].href.as_str()), ("Site s00", "/?site=s00"));
        let states: Vec<(&str, usize)> = first[0].states.iter().map(|(class, count, _)| (*class, *count)).collect();
        assert_eq!(states, [("offline", 1), ("good", 4)]);
        assert_eq!(first[0].bar, [("offline", 0, 20), ("good", 20, 80)]);
        let (last, pager) = tiles(&known, 3, Lang::Zh);
        assert_eq!((last.len(), pager.later.as_str()), (4, ""));
    }
}
