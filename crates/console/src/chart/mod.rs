//! Charts drawn on the server as SVG.
//!
//! Our own small builder and not a plotting library, for three reasons: every mark carries a CSS class, so charts follow
//! the page's light, dark and print colours; every day carries a `<title>`, so pointer and screen reader get the figures;
//! and nothing needs an inline style, which the pages' content policy forbids.

mod counter;
mod curve;
mod hours;
mod plan;
mod residual;
mod scale;
mod small;
mod stock;
mod strip;
mod svg;
mod way;

pub use counter::counter;
pub(crate) use curve::has_something;
pub use curve::{CurveText, Hover, Past, Size, curve, past_curve};
pub use hours::hours;
pub(crate) use plan::{Plan, plan};
pub(crate) use residual::residual;
pub use small::{sparkline, week};
pub use stock::{demand, load};
pub(crate) use strip::{Lane, Slots, axis, fell, lane, leads};
pub(crate) use way::way;
