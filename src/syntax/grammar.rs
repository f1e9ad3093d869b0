//! The parser that pest derives from `grammar/rollcast.pest`.
//!
//! Enters: that grammar, when the crate is compiled. Leaves: [`Grammar`] and its [`Rule`]s.
//! It deliberately knows nothing that the grammar does not say.

#[derive(Debug, pest_derive::Parser)]
#[grammar = "grammar/rollcast.pest"]
pub(super) struct Grammar;
