//! The command line.

use crate::run::World;

/// Seeds that nobody tunes on: those that the kept figures are of. When figures on held-out seeds have led to a change of
/// the engine, these seeds are no longer held out and others take their place.
pub(crate) const HELD_OUT: [u64; 8] = [391, 392, 393, 394, 395, 396, 397, 398];
/// Looked at where no seeds are asked for: in the first worlds, in the third and in the fourth.
const USUAL: [u64; 2] = [1, 2];
const USUAL_C: [u64; 2] = [401, 402];
const USUAL_D: [u64; 2] = [501, 502];

/// What was asked for.
pub(crate) struct Args {
    pub(crate) worlds: Vec<World>,
    /// Seeds asked for, the same in all worlds; without any each world has its own.
    seeds: Vec<u64>,
    pub(crate) verbose: bool,
    pub(crate) site: Option<usize>,
    pub(crate) dump: Option<String>,
    pub(crate) write: bool,
    /// Whether to tell what held back the warnings that came late.
    pub(crate) late: bool,
    /// Whether to ask the straight line alone: how hard the fleets are.
    pub(crate) line: bool,
    /// Seeds on which to fit the weights of the signatures.
    pub(crate) fit: Vec<u64>,
}

impl Args {
    pub(crate) fn parse(mut from: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            worlds: World::ALL.to_vec(),
            seeds: Vec::new(),
            verbose: false,
            site: None,
            dump: None,
            write: false,
            late: false,
            line: false,
            fit: Vec::new(),
        };
        while let Some(flag) = from.next() {
            let mut value = || from.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--world" => {
                    args.worlds = match value()?.as_str() {
                        "a" => vec![World::A],
                        "b" => vec![World::B],
                        "c" => vec![World::C],
                        "d" => vec![World::D],
                        "faults" => vec![World::Faults],
                        "all" => World::ALL.to_vec(),
                        other => return Err(format!("no world {other}: a, b, c, d, faults or all")),
                    }
                }
                "--seeds" => args.seeds = seeds(&value()?)?,
                "--fit" => args.fit = seeds(&value()?)?,
                "--site" => args.site = Some(number(&value()?)?),
                "--dump" => args.dump = Some(value()?),
                "--write" => args.write = true,
                "--late" => args.late = true,
                "--line" => args.line = true,
                "--verbose" => args.verbose = true,
                other => {
                    return Err(format!(
                        "no option {other}: --world --seeds --site --verbose --write --late --line --fit --dump"
                    ));
                }
            }
        }
        Ok(args)
    }

    /// Seeds of a world.
    pub(crate) fn seeds(&self, world: World) -> Vec<u64> {
        match (self.write, self.seeds.is_empty()) {
            (true, _) => HELD_OUT.to_vec(),
            (false, false) => self.seeds.clone(),
            (false, true) => match world {
                World::C => USUAL_C.to_vec(),
                World::D => USUAL_D.to_vec(),
                _ => USUAL.to_vec(),
            },
        }
    }
}

/// `3`, `1..4` (both ends included) or a list of these with commas.
fn seeds(text: &str) -> Result<Vec<u64>, String> {
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last): (u64, u64) = (number(first)?, number(last.trim_start_matches('='))?);
        seeds.extend(first..=last);
    }
    Ok(seeds)
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
