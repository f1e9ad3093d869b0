//! Any bytes as a program: reading them ends, formatting them settles and changes no meaning that can be seen.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rollcast::formatter::format;
use rollcast::source::FileId;
use rollcast::syntax::parse;

fuzz_target!(|text: &str| {
    let headlines = |text: &str| -> Vec<String> {
        let list = parse(FileId(0), text).diagnostics.into_sorted();
        list.into_iter().map(|diagnostic| diagnostic.headline).collect()
    };
    let formatted = format(text);
    assert_eq!(format(&formatted), formatted);
    assert_eq!(headlines(text), headlines(&formatted));
});
