//! Any bytes as a recording, in each format, packed or not: reading ends, soon, and gives series in order or a line and a reason.
//!
//! Enters: a byte that chooses the format, then the recording; two NUL characters in it stand for repetition, so that short inputs
//! make long recordings. Leaves: nothing. It deliberately asks nothing of the samples.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcast::series::{Format, decompress, read};

/// How long a repeated recording is.
const LONGEST: usize = 64 * 1024;

/// What packed bytes may unpack to.
const UNPACKED: usize = 1 << 20;

/// `a NUL b NUL c` is `a…a b c…c`.
fn repeated(text: &[u8]) -> Option<Vec<u8>> {
    let mut parts = text.splitn(3, |byte| *byte == 0);
    let (before, middle, after) = (parts.next()?, parts.next()?, parts.next()?);
    let count = LONGEST.checked_sub(middle.len())? / (before.len() + after.len()).max(1);
    Some([&before.repeat(count), middle, &after.repeat(count)].concat())
}

fn check(text: &[u8], format: Format) {
    match read(text, format) {
        Ok(series) => {
            for one in &series {
                assert!(one.labels.windows(2).all(|pair| pair[0].0 < pair[1].0));
                assert!(one.samples.windows(2).all(|pair| pair[0].0 < pair[1].0));
            }
        }
        Err(error) => {
            let lines = text.split(|byte| *byte == b'\n').count();
            assert!((1..=lines).contains(&error.line), "{error}, of {lines} lines");
            assert!(!error.message.is_empty());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let format = match choice % 6 {
        0 => Format::OpenMetrics,
        1 => Format::Prometheus,
        2 => Format::Query,
        3 => Format::Load,
        4 => Format::detect("-", text),
        _ => {
            if let Ok(text) = decompress(text, UNPACKED) {
                check(&text, Format::detect("recording.gz", &text));
            }
            return;
        }
    };
    match repeated(text) {
        Some(text) => check(&text, format),
        None => check(text, format),
    }
});
