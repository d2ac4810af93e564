//! Which cause a finding names now, the same for everybody who tells of it.
//!
//! A finding keeps the fault under which it was opened, because names that flap help nobody; its likelihoods move on. Whoever
//! is told of it must hear what is likeliest now, and what cannot be told from that.

use crate::{Catalogue, FaultCode, Finding, FindingKind};

/// A cause that is at least this share as likely as the likeliest cannot be told from it.
const AS_LIKELY: f64 = 0.6;
/// Subsystem of the sensors' own faults. The engine says those apart, and holds the others back where they are likelier.
const INSTRUMENTS: &str = "instruments";

/// The cause of what was seen, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cause<'a> {
    /// The likeliest.
    pub fault: &'a FaultCode,
    /// How likely, 0 to 1.
    pub likelihood: f64,
    /// Another one that whoever comes must look for as well.
    pub beside: Option<Beside<'a>>,
}

/// A cause beside the likeliest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside<'a> {
    /// Which.
    pub fault: &'a FaultCode,
    /// How likely, 0 to 1.
    pub likelihood: f64,
    /// Whether it cannot be told from the likeliest; else it was named before and has become less likely.
    pub alike: bool,
}

impl Finding {
    /// The likeliest cause now, and what cannot be told from it. `told` is the cause that was named to somebody before: it is
    /// named first for as long as nothing is clearly likelier, and looked for all the same once something is. `rivals` are
    /// faults that other findings of the machine name for what may be the same.
    #[must_use]
    pub fn cause<'a>(
        &'a self,
        told: Option<&'a FaultCode>,
        rivals: &'a [FaultCode],
        catalogue: &Catalogue,
    ) -> Cause<'a> {
        if !matches!(self.kind, FindingKind::Prediction | FindingKind::Anomaly) {
            return Cause { fault: &self.fault, likelihood: self.likelihood, beside: None };
        }
        let candidates = self.candidates(catalogue);
        let likelihood_of =
            |fault: &FaultCode| candidates.iter().find(|(known, _)| *known == fault).map_or(0.0, |(_, p)| *p);
        let best = likeliest(candidates.iter().copied()).unwrap_or((&self.fault, self.likelihood));
        let told = told.map(|fault| (fault, likelihood_of(fault)));
        let (fault, likelihood) = told.filter(|(_, p)| *p > 0.0 && *p >= AS_LIKELY * best.1).unwrap_or(best);
        let is_alike = |(other, p): &(&FaultCode, f64)| {
            *other != fault && *p >= AS_LIKELY * likelihood && catalogue.fault(other).is_some_and(|f| f.customer)
        };
        let alike = likeliest(candidates.iter().copied().filter(is_alike));
        let rival = || rivals.iter().find(|rival| *rival != fault).map(|rival| (rival, likelihood_of(rival)));
        let was_told = || told.filter(|(known, _)| *known != fault);
        let beside = match alike.or_else(rival) {
            Some((fault, likelihood)) => Some(Beside { fault, likelihood, alike: true }),
            None => was_told().map(|(fault, likelihood)| Beside { fault, likelihood, alike: false }),
        };
        Cause { fault, likelihood, beside }
    }

    /// Every cause that comes into question, its own name first, each once with all that speaks for it.
    fn candidates(&self, catalogue: &Catalogue) -> Vec<(&FaultCode, f64)> {
        let of_sensor = |fault: &FaultCode| catalogue.fault(fault).is_some_and(|f| f.subsystem == INSTRUMENTS);
        let mut candidates = vec![(&self.fault, self.likelihood)];
        for other in self.alternatives.iter().filter(|other| !of_sensor(&other.fault)) {
            match candidates.iter_mut().find(|(known, _)| **known == other.fault) {
                Some((_, sum)) => *sum += other.likelihood,
                None => candidates.push((&other.fault, other.likelihood)),
            }
        }
        candidates
    }

    /// How likely the same evidence is that of another fault, 0 to 1; 0 where that does not come into question.
    #[must_use]
    pub fn likelihood_of(&self, fault: &FaultCode) -> f64 {
        let others = self.alternatives.iter().filter(|other| other.fault == *fault).map(|other| other.likelihood);
        others.sum::<f64>() + if self.fault == *fault { self.likelihood } else { 0.0 }
    }
}

