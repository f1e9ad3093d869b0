//! Binomial counts.
//!
//! Enters: a number of trials and a probability. Leaves: counts, at a cost that does not grow with either.
//! It deliberately keeps nothing between draws, since the trials change with every interval.

use super::{Chance, pmf};

/// From this expected count on rejection is quicker than adding up probabilities.
const MANY: f64 = 10.0;

/// Up to so far from the mode a probability is multiplied up from the mode's.
const NEAR: f64 = 30.0;

/// Up to so many trials, for which [`NEAR`] factors stay below the largest number.
const MULTIPLIED: f64 = 1e9;

/// A trial with what is computed of its probability once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trial {
    /// The probability of success.
    p: f64,
    /// That of the rarer outcome.
    rarer: f64,
    /// Rarer over commoner.
    odds: f64,
    /// Logarithm of the commoner.
    ln_commoner: f64,
}

impl Trial {
    /// A trial that succeeds with probability `p`; below 0 and what is not a number is never, above 1 always.
    pub(crate) fn new(p: f64) -> Self {
        let p = if p.is_nan() { 0.0 } else { p.clamp(0.0, 1.0) };
        let rarer = p.min(1.0 - p);
        Self { p, rarer, odds: rarer / (1.0 - rarer), ln_commoner: libm::log1p(-rarer) }
    }

    /// How many of `trials` succeed.
    pub(crate) fn draw(&self, chance: &mut Chance, trials: u64) -> u64 {
        if trials == 0 || self.p == 0.0 {
            return 0;
        }
        if self.p == 1.0 {
            return trials;
        }
        let count = if trials as f64 * self.rarer < MANY {
            self.few(chance, trials)
        } else {
            self.many(chance, trials)
        };
        let count = count.min(trials);
        if self.p > 0.5 { trials - count } else { count }
    }

    /// Inversion: probabilities are added up from zero rarer outcomes on until they pass a uniform number.
    fn few(&self, chance: &mut Chance, trials: u64) -> u64 {
        let n = trials as f64;
        let mut rest = chance.uniform();
        // (1-p)^n is at least 1 - np, which often spares the power.
        if rest < 1.0 - n * self.rarer {
            return 0;
        }
        let mut probability = libm::exp(n * self.ln_commoner);
        let mut count = 0_u32;
        // The last digits of the sum may never pass the uniform number; 100 outcomes have probability 1e-60.
        while rest >= probability && count < 100 {
            rest -= probability;
            count += 1;
            probability *= self.odds * (n + 1.0 - f64::from(count)) / f64::from(count);
        }
        u64::from(count)
    }

    /// Transformed rejection with squeeze: W. Hörmann, "The generation of binomial random variates" (1993), algorithm BTRS.
    fn many(&self, chance: &mut Chance, trials: u64) -> u64 {
        let (n, p) = (trials as f64, self.rarer);
        let spread = (n * p * (1.0 - p)).sqrt();
        let width = 1.15 + 2.53 * spread;
        let slant = -0.0873 + 0.0248 * width + 0.01 * p;
        let centre = n * p + 0.5;
        let alpha = (2.83 + 5.1 / width) * spread;
        let squeeze = 0.92 - 4.2 / width;
        let mode = ((n + 1.0) * p).floor();
        loop {
            let across = chance.uniform() - 0.5;
            let up = chance.uniform();
            let edge = 0.5 - across.abs();
            let count = ((2.0 * slant / edge + width) * across + centre).floor();
            if edge >= 0.07 && up <= squeeze {
                return count as u64;
            }
            if count < 0.0 || count > n {
                continue;
            }
            let height = up * alpha / (slant / (edge * edge) + width);
            if self.is_below(height, count, mode, n) {
                return count as u64;
            }
        }
    }

    /// Whether `height` is at most the probability of `count` over that of `mode`.
    fn is_below(&self, height: f64, count: f64, mode: f64, n: f64) -> bool {
        if n > MULTIPLIED || (count - mode).abs() > NEAR {
            return libm::log(height)
                <= pmf::ln_binomial(count, n, self.rarer) - pmf::ln_binomial(mode, n, self.rarer);
        }
        // Each probability is the one before it times the odds, the trials left, and over the successes.
        let (mut over, mut under) = (1.0, 1.0);
        let mut at = count.min(mode);
        while at < count.max(mode) {
            over *= (n - at) * self.odds;
            at += 1.0;
            under *= at;
        }
        if count > mode { height * under <= over } else { height * over <= under }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Purpose, pmf};
    use super::*;

