//! Latencies as Istio's histogram counts them.
//!
//! Enters: a lognormal latency and numbers of requests. Leaves: counts by bucket and the sum of the latencies.
//! It deliberately knows no time and no series.

use super::chance::{Chance, Trial};
use crate::model::scenario::Lognormal;
use crate::unit::normal;

/// How many buckets there are, the one without a bound included.
pub(crate) const BUCKETS: usize = 20;

/// Upper bounds in milliseconds and how Prometheus 3 writes them into `le`: as OpenMetrics' floats, with an exponent from
/// a million on. Source: Envoy's default boundaries, which Istio keeps; Prometheus v3, docs/migration.md, "le and quantile
/// label values".
pub(crate) const BOUNDS: [(f64, &str); BUCKETS] = [
    (0.5, "0.5"),
    (1.0, "1.0"),
    (5.0, "5.0"),
    (10.0, "10.0"),
    (25.0, "25.0"),
    (50.0, "50.0"),
    (100.0, "100.0"),
    (250.0, "250.0"),
    (500.0, "500.0"),
    (1000.0, "1000.0"),
    (2500.0, "2500.0"),
    (5000.0, "5000.0"),
    (10_000.0, "10000.0"),
    (30_000.0, "30000.0"),
    (60_000.0, "60000.0"),
    (300_000.0, "300000.0"),
    (600_000.0, "600000.0"),
    (1_800_000.0, "1.8e+06"),
    (3_600_000.0, "3.6e+06"),
    (f64::INFINITY, "+Inf"),
];

/// Up to so many requests are drawn one by one, which is then quicker than a binomial count for each bucket.
const SINGLY: u64 = 40;

/// One bucket of a law.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    /// Its number in [`BOUNDS`].
    bucket: usize,
    /// The share of requests that fall into it.
    share: f64,
    /// Whether a request falls into it, given that it falls into it or into a cell after it.
    trial: Trial,
    /// Their mean latency, milliseconds.
    mean: f64,
}

/// The law of one latency over the buckets, the likeliest first.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    of: Lognormal,
    cells: [Cell; BUCKETS],
}

impl Law {
    /// The law of `latency`. Without a spread, or with one that is not a number, every request takes the median.
    pub(crate) fn new(latency: Lognormal) -> Self {
        let mut cells = [Cell::default(); BUCKETS];
        let spread = if latency.sigma > 0.0 { latency.sigma } else { 0.0 };
        let whole_mean = libm::exp(latency.mu + 0.5 * spread * spread);
        let (mut low, mut low_z) = (0.0, f64::NEG_INFINITY);
        for (bucket, (cell, (high, _))) in cells.iter_mut().zip(BOUNDS).enumerate() {
            let high_z = deviate(high, latency.mu, spread);
            let share = normal::between(low_z, high_z);
            let mean = if share > 0.0 && spread > 0.0 {
                whole_mean * normal::between(low_z - spread, high_z - spread) / share
            } else {
                whole_mean
            };
            // Where the share is nearly nothing the quotient has lost its digits, but not the bucket.
            *cell = Cell { bucket, share, trial: Trial::default(), mean: mean.min(high).max(low) };
            (low, low_z) = (high, high_z);
        }
        cells.sort_by(|a, b| b.share.total_cmp(&a.share));
        let mut rest = 0.0;
        for cell in cells.iter_mut().rev() {
            rest += cell.share;
            cell.trial = Trial::new(if rest > 0.0 { cell.share / rest } else { 1.0 });
        }
        Self { of: latency, cells }
    }

    /// Makes this the law of `latency`; nothing is computed where it is already.
    pub(crate) fn become_of(&mut self, latency: Lognormal) {
        if self.of != latency {
            *self = Self::new(latency);
        }
    }

    /// Draws the latencies of `requests` and adds them to `counts`; returns their sum in milliseconds.
    ///
    /// Within a bucket every request counts with the bucket's mean: the sum's expectation is exact, and of its variance
    /// only what lies within buckets is left out, which no query of a slo can see.
    pub(crate) fn draw(&self, requests: u64, chance: &mut Chance, counts: &mut [u64; BUCKETS]) -> f64 {
        let mut sum = 0.0;
        let mut add = |cell: &Cell, count: u64| {
            if let Some(slot) = counts.get_mut(cell.bucket) {
                *slot = slot.saturating_add(count);
            }
            sum += count as f64 * cell.mean;
        };
        if requests <= SINGLY {
            for _ in 0..requests {
                add(self.one(chance), 1);
            }
            return sum;
        }
        let mut rest = requests;
        for cell in &self.cells {
            let count = cell.trial.draw(chance, rest);
            if count > 0 {
                add(cell, count);
                rest -= count;
            }
            if rest == 0 {
                break;
            }
        }
        sum
    }

