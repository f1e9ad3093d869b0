//! The compile step: a parsed tree in, the same tree with names resolved and its type out.
//!
//! Enters: a parsed tree and the type of the result. Leaves: the same tree with names resolved, and its type, or a compile error.
//! It deliberately evaluates nothing; operators are in `check_operators`, calls in `check_calls`.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, checker/checker.go.

use super::Dialect;
use super::ast::{EnvFunction, Kind, Node, Pointer, Unary};
use super::builtin::Builtin;
use super::error::{Fallible, Span, fault_at};
use super::types::{GoKind, Type};

/// Most variables of one condition.
const MAX_VARIABLES: usize = 256;

pub(super) struct Checker {
    pub(super) dialect: Dialect,
    pub(super) result: Type,
    variables: Vec<(Box<str>, Type, u16)>,
    pub(super) scopes: Vec<Scope>,
    slots: u16,
}

/// The collection a predicate runs over and the pointers it may use besides `#`.
pub(super) struct Scope {
    pub(super) collection: Type,
    pub(super) index: bool,
    pub(super) acc: bool,
}

impl Checker {
    pub(super) fn new(result: Type, dialect: Dialect) -> Self {
        Self { dialect, result, variables: Vec::new(), scopes: Vec::new(), slots: 0 }
    }

    /// How many variables the tree declares.
    pub(super) fn slots(&self) -> usize {
        usize::from(self.slots)
    }

    pub(super) fn modern(&self) -> bool {
        self.dialect == Dialect::V1_17_8
    }

    pub(super) fn name(&self, ty: &Type) -> String {
        ty.name(self.dialect)
    }

    pub(super) fn visit(&mut self, node: &mut Node) -> Fallible<Type> {
        let ty = self.visit_kind(node)?;
        node.ty = ty.as_static();
        Ok(ty)
    }

    /// Resolves names where the engine checks nothing: what is wrong shows when it runs.
    pub(super) fn visit_unchecked(&mut self, node: &mut Node) {
        let (variables, scopes) = (self.variables.len(), self.scopes.len());
        if self.visit(node).is_err() {
            self.variables.truncate(variables);
            self.scopes.truncate(scopes);
        }
    }

    fn visit_kind(&mut self, node: &mut Node) -> Fallible<Type> {
        let span = node.span;
        match &mut node.kind {
            Kind::Nil => Ok(Type::Nil),
            Kind::Bool(_) => Ok(Type::Bool),
            Kind::Int(_) => Ok(Type::Int),
            Kind::Float(_) => Ok(Type::Float),
            Kind::Str(_) => Ok(Type::Str),
            Kind::Bytes(_) => Ok(Type::Bytes),
            Kind::Ident(_) => self.identifier(node),
            Kind::Unary(op, operand) => self.unary(*op, operand, span),
            Kind::Binary(binary, left, right) => self.binary(*binary, left, right, span),
            Kind::Chain(inner) => self.visit(inner),
            Kind::Member { .. } => self.member(node),
            Kind::Slice { base, from, to } => self.slice(base, from, to, span),
            Kind::Call(callee, args) => self.call(callee, args, span),
            Kind::Builtin(builtin, args) => self.builtin(*builtin, args, span),
            Kind::Predicate(body) => self.visit(body),
            Kind::Pointer(pointer) => self.pointer(pointer, span),
            Kind::Let { .. } => self.declaration(node),
            Kind::Cond(test, then, other) => self.conditional(test, then, other),
            Kind::Array(nodes) => self.array(nodes),
            Kind::Map(pairs) => {
                for (key, value) in pairs {
                    self.visit(key)?;
                    self.visit(value)?;
                }
                Ok(Type::Map)
            }
            Kind::Sequence(nodes) => {
                let mut last = Type::Nil;
                for node in nodes {
                    last = self.visit(node)?;
                }
                Ok(last)
            }
            _ => Ok(Type::Any),
        }
    }

    fn identifier(&mut self, node: &mut Node) -> Fallible<Type> {
        let Kind::Ident(name) = &node.kind else {
            return Ok(Type::Any);
        };
        if let Some((_, ty, slot)) = self.variables.iter().rev().find(|(n, ..)| n == name) {
            let (ty, slot) = (ty.clone(), *slot);
            node.kind = Kind::Var(slot);
            return Ok(ty);
        }
        let (kind, ty) = if &**name == "$env" {
            (Kind::Env, if self.modern() { Type::Unknown } else { Type::Map })
        } else if let Some(ty) = self.environment(name) {
            let kind = EnvFunction::find(name).map_or(Kind::Result, Kind::Func);
            (kind, ty)
        } else if Builtin::find(name, self.dialect).is_some() {
            (Kind::Absent, Type::BuiltinFunc)
        } else {
            return Err(fault_at(node.span, format!("unknown name {name}")));
        };
        node.kind = kind;
        Ok(ty)
    }

