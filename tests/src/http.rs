//! As much HTTP as the tests need, in the open, so that a test sees status, headers and body as they are on the wire.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Header lines, as sent.
    pub head: String,
    /// Body, chunks joined.
    pub body: String,
}

impl Response {
    /// What a page has between two texts, each time.
    #[must_use]
    pub fn between(&self, before: &str, after: &str) -> Vec<&str> {
        self.body.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
    }

    /// The cookie that it sets, as it is sent back.
    #[must_use]
    pub fn cookie(&self) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        line.split(';').next()
    }
}

/// GET on loopback; `None` when nobody answers (yet).
#[must_use]
pub fn get(port: u16, path: &str) -> Option<Response> {
    get_as(port, path, "")
}

/// The same by somebody who signed in.
#[must_use]
pub fn get_as(port: u16, path: &str, cookie: &str) -> Option<Response> {
    exchange(
        port,
        &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"),
    )
}

/// POST of a form on loopback, from the same origin as a browser would.
#[must_use]
pub fn post(port: u16, path: &str, form: &str) -> Option<Response> {
    post_as(port, path, form, "")
}

/// The same by somebody who signed in.
#[must_use]
pub fn post_as(port: u16, path: &str, form: &str, cookie: &str) -> Option<Response> {
    exchange(
        port,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        ),
    )
}

/// The value of one of a service's metrics, all its labels together; `None` when it was never counted or nobody answers.
#[must_use]
pub fn metric(port: u16, name: &str) -> Option<f64> {
    let answer = get(port, "/metrics")?;
    let values = answer.body.lines().filter_map(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']))?;
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    });
    values.reduce(|sum, value| sum + value)
}

fn exchange(port: u16, request: &str) -> Option<Response> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).ok()?;
    let text = String::from_utf8_lossy(&raw).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(&raw)? } else { body.to_owned() };
    Some(Response { status, head: head.to_owned(), body })
}

/// Joins the chunks of a body; sizes count bytes, so this works on the raw answer.
fn unchunk(raw: &[u8]) -> Option<String> {
    let mut rest = &raw[raw.windows(4).position(|w| w == b"\r\n\r\n")? + 4..];
    let mut body = Vec::new();
    loop {
        let line_end = rest.windows(2).position(|w| w == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line_end]).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(String::from_utf8_lossy(&body).into_owned());
        }
        body.extend_from_slice(rest.get(line_end + 2..line_end + 2 + size)?);
        rest = rest.get(line_end + 4 + size..)?;
    }
}
