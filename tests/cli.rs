//! The program as people and other programs meet it: arguments, files and streams in; bytes and exit statuses out.
//!
//! Enters: the built program, run in a folder of its own for each test. Leaves: nothing behind.
//! It deliberately knows no type of the library: what is tested here is what can be typed.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::format_collect,
    reason = "a test reads its cases and fails without them"
)]

#[path = "cli/bad_files.rs"]
mod bad_files;
#[path = "cli/building.rs"]
mod building;
#[path = "cli/calls.rs"]
mod calls;
#[path = "cli/formatting.rs"]
mod formatting;
#[path = "cli/looks.rs"]
mod looks;
#[path = "cli/place.rs"]
mod place;
#[path = "cli/playing.rs"]
mod playing;
#[path = "cli/testing.rs"]
mod testing;
