//! What `/readyz` says of the intake, told in the log as it comes and goes: whoever reads the log alone must not miss that the
//! computer's clock is wrong or that a broker is away. The other parts tell the log themselves.

use std::collections::BTreeMap;

/// Looks at which a fault must have been there before it is told: a session that is just beginning is none.
const LOOKS_MIN: u32 = 2;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Unready {
    /// Each fault by its words without their figures, which change from look to look: the words, and at how many looks.
    known: BTreeMap<String, (String, u32)>,
}

/// What is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A fault has come.
    Came(String),
    /// A fault that was told is gone.
    Went(String),
}

impl Unready {
    /// Takes the faults as they stand.
    pub(super) fn look(&mut self, faults: Vec<String>) -> Vec<Told> {
        let mut before = std::mem::take(&mut self.known);
        let mut told = Vec::new();
        for fault in faults {
            let shape: String = fault.chars().filter(|c| !c.is_ascii_digit()).collect();
            let looks = before.remove(&shape).map_or(0, |(_, looks)| looks).saturating_add(1);
            if looks == LOOKS_MIN {
                told.push(Told::Came(fault.clone()));
            }
            self.known.insert(shape, (fault, looks));
        }
        let was_told = before.into_values().filter(|(_, looks)| *looks >= LOOKS_MIN);
        told.extend(was_told.map(|(fault, _)| Told::Went(fault)));
        told
    }
}

impl Told {
    /// Writes it down.
    pub(super) fn emit(self) {
        match self {
            Self::Came(fault) => tracing::warn!(fault, "Not ready."),
            Self::Went(fault) => tracing::info!(fault, "This is over."),
        }
    }

    /// Writes down what does not make the service unready yet.
    pub(super) fn emit_of_certificate(self) {
        match self {
            Self::Came(words) => tracing::warn!(words, "A certificate has to be renewed."),
            // It was renewed, or the time has come that is told next.
            Self::Went(words) => tracing::debug!(words, "This is over."),
        }
    }

    /// Writes down what is no matter of readiness either.
    pub(super) fn emit_of_a_look(self) {
        match self {
            Self::Came(words) => tracing::warn!(words, "Readings are taken, but somebody should look at this."),
            Self::Went(words) => tracing::info!(words, "This is over."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_when_it_stays_and_when_it_goes_whatever_its_figures() {
        let mut unready = Unready::default();
        let mut check = |faults: &[&str], expected: &[Told]| {
            assert_eq!(unready.look(faults.iter().map(ToString::to_string).collect()), expected, "{faults:?}");
        };
        check(&["away for 0 s"], &[]);
        check(&[], &[]);
        check(&["away for 0 s"], &[]);
        check(&["away for 5 s", "behind 7"], &[Told::Came("away for 5 s".into())]);
        check(&["away for 10 s", "behind 9"], &[Told::Came("behind 9".into())]);
        check(&["away for 15 s"], &[Told::Went("behind 9".into())]);
        check(&["away for 20 s"], &[]);
        check(&[], &[Told::Went("away for 20 s".into())]);
    }
}