    /// The type of a name of Argo's environment.
    fn environment(&self, name: &str) -> Option<Type> {
        if name == "result" {
            return Some(self.result.clone());
        }
        EnvFunction::find(name).map(Type::Func)
    }

    fn unary(&mut self, op: Unary, operand: &mut Node, span: Span) -> Fallible<Type> {
        let ty = self.visit(operand)?;
        match op {
            Unary::Not | Unary::Bang if ty == Type::Bool || ty.is_any() => Ok(Type::Bool),
            Unary::Plus | Unary::Minus if ty.is_number(self.dialect) => Ok(ty),
            Unary::Plus | Unary::Minus if ty.is_any() => Ok(self.unknown()),
            _ => {
                let (op, ty) = (op.text(), self.name(&ty));
                Err(fault_at(span, format!("invalid operation: {op} (mismatched type {ty})")))
            }
        }
    }

    /// The type of what cannot be typed.
    pub(super) fn unknown(&self) -> Type {
        if self.modern() { Type::Unknown } else { Type::Any }
    }

    fn member(&mut self, node: &mut Node) -> Fallible<Type> {
        let span = node.span;
        let Kind::Member { base, property, optional, method } = &mut node.kind else {
            return Ok(Type::Any);
        };
        let literal = match &property.kind {
            Kind::Str(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        };
        let of = self.visit(base)?;
        if let Kind::Env = base.kind {
            return self.environment_member(property, literal, *optional, span);
        }
        let by = self.visit(property)?;
        if self.modern() && of.is_any() {
            return Ok(Type::Unknown);
        }
        if let Some(name) = &literal {
            if of == Type::Nil {
                let nil = if self.modern() { "nil" } else { "<nil>" };
                return Err(fault_at(span, format!("type {nil} has no field {name}")));
            }
            if matches!(of, Type::Time | Type::Duration) {
                let of = self.name(&of);
                return Err(fault_at(span, format!("type {of} has no supported member {name}")));
            }
        }
        let (of_name, by_name) = (self.name(&of), self.name(&by));
        match of.kind() {
            GoKind::Interface => Ok(Type::Any),
            GoKind::Map => {
                let nil_passes = by == Type::Nil && !self.modern();
                if nil_passes || by.is_any() || by.assignable_to(&of.key(), self.dialect) {
                    return Ok(of.elem(self.dialect));
                }
                let message = format!("cannot use {by_name} to get an element from {of_name}");
                Err(fault_at(property.span, message))
            }
            GoKind::Slice if by.is_any() || by.is_integer(self.dialect) => Ok(of.elem(self.dialect)),
            GoKind::Slice => Err(fault_at(
                property.span,
                format!("array elements can only be selected using an integer (got {by_name})"),
            )),
            _ => {
                let message = match literal {
                    Some(name) if self.modern() => {
                        let what = if *method { "method" } else { "field" };
                        format!("type {of_name} has no {what} {name}")
                    }
                    _ => format!("type {of_name}[{by_name}] is undefined"),
                };
                Err(fault_at(span, message))
            }
        }
    }

    /// A member of `$env`, which is a name of the environment after all.
    fn environment_member(
        &mut self,
        property: &mut Node,
        literal: Option<String>,
        optional: bool,
        span: Span,
    ) -> Fallible<Type> {
        if self.modern() {
            self.visit_unchecked(property);
        } else {
            self.visit(property)?;
        }
        let Some(name) = literal else {
            return Ok(self.unknown());
        };
        if let Some(ty) = self.environment(&name) {
            return Ok(ty);
        }
        if !self.modern() && Builtin::find(&name, self.dialect).is_some() {
            return Ok(Type::BuiltinFunc);
        }
        if optional {
            return Ok(self.unknown());
        }
        Err(fault_at(span, format!("unknown name {name}")))
    }

    fn slice(
        &mut self,
        base: &mut Node,
        from: &mut Option<Box<Node>>,
        to: &mut Option<Box<Node>>,
        span: Span,
    ) -> Fallible<Type> {
        let of = self.visit(base)?;
        if !of.is_any() && !of.is_list() && of != Type::Str {
            return Err(fault_at(span, format!("cannot slice {}", self.name(&of))));
        }
        for bound in from.iter_mut().chain(to) {
            if self.modern() && of.is_any() {
                self.visit_unchecked(bound);
                continue;
            }
            let ty = self.visit(bound)?;
            if !ty.is_any() && !ty.is_integer(self.dialect) {
                let message = format!("non-integer slice index {}", self.name(&ty));
                return Err(fault_at(bound.span, message));
            }
        }
        Ok(if self.modern() { of } else { of.stripped() })
    }

    fn pointer(&mut self, pointer: &Pointer, span: Span) -> Fallible<Type> {
        let Some(scope) = self.scopes.last() else {
            let what = if self.modern() { "predicate" } else { "closure" };
            let message = format!("cannot use pointer accessor outside {what}");
            return Err(fault_at(span, message));
        };
        match pointer {
            Pointer::Item if scope.collection.is_any() => Ok(self.unknown()),
            Pointer::Item => Ok(scope.collection.elem(self.dialect)),
            Pointer::Index if scope.index => Ok(Type::Int),
            Pointer::Acc if scope.acc => Ok(self.unknown()),
            Pointer::Index => Err(fault_at(span, "unknown pointer #index")),
            Pointer::Acc => Err(fault_at(span, "unknown pointer #acc")),
            Pointer::Other(name) => Err(fault_at(span, format!("unknown pointer #{name}"))),
        }
    }

    fn declaration(&mut self, node: &mut Node) -> Fallible<Type> {
        let span = node.span;
        let Kind::Let { name, slot, value, body } = &mut node.kind else {
            return Ok(Type::Any);
        };
        let taken = if self.environment(name).is_some() {
            Some("")
        } else if Builtin::find(name, self.dialect).is_some() {
            Some("builtin ")
        } else if self.variables.iter().any(|(n, ..)| n == name) {
            Some("variable ")
        } else {
            None
        };
        if let Some(what) = taken {
            return Err(fault_at(span, format!("cannot redeclare {what}{name}")));
        }
        if self.slots() >= MAX_VARIABLES {
            return Err(fault_at(span, "too many variables"));
        }
        let ty = self.visit(value)?;
        *slot = self.slots;
        self.slots += 1;
        self.variables.push((name.clone(), ty, *slot));
        let body = self.visit(body)?;
        self.variables.pop();
        Ok(body)
    }

    fn conditional(&mut self, test: &mut Node, then: &mut Node, other: &mut Node) -> Fallible<Type> {
        let ty = self.visit(test)?;
        if ty != Type::Bool && !ty.is_any() {
            let message = format!("non-bool expression (type {}) used as condition", self.name(&ty));
            return Err(fault_at(test.span, message));
        }
        let yes = self.visit(then)?;
        let no = self.visit(other)?;
        Ok(self.either(yes, no, false))
    }

    /// The type of what is one of two things; `swapped` for `??`, which prefers the left one.
    pub(super) fn either(&self, yes: Type, no: Type, swapped: bool) -> Type {
        if yes == Type::Nil {
            return no.stripped_unless(self.modern());
        }
        if no == Type::Nil {
            return yes.stripped_unless(self.modern());
        }
        let fits =
            if swapped { no.assignable_to(&yes, self.dialect) } else { yes.assignable_to(&no, self.dialect) };
        if !fits {
            return self.unknown();
        }
        if self.modern() && !swapped && yes.is_list() && no.is_list() {
            let (a, b) = (yes.elem(self.dialect), no.elem(self.dialect));
            if !a.assignable_to(&b, self.dialect) || !b.assignable_to(&a, self.dialect) {
                return Type::list(Type::Any);
            }
        }
        yes.stripped_unless(self.modern())
    }

    fn array(&mut self, nodes: &mut [Node]) -> Fallible<Type> {
        let mut last: Option<Type> = None;
        let mut uniform = true;
        for node in nodes {
            let ty = self.visit(node)?;
            if let Some(before) = &last {
                let nil = !self.modern() && (ty == Type::Nil || *before == Type::Nil);
                uniform &= !nil && ty.kind() == before.kind();
            }
            last = Some(ty);
        }
        let refined = match last {
            _ if !uniform => return Ok(Type::list(Type::Any)),
            None | Some(Type::Nil) if !self.modern() => return Ok(Type::list(Type::Any)),
            None => Type::Unknown,
            Some(ty) => ty,
        };
        Ok(Type::list_of(refined))
    }
}

impl Type {
    fn stripped_unless(self, keep: bool) -> Self {
        if keep { self } else { self.stripped() }
    }
}
