//! The API's description holds: every answer and every example is of the form that `openapi.json` gives, nothing more and
//! nothing less; and customers' replies are taken from those who sign.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the message")]

#[path = "../examples/fake/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each program over this fleet asks something else of it")]
mod fake;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use foretell_console::{ConsoleOptions, router};
use serde_json::{Map, Value, json};
use tower::ServiceExt;

const DOCUMENT: &str = include_str!("../src/api/openapi.json");

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

fn app() -> Router {
    router(Arc::new(fake::Fake::new(None)), ConsoleOptions::new(fake::catalogue()))
}

async fn ask(app: &Router, request: Request<Body>) -> (u16, Value) {
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Holds values against schemas: types, enumerations, forms of time, what is required, and nothing that is not described.
struct Schemas(Value);

impl Schemas {
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolve(self.0.pointer(reference.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    /// Every property of an object's schema, those of `allOf` included; `None` when anything may stand there.
    fn properties<'a>(&'a self, schema: &'a Value) -> Option<Map<String, Value>> {
        let schema = self.resolve(schema);
        let mut found = schema["properties"].as_object().cloned();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            found.get_or_insert_default().extend(self.properties(part)?);
        }
        found
    }

    fn required<'a>(&'a self, schema: &'a Value) -> Vec<&'a str> {
        let schema = self.resolve(schema);
        let own = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| self.required(part));
        own.chain(parts).collect()
    }

    fn check(&self, value: &Value, schema: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        let is = |wanted: &str| match wanted {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{at}: `{other}` is no type"),
        };
        if !types.is_empty() && !types.iter().any(|wanted| is(wanted)) {
            faults.push(format!("{at}: {value} is none of {types:?}"));
            return;
        }
        if let Some(known) = schema["enum"].as_array().filter(|known| !value.is_null() && !known.contains(value)) {
            faults.push(format!("{at}: {value} is none of {known:?}"));
        }
        if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str())
            && foretell_model::Timestamp::parse(text).is_err()
        {
            faults.push(format!("{at}: `{text}` is no time"));
        }
        for (n, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(item, &schema["items"], &format!("{at}[{n}]"), faults);
        }
        if let Some(object) = value.as_object() {
            self.check_object(object, schema, at, faults);
        }
    }

    fn check_object(&self, object: &Map<String, Value>, schema: &Value, at: &str, faults: &mut Vec<String>) {
        let others = &schema["additionalProperties"];
        let properties = self.properties(schema);
        if properties.is_none() && others.is_null() {
            return;
        }
        let properties = properties.unwrap_or_default();
        for (name, value) in object {
            match properties.get(name) {
                Some(schema) => self.check(value, schema, &format!("{at}.{name}"), faults),
                None if others.is_object() => self.check(value, others, &format!("{at}.{name}"), faults),
                None => faults.push(format!("{at}: `{name}` is not described")),
            }
        }
        for name in self.required(schema).into_iter().filter(|name| !object.contains_key(*name)) {
            faults.push(format!("{at}: `{name}` is missing"));
        }
    }
}

/// Where the fake fleet has something to show.
fn address(path: &str) -> String {
    let path = path.replace("{site}", "s01").replace("{machine}", "m002");
    match path.as_str() {
        "/api/v1/advisories/{id}" => "/api/v1/advisories/s01%2Fm002%2Fcooler_clogging%2F1".into(),
        "/api/v1/cases/{id}" => "/api/v1/cases/97".into(),
        "/api/v1/customers/{id}" => "/api/v1/customers/hengfeng".into(),
        "/api/v1/search" => "/api/v1/search?q=hansa".into(),
        other => other.to_owned(),
    }
}

