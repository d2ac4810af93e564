//! One connection's bytes: the socket's two halves, the buffers between them and the codec, and a polite end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

use super::giants::{Giant, Giants};
use super::incoming::Incoming;
use super::plain::{self, Extent, Plain};
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

/// A packet larger than allowed, of which nothing beyond its topic was read.
pub(super) struct TooLarge {
    pub(super) bytes: usize,
    pub(super) bytes_max: usize,
    /// Of a PUBLISH, as far as it came.
    pub(super) topic: Option<String>,
}

/// See the module's text.
pub(super) struct Link<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    input: Vec<u8>,
    /// `input[taken..filled]` is not parsed yet.
    taken: usize,
    filled: usize,
    /// What is not parsed yet is the beginning of a packet: it cannot be parsed before more has come.
    starved: bool,
    /// The last read filled the buffer: there is probably more.
    brimful: bool,
    /// Bytes that are still to come of a packet larger than the buffer; the codec collects it.
    oversize: usize,
    /// The place of that packet among all such, until the next packet is asked for.
    giant: Option<Giant>,
    giants: Arc<Giants>,
    packet_bytes_max: usize,
    /// The packet larger than allowed at which it ends.
    too_large: Option<Box<TooLarge>>,
    /// What is to be sent.
    pub(super) out: Vec<u8>,
    sent: usize,
    pub(super) protocol: Protocol,
}

impl<S: AsyncRead + AsyncWrite> Link<S> {
    pub(super) fn new(stream: S, packet_bytes_max: u32, giants: Arc<Giants>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader,
            writer,
            input: vec![0; INPUT_BYTES_MIN],
            taken: 0,
            filled: 0,
            starved: false,
            brimful: false,
            oversize: 0,
            giant: None,
            giants,
            packet_bytes_max: packet_bytes_max as usize,
            too_large: None,
            out: Vec::new(),
            sent: 0,
            protocol: Protocol::new(packet_bytes_max),
        }
    }

    /// The next packet, if it is whole and a plain PUBLISH. Only for a client of MQTT 3.1.1 that was let in.
    pub(super) fn next_plain(&mut self) -> Option<Plain<'_>> {
        let bytes = &self.input[self.taken..self.filled];
        let Extent::Known { header, total } = plain::extent(bytes) else { return None };
        if self.oversize > 0 || total > bytes.len() || total > self.packet_bytes_max {
            return None;
        }
        let plain = plain::read(&bytes[..total], header)?;
        self.taken += total;
        Some(plain)
    }

    /// The next whole packet among the bytes that were read.
    pub(super) fn next(&mut self) -> Result<Option<Incoming>, Broken> {
        if self.oversize == 0 {
            self.giant = None;
        }
        loop {
            let bytes = self.ready();
            if bytes == 0 {
                self.starved = true;
                return Ok(None);
            }
            let packet = &self.input[self.taken..self.taken + bytes];
            let (incoming, used) = self.protocol.take(packet, &mut self.out)?;
            self.taken += used;
            self.oversize = self.oversize.saturating_sub(used);
            if incoming.is_some() || used == 0 {
                return Ok(incoming);
            }
        }
    }

    /// How many bytes the codec may have now: one whole packet, or what is here of one that does not fit the buffer.
    fn ready(&mut self) -> usize {
        let here = self.filled - self.taken;
        if self.oversize == 0 {
            let extent = plain::extent(&self.input[self.taken..self.filled]);
            if let Extent::Known { header, total } = extent
                && total > self.packet_bytes_max
            {
                self.note_too_large(header, total);
            }
            match extent {
                Extent::Known { total, .. } if total <= here => return total,
                Extent::Known { total, .. } if total > INPUT_BYTES_MAX || total > self.packet_bytes_max => {
                    self.oversize = total;
                    // A larger one than allowed is refused by the codec, unread.
                    self.giant = (total <= self.packet_bytes_max).then(|| self.giants.enter(total));
                }
                Extent::Known { .. } | Extent::Unknown => return 0,
                Extent::Malformed => return here,
            }
        }
        self.oversize.min(here)
    }

    /// Notes what is here of a packet larger than allowed, which the codec will refuse; most clients write its topic together with
    /// its length, and nobody is waited for.
    fn note_too_large(&mut self, header: usize, total: usize) {
        let topic = plain::topic(&self.input[self.taken..self.filled], header).map(str::to_owned);
        self.too_large = Some(Box::new(TooLarge { bytes: total, bytes_max: self.packet_bytes_max, topic }));
    }

    /// The packet larger than allowed at which it ended, if that is why.
    pub(super) fn take_too_large(&mut self) -> Option<Box<TooLarge>> {
        self.too_large.take()
    }

    /// Whether there are bytes that could be parsed.
    const fn has_input(&self) -> bool {
        self.taken < self.filled && !self.starved
    }

    /// Whether so much is unsent that nothing should be added.
    pub(super) fn is_congested(&self) -> bool {
        self.out.len() - self.sent >= OUTPUT_BYTES_HIGH
    }

    /// Whether something is unsent.
    pub(super) fn has_output(&self) -> bool {
        self.sent < self.out.len()
    }

    /// Whether it must go, because the large packet that it is sending holds a place that is wanted.
    pub(super) fn is_crowded_out(&self) -> bool {
        self.giant.as_ref().is_some_and(Giant::is_crowded_out)
    }

    /// Reads or writes once, whichever is possible first. Cancelling it loses nothing.
    pub(super) async fn turn(&mut self, may_read: bool) -> io::Result<Moved> {
        let may_read = may_read && !self.has_input();
        let has_output = self.has_output();
        if may_read {
            self.make_room();
        }
        tokio::select! {
            biased;
            () = crowded_out(self.giant.as_ref()) => Err(io::ErrorKind::QuotaExceeded.into()),
            written = self.writer.write(&self.out[self.sent..]), if has_output => self.wrote(written?),
            read = self.reader.read(&mut self.input[self.filled..]), if may_read => Ok(self.read(read?)),
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

    const fn read(&mut self, bytes: usize) -> Moved {
        self.filled += bytes;
        self.starved = false;
        self.brimful = self.filled == self.input.len();
        Moved::In(bytes)
    }

    /// Moves what is not parsed yet to the front, and gives a busy connection a larger buffer.
    fn make_room(&mut self) {
        if self.taken > 0 {
            self.input.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
        }
        if self.brimful && self.input.len() < INPUT_BYTES_MAX {
            self.input.resize(self.input.len() * 4, 0);
        }
        self.brimful = false;
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

/// Waits until a large packet's place is wanted; for ever where there is none.
async fn crowded_out(giant: Option<&Giant>) {
    match giant {
        Some(giant) => giant.crowded_out().await,
        None => std::future::pending().await,
    }
}
