//! Any query over series of all kinds, under the budget that every query has: it ends, soon, with an answer or an error.
//!
//! Enters: four bytes that choose the samples, the instants and the options, then a query. Leaves: nothing.
//! It deliberately checks no values: Prometheus' engine is there for that.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcast::promql::{Labels, Mode, Options, Plan, STALE, Store, parse};

/// When the samples begin, in milliseconds.
const BEGIN: i64 = 1_700_000_000_000;

/// Small numbers that repeat (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Counters, gauges and a histogram; with resets, gaps, ends, and values that are not numbers.
fn world(seed: u8) -> Store {
    let mut dice = Dice(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut store = Store::new();
    for pod in ["a", "b", "c"] {
        for name in ["up", "g", "requests_total", "other_total"] {
            fill(&mut store, Labels::new([("__name__", name), ("pod", pod)]), &mut dice);
        }
        for le in ["0.1", "1.0", "+Inf"] {
            fill(&mut store, Labels::new([("__name__", "h_bucket"), ("pod", pod), ("le", le)]), &mut dice);
        }
    }
    store
}

fn fill(store: &mut Store, labels: Labels, dice: &mut Dice) {
    let id = store.add_series(labels);
    let even = dice.below(2) == 0;
    let (mut at, mut value) = (BEGIN + dice.below(15_000) as i64, 0.0);
    for _ in 0..dice.below(60) {
        let written = match dice.below(24) {
            0 => STALE,
            1 => f64::NAN,
            2 => f64::INFINITY,
            3 => f64::NEG_INFINITY,
            4 => f64::MAX,
            5 => {
                value = 0.0;
                value
            }
            more => {
                value += more as f64 / 4.0;
                value
            }
        };
        store.append(id, at, written).unwrap();
        at += if even { 15_000 } else { 1 + dice.below(30_000) as i64 };
        at += if dice.below(30) == 0 { 400_000 } else { 0 };
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(([seed, flags, first, pace], query)) = data.split_first_chunk() else { return };
    let Ok(query) = std::str::from_utf8(query) else { return };
    let mode = if flags & 1 == 0 { Mode::Server } else { Mode::Test };
    let Ok(expr) = parse(query, mode) else { return };
    let store = world(*seed);
    let options = Options {
        closed_ranges: flags & 2 != 0,
        delayed_name_removal: flags & 4 != 0,
        lookback_ms: if flags & 8 == 0 { 300_000 } else { 1 },
        ..Options::default()
    };
    let Ok(mut plan) = Plan::new(&expr, &store, &options) else { return };
    let start = BEGIN + i64::from(*first) * 5_000;
    let step = [1, 1_000, 15_000, 61_001][usize::from(pace & 3)];
    if flags & 16 != 0 {
        // As many instants as Prometheus allows a range, and the seconds of all samples.
        let _ = plan.evaluate_range(&store, BEGIN, BEGIN + 10_999 * 100, 100);
        return;
    }
    for number in 0..i64::from(pace >> 6) + 1 {
        if plan.evaluate(&store, start + number * step).is_err() {
            return;
        }
    }
    let end = start + step * i64::from(pace >> 2 & 15);
    let _ = plan.evaluate_range(&store, start, end, step);
});
