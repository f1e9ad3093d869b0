//! Numbers that know what they count.
//!
//! Enters: numbers. Leaves: weights, seconds, milliseconds, ratios, rates, and their spelling for people.
//! It deliberately knows neither the language's spelling of literals nor Argo's.

pub mod instant;
pub mod lognormal;
pub mod normal;

use std::fmt;

/// Share of traffic in whole percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Weight(u8);

impl Weight {
    /// No traffic.
    pub const ZERO: Self = Self(0);
    /// All traffic.
    pub const FULL: Self = Self(100);

    /// `None` above 100.
    pub fn new(percent: u32) -> Option<Self> {
        u8::try_from(percent).ok().filter(|percent| *percent <= 100).map(Self)
    }

    /// Percent, 0 to 100.
    pub fn percent(self) -> u32 {
        u32::from(self.0)
    }

    /// 0 to 1.
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// Whole seconds: what Argo Rollouts stores and compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seconds(pub u64);

impl Seconds {
    /// The same span in milliseconds.
    pub fn millis(self) -> Millis {
        Millis(i64::try_from(self.0).unwrap_or(i64::MAX / 1000).saturating_mul(1000))
    }

    /// `m:ss` or `h:mm:ss`, as on a clock.
    pub fn clock(self) -> String {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        if hours > 0 {
            format!("{hours}:{minutes:02}:{seconds:02}")
        } else {
            format!("{minutes}:{seconds:02}")
        }
    }
}

impl fmt::Display for Seconds {
    /// `2m30s`, `45s`, `1h0m5s`: a Go duration, so what is shown can be typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        match (hours, minutes, seconds) {
            (0, 0, s) => write!(f, "{s}s"),
            (0, m, 0) => write!(f, "{m}m"),
            (0, m, s) => write!(f, "{m}m{s}s"),
            (h, 0, 0) => write!(f, "{h}h"),
            (h, m, 0) => write!(f, "{h}h{m}m"),
            (h, m, s) => write!(f, "{h}h{m}m{s}s"),
        }
    }
}

impl std::ops::Add for Seconds {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Seconds {
    type Output = Self;
    /// Zero where the other is later.
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Milliseconds: latencies, and Prometheus' own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Millis(pub i64);

impl Millis {
    /// Whole seconds, cut.
    pub fn seconds(self) -> Seconds {
        Seconds(u64::try_from(self.0 / 1000).unwrap_or(0))
    }

    /// Whether nothing is lost in [`Millis::seconds`].
    pub fn is_whole_seconds(self) -> bool {
        self.0 % 1000 == 0
    }
}

impl fmt::Display for Millis {
    /// `500ms`, `1500ms`, or as [`Seconds`] where whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 != 0 && self.0 % 1000 == 0 { self.seconds().fmt(f) } else { write!(f, "{}ms", self.0) }
    }
}

/// A share, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Ratio(pub f64);

impl fmt::Display for Ratio {
    /// In percent with at most four significant digits: `9.6%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", significant(self.0 * 100.0, 4))
    }
}

/// Requests per second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Rate(pub f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", significant(self.0, 4))
    }
}

/// A number with at most `digits` significant digits, no exponent, no trailing zeros.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value.is_nan() { "NaN".into() } else { format!("{value}") };
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    let decimals = usize::try_from((digits - 1 - magnitude).max(0)).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `3,000`: thousands grouped.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_these() {
        assert_eq!(Seconds(150).to_string(), "2m30s");
        assert_eq!(Seconds(3605).to_string(), "1h0m5s");
        assert_eq!(Seconds(3605).clock(), "1:00:05");
        assert_eq!(Seconds(60).clock(), "1:00");
        assert_eq!(Millis(500).to_string(), "500ms");
        assert_eq!(Millis(90_000).to_string(), "1m30s");
        assert_eq!(Ratio(0.095_71).to_string(), "9.571%");
        assert_eq!(Ratio(0.01).to_string(), "1%");
        assert_eq!(significant(1234.567, 4), "1235");
        assert_eq!(significant(0.000_123_45, 4), "0.0001234");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
    }

    #[test]
    fn weights_stop_at_a_hundred() {
        assert_eq!(Weight::new(100), Some(Weight::FULL));
        assert_eq!(Weight::new(101), None);
    }
}
