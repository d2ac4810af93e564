//! What stands where InfluxDB would: a real server that speaks its write interface (Debian's VictoriaMetrics), and a stand-in that
//! answers as the test tells it to and remembers what it took.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Running, free_port, get, wait_for};

/// A real server with its files in a folder of the test's own.
#[derive(Debug)]
pub struct VictoriaMetrics {
    /// Where it listens on loopback.
    pub port: u16,
    /// The process.
    pub process: Running,
    folder: PathBuf,
}

impl VictoriaMetrics {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// When it does not listen within 20 s.
    #[must_use]
    pub fn start(folder: &Path) -> Self {
        Self::start_on(folder, free_port(), &[])
    }

    /// The same on a given port and with more flags: for starting again where an earlier one was killed, and for TLS.
    ///
    /// # Panics
    /// When it does not listen within 20 s.
    #[must_use]
    pub fn start_on(folder: &Path, port: u16, flags: &[String]) -> Self {
        let mut command = Command::new("/usr/bin/victoria-metrics");
        command
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            .arg(format!("-storageDataPath={}", folder.join("victoria-metrics").display()))
            // It keeps what it is sent twice unless told to keep one value per instant, as InfluxDB does by itself.
            .arg("-dedup.minScrapeInterval=1ms")
            .arg("-loggerLevel=WARN")
            .args(flags);
        let process = Running::start("victoria-metrics", command, &folder.join("victoria-metrics.log"));
        wait_for("victoria-metrics to listen", Duration::from_secs(20), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });
        Self { port, process, folder: folder.to_path_buf() }
    }

    /// Kills it as a power cut would, and does not start it again.
    pub fn kill_9(&mut self) {
        self.process.kill_9();
    }

    /// Starts it again on the same port with the same files.
    pub fn start_again(&mut self) {
        *self = Self::start_on(&self.folder, self.port, &[]);
    }

    /// Every value of a metric: by site, machine and milliseconds since 1970.
    ///
    /// # Panics
    /// When the server does not export, or one instant is there twice.
    #[must_use]
    pub fn values(&self, metric: &str) -> BTreeMap<(String, String, i64), f64> {
        let mut values = BTreeMap::new();
        for ((labels, at), value) in self.points(metric) {
            let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
            let key = (label("site"), label("machine"), at);
            let before = values.insert(key.clone(), value);
            assert_eq!(before, None, "{metric} of {key:?} is there twice");
        }
        values
    }

    /// The same by all labels.
    ///
    /// # Panics
    /// When the server does not export, or one instant of a series is there twice.
    #[must_use]
    pub fn points(&self, metric: &str) -> BTreeMap<(BTreeMap<String, String>, i64), f64> {
        // What was just taken is searchable a moment later; asked for, at once.
        let flushed = get(self.port, "/internal/force_flush");
        assert!(flushed.is_some(), "victoria-metrics is away");
        let path = format!("/api/v1/export?match[]={metric}&start=0");
        let export = get(self.port, &path).expect("an export");
        assert_eq!(export.status, 200, "{}", export.body);
        let mut values = BTreeMap::new();
        for line in export.body.lines() {
            let series: Value = serde_json::from_str(line).expect("JSON lines");
            let labels = series["metric"].as_object().into_iter().flatten().filter(|(name, _)| *name != "__name__");
            let labels: BTreeMap<String, String> = labels
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                // Of the request, not of the point.
                .filter(|(name, _)| name != "db")
                .collect();
            let list = |name: &str| series[name].as_array().cloned().unwrap_or_default();
            for (at, value) in list("timestamps").iter().zip(list("values")) {
                let key = (labels.clone(), at.as_i64().expect("milliseconds"));
                let before = values.insert(key.clone(), value.as_f64().expect("a number"));
                assert_eq!(before, None, "{metric} of {key:?} is there twice");
            }
        }
        values
    }
}

/// What the stand-in answers to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 204: taken.
    Take,
    /// A status with further header lines (each ended by CRLF) and a body.
    Say(u16, String, String),
    /// Nothing, until the client gives up.
    Hang,
}

/// A write as it came.
#[derive(Clone, Debug)]
pub struct Write {
    /// The request's head, with its first line.
    pub head: String,
    /// The lines, decompressed.
    pub lines: String,
    /// When it came.
    pub at: Instant,
}

type Rule = Box<dyn FnMut(&Write) -> Reply + Send>;

/// A stand-in for InfluxDB.
#[derive(Clone)]
pub struct StandIn {
    /// Where it listens on loopback.
    pub port: u16,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    rule: Rule,
    taken: Vec<String>,
    writes: Vec<(Write, Reply)>,
}

impl StandIn {
    /// Starts one that takes everything.
    ///
    /// # Panics
    /// When loopback has no free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let inner = Inner { rule: Box::new(|_| Reply::Take), taken: Vec::new(), writes: Vec::new() };
        let stand_in = Self { port, inner: Arc::new(Mutex::new(inner)) };
        let serving = stand_in.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        stand_in
    }

    /// From now on it answers by this rule.
    pub fn rule(&self, rule: impl FnMut(&Write) -> Reply + Send + 'static) {
        self.lock().rule = Box::new(rule);
    }

    /// Every line that it took, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<String> {
        self.lock().taken.clone()
    }

    /// The writes since the last time this was asked, with what was answered.
    #[must_use]
    pub fn writes(&self) -> Vec<(Write, Reply)> {
        std::mem::take(&mut self.lock().writes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers one connection until it ends.
    fn serve(&self, mut stream: TcpStream) {
        let mut read = Vec::new();
        while let Some((head, body)) = request(&mut stream, &mut read) {
            let lines = if body.is_empty() { String::new() } else { gunzip(&body) };
            let write = Write { head, lines, at: Instant::now() };
            let reply = {
                let mut inner = self.lock();
                let reply = (inner.rule)(&write);
                if reply == Reply::Take {
                    inner.taken.extend(write.lines.lines().map(str::to_owned));
                }
                inner.writes.push((write, reply.clone()));
                reply
            };
            let answer = match reply {
                Reply::Take => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
                Reply::Say(status, head, body) => {
                    format!("HTTP/1.1 {status} So\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len())
                }
                Reply::Hang => {
                    // Until the client closes.
                    let _ended = stream.read(&mut [0; 1]);
                    return;
                }
            };
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// The next request's head and body; `None` at the connection's end.
fn request(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let length = length.unwrap_or(0);
            if read.len() >= end + 4 + length {
                let body = read[end + 4..end + 4 + length].to_vec();
                read.drain(..end + 4 + length);
                return Some((head, body));
            }
        }
        let mut chunk = [0; 65_536];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => read.extend_from_slice(&chunk[..n]),
        }
    }
}

/// Decompresses with a program that is not ours.
fn gunzip(bytes: &[u8]) -> String {
    let mut gzip =
        Command::new("gzip").arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip starts");
    let mut stdin = gzip.stdin.take().expect("a piped stdin");
    let bytes = bytes.to_vec();
    let feeding = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = gzip.wait_with_output().expect("gzip ends");
    feeding.join().expect("the feeder ends").expect("gzip reads");
    assert!(output.status.success(), "a body that is not gzip");
    String::from_utf8(output.stdout).expect("lines are UTF-8")
}
