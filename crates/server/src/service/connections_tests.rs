//! Real sockets against the bounds: silent, slow, many and vanished clients.

use std::io::ErrorKind;

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const SHORT: Bounds = Bounds {
    connections_max: 4,
    connections_per_address_max: 2,
    head_within: Duration::from_millis(300),
    stalled_within: Duration::from_millis(500),
    head_bytes_max: 8 << 10,
};

/// Longest wait for what must happen.
const SOON: Duration = Duration::from_secs(20);

async fn server(bounds: Bounds) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let large = "x".repeat(64 << 20);
    let router = Router::new().route("/", get(|| async { "hello" })).route("/large", get(move || async { large }));
    let served = tokio::spawn(serve_connections(listener, router, bounds, stop.clone()));
    (address, stop, served)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Everything until the server closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("the server closes in time");
    match read {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends some bytes and says what the server answers before it closes.
async fn check(address: SocketAddr, sent: &str, expected: &str) {
    let mut stream = connect(address).await;
    stream.write_all(sent.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    let status = answer.split_whitespace().nth(1).unwrap_or("closed");
    assert_eq!(status, expected, "{sent:.40}: {answer:.200}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_or_is_too_large_ends_the_connection() {
    let (address, stop, served) = server(SHORT).await;
    check(address, "", "closed").await;
    check(address, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow:", "closed").await;
    check(address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200").await;
    check(address, &format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(9 << 10)), "431").await;
    check(address, "nonsense\r\n\r\n", "400").await;
    // Answered, kept alive, then idle for too long.
    check(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200").await;
    stop.cancel();
    served.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_cap_connections_are_closed_and_places_come_back() {
    let patient = Bounds { head_within: Duration::from_secs(60), ..SHORT };
    let (address, stop, served) = server(patient).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(address).await;
        // The answer proves that this one has its place.
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        assert!(stream.read_u8().await.is_ok());
        held.push(stream);
    }
    check(address, "", "closed").await;
    held.pop();
    let deadline = Instant::now() + SOON;
    loop {
        let mut stream = connect(address).await;
        let _refused = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.is_err();
        if rest(&mut stream).await.contains("hello") {
            break;
        }
        assert!(Instant::now() < deadline, "the place did not come back");
    }
    // Idle connections do not hold up the end.
    stop.cancel();
    tokio::time::timeout(SOON, served).await.expect("the end comes in time").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_take_its_answer_is_left() {
    let (address, stop, served) = server(SHORT).await;
    let mut stream = connect(address).await;
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(stream.read_u8().await.is_ok());
    // It reads nothing more; were it not left, the end would wait for it.
    stop.cancel();
    tokio::time::timeout(SOON, served).await.expect("the stalled connection is given up").unwrap();
    drop(stream);
}

#[test]
fn an_address_has_its_share_and_this_computer_all() {
    let places = Arc::new(Places::default());
    let take = |address: &str| Places::take(&places, address.parse().unwrap(), SHORT);
    let held: Vec<_> = ["10.0.0.1", "10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "::1", "127.0.0.1", "10.0.0.2"]
        .into_iter()
        .map(take)
        .collect();
    let given: Vec<bool> = held.iter().map(Option::is_some).collect();
    assert_eq!(given, [true, true, false, false, true, true, false]);
    drop(held);
    assert_eq!(places.0.lock().unwrap().len(), 0);
}
