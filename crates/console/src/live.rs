//! Live updates: one server-sent event when something a page shows has changed, at most one a second.
//!
//! The event carries no data but a number: the page asks for itself again and swaps its regions, so there is one way to
//! render a thing and not two.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
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

/// Shortest time between two looks at what a customer's page shows.
const LOOK_PAUSE: Duration = Duration::from_secs(3);

/// `GET /b/{token}/live`: one event when something that this link shows has changed. Beyond so many listeners a page asks
/// now and then instead.
pub(crate) async fn guest_stream(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let seat =
        std::sync::Arc::clone(&app.listeners).try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let mark = mark_of(&app, &token).await.ok_or(StatusCode::NOT_FOUND)?;
    let revisions = app.backend.revision();
    let events =
        unfold((app, token, revisions, None, seat), move |(app, token, mut revisions, told, seat)| async move {
            let next = async {
                let mark = match told {
                    // The first event goes out at once, as above.
                    None => mark,
                    Some(told) => loop {
                        tokio::time::sleep(LOOK_PAUSE).await;
                        revisions.changed().await.ok()?;
                        revisions.mark_unchanged();
                        let mark = mark_of(&app, &token).await?;
                        if mark != told {
                            break mark;
                        }
                    },
                };
                Some((Event::default().event("changed").data(mark.to_string()), mark))
            };
            let stop = app.options.stop.clone();
            let (event, mark) = tokio::select! { biased; () = stop.cancelled() => None, next = next => next }?;
            Some((Ok(event), (app, token, revisions, Some(mark), seat)))
        });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

async fn mark_of(app: &App, token: &str) -> Option<u64> {
    let token = token.to_owned();
    app.ask(move |backend| backend.guest_mark(&token)).await.ok()
}
