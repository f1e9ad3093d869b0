//! Any text as a query: reading it ends, soon, and what is printed reads back to the same print.
//!
//! Enters: text; two NUL characters in it stand for repetition, so that short inputs make long queries and whatever grows faster
//! than its input shows as a time-out. Leaves: nothing. It deliberately knows no series.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcast::promql::{Mode, parse, print};

/// What a query may be long.
const LONGEST: usize = 64 * 1024;

/// `a NUL b NUL c` is `a…a b c…c`, as long as a query may be.
fn repeated(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\0');
    let (before, middle, after) = (parts.next()?, parts.next()?, parts.next()?);
    let count = LONGEST.checked_sub(middle.len())? / (before.len() + after.len()).max(1);
    Some(before.repeat(count) + middle + &after.repeat(count))
}

fn read(text: &str, mode: Mode) {
    match parse(text, mode) {
        Ok(expr) => {
            let printed = print(&expr);
            if printed.len() <= LONGEST {
                let again = parse(&printed, mode).map(|expr| print(&expr));
                assert_eq!(again, Ok(printed));
            }
        }
        Err(error) => {
            let (start, end) = (error.span.start as usize, error.span.end as usize);
            assert!(
                text.len() > LONGEST || text.get(start..end).is_some(),
                "{start}..{end} is no part of the query"
            );
        }
    }
}

fuzz_target!(|text: &str| {
    match repeated(text) {
        Some(text) => read(&text, Mode::Server),
        None => {
            read(text, Mode::Server);
            read(text, Mode::Test);
        }
    }
});