    /// The cell of one request.
    fn one(&self, chance: &mut Chance) -> &Cell {
        let mut rest = chance.uniform();
        let [likeliest, ..] = &self.cells;
        for cell in &self.cells {
            if rest < cell.share {
                return cell;
            }
            rest -= cell.share;
        }
        likeliest
    }
}

/// Where `value` lies on the standard normal scale; the median of a law without spread lies in the bucket that it bounds.
fn deviate(value: f64, mu: f64, spread: f64) -> f64 {
    let distance = libm::log(value) - mu;
    if spread > 0.0 {
        distance / spread
    } else if distance > -1e-12 {
        f64::INFINITY
    } else {
        f64::NEG_INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Purpose;
    use super::*;

    fn lognormal(median: f64, sigma: f64) -> Lognormal {
        Lognormal { mu: libm::log(median), sigma }
    }

    #[test]
    fn shares_and_means_are_a_law() {
        for latency in [
            lognormal(80.0, 0.6),
            lognormal(0.2, 2.0),
            lognormal(1e7, 0.3),
            lognormal(250.0, 1e-9),
            lognormal(90.0, 5.0),
        ] {
            let law = Law::new(latency);
            let share: f64 = law.cells.iter().map(|cell| cell.share).sum();
            let mean: f64 = law.cells.iter().map(|cell| cell.share * cell.mean).sum();
            let exact = libm::exp(latency.mu + latency.sigma * latency.sigma / 2.0);
            assert!((share - 1.0).abs() < 1e-12, "{latency:?}: {share}");
            assert!((mean / exact - 1.0).abs() < 1e-6, "{latency:?}: {mean} instead of {exact}");
        }
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let mut chance = Chance::new(1, 0, 0, Purpose::SuccessLatency);
        for (bucket, (bound, _)) in BOUNDS.iter().enumerate().take(BUCKETS - 1) {
            let mut counts = [0; BUCKETS];
            let sum = Law::new(lognormal(*bound, 0.0)).draw(100, &mut chance, &mut counts);
            assert_eq!(counts[bucket], 100, "{bound}");
            assert!((sum / bound / 100.0 - 1.0).abs() < 1e-9);
        }
        let mut counts = [0; BUCKETS];
        Law::new(lognormal(1e9, 0.0)).draw(100, &mut chance, &mut counts);
        assert_eq!(counts[BUCKETS - 1], 100);
    }

    #[test]
    fn counts_meet_their_shares() {
        for requests in [1, SINGLY, SINGLY + 1, 300, 5000] {
            let law = Law::new(lognormal(80.0, 0.6));
            let mut chance = Chance::new(3, 0, requests, Purpose::SuccessLatency);
            let (rounds, mut counts, mut sum) = (20_000_u32, [0; BUCKETS], 0.0);
            for _ in 0..rounds {
                sum += law.draw(requests, &mut chance, &mut counts);
            }
            let all = f64::from(rounds) * requests as f64;
            assert_eq!(counts.iter().sum::<u64>(), u64::from(rounds) * requests);
            for cell in &law.cells {
                let (seen, expected) = (counts[cell.bucket] as f64, all * cell.share);
                assert!(
                    (seen - expected).abs() <= 4.5 * expected.sqrt() + 1.0,
                    "{requests}: {seen} instead of {expected}"
                );
            }
            let mean = libm::exp(law.of.mu + 0.18);
            assert!(
                (sum / all / mean - 1.0).abs() < 4.5 * 0.7 / all.sqrt(),
                "{requests}: {}",
                sum / all / mean
            );
        }
    }

    #[test]
    fn nonsense_does_not_lose_requests() {
        let mut chance = Chance::new(1, 0, 0, Purpose::SuccessLatency);
        for (mu, sigma) in [
            (f64::NAN, 1.0),
            (1.0, f64::NAN),
            (f64::INFINITY, 1.0),
            (1.0, f64::INFINITY),
            (-1e9, 0.1),
            (1.0, -3.0),
        ] {
            for requests in [3, 300] {
                let mut counts = [0; BUCKETS];
                Law::new(Lognormal { mu, sigma }).draw(requests, &mut chance, &mut counts);
                assert_eq!(counts.iter().sum::<u64>(), requests, "{mu} {sigma}");
            }
        }
    }
}
