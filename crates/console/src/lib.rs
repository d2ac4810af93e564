//! The console: pages for advisors and customers, the JSON API and live updates.
//!
//! Pages are rendered on the server and work without scripts; a little script adds live reloading and search-as-you-type.
//! Nothing is fetched from elsewhere: `default-src 'self'` holds for every page.
//!
//! The rest of the product is seen through one trait, [`Backend`], and the plain structs of [`view`]. [`router`] turns a
//! backend into an [`axum::Router`]. [`chart`] draws the curves as SVG; [`report`] writes the backtest's HTML file, [`health`] a
//! machine's health report as a page and as a PDF. Who may do what stands in one table, `rights`; [`accounts`] knows the people.

mod access;
pub mod accounts;
mod api;
mod assets;
mod backend;
pub mod chart;
mod civil;
mod csrf;
mod field;
mod guard;
pub mod health;
mod lang;
mod live;
mod meter;
mod pace;
mod pages;
pub mod photo;
pub mod portrait;
pub mod report;
mod rights;
mod router;
mod text;
mod throttle;
mod typed;
mod upload;
pub mod view;

pub use access::Peer;
pub use accounts::Accounts;
pub use backend::{Backend, BackendError, FindingsQuery, Span};
pub use civil::{date, day_number as local_day};
pub use field::Field;
pub use guard::Password;
pub use lang::Lang;
pub use router::{ConsoleOptions, router};

/// What people call a spare part; its code with blanks when nobody gave it a name.
#[must_use]
pub fn part_name(code: &str, lang: Lang) -> String {
    text::part(code, lang)
}
