//! One connection's bytes: the socket's two halves, the buffers between them and the codec, and a polite end.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::incoming::Incoming;
use super::protocol::{Broken, Protocol};

/// Size of an idle connection's read buffer …
const INPUT_BYTES_MIN: usize = 4 << 10;
/// … and of a busy one's.
const INPUT_BYTES_MAX: usize = 64 << 10;
/// With this much unsent, nothing that would add to it is read.
const OUTPUT_BYTES_HIGH: usize = 64 << 10;
/// How long a close waits for the client to read what it was sent.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// What moved.
pub(super) enum Moved {
    /// Bytes came in; zero when the client has closed its side.
    In(usize),
    /// Bytes went out.
    Out,
}

/// See the module's text.
pub(super) struct Link<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    input: Vec<u8>,
    /// `input[taken..filled]` is not parsed yet.
    taken: usize,
    filled: usize,
    /// What is to be sent.
    pub(super) out: Vec<u8>,
    sent: usize,
    pub(super) protocol: Protocol,
}

impl<S: AsyncRead + AsyncWrite> Link<S> {
    pub(super) fn new(stream: S, packet_bytes_max: u32) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader,
            writer,
            input: vec![0; INPUT_BYTES_MIN],
            taken: 0,
            filled: 0,
            out: Vec::new(),
            sent: 0,
            protocol: Protocol::new(packet_bytes_max),
        }
    }

    /// The next whole packet among the bytes that were read.
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, Broken> {
        while self.taken < self.filled {
            let (incoming, used) = self.protocol.take(&self.input[self.taken..self.filled], &mut self.out)?;
            self.taken += used;
            if incoming.is_some() || used == 0 {
                return Ok(incoming);
            }
        }
        Ok(None)
    }

    /// Whether there are bytes that were read and not parsed.
    pub(super) const fn has_input(&self) -> bool {
        self.taken < self.filled
    }

    /// Whether so much is unsent that nothing should be added.
    pub(super) fn is_congested(&self) -> bool {
        self.out.len() - self.sent >= OUTPUT_BYTES_HIGH
    }

    /// Whether something is unsent.
    pub(super) fn has_output(&self) -> bool {
        self.sent < self.out.len()
    }

    /// Reads or writes once, whichever is possible first. Cancelling it loses nothing.
    pub(super) async fn turn(&mut self, may_read: bool) -> io::Result<Moved> {
        let may_read = may_read && !self.has_input();
        let has_output = self.has_output();
        tokio::select! {
            biased;
            written = self.writer.write(&self.out[self.sent..]), if has_output => self.wrote(written?),
            read = self.reader.read(&mut self.input), if may_read => Ok(self.read(read?)),
            else => std::future::pending().await,
        }
    }

    fn wrote(&mut self, bytes: usize) -> io::Result<Moved> {
        if bytes == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.sent += bytes;
        if self.sent == self.out.len() {
            self.out.clear();
            self.out.shrink_to(INPUT_BYTES_MIN);
            self.sent = 0;
        }
        Ok(Moved::Out)
    }

    fn read(&mut self, bytes: usize) -> Moved {
        self.taken = 0;
        self.filled = bytes;
        Moved::In(bytes)
    }

    /// Gives a busy connection a larger buffer. Only when everything was parsed.
    pub(super) fn grow(&mut self) {
        if self.filled == self.input.len() && self.input.len() < INPUT_BYTES_MAX && !self.has_input() {
            self.input.resize(self.input.len() * 4, 0);
            self.filled = 0;
            self.taken = 0;
        }
    }

    /// Sends what is unsent and closes so that the client can read it: closing with unread input would make the
    /// operating system reset the connection, and a reset discards answers that the client has not read yet.
    pub(super) async fn close(mut self) {
        let farewell = async {
            self.writer.write_all(&self.out[self.sent..]).await?;
            self.writer.shutdown().await?;
            while self.reader.read(&mut self.input).await? > 0 {}
            io::Result::Ok(())
        };
        match tokio::time::timeout(FAREWELL_WITHIN, farewell).await {
            Ok(Ok(())) => {}
            Ok(Err(cause)) => tracing::trace!(%cause, "A client did not stay for our last words."),
            Err(_) => tracing::trace!("A client kept its side open; closed all the same."),
        }
    }
}
