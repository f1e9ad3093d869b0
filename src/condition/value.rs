//! What a provider measured, as a condition sees it: the public value and its static type.
//!
//! Enters: what a provider measured. Leaves: the public value and its static type.
//! It deliberately knows nothing of how a value was obtained.

use std::collections::BTreeMap;

/// A measured value, in the shapes Argo's providers hand to a condition.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// No value (`nil`).
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A Go `int`.
    Int(i64),
    /// A Go `float64`: Prometheus' scalars and every number decoded from JSON.
    Float(f64),
    /// A string.
    String(String),
    /// A Go `[]float64`: a Prometheus instant vector, never nil even when empty.
    Floats(Vec<f64>),
    /// A Go `[]interface {}`: an array decoded from JSON.
    Array(Vec<Value>),
    /// A Go `map[string]interface {}`: an object decoded from JSON.
    Map(BTreeMap<String, Value>),
}

/// The static type of `result` that a condition is compiled against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResultType {
    /// `[]float64`, what a Prometheus query for a vector gives.
    Vector,
    /// `float64`, what a Prometheus query for a scalar gives.
    Scalar,
    /// `int`.
    Integer,
    /// `string`.
    Text,
    /// `bool`.
    Boolean,
    /// `[]interface {}`.
    Array,
    /// `map[string]interface {}`.
    Map,
    /// `nil`.
    Nil,
    /// Not known before the measurement: only what is wrong for every type is an error.
    #[default]
    Unknown,
}

impl ResultType {
    /// The type the engine would see for this value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Bool(_) => Self::Boolean,
            Value::Int(_) => Self::Integer,
            Value::Float(_) => Self::Scalar,
            Value::String(_) => Self::Text,
            Value::Floats(_) => Self::Vector,
            Value::Array(_) => Self::Array,
            Value::Map(_) => Self::Map,
        }
    }
}
