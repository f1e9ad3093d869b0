//! `histogram_quantile`, `histogram_quantiles` and `histogram_fraction` over classic histograms.
//!
//! Enters: a vector of buckets. Leaves: a value for each set of buckets. It deliberately knows no native histograms.

use std::collections::HashMap;

use super::super::ast::QuerySpan;
use super::super::labels::Labels;
use super::count_values::bound;
use super::layout::{CLASH, Layout, Naming};
use super::note::Oddity;
use super::{Env, Inputs, LABEL_STEPS, Moment, NodeId, Operator, Outcome, Output};

/// What is asked of the buckets.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Quantile(NodeId),
    /// A label for the quantile, and quantiles.
    Quantiles(String, Vec<NodeId>),
    Fraction(NodeId, NodeId),
}

/// One cumulative bucket: upper bound and count.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// Buckets that belong together.
#[derive(Clone, Debug)]
struct Family {
    labels: Labels,
    nameless: bool,
    /// Slots of the input by upper bound.
    members: Vec<(f64, u32)>,
    stamp: u64,
    /// The slot of the result, if there is one result only.
    slot: u32,
}

/// The family of a slot that is no bucket.
const NONE: u32 = u32::MAX;

/// A function of classic histograms.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    pub(crate) input: NodeId,
    pub(crate) question: Question,
    place: QuerySpan,
    naming: Naming,
    families: Vec<Family>,
    index: HashMap<Labels, u32>,
    family_of: Vec<u32>,
    counts: Vec<(u64, f64)>,
    touched: Vec<u32>,
    yielded: Vec<u64>,
    buckets: Vec<Bucket>,
}

impl Histogram {
    pub(crate) fn new(input: NodeId, question: Question, place: QuerySpan, delayed: bool) -> Self {
        Self {
            input,
            question,
            place,
            naming: Naming::new(true, delayed),
            families: Vec::new(),
            index: HashMap::new(),
            family_of: Vec::new(),
            counts: Vec::new(),
            touched: Vec::new(),
            yielded: Vec::new(),
            buckets: Vec::new(),
        }
    }

    /// Takes in new slots of the input.
    fn sync(&mut self, layout: &Layout, output: &mut Output) {
        for (slot, labels, nameless) in layout.from(self.family_of.len()) {
            let Ok(bound) = labels.get("le").parse::<f64>() else {
                self.family_of.push(NONE);
                continue;
            };
            let rest = labels.with("le", "");
            let number = *self.index.entry(rest.clone()).or_insert(self.families.len() as u32);
            if number as usize == self.families.len() {
                let (labels, nameless) = self.naming.apply(&rest, nameless);
                let slot = match self.question {
                    Question::Quantiles(..) => 0,
                    _ => output.layout.slot(labels.clone(), nameless),
                };
                self.families.push(Family { labels, nameless, members: Vec::new(), stamp: 0, slot });
            }
            if let Some(family) = self.families.get_mut(number as usize) {
                let at = family.members.partition_point(|(own, _)| *own <= bound);
                family.members.insert(at, (bound, slot));
            }
            self.family_of.push(number);
        }
        self.counts.resize(self.family_of.len(), (0, 0.0));
        self.yielded.resize(output.layout.len(), 0);
    }

    /// Notes the counts of this instant, and which families have any.
    fn gather(&mut self, input: &Output, now: Moment, env: &mut Env<'_>) {
        self.touched.clear();
        for (slot, value) in input.vector.iter() {
            let number = self.family_of.get(slot as usize).copied().unwrap_or(NONE);
            let Some(family) = self.families.get_mut(number as usize) else {
                let empty = Labels::default();
                let labels = input.layout.get(slot).map_or(&empty, |(labels, _)| labels);
                let oddity =
                    Oddity::Bucket { le: labels.get("le").to_owned(), metric: labels.metric().to_owned() };
                env.notes.add(oddity, self.place);
                continue;
            };
            if family.stamp != now.stamp {
                family.stamp = now.stamp;
                self.touched.push(number);
            }
            if let Some(count) = self.counts.get_mut(slot as usize) {
                *count = (now.stamp, value);
            }
        }
    }

    /// Puts the buckets of a family in order, those with one bound added up; `None` if there is no last bound of infinity.
    fn collect(&mut self, number: u32, stamp: u64) -> Option<()> {
        self.buckets.clear();
        for (bound, slot) in &self.families.get(number as usize)?.members {
            let (own, count) = self.counts.get(*slot as usize).copied().unwrap_or_default();
            if own != stamp {
                continue;
            }
            match self.buckets.last_mut() {
                Some(last) if last.bound == *bound => last.count += count,
                _ => self.buckets.push(Bucket { bound: *bound, count }),
            }
        }
        self.buckets.last().filter(|last| last.bound == f64::INFINITY).map(|_| ())
    }

    fn yields(&mut self, slot: u32, value: f64, now: Moment, output: &mut Output) -> Outcome {
        self.yielded.resize(output.layout.len(), 0);
        if let Some(yielded) = self.yielded.get_mut(slot as usize) {
            if *yielded == now.stamp {
                return Err(CLASH.to_owned());
            }
            *yielded = now.stamp;
        }
        output.vector.push(slot, value);
        Ok(())
    }

    /// Notes quantiles that are none.
    fn check_quantiles(&self, inputs: &Inputs<'_>, env: &mut Env<'_>) {
        let quantiles = match &self.question {
            Question::Quantile(q) => std::slice::from_ref(q),
            Question::Quantiles(_, all) => all,
            Question::Fraction(..) => &[],
        };
        for q in quantiles {
            let q = inputs.scalar(*q);
            if !(0.0..=1.0).contains(&q) {
                env.notes.add(Oddity::Quantile(q), self.place);
            }
        }
    }

