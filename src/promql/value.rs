//! What an evaluation yields.
//!
//! Enters: slots and values of the root of a plan. Leaves: scalars, strings, vectors and matrices, with labels.
//! It deliberately knows no operators.

use super::labels::Labels;

/// The bits of a staleness marker: the sample that says that a series has ended.
/// Source: Prometheus v3.15.1, model/value/value.go, `StaleNaN`.
pub const STALE_BITS: u64 = 0x7ff0_0000_0000_0002;

/// A staleness marker. Compare bits, not values: it is a NaN. Within the evaluator it also says "no value here",
/// since no operation yields it.
pub const STALE: f64 = f64::from_bits(STALE_BITS);

/// Whether `value` is a staleness marker.
#[inline]
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_BITS
}

/// One element of an instant vector.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The labels.
    pub labels: &'a Labels,
    /// The value.
    pub value: f64,
}

/// An instant vector in the order in which Prometheus' engine returns it.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    pub(crate) labels: &'a [Labels],
    pub(crate) slots: &'a [u32],
    pub(crate) values: &'a [f64],
}

impl<'a> Samples<'a> {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values alone, in order.
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = Sample<'a>> + use<'a> {
        let labels = self.labels;
        self.slots.iter().zip(self.values).filter_map(move |(slot, value)| {
            Some(Sample { labels: labels.get(*slot as usize)?, value: *value })
        })
    }
}

/// One series of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeSeries {
    /// The labels.
    pub labels: Labels,
    /// Instants in milliseconds since the epoch, with values, forward in time.
    pub points: Vec<(i64, f64)>,
}

/// The answer to a query at one instant.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// A number.
    Scalar(f64),
    /// A string.
    String(&'a str),
    /// An instant vector.
    Vector(Samples<'a>),
    /// A range vector, sorted by labels: `up[5m]`.
    Matrix(&'a [RangeSeries]),
}
