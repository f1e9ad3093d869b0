//! The language's notation: text to a typed tree with spans, never failing.
//!
//! Enters: the text of one `.roll` file. Leaves: what could be read of it and what is wrong with the rest.
//! It deliberately knows no names, no defaults and no other file.

pub mod tree;
