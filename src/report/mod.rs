//! Traces and diagnostics as people and machines read them.
//!
//! Enters: a [`crate::simulator::trace::Trace`], diagnostics with their sources, results of tests, and a [`Look`].
//! Leaves: text, SVG, JSON, XML. It deliberately knows no terminal, no file and no environment: width, colour and
//! charset are passed in, and whoever writes the text decides where to.

pub mod answer;
pub mod chart;
pub mod diagnostics;
pub mod json;
pub mod quantity;
mod recorded;
pub mod style;
pub mod svg;
pub mod tally;
pub mod test;
pub mod text;
pub mod timeline;
pub mod verdict;
mod xml;

pub use json::json;
pub use style::{Ink, Look};
pub use svg::svg;
pub use timeline::{Commands, Suggestion, timeline};
