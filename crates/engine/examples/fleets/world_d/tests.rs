//! What must hold of every world of this kind.

use super::*;

/// A site of the first fleet in which coolers clog.
const FAILING: usize = 0;

#[test]
fn a_seed_means_the_same_fleet_twice() {
    let (once, again) = (site(501, FAILING), site(501, FAILING));
    assert_eq!(once.machines.len(), again.machines.len());
    for (a, b) in once.machines.iter().zip(&again.machines) {
        assert!(!a.readings.is_empty());
        assert!(a.readings == b.readings, "{} differs", a.id);
        assert_eq!(a.truth.limit_reached, b.truth.limit_reached);
    }
    let other = site(502, FAILING);
    assert!(once.machines[0].readings.first() != other.machines[0].readings.first());
}

#[test]
fn a_seed_lives_all_kinds_of_fleets() {
    let kinds = kinds();
    for kind in [Kind::Failing, Kind::Healthy, Kind::Ailing] {
        assert!(kinds.iter().any(|(_, of)| *of == kind), "{kind:?}");
    }
    assert!(kinds.iter().enumerate().all(|(place, (number, _))| place == *number));
}

#[test]
fn a_cooler_that_meets_the_limit_shows_its_dirt_and_a_sound_one_stays_below() {
    let sites: Vec<Site> = [FAILING, 13].into_iter().map(|number| site(501, number)).collect();
    let machines = || sites.iter().flat_map(|site| site.machines.iter().map(move |machine| (site, machine)));
    let met = machines().filter_map(|(site, m)| m.truth.limit_reached.map(|at| (site, m, at)));
    let mut coolers = 0;
    for (site, machine, at) in met {
        assert_eq!(machine.truth.fault, Some("cooler_clogging"), "{}: {}", machine.id, machine.truth.story);
        let day = at.days_since(site.start);
        let (_, shown_k) = machine.truth.excess_k[day as usize];
        assert!(day > 40.0 && shown_k > 5.0, "{} on day {day:.0}: {shown_k:.1} K", machine.id);
        coolers += 1;
    }
    assert!(coolers > 0);
}
