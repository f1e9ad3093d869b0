//! A short list that lives where it is, so that copying it allocates nothing.
//!
//! Enters: items, of which there are never more than a known number. Leaves: the same, in order.
//! It deliberately has no way to fail: what is beyond the number is not kept.

use std::fmt;

/// Up to `N` items.
pub struct Few<T, const N: usize> {
    items: [Option<T>; N],
}

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self { items: [const { None }; N] }
    }
}

impl<T: Clone, const N: usize> Clone for Few<T, N> {
    fn clone(&self) -> Self {
        // Most places are empty, and an empty one needs no look at its item.
        let mut copy = Self::default();
        for (place, item) in copy.items.iter_mut().zip(self.iter()) {
            *place = Some(item.clone());
        }
        copy
    }
}

impl<T, const N: usize> Few<T, N> {
    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map_while(Option::as_ref)
    }

    /// The first item.
    pub fn first(&self) -> Option<&T> {
        self.iter().next()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        if let Some(place) = self.items.iter_mut().find(|place| place.is_none()) {
            *place = Some(item);
        }
    }

    /// Takes all items away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Keeps the items that `keep` accepts.
    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        if self.iter().all(&keep) {
            return;
        }
        let mut kept = Self::default();
        for item in self.items.iter_mut().map_while(Option::take).filter(|item| keep(item)) {
            kept.push(item);
        }
        *self = kept;
    }
}

impl<T, const N: usize> Extend<T> for Few<T, N> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            self.push(item);
        }
    }
}

impl<'a, T: Copy + 'a, const N: usize> Extend<&'a T> for Few<T, N> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}

impl<T: PartialEq, const N: usize> PartialEq for Few<T, N> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Few<T, N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_order() {
        let mut few: Few<u8, 3> = Few::default();
        few.extend([1, 2, 3, 4]);
        few.retain(|item| *item != 1);
        assert_eq!(few.iter().copied().collect::<Vec<_>>(), [2, 3]);
        few.push(5);
        assert_eq!((few.first(), few.iter().count()), (Some(&2), 3));
        few.clear();
        assert!(few.is_empty() && few == Few::default());
    }
}
