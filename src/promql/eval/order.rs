//! Orders that must come out as they do from Go: its heap, its sort with ties, natural order, and the hash of labels.
//!
//! Enters: elements. Leaves: the same elements in another order. It deliberately allocates only to grow.
//!
//! Prometheus sorts with an unstable sort, so equal values come out in an order that only the same algorithm repeats:
//! the pattern-defeating quicksort of Orson Peters, with the constants that Go's library chose.

use std::cmp::Ordering;

use super::super::labels::Labels;
use super::arithmetic::holds;
use crate::promql::ast::BinaryOp;

/// An element: slot and value.
type Item = (u32, f64);

/// Whether `a` comes before `b` in a heap whose head is the least, or the greatest; NaN is both.
fn heads(a: Item, b: Item, greatest: bool) -> bool {
    let op = if greatest { BinaryOp::Gt } else { BinaryOp::Lt };
    a.1.is_nan() || holds(op, a.1, b.1)
}

/// The best elements of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heap(Vec<Item>);

impl Heap {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.0
    }

    /// Keeps the first `most` elements offered.
    pub(crate) fn keep_first(&mut self, slot: u32, value: f64, most: usize) {
        if self.0.len() < most {
            self.0.push((slot, value));
        }
    }

    /// Keeps the `most` greatest elements, or the least.
    pub(crate) fn offer(&mut self, slot: u32, value: f64, most: usize, greatest: bool) {
        let less = |a: Item, b: Item| heads(a, b, !greatest);
        if self.0.len() < most {
            self.0.push((slot, value));
            let mut child = self.0.len() - 1;
            while child > 0 {
                let parent = (child - 1) / 2;
                if !self.ordered(child, parent, less) {
                    break;
                }
                self.0.swap(child, parent);
                child = parent;
            }
            return;
        }
        let Some(head) = self.0.first_mut() else { return };
        let op = if greatest { BinaryOp::Lt } else { BinaryOp::Gt };
        if holds(op, head.1, value) || (head.1.is_nan() && !value.is_nan()) {
            *head = (slot, value);
            self.sink(less);
        }
    }

    fn ordered(&self, a: usize, b: usize, less: impl Fn(Item, Item) -> bool) -> bool {
        matches!((self.0.get(a), self.0.get(b)), (Some(a), Some(b)) if less(*a, *b))
    }

    fn sink(&mut self, less: impl Fn(Item, Item) -> bool + Copy) {
        let mut parent = 0;
        loop {
            let mut child = 2 * parent + 1;
            if child >= self.0.len() {
                break;
            }
            if self.ordered(child + 1, child, less) {
                child += 1;
            }
            if !self.ordered(child, parent, less) {
                break;
            }
            self.0.swap(child, parent);
            parent = child;
        }
    }

    /// Sorts the best first.
    pub(crate) fn sort(&mut self, greatest: bool) {
        go_sort(&mut self.0, &|a, b| heads(b, a, !greatest));
    }
}

/// Sorts by value, NaN last.
pub(crate) fn by_value(items: &mut [Item], descending: bool) {
    go_sort(items, &|a, b| heads(b, a, !descending));
}

/// A comparison: whether the first comes before the second.
type Less<'a> = &'a dyn Fn(Item, Item) -> bool;

/// Lengths up to which insertion is quicker.
const INSERTION: usize = 12;

/// Sorts as Go's `sort.Sort` does.
fn go_sort(items: &mut [Item], less: Less<'_>) {
    let limit = usize::BITS - items.len().leading_zeros();
    let end = items.len();
    Quick { items, less }.sort(0, end, limit);
}

/// A sort under way.
struct Quick<'a> {
    items: &'a mut [Item],
    less: Less<'a>,
}

/// What the search for a pivot says of the order so far.
#[derive(PartialEq, Eq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

