//! Rows of one machine by columns: cheap to fill from a file's columns, to keep, to spill and to walk through.

use foretell_model::{Quality, Reading, RunState, Signal, Signals, Timestamp};

/// Rows of one machine in order of time; rows of one instant keep the order of their file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    /// Milliseconds since 1970 UTC.
    pub(crate) ts: Vec<i64>,
    /// Values by signal, NaN where not measured. A signal that no row has is left out.
    pub(crate) values: Vec<(Signal, Vec<f64>)>,
    /// State's discriminant plus one, 0 for none; left out when no row has one.
    pub(crate) state: Option<Vec<u8>>,
    /// Quality's discriminant; left out when every row is good.
    pub(crate) quality: Option<Vec<u8>>,
    /// Milliseconds from time stamp to arrival; left out when all are 0.
    pub(crate) lag_ms: Option<Vec<i64>>,
}

impl Block {
    pub(crate) const fn rows(&self) -> usize {
        self.ts.len()
    }

    /// First and last instant; `None` of an empty block.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        Some((*self.ts.first()?, *self.ts.last()?))
    }

    /// Bytes of memory that its rows take.
    pub(crate) fn bytes(&self) -> usize {
        let small = usize::from(self.state.is_some()) + usize::from(self.quality.is_some());
        self.rows() * (8 * (1 + self.values.len() + usize::from(self.lag_ms.is_some())) + small)
    }

    /// Puts the row at a place into a reading of the same machine.
    #[inline]
    pub(crate) fn fill(&self, place: usize, reading: &mut Reading) {
        let ts = self.ts[place];
        reading.ts = Timestamp::from_millis(ts);
        let lag_ms = self.lag_ms.as_ref().map_or(0, |lags| lags[place]);
        reading.arrived = Timestamp::from_millis(ts.wrapping_add(lag_ms));
        reading.signals = Signals::empty();
        for (signal, values) in &self.values {
            reading.signals.set(*signal, values[place]);
        }
        let state = self.state.as_ref().and_then(|codes| codes[place].checked_sub(1));
        reading.state = state.and_then(|code| RunState::ALL.get(usize::from(code)).copied());
        reading.quality =
            self.quality.as_ref().map_or(Quality::Good, |codes| Quality::ALL[usize::from(codes[place] & 3)]);
    }

    /// Leaves out what no row has, and puts the rows in order of time.
    pub(crate) fn tidy(mut self) -> Self {
        self.values.retain(|(_, values)| values.iter().any(|value| !value.is_nan()));
        self.state = self.state.filter(|codes| codes.iter().any(|code| *code != 0));
        self.quality = self.quality.filter(|codes| codes.iter().any(|code| *code != 0));
        self.lag_ms = self.lag_ms.filter(|lags| lags.iter().any(|lag| *lag != 0));
        if self.ts.is_sorted() {
            return self;
        }
        let mut order: Vec<u32> = (0..self.rows() as u32).collect();
        order.sort_by_key(|place| self.ts[*place as usize]);
        self.ordered(&order)
    }

    fn ordered(&self, order: &[u32]) -> Self {
        fn pick<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
            order.iter().map(|place| column[*place as usize]).collect()
        }
        Self {
            ts: pick(&self.ts, order),
            values: self.values.iter().map(|(signal, column)| (*signal, pick(column, order))).collect(),
            state: self.state.as_ref().map(|column| pick(column, order)),
            quality: self.quality.as_ref().map(|column| pick(column, order)),
            lag_ms: self.lag_ms.as_ref().map(|column| pick(column, order)),
        }
    }

    /// Which columns it has, one bit each.
    pub(crate) fn shape(&self) -> Shape {
        let signals = self.values.iter().fold(0, |mask, (signal, _)| mask | 1 << *signal as u16);
        Shape { signals, state: self.state.is_some(), quality: self.quality.is_some(), lag: self.lag_ms.is_some() }
    }

    /// Takes a later block of the same shape to its end; gives it back when it is neither.
    pub(crate) fn append(&mut self, later: Self) -> Result<(), Self> {
        let follows = self.ts.last().is_none_or(|last| later.ts.first().is_none_or(|first| last <= first));
        if !follows || self.shape() != later.shape() {
            return Err(later);
        }
        self.ts.extend_from_slice(&later.ts);
        for ((_, own), (_, more)) in self.values.iter_mut().zip(&later.values) {
            own.extend_from_slice(more);
        }
        let small = [(&mut self.state, &later.state), (&mut self.quality, &later.quality)];
        for (own, more) in small {
            own.iter_mut().zip(more).for_each(|(own, more)| own.extend_from_slice(more));
        }
        self.lag_ms.iter_mut().zip(&later.lag_ms).for_each(|(own, more)| own.extend_from_slice(more));
        Ok(())
    }

    /// Appends the rows of a range as bytes, column after column.
    pub(crate) fn write(&self, rows: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let long = |column: &[i64], out: &mut Vec<u8>| {
            column[rows.clone()].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        };
        long(&self.ts, out);
        for (_, column) in &self.values {
            column[rows.clone()].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        }
        self.lag_ms.iter().for_each(|column| long(column, out));
        for column in [&self.state, &self.quality].into_iter().flatten() {
            out.extend_from_slice(&column[rows.clone()]);
        }
    }
}

/// Which columns a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    signals: u16,
    state: bool,
    quality: bool,
    lag: bool,
}

impl Shape {
    /// Bytes of a row as [`Block::write`] writes it.
    pub(crate) fn row_bytes(self) -> usize {
        let long = 1 + self.signals.count_ones() as usize + usize::from(self.lag);
        8 * long + usize::from(self.state) + usize::from(self.quality)
    }

    /// Reads what [`Block::write`] wrote of so many rows.
    pub(crate) fn read(self, rows: usize, bytes: &[u8]) -> Block {
        let mut rest = bytes;
        let mut take = |width: usize| {
            let (column, tail) = rest.split_at((rows * width).min(rest.len()));
            rest = tail;
            column
        };
        let ts = long(take(8));
        let present = Signal::ALL.into_iter().filter(|signal| self.signals & 1 << *signal as u16 != 0);
        let values = present.map(|signal| (signal, numbers(take(8)))).collect();
        let lag_ms = self.lag.then(|| long(take(8)));
        let state = self.state.then(|| take(1).to_vec());
        let quality = self.quality.then(|| take(1).to_vec());
        Block { ts, values, state, quality, lag_ms }
    }
}

fn long(bytes: &[u8]) -> Vec<i64> {
    bytes.as_chunks::<8>().0.iter().map(|number| i64::from_le_bytes(*number)).collect()
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|number| f64::from_le_bytes(*number)).collect()
}
