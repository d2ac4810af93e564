//! What is kept about a customer, or a colleague: as a file to hand out, or erased for good.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use foretell_model::Obstacle;
use serde::Deserialize;
use serde_json::json;

use super::answer::answered;
use super::case_row::customer_href;
use super::kept::Kept;
use super::page::{Ask, encode};
use super::{customers, users};
use crate::BackendError;
use crate::accounts::AccountsError;
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
        Ok(json) => file("customer", &id, json),
        Err(error) => ask.failure(&error),
    }
}

/// `GET /users/{login}/data.json`
pub(crate) async fn of_colleague(State(app): State<App>, ask: Ask, Path(login): Path<String>) -> Response {
    let of = login.clone();
    let (account, names) = match app.accounts(move |accounts| accounts.data_of(&of)).await {
        Ok(Some(data)) => data,
        Ok(None) | Err(AccountsError::Unknown) => {
            return ask.failure(&BackendError::NotFound(format!("user `{login}`")));
        }
        Err(error) => return users::problem(&app, &ask, error, Kept::default()).await,
    };
    let of = login.clone();
    match app.ask(move |backend| backend.colleague_data(&of, &names)).await {
        Ok(service) => {
            let all = json!({ "format": "foretell-colleague/1", "account": account, "service": service });
            file("user", &login, format!("{all:#}\n"))
        }
        Err(error) => ask.failure(&error),
    }
}

/// A file to keep.
fn file(of: &str, key: &str, json: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, "application/json")], json).into_response();
    let name = format!("attachment; filename=\"{of}-{}.json\"", encode(key).replace('%', "_"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    response
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
