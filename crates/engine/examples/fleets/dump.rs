//! One machine's readings as CSV in the contract's columns, for looking.

use foretell_model::Signal;

use crate::args::Args;
use crate::fleet::Kind;
use crate::run::World;

/// No world has a site of a higher number.
const HIGHEST: usize = 48;

/// Prints the readings of `SITE/MACHINE` of the first seed's failing fleet (`healthy:SITE/MACHINE` of the healthy one).
pub(crate) fn dump(args: &Args, machine: &str) {
    let (kind, name) = machine.strip_prefix("healthy:").map_or((Kind::Failing, machine), |m| (Kind::Healthy, m));
    let sites = args.worlds.iter().flat_map(|&world| {
        let (site, kind) =
            (name.split('/').next().unwrap_or_default(), if world == World::Faults { Kind::Ailing } else { kind });
        let number = (0..HIGHEST).find(|n| site == world.site_name(*n));
        args.seeds(world).first().copied().zip(number).map(|(seed, number)| world.site(seed, number, kind))
    });
    for site in sites {
        let Some(machine) = site.machines.iter().find(|m| m.id.as_str() == name) else { continue };
        eprintln!("{}\n{}\n{:?}", site.story, machine.truth.story, machine.truth);
        println!("ts,site,machine,{},state", Signal::ALL.map(Signal::name).join(","));
        for r in &machine.readings {
            let values = Signal::ALL.map(|s| r.signals.get(s).map_or_else(String::new, |v| format!("{v:.2}")));
            let state = r.state.map_or("", foretell_model::RunState::name);
            println!("{},{},{},{},{state}", r.ts, machine.id.site(), machine.id.machine(), values.join(","));
        }
        return;
    }
    eprintln!("no machine {name}: names are s00/m00 in world a, b00/m0 in world b, and so on");
}
