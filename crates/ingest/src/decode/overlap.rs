//! Mappings that claim the same topics: the first has them, which a person may not have meant.

use std::fmt;

use super::contract;
use super::mapping::Mapping;
use super::mapping::pattern::Pattern;

/// Two claims on the same topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The mapping that loses them, by its place in the configuration, from 0.
    pub mapping: usize,
    /// Its topic.
    pub topic: String,
    /// Who has them: a mapping before it, or `None` for the contract's own topics.
    pub winner: Option<(usize, String)>,
    /// Whether the loser gets no topic at all.
    pub wholly: bool,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let winner = match &self.winner {
            Some((place, topic)) => format!("mapping[{place}] (`{topic}`), which stands before it"),
            None => "the contract's own topics".to_owned(),
        };
        if self.wholly {
            write!(f, "never gets a message: every topic of it goes to {winner}")
        } else {
            write!(f, "topics that match both go to {winner}")
        }
    }
}

/// Every overlap, the first winner of each loser.
pub(super) fn overlaps(mappings: &[Mapping]) -> Vec<Overlap> {
    // The contract's filters are patterns too.
    let own: Vec<Pattern> = contract::FILTERS.iter().filter_map(|filter| Pattern::parse(filter).ok()).collect();
    let mut found = Vec::new();
    for (place, loser) in mappings.iter().enumerate() {
        let overlap = |winner, wholly| Overlap { mapping: place, topic: loser.topic.clone(), winner, wholly };
        if let Some(contract) = own.iter().find(|contract| contract.overlaps(&loser.pattern)) {
            found.push(overlap(None, contract.covers(&loser.pattern)));
        }
        let before =
            mappings.iter().enumerate().take(place).filter(|(_, winner)| winner.pattern.overlaps(&loser.pattern));
        for (winner_place, winner) in before {
            let wholly = winner.pattern.covers(&loser.pattern);
            found.push(overlap(Some((winner_place, winner.topic.clone())), wholly));
        }
    }
    found
}
