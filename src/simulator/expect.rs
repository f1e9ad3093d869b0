//! Expectations held against endings: one run, or a share of many.
//!
//! Enters: conditions and how runs ended. Leaves: whether they hold, how often, and with which interval.
//! It deliberately knows no words; what was seen is told by `report`.

use super::trace::{Outcome, Totals, Verdict};
use crate::model::scenario::{Condition, Expectation};
use crate::syntax::tree::{self, Comparison};
use crate::unit::Seconds;

/// How a run ended: all that an expectation may ask about.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// The verdict.
    pub verdict: Verdict,
    /// The cost.
    pub totals: Totals,
    /// When each of the scenario's milestones came about first, seconds after the release was applied.
    pub reached: Vec<Option<Seconds>>,
}

/// What came of one expectation over all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Whether it is met.
    pub met: bool,
    /// In how many runs the condition held.
    pub held: u64,
    /// Of how many.
    pub runs: u64,
    /// The share's 95 % Wilson interval.
    pub interval: (f64, f64),
    /// The first run in which the condition did not hold.
    pub first_miss: Option<u64>,
}

/// Judges an expectation over the endings of runs 0, 1, 2, ….
pub fn judge(expectation: &Expectation, endings: &[Ending]) -> Judgement {
    let holding = |ending: &&Ending| holds(expectation, ending);
    let held = endings.iter().filter(holding).count() as u64;
    let runs = endings.len() as u64;
    let first_miss = endings.iter().position(|ending| !holds(expectation, ending));
    let met = match expectation.share {
        None => held == runs,
        Some((comparison, ratio)) => {
            // Compared as whole runs, so that 99 % of 200 is 198 whatever the division would round to.
            compare(held as f64, comparison, exact_count(ratio.0 * runs as f64))
        }
    };
    let first_miss = first_miss.and_then(|at| u64::try_from(at).ok());
    Judgement { met, held, runs, interval: wilson(held, runs), first_miss }
}

/// A product such as 0.99 · 200 without the last bit's noise.
fn exact_count(count: f64) -> f64 {
    let whole = libm::round(count);
    if (count - whole).abs() < 1e-9 * whole.max(1.0) { whole } else { count }
}

/// Whether a run is as expected.
pub fn holds(expectation: &Expectation, ending: &Ending) -> bool {
    is_so(&expectation.condition, ending) != expectation.negated
}

/// When a milestone came about first, if it did.
pub fn reached(index: usize, ending: &Ending) -> Option<Seconds> {
    ending.reached.get(index).copied().flatten()
}

fn is_so(condition: &Condition, ending: &Ending) -> bool {
    let verdict = &ending.verdict;
    match condition {
        Condition::Milestone { index, within, .. } => {
            reached(*index, ending).is_some_and(|at| within.is_none_or(|most| at <= most))
        }
        Condition::Outcome { outcome, before, within, at_step, by } => {
            verdict.outcome == outcome_of(*outcome)
                && before.is_none_or(|weight| verdict.peak_weight < weight.percent())
                && within.is_none_or(|most| verdict.at <= most.0)
                && at_step.is_none_or(|step| verdict.step.is_some_and(|at| at + 1 == step))
                && by.as_ref().is_none_or(|slo| verdict.metric.as_ref() == Some(slo))
        }
        Condition::FailedRequests(comparison, bound) => {
            compare(ending.totals.exposed_failed as f64, *comparison, *bound as f64)
        }
        Condition::ExposedRequests(comparison, bound) => {
            compare(ending.totals.exposed as f64, *comparison, *bound as f64)
        }
        Condition::Duration(comparison, bound) => compare(verdict.at as f64, *comparison, bound.0 as f64),
        Condition::PeakWeight(comparison, weight) => {
            compare(f64::from(verdict.peak_weight), *comparison, f64::from(weight.percent()))
        }
    }
}

/// The trace's word for an expected outcome.
pub fn outcome_of(outcome: tree::Outcome) -> Outcome {
    match outcome {
        tree::Outcome::Promote => Outcome::Promoted,
        tree::Outcome::Rollback => Outcome::RolledBack,
        tree::Outcome::Pause => Outcome::Paused,
    }
}

fn compare(left: f64, comparison: Comparison, right: f64) -> bool {
    match comparison {
        Comparison::Less => left < right,
        Comparison::LessEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterEqual => left >= right,
    }
}

/// The 95 % Wilson interval of a share; the whole of 0 to 1 where there is no run.
pub fn wilson(held: u64, runs: u64) -> (f64, f64) {
    if runs == 0 {
        return (0.0, 1.0);
    }
    let z = 1.959_963_984_540_054;
    let n = runs as f64;
    let share = held as f64 / n;
    let centre = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_is_the_textbooks() {
        // 912 of 1,000, by hand to four digits.
        let (low, high) = wilson(912, 1000);
        assert!((low - 0.8928).abs() < 1e-4 && (high - 0.9280).abs() < 1e-4, "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert!(wilson(10, 10).1 <= 1.0 && wilson(0, 10).0 >= 0.0);
    }

    #[test]
    fn ninety_nine_percent_of_two_hundred_is_one_hundred_and_ninety_eight() {
        assert_eq!(exact_count(0.99 * 200.0), 198.0);
        assert_eq!(exact_count(0.95 * 33.0), 0.95 * 33.0);
    }
}
