//! The types of calls: of Argo's functions, of builtins and of builtins with predicates.
//!
//! Enters: a call and the types of its arguments. Leaves: its type, or the engine's compile error.
//! It deliberately knows no operators and no values.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, checker/checker.go.

use super::ast::{EnvFunction, Kind, Node, Op};
use super::builtin::Builtin;
use super::check::{Checker, Scope};
use super::error::{Fallible, Fault, Span, fault_at};
use super::signature::{overloads, validate};
use super::types::Type;

impl Checker {
    pub(super) fn call(&mut self, callee: &mut Node, args: &mut [Node], span: Span) -> Fallible<Type> {
        if self.modern() && matches!(&callee.kind, Kind::Ident(name) if &**name == "$env") {
            return Err(fault_at(span, "map[string]interface {} is not callable"));
        }
        let name = match &callee.kind {
            Kind::Ident(name) => name.to_string(),
            Kind::Member { property, .. } => match &property.kind {
                Kind::Str(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                _ => "function".to_owned(),
            },
            _ => "function".to_owned(),
        };
        match self.visit(callee)? {
            Type::Func(function) => self.call_function(function, &name, args, span),
            Type::Nil => {
                let message = format!("{name} is nil; cannot call nil as function");
                Err(fault_at(span, message))
            }
            ty if ty.is_any() || ty == Type::BuiltinFunc => {
                for arg in args {
                    self.visit(arg)?;
                }
                Ok(self.unknown())
            }
            ty => Err(fault_at(span, format!("{} is not callable", self.name(&ty)))),
        }
    }

    fn call_function(
        &mut self,
        function: EnvFunction,
        name: &str,
        args: &mut [Node],
        span: Span,
    ) -> Fallible<Type> {
        let (params, gives): (&[Type], Type) = match function {
            EnvFunction::AsInt => (&[Type::Any], Type::Int64),
            EnvFunction::AsFloat => (&[Type::Any], Type::Float),
            EnvFunction::IsNaN | EnvFunction::IsInf => (&[Type::Float], Type::Bool),
            EnvFunction::IsNil => (&[Type::Any], Type::Bool),
            EnvFunction::Default => (&[Type::Any, Type::Any], Type::Any),
        };
        let mut seen = vec![None; args.len()];
        match self.arguments(name, params, args, &mut seen, span) {
            Ok(()) => Ok(gives),
            Err(fault) => Err(Box::new(Fault { mismatch: false, ..*fault })),
        }
    }

    /// Checks arguments against parameters; `seen` keeps what was typed already.
    fn arguments(
        &mut self,
        name: &str,
        params: &[Type],
        args: &mut [Node],
        seen: &mut [Option<Type>],
        span: Span,
    ) -> Fallible<()> {
        if args.len() != params.len() {
            if self.modern() {
                for (arg, seen) in args.iter_mut().zip(seen) {
                    self.visit_once(arg, seen)?;
                }
            }
            let how = if args.len() > params.len() { "too many" } else { "not enough" };
            return Err(mismatch(span, format!("{how} arguments to call {name}")));
        }
        for ((param, arg), seen) in params.iter().zip(args).zip(seen) {
            let ty = self.visit_once(arg, seen)?;
            if *param == Type::Float && ty.is_integer(self.dialect) {
                integers_to_floats(arg);
                continue;
            }
            if param.is_integer(self.dialect) && ty.is_integer(self.dialect) {
                continue;
            }
            if ty == Type::Nil {
                if !self.modern() || param.is_any() {
                    continue;
                }
                let param = self.name(param);
                let message = format!("cannot use nil as argument (type {param}) to call {name}");
                return Err(mismatch(arg.span, message));
            }
            if !ty.is_any() && !ty.assignable_to(param, self.dialect) {
                let (ty, param) = (self.name(&ty), self.name(param));
                // The engine's text ends in a blank.
                let message = format!("cannot use {ty} as argument (type {param}) to call {name} ");
                return Err(mismatch(arg.span, message));
            }
        }
        Ok(())
    }

    fn visit_once(&mut self, arg: &mut Node, seen: &mut Option<Type>) -> Fallible<Type> {
        if let Some(ty) = seen {
            return Ok(ty.clone());
        }
        let ty = self.visit(arg)?;
        *seen = Some(ty.clone());
        Ok(ty)
    }

    pub(super) fn builtin(&mut self, builtin: Builtin, args: &mut [Node], span: Span) -> Fallible<Type> {
        if builtin.predicate(self.dialect).is_some() {
            return self.with_predicate(builtin, args);
        }
        if builtin == Builtin::Get {
            return self.get(args, span);
        }
        let Some(overloads) = overloads(builtin, self.dialect) else {
            let mut types = Vec::with_capacity(args.len());
            for arg in args {
                types.push(self.visit(arg)?);
            }
            return validate(builtin, &types, self.dialect).map_err(|m| fault_at(span, m));
        };
        let mut seen = vec![None; args.len()];
        let mut last = None;
        for (params, gives) in overloads {
            let params: Vec<Type> = params.iter().map(|p| p.ty()).collect();
            match self.arguments(builtin.name(), &params, args, &mut seen, span) {
                Ok(()) => return Ok(gives()),
                // A fault inside an argument ends the search; a mismatch tries the next overload.
                Err(fault) if !fault.mismatch => return Err(fault),
                Err(fault) => last = Some(fault),
            }
        }
        let mut fault = last.unwrap_or_else(|| fault_at(span, "no matching overload"));
        fault.mismatch = false;
        Err(fault)
    }

    fn get(&mut self, args: &mut [Node], span: Span) -> Fallible<Type> {
        let [value, property] = args else {
            let count = args.len();
            let message = format!("invalid number of arguments (expected 2, got {count})");
            return Err(fault_at(span, message));
        };
        let of = self.visit(value)?;
        if !self.modern() && (of.is_any() || matches!(value.kind, Kind::Env)) {
            self.visit_unchecked(property);
            return Ok(Type::Any);
        }
        if !self.modern() && !of.is_list() && !of.is_map() {
            let message = format!("type {} does not support indexing", self.name(&of));
            return Err(fault_at(value.span, message));
        }
        let by = self.visit(property)?;
        if of.is_any() || matches!(value.kind, Kind::Env) {
            return Ok(self.unknown());
        }
        let (of_name, by_name) = (self.name(&of), self.name(&by));
        let nil = !self.modern() && by == Type::Nil;
        if of.is_list() {
            if nil {
                return Err(fault_at(property.span, "cannot use nil as slice index"));
            }
            if !by.is_integer(self.dialect) && !by.is_any() {
                let message = format!("non-integer slice index {by_name}");
                return Err(fault_at(property.span, message));
            }
        } else if of.is_map() {
            if nil {
                return Err(fault_at(property.span, "cannot use nil as map index"));
            }
            if !by.assignable_to(&of.key(), self.dialect) && !by.is_any() {
                let message = format!("cannot use {by_name} to get an element from {of_name}");
                return Err(fault_at(property.span, message));
            }
        } else {
            let message = format!("type {of_name} does not support indexing");
            return Err(fault_at(value.span, message));
        }
        Ok(of.elem(self.dialect))
    }

    fn with_predicate(&mut self, builtin: Builtin, args: &mut [Node]) -> Fallible<Type> {
        use Builtin as B;
        let name = builtin.name();
        let Some((list, rest)) = args.split_first_mut() else {
            return Ok(self.unknown());
        };
        let collection = self.visit(list)?;
        if !collection.is_any() && !collection.is_list() {
            let got = self.name(&collection);
            let message = format!("builtin {name} takes only array (got {got})");
            return Err(fault_at(list.span, message));
        }
        let elem = if collection.is_any() { self.unknown() } else { collection.elem(self.dialect) };
        let Some((predicate, rest)) = rest.split_first_mut() else {
            return Ok(if builtin == B::Count { Type::Int } else { elem });
        };
        self.scopes.push(Scope {
            collection: collection.clone(),
            index: matches!(builtin, B::Map | B::Reduce),
            acc: builtin == B::Reduce,
        });
        let gives = self.visit(predicate);
        self.scopes.pop();
        let gives = gives?;
        if gives == Type::Nil {
            let inputs = if builtin == B::Reduce { "two" } else { "one" };
            let message = if self.modern() {
                format!("predicate should has {inputs} input and one output param")
            } else {
                "closure cannot be nil".to_owned()
            };
            return Err(fault_at(predicate.span, message));
        }
        if let Some(order) = rest.first_mut() {
            let ty = self.visit(order)?;
            if builtin == B::SortBy && ty != Type::Str && !ty.is_any() {
                let got = self.name(&ty);
                let message = format!("sortBy order argument must be a string (got {got})");
                return Err(fault_at(order.span, message));
            }
        }
        let free = matches!(builtin, B::Map | B::GroupBy | B::Sum | B::SortBy | B::Reduce);
        if !free && gives != Type::Bool && !gives.is_any() {
            let message = format!("predicate should return boolean (got {})", self.name(&gives));
            return Err(fault_at(predicate.span, message));
        }
        Ok(match builtin {
            B::Filter if collection.is_any() => Type::list(Type::Any),
            B::Filter if self.modern() => Type::list_of(elem),
            B::Filter => Type::list(elem),
            B::Map if self.modern() => Type::list_of(gives),
            B::Map => Type::list(gives.stripped()),
            B::Count | B::FindIndex | B::FindLastIndex => Type::Int,
            B::Find | B::FindLast => elem,
            B::GroupBy => Type::Groups,
            B::SortBy => collection,
            B::Sum | B::Reduce => gives,
            _ => Type::Bool,
        })
    }
}

/// A fault that leaves other overloads to be tried; one inside an argument is final.
#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
fn mismatch(span: Span, message: String) -> Box<Fault> {
    Box::new(Fault { mismatch: true, ..*fault_at(span, message) })
}

/// A whole number written where a float is wanted is a float.
fn integers_to_floats(node: &mut Node) {
    match &mut node.kind {
        Kind::Int(value) => node.kind = Kind::Float(*value as f64),
        Kind::Unary(_, operand) => integers_to_floats(operand),
        Kind::Binary(binary, left, right) if matches!(binary.op, Op::Add | Op::Subtract | Op::Multiply) => {
            integers_to_floats(left);
            integers_to_floats(right);
        }
        _ => {}
    }
}