impl Quick<'_> {
    fn less(&self, a: usize, b: usize) -> bool {
        matches!((self.items.get(a), self.items.get(b)), (Some(a), Some(b)) if (self.less)(*a, *b))
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a < self.items.len() && b < self.items.len() {
            self.items.swap(a, b);
        }
    }

    fn sort(&mut self, mut from: usize, mut to: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = to - from;
            if length <= INSERTION {
                return self.insert(from, to);
            }
            if limit == 0 {
                return self.heap_sort(from, to);
            }
            if !balanced {
                self.break_patterns(from, to);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.pivot(from, to);
            if hint == Hint::Decreasing {
                if let Some(part) = self.items.get_mut(from..to) {
                    part.reverse();
                }
                pivot = to - 1 - (pivot - from);
                hint = Hint::Increasing;
            }
            if balanced && partitioned && hint == Hint::Increasing && self.nearly_sorted(from, to) {
                return;
            }
            if from > 0 && !self.less(from - 1, pivot) {
                from = self.partition_equal(from, to, pivot);
                continue;
            }
            let middle;
            (middle, partitioned) = self.partition(from, to, pivot);
            let (left, right) = (middle - from, to - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.sort(from, middle, limit);
                from = middle + 1;
            } else {
                self.sort(middle + 1, to, limit);
                to = middle;
            }
        }
    }

    fn insert(&mut self, from: usize, to: usize) {
        for i in from + 1..to {
            let mut j = i;
            while j > from && self.less(j, j - 1) {
                self.swap(j, j - 1);
                j -= 1;
            }
        }
    }

    fn heap_sort(&mut self, from: usize, to: usize) {
        let length = to - from;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift(root, length, from);
        }
        for last in (0..length).rev() {
            self.swap(from, from + last);
            self.sift(0, last, from);
        }
    }

    fn sift(&mut self, mut root: usize, length: usize, from: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= length {
                return;
            }
            if child + 1 < length && self.less(from + child, from + child + 1) {
                child += 1;
            }
            if !self.less(from + root, from + child) {
                return;
            }
            self.swap(from + root, from + child);
            root = child;
        }
    }

    /// Whether a few shifts sorted the part.
    fn nearly_sorted(&mut self, from: usize, to: usize) -> bool {
        let mut i = from + 1;
        for _ in 0..5 {
            while i < to && !self.less(i, i - 1) {
                i += 1;
            }
            if i == to {
                return true;
            }
            if to - from < 50 {
                return false;
            }
            self.swap(i, i - 1);
            if i - from >= 2 {
                let mut j = i - 1;
                while j >= 1 && self.less(j, j - 1) {
                    self.swap(j, j - 1);
                    j -= 1;
                }
            }
            if to - i >= 2 {
                let mut j = i + 1;
                while j < to && self.less(j, j - 1) {
                    self.swap(j, j - 1);
                    j += 1;
                }
            }
        }
        false
    }

    /// Scatters three elements, by a generator seeded with the length.
    fn break_patterns(&mut self, from: usize, to: usize) {
        let length = to - from;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let mask = (1_usize << (usize::BITS - length.leading_zeros())) - 1;
        let index = from + length / 4 * 2 - 1;
        for i in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = random as usize & mask;
            if other >= length {
                other -= length;
            }
            self.swap(index + i, from + other);
        }
    }

    fn pivot(&self, from: usize, to: usize) -> (usize, Hint) {
        let length = to - from;
        let mut swaps = 0;
        let quarter = length / 4;
        let (mut i, mut j, mut k) = (from + quarter, from + quarter * 2, from + quarter * 3);
        if length >= 8 {
            if length >= 50 {
                i = self.median(i - 1, i, i + 1, &mut swaps);
                j = self.median(j - 1, j, j + 1, &mut swaps);
                k = self.median(k - 1, k, k + 1, &mut swaps);
            }
            j = self.median(i, j, k, &mut swaps);
        }
        let hint = match swaps {
            0 => Hint::Increasing,
            12 => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        (j, hint)
    }

    fn median(&self, mut a: usize, mut b: usize, mut c: usize, swaps: &mut u32) -> usize {
        let mut order = |first: &mut usize, second: &mut usize| {
            if self.less(*second, *first) {
                *swaps += 1;
                std::mem::swap(first, second);
            }
        };
        order(&mut a, &mut b);
        order(&mut b, &mut c);
        order(&mut a, &mut b);
        b
    }

    /// Puts what is less than the pivot to its left; says where it went, and whether nothing had to move.
    fn partition(&mut self, from: usize, to: usize, pivot: usize) -> (usize, bool) {
        self.swap(from, pivot);
        let (mut i, mut j) = (from + 1, to - 1);
        let mut moved = false;
        loop {
            while i <= j && self.less(i, from) {
                i += 1;
            }
            while i <= j && !self.less(j, from) {
                j -= 1;
            }
            if i > j {
                break;
            }
            moved = true;
            self.swap(i, j);
            i += 1;
            j -= 1;
        }
        self.swap(j, from);
        (j, !moved)
    }

    /// Puts what equals the pivot to the left; says where the rest begins.
    fn partition_equal(&mut self, from: usize, to: usize, pivot: usize) -> usize {
        self.swap(from, pivot);
        let (mut i, mut j) = (from + 1, to - 1);
        loop {
            while i <= j && !self.less(from, i) {
                i += 1;
            }
            while i <= j && self.less(from, j) {
                j -= 1;
            }
            if i > j {
                return i;
            }
            self.swap(i, j);
            i += 1;
            j -= 1;
        }
    }
}

/// Compares texts with runs of digits as numbers.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (chunk(&mut a), chunk(&mut b)) {
        let ordering = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            _ => x.cmp(y),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
        if a.is_empty() || b.is_empty() {
            break;
        }
    }
    a.len().cmp(&b.len())
}

/// Takes a run of digits, or of what are none, off the front.
fn chunk<'a>(text: &mut &'a str) -> Option<&'a str> {
    let digits = text.chars().next()?.is_ascii_digit();
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    let (head, tail) = text.split_at_checked(end)?;
    *text = tail;
    Some(head)
}

/// A hash of labels, spread evenly over 64 bits (FNV-1a, finished by a mixer).
pub(crate) fn hash(labels: &Labels) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in labels.iter() {
        for byte in name.bytes().chain([0xff]).chain(value.bytes()).chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sorts_are_sorted_with_nan_last() {
        for length in [0_u32, 1, 12, 13, 60, 500] {
            for spread in [1, 3, 1000] {
                let mut items: Vec<Item> =
                    (0..length).map(|i| (i, f64::from(i.wrapping_mul(2_654_435_761) % spread))).collect();
                if let Some(item) = items.first_mut() {
                    item.1 = f64::NAN;
                }
                by_value(&mut items, false);
                assert!(
                    items.windows(2).all(|pair| pair[0].1 <= pair[1].1 || pair[1].1.is_nan()),
                    "{length} {spread}"
                );
                let mut slots: Vec<u32> = items.iter().map(|item| item.0).collect();
                slots.sort_unstable();
                assert!(slots.into_iter().eq(0..length));
            }
        }
    }

    #[test]
    fn digits_compare_as_numbers() {
        assert_eq!(natural("4m5", "4m600"), Ordering::Less);
        assert_eq!(natural("1.111.3", "1.11.3"), Ordering::Greater);
        assert_eq!(natural("a", "a"), Ordering::Equal);
        assert_eq!(natural("a", "a1"), Ordering::Less);
    }
}
