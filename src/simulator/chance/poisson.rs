//! Poisson counts.
//!
//! Enters: a mean. Leaves: counts, at a cost that does not grow with it.
//! It deliberately keeps nothing between draws, since the mean changes with every interval.

use super::{Chance, pmf};

/// From here on rejection is quicker than adding up probabilities.
const MANY: f64 = 10.0;

/// More than ever arrives; above it counts would leave whole numbers.
const MOST: f64 = 1e15;

/// How many events happen where `mean` are expected.
pub(super) fn draw(chance: &mut Chance, mean: f64) -> u64 {
    if mean.is_nan() || mean <= 0.0 {
        0
    } else if mean < MANY {
        few(chance, mean)
    } else {
        many(chance, mean.min(MOST))
    }
}

/// Inversion: probabilities are added up from zero events on until they pass a uniform number.
fn few(chance: &mut Chance, mean: f64) -> u64 {
    let mut rest = chance.uniform();
    // exp(-m) is at least 1 - m, which often spares the exponential.
    if rest < 1.0 - mean {
        return 0;
    }
    let mut probability = libm::exp(-mean);
    let mut count = 0_u32;
    // The last digits of the sum may never pass the uniform number; 100 events have probability 1e-60.
    while rest >= probability && count < 100 {
        rest -= probability;
        count += 1;
        probability *= mean / f64::from(count);
    }
    u64::from(count)
}

/// Transformed rejection with squeeze: W. Hörmann, "The transformed rejection method for generating Poisson random
/// variables" (1993), algorithm PTRS.
fn many(chance: &mut Chance, mean: f64) -> u64 {
    let width = 0.931 + 2.53 * mean.sqrt();
    let slant = -0.059 + 0.024_83 * width;
    let inverse_alpha = 1.1239 + 1.1328 / (width - 3.4);
    let squeeze = 0.9277 - 3.6224 / (width - 2.0);
    loop {
        let across = chance.uniform() - 0.5;
        let up = chance.uniform();
        let edge = 0.5 - across.abs();
        let count = ((2.0 * slant / edge + width) * across + mean + 0.43).floor();
        if edge >= 0.07 && up <= squeeze {
            return count as u64;
        }
        if count < 0.0 || (edge < 0.013 && up > edge) {
            continue;
        }
        let height = libm::log(up * inverse_alpha / (slant / (edge * edge) + width));
        if height <= pmf::ln_poisson(count, mean) {
            return count as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Purpose, pmf};
    use super::*;

    #[test]
    fn counts_follow_their_law() {
        for (number, mean) in [0.01, 0.7, 3.0, 9.9, 10.0, 11.0, 35.0, 400.0].into_iter().enumerate() {
            let mut chance = Chance::new(11, 0, number as u64, Purpose::Arrivals);
            super::super::binomial::tests::assert_law(
                |count| libm::exp(pmf::ln_poisson(count, mean)),
                || draw(&mut chance, mean),
                &format!("mean {mean}"),
            );
        }
    }

    #[test]
    fn large_means_have_their_mean_and_variance() {
        for mean in [1e4, 1e7, 1e12, 1e15] {
            let mut chance = Chance::new(12, 0, 0, Purpose::Arrivals);
            super::super::binomial::tests::assert_moments(mean, mean, || draw(&mut chance, mean));
        }
    }

    #[test]
    fn nothing_comes_of_no_mean() {
        let mut chance = Chance::new(1, 0, 0, Purpose::Arrivals);
        for mean in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(draw(&mut chance, mean), 0);
        }
        assert!(draw(&mut chance, f64::INFINITY) > 900_000_000_000_000);
    }
}
