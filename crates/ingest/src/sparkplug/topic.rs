//! Sparkplug's topics, `spBv1.0/{group}/{verb}/{node}[/{device}]` and `spBv1.0/STATE/{host}`.

use std::fmt;

/// What every topic of the namespace begins with.
const PREFIX: &str = "spBv1.0/";

/// Longest topic that is understood, bytes: of each node and device its names are remembered.
const TOPIC_BYTES_MAX: usize = 512;

/// What an edge node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// NBIRTH or DBIRTH: everything there is, with names, types and values.
    Birth,
    /// NDATA or DDATA: what changed.
    Data,
    /// NDEATH or DDEATH: it is gone.
    Death,
}

/// Who speaks: an edge node itself, or a device behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Speaker<'a> {
    pub(super) group: &'a str,
    pub(super) node: &'a str,
    pub(super) device: Option<&'a str>,
}

impl fmt::Display for Speaker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.node)?;
        self.device.map_or(Ok(()), |device| write!(f, "/{device}"))
    }
}

/// A topic of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic<'a> {
    /// An edge node speaks.
    Edge(Verb, Speaker<'a>),
    /// Commands to nodes and devices and the state of hosts: said by hosts, not to us.
    OfHosts,
    /// In the namespace, but nothing that the specification knows.
    Unknown,
}

/// Whether a topic is of this namespace.
pub(crate) fn is_sparkplug(topic: &str) -> bool {
    topic.starts_with(PREFIX)
}

/// Whether a topic is one that edge nodes publish on.
pub(crate) fn is_said_by_edge_node(topic: &str) -> bool {
    matches!(parse(topic), Some(Topic::Edge(..)))
}

/// The group and the node of a message that has a place in the node's sequence; `None` for a node's death, which is written
/// beforehand, and for all that edge nodes do not say.
pub(crate) fn node_in_sequence(topic: &str) -> Option<(&str, &str)> {
    match parse(topic)? {
        Topic::Edge(Verb::Death, Speaker { device: None, .. }) | Topic::OfHosts | Topic::Unknown => None,
        Topic::Edge(_, Speaker { group, node, .. }) => Some((group, node)),
    }
}

/// Reads a topic of the namespace; `None` for all others.
pub(super) fn parse(topic: &str) -> Option<Topic<'_>> {
    let mut levels = topic.strip_prefix(PREFIX)?.split('/');
    if topic.len() > TOPIC_BYTES_MAX {
        return Some(Topic::Unknown);
    }
    let (first, second, third, fourth) = (levels.next(), levels.next(), levels.next(), levels.next());
    let known = match (first, second, third, fourth, levels.next()) {
        (Some("STATE"), Some(_), None, None, None) => Topic::OfHosts,
        (_, Some("NCMD"), Some(_), None, None) | (_, Some("DCMD"), Some(_), Some(_), None) => Topic::OfHosts,
        (Some(group), Some(verb), Some(node), device, None) => {
            let verb = match (verb, device) {
                ("NBIRTH", None) | ("DBIRTH", Some(_)) => Verb::Birth,
                ("NDATA", None) | ("DDATA", Some(_)) => Verb::Data,
                ("NDEATH", None) | ("DDEATH", Some(_)) => Verb::Death,
                _ => return Some(Topic::Unknown),
            };
            Topic::Edge(verb, Speaker { group, node, device })
        }
        _ => Topic::Unknown,
    };
    Some(known)
}

/// The filters that bring what edge nodes say. Not `spBv1.0/#`: other hosts' commands are none of our business.
pub(crate) const FILTERS: [&str; 6] = [
    "spBv1.0/+/NBIRTH/+",
    "spBv1.0/+/NDATA/+",
    "spBv1.0/+/NDEATH/+",
    "spBv1.0/+/DBIRTH/+/+",
    "spBv1.0/+/DDATA/+/+",
    "spBv1.0/+/DDEATH/+/+",
];

/// Where a host says that it is there.
pub(crate) fn state(host_id: &str) -> String {
    format!("{PREFIX}STATE/{host_id}")
}

/// Where a node is told something.
pub(super) fn command(group: &str, node: &str) -> String {
    format!("{PREFIX}{group}/NCMD/{node}")
}

/// The topics that are said to edge nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told<'a> {
    /// Commands to a node or to the devices behind it.
    Command {
        /// The group.
        group: &'a str,
        /// The node.
        node: &'a str,
    },
    /// The state of a host; `+` and `#` in a filter are hosts too.
    State(&'a str),
}

/// Reads a topic, or a filter, of what edge nodes are told. A filter may end in `/#`, as many nodes subscribe.
pub(crate) fn told(filter: &str) -> Option<Told<'_>> {
    let rest = filter.strip_prefix(PREFIX)?;
    if let Some(host) = rest.strip_prefix("STATE/") {
        return (!host.is_empty() && !host.contains('/')).then_some(Told::State(host));
    }
    let mut levels = rest.split('/');
    let (group, verb, node) = (levels.next()?, levels.next()?, levels.next()?);
    let tail_ok = match (verb, levels.next()) {
        ("NCMD", tail) => matches!(tail, None | Some("#")),
        ("DCMD", tail) => tail.is_some(),
        _ => false,
    };
    let plain = |level: &str| !level.is_empty() && !level.contains(['+', '#']);
    (tail_ok && levels.next().is_none() && plain(group) && plain(node)).then_some(Told::Command { group, node })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(topic: &str, expected: &str) {
        let got = match parse(topic) {
            None => "another namespace".to_owned(),
            Some(Topic::Edge(verb, speaker)) => format!("{verb:?} {speaker}"),
            Some(other) => format!("{other:?}"),
        };
        assert_eq!(got, expected, "{topic}");
    }

    #[test]
    fn reads_who_says_what() {
        check("spBv1.0/Plant 1/NBIRTH/gw", "Birth Plant 1/gw");
        check("spBv1.0/p/DDATA/gw/k2", "Data p/gw/k2");
        check("spBv1.0/p/NDEATH/gw", "Death p/gw");
        check("spBv1.0/p/NCMD/gw", "OfHosts");
        check("spBv1.0/STATE/scada", "OfHosts");
        for topic in ["spBv1.0/p/NDATA/gw/k2", "spBv1.0/p/DDATA/gw", "spBv1.0/p/XDATA/gw", "spBv1.0/p", "spBv1.0/"] {
            check(topic, "Unknown");
        }
        check("spBv1.0", "another namespace");
        check("spAv1.0/p/NBIRTH/gw", "another namespace");
    }

    fn check_told(filter: &str, expected: &str) {
        assert_eq!(told(filter).map_or_else(|| "none".to_owned(), |t| format!("{t:?}")), expected, "{filter}");
    }

    #[test]
    fn reads_what_nodes_subscribe_to() {
        let command = r#"Command { group: "p", node: "gw" }"#;
        check_told("spBv1.0/p/NCMD/gw", command);
        check_told("spBv1.0/p/NCMD/gw/#", command);
        check_told("spBv1.0/p/DCMD/gw/#", command);
        check_told("spBv1.0/p/DCMD/gw/+", command);
        check_told("spBv1.0/STATE/foretell", r#"State("foretell")"#);
        check_told("spBv1.0/STATE/+", r#"State("+")"#);
        for filter in ["spBv1.0/#", "spBv1.0/p/#", "spBv1.0/+/NCMD/gw", "spBv1.0/p/NCMD/+", "spBv1.0/p/NDATA/gw"] {
            check_told(filter, "none");
        }
    }
}
