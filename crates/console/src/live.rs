//! Live updates: one server-sent event when something a page shows has changed, at most one a second.
//!
//! The event carries no data but a number: the page asks for itself again and swaps its regions, so there is one way to
//! render a thing and not two.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;

use crate::router::App;

/// Shortest time between two events to one browser.
const PAUSE: Duration = Duration::from_secs(1);

/// `GET /live`
pub(crate) async fn stream(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let revisions = app.backend.revision();
    let stop = app.options.stop.clone();
    let events = unfold((revisions, stop, true), |(mut revisions, stop, is_first)| async move {
        let next = async {
            // The first event goes out at once, so that a page that slept through changes catches up on reconnecting.
            if !is_first {
                tokio::time::sleep(PAUSE).await;
                revisions.changed().await.ok()?;
            }
            let revision = *revisions.borrow_and_update();
            Some(Event::default().event("changed").id(revision.to_string()).data(revision.to_string()))
        };
        // In this order, so that a stopping service opens no stream any more.
        let event = tokio::select! { biased; () = stop.cancelled() => None, event = next => event }?;
        Some((Ok(event), (revisions, stop, false)))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}
