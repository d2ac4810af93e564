//! Serves every page over a made-up fleet: `cargo run -p foretell-console --example gallery [ADDRESS]`.
//!
//! For looking at the pages while changing them. `/b/token-zh` and `/b/token-en` are the customers' pages. With
//! `--report FILE` a backtest's report is written there first; with `--name TEXT` everything is called so.

mod fake;

use std::error::Error;
use std::sync::Arc;

use foretell_console::{ConsoleOptions, Lang, report, router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut address = "127.0.0.1:8099".to_owned();
    let mut arguments = std::env::args().skip(1);
    let mut name = None;
    while let Some(argument) = arguments.next() {
        if argument == "--report" {
            let file = arguments.next().ok_or("--report needs a file")?;
            std::fs::write(file, report::backtest_html(&fake::report(Lang::En), &fake::catalogue())?)?;
        } else if argument == "--name" {
            name = arguments.next();
        } else {
            address = argument;
        }
    }
    let app = router(Arc::new(fake::Fake::new(name.as_deref())), ConsoleOptions::new(fake::catalogue()));
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await?;
    Ok(())
}