    /// Answers for one family.
    fn answer(
        &mut self,
        number: u32,
        inputs: &Inputs<'_>,
        output: &mut Output,
        now: Moment,
        env: &mut Env<'_>,
    ) -> Outcome {
        let slot = self.families.get(number as usize).map_or(0, |family| family.slot);
        match &self.question {
            Question::Quantile(q) => {
                let value = self.answer_quantile(inputs.scalar(*q), number, now.stamp, env);
                self.yields(slot, value, now, output)
            }
            Question::Fraction(lower, upper) => {
                let (lower, upper) = (inputs.scalar(*lower), inputs.scalar(*upper));
                let known = self.collect(number, now.stamp).is_some();
                let value = if known { fraction(lower, upper, &self.buckets) } else { f64::NAN };
                self.yields(slot, value, now, output)
            }
            Question::Quantiles(label, all) => {
                env.meter.spend(all.len() * LABEL_STEPS)?;
                let (label, all) = (label.clone(), all.clone());
                for q in all {
                    let q = inputs.scalar(q);
                    let value = self.answer_quantile(q, number, now.stamp, env);
                    let Some(family) = self.families.get(number as usize) else {
                        continue;
                    };
                    let slot = output.layout.slot(family.labels.with(&label, &bound(q)), family.nameless);
                    self.yields(slot, value, now, output)?;
                }
                Ok(())
            }
        }
    }

    fn answer_quantile(&mut self, q: f64, number: u32, stamp: u64, env: &mut Env<'_>) -> f64 {
        if q.is_nan() {
            return f64::NAN;
        }
        if q < 0.0 {
            return f64::NEG_INFINITY;
        }
        if q > 1.0 {
            return f64::INFINITY;
        }
        if self.collect(number, stamp).is_none() {
            return f64::NAN;
        }
        if make_monotonic(&mut self.buckets) {
            let metric = self
                .families
                .get(number as usize)
                .map_or(String::new(), |family| family.labels.metric().to_owned());
            env.notes.add(Oddity::Monotonicity { metric }, self.place);
        }
        quantile(q, &self.buckets)
    }
}

/// Below this, floats lose precision.
const MIN_NORMAL: f64 = f64::MIN_POSITIVE;

/// Whether two counts differ by no more than rounding would make them.
/// Source: Prometheus v3.15.1, util/almost/almost.go, `Equal`.
fn almost_equal(a: f64, b: f64, tolerance: f64) -> bool {
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < MIN_NORMAL {
        return difference < tolerance * MIN_NORMAL;
    }
    difference / sum.min(f64::MAX) < tolerance
}

/// Lifts counts that are less than those before; says whether one was less by more than rounding.
/// Source: Prometheus v3.15.1, promql/quantile.go, `ensureMonotonicAndIgnoreSmallDeltas`.
fn make_monotonic(buckets: &mut [Bucket]) -> bool {
    let mut forced = false;
    let Some((first, rest)) = buckets.split_first_mut() else {
        return false;
    };
    let mut before = first.count;
    for bucket in rest {
        if bucket.count == before {
            continue;
        }
        if almost_equal(before, bucket.count, 1e-12) {
            bucket.count = before;
        } else if bucket.count < before {
            bucket.count = before;
            forced = true;
        } else {
            before = bucket.count;
        }
    }
    forced
}

/// The value below which a share of the observations lies, interpolated within its bucket.
/// Source: Prometheus v3.15.1, promql/quantile.go, `BucketQuantile`.
fn quantile(q: f64, buckets: &[Bucket]) -> f64 {
    let [finite @ .., last] = buckets else {
        return f64::NAN;
    };
    let (Some(top), true) = (finite.last(), last.count != 0.0) else {
        return f64::NAN;
    };
    let rank = q * last.count;
    // As a binary search that may meet NaN: the first bucket it settles on.
    let (mut low, mut high) = (0, finite.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if finite.get(middle).is_some_and(|bucket| bucket.count >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let Some(bucket) = finite.get(low) else {
        return top.bound;
    };
    if low == 0 && bucket.bound <= 0.0 {
        return bucket.bound;
    }
    match low.checked_sub(1).and_then(|i| finite.get(i)) {
        None => bucket.bound * (rank / bucket.count),
        Some(before) => {
            before.bound
                + (bucket.bound - before.bound) * ((rank - before.count) / (bucket.count - before.count))
        }
    }
}

/// The share of observations between two values.
/// Source: Prometheus v3.15.1, promql/quantile.go, `BucketFraction`.
fn fraction(lower: f64, upper: f64, buckets: &[Bucket]) -> f64 {
    let total = buckets.last().map_or(0.0, |bucket| bucket.count);
    if total == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let rank = |value: f64| -> f64 {
        let mut below = 0.0;
        let mut start = f64::NEG_INFINITY;
        for (i, bucket) in buckets.iter().enumerate() {
            if i == 0 && bucket.bound > 0.0 {
                start = 0.0;
            }
            if start >= value {
                return below;
            }
            if bucket.bound > value {
                return if start == f64::NEG_INFINITY {
                    bucket.count
                } else {
                    below + (bucket.count - below) * (value - start) / (bucket.bound - start)
                };
            }
            (below, start) = (bucket.count, bucket.bound);
        }
        total
    };
    (rank(upper).min(total) - rank(lower).min(total)) / total
}

impl Operator for Histogram {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        self.sync(&input.layout, output);
        output.vector.clear();
        env.meter.spend(input.vector.len())?;
        self.gather(input, now, env);
        self.check_quantiles(&inputs, env);
        for i in 0..self.touched.len() {
            let number = super::at(&self.touched, i);
            self.answer(number, &inputs, output, now, env)?;
        }
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
