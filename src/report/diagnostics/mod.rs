//! Diagnostics as people, programs and GitHub read them.
//!
//! Enters: diagnostics in order, the sources they point into, a look. Leaves: text. The summary ends every human form.
//! It deliberately sorts and drops nothing: [`crate::diagnostic::Diagnostics`] has seen to that.

mod github;
mod human;
mod json;
mod place;
mod summary;
mod window;

pub use github::github;
pub use human::human;
pub use json::json;
pub use summary::summary;
