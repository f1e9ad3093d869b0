//! Argo Rollouts' success and failure conditions: text and a measured value in, an outcome out.
//! A condition is parsed, typed and evaluated as the expression engine pinned by Argo would:
//! `antonmedv/expr` v1.15.5 by default, `expr-lang/expr` v1.17.8 as the other dialect.
//!
//! Enters: a condition's text and a measured value. Leaves: an outcome, or the engine's error.
//! It deliberately knows nothing of metrics, of Prometheus or of any other module.

mod ast;
mod builtin;
mod call_collections;
mod call_lists;
mod call_numbers;
mod call_text;
mod check;
mod check_calls;
mod check_operators;
mod error;
mod format;
pub(crate) mod gotext;
mod lexer;
mod machine;
mod operate;
mod optimize;
mod parser;
mod pattern;
mod postfix;
mod signature;
mod types;
mod unescape;
mod val;
mod value;

pub use error::{ConditionError, Stage};
pub use value::{ResultType, Value};

use ast::Node;
use check::Checker;
use error::{Fallible, fault};
use machine::Machine;
use types::Type;
use val::Val;

/// The engine whose rules a condition follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// `github.com/antonmedv/expr` v1.15.5, pinned by Argo Rollouts v1.7.2 to v1.9.1.
    #[default]
    V1_15_5,
    /// `github.com/expr-lang/expr` v1.17.8, pinned by Argo Rollouts after v1.9.
    V1_17_8,
}

/// What two conditions make of a measured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The measurement succeeded.
    Successful,
    /// The measurement failed.
    Failed,
    /// Both conditions are given and neither holds.
    Inconclusive,
    /// A condition could not be evaluated: the engine's message.
    Error(String),
}

/// The value of a condition as Go would print it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computed {
    /// The Go type, as `%T` prints it.
    pub type_name: String,
    /// The value, as `%v` prints it.
    pub text: String,
}

/// A condition parsed and typed once, to be evaluated many times.
///
/// A condition that does not compile is kept with its error, since to Argo it is an error of
/// every measurement rather than of the manifest.
#[derive(Debug)]
pub struct Compiled {
    text: String,
    dialect: Dialect,
    result: ResultType,
    program: Result<Program, ConditionError>,
}

#[derive(Debug)]
struct Program {
    root: Node,
    slots: usize,
}

impl Compiled {
    /// Compiles a condition for results of one type.
    pub fn new(text: &str, result: ResultType, dialect: Dialect) -> Self {
        let program = compile(text, result, dialect).map_err(|fault| fault.into_error(Stage::Compile, text));
        Self { text: text.to_owned(), dialect, result, program }
    }

    /// The error of the compile step, if there was one.
    pub fn error(&self) -> Option<&ConditionError> {
        self.program.as_ref().err()
    }

    /// The text the condition was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates the condition for one result. A result of another type than the condition was
    /// compiled for is right, too, but compiles it anew. `now()` is 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// The engine's compile error, its run-time panic, or `expected bool, but got …`.
    pub fn evaluate(&self, result: &Value) -> Result<bool, ConditionError> {
        self.evaluate_at(result, 0)
    }

    /// Like [`Compiled::evaluate`], with what `now()` gives in nanoseconds since 1970 (UTC).
    ///
    /// # Errors
    /// As [`Compiled::evaluate`].
    pub fn evaluate_at(&self, result: &Value, now: i64) -> Result<bool, ConditionError> {
        self.run(result, now, |val| match val {
            Val::Bool(b) => Ok(b),
            other => Err(fault(format!("expected bool, but got {}", other.type_name()))),
        })?
        .map_err(|fault| fault.into_error(Stage::Outcome, &self.text))
    }

    /// Evaluates the condition and tells its value, boolean or not.
    ///
    /// # Errors
    /// The engine's compile error or its run-time panic.
    pub fn compute(&self, result: &Value) -> Result<Computed, ConditionError> {
        self.run(result, 0, |val| {
            let mut text = Vec::new();
            format::write_value(&val, &mut text);
            let text = String::from_utf8_lossy(&text).into_owned();
            Computed { type_name: val.type_name().to_owned(), text }
        })
    }

    fn run<T>(&self, result: &Value, now: i64, finish: impl FnOnce(Val) -> T) -> Result<T, ConditionError> {
        let actual = ResultType::of(result);
        if actual != self.result {
            let anew = Self::new(&self.text, actual, self.dialect);
            return anew.run_typed(result, now, finish);
        }
        self.run_typed(result, now, finish)
    }

    fn run_typed<T>(
        &self,
        result: &Value,
        now: i64,
        finish: impl FnOnce(Val) -> T,
    ) -> Result<T, ConditionError> {
        let program = self.program.as_ref().map_err(Clone::clone)?;
        let mut machine = Machine::new(result, program.slots, now, self.dialect);
        match machine.eval(&program.root) {
            Ok(val) => Ok(finish(val)),
            Err(fault) => Err(fault.into_error(Stage::Run, &self.text)),
        }
    }
}

fn compile(text: &str, result: ResultType, dialect: Dialect) -> Fallible<Program> {
    let mut root = parser::parse(text, dialect)?;
    let ty = match result {
        ResultType::Vector => Type::list(Type::Float),
        ResultType::Scalar => Type::Float,
        ResultType::Integer => Type::Int,
        ResultType::Text => Type::Str,
        ResultType::Boolean => Type::Bool,
        ResultType::Array => Type::list(Type::Any),
        ResultType::Map => Type::Map,
        ResultType::Nil => Type::Nil,
        ResultType::Unknown => Type::Any,
    };
    let mut checker = Checker::new(ty, dialect);
    checker.visit(&mut root)?;
    let slots = checker.slots();
    optimize::optimize(&mut root, dialect)?;
    Ok(Program { root, slots })
}

/// Runs the compile step alone.
///
/// # Errors
/// The engine's compile error for results of this type.
pub fn check(text: &str, result: ResultType, dialect: Dialect) -> Result<(), ConditionError> {
    Compiled::new(text, result, dialect).program.map(|_| ())
}

/// Compiles a condition for this result and evaluates it.
///
/// # Errors
/// As [`Compiled::evaluate`].
pub fn evaluate(text: &str, result: &Value, dialect: Dialect) -> Result<bool, ConditionError> {
    Compiled::new(text, ResultType::of(result), dialect).evaluate(result)
}

/// Decides a measurement by the conditions it has.
/// Source: Argo Rollouts v1.9.1, utils/evaluate/evaluate.go, EvaluateResult.
pub fn assess(success: Option<&Compiled>, failure: Option<&Compiled>, result: &Value) -> Outcome {
    let holds = |condition: Option<&Compiled>| condition.map(|c| c.evaluate(result)).transpose();
    // The success condition goes first, so its error is the one that is told.
    let (succeeded, failed) = match (holds(success), holds(failure)) {
        (Err(error), _) | (Ok(_), Err(error)) => return Outcome::Error(error.message),
        (Ok(succeeded), Ok(failed)) => (succeeded, failed),
    };
    match (succeeded, failed) {
        (_, Some(true)) | (Some(false), None) => Outcome::Failed,
        (Some(false), Some(false)) => Outcome::Inconclusive,
        (Some(true) | None, _) => Outcome::Successful,
    }
}

#[cfg(test)]
mod tests;
