//! `foretell report`: a machine's health report as a PDF; works beside a running service.

use foretell_console::{Backend, BackendError, Lang, health};

use super::history::{in_order, there};
use crate::cli::ReportArgs;
use crate::config::Config;
use crate::failure::{Failure, Kind};
use crate::output::Output;
use crate::service;

/// Writes the report.
pub(super) fn report(config: Config, args: &ReportArgs, output: &mut Output) -> Result<(), Failure> {
    let dir = &config.data.dir;
    let _log = there(dir, "log.db", "log")?;
    let ending = args.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if !ending.eq_ignore_ascii_case("pdf") {
        return Err(Failure::new(Kind::Usage, format!("{} must end in .pdf", args.out.display())));
    }
    in_order(args.from, args.to)?;
    let fonts = health::Fonts::find(config.console.fonts_dir.as_deref());
    let bar = crate::progress::bar("reading the log", 0, "entries");
    let seen = service::still(config, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let seen = seen?;
    let lang = args.lang.unwrap_or_else(|| seen.language_of(&args.machine));
    let report = seen
        .backend()
        .health_report(&args.machine, (args.from, args.to), lang)
        .map_err(|error| refused(error, args))?;
    let pdf = health::pdf(&report, seen.catalogue(), lang, &fonts);
    let pdf =
        pdf.map_err(|error| Failure::because(Kind::Unavailable, format!("no report of {}", args.machine), error))?;
    std::fs::write(&args.out, &pdf).map_err(|error| Failure::writing(&args.out, error))?;
    let period = health::period(&report, Lang::En);
    output.line(&format!("report of {}, {period}, in {}", args.machine, args.out.display()))
}

fn refused(error: BackendError, args: &ReportArgs) -> Failure {
    match error {
        BackendError::NotFound(_) => Failure::new(
            Kind::NoInput,
            format!(
                "nothing was ever heard of {} in this data directory; `foretell export` lists what is there",
                args.machine
            ),
        ),
        other => Failure::because(Kind::Io, format!("could not gather the report of {}", args.machine), other),
    }
}