    const DRAWS: u32 = 200_000;

    /// Holds frequencies against probabilities by Pearson's statistic, which over so many cells is nearly normal.
    pub(in super::super) fn assert_law(law: impl Fn(f64) -> f64, mut draw: impl FnMut() -> u64, what: &str) {
        let mut counts = vec![0_u32; 1024];
        for _ in 0..DRAWS {
            counts[usize::try_from(draw()).unwrap()] += 1;
        }
        let (mut statistic, mut cells, mut rest, mut rest_expected) =
            (0.0, 0.0, f64::from(DRAWS), f64::from(DRAWS));
        for (count, seen) in counts.iter().enumerate() {
            let expected = law(count as f64) * f64::from(DRAWS);
            if expected >= 10.0 {
                statistic += (f64::from(*seen) - expected).powi(2) / expected;
                cells += 1.0;
                rest -= f64::from(*seen);
                rest_expected -= expected;
            }
        }
        // What falls into no cell of its own shares one.
        assert!(
            (rest - rest_expected).abs() <= 4.5 * rest_expected.max(1.0).sqrt(),
            "{what}: rest {rest} of {rest_expected}"
        );
        let degrees: f64 = cells;
        assert!(
            statistic < degrees + 4.0 * (2.0 * degrees).sqrt() + 8.0,
            "{what}: {statistic} over {degrees} cells"
        );
    }

    /// Holds mean and variance of 200,000 draws against theirs, within four standard errors.
    pub(in super::super) fn assert_moments(mean: f64, variance: f64, mut draw: impl FnMut() -> u64) {
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..DRAWS {
            let deviation = draw() as f64 - mean;
            sum += deviation;
            squares += deviation * deviation;
        }
        let n = f64::from(DRAWS);
        assert!((sum / n).abs() < 4.0 * (variance / n).sqrt(), "mean {mean} is off by {}", sum / n);
        assert!(
            (squares / n / variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt() + 1.0 / mean,
            "variance of mean {mean}: {}",
            squares / n
        );
    }

    #[test]
    fn counts_follow_their_law() {
        let laws = [
            (1, 0.3),
            (5, 0.5),
            (20, 0.49),
            (20, 0.51),
            (21, 0.5),
            (1000, 0.009),
            (1000, 0.011),
            (300, 0.8),
            (1000, 0.5),
        ];
        for (number, (trials, p)) in laws.into_iter().enumerate() {
            let mut chance = Chance::new(13, 0, number as u64, Purpose::Failures);
            assert_law(
                |count| {
                    if count > trials as f64 {
                        0.0
                    } else {
                        libm::exp(pmf::ln_binomial(count, trials as f64, p))
                    }
                },
                || Trial::new(p).draw(&mut chance, trials),
                &format!("{trials} trials of {p}"),
            );
        }
    }

    #[test]
    fn many_trials_have_their_mean_and_variance() {
        for (trials, p) in [(1_000_000, 0.02), (1_000_000_000, 1e-6), (1 << 50, 0.3), (1 << 50, 0.999)] {
            let mut chance = Chance::new(14, 0, 0, Purpose::Failures);
            let mean = trials as f64 * p;
            assert_moments(mean, mean * (1.0 - p), || Trial::new(p).draw(&mut chance, trials));
        }
    }

    #[test]
    fn the_ends_are_certain() {
        let mut chance = Chance::new(1, 0, 0, Purpose::Failures);
        assert_eq!(Trial::new(0.5).draw(&mut chance, 0), 0);
        for p in [0.0, -1.0, f64::NAN] {
            assert_eq!(Trial::new(p).draw(&mut chance, 7), 0);
        }
        for p in [1.0, 2.0, f64::INFINITY] {
            assert_eq!(Trial::new(p).draw(&mut chance, 7), 7);
        }
        assert!(Trial::new(0.5).draw(&mut chance, u64::MAX) > u64::MAX / 3);
    }
}
