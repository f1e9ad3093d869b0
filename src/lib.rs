#![doc = include_str!("../README.md")]

pub mod backend;
pub mod cli;
pub mod condition;
pub mod diagnostic;
pub mod formatter;
pub mod import;
pub mod manifest;
pub mod model;
pub mod promql;
pub mod report;
pub mod series;
pub mod simulator;
pub mod source;
pub mod syntax;
pub mod unit;
