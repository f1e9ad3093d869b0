//! Compensated addition, in the order of operations that Prometheus uses.
//!
//! Enters: a term and a running sum. Leaves: the new sum and what it lost.
//! It deliberately knows no vectors.

/// A sum with its compensation (Kahan, as improved by Neumaier).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) value: f64,
    pub(crate) lost: f64,
}

impl Sum {
    pub(crate) fn of(value: f64) -> Self {
        Self { value, lost: 0.0 }
    }

    /// Adds a term. Once the sum overflows, nothing is compensated any more.
    /// Source: Prometheus v3.15.1, util/kahansum, `Inc`.
    #[inline]
    pub(crate) fn add(&mut self, term: f64) {
        let sum = self.value + term;
        if sum.is_infinite() {
            self.lost = 0.0;
        } else if self.value.abs() >= term.abs() {
            self.lost += (self.value - sum) + term;
        } else {
            self.lost += (term - sum) + self.value;
        }
        self.value = sum;
    }

    /// The compensated sum.
    #[inline]
    pub(crate) fn total(self) -> f64 {
        self.value + self.lost
    }
}

/// A mean that is a sum divided at the end, or, once the sum would overflow, adjusted term by term.
/// Source: Prometheus v3.15.1, promql/engine.go and functions.go, `avg` and `avg_over_time`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    sum: Sum,
    count: f64,
    incremental: bool,
}

impl Mean {
    pub(crate) fn of(value: f64) -> Self {
        Self { sum: Sum::of(value), count: 1.0, incremental: false }
    }

    /// Adds a term. `forgiving` makes the second term always go into the sum, even if that is infinite.
    #[inline]
    pub(crate) fn add(&mut self, term: f64, forgiving: bool) {
        self.count += 1.0;
        if !self.incremental {
            let mut sum = self.sum;
            sum.add(term);
            if !sum.value.is_infinite() || (forgiving && self.count == 2.0) {
                self.sum = sum;
                return;
            }
            self.incremental = true;
            self.sum.value /= self.count - 1.0;
            self.sum.lost /= self.count - 1.0;
        }
        let share = (self.count - 1.0) / self.count;
        let mut mean = Sum { value: share * self.sum.value, lost: share * self.sum.lost };
        mean.add(term / self.count);
        self.sum = mean;
    }

    pub(crate) fn result(self) -> f64 {
        if self.incremental {
            self.sum.total()
        } else {
            self.sum.value / self.count + self.sum.lost / self.count
        }
    }
}
