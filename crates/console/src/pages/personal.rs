//! What is kept about a customer: as a file to hand out, or erased for good.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use foretell_model::Obstacle;
use serde::Deserialize;

use super::answer::answered;
use super::case_row::customer_href;
use super::customers;
use super::kept::Kept;
use super::page::{Ask, encode};
use crate::router::App;

#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    key: String,
}

/// `GET /customers/{id}/data.json`
pub(crate) async fn data(State(app): State<App>, ask: Ask, Path(id): Path<String>) -> Response {
    let asked = id.clone();
    match app.ask(move |backend| backend.customer_data(&asked)).await {
        Ok(json) => {
            let mut response = ([(header::CONTENT_TYPE, "application/json")], json).into_response();
            let name = format!("attachment; filename=\"customer-{}.json\"", encode(&id).replace('%', "_"));
            if let Ok(name) = HeaderValue::from_str(&name) {
                response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
            }
            response
        }
        Err(error) => ask.failure(&error),
    }
}

/// `POST /customers/{id}/erase`; whoever does it types the customer's key, so that no slip of a thumb can.
pub(crate) async fn erase(
    State(app): State<App>,
    ask: Ask,
    Path(id): Path<String>,
    Form(form): Form<Typed>,
) -> Response {
    if form.key.trim() != id {
        let kept = Kept::of("erase", &[("key", &form.key)]);
        return customers::refused(&app, &ask, id, &Obstacle::KeyWrong.into(), kept).await;
    }
    let (by, of) = (ask.by.clone(), id.clone());
    let to = format!("{}?done=erased", customer_href(&id));
    let (app, ask) = (&app, &ask);
    let otherwise = |error| async move { customers::refused(app, ask, id, &error, Kept::default()).await };
    answered(app.ask(move |backend| backend.erase_customer(&of, &by)), |()| to, otherwise).await
}
