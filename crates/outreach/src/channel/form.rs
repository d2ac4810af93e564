//! Templates of requests: the address, headers and body of a webhook, and the test of its answer.
//!
//! Values are escaped for where they stand, so that no letter can break out of its place: in a JSON body `{{ subject }}` is a
//! whole JSON text with its quotes, in a form body and in an address it is percent-encoded.

use std::fmt::Write as _;

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Output, State};
use serde::Serialize;

use crate::templating::{self, Dialect};

/// Names of the templates.
const URL: &str = "url";
const BODY: &str = "body";
const HEADER: &str = "header ";

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/plain`.
    Text,
}

impl Format {
    /// Every format with its name in the configuration.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Json, "json"), (Self::Form, "form"), (Self::Text, "text")];

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// What a template may use.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RequestFacts<'a> {
    pub(crate) key: &'a str,
    pub(crate) to: &'a str,
    pub(crate) to_name: &'a str,
    pub(crate) from_name: &'a str,
    pub(crate) language: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
    pub(crate) short: &'a str,
    pub(crate) link: &'a str,
    pub(crate) timestamp: i64,
    /// Not there for a template unless the channel signs in its body or address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sign: Option<String>,
    /// Not there for a template unless the configuration has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<&'a str>,
}

/// The templates of one webhook.
pub(crate) struct Form {
    templates: Environment<'static>,
    headers: Vec<String>,
    success: Option<String>,
    again: Option<String>,
}

/// The texts of a form as they are configured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts<'a> {
    pub(crate) url: &'a str,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a str,
    pub(crate) success: Option<&'a str>,
    pub(crate) again: Option<&'a str>,
}

/// A fault: the key of the configuration, and what is wrong there.
pub(crate) type Fault = (&'static str, String);

/// What an answer says of success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was taken.
    Yes,
    /// It was not; later it may be.
    Later,
    /// It was not.
    No,
}

impl Form {
    /// Compiles the templates.
    ///
    /// # Errors
    /// With everything that is not a template or an expression.
    pub(crate) fn new(texts: &Texts<'_>, format: Format) -> Result<Self, Vec<Fault>> {
        let mut templates = templating::environment();
        templates.set_formatter(move |out, state, value| escape(out, state, value, format));
        let mut faults = Vec::new();
        let mut add = |key: &'static str, name: String, text: &str| {
            if let Err(why) = checked(&templates, text, Dialect::Request) {
                faults.push((key, why));
            } else if let Err(e) = templates.add_template_owned(name, text.to_owned()) {
                faults.push((key, told(&e)));
            }
        };
        add("url", URL.to_owned(), texts.url);
        add("body", BODY.to_owned(), texts.body);
        for (name, text) in texts.headers {
            add("headers", format!("{HEADER}{name}"), text);
        }
        for (key, expression) in [("success", texts.success), ("try_again", texts.again)] {
            let Some(text) = expression else { continue };
            if let Err(why) = checked(&templates, text, Dialect::Answer) {
                faults.push((key, why));
            } else if let Err(e) = templates.compile_expression_owned(text.to_owned()) {
                faults.push((key, told(&e)));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            templates,
            headers: texts.headers.iter().map(|(name, _)| name.clone()).collect(),
            success: texts.success.map(str::to_owned),
            again: texts.again.map(str::to_owned),
        })
    }

    pub(crate) fn url(&self, facts: &RequestFacts<'_>) -> Result<String, Fault> {
        self.render("url", URL, facts)
    }

    pub(crate) fn body(&self, facts: &RequestFacts<'_>) -> Result<String, Fault> {
        self.render("body", BODY, facts)
    }

    pub(crate) fn headers(&self, facts: &RequestFacts<'_>) -> Result<Vec<(String, String)>, Fault> {
        let one = |name: &String| Ok((name.clone(), self.render("headers", &format!("{HEADER}{name}"), facts)?));
        self.headers.iter().map(one).collect()
    }

    fn render(&self, key: &'static str, name: &str, facts: &RequestFacts<'_>) -> Result<String, Fault> {
        let rendered = self.templates.get_template(name).and_then(|template| template.render(Serde(facts)));
        rendered.map_err(|e| (key, told(&e)))
    }

    /// What an answer of status 2xx says. Without a test of its own a status is word enough.
    pub(crate) fn said(&self, answer: &str) -> Said {
        let Some(success) = &self.success else { return Said::Yes };
        let Ok(answer) = serde_json::from_str::<serde_json::Value>(answer) else { return Said::No };
        let holds = |expression: &str| {
            let value = self.templates.compile_expression(expression).and_then(|e| e.eval(Value::from(Serde(&answer))));
            value.is_ok_and(|value| value.is_true())
        };
        match &self.again {
            _ if holds(success) => Said::Yes,
            Some(again) if holds(again) => Said::Later,
            _ => Said::No,
        }
    }
}

/// Puts a value where it stands, so that it stays there.
fn escape(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value, format: Format) -> Result<(), Error> {
    let plain = templating::scalar(value)?.into_owned();
    let text = match (value.kind(), state.name()) {
        (ValueKind::Undefined, _) => return Err(Error::from(ErrorKind::UndefinedError)),
        (_, URL) => percent_encoded(&plain),
        (_, BODY) => match (format, value.kind()) {
            (Format::Json, ValueKind::String) => serde_json::Value::from(plain).to_string(),
            (Format::Json, ValueKind::Number | ValueKind::Bool) | (Format::Text, _) => plain,
            (Format::Json, _) => {
                return Err(Error::new(
                    ErrorKind::InvalidOperation,
                    "only texts, numbers and truth values fit in here",
                ));
            }
            (Format::Form, _) => percent_encoded(&plain),
        },
        // A line end would begin a header of its own.
        _ => plain.chars().filter(|c| !c.is_control()).collect(),
    };
    templating::charge(state, text.len())?;
    out.write_str(&text).map_err(Error::from)
}

/// Whether a template does no more than one may.
fn checked(templates: &Environment<'_>, text: &str, dialect: Dialect) -> Result<(), String> {
    templating::check(text, dialect, templates.syntax().clone()).map_err(|excess| match excess.line {
        1 => excess.why,
        line => format!("{} (line {line})", excess.why),
    })
}

/// As RFC 3986 writes what is not unreserved.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _written = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// An error of the template language in one line.
fn told(error: &Error) -> String {
    let detail = error.detail().map_or_else(String::new, |detail| format!(": {detail}"));
    let line = error.line().filter(|line| *line > 1).map_or_else(String::new, |line| format!(" (line {line})"));
    format!("{}{detail}{line}", error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(subject: &str) -> RequestFacts<'_> {
        RequestFacts {
            key: "foretell-7",
            to: "+86 138",
            to_name: "华新纺织",
            from_name: "王敏",
            language: "zh-CN",
            subject,
            body: "两个时间\n可选",
            short: "2号机",
            link: "https://s.example/b/x",
            timestamp: 5,
            sign: None,
            token: None,
        }
    }

    fn form(format: Format, body: &str) -> Result<Form, Vec<Fault>> {
        let headers = [("X-From".to_owned(), "{{ from_name }}".to_owned())];
        let texts = Texts {
            url: "https://gateway.example/send?to={{ to }}",
            headers: &headers,
            body,
            success: Some("errcode == 0"),
            again: Some("errcode in [45009, 130101]"),
        };
        Form::new(&texts, format)
    }

    #[test]
    fn values_are_escaped_for_where_they_stand() {
        #[track_caller]
        fn check(format: Format, body: &str, subject: &str, expected: Result<&str, &str>) {
            let got = form(format, body).unwrap().body(&facts(subject));
            assert_eq!(
                got.map_err(|(key, why)| format!("{key}: {why}")),
                expected.map(str::to_owned).map_err(str::to_owned)
            );
        }
        check(Format::Json, r#"{"a":{{ subject }}}"#, "He said \"no\"\n", Ok(r#"{"a":"He said \"no\"\n"}"#));
        check(Format::Json, r#"{"a":{{ subject ~ " " ~ link }}}"#, "k", Ok(r#"{"a":"k https://s.example/b/x"}"#));
        check(Format::Json, "{{ timestamp }}", "", Ok("5"));
        check(Format::Form, "m={{ subject }}&n={{ timestamp }}", "a&b=好", Ok("m=a%26b%3D%E5%A5%BD&n=5"));
        check(Format::Text, "{{ subject }}", "a&\"b", Ok("a&\"b"));
        check(Format::Text, "{{ token }}", "", Err("body: undefined value"));
        check(Format::Text, "{{ sbject }}", "", Err("body: undefined value"));
        let form = form(Format::Json, "{}").unwrap();
        assert_eq!(form.url(&facts("")).unwrap(), "https://gateway.example/send?to=%2B86%20138");
        assert_eq!(form.headers(&facts("")).unwrap(), [("X-From".to_owned(), "王敏".to_owned())]);
    }

    #[test]
    fn answers_are_understood() {
        let form = form(Format::Json, "{}").unwrap();
        #[track_caller]
        fn check(form: &Form, answer: &str, expected: Said) {
            assert_eq!(form.said(answer), expected, "{answer}");
        }
        check(&form, r#"{"errcode":0,"errmsg":"ok"}"#, Said::Yes);
        check(&form, r#"{"errcode":45009}"#, Said::Later);
        check(&form, r#"{"errcode":93000}"#, Said::No);
        check(&form, r#"{"code":0}"#, Said::No);
        check(&form, "<html>", Said::No);
        check(&form, "[]", Said::No);
    }

    #[test]
    fn slips_are_found_before_anything_is_sent() {
        let texts = Texts { url: "{{ x", body: "{% if %}", success: Some("a =="), ..Texts::default() };
        let faults = Form::new(&texts, Format::Json).err().unwrap();
        assert_eq!(faults.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["url", "body", "success"]);
    }
}
