//! Operations on each element of a vector by itself: functions of one number, clamping, operators with a scalar.
//!
//! Enters: a vector, and scalars of other nodes. Leaves: a vector, in order, with names dropped where values change.
//! It deliberately does not look at other elements.

use super::super::ast::BinaryOp;
use super::arithmetic::{compares, compute, holds, maximum, minimum};
use super::calendar::Part;
use super::layout::{CLASH, Mapping, Naming};
use super::window::seconds;
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// What is done to each element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    /// A function of the value.
    Function(Function),
    /// A part of the date that the value is.
    Part(Part),
    /// The instant of evaluation.
    Timestamp,
    Clamp(NodeId, NodeId),
    ClampMin(NodeId),
    ClampMax(NodeId),
    /// To the nearest multiple of a scalar.
    Round(Option<NodeId>),
    /// An operator with a scalar, which may stand on the left.
    Operator {
        op: BinaryOp,
        scalar: NodeId,
        scalar_left: bool,
        return_bool: bool,
    },
}

/// Functions of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    Negate,
    Abs,
    Ceil,
    Floor,
    Sqrt,
    Sgn,
    Exp,
    Ln,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Deg,
    Rad,
}

impl Function {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => Self::Abs,
            "ceil" => Self::Ceil,
            "floor" => Self::Floor,
            "sqrt" => Self::Sqrt,
            "sgn" => Self::Sgn,
            "exp" => Self::Exp,
            "ln" => Self::Ln,
            "log2" => Self::Log2,
            "log10" => Self::Log10,
            "sin" => Self::Sin,
            "cos" => Self::Cos,
            "tan" => Self::Tan,
            "asin" => Self::Asin,
            "acos" => Self::Acos,
            "atan" => Self::Atan,
            "sinh" => Self::Sinh,
            "cosh" => Self::Cosh,
            "tanh" => Self::Tanh,
            "asinh" => Self::Asinh,
            "acosh" => Self::Acosh,
            "atanh" => Self::Atanh,
            "deg" => Self::Deg,
            "rad" => Self::Rad,
            _ => return None,
        })
    }

    pub(crate) fn of(self, value: f64) -> f64 {
        use std::f64::consts::PI;
        match self {
            Self::Negate => -value,
            Self::Abs => value.abs(),
            Self::Ceil => value.ceil(),
            Self::Floor => value.floor(),
            Self::Sqrt => value.sqrt(),
            Self::Sgn if value < 0.0 => -1.0,
            Self::Sgn if value > 0.0 => 1.0,
            Self::Sgn => value,
            Self::Exp => libm::exp(value),
            Self::Ln => libm::log(value),
            Self::Log2 => libm::log2(value),
            Self::Log10 => libm::log10(value),
            Self::Sin => libm::sin(value),
            Self::Cos => libm::cos(value),
            Self::Tan => libm::tan(value),
            Self::Asin => libm::asin(value),
            Self::Acos => libm::acos(value),
            Self::Atan => libm::atan(value),
            Self::Sinh => libm::sinh(value),
            Self::Cosh => libm::cosh(value),
            Self::Tanh => libm::tanh(value),
            Self::Asinh => libm::asinh(value),
            Self::Acosh => libm::acosh(value),
            Self::Atanh => libm::atanh(value),
            Self::Deg => value * 180.0 / PI,
            Self::Rad => value * PI / 180.0,
        }
    }
}

/// An operation on each element.
#[derive(Clone, Debug)]
pub(crate) struct Elementwise {
    pub(crate) input: NodeId,
    pub(crate) action: Action,
    naming: Naming,
    mapping: Mapping,
}

impl Elementwise {
    pub(crate) fn new(input: NodeId, action: Action, delayed: bool) -> Self {
        let keeps = matches!(action, Action::Operator { op, return_bool: false, .. } if compares(op));
        Self { input, action, naming: Naming::new(!keeps, delayed), mapping: Mapping::default() }
    }
}

impl Operator for Elementwise {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        let input = inputs.output(self.input);
        for (_, labels, nameless) in input.layout.from(self.mapping.len()) {
            let (labels, nameless) = self.naming.apply(labels, nameless);
            self.mapping.push(output.layout.slot(labels, nameless));
        }
        output.vector.clear();
        env.meter.spend(input.vector.len())?;
        let mut each = |f: &dyn Fn(f64) -> Option<f64>| -> Outcome {
            for (slot, value) in input.vector.iter() {
                if let Some(value) = f(value) {
                    output.vector.push(self.mapping.take(slot, now.stamp).map_err(|_| CLASH)?, value);
                }
            }
            Ok(())
        };
        match self.action {
            Action::Function(function) => each(&|value| Some(function.of(value))),
            Action::Part(part) => each(&|value| Some(part.of(value))),
            Action::Timestamp => each(&|_| Some(seconds(now.t))),
            Action::Clamp(low, high) => {
                let (low, high) = (inputs.scalar(low), inputs.scalar(high));
                if high < low {
                    return Ok(());
                }
                each(&|value| Some(maximum(low, minimum(high, value))))
            }
            Action::ClampMin(low) => each(&|value| Some(maximum(inputs.scalar(low), value))),
            Action::ClampMax(high) => each(&|value| Some(minimum(inputs.scalar(high), value))),
            Action::Round(nearest) => {
                let inverse = 1.0 / nearest.map_or(1.0, |id| inputs.scalar(id));
                each(&|value| Some((value * inverse + 0.5).floor() / inverse))
            }
            Action::Operator { op, scalar, scalar_left, return_bool } => {
                let scalar = inputs.scalar(scalar);
                each(&|value| {
                    let (left, right) = if scalar_left { (scalar, value) } else { (value, scalar) };
                    if compares(op) && !return_bool {
                        return holds(op, left, right).then_some(value);
                    }
                    Some(compute(op, left, right))
                })
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
