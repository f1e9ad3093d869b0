//! `sum` of a whole selector: what gates mostly ask for, taken straight from the tile.
//!
//! Enters: the tile of a source. Leaves: one element without labels. The sums of several instants are computed side by
//! side, each with its own compensation, in the order of the series. It deliberately knows no groups.

use super::super::store::Store;
use super::super::value::{STALE_BITS, is_stale};
use super::kahan::Sum;
use super::select::Select;
use super::source::{BLOCK, Source};
use super::{Env, Inputs, Moment, Operator, Outcome, Output, at};

/// A sum over a selector.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    select: Select,
    /// What the selector yields, where its elements may clash.
    selected: Output,
    lanes: Lanes,
    block: (u64, usize, usize),
}

/// Sums of as many instants as a tile has columns.
#[derive(Clone, Copy, Debug)]
struct Lanes {
    values: [f64; BLOCK],
    lost: [f64; BLOCK],
    any: [bool; BLOCK],
}

/// The sum of nothing: adding to it gives what is added, its sign included.
const NOTHING: Lanes = Lanes { values: [-0.0; BLOCK], lost: [0.0; BLOCK], any: [false; BLOCK] };

impl Lanes {
    /// Adds a row of the tile; `STALE` adds nothing. As `Sum::add`, without branches.
    #[inline]
    fn add(&mut self, row: &[f64; BLOCK]) {
        let lanes = self.values.iter_mut().zip(&mut self.lost).zip(&mut self.any);
        for (((value, lost), any), term) in lanes.zip(row) {
            let present = term.to_bits() != STALE_BITS;
            let sum = *value + term;
            let greater = value.abs() >= term.abs();
            let (head, tail) = if greater { (*value, *term) } else { (*term, *value) };
            let compensated = *lost + ((head - sum) + tail);
            let compensated = if sum.abs() == f64::INFINITY { 0.0 } else { compensated };
            *lost = if present { compensated } else { *lost };
            *value = if present { sum } else { *value };
            *any |= present;
        }
    }
}

impl Total {
    pub(crate) fn new(select: Select) -> Self {
        Self { select, selected: Output::default(), lanes: NOTHING, block: (0, 0, 0) }
    }

    /// Sums all columns of the tile.
    fn sum_block(&mut self, tile: &[f64]) {
        let mut lanes = NOTHING;
        let (rows, _) = tile.as_chunks::<BLOCK>();
        for row in self.select.rows() {
            if let Some(row) = rows.get(*row as usize) {
                lanes.add(row);
            }
        }
        self.lanes = lanes;
    }

    /// Sums the only column of the tile.
    fn sum_column(&mut self, tile: &[f64]) -> Option<f64> {
        let mut sum = Sum::of(-0.0);
        let mut any = false;
        for row in self.select.rows() {
            let value = at(tile, *row as usize);
            if !is_stale(value) {
                any = true;
                sum.add(value);
            }
        }
        any.then(|| sum.total())
    }
}

impl Operator for Total {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        if !self.select.is_plain() {
            self.select.run(inputs, &mut self.selected, now, env)?;
            output.vector.clear();
            if let Some((first, rest)) = self.selected.vector.values.split_first() {
                let mut sum = Sum::of(*first);
                for value in rest {
                    sum.add(*value);
                }
                output.vector.push(0, sum.total());
            }
            return Ok(());
        }
        output.vector.clear();
        let Some(source) = inputs.sources.get_mut(self.select.source) else {
            return Ok(());
        };
        let column = source.ensure(now, None, env)?;
        let block = source.block();
        let (tile, stride) = source.tile();
        if stride == 1 {
            env.meter.spend(self.select.rows().len())?;
            if let Some(sum) = self.sum_column(tile) {
                output.vector.push(0, sum);
            }
            return Ok(());
        }
        if self.block != block {
            env.meter.spend(self.select.rows().len() * BLOCK)?;
            self.sum_block(tile);
            self.block = block;
        }
        let lanes = &self.lanes;
        if lanes.any.get(column) == Some(&true) {
            output.vector.push(0, at(&lanes.values, column) + at(&lanes.lost, column));
        }
        Ok(())
    }

    fn attach(&mut self, sources: &mut [Source], _output: &mut Output, store: &Store, first: usize) {
        self.select.attach(sources, &mut self.selected, store, first);
        self.block = (0, 0, 0);
    }

    fn forget(&mut self) {
        self.block = (0, 0, 0);
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
