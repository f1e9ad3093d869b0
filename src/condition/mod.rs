//! Stand-in until the condition branch lands: just enough of Argo's expressions to begin with.

/// A measured value.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Nil,
    /// A scalar.
    Float(f64),
    /// A vector.
    Floats(Vec<f64>),
}
