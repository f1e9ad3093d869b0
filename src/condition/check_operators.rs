//! The types of binary operators.
//!
//! Enters: an operator and the types of its sides. Leaves: its type, or the engine's compile error.
//! It deliberately knows nothing of values.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, checker/checker.go.

use super::ast::{Binary, Kind, Node, Op};
use super::check::Checker;
use super::error::{Fallible, Span, fault_at};
use super::pattern::compile;
use super::types::Type;

#[derive(Clone, Copy)]
enum Like {
    Bool,
    Str,
    Integer,
    Number,
    Time,
    Duration,
}

impl Checker {
    fn is(&self, ty: &Type, like: Like) -> bool {
        match like {
            Like::Bool => *ty == Type::Bool,
            Like::Str => *ty == Type::Str,
            Like::Integer => ty.is_integer(self.dialect),
            Like::Number => ty.is_number(self.dialect),
            Like::Time => *ty == Type::Time,
            Like::Duration => *ty == Type::Duration,
        }
    }

    fn both(&self, l: &Type, r: &Type, like: Like) -> bool {
        self.is(l, like) && self.is(r, like)
    }

    /// At least one side is of unknown type and the other could be one of these.
    fn maybe(&self, l: &Type, r: &Type, likes: &[Like]) -> bool {
        let fits = |ty: &Type| ty.is_any() || likes.iter().any(|like| self.is(ty, *like));
        l.is_any() && fits(r) || r.is_any() && fits(l)
    }

    pub(super) fn binary(
        &mut self,
        binary: Binary,
        left: &mut Node,
        right: &mut Node,
        span: Span,
    ) -> Fallible<Type> {
        let l = self.visit(left)?;
        let r = self.visit(right)?;
        let found = match binary.op {
            Op::Matches => {
                if let Kind::Str(pattern) = &right.kind
                    && let Err(message) = compile(&String::from_utf8_lossy(pattern))
                {
                    return Err(fault_at(span, message));
                }
                let bytes = self.modern() && l == Type::Bytes && r == Type::Str;
                (bytes || self.stringy(&l, &r)).then_some(Type::Bool)
            }
            Op::In => self.membership(&l, &r, span)?,
            Op::Coalesce => Some(self.coalesce(l.clone(), r.clone())),
            Op::Add | Op::Subtract | Op::Multiply => self.arithmetic(binary.op, &l, &r),
            Op::Divide | Op::Power => {
                let fits = self.both(&l, &r, Like::Number) || self.maybe(&l, &r, &[Like::Number]);
                fits.then_some(Type::Float)
            }
            Op::Modulo => self.modulo(&l, &r),
            Op::Range => {
                let fits = self.both(&l, &r, Like::Integer) || self.maybe(&l, &r, &[Like::Integer]);
                let list = if self.modern() { Type::list_of(Type::Int) } else { Type::list(Type::Int) };
                fits.then_some(list)
            }
            _ => self.relation(binary.op, &l, &r).then_some(Type::Bool),
        };
        found.ok_or_else(|| {
            let (op, l, r) = (binary.text, self.name(&l), self.name(&r));
            fault_at(span, format!("invalid operation: {op} (mismatched types {l} and {r})"))
        })
    }

    fn stringy(&self, l: &Type, r: &Type) -> bool {
        self.both(l, r, Like::Str) || self.maybe(l, r, &[Like::Str])
    }

    /// Whether an operator that gives a boolean takes these types.
    fn relation(&self, op: Op, l: &Type, r: &Type) -> bool {
        match op {
            Op::Equal | Op::NotEqual => l.comparable_to(r, self.dialect),
            Op::Or | Op::And => self.both(l, r, Like::Bool) || self.maybe(l, r, &[Like::Bool]),
            Op::Less | Op::More | Op::MoreOrEqual | Op::LessOrEqual => {
                let mut likes = vec![Like::Number, Like::Str, Like::Time];
                if self.modern() {
                    likes.push(Like::Duration);
                }
                likes.iter().any(|like| self.both(l, r, *like)) || self.maybe(l, r, &likes)
            }
            _ => self.stringy(l, r),
        }
    }

    fn modulo(&self, l: &Type, r: &Type) -> Option<Type> {
        if self.both(l, r, Like::Integer) {
            return Some(if self.modern() { Type::Int } else { l.combined(r, self.dialect) });
        }
        let gives = if self.modern() { Type::Int } else { Type::Any };
        self.maybe(l, r, &[Like::Integer]).then_some(gives)
    }

    fn arithmetic(&self, op: Op, l: &Type, r: &Type) -> Option<Type> {
        use Type::{Duration, Time};
        let modern = self.modern();
        if self.both(l, r, Like::Number) {
            return Some(l.combined(r, self.dialect));
        }
        let numeric = |ty: &Type| ty.is_number(self.dialect);
        let special = match (op, l, r) {
            (Op::Add, Type::Str, Type::Str) => Some(Type::Str),
            (Op::Add | Op::Subtract, Time, Duration) | (Op::Add, Duration, Time) => Some(Time),
            (Op::Subtract, Time, Time) => Some(Duration),
            (_, Duration, Duration) if modern => Some(Duration),
            (Op::Multiply, a, Duration) if modern && numeric(a) => Some(Duration),
            (Op::Multiply, Duration, b) if modern && numeric(b) => Some(Duration),
            _ => None,
        };
        if special.is_some() {
            return special;
        }
        let likes: &[Like] = match op {
            Op::Add => &[Like::Number, Like::Str, Like::Time, Like::Duration],
            Op::Subtract if modern => &[Like::Number, Like::Time, Like::Duration],
            Op::Subtract => &[Like::Number, Like::Time],
            _ if modern => &[Like::Number, Like::Duration],
            _ => &[Like::Number],
        };
        self.maybe(l, r, likes).then(|| self.unknown())
    }

    fn membership(&self, l: &Type, r: &Type, span: Span) -> Fallible<Option<Type>> {
        let yes = Ok(Some(Type::Bool));
        if (*l == Type::Str || l.is_any()) && *r == Type::Time {
            return yes;
        }
        let nil = !self.modern() && *l == Type::Nil;
        let refuse = |element: &Type, place: &str| {
            let (l, element) = (self.name(l), self.name(element));
            Err(fault_at(span, format!("cannot use {l} as type {element} in {place}")))
        };
        if r.is_map() {
            let key = r.key();
            if nil || l.is_any() || l.assignable_to(&key, self.dialect) {
                return yes;
            }
            return refuse(&key, "map key");
        }
        if r.is_list() {
            if nil {
                return yes;
            }
            let elem = r.elem(self.dialect);
            if !l.comparable_to(&elem, self.dialect) {
                return refuse(&elem, "array");
            }
            if let Type::List { refined: Some(refined), .. } = r
                && !l.comparable_to(refined, self.dialect)
            {
                return refuse(refined, "array");
            }
            return yes;
        }
        let plain = l.is_any() && *r == Type::Str || r.is_any();
        Ok(plain.then_some(Type::Bool))
    }

    fn coalesce(&self, l: Type, r: Type) -> Type {
        self.either(l, r, true)
    }
}
