//! `foretell demo`: a simulated fleet with everything embedded.

use std::path::PathBuf;

use super::shutdown::Shutdown;
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::demo::{self, DemoOptions};
use crate::failure::Failure;
use crate::output::Output;

/// Runs until ctrl-c.
pub(super) fn demo(
    config: Config,
    data_dir: Option<PathBuf>,
    args: &DemoArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let options = DemoOptions {
        seed: args.seed,
        listen: args.listen,
        data_dir,
        pace: f64::from(args.pace),
        exit_after_advise: args.exit_after_advise,
    };
    super::runtime()?.block_on(async {
        let mut shutdown = Shutdown::listen()?;
        let (told, stop) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            shutdown.told().await;
            // The demo may have ended by itself by then.
            let _ended = told.send(()).is_err();
            shutdown.quit_when_told_again();
        });
        demo::run(config, options, output, async {
            let _told = stop.await.is_ok();
        })
        .await
    })
}
