//! How a form is answered. Whatever was done leads on by a redirect, so that loading the page again does nothing twice;
//! whatever was not is shown where it was asked for.

use axum::response::{IntoResponse, Redirect, Response};

use crate::BackendError;

/// Waits for what was asked and leads to where it can be seen; what was refused is answered by `otherwise`, which knows the page
/// that the form stands on.
pub(super) async fn answered<T, F: Future<Output = Response>>(
    asked: impl Future<Output = Result<T, BackendError>>,
    to: impl FnOnce(T) -> String,
    otherwise: impl FnOnce(BackendError) -> F,
) -> Response {
    match asked.await {
        Ok(done) => Redirect::to(&to(done)).into_response(),
        Err(error) => otherwise(error).await,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};
    use foretell_model::Obstacle;

    use super::*;

    #[tokio::test]
    async fn what_was_done_leads_on_and_what_was_not_is_told_on_the_spot() {
        let refused = |_| async { StatusCode::CONFLICT.into_response() };
        let done = answered(async { Ok(7) }, |id| format!("/cases/{id}?done=opened"), refused).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER);
        assert_eq!(done.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()), Some("/cases/7?done=opened"));
        let asked = async { Err::<(), _>(BackendError::from(Obstacle::SlotTaken)) };
        assert_eq!(answered(asked, |()| String::new(), refused).await.status(), StatusCode::CONFLICT);
    }
}
