//! The evaluator: a checked tree and a result in, a value or the engine's panic out.
//!
//! Enters: a checked tree and a result. Leaves: a value, or the engine's panic.
//! It deliberately touches no clock: `now()` is given to it; operators are in `operate`, builtins in `call_*`.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, vm/vm.go.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Dialect;
use super::ast::{EnvFunction, Kind, Node, Op, Pointer, Unary};
use super::error::{Fallible, fault};
use super::operate::{as_float, as_int, compare, fetch};
use super::val::{AnyList, AnyMap, Key, MapKind, Shared, Val, go_int};
use super::value::Value;

/// The engine's own limit: elements of lists and maps made by one evaluation.
const MEMORY_BUDGET: u64 = 1_000_000;
/// Steps of one evaluation; the engine has no such limit and would run for hours.
const MAX_STEPS: u64 = 3_000_000;
/// Bytes copied by one evaluation, which the engine leaves to the process.
const MAX_BYTES: u64 = 128 << 20;
/// Deepest nesting of values.
const MAX_VALUE_DEPTH: u32 = 200;

/// A collection that a predicate runs over.
struct Scope<'a> {
    list: Val<'a>,
    len: usize,
    index: usize,
    acc: Val<'a>,
}

pub(super) struct Machine<'a> {
    pub(super) dialect: Dialect,
    result: &'a Value,
    /// Nanoseconds since 1970 that `now()` gives.
    pub(super) now: i64,
    /// `$env` as a value, made once so that it equals itself.
    environment: Option<Val<'a>>,
    variables: Vec<Val<'a>>,
    scopes: Vec<Scope<'a>>,
    memory: u64,
    steps: u64,
    bytes: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(result: &'a Value, slots: usize, now: i64, dialect: Dialect) -> Self {
        let variables = vec![Val::Nil; slots];
        Self {
            dialect,
            result,
            now,
            environment: None,
            variables,
            scopes: Vec::new(),
            memory: 0,
            steps: 0,
            bytes: 0,
        }
    }

    pub(super) fn modern(&self) -> bool {
        self.dialect == Dialect::V1_17_8
    }

    /// Counts elements against the engine's own budget.
    pub(super) fn grow(&mut self, elements: usize) -> Fallible<()> {
        self.memory = self.memory.saturating_add(elements as u64);
        if self.memory >= MEMORY_BUDGET { Err(fault("memory budget exceeded")) } else { Ok(()) }
    }

    /// Counts steps against the limit that keeps every evaluation short.
    pub(super) fn step(&mut self, count: usize) -> Fallible<()> {
        self.steps = self.steps.saturating_add(count as u64);
        if self.steps > MAX_STEPS { Err(fault("step budget exceeded")) } else { Ok(()) }
    }

    /// Counts bytes about to be copied.
    pub(super) fn copy(&mut self, bytes: usize) -> Fallible<()> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > MAX_BYTES { Err(fault("memory budget exceeded")) } else { Ok(()) }
    }

    pub(super) fn list(&mut self, items: Vec<Val<'a>>) -> Fallible<Rc<AnyList<'a>>> {
        self.copy(items.len() * size_of::<Val>())?;
        self.step(items.len())?;
        let depth = items.iter().map(Val::depth).max().unwrap_or(0) + 1;
        if depth > MAX_VALUE_DEPTH {
            return Err(fault("value is nested too deeply"));
        }
        Ok(Rc::new(AnyList { items, depth }))
    }

    pub(super) fn anys(&mut self, items: Vec<Val<'a>>) -> Fallible<Val<'a>> {
        Ok(Val::Anys(self.list(items)?))
    }

    pub(super) fn map(
        &mut self,
        kind: MapKind,
        entries: BTreeMap<Key, (Val<'a>, Val<'a>)>,
    ) -> Fallible<Val<'a>> {
        self.copy(entries.len() * 2 * size_of::<Val>())?;
        let depth = entries.values().map(|(_, v)| v.depth()).max().unwrap_or(0) + 1;
        if depth > MAX_VALUE_DEPTH {
            return Err(fault("value is nested too deeply"));
        }
        Ok(Val::Map(Rc::new(AnyMap { kind, entries, depth })))
    }

    pub(super) fn eval(&mut self, node: &'a Node) -> Fallible<Val<'a>> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(fault("step budget exceeded"));
        }
        let value = match &node.kind {
            Kind::Nil | Kind::Absent => return Ok(Val::Nil),
            // A name the checker never came to.
            Kind::Ident(name) => return Ok(self.environment_value(name.as_bytes())),
            Kind::Bool(b) => return Ok(Val::Bool(*b)),
            Kind::Int(i) => return Ok(Val::Int(*i)),
            Kind::Float(x) => return Ok(Val::Float(*x)),
            Kind::Str(s) => return Ok(Val::Str(Shared::Borrowed(s))),
            Kind::Bytes(b) => return Ok(Val::Bytes(Shared::Borrowed(b))),
            Kind::Result => return Ok(Val::from(self.result)),
            Kind::Func(function) => return Ok(Val::Func(*function)),
            Kind::Predicate(body) => return self.eval(body),
            Kind::Unary(op, operand) => self.unary(*op, operand),
            Kind::Binary(binary, left, right) => self.binary(binary.op, left, right),
            Kind::Member { base, property, .. } => self.member(base, property),
            Kind::Cond(test, then, other) => self.conditional(test, then, other),
            Kind::Call(callee, args) => self.call(callee, args),
            Kind::Builtin(builtin, args) => self.builtin(*builtin, args),
            other => self.eval_rare(other),
        };
        match value {
            Err(mut error) if error.span.is_none() => {
                error.span = Some(node.span);
                Err(error)
            }
            value => value,
        }
    }

    fn eval_rare(&mut self, kind: &'a Kind) -> Fallible<Val<'a>> {
        match kind {
            Kind::Env => self.environment(),
            Kind::Var(slot) => Ok(self.variables.get(usize::from(*slot)).cloned().unwrap_or(Val::Nil)),
            Kind::Let { slot, value, body, .. } => {
                let value = self.eval(value)?;
                if let Some(place) = self.variables.get_mut(usize::from(*slot)) {
                    *place = value;
                }
                self.eval(body)
            }
            Kind::InInts(left, set) => self.in_ints(left, set),
            Kind::InStrs(left, set) => self.in_strings(left, set),
            Kind::InRange(left, from, to) => {
                let value = self.eval(left)?;
                let above = compare(Op::MoreOrEqual, &value, &Val::Int(*from))?;
                let within = above && compare(Op::LessOrEqual, &value, &Val::Int(*to))?;
                Ok(Val::Bool(within))
            }
            Kind::ConstRange(from, to) => {
                let len = to.saturating_sub(*from).saturating_add(1).max(0) as usize;
                Ok(Val::Ints { start: *from, len })
            }
            Kind::MatchesConst(left, regex) => match self.eval(left)? {
                Val::Str(text) => {
                    self.step(text.len() / 8)?;
                    Ok(Val::Bool(regex.is_match(&text)))
                }
                Val::Bytes(text) if self.modern() => Ok(Val::Bool(regex.is_match(&text))),
                Val::Nil if self.modern() => Ok(Val::Bool(false)),
                other => {
                    let wanted = if self.modern() { "[]uint8" } else { "string" };
                    Err(conversion(&other, wanted))
                }
            },
            Kind::Chain(inner) => Ok(self.chain(inner)?.unwrap_or(Val::Nil)),
            Kind::Slice { base, from, to } => self.slice(base, from.as_deref(), to.as_deref()),
            Kind::Filter { list, test, map } => self.filter(list, test, map.as_deref()),
            Kind::Find { list, test, map, last, throws } => {
                self.find(list, test, map.as_deref(), *last, *throws)
            }
            Kind::Pointer(pointer) => self.pointer(pointer),
            Kind::Array(nodes) => {
                let items = self.eval_all(nodes)?;
                self.grow(items.len())?;
                self.anys(items)
            }
            Kind::ConstArray(nodes) => {
                let items = self.eval_all(nodes)?;
                self.anys(items)
            }
            Kind::Map(pairs) => self.map_literal(pairs),
            Kind::Sequence(nodes) => {
                let mut last = Val::Nil;
                for node in nodes {
                    last = self.eval(node)?;
                }
                Ok(last)
            }
            _ => Ok(Val::Nil),
        }
    }

    pub(super) fn eval_all(&mut self, nodes: &'a [Node]) -> Fallible<Vec<Val<'a>>> {
        nodes.iter().map(|node| self.eval(node)).collect()
    }

    pub(super) fn eval_bool(&mut self, node: &'a Node) -> Fallible<bool> {
        match self.eval(node)? {
            Val::Bool(b) => Ok(b),
            other => Err(conversion(&other, "bool")),
        }
    }

    fn unary(&mut self, op: Unary, operand: &'a Node) -> Fallible<Val<'a>> {
        match op {
            Unary::Not | Unary::Bang => Ok(Val::Bool(!self.eval_bool(operand)?)),
            Unary::Plus => self.eval(operand),
            Unary::Minus => match self.eval(operand)? {
                Val::Int(i) => Ok(Val::Int(i.wrapping_neg())),
                Val::Int64(i) => Ok(Val::Int64(i.wrapping_neg())),
                Val::Uint8(b) => Ok(Val::Uint8(b.wrapping_neg())),
                Val::Float(x) => Ok(Val::Float(-x)),
                other => Err(fault(format!("invalid operation: - {}", other.type_name()))),
            },
        }
    }

    fn conditional(&mut self, test: &'a Node, then: &'a Node, other: &'a Node) -> Fallible<Val<'a>> {
        if self.eval_bool(test)? { self.eval(then) } else { self.eval(other) }
    }

    fn member(&mut self, base: &'a Node, property: &'a Node) -> Fallible<Val<'a>> {
        if let (Kind::Env, Kind::Str(name)) = (&base.kind, &property.kind) {
            return Ok(self.environment_value(name));
        }
        let of = self.eval(base)?;
        let by = self.eval(property)?;
        fetch(self.modern(), &of, &by)
    }

    /// Runs a chain of members: `None` where `?.` met nil and the rest is skipped.
    fn chain(&mut self, node: &'a Node) -> Fallible<Option<Val<'a>>> {
        match &node.kind {
            Kind::Member { base, property, optional, .. } => {
                if let (Kind::Env, Kind::Str(name)) = (&base.kind, &property.kind) {
                    return Ok(Some(self.environment_value(name)));
                }
                let Some(of) = self.chain(base)? else {
                    return Ok(None);
                };
                if *optional && of.is_nil() {
                    return Ok(None);
                }
                let by = self.eval(property)?;
                fetch(self.modern(), &of, &by).map(Some)
            }
            Kind::Call(callee, args) => {
                let args = self.eval_all(args)?;
                let Some(function) = self.chain(callee)? else {
                    return Ok(None);
                };
                self.apply(&function, &args).map(Some)
            }
            Kind::Slice { base, from, to } => {
                let Some(of) = self.chain(base)? else {
                    return Ok(None);
                };
                self.slice_of(&of, from.as_deref(), to.as_deref()).map(Some)
            }
            _ => self.eval(node).map(Some),
        }
    }

    fn slice(&mut self, base: &'a Node, from: Option<&'a Node>, to: Option<&'a Node>) -> Fallible<Val<'a>> {
        let of = self.eval(base)?;
        self.slice_of(&of, from, to)
    }

    fn environment_value(&self, name: &[u8]) -> Val<'a> {
        let name = std::str::from_utf8(name).unwrap_or_default();
        if name == "result" {
            return Val::from(self.result);
        }
        EnvFunction::find(name).map_or(Val::Nil, Val::Func)
    }

    fn environment(&mut self) -> Fallible<Val<'a>> {
        if let Some(made) = &self.environment {
            return Ok(made.clone());
        }
        let names = EnvFunction::ALL.iter().map(|(name, _)| *name).chain(["result"]);
        let entries = names
            .map(|name| {
                let value = self.environment_value(name.as_bytes());
                (Key::Text(name.as_bytes().to_vec()), (Val::text(name), value))
            })
            .collect();
        let made = self.map(MapKind::Text, entries)?;
        self.environment = Some(made.clone());
        Ok(made)
    }

    fn map_literal(&mut self, pairs: &'a [(Node, Node)]) -> Fallible<Val<'a>> {
        let mut values = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            values.push((self.eval(key)?, self.eval(value)?));
        }
        self.grow(values.len())?;
        let mut entries = BTreeMap::new();
        // The engine fills the map from the last pair on, so the first of two equal keys stays.
        for (key, value) in values.into_iter().rev() {
            let Val::Str(text) = &key else {
                return Err(conversion(&key, "string"));
            };
            entries.insert(Key::Text(text.to_vec()), (key, value));
        }
        self.map(MapKind::Text, entries)
    }

    fn call(&mut self, callee: &'a Node, args: &'a [Node]) -> Fallible<Val<'a>> {
        if let (Kind::Func(function), [arg]) = (&callee.kind, args) {
            // The usual call, without a list of arguments.
            let arg = self.eval(arg)?;
            return self.apply(&Val::Func(*function), std::slice::from_ref(&arg));
        }
        let args = self.eval_all(args)?;
        let function = self.eval(callee)?;
        self.apply(&function, &args)
    }

    /// Calls one of Argo's functions.
    /// Source: Argo Rollouts v1.9.1, utils/evaluate/evaluate.go.
    fn apply(&mut self, function: &Val<'a>, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        let Val::Func(function) = function else {
            return Err(fault("invalid operation: cannot call nil"));
        };
        let first = args.first().unwrap_or(&Val::Nil);
        let nil = matches!(self.result, Value::Nil);
        Ok(match function {
            EnvFunction::IsNaN | EnvFunction::IsInf => {
                let Val::Float(x) = first else {
                    return Err(conversion(first, "float64"));
                };
                let not_a_number = *function == EnvFunction::IsNaN;
                Val::Bool(if not_a_number { x.is_nan() } else { x.is_infinite() })
            }
            // Both look at the whole result and ignore what they are given.
            EnvFunction::IsNil => Val::Bool(nil),
            EnvFunction::Default if nil => args.get(1).cloned().unwrap_or(Val::Nil),
            EnvFunction::Default => Val::from(self.result),
            EnvFunction::AsInt => Val::Int64(as_int(first)?),
            EnvFunction::AsFloat => Val::Float(as_float(first)?),
        })
    }

    /// Runs `body` over each element of a collection until it says to stop.
    pub(super) fn iterate(
        &mut self,
        list: &'a Node,
        backwards: bool,
        body: &mut dyn FnMut(&mut Self) -> Fallible<bool>,
    ) -> Fallible<()> {
        let list = self.eval(list)?;
        self.begin(list)?;
        let len = self.scopes.last().map_or(0, |s| s.len);
        for step in 0..len {
            let index = if backwards { len - 1 - step } else { step };
            if let Some(scope) = self.scopes.last_mut() {
                scope.index = index;
            }
            if !body(self)? {
                break;
            }
        }
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn begin(&mut self, list: Val<'a>) -> Fallible<()> {
        let text = if let Val::Str(s) = &list { Some(s.len()) } else { None };
        let Some(len) = list.list_len().or_else(|| list.map_len()).or(text) else {
            let kind = if let Val::Nil = list { "zero" } else { list.kind_name() };
            return Err(fault(format!("reflect: call of reflect.Value.Len on {kind} Value")));
        };
        self.scopes.push(Scope { list, len, index: 0, acc: Val::Nil });
        Ok(())
    }

    pub(super) fn end(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn scope_len(&self) -> usize {
        self.scopes.last().map_or(0, |s| s.len)
    }

    pub(super) fn set_index(&mut self, index: usize) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.index = index;
        }
    }

    pub(super) fn set_acc(&mut self, acc: Val<'a>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.acc = acc;
        }
    }

    pub(super) fn acc(&self) -> Val<'a> {
        self.scopes.last().map_or(Val::Nil, |s| s.acc.clone())
    }

    pub(super) fn index(&self) -> usize {
        self.scopes.last().map_or(0, |s| s.index)
    }

    /// The element the innermost predicate looks at.
    pub(super) fn item(&self) -> Fallible<Val<'a>> {
        let Some(scope) = self.scopes.last() else {
            return Ok(Val::Nil);
        };
        scope.list.item(scope.index).ok_or_else(|| match scope.list.kind_name() {
            "slice" => fault("reflect: slice index out of range"),
            kind => fault(format!("reflect: call of reflect.Value.Index on {kind} Value")),
        })
    }

    fn pointer(&mut self, pointer: &Pointer) -> Fallible<Val<'a>> {
        match pointer {
            Pointer::Item => self.item(),
            Pointer::Index => Ok(Val::Int(go_int(self.index()))),
            Pointer::Acc => Ok(self.acc()),
            Pointer::Other(name) => Err(fault(format!("unknown pointer {name}"))),
        }
    }
}

/// Go's panic when a value is asserted to be of a type it is not.
#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
pub(super) fn conversion(val: &Val, wanted: &str) -> Box<super::error::Fault> {
    let is = if let Val::Nil = val { "nil" } else { val.type_name() };
    fault(format!("interface conversion: interface {{}} is {is}, not {wanted}"))
}
