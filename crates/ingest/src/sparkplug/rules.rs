//! Which metric of which device is which signal: the configured rules, checked once, and our own names behind them.

use std::collections::BTreeMap;

use foretell_model::{MachineId, RunState, Signal};

use super::image::Image;
use super::topic::Speaker;
use crate::decode::{FieldSpec, Linear, MappingFault, StateSpec, linear, mask, signal_named};
use crate::glob;

/// How the host application takes part.
#[derive(Clone, Debug, PartialEq)]
pub struct SparkplugOptions {
    /// Our name as a host: `spBv1.0/STATE/{host_id}` says whether we are there. Edge nodes that wait for their primary host
    /// are configured with it. 1 to 64 of `A-Z a-z 0-9 . _ -`. Default `foretell`.
    pub host_id: String,
    /// Shortest time between two rebirth requests to one node, in milliseconds; while it does not answer the pause doubles up
    /// to 64 times as much. Default 10 s.
    pub rebirth_every_ms: i64,
    /// Names that are not ours; the first rule that fits a device has it.
    pub mappings: Vec<SparkplugMapping>,
}

impl Default for SparkplugOptions {
    fn default() -> Self {
        Self { host_id: "foretell".to_owned(), rebirth_every_ms: 10_000, mappings: Vec::new() }
    }
}

/// `[[sparkplug.mapping]]`: how the metrics of some devices are named, and what the devices are called here.
///
/// ```toml
/// [[sparkplug.mapping]]
/// group = "Plant 1"                     # patterns; `*` stands for any run of characters; left out: any
/// site = "plant1"                       # templates of {group}, {node} and {device}
/// [sparkplug.mapping.signals]
/// discharge_temp_c = { at = "Compressor/Discharge Temperature", unit = "degF" }
/// motor_current_a = "*/Motor Current"
/// ```
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SparkplugMapping {
    /// Which groups.
    #[serde(default)]
    pub group: Option<String>,
    /// Which edge nodes.
    #[serde(default)]
    pub node: Option<String>,
    /// Which devices; without it also the node's own metrics.
    #[serde(default)]
    pub device: Option<String>,
    /// The site; `{group}` without it.
    #[serde(default)]
    pub site: Option<String>,
    /// The machine; without it `{device}`, for a node's own metrics `{node}`.
    #[serde(default)]
    pub machine: Option<String>,
    /// Signals that a reading must hold, measured or not; none without it, because a node reports only what changed.
    #[serde(default)]
    pub required: Option<Vec<String>>,
    /// The metric of each signal, by the signal's name; `at` is a pattern of metric names, whatever their case.
    #[serde(default)]
    pub signals: BTreeMap<String, FieldSpec>,
    /// The metric of the controller's state.
    #[serde(default)]
    pub state: Option<StateSpec>,
}

/// What a metric feeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Signal(Signal, Linear),
    State,
}

impl Target {
    /// Whether both feed the same.
    pub(super) fn collides(self, other: Self) -> bool {
        match (self, other) {
            (Self::Signal(a, _), Self::Signal(b, _)) => a == b,
            (Self::State, Self::State) => true,
            _ => false,
        }
    }

    /// Forgets what holds of it.
    pub(super) fn forget_in(self, image: &mut Image) {
        match self {
            Self::Signal(signal, _) => image.forget(signal),
            Self::State => image.forget_state(),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Signal(signal, _) => signal.name(),
            Self::State => "state",
        }
    }
}

/// A checked rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rule {
    spec: SparkplugMapping,
    signals: Vec<(String, Signal, Linear)>,
    states: Vec<(String, RunState)>,
    pub(super) required: u16,
}

/// All rules; the last is ours and fits everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rules(Vec<Rule>);

impl Rules {
    /// Checks the options; either all is usable or every fault is told.
    pub(super) fn new(options: &SparkplugOptions) -> Result<Self, Vec<MappingFault>> {
        let mut faults = Vec::new();
        let mut rules: Vec<Rule> =
            options.mappings.iter().enumerate().map(|(place, spec)| check(place, spec, &mut faults)).collect();
        rules.push(Rule::default());
        let host_id = &options.host_id;
        if let Err(error) = MachineId::new(host_id, "m") {
            let (key, problem) = ("host_id".to_owned(), error.to_string());
            faults.push(MappingFault { mapping: 0, topic: format!("STATE/{host_id}"), key, problem });
        }
        if faults.is_empty() { Ok(Self(rules)) } else { Err(faults) }
    }

