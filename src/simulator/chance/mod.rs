//! Chance: streams of random numbers that depend on nothing but who asks.
//!
//! Enters: seed, run, who draws and what for. Leaves: uniform numbers, and counts from Poisson, binomial and multinomial laws.
//! It deliberately knows no world. The laws are our own on `libm`: `rand_distr` takes its logarithms and exponentials from
//! the platform as soon as any other crate turns on the standard mathematics of `num-traits`, and then a run would not
//! have the same bits everywhere.

mod binomial;
mod pmf;
mod poisson;

pub(crate) use binomial::Trial;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. The numbers are part of what a seed means: they are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// How many requests arrive.
    Arrivals = 1,
    /// How many of them fail.
    Failures = 2,
    /// Latencies of those that do not.
    SuccessLatency = 3,
    /// Latencies of those that do.
    FailureLatency = 4,
    /// When scrapes happen, and whether.
    Scrapes = 5,
    /// How long a pod takes to start.
    PodStart = 6,
    /// Which side and which pod a recorded request reaches, and what a fault makes of it.
    Shares = 7,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of run `run` of `seed`, for one purpose of one drawer.
    ///
    /// All four are the cipher's key as they are, so that no two streams share a number by any accident of hashing.
    pub(crate) fn new(seed: u64, run: u64, drawer: u64, purpose: Purpose) -> Self {
        let mut key = [0_u8; 32];
        let words = [seed, run, drawer, purpose as u64];
        for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Uniform from 0 up to and without 1, in steps of 2^-53.
    pub(crate) fn uniform(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * STEP
    }

    /// Uniform among the whole numbers from 0 to `most`, both included; 0 where `most` is negative.
    pub(crate) fn up_to(&mut self, most: i64) -> i64 {
        let most = most.max(0);
        // The product rounds up to `most + 1` only where that has more than 53 bits.
        ((self.uniform() * (most as f64 + 1.0)) as i64).min(most)
    }

    /// How many events happen where `mean` are expected; 0 unless that is above 0.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        poisson::draw(self, mean)
    }

    /// How many of `trials` succeed, each with probability `p`; what is outside of 0 to 1 counts as the nearer of them.
    pub(crate) fn binomial(&mut self, trials: u64, p: f64) -> u64 {
        Trial::new(p).draw(self, trials)
    }
}

/// A number for a name, by which a drawer is told from others: FNV-1a, 64 bits.
pub(crate) fn drawer(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These numbers are what seed 1 means. Should they change, every published run changes: that is a new major version.
    #[test]
    fn the_first_draws_are_these() {
        let mut chance = Chance::new(1, 0, drawer("canary"), Purpose::Arrivals);
        let uniform: Vec<f64> = (0..3).map(|_| chance.uniform()).collect();
        let poisson: Vec<u64> =
            [0.5, 5.0, 50.0, 5e6, 5e14].iter().map(|mean| chance.poisson(*mean)).collect();
        let binomial: Vec<u64> = [(10, 0.5), (1000, 0.01), (1000, 0.3), (1_000_000, 0.9), (1 << 60, 0.25)]
            .iter()
            .map(|(trials, p)| chance.binomial(*trials, *p))
            .collect();
        // Computed apart, with the cipher written down in another language.
        assert_eq!(uniform, [0.213_860_136_622_451_74, 0.052_090_235_137_709_606, 0.346_210_720_083_830_7]);
        assert_eq!(poisson, [1, 6, 56, 5_001_582, 500_000_016_421_952]);
        assert_eq!(binomial, [5, 7, 276, 900_123, 288_230_376_177_868_672]);
    }

    #[test]
    fn streams_differ_by_everything_that_names_them() {
        let first = |seed, run, drawer, purpose| Chance::new(seed, run, drawer, purpose).uniform();
        let base = first(1, 2, 3, Purpose::Arrivals);
        assert_eq!(base, first(1, 2, 3, Purpose::Arrivals));
        for other in [
            first(2, 2, 3, Purpose::Arrivals),
            first(1, 3, 3, Purpose::Arrivals),
            first(1, 2, 4, Purpose::Arrivals),
            first(1, 2, 3, Purpose::Failures),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn whole_numbers_reach_both_ends() {
        let mut chance = Chance::new(1, 0, 0, Purpose::Scrapes);
        let mut seen = [0_u32; 4];
        for _ in 0..40_000 {
            seen[usize::try_from(chance.up_to(3)).unwrap()] += 1;
        }
        for count in seen {
            assert!((9_600..10_400).contains(&count), "{seen:?}");
        }
        assert_eq!(chance.up_to(0), 0);
        assert_eq!(chance.up_to(-5), 0);
    }
}
