//! Which label sets a node of a plan can yield.
//!
//! Enters: label sets. Leaves: slots, numbers that stand for them in vectors, so that label work is done once and not at every step.
//! It deliberately knows no values.

use std::collections::HashMap;

use super::super::labels::Labels;

/// The label sets of a node; no two are equal. It only ever grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    labels: Vec<Labels>,
    /// Whether the name is to be dropped at the end (delayed name removal).
    nameless: Vec<bool>,
    index: HashMap<Labels, u32>,
}

impl Layout {
    /// The slot of a label set, new if need be.
    pub(crate) fn slot(&mut self, labels: Labels, nameless: bool) -> u32 {
        if let Some(slot) = self.index.get(&labels) {
            return *slot;
        }
        let slot = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        self.labels.push(labels.clone());
        self.nameless.push(nameless);
        self.index.insert(labels, slot);
        slot
    }

    pub(crate) fn len(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn labels(&self) -> &[Labels] {
        &self.labels
    }

    pub(crate) fn get(&self, slot: u32) -> Option<(&Labels, bool)> {
        let slot = slot as usize;
        Some((self.labels.get(slot)?, self.nameless.get(slot).copied()?))
    }

    /// Slots from `first` on, with their labels.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = (u32, &Labels, bool)> {
        let all = self.labels.iter().zip(&self.nameless).enumerate().skip(first);
        all.map(|(slot, (labels, nameless))| (slot as u32, labels, *nameless))
    }
}

/// What becomes of the name of a metric in an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// It stays.
    Keep,
    /// It is dropped at once.
    Drop,
    /// It is marked to be dropped at the end.
    Mark,
}

impl Naming {
    /// For an operation that changes what values mean, if `drops`.
    pub(crate) fn new(drops: bool, delayed: bool) -> Self {
        match (drops, delayed) {
            (false, _) => Self::Keep,
            (true, false) => Self::Drop,
            (true, true) => Self::Mark,
        }
    }

    pub(crate) fn apply(self, labels: &Labels, nameless: bool) -> (Labels, bool) {
        match self {
            Self::Keep => (labels.clone(), nameless),
            Self::Drop => (labels.without_name(), nameless),
            Self::Mark => (labels.clone(), true),
        }
    }
}

/// A mapping of slots into those of another layout, where several may fall together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapping {
    to: Vec<u32>,
    /// For each slot mapped to, when and from where it was last taken; empty as long as none fall together.
    taken: Vec<(u64, u32)>,
    clashing: bool,
}

/// Two elements would have the same labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clash;

/// How Prometheus says it.
pub(crate) const CLASH: &str = "vector cannot contain metrics with the same labelset";

impl Mapping {
    /// How many slots are mapped.
    pub(crate) fn len(&self) -> usize {
        self.to.len()
    }

    /// Maps the next slot.
    pub(crate) fn push(&mut self, to: u32) {
        self.to.push(to);
        let to = to as usize;
        if self.taken.len() <= to {
            self.taken.resize(to + 1, (0, 0));
        }
        if let Some((_, users)) = self.taken.get_mut(to) {
            *users += 1;
            self.clashing |= *users > 1;
        }
    }

    /// Whether no two slots fall together.
    pub(crate) fn is_injective(&self) -> bool {
        !self.clashing
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> u32 {
        self.to.get(slot as usize).copied().unwrap_or_default()
    }

    /// Where `slot` goes, unless another slot went there in the period `stamp` already.
    #[inline]
    pub(crate) fn take(&mut self, slot: u32, stamp: u64) -> Result<u32, Clash> {
        let to = self.get(slot);
        if self.clashing
            && let Some(taken) = self.taken.get_mut(to as usize)
        {
            if taken.0 == stamp && taken.1 != slot {
                return Err(Clash);
            }
            *taken = (stamp, slot);
        }
        Ok(to)
    }
}
