//! Dates of instants in seconds: `year`, `month`, `day_of_week` and their kin, in UTC.
//!
//! Enters: seconds since the epoch as a float. Leaves: a part of the date. It deliberately reads no clock.

/// Which part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Minute,
    Hour,
    DayOfWeek,
    DayOfMonth,
    DayOfYear,
    DaysInMonth,
    Month,
    Year,
}

impl Part {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day_of_week" => Self::DayOfWeek,
            "day_of_month" => Self::DayOfMonth,
            "day_of_year" => Self::DayOfYear,
            "days_in_month" => Self::DaysInMonth,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// This part of the date at `seconds`.
    pub(crate) fn of(self, seconds: f64) -> f64 {
        let absolute = absolute_seconds(seconds);
        let (days, rest) = (absolute / 86_400, absolute % 86_400);
        let date = Date::of(days);
        match self {
            Self::Minute => (rest % 3600 / 60) as f64,
            Self::Hour => (rest / 3600) as f64,
            // The first absolute day, 1 March of a year divisible by 400, is a Wednesday.
            Self::DayOfWeek => ((days + 3) % 7) as f64,
            Self::DayOfMonth => date.day as f64,
            Self::DayOfYear => {
                let months = 1..date.month;
                (months.map(|month| days_in_month(date.year, month)).sum::<i128>() + date.day) as f64
            }
            Self::DaysInMonth => days_in_month(date.year, date.month) as f64,
            Self::Month => date.month as f64,
            Self::Year => date.year as f64,
        }
    }
}

/// The year with which absolute days begin, on 1 March. Source: Go 1.25, time/time.go, `absoluteYears`.
const FIRST_YEAR: i128 = -292_277_022_400;

/// Days of 400 years.
const ERA: u64 = 146_097;

/// Seconds since 1 March of `FIRST_YEAR`. A float that no `i64` can hold becomes the least one, as on amd64, and then
/// sums wrap, as in Go.
fn absolute_seconds(seconds: f64) -> u64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&seconds);
    let whole = if fits { seconds as i64 } else { i64::MIN };
    (whole as u64).wrapping_add(epoch_offset())
}

/// Seconds from 1 March of `FIRST_YEAR` to the epoch, which is 719,468 days after 1 March of the year 0.
fn epoch_offset() -> u64 {
    let eras = (-FIRST_YEAR / 400) as u64;
    eras.wrapping_mul(ERA).wrapping_add(719_468).wrapping_mul(86_400)
}

/// A date of the Gregorian calendar.
#[derive(Clone, Copy, Debug)]
struct Date {
    year: i128,
    month: i128,
    day: i128,
}

impl Date {
    /// The date so many days after 1 March of `FIRST_YEAR`.
    fn of(days: u64) -> Self {
        let era = i128::from(days / ERA);
        let day = i128::from(days % ERA);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Self {
            year: FIRST_YEAR + era * 400 + year + i128::from(month <= 2),
            month,
            day: of_year - (153 * shifted + 2) / 5 + 1,
        }
    }
}

fn days_in_month(year: i128, month: i128) -> i128 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_the_calendar() {
        let all = |seconds: f64| {
            [
                Part::Year,
                Part::Month,
                Part::DayOfMonth,
                Part::DayOfWeek,
                Part::DayOfYear,
                Part::Hour,
                Part::Minute,
                Part::DaysInMonth,
            ]
            .map(|part| part.of(seconds))
        };
        assert_eq!(all(0.0), [1970.0, 1.0, 1.0, 4.0, 1.0, 0.0, 0.0, 31.0]);
        assert_eq!(all(1_456_790_399.5), [2016.0, 2.0, 29.0, 1.0, 60.0, 23.0, 59.0, 29.0]);
        assert_eq!(all(1_136_239_445.0), [2006.0, 1.0, 2.0, 1.0, 2.0, 22.0, 4.0, 31.0]);
        assert_eq!(all(-1.0), [1969.0, 12.0, 31.0, 3.0, 365.0, 23.0, 59.0, 31.0]);
    }
}