    /// The place of the rule for a device or node.
    pub(super) fn of(&self, speaker: Speaker<'_>) -> usize {
        self.0.iter().position(|rule| rule.fits(speaker)).unwrap_or(self.0.len() - 1)
    }

    pub(super) fn at(&self, place: usize) -> &Rule {
        &self.0[place]
    }

    /// The machine that a device or node is.
    pub(super) fn machine(&self, speaker: Speaker<'_>) -> Result<MachineId, String> {
        let spec = &self.at(self.of(speaker)).spec;
        let own = if speaker.device.is_some() { "{device}" } else { "{node}" };
        let fill = |template: &str| {
            let device = speaker.device.unwrap_or(speaker.node);
            template.replace("{group}", speaker.group).replace("{node}", speaker.node).replace("{device}", device)
        };
        let site = fill(spec.site.as_deref().unwrap_or("{group}"));
        let machine = fill(spec.machine.as_deref().unwrap_or(own));
        MachineId::new(&site, &machine)
            .map_err(|error| format!("{error}; give it a name with `site` and `machine` in [[sparkplug.mapping]]"))
    }
}

impl Rule {
    fn fits(&self, speaker: Speaker<'_>) -> bool {
        let fits = |pattern: &Option<String>, text: Option<&str>| match (pattern, text) {
            (None, _) => true,
            (Some(pattern), Some(text)) => glob::fits(pattern, text, glob::exactly),
            (Some(_), None) => false,
        };
        fits(&self.spec.group, Some(speaker.group))
            && fits(&self.spec.node, Some(speaker.node))
            && fits(&self.spec.device, speaker.device)
    }

    /// What a metric of this name feeds, if anything: the configured names first, then our own.
    pub(super) fn target(&self, metric: &str) -> Option<Target> {
        let named = |pattern: &str| glob::fits(pattern, metric, glob::whatever_case);
        if let Some((_, signal, linear)) = self.signals.iter().find(|(pattern, ..)| named(pattern)) {
            return Some(Target::Signal(*signal, *linear));
        }
        match &self.spec.state {
            Some(state) if named(&state.at) => return Some(Target::State),
            None if metric.eq_ignore_ascii_case("state") => return Some(Target::State),
            _ => {}
        }
        let own = Signal::ALL.into_iter().find(|signal| signal.name().eq_ignore_ascii_case(metric))?;
        // A signal that has a configured name is taken from there alone.
        let configured = self.signals.iter().any(|(_, signal, _)| *signal == own);
        (!configured).then_some(Target::Signal(own, Linear::IDENTITY))
    }

    /// The state that a word means.
    pub(super) fn state(&self, word: &str) -> Option<RunState> {
        let word = word.to_lowercase();
        match &self.spec.state {
            None => RunState::from_name(&word),
            Some(_) => self.states.iter().find(|(known, _)| *known == word).map(|(_, state)| *state),
        }
    }
}

fn check(place: usize, spec: &SparkplugMapping, faults: &mut Vec<MappingFault>) -> Rule {
    let any = |pattern: &Option<String>| pattern.clone().unwrap_or_else(|| "*".to_owned());
    let topic = format!("{}/{}/{}", any(&spec.group), any(&spec.node), any(&spec.device));
    let mut fault = |key: String, problem: String| {
        faults.push(MappingFault { mapping: place, topic: topic.clone(), key, problem });
    };
    for (key, template) in [("site", &spec.site), ("machine", &spec.machine)] {
        if let Some(problem) = template.as_deref().and_then(template_problem) {
            fault(key.to_owned(), problem);
        }
    }
    let mut rule = Rule { spec: spec.clone(), ..Rule::default() };
    for (name, field) in &spec.signals {
        let key = format!("signals.{name}");
        let found = signal_named(name).and_then(|signal| linear(signal, field).map(|linear| (signal, linear)));
        match found {
            Ok((signal, linear)) => match (field.at.0.as_slice(), field.is_plain()) {
                ([metric], true) if !metric.is_empty() => rule.signals.push((metric.clone(), signal, linear)),
                ([_] | [], true) => fault(key, "the metric's name is empty".to_owned()),
                _ => fault(key, "of a metric only its name, `unit`, `scale` and `offset` can be said".to_owned()),
            },
            Err(problem) => fault(key, problem),
        }
    }
    for (word, name) in spec.state.iter().flat_map(|state| &state.values) {
        match RunState::from_name(name) {
            Some(state) => rule.states.push((word.to_lowercase(), state)),
            None => {
                let problem = format!("`{name}` is no state; stopped, starting, unloaded and loaded are");
                fault(format!("state.values.{word}"), problem);
            }
        }
    }
    for name in spec.required.iter().flatten() {
        match signal_named(name) {
            Ok(signal) => rule.required |= mask(&[signal]),
            Err(problem) => fault("required".to_owned(), problem),
        }
    }
    rule
}

