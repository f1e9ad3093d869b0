//! Scalars: constants, clocks, arithmetic, and the way from scalars to vectors and back.
//!
//! Enters: scalars of other nodes, the instant. Leaves: a scalar, or for `vector` an element without labels.
//! It deliberately knows no series.

use super::super::ast::BinaryOp;
use super::arithmetic::{compute, maximum, minimum};
use super::window::seconds;
use super::{Env, Inputs, Moment, NodeId, Operator, Outcome, Output};

/// A number known when the query was planned; the node's scalar is set once.
#[derive(Clone, Debug)]
pub(crate) struct Constant(pub(crate) f64);

/// Numbers that depend on the instant or on the bounds of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    Time,
    Start,
    End,
    Step,
    Range,
}

/// `left op right`.
#[derive(Clone, Debug)]
pub(crate) struct ScalarBinary {
    pub(crate) op: ScalarOp,
    pub(crate) left: NodeId,
    pub(crate) right: NodeId,
}

/// Operations on two scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScalarOp {
    Binary(BinaryOp),
    MinOf,
    MaxOf,
}

impl ScalarOp {
    pub(crate) fn compute(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Binary(op) => compute(op, left, right),
            Self::MinOf => minimum(left, right),
            Self::MaxOf => maximum(left, right),
        }
    }
}

/// `-scalar`.
#[derive(Clone, Debug)]
pub(crate) struct ScalarNegation(pub(crate) NodeId);

/// `scalar(vector)`.
#[derive(Clone, Debug)]
pub(crate) struct ScalarOf(pub(crate) NodeId);

/// `vector(scalar)`.
#[derive(Clone, Debug)]
pub(crate) struct VectorOf(pub(crate) NodeId);

impl Operator for Constant {
    fn run(&mut self, _inputs: Inputs<'_>, output: &mut Output, _now: Moment, _env: &mut Env<'_>) -> Outcome {
        output.scalar = self.0;
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}

impl Operator for Clock {
    fn run(&mut self, _inputs: Inputs<'_>, output: &mut Output, now: Moment, env: &mut Env<'_>) -> Outcome {
        output.scalar = seconds(match self {
            Self::Time => now.t,
            Self::Start => env.span.start,
            Self::End => env.span.end,
            Self::Step => env.span.step,
            Self::Range => env.span.end - env.span.start,
        });
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(*self)
    }
}

impl Operator for ScalarBinary {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, _now: Moment, _env: &mut Env<'_>) -> Outcome {
        output.scalar = self.op.compute(inputs.scalar(self.left), inputs.scalar(self.right));
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}

impl Operator for ScalarNegation {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, _now: Moment, _env: &mut Env<'_>) -> Outcome {
        output.scalar = -inputs.scalar(self.0);
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}

impl Operator for ScalarOf {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, _now: Moment, _env: &mut Env<'_>) -> Outcome {
        output.scalar = match inputs.output(self.0).vector.values.as_slice() {
            [only] => *only,
            _ => f64::NAN,
        };
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}

impl Operator for VectorOf {
    fn run(&mut self, inputs: Inputs<'_>, output: &mut Output, _now: Moment, _env: &mut Env<'_>) -> Outcome {
        output.vector.clear();
        output.vector.push(0, inputs.scalar(self.0));
        Ok(())
    }

    fn boxed_clone(&self) -> Box<dyn Operator> {
        Box::new(self.clone())
    }
}