/// The likeliest; of equals the first.
fn likeliest<'a>(candidates: impl Iterator<Item = (&'a FaultCode, f64)>) -> Option<(&'a FaultCode, f64)> {
    candidates.reduce(|best, other| if other.1 > best.1 { other } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Alternative, FindingId, Grade, MachineId, Status, Timestamp};

    const COOLER: &str = "cooler_clogging";
    const VALVE: &str = "thermostatic_valve";

    fn finding(likelihoods: &[(&str, f64)]) -> Finding {
        let code = |name: &str| FaultCode::new(name).unwrap();
        let (machine, fault) = (MachineId::new("s", "m").unwrap(), code(likelihoods[0].0));
        let alternative = |(name, likelihood): &(&str, f64)| Alternative { fault: code(name), likelihood: *likelihood };
        Finding {
            at: Timestamp::from_millis(0),
            id: FindingId::new(&machine, &fault, 1),
            machine,
            kind: FindingKind::Prediction,
            status: Status::Updated,
            grade: Grade::Advise,
            fault,
            likelihood: likelihoods[0].1,
            alternatives: likelihoods[1..].iter().map(alternative).collect(),
            rul_days: None,
            probability_within: None,
            limit: None,
            evidence: Vec::new(),
            text: String::new(),
        }
    }

    #[test]
    fn the_likeliest_is_named_whatever_the_finding_is_called() {
        let catalogue = Catalogue::parse(include_str!("../../../config/faults.toml")).unwrap();
        /// The cause of a finding of these likelihoods, its own first, and what is looked for beside it, and whether the two
        /// are alike.
        #[track_caller]
        fn check(
            catalogue: &Catalogue,
            likelihoods: &[(&str, f64)],
            (told, rival): (Option<&str>, Option<&str>),
            expected: (&str, Option<(&str, bool)>),
        ) {
            let code = |name: &str| FaultCode::new(name).unwrap();
            let (finding, told) = (finding(likelihoods), told.map(code));
            let rivals: Vec<FaultCode> = rival.into_iter().map(code).collect();
            let cause = finding.cause(told.as_ref(), &rivals, catalogue);
            let beside = cause.beside.map(|beside| (beside.fault.as_str(), beside.alike));
            assert_eq!((cause.fault.as_str(), beside), expected, "{likelihoods:?} {told:?}");
            assert!((cause.likelihood - finding.likelihood_of(cause.fault)).abs() < 1e-12);
        }
        let of_rival = |likelihoods: &[(&str, f64)], rival, expected| {
            check(&catalogue, likelihoods, (None, Some(rival)), expected)
        };
        let check =
            |likelihoods: &[(&str, f64)], told, expected| check(&catalogue, likelihoods, (told, None), expected);
        check(&[(COOLER, 0.91)], None, (COOLER, None));
        // The name was kept from its beginning.
        check(&[(VALVE, 0.23), (COOLER, 0.76)], None, (COOLER, None));
        check(&[(VALVE, 0.45), (COOLER, 0.5)], None, (COOLER, Some((VALVE, true))));
        check(&[(VALVE, 0.5), (COOLER, 0.31)], None, (VALVE, Some((COOLER, true))));
        check(&[(VALVE, 0.5), (COOLER, 0.29)], None, (VALVE, None));
        // A cause that stands twice counts with both.
        check(&[(VALVE, 0.4), (COOLER, 0.3), (COOLER, 0.25)], None, (COOLER, Some((VALVE, true))));
        // What was told stays while it cannot be told apart, and is looked for once it can.
        check(&[(COOLER, 0.55), (VALVE, 0.4)], Some(VALVE), (VALVE, Some((COOLER, true))));
        check(&[(VALVE, 0.23), (COOLER, 0.76)], Some(VALVE), (COOLER, Some((VALVE, false))));
        check(&[(COOLER, 0.9)], Some("low_oil"), (COOLER, Some(("low_oil", false))));
        check(&[(COOLER, 0.9)], Some(COOLER), (COOLER, None));
        // The engine says a sensor's fault apart; what no customer hears of is named to nobody beside.
        check(&[(COOLER, 0.4), ("sensor_drift", 0.5)], None, (COOLER, None));
        check(&[(COOLER, 0.5), ("high_ambient", 0.4)], None, (COOLER, None));
        check(&[(COOLER, 0.3), ("high_ambient", 0.6)], None, ("high_ambient", None));
        check(&[(COOLER, 0.0)], Some(VALVE), (COOLER, Some((VALVE, false))));
        // Another finding of the machine that may be about the same.
        of_rival(&[(COOLER, 0.76), (VALVE, 0.2)], VALVE, (COOLER, Some((VALVE, true))));
        of_rival(&[(VALVE, 0.23), (COOLER, 0.76)], COOLER, (COOLER, None));
    }
}
