//! Style, script and icon, inside the binary. Their addresses carry a hash of their content, so browsers may keep them for
//! good and still never show an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use sha2::{Digest, Sha256};

/// Colours and type of pages, charts and reports.
pub(crate) const TOKENS_CSS: &str = include_str!("../assets/tokens.css");
/// Charts.
pub(crate) const CHART_CSS: &str = include_str!("../assets/chart.css");
const PAGE_CSS: &str = include_str!("../assets/page.css");
const CUSTOMER_CSS: &str = include_str!("../assets/customer.css");
const FIELD_CSS: &str = include_str!("../assets/field.css");
const ACCESS_CSS: &str = include_str!("../assets/access.css");
const PRINT_CSS: &str = include_str!("../assets/print.css");
const SCRIPT: &str = include_str!("../assets/console.js");
const FIELD_SCRIPT: &str = include_str!("../assets/field.js");
const ICON: &str = include_str!("../assets/icon.svg");

struct Asset {
    path: String,
    content_type: &'static str,
    content: String,
}

impl Asset {
    fn new(stem: &str, end: &str, content_type: &'static str, content: String) -> Self {
        let digest = Sha256::digest(content.as_bytes());
        let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{stem}-{hash}.{end}"), content_type, content }
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "console",
        "css",
        "text/css; charset=utf-8",
        [TOKENS_CSS, CHART_CSS, PAGE_CSS, CUSTOMER_CSS, ACCESS_CSS, FIELD_CSS, PRINT_CSS].concat(),
    )
});
static CODE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "js", "text/javascript; charset=utf-8", SCRIPT.to_owned()));
static FIELD_CODE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("field", "js", "text/javascript; charset=utf-8", FIELD_SCRIPT.to_owned()));
static PICTURE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml; charset=utf-8", ICON.to_owned()));

/// Address of the style sheet.
pub(crate) fn css() -> &'static str {
    &STYLE.path
}

/// Address of the script.
pub(crate) fn js() -> &'static str {
    &CODE.path
}

/// Address of the script that a technician's page has besides.
pub(crate) fn field_js() -> &'static str {
    &FIELD_CODE.path
}

/// Address of the icon.
pub(crate) fn icon_path() -> &'static str {
    &PICTURE.path
}

/// `GET /assets/{name}`
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let assets: [&'static Asset; 4] = [&STYLE, &CODE, &FIELD_CODE, &PICTURE];
    let asset = assets.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(name.as_str()));
    match asset {
        Some(asset) => {
            let headers = [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.content.as_str()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /favicon.ico`, which browsers ask for whatever the page says.
pub(crate) async fn icon() -> Redirect {
    Redirect::permanent(icon_path())
}
