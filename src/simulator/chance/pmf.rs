//! Logarithms of the probabilities of counts, accurate for counts of any size.
//!
//! Enters: counts and parameters. Leaves: logarithms of Poisson and binomial probabilities.
//! It deliberately knows no chance. The form is C. Loader's saddle point ("Fast and accurate computation of binomial
//! probabilities", 2000): factorials by their deviation from Stirling's formula, powers by a deviance that does not cancel.

use std::f64::consts::PI;

/// Logarithm of the probability of `count` events where `mean` are expected.
pub(super) fn ln_poisson(count: f64, mean: f64) -> f64 {
    if count == 0.0 {
        return -mean;
    }
    -stirling_error(count) - deviance(count, mean) - 0.5 * libm::log(2.0 * PI * count)
}

/// Logarithm of the probability of `count` successes in `trials`, each with probability `p` strictly between 0 and 1.
pub(super) fn ln_binomial(count: f64, trials: f64, p: f64) -> f64 {
    let (rest, q) = (trials - count, 1.0 - p);
    if count == 0.0 {
        return trials * libm::log1p(-p);
    }
    if rest == 0.0 {
        return trials * libm::log(p);
    }
    let errors = stirling_error(trials) - stirling_error(count) - stirling_error(rest);
    let deviances = deviance(count, trials * p) + deviance(rest, trials * q);
    errors - deviances - 0.5 * libm::log(2.0 * PI * count * (rest / trials))
}

/// What Stirling's formula lacks of the logarithm of the factorial of `n`, which is at least 1.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - 0.5 * libm::log(2.0 * PI);
    }
    // The asymptotic series: Bernoulli numbers over 2k(2k-1)n^(2k-1).
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / n
}

/// `x ln(x/mean) + mean - x`, which is small where the two are close and large numbers would cancel.
fn deviance(x: f64, mean: f64) -> f64 {
    let ratio = (x - mean) / (x + mean);
    if ratio.abs() >= 0.1 {
        return x * libm::log(x / mean) + mean - x;
    }
    // ln(x/mean) is twice the inverse hyperbolic tangent of the ratio; its first term is taken together with mean - x.
    let square = ratio * ratio;
    let mut sum = (x - mean) * ratio;
    let mut term = 2.0 * x * ratio;
    // Each term is at most a hundredth of the one before: ten of them are twenty digits, and mostly three are enough.
    for k in 1..=10_u32 {
        term *= square;
        let next = sum + term / f64::from(2 * k + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one() {
        for mean in [0.1, 3.0, 40.0, 900.0] {
            let sum: f64 = (0..2000).map(|k| libm::exp(ln_poisson(f64::from(k), mean))).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{mean}: {sum}");
        }
        for (trials, p) in [(1, 0.3), (12, 0.5), (40, 0.01), (2000, 0.2)] {
            let sum: f64 =
                (0..=trials).map(|k| libm::exp(ln_binomial(f64::from(k), f64::from(trials), p))).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{trials}, {p}: {sum}");
        }
    }

    #[test]
    fn large_counts_keep_their_digits() {
        // At its mode a Poisson law of mean m has about 1/sqrt(2 pi m), less a twelfth of 1/m of that.
        let mean = 1e15;
        assert!((ln_poisson(mean, mean) + 0.5 * libm::log(2.0 * PI * mean)).abs() < 1e-12);
        let away = ln_poisson(mean + 1e8, mean) - ln_poisson(mean, mean);
        assert!((away + 5.0).abs() < 1e-6, "{away}");
    }
}
