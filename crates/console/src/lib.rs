//! The console: pages for advisors and customers, the JSON API and live updates.
//!
//! Pages are rendered on the server and work without scripts; a little script adds live reloading and search-as-you-type.
//! Nothing is fetched from elsewhere: `default-src 'self'` holds for every page.
//!
//! The rest of the product is seen through one trait, [`Backend`], and the plain structs of [`view`]. [`router`] turns a
//! backend into an [`axum::Router`]. [`chart`] draws the curves as SVG; [`report`] writes the backtest's HTML file, [`health`] a
//! machine's health report as a page and as a PDF.

mod api;
mod assets;
mod backend;
pub mod chart;
mod civil;
mod guard;
pub mod health;
mod lang;
mod live;
mod pages;
pub mod report;
mod router;
mod text;
pub mod view;

pub use backend::{Backend, BackendError, FindingsQuery, Span};
pub use civil::day_number as local_day;
pub use guard::Password;
pub use lang::Lang;
pub use router::{ConsoleOptions, router};
