//! The column of instants of one series.
//!
//! Enters: instants in milliseconds, strictly increasing. Leaves: instants by number, and how many lie at or before one.
//! Even scrapes take no memory, uneven ones four bytes a sample, and only series longer than 49 days take eight.
//! It deliberately knows no values.

/// How the instants are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `start + i * step`.
    Even,
    /// `start + offsets[i]`.
    Offsets,
    /// `wide[i]`.
    Wide,
}

/// Instants of one series.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    form: Form,
    start: i64,
    step: i64,
    len: usize,
    offsets: Vec<u32>,
    wide: Vec<i64>,
}

/// Instants to read, without the room to grow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimesView<'a> {
    Even { start: i64, step: i64 },
    Offsets { start: i64, offsets: &'a [u32] },
    Wide(&'a [i64]),
}

impl TimesView<'_> {
    /// The instant number `i`, which must exist.
    #[inline]
    pub(crate) fn at(self, i: usize) -> i64 {
        match self {
            Self::Even { start, step } => start + step * signed(i),
            Self::Offsets { start, offsets } => {
                start + i64::from(offsets.get(i).copied().unwrap_or(u32::MAX))
            }
            Self::Wide(wide) => wide.get(i).copied().unwrap_or(i64::MAX),
        }
    }
}

/// A count, which no memory lets grow beyond what `i64` holds.
#[inline]
pub(crate) fn signed(count: usize) -> i64 {
    count.cast_signed() as i64
}

/// Appends with little slack, since what is stored is stored in bulk.
pub(super) fn push_tight<T>(column: &mut Vec<T>, item: T) {
    if column.len() == column.capacity() {
        let len = column.len();
        column.reserve_exact(if len < 4096 { (len / 2).max(16) } else { len / 8 });
    }
    column.push(item);
}

/// How far a cursor walks before it searches.
const WALK: usize = 12;

/// How many of `len` ascending items satisfy `before`, near `hint`.
#[inline]
fn count_near(len: usize, hint: usize, before: impl Fn(usize) -> bool) -> usize {
    let mut at = hint.min(len);
    if at > 0 && !before(at - 1) {
        return search(0, at - 1, before);
    }
    for _ in 0..WALK {
        if at >= len || !before(at) {
            return at;
        }
        at += 1;
    }
    search(at, len, before)
}

#[cold]
fn search(mut low: usize, mut high: usize, before: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

impl Times {
    pub(super) fn new() -> Self {
        Self { form: Form::Even, start: 0, step: 0, len: 0, offsets: Vec::new(), wide: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.form = Form::Even;
        self.len = 0;
        self.offsets.clear();
        self.wide.clear();
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn view(&self) -> TimesView<'_> {
        match self.form {
            Form::Even => TimesView::Even { start: self.start, step: self.step },
            Form::Offsets => TimesView::Offsets { start: self.start, offsets: &self.offsets },
            Form::Wide => TimesView::Wide(&self.wide),
        }
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.len.checked_sub(1).map(|last| self.view().at(last))
    }

    /// Adds an instant, which the caller knows to be after the last one.
    pub(super) fn push(&mut self, t: i64) {
        match self.form {
            Form::Even if self.len == 0 => (self.start, self.step) = (t, 0),
            Form::Even if self.len == 1 => self.step = t.saturating_sub(self.start),
            Form::Even
                if self.step.checked_mul(signed(self.len)).and_then(|d| self.start.checked_add(d))
                    == Some(t) => {}
            Form::Even => {
                self.write_out();
                return self.push(t);
            }
            Form::Offsets => {
                let Ok(offset) = u32::try_from(t.saturating_sub(self.start)) else {
                    self.widen();
                    return self.push(t);
                };
                push_tight(&mut self.offsets, offset);
            }
            Form::Wide => push_tight(&mut self.wide, t),
        }
        self.len += 1;
    }

    /// From even to offsets, or to wide if the series is already too long.
    fn write_out(&mut self) {
        let (start, step) = (self.start, self.step);
        let span = step.saturating_mul(signed(self.len));
        self.form = if u32::try_from(span).is_ok() { Form::Offsets } else { Form::Wide };
        for i in 0..signed(self.len) {
            match u32::try_from(step * i) {
                Ok(offset) if self.form == Form::Offsets => push_tight(&mut self.offsets, offset),
                _ => push_tight(&mut self.wide, start + step * i),
            }
        }
    }

    fn widen(&mut self) {
        for offset in &self.offsets {
            push_tight(&mut self.wide, self.start + i64::from(*offset));
        }
        self.offsets = Vec::new();
        self.form = Form::Wide;
    }

    /// How many instants lie at or before `t`; quick when `hint` is a little less than the answer.
    #[inline]
    pub(super) fn count_until(&self, t: i64, hint: usize) -> usize {
        match self.form {
            Form::Even => {
                if self.len == 0 || t < self.start {
                    return 0;
                }
                self.count_even(t.saturating_sub(self.start), hint)
            }
            Form::Offsets => {
                let after = t.saturating_sub(self.start);
                if after < 0 {
                    return 0;
                }
                let offsets = self.offsets.as_slice();
                count_near(offsets.len(), hint, |i| offsets.get(i).is_some_and(|o| i64::from(*o) <= after))
            }
            Form::Wide => {
                let wide = self.wide.as_slice();
                count_near(wide.len(), hint, |i| wide.get(i).is_some_and(|own| *own <= t))
            }
        }
    }

    /// How many instants of an even column lie no more than `after` behind the first.
    #[inline]
    fn count_even(&self, after: i64, hint: usize) -> usize {
        let step = self.step.max(1);
        let mut at = hint.min(self.len);
        let mut next = step.wrapping_mul(signed(at));
        if next <= after || next - step <= after {
            for _ in 0..4 {
                if at >= self.len || next > after {
                    return at;
                }
                at += 1;
                next = next.wrapping_add(step);
            }
        }
        ((after / step) as usize).saturating_add(1).min(self.len)
    }

    /// Milliseconds between instants, if the column is even.
    pub(super) fn even_step(&self) -> Option<i64> {
        (self.form == Form::Even && self.step > 0).then_some(self.step)
    }

    pub(super) fn bytes(&self) -> usize {
        self.offsets.capacity() * size_of::<u32>() + self.wide.capacity() * size_of::<i64>()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.offsets.shrink_to_fit();
        self.wide.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(all: &[i64]) -> Times {
        let mut times = Times::new();
        for t in all {
            times.push(*t);
        }
        times
    }

    #[test]
    fn every_form_counts_alike_from_every_hint() {
        let even: Vec<i64> = (0..40).map(|i| 1_000 + 15 * i).collect();
        let uneven: Vec<i64> = (0..40).map(|i| -500 + 15 * i + i % 3).collect();
        let wide: Vec<i64> = (0..40).map(|i| 7 + i * 200_000_000 + i % 2).collect();
        for (all, form) in [(even, Form::Even), (uneven, Form::Offsets), (wide, Form::Wide)] {
            let times = column(&all);
            assert_eq!(times.form, form);
            assert_eq!((0..all.len()).map(|i| times.view().at(i)).collect::<Vec<_>>(), all);
            for probe in all.iter().flat_map(|t| [t - 1, *t, t + 1]) {
                let wanted = all.iter().filter(|t| **t <= probe).count();
                for hint in [0, 3, wanted.saturating_sub(1), wanted, wanted + 1, 1000] {
                    assert_eq!(times.count_until(probe, hint), wanted, "{probe} from {hint}");
                }
            }
        }
    }
}
