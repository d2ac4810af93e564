//! One batch on its way: whole at first, halved where the server refuses, until a bad line stands alone.
//!
//! A line that is bad is put aside, the rest goes through. A server that refuses *everything* is another matter: then it is not our
//! lines that are wrong but its bucket or our settings, and putting all of it aside would be a loss. The batch waits instead.

use std::ops::Range;

use super::batch::Batch;
use super::client::{Answer, Takes};

/// Requests after which a batch of which nothing was taken is suspected to be refused wholly.
const REQUESTS_BEFORE_SUSPICION: usize = 64;

/// Single lines from all over the batch that are tried then; if none is taken, the suspicion is right.
const SAMPLES: usize = 16;

/// A batch of up to so many lines may be bad as a whole, if the server took something before.
const BAD_LINES_TOGETHER: usize = 20;

/// Requests for one batch; what is not isolated by then is put aside in pieces.
const REQUESTS_MAX: usize = 1_000;

/// InfluxDB's words for points older than the bucket keeps. It has taken the others of the batch.
const BEYOND_RETENTION: &str = "retention";

/// Lines that the server does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    /// Which lines of the batch.
    pub(super) lines: Range<usize>,
    /// Why, in the server's words.
    pub(super) why: String,
}

/// How far a delivery has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Every line was taken, or is bad.
    Done,
    /// It goes on after a pause; what was taken stays taken.
    Later(Answer),
}

/// A batch on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) batch: Batch,
    /// Pieces not yet taken, the next one last.
    pieces: Vec<Range<usize>>,
    /// Lines that the server took.
    pub(super) taken: usize,
    /// Lines that it took silently dropping them, because they are older than the bucket keeps.
    pub(super) too_old: usize,
    /// Lines to put aside.
    pub(super) bad: Vec<Bad>,
    /// The server asked for less than this, bytes.
    pub(super) too_large_bytes: Option<usize>,
    requests: usize,
    /// Whether the server ever took anything from us.
    trusted: bool,
    /// Whether samples have shown that it takes some of this batch.
    takes_some: bool,
}

impl Delivery {
    /// A batch that nobody has yet; `trusted` when the server took something before.
    pub(super) fn new(batch: Batch, trusted: bool) -> Self {
        let whole = 0..batch.len();
        let pieces = if whole.is_empty() { Vec::new() } else { vec![whole] };
        Self {
            batch,
            pieces,
            taken: 0,
            too_old: 0,
            bad: Vec::new(),
            too_large_bytes: None,
            requests: 0,
            trusted,
            takes_some: false,
        }
    }

    /// Sends what is left, as far as it goes.
    pub(super) async fn go_on(&mut self, server: &impl Takes) -> Progress {
        while let Some(piece) = self.pieces.last().cloned() {
            let answer = server.take(self.batch.lines(&piece)).await;
            self.requests += 1;
            match answer {
                Answer::Written => {
                    self.pieces.pop();
                    self.taken += piece.len();
                }
                Answer::Refused(why) if why.contains(BEYOND_RETENTION) => {
                    self.pieces.pop();
                    let dropped = dropped(&why).unwrap_or(piece.len()).min(piece.len());
                    self.too_old += dropped;
                    self.taken += piece.len() - dropped;
                }
                Answer::Refused(why) => {
                    if self.is_suspicious() {
                        match self.sample(server).await {
                            Answer::Written => self.takes_some = true,
                            Answer::Refused(_) => return Progress::Later(self.close(why)),
                            later => return Progress::Later(later),
                        }
                    }
                    self.split(piece, why);
                }
                Answer::TooLarge(why) => {
                    self.too_large_bytes = Some(self.batch.lines(&piece).len());
                    self.split(piece, why);
                }
                later @ (Answer::Later { .. } | Answer::Closed { .. }) => return Progress::Later(later),
            }
        }
        match self.all_is_bad() {
            Some(closed) => Progress::Later(closed),
            None => Progress::Done,
        }
    }

    fn is_suspicious(&self) -> bool {
        !self.takes_some && self.taken == 0 && self.too_old == 0 && self.requests >= REQUESTS_BEFORE_SUSPICION
    }

    /// Tries single lines from all over the batch. They are sent again with their piece, which changes nothing.
    async fn sample(&mut self, server: &impl Takes) -> Answer {
        let lines = self.batch.len();
        for sample in 0..SAMPLES.min(lines) {
            let line = sample * lines / SAMPLES.min(lines) + lines / (2 * SAMPLES);
            self.requests += 1;
            match server.take(self.batch.lines(&(line..line + 1))).await {
                Answer::Refused(why) if !why.contains(BEYOND_RETENTION) => {}
                Answer::Refused(_) | Answer::TooLarge(_) => return Answer::Written,
                other => return other,
            }
        }
        Answer::Refused(String::new())
    }

    /// Halves the last piece, or puts it aside when it cannot be halved or enough was asked.
    fn split(&mut self, piece: Range<usize>, why: String) {
        self.pieces.pop();
        if piece.len() <= 1 || self.requests >= REQUESTS_MAX {
            self.bad.push(Bad { lines: piece, why });
            return;
        }
        let middle = piece.start + piece.len() / 2;
        self.pieces.push(middle..piece.end);
        self.pieces.push(piece.start..middle);
    }

    /// Every single line was refused: believed of a few lines by a server that took others before.
    fn all_is_bad(&mut self) -> Option<Answer> {
        let nothing = !self.takes_some && self.taken == 0 && self.too_old == 0 && !self.bad.is_empty();
        let few = self.trusted && self.batch.len() <= BAD_LINES_TOGETHER;
        if !nothing || few {
            return None;
        }
        let why = self.bad.pop().map(|bad| bad.why).unwrap_or_default();
        Some(self.close(why))
    }

    /// Begins anew once somebody has mended what makes the server refuse everything.
    fn close(&mut self, why: String) -> Answer {
        self.pieces = std::iter::once(0..self.batch.len()).collect();
        self.bad.clear();
        self.requests = 0;
        Answer::Closed {
            why,
            remedy: "the server refuses every line: mend [influxdb] org and bucket, or the types of the bucket's fields",
        }
    }
}

/// How many points InfluxDB says it has dropped: `… beyond retention policy dropped=3`.
fn dropped(text: &str) -> Option<usize> {
    let digits = text.split("dropped=").nth(1)?;
    digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
