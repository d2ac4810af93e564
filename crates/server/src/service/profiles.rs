//! What the engine is told of machines: what the configuration says, and over it what is registered of single ones. Whoever
//! registers a machine has its owner's contract before them; the configuration often has one tariff for all.

use std::collections::BTreeMap;

use foretell_engine::EngineOptions;
use foretell_model::MachineId;
use foretell_outreach::Desk;

/// What is registered of a machine that its profile holds as well.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Own {
    /// Money per kWh, in the currency of the configuration.
    tariff_per_kwh: Option<f64>,
    /// Rated motor power, kW.
    rated_kw: Option<f64>,
}

/// What is registered of machines; those of which nothing is are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registered(BTreeMap<MachineId, Own>);

impl Registered {
    /// As it stands in the service state.
    #[must_use]
    pub fn of(desk: &Desk) -> Self {
        let own = desk.machines().filter_map(|(id, machine)| {
            let own = Own { tariff_per_kwh: machine.tariff_per_kwh, rated_kw: machine.rated_kw };
            (own.tariff_per_kwh.is_some() || own.rated_kw.is_some()).then(|| (id.clone(), own))
        });
        Self(own.collect())
    }
}

/// Both, and what comes of them.
#[derive(Clone, Debug)]
pub(super) struct Profiles {
    /// As the configuration says.
    pub(super) configured: EngineOptions,
    /// What lies over it.
    pub(super) registered: Registered,
}

impl Profiles {
    /// What the configuration says alone.
    pub(super) fn new(configured: EngineOptions) -> Self {
        Self { configured, registered: Registered::default() }
    }

    /// Whether machines would be judged and priced just so.
    pub(super) fn are_those_of(&self, other: &Self) -> bool {
        let of = |profiles: &Self| {
            let EngineOptions { profiles, default_profile, .. } = profiles.options();
            (profiles, default_profile)
        };
        of(self) == of(other)
    }

    /// What the engine is told.
    pub(super) fn options(&self) -> EngineOptions {
        let mut options = self.configured.clone();
        for (id, own) in &self.registered.0 {
            let common = options.default_profile.clone();
            let profile = options.profiles.entry(id.clone()).or_insert(common);
            profile.energy.tariff_per_kwh = own.tariff_per_kwh.unwrap_or(profile.energy.tariff_per_kwh);
            profile.rated_kw = own.rated_kw.or(profile.rated_kw);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use foretell_model::{EnergyProfile, MachineProfile};

    use super::*;

    #[test]
    fn what_is_registered_of_a_machine_lies_over_what_is_configured() {
        let [own, plain, unknown] = ["s1/m1", "s1/m2", "s1/m3"].map(|id| MachineId::parse(id).unwrap());
        let profile = |tariff_per_kwh, rated_kw| MachineProfile {
            energy: EnergyProfile { tariff_per_kwh, voltage_v: 400.0, ..EnergyProfile::default() },
            rated_kw,
            ..MachineProfile::default()
        };
        let configured = EngineOptions {
            profiles: [(own.clone(), profile(0.62, Some(75.0)))].into(),
            default_profile: profile(0.80, None),
            ..EngineOptions::default()
        };
        let said = |tariff_per_kwh, rated_kw| Own { tariff_per_kwh, rated_kw };
        let registered = [(own.clone(), said(Some(0.72), None)), (plain.clone(), said(None, Some(37.0)))];
        let before = Profiles::new(configured);
        let after = Profiles { registered: Registered(registered.into()), ..before.clone() };
        let options = after.options();
        assert_eq!(options.profiles[&own], profile(0.72, Some(75.0)));
        assert_eq!(options.profiles[&plain], profile(0.80, Some(37.0)), "over what holds for all");
        assert!(!options.profiles.contains_key(&unknown) && options.default_profile == profile(0.80, None));
        assert!(!after.are_those_of(&before) && after.are_those_of(&after.clone()));
        // Taken back, the configuration holds again.
        assert!(Profiles { registered: Registered::default(), ..after }.are_those_of(&before));
    }
}