/// What every answer of one page is made of, shorter: as many items as an example needs.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().take(2).map(shortened).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shortened(value))).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn every_answer_is_as_described() {
    let (schemas, app) = (Schemas(document()), app());
    let (mut faults, mut recorded) = (Vec::new(), Map::new());
    for (path, item) in schemas.0["paths"].as_object().unwrap() {
        let content = &item["get"]["responses"]["200"]["content"]["application/json"];
        if content.is_null() || path.ends_with("openapi.json") {
            continue;
        }
        let (status, value) = ask(&app, Request::get(address(path)).body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200, "{path}: {value}");
        schemas.check(&value, &content["schema"], path, &mut faults);
        if content["example"].is_null() {
            faults.push(format!("{path} has no example"));
        }
        recorded.insert(path.clone(), shortened(&value));
    }
    assert!(recorded.len() > 15, "{}", recorded.len());
    // To write the examples of the description anew: run with this variable set to a file.
    if let Ok(file) = std::env::var("FORETELL_API_EXAMPLES") {
        std::fs::write(file, Value::Object(recorded).to_string()).unwrap();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Follows a list from page to page; gives the keys of everything on it.
async fn followed(app: &Router, list: &str, max: usize, key: impl Fn(&Value) -> String) -> Vec<String> {
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/{list}?max={max}{cursor}");
        let (status, page) = ask(app, Request::get(&path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, 200, "{path}: {page}");
        let of_list = match list {
            "fleet" => "machines",
            "record" => "entries",
            list => list,
        };
        let items = page[of_list].as_array().unwrap();
        assert!(!items.is_empty() && items.len() <= max, "{path}");
        keys.extend(items.iter().map(&key));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={}", next.replace('/', "%2F")),
            None => return keys,
        }
    }
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page_and_nothing_twice() {
    let app = app();
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    let machine = |item: &Value| format!("{}/{}", item["site"].as_str().unwrap(), item["machine"].as_str().unwrap());
    for max in [1, 3, 1_000] {
        let machines = followed(&app, "fleet", max, machine).await;
        assert!(machines.len() > 8 && machines.is_sorted_by(|a, b| a < b), "{max}: {machines:?}");
        let customers = followed(&app, "customers", max, id).await;
        assert!(customers.len() > 2 && customers.is_sorted_by(|a, b| a < b), "{max}: {customers:?}");
        let number = |item: &Value| item["id"].to_string();
        let record = followed(&app, "record", max, number).await;
        assert_eq!(record.len(), 6, "{max}: {record:?}");
        let mut advisories = followed(&app, "advisories", max.min(100), id).await;
        let all = advisories.len();
        advisories.sort();
        advisories.dedup();
        assert_eq!(advisories.len(), all, "{max}");
    }
    let strange = Request::get("/api/v1/advisories?cursor=x").body(Body::empty()).unwrap();
    assert_eq!(ask(&app, strange).await.0, 400);
}

#[test]
fn every_example_is_as_described() {
    let schemas = Schemas(document());
    let (mut faults, mut examples) = (Vec::new(), 0);
    for group in ["paths", "webhooks"] {
        for (path, item) in schemas.0[group].as_object().unwrap() {
            for operation in ["get", "post"].iter().map(|method| &item[*method]).filter(|found| found.is_object()) {
                let asked = [&operation["requestBody"]["content"]];
                let answered = operation["responses"].as_object().unwrap().values().map(|answer| &answer["content"]);
                for content in asked.into_iter().chain(answered).map(|content| &content["application/json"]) {
                    if !content["example"].is_null() {
                        schemas.check(&content["example"], &content["schema"], path, &mut faults);
                        examples += 1;
                    }
                }
            }
        }
    }
    assert!(examples > 35, "{examples}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn reply(signature: &str, body: &str) -> Request<Body> {
    Request::post("/api/v1/replies")
        .header("content-type", "application/json")
        .header("foretell-timestamp", "1784103000")
        .header("foretell-signature", signature)
        .body(Body::from(body.to_owned()))
        .unwrap()
}

#[tokio::test]
async fn replies_are_taken_from_those_who_sign() {
    let app = app();
    let good = r#"{"id": "a", "message": "foretell-17", "text": "Thursday"}"#;
    for (signature, body, expected) in [
        ("v1=good", good, 200),
        ("v1=bad", good, 401),
        ("", good, 401),
        ("v1=bad", "nonsense", 401),
        ("v1=good", "nonsense", 400),
        ("v1=good", r#"{"id": "a", "text": "x", "txet": "y"}"#, 400),
        ("v1=good", r#"{"id": "a", "text": "x", "at": "yesterday"}"#, 400),
        ("v1=good", r#"{"id": "a", "text": "who?"}"#, 404),
    ] {
        let (status, answer) = ask(&app, reply(signature, body)).await;
        assert_eq!(status, expected, "{signature} {body}: {answer}");
        let field = if status == 200 { "outcome" } else { "detail" };
        assert!(answer[field].is_string(), "{answer}");
    }
    // A long reply is cut, in whatever script; only what no telephone sends is refused.
    let long = |text: String| format!(r#"{{"id": "a", "message": "foretell-17", "text": "空压机坏了{text}"}}"#);
    for (text, expected) in [("x".repeat(20_000), 200), ("坏".repeat(10_000), 200), ("坏".repeat(30_000), 413)] {
        let (status, answer) = ask(&app, reply("v1=good", &long(text))).await;
        assert_eq!(status, expected, "{answer}");
        assert!(status == 200 || answer["detail"].is_string(), "{answer}");
    }
}

#[tokio::test]
async fn who_guesses_or_floods_must_wait() {
    let guesses = app();
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(ask(&guesses, reply("v1=guess", "{}")).await.0);
    }
    assert_eq!((statuses[0], statuses[29]), (401, 429), "{statuses:?}");
    // What is signed well is taken from the same address all the same, however many wrong ones came in the minute.
    let body = json!({ "id": "a", "message": "foretell-17", "text": "x" }).to_string();
    for _ in 0..400 {
        assert_ne!(ask(&guesses, reply("v1=guess", "{}")).await.0, 200);
    }
    assert_eq!(ask(&guesses, reply("v1=good", &body)).await.0, 200);
    assert_eq!(ask(&guesses, reply("v1=guess", &body)).await.0, 429);
    let flooded = app();
    let mut taken = 0;
    for _ in 0..400 {
        taken += usize::from(ask(&flooded, reply("v1=good", &body)).await.0 == 200);
    }
    // The minute may turn once meanwhile.
    assert!((300..400).contains(&taken), "{taken}");
}
