//! A small year through the real outreach code: what must never happen does not, and most forecasts become visits in time.
//! The full one is `cargo run --release -p foretell-outreach --example year`.

#![allow(dead_code, reason = "the example has more to say about its world than this test asks")]

use crate::support;

#[path = "../examples/year/dice.rs"]
mod dice;
#[path = "../examples/year/fleet.rs"]
mod fleet;
#[path = "../examples/year/judge.rs"]
mod judge;
#[path = "../examples/year/people.rs"]
mod people;
#[path = "../examples/year/world.rs"]
mod world;

use world::{Size, World};

fn check(size: Size) {
    let dir = support::fast_dir();
    let mut world = World::new(size, dir.path().to_owned()).unwrap();
    world.live(size.days).unwrap();
    let broken: Vec<_> = world.judge.faults().into_iter().filter(|(_, n)| *n > 0).collect();
    assert_eq!(broken, [], "{size:?}:\n{}", world.judge.table(size.days).join("\n"));
    let shares = world.judge.shares();
    assert!(shares.real > 10, "{size:?}: {shares:?}");
    assert!(shares.booked * 10 >= shares.real * 7, "{size:?}: {shares:?}");
}

#[test]
fn nothing_that_must_not_happen_happens_in_half_a_year() {
    for seed in [1, 2] {
        check(Size { machines: 40, days: 180, seed });
    }
}
