//! The standard normal distribution.
//!
//! Enters: deviates and probabilities. Leaves: probabilities and deviates, with the same bits on every platform.
//! It deliberately knows no chance: nothing is drawn here.

use std::f64::consts::FRAC_1_SQRT_2;

/// The probability of a deviate above `z`, to full relative precision however small it is.
pub fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The probability of a deviate of at most `z`.
pub fn cdf(z: f64) -> f64 {
    upper_tail(-z)
}

/// The probability of a deviate above `low` and of at most `high`, without cancellation in either tail; 0 where `high` is not above `low`.
pub fn between(low: f64, high: f64) -> f64 {
    if low.is_nan() || high.is_nan() || low >= high {
        0.0
    } else if low > 0.0 {
        upper_tail(low) - upper_tail(high)
    } else {
        cdf(high) - cdf(low)
    }
}

/// Coefficients of P. J. Acklam's rational approximation (2003) around the middle, highest power first.
const MIDDLE: ([f64; 6], [f64; 5]) = (
    [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ],
    [
        -54.476_098_798_224_06,
        161.585_836_858_040_9,
        -155.698_979_859_886_6,
        66.801_311_887_719_72,
        -13.280_681_552_885_72,
    ],
);

/// The same in the lower tail, in the square root of minus twice the logarithm.
const TAIL: ([f64; 6], [f64; 4]) = (
    [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ],
    [0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416],
);

/// The deviate that is not exceeded with probability `p`: infinite at 0 and 1, not a number outside of them.
///
/// Acklam's approximation, good to nine digits, and one step of Halley's method on [`cdf`], after which the error lies below 1e-14.
pub fn quantile(p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p == 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // Where p is near 1 what it lacks of 1 has fewer digits than p, but all that there are.
        -lower_half(1.0 - p)
    } else {
        lower_half(p)
    }
}

/// [`quantile`] for probabilities above 0 and up to a half.
fn lower_half(p: f64) -> f64 {
    let rough = if p < 0.024_25 {
        let q = libm::sqrt(-2.0 * libm::log(p));
        polynomial(&TAIL.0, q) / (polynomial(&TAIL.1, q) * q + 1.0)
    } else {
        let q = p - 0.5;
        let square = q * q;
        q * polynomial(&MIDDLE.0, square) / (polynomial(&MIDDLE.1, square) * square + 1.0)
    };
    let density = libm::exp(-0.5 * rough * rough) / libm::sqrt(2.0 * std::f64::consts::PI);
    let step = (cdf(rough) - p) / density;
    let refined = rough - step / (1.0 + 0.5 * rough * step);
    // Below the smallest normal number the density vanishes, and the rough answer is the better one.
    if refined.is_finite() { refined } else { rough }
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities and deviates from tables with sixteen digits.
    const KNOWN: [(f64, f64); 9] = [
        (0.5, 0.0),
        (0.75, 0.674_489_750_196_081_7),
        (0.9, 1.281_551_565_544_600_4),
        (0.95, 1.644_853_626_951_472_7),
        (0.975, 1.959_963_984_540_054),
        (0.99, 2.326_347_874_040_840_8),
        (0.999, 3.090_232_306_167_813),
        (1e-10, -6.361_340_902_404_056),
        (1e-100, -21.273_453_560_965_32),
    ];

    #[test]
    fn quantiles_agree_with_tables() {
        for (p, z) in KNOWN {
            assert!((quantile(p) - z).abs() < 1e-12, "{p}: {} instead of {z}", quantile(p));
        }
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert!(quantile(-0.1).is_nan() && quantile(1.1).is_nan() && quantile(f64::NAN).is_nan());
        assert!(quantile(f64::MIN_POSITIVE / 1e10).is_finite());
    }

    #[test]
    fn quantile_and_cdf_undo_each_other() {
        for i in 1..100_000_u32 {
            let p = f64::from(i) / 100_000.0;
            assert!((cdf(quantile(p)) - p).abs() < 1e-14, "{p}");
            assert!((quantile(p) + quantile(1.0 - p)).abs() < 1e-9, "{p}");
        }
    }

    #[test]
    fn tails_keep_their_digits() {
        assert!((upper_tail(10.0) / 7.619_853_024_160_593e-24 - 1.0).abs() < 1e-13);
        assert!((between(10.0, 11.0) / 7.619_661_958_203_143e-24 - 1.0).abs() < 1e-12);
        assert!((between(-1.0, 1.0) - 0.682_689_492_137_085_9).abs() < 1e-15);
        assert_eq!(between(1.0, 1.0), 0.0);
        assert_eq!(between(f64::NAN, 1.0), 0.0);
        assert_eq!(between(f64::NEG_INFINITY, f64::INFINITY), 1.0);
    }
}
