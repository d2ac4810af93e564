//! A connection whose writes are gathered until the other side is waited for.
//!
//! The client library flushes after each acknowledgement, and at tens of thousands of them a second those calls, and the broker's
//! reads of five bytes each, cost more than all that is done with the readings. It always looks for what has come when it has
//! nothing more to say, so a flush may wait until then: nobody hears anything later than he would have asked.
//!
//! Nor may a write wait: the library does not read meanwhile. A broker under full load reads one packet of each connection in turn,
//! and hears fifty publishers fifty times as often as us; were we to wait for our acknowledgements to be read, we would read nothing
//! for as long as it lasts, and the broker would drop what it has acknowledged.
//!
//! What is read is handed on in portions, too: the library goes on reading, up to so many packets, while there is something to read, and
//! tells us of none of them meanwhile. Packets may be large, and in memory ten times as large as on the wire.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use rumqttc::{NetworkOptions, default_socket_connect};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// From so much on it goes out, bytes.
const GATHERED: usize = 16 << 10;
/// A write waits when so much is unread by the other side, bytes: four million acknowledgements, as many as the shipped configuration
/// of Mosquitto lets messages wait.
const UNREAD_MAX: usize = 16 << 20;
/// After so much the library is to tell what it has read, bytes: far more than as many usual packets as it reads at once.
const PORTION: usize = 256 << 10;

/// Makes connections for either version's library.
pub(super) fn connector(
    within: Duration,
) -> impl Fn(String, NetworkOptions) -> Pin<Box<dyn Future<Output = io::Result<Gathered>> + Send>> + Send + Sync + 'static
{
    move |host, options| Box::pin(connect(host, options, within))
}

/// Connects to `host:port`, by the first of its addresses that answers; each has its share of the time.
///
/// # Errors
/// When the name is unknown, or none of its addresses answers.
async fn connect(host: String, options: NetworkOptions, within: Duration) -> io::Result<Gathered> {
    let addresses: Vec<_> = lookup_host(&host).await?.collect();
    let share = within / u32::try_from(addresses.len()).unwrap_or(1).max(1);
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"));
    for address in addresses {
        match timeout(share, default_socket_connect(address.to_string(), options.clone())).await {
            Ok(Ok(stream)) => return Ok(Gathered { stream, written: BytesMut::new(), portion: 0 }),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, format!("{address} does not answer")),
        }
    }
    Err(last)
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Gathered {
    stream: TcpStream,
    written: BytesMut,
    /// So much was read since there was nothing to read, or since we said so.
    portion: usize,
}

impl Gathered {
    /// Hands on what was gathered.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.written.is_empty() {
            let taken = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.written))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written.advance(taken);
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl AsyncRead for Gathered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // While the other side takes nothing it may still have something to say, and be waiting for us to hear it.
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        if self.portion >= PORTION {
            self.portion = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        self.portion = if read.is_ready() { self.portion + into.filled().len() - before } else { 0 };
        read
    }
}

impl AsyncWrite for Gathered {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.written.len() >= GATHERED {
            match self.poll_drain(cx) {
                Poll::Ready(sent) => sent?,
                Poll::Pending if self.written.len() >= UNREAD_MAX => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        pieces.iter().for_each(|piece| self.written.extend_from_slice(piece));
        Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()))
    }

    /// Taken whole: TLS writes once, and its alert stands behind another piece.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Gathered {
    /// The library drops a connection behind its DISCONNECT. What does not fit is lost, as with a connection that breaks.
    fn drop(&mut self) {
        drop(self.stream.try_write(&self.written));
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    async fn pair() -> (Gathered, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (ours, theirs) = tokio::join!(connect(address, NetworkOptions::new(), LONG), listener.accept());
        (ours.unwrap(), theirs.unwrap().0)
    }

    #[tokio::test]
    async fn what_was_written_goes_out_as_one_when_something_is_waited_for() {
        let (mut ours, mut theirs) = pair().await;
        for byte in 0..100_u8 {
            ours.write_all(&[byte]).await.unwrap();
            ours.flush().await.unwrap();
        }
        let mut heard = [0; 200];
        assert!(timeout(Duration::from_millis(50), theirs.read(&mut heard)).await.is_err(), "it went out before");
        let answering = async {
            // In one piece.
            assert_eq!(theirs.read(&mut heard).await.unwrap(), 100);
            theirs.write_all(b"yes").await.unwrap();
        };
        let mut answer = [0; 3];
        let (read, ()) = tokio::join!(timeout(LONG, ours.read_exact(&mut answer)), answering);
        assert_eq!((read.unwrap().unwrap(), &answer), (3, b"yes"));
        assert_eq!(&heard[..100], (0..100).collect::<Vec<u8>>());
    }

    #[tokio::test]
    async fn more_than_is_gathered_goes_out_by_itself_and_the_rest_with_the_end() {
        for shut in [true, false] {
            let (mut ours, mut theirs) = pair().await;
            let said: Vec<u8> = (0..3 * GATHERED + 10).map(|at| (at % 251) as u8).collect();
            for piece in said.chunks(1_000) {
                ours.write_all(piece).await.unwrap();
            }
            if shut {
                ours.shutdown().await.unwrap();
            }
            drop(ours);
            let mut heard = Vec::new();
            timeout(LONG, theirs.read_to_end(&mut heard)).await.unwrap().unwrap();
            assert!(heard == said, "{} of {} bytes came", heard.len(), said.len());
        }
    }

    #[tokio::test]
    async fn hears_one_who_does_not_listen_until_far_too_much_is_unread() {
        let (mut ours, mut theirs) = pair().await;
        let piece = vec![7; 1 << 20];
        let mut said = 0;
        // The kernel's buffers take some of it first.
        while timeout(Duration::from_millis(200), ours.write_all(&piece)).await.is_ok() {
            said += piece.len();
            theirs.write_all(b"yes").await.unwrap();
            let mut heard = [0; 3];
            timeout(LONG, ours.read_exact(&mut heard)).await.unwrap().unwrap();
            assert!(said < 2 * UNREAD_MAX, "nothing bounds what waits");
        }
        assert!(said >= UNREAD_MAX, "{said}");
    }

    #[tokio::test]
    async fn who_never_stops_talking_is_heard_in_portions() {
        use std::future::poll_fn;

        let (mut ours, mut theirs) = pair().await;
        let talking = tokio::spawn(async move { while theirs.write_all(&[7; 1 << 16]).await.is_ok() {} });
        let (mut piece, mut portions, mut longest, mut heard) = (vec![0; 1 << 14], 0, 0, 0_usize);
        while portions < 20 {
            let read = poll_fn(|cx| {
                let mut into = ReadBuf::new(&mut piece);
                // As the library looks whether there is more.
                Poll::Ready(match Pin::new(&mut ours).poll_read(cx, &mut into) {
                    Poll::Ready(read) => read.map(|()| into.filled().len()).unwrap(),
                    Poll::Pending => 0,
                })
            });
            match read.await {
                0 => {
                    (portions, heard) = (portions + usize::from(heard > 0), 0);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                bytes => heard += bytes,
            }
            longest = longest.max(heard);
        }
        assert!(longest < PORTION + piece.len(), "{longest} bytes without a pause");
        talking.abort();
    }

    #[tokio::test]
    async fn says_why_nobody_can_be_reached() {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let refused = connect(free.to_string(), NetworkOptions::new(), LONG).await.map(drop).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(connect("no.such.host.invalid:1883".to_owned(), NetworkOptions::new(), LONG).await.is_err());
    }
}
