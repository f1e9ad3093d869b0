//! Lognormal latencies from what people know of them: a quantile or two.
//!
//! Enters: pairs of quantile and value. Leaves: logarithm of the median, and spread.
//! It deliberately knows no scenario and no unit; the value's unit is that of the fitted median.

use super::normal;

/// The spread of a latency of which only one quantile is known.
///
/// With 0.6 the p95 is 2.7 times and the p99 4.0 times the median, which is what one endpoint of an ordinary service shows
/// while it is well; a service whose endpoints differ has more, and says so by giving a second quantile.
pub const USUAL_SPREAD: f64 = 0.6;

/// Logarithm of the median and spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Logarithm of the median, in the unit of the values.
    pub mu: f64,
    /// Spread: the standard deviation of the logarithm.
    pub sigma: f64,
}

/// Why there is no such distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FitError {
    /// No quantile is given.
    Empty,
    /// A quantile is not between 0 and 1.
    Quantile,
    /// A value is not above 0, or not finite.
    Value,
    /// One quantile is given twice.
    Twice,
    /// A higher quantile has a lower value.
    Falling,
    /// More than two: they rarely lie on one lognormal, and what is written should hold.
    TooMany,
}

impl std::fmt::Display for FitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "a latency needs a quantile",
            Self::Quantile => "a quantile lies between 0 and 1",
            Self::Value => "a latency lies above 0",
            Self::Twice => "one quantile has two values",
            Self::Falling => "a higher quantile has a lower value",
            Self::TooMany => "two quantiles fix a lognormal latency",
        })
    }
}

impl std::error::Error for FitError {}

/// The lognormal whose quantiles (0 to 1, exclusive) have these values: one is met with [`USUAL_SPREAD`], two are met both.
///
/// # Errors
/// Where no lognormal has them, see [`FitError`].
pub fn fit(quantiles: &[(f64, f64)]) -> Result<Fit, FitError> {
    for (quantile, value) in quantiles {
        if !(*quantile > 0.0 && *quantile < 1.0) {
            return Err(FitError::Quantile);
        }
        if !(*value > 0.0 && value.is_finite()) {
            return Err(FitError::Value);
        }
    }
    match quantiles {
        [] => Err(FitError::Empty),
        [(quantile, value)] => Ok(Fit {
            mu: libm::log(*value) - USUAL_SPREAD * normal::quantile(*quantile),
            sigma: USUAL_SPREAD,
        }),
        [(p, low), (q, high)] => {
            let (zp, zq) = (normal::quantile(*p), normal::quantile(*q));
            if zp == zq {
                return Err(FitError::Twice);
            }
            let sigma = (libm::log(*high) - libm::log(*low)) / (zq - zp);
            if sigma < 0.0 {
                return Err(FitError::Falling);
            }
            Ok(Fit { mu: libm::log(*low) - sigma * zp, sigma })
        }
        _ => Err(FitError::TooMany),
    }
}

impl Fit {
    /// The value of a quantile, 0 to 1.
    pub fn value(self, quantile: f64) -> f64 {
        // Without spread every quantile is the median, those at 0 and 1 too.
        if self.sigma == 0.0 {
            return libm::exp(self.mu);
        }
        libm::exp(self.mu + self.sigma * normal::quantile(quantile))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_met() {
        let one = fit(&[(0.95, 320.0)]).unwrap();
        assert_eq!(one.sigma, USUAL_SPREAD);
        assert!((one.value(0.95) - 320.0).abs() < 1e-9);
        let two = fit(&[(0.5, 80.0), (0.99, 900.0)]).unwrap();
        assert!((two.value(0.5) - 80.0).abs() < 1e-9 && (two.value(0.99) - 900.0).abs() < 1e-9);
        let turned = fit(&[(0.99, 900.0), (0.5, 80.0)]).unwrap();
        assert!((turned.mu - two.mu).abs() < 1e-12 && (turned.sigma - two.sigma).abs() < 1e-12);
        let flat = fit(&[(0.5, 80.0), (0.99, 80.0)]).unwrap();
        assert_eq!((flat.sigma, flat.value(1.0) > 79.9), (0.0, true));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(fit(&[]), Err(FitError::Empty));
        assert_eq!(fit(&[(1.0, 80.0)]), Err(FitError::Quantile));
        assert_eq!(fit(&[(f64::NAN, 80.0)]), Err(FitError::Quantile));
        assert_eq!(fit(&[(0.5, 0.0)]), Err(FitError::Value));
        assert_eq!(fit(&[(0.5, f64::INFINITY)]), Err(FitError::Value));
        assert_eq!(fit(&[(0.5, 80.0), (0.5, 90.0)]), Err(FitError::Twice));
        assert_eq!(fit(&[(0.5, 80.0), (0.9, 70.0)]), Err(FitError::Falling));
        assert_eq!(fit(&[(0.5, 80.0), (0.9, 90.0), (0.99, 95.0)]), Err(FitError::TooMany));
    }
}
