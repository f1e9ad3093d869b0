//! Recorded worlds: what was recorded is what is seen, and recorded requests are neither lost nor made.
//!
//! Enters: the examples, synthetic recordings, broken recordings. Leaves: nothing but failures.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and it reads the examples"
)]

mod replay {
    mod closed;
    mod command;
    mod examples;
    mod open;
    mod support;
}
