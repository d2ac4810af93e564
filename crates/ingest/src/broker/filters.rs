//! What a worker subscribes to, and what of an earlier configuration it must give up.

/// Topics whose messages must be read in one order by one reader: Sparkplug counts them.
const IN_ORDER: &str = "spBv1.0/";

/// The filters of one worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filters {
    /// To subscribe to.
    pub(super) wanted: Vec<String>,
    /// To take away from a session that the broker has kept: with them every message would come twice.
    pub(super) unwanted: Vec<String>,
}

impl Filters {
    /// For a worker (from 0) of a source. With a group, the workers share everything except what must stay in order, which the
    /// first one reads alone.
    pub(super) fn of(plain: Vec<String>, share: Option<&str>, worker: usize) -> Self {
        let Some(group) = share else { return Self { wanted: plain, unwanted: Vec::new() } };
        let (alone, shared): (Vec<_>, Vec<_>) = plain.into_iter().partition(|filter| filter.starts_with(IN_ORDER));
        let mut wanted: Vec<_> = shared.iter().map(|filter| format!("$share/{group}/{filter}")).collect();
        let mut unwanted = shared;
        if worker == 0 {
            wanted.extend(alone);
        } else {
            unwanted.extend(alone);
        }
        Self { wanted, unwanted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(share: Option<&str>, worker: usize, wanted: &str, unwanted: &str) {
        let plain = ["foretell/v1/+/+/telemetry", "spBv1.0/#"].map(String::from).to_vec();
        let got = Filters::of(plain, share, worker);
        assert_eq!((got.wanted.join(" "), got.unwanted.join(" ")), (wanted.to_owned(), unwanted.to_owned()));
    }

    #[test]
    fn shares_all_but_what_must_stay_in_order() {
        check(None, 0, "foretell/v1/+/+/telemetry spBv1.0/#", "");
        check(Some("g"), 0, "$share/g/foretell/v1/+/+/telemetry spBv1.0/#", "foretell/v1/+/+/telemetry");
        check(Some("g"), 1, "$share/g/foretell/v1/+/+/telemetry", "foretell/v1/+/+/telemetry spBv1.0/#");
    }
}