/// What is wrong with a template of an identity, if anything.
fn template_problem(template: &str) -> Option<String> {
    let filled =
        ["{group}", "{node}", "{device}"].iter().fold(template.to_owned(), |text, part| text.replace(part, "x"));
    MachineId::new(&filled, "m")
        .err()
        .map(|error| format!("{error}; {{group}}, {{node}} and {{device}} may stand in it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> SparkplugOptions {
        #[derive(serde::Deserialize)]
        struct File {
            mapping: Vec<SparkplugMapping>,
        }
        let File { mapping } = toml::from_str(text).unwrap();
        SparkplugOptions { mappings: mapping, ..SparkplugOptions::default() }
    }

    const PLANT: &str = r#"
[[mapping]]
group = "Plant 1"
device = "K*"
site = "plant1"
machine = "{node}-{device}"
[mapping.signals]
discharge_temp_c = { at = "Compressor/Discharge Temperature", unit = "degF" }
motor_current_a = "*/Motor Current"
[mapping.state]
at = "Compressor/State"
values = { 0 = "stopped", Run = "loaded" }
"#;

    fn check_metric(speaker: Speaker<'_>, metric: &str, expected: &str) {
        let rules = Rules::new(&options(PLANT)).unwrap();
        let machine = rules.machine(speaker).map_or_else(|problem| problem, |machine| machine.to_string());
        let target = rules.at(rules.of(speaker)).target(metric).map_or("nothing", Target::name);
        assert_eq!(format!("{machine} {target}"), expected, "{metric}");
    }

    #[test]
    fn names_machines_and_signals() {
        let k2 = Speaker { group: "Plant 1", node: "gw", device: Some("K2") };
        check_metric(k2, "compressor/discharge temperature", "plant1/gw-K2 discharge_temp_c");
        check_metric(k2, "Line 2/Motor Current", "plant1/gw-K2 motor_current_a");
        check_metric(k2, "run_hours", "plant1/gw-K2 run_hours");
        check_metric(k2, "discharge_temp_c", "plant1/gw-K2 nothing");
        check_metric(k2, "Compressor/State", "plant1/gw-K2 state");
        check_metric(k2, "state", "plant1/gw-K2 nothing");
        let own = Speaker { group: "hq", node: "gw", device: None };
        check_metric(own, "Discharge_Temp_C", "hq/gw discharge_temp_c");
        check_metric(own, "Node Control/Rebirth", "hq/gw nothing");
        let spaced = Speaker { group: "Plant 1", node: "gw", device: None };
        let why = "`Plant 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed; give it a name with `site` and `machine` in [[sparkplug.mapping]] state";
        check_metric(spaced, "State", why);
    }

    #[test]
    fn states_are_the_mappings_words_or_ours() {
        let rules = Rules::new(&options(PLANT)).unwrap();
        let states = |place: usize| ["run", "0", "loaded"].map(|word| rules.at(place).state(word));
        assert_eq!(states(0), [Some(RunState::Loaded), Some(RunState::Stopped), None]);
        assert_eq!(states(1), [None, None, Some(RunState::Loaded)]);
    }

    #[test]
    fn every_fault_is_told() {
        let faulty = r#"
[[mapping]]
site = "Plant 1"
required = ["run_hour"]
[mapping.signals]
vibraton_mm_s = "Vibration"
discharge_temp_c = { at = "Temp", unit = "bar" }
motor_current_a = ""
[mapping.state]
at = "State"
values = { 1 = "running" }
"#;
        let told: Vec<String> =
            Rules::new(&options(faulty)).unwrap_err().iter().map(|f| format!("{}: {}", f.key, f.problem)).collect();
        assert_eq!(
            told,
            [
                "site: `Plant 1` holds ' '; only A-Z a-z 0-9 . _ - are allowed; {group}, {node} and {device} may stand in it",
                "signals.discharge_temp_c: unit `bar` is not known for this signal; known are degC, degF, K",
                "signals.motor_current_a: the metric's name is empty",
                "signals.vibraton_mm_s: there is no signal `vibraton_mm_s`; did you mean `vibration_mm_s`?",
                "state.values.1: `running` is no state; stopped, starting, unloaded and loaded are",
                "required: there is no signal `run_hour`; did you mean `run_hours`?",
            ]
        );
    }
}
