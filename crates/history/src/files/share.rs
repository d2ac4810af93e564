//! Rows of a slice shared out among their machines.

use foretell_model::MachineId;

use super::block::Block;
use super::names::Names;
use super::take::OUT;

/// Each machine's rows of a slice, in the order in which the machines first appear. `machine` has each row's number in
/// `names`, or [`OUT`].
pub(crate) fn out(whole: Block, machine: &[u32], names: &Names) -> Vec<(MachineId, Block)> {
    let mut order: Vec<u32> = Vec::new();
    let mut counts = vec![0_usize; names.machines.len()];
    for number in machine.iter().filter(|number| **number != OUT) {
        if counts[*number as usize] == 0 {
            order.push(*number);
        }
        counts[*number as usize] += 1;
    }
    let id = |number: &u32| names.machines[*number as usize].id.clone();
    if let [only] = &order[..]
        && counts[*only as usize] == whole.rows()
    {
        return vec![(id(only), whole.tidy())];
    }
    let share = Share::new(machine, &order, &counts);
    let mut blocks: Vec<Block> = share.of(&whole.ts).into_iter().map(|ts| Block { ts, ..Block::default() }).collect();
    for (signal, values) in &whole.values {
        share.of(values).into_iter().zip(&mut blocks).for_each(|(own, block)| block.values.push((*signal, own)));
    }
    let state = whole.state.iter().flat_map(|codes| share.of(codes)).zip(0..);
    state.for_each(|(own, place): (_, usize)| blocks[place].state = Some(own));
    let quality = whole.quality.iter().flat_map(|codes| share.of(codes)).zip(0..);
    quality.for_each(|(own, place): (_, usize)| blocks[place].quality = Some(own));
    let lags = whole.lag_ms.iter().flat_map(|lags| share.of(lags)).zip(0..);
    lags.for_each(|(own, place): (_, usize)| blocks[place].lag_ms = Some(own));
    order.iter().map(id).zip(blocks.into_iter().map(Block::tidy)).collect()
}

/// Each machine's rows by their places in the slice.
struct Share {
    rows: Vec<Vec<u32>>,
}

impl Share {
    fn new(machine: &[u32], order: &[u32], counts: &[usize]) -> Self {
        let mut places = vec![0; counts.len()];
        for (place, number) in order.iter().enumerate() {
            places[*number as usize] = place;
        }
        let mut rows: Vec<Vec<u32>> = order.iter().map(|number| Vec::with_capacity(counts[*number as usize])).collect();
        for (row, number) in (0..).zip(machine).filter(|(_, number)| **number != OUT) {
            rows[places[*number as usize]].push(row);
        }
        Self { rows }
    }

    fn of<T: Copy>(&self, column: &[T]) -> Vec<Vec<T>> {
        self.rows.iter().map(|rows| rows.iter().map(|row| column[*row as usize]).collect()).collect()
    }
}
