//! Small pictures made of characters: a bar for a weight, a line for a signal.
//!
//! Enters: numbers and a [`Look`]. Leaves: text of a known number of columns, in Unicode or ASCII.
//! It deliberately knows no slo and no trace.

use super::style::Look;

/// A share of `cells`; any share above none shows something, and only all of it fills all.
pub fn bar(percent: u32, cells: usize, look: &Look) -> String {
    let percent = percent.min(100) as usize;
    let mut full = (percent * cells + 50) / 100;
    if percent > 0 {
        full = full.max(1);
    }
    if percent < 100 {
        full = full.min(cells.saturating_sub(1));
    }
    let rest = cells.saturating_sub(full);
    format!("{}{}", look.sign("█", "#").repeat(full), look.sign("·", ".").repeat(rest))
}

/// One character a value, from `low` to `high`; a space where there is none.
pub fn sparkline(values: &[Option<f64>], low: f64, high: f64, look: &Look) -> String {
    let levels: Vec<char> = look.sign("▁▂▃▄▅▆▇█", "_.-=+*#@").chars().collect();
    let top = levels.len().saturating_sub(1) as f64;
    let span = high - low;
    let level = |value: f64| {
        let share = if span > 0.0 { ((value - low) / span).clamp(0.0, 1.0) } else { 0.0 };
        levels.get((share * top).round() as usize).copied().unwrap_or(' ')
    };
    values.iter().map(|value| value.filter(|value| !value.is_nan()).map_or(' ', level)).collect()
}

/// Values at moments, gathered into `cells` equal stretches of `0..=end`; where several fall into one stretch the
/// worst stays (`higher_is_worse` says which that is), so that no spike hides between two columns. A stretch between
/// two moments goes on as the one before.
pub fn gather(
    points: impl IntoIterator<Item = (u64, Option<f64>)>,
    end: u64,
    cells: usize,
    higher_is_worse: bool,
) -> Vec<Option<f64>> {
    let mut gathered: Vec<Option<Option<f64>>> = vec![None; cells];
    for (at, value) in points {
        let Some(cell) = gathered.get_mut(cell_of(at, end, cells)) else {
            continue;
        };
        let value = value.filter(|value| value.is_finite());
        let worst = match (cell.flatten(), value) {
            (Some(one), Some(other)) if higher_is_worse => Some(one.max(other)),
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        *cell = Some(worst);
    }
    let mut before = None;
    let carried = gathered.into_iter().map(|cell| {
        before = cell.unwrap_or(before);
        before
    });
    carried.collect()
}

/// Which of `cells` equal stretches of `0..=end` a moment falls into.
pub fn cell_of(at: u64, end: u64, cells: usize) -> usize {
    let last = cells.saturating_sub(1);
    let cell = u128::from(at) * cells as u128 / u128::from(end.max(1));
    usize::try_from(cell).unwrap_or(last).min(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASCII: Look = Look { width: 80, colour: false, unicode: false };

    #[test]
    fn a_little_is_not_nothing_and_nearly_all_is_not_all() {
        let look = Look::plain();
        assert_eq!(bar(0, 10, &look), "··········");
        assert_eq!(bar(1, 10, &look), "█·········");
        assert_eq!(bar(30, 10, &look), "███·······");
        assert_eq!(bar(99, 10, &look), "█████████·");
        assert_eq!(bar(100, 10, &ASCII), "##########");
    }

    #[test]
    fn lines_rise_with_their_values_and_break_where_there_is_none() {
        let values = [Some(0.0), None, Some(0.5), Some(1.0), Some(f64::NAN), Some(9.0)];
        assert_eq!(sparkline(&values, 0.0, 1.0, &Look::plain()), "▁ ▅█ █");
        assert_eq!(sparkline(&values, 0.0, 1.0, &ASCII), "_ +@ @");
        assert_eq!(sparkline(&[Some(3.0)], 3.0, 3.0, &ASCII), "_", "a flat line lies at the bottom");
    }

    #[test]
    fn the_worst_of_a_stretch_stays() {
        let points = [(0, Some(1.0)), (1, Some(5.0)), (2, Some(2.0)), (10, Some(7.0)), (5, None)];
        assert_eq!(gather(points, 10, 2, true), [Some(5.0), Some(7.0)]);
        assert_eq!(gather(points, 10, 2, false), [Some(1.0), Some(7.0)]);
        assert_eq!(cell_of(u64::MAX, 3, 4), 3);
        assert_eq!(gather(points, 0, 0, true), []);
        let sparse = [(0, Some(1.0)), (4, None), (8, Some(2.0))];
        assert_eq!(gather(sparse, 8, 4, true), [Some(1.0), Some(1.0), None, Some(2.0)]);
    }
}
