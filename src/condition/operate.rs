//! Operators on values: comparison, arithmetic, membership, members and slices.
//!
//! Enters: an operator and values. Leaves: a value, or the engine's panic.
//! It deliberately knows no tree.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, vm/runtime.

use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::{Kind, Node, Op};
use super::error::{Fallible, fault};
use super::format::write_value;
use super::gotext::{float_to_int, parse_float, parse_int};
use super::machine::{Machine, conversion};
use super::pattern::compile;
use super::val::{Key, MapKind, Number, Shared, Val, go_int};

impl<'a> Machine<'a> {
    pub(super) fn binary(&mut self, op: Op, left: &'a Node, right: &'a Node) -> Fallible<Val<'a>> {
        match op {
            Op::Or => return Ok(Val::Bool(self.eval_bool(left)? || self.eval_bool(right)?)),
            Op::And => return Ok(Val::Bool(self.eval_bool(left)? && self.eval_bool(right)?)),
            Op::Coalesce => {
                let value = self.eval(left)?;
                return if value.is_nil() { self.eval(right) } else { Ok(value) };
            }
            _ => {}
        }
        let a = self.eval(left)?;
        let b = self.eval(right)?;
        match op {
            Op::Less | Op::More | Op::LessOrEqual | Op::MoreOrEqual => compare(op, &a, &b).map(Val::Bool),
            Op::Equal => self.equal(&a, &b).map(Val::Bool),
            Op::NotEqual => self.equal(&a, &b).map(|same| Val::Bool(!same)),
            _ => self.binary_values(op, &a, &b),
        }
    }

    fn binary_values(&mut self, op: Op, a: &Val<'a>, b: &Val<'a>) -> Fallible<Val<'a>> {
        match op {
            Op::EqualInt => match (a, b) {
                (Val::Int(a), Val::Int(b)) => Ok(Val::Bool(a == b)),
                (Val::Int(_), other) | (other, _) => Err(conversion(other, "int")),
            },
            Op::EqualStr => match (a, b) {
                (Val::Str(a), Val::Str(b)) => Ok(Val::Bool(a[..] == b[..])),
                (Val::Str(_), other) | (other, _) => Err(conversion(other, "string")),
            },
            Op::In => self.contains(b, a).map(Val::Bool),
            Op::Matches | Op::Contains | Op::StartsWith | Op::EndsWith => {
                self.text_test(op, a, b).map(Val::Bool)
            }
            Op::Range => {
                let (from, to) = (to_int(a)?, to_int(b)?);
                let len = to.wrapping_sub(from).wrapping_add(1).max(0) as usize;
                self.grow(len)?;
                Ok(Val::Ints { start: from, len })
            }
            Op::Power => {
                let (a, b) = (to_float(a)?, to_float(b)?);
                Ok(Val::Float(libm::pow(a, b)))
            }
            _ => self.arithmetic(op, a, b),
        }
    }

    /// The engine's `==`: numbers by value, everything else by Go's deep equality.
    pub(super) fn equal(&mut self, a: &Val<'a>, b: &Val<'a>) -> Fallible<bool> {
        match (a.number(), b.number()) {
            (Some(Number::Int(a)), Some(Number::Int(b))) => return Ok(a == b),
            (Some(a), Some(b)) => return Ok(a.float() == b.float()),
            _ => {}
        }
        if self.modern() {
            let (left, right) = (is_plain_list(a), is_plain_list(b));
            // Lists of the newer engine are equal when their elements are.
            let typed = a.type_name() == b.type_name();
            let loose = is_anys(a) || is_anys(b);
            if left && right && (typed || loose) {
                if a.list_len() != b.list_len() {
                    return Ok(false);
                }
                self.step(a.list_len().unwrap_or(0))?;
                for (x, y) in a.items().zip(b.items()) {
                    if !self.equal(&x, &y)? {
                        return Ok(false);
                    }
                }
                return Ok(true);
            }
        }
        if a.is_nil() && b.is_nil() {
            return Ok(true);
        }
        self.deep_equal(a, b)
    }

    /// Go's `reflect.DeepEqual`: types must be the same, and what is the same object is equal.
    fn deep_equal(&mut self, a: &Val<'a>, b: &Val<'a>) -> Fallible<bool> {
        self.step(1)?;
        if a.type_name() != b.type_name() {
            return Ok(false);
        }
        match (a, b) {
            (Val::Nil, Val::Nil) => return Ok(true),
            (Val::Bool(a), Val::Bool(b)) => return Ok(a == b),
            (Val::Int(a), Val::Int(b))
            | (Val::Int64(a), Val::Int64(b))
            | (Val::Time(a), Val::Time(b))
            | (Val::Duration(a), Val::Duration(b)) => return Ok(a == b),
            (Val::Float(a), Val::Float(b)) => return Ok(a == b),
            (Val::Uint8(a), Val::Uint8(b)) => return Ok(a == b),
            (Val::Str(a), Val::Str(b)) | (Val::Bytes(a), Val::Bytes(b)) => {
                return Ok(a[..] == b[..]);
            }
            (Val::Func(_), _) => return Ok(false),
            _ => {}
        }
        if a.is_nil() || b.is_nil() {
            return Ok(a.is_nil() && b.is_nil());
        }
        if same_object(a, b) {
            return Ok(true);
        }
        if a.map_len().is_some() {
            return self.maps_equal(a, b);
        }
        if a.list_len() != b.list_len() {
            return Ok(false);
        }
        for (x, y) in a.items().zip(b.items()) {
            if !self.deep_equal(&x, &y)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn maps_equal(&mut self, a: &Val<'a>, b: &Val<'a>) -> Fallible<bool> {
        if a.map_len() != b.map_len() {
            return Ok(false);
        }
        for ((ka, va), (kb, vb)) in a.entries().iter().zip(b.entries()) {
            if ka.key(0) != kb.key(0) || !self.deep_equal(va, &vb)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn contains(&mut self, list: &Val<'a>, needle: &Val<'a>) -> Fallible<bool> {
        if let Val::Nil = list {
            return Ok(false);
        }
        if list.list_len().is_some() {
            for item in list.items() {
                self.step(1)?;
                if self.equal(&item, needle)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if list.map_len().is_some() {
            return Ok(lookup(list, needle)?.is_some());
        }
        if let Val::Time(_) = list {
            return match needle {
                Val::Str(_) => Ok(false),
                other => {
                    let (a, b) = (other.type_name(), list.type_name());
                    Err(fault(format!("cannot use {a} as field name of {b}")))
                }
            };
        }
        Err(fault(format!("operator \"in\" not defined on {}", list.type_name())))
    }

    pub(super) fn in_ints(&mut self, left: &'a Node, set: &[i64]) -> Fallible<Val<'a>> {
        match self.eval(left)? {
            Val::Int(i) => Ok(Val::Bool(set.contains(&i))),
            Val::Nil => Ok(Val::Bool(set.contains(&0))),
            other => Err(map_index(&other, "int")),
        }
    }

    pub(super) fn in_strings(&mut self, left: &'a Node, set: &[Box<[u8]>]) -> Fallible<Val<'a>> {
        match self.eval(left)? {
            Val::Str(s) => Ok(Val::Bool(set.iter().any(|t| t[..] == s[..]))),
            Val::Nil => Ok(Val::Bool(set.iter().any(|t| t.is_empty()))),
            other => Err(map_index(&other, "string")),
        }
    }

    fn text_test(&mut self, op: Op, a: &Val<'a>, b: &Val<'a>) -> Fallible<bool> {
        if self.modern() && (matches!(a, Val::Nil) || matches!(b, Val::Nil)) {
            return Ok(false);
        }
        let Val::Str(a) = a else {
            return Err(conversion(a, "string"));
        };
        let Val::Str(b) = b else {
            return Err(conversion(b, "string"));
        };
        self.step(a.len() / 8 + a.len().saturating_mul(b.len()) / 1024)?;
        Ok(match op {
            Op::Contains => contains_bytes(a, b),
            Op::StartsWith => a.starts_with(b),
            Op::EndsWith => a.ends_with(b),
            _ => {
                // Compiling a pattern costs far more than a step.
                self.step(2_000 + b.len() * 10)?;
                compile(&String::from_utf8_lossy(b)).map_err(fault)?.is_match(a)
            }
        })
    }

    pub(super) fn arithmetic(&mut self, op: Op, a: &Val<'a>, b: &Val<'a>) -> Fallible<Val<'a>> {
        if let (Some(x), Some(y)) = (a.number(), b.number()) {
            if let Some(value) = numeric(op, x, y)? {
                return Ok(value);
            }
        } else if let (Op::Add, Val::Str(x), Val::Str(y)) = (op, a, b) {
            self.copy(x.len() + y.len())?;
            return Ok(Val::Str([&x[..], &y[..]].concat().into()));
        } else if let Some(value) = moments(op, a, b) {
            return Ok(value);
        }
        let (a, b, sign) = (a.type_name(), b.type_name(), sign(op));
        Err(fault(format!("invalid operation: {a} {sign} {b}")))
    }

    pub(super) fn slice_of(
        &mut self,
        of: &Val<'a>,
        from: Option<&'a Node>,
        to: Option<&'a Node>,
    ) -> Fallible<Val<'a>> {
        let text = if let Val::Str(s) = of { Some(s.len()) } else { None };
        let len = of.list_len().or(text);
        let end = if let Some(node) = to {
            self.eval(node)?
        } else {
            let Some(len) = len.or(of.map_len()) else {
                let name = of.type_name();
                return Err(fault(format!("invalid argument for len (type {name})")));
            };
            Val::Int(go_int(len))
        };
        let start = match from {
            Some(node) => self.eval(node)?,
            None => Val::Int(0),
        };
        let Some(len) = len else {
            let mut text = Vec::new();
            write_value(&start, &mut text);
            let text = String::from_utf8_lossy(&text).into_owned();
            return Err(fault(format!("cannot slice {text}")));
        };
        let bound = |i: i64| {
            let i = if i < 0 { i.saturating_add(go_int(len)) } else { i };
            usize::try_from(i).unwrap_or(0).min(len)
        };
        let (start, end) = (bound(to_int(&start)?), bound(to_int(&end)?));
        self.subslice(of, start.min(end), end)
    }

    /// The elements from `start` up to `end`, which lie within the value.
    pub(super) fn subslice(&mut self, of: &Val<'a>, start: usize, end: usize) -> Fallible<Val<'a>> {
        let length = end.saturating_sub(start);
        self.step(length)?;
        self.copy(length * size_of::<Val>())?;
        Ok(match of {
            Val::Str(s) => Val::Str(part(s, start, end)),
            Val::Bytes(b) => Val::Bytes(part(b, start, end)),
            Val::Floats(xs) => Val::Floats(part(xs, start, end)),
            Val::Ints { start: first, .. } => {
                Val::Ints { start: first.wrapping_add(go_int(start)), len: length }
            }
            Val::Strs(s) => Val::Strs(s.get(start..end).unwrap_or_default().into()),
            Val::Borrowed(items) => Val::Borrowed(items.get(start..end).unwrap_or_default()),
            Val::Pairs(_) => Val::Pairs(self.list(of.items().skip(start).take(length).collect())?),
            _ => self.anys(of.items().skip(start).take(length).collect())?,
        })
    }
}

pub(super) fn compare(op: Op, a: &Val, b: &Val) -> Fallible<bool> {
    let order = match (a, b) {
        (Val::Str(a), Val::Str(b)) => Some(a[..].cmp(&b[..])),
        (Val::Time(a), Val::Time(b)) | (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
        _ => match (a.number(), b.number()) {
            (Some(Number::Int(a)), Some(Number::Int(b))) => Some(a.cmp(&b)),
            (Some(a), Some(b)) => a.float().partial_cmp(&b.float()),
            _ => {
                let (a, b, sign) = (a.type_name(), b.type_name(), sign(op));
                return Err(fault(format!("invalid operation: {a} {sign} {b}")));
            }
        },
    };
    Ok(match op {
        Op::Less => order == Some(Ordering::Less),
        Op::More => order == Some(Ordering::Greater),
        Op::LessOrEqual => order.is_some_and(Ordering::is_le),
        _ => order.is_some_and(Ordering::is_ge),
    })
}

/// What a map holds for a key.
pub(super) fn lookup<'a>(map: &Val<'a>, key: &Val<'a>) -> Fallible<Option<Val<'a>>> {
    let textual = match map {
        Val::Map(map) => map.kind == MapKind::Text,
        _ => true,
    };
    if textual && !matches!(key, Val::Str(_) | Val::Nil) {
        return Err(map_index(key, "string"));
    }
    match map {
        Val::Table(map) => {
            let name = match key {
                Val::Str(text) => std::str::from_utf8(text).ok(),
                _ => Some(""),
            };
            Ok(name.and_then(|name| map.get(name)).map(Val::from))
        }
        Val::Map(map) => {
            let key = if let (true, Val::Nil) = (textual, key) {
                Key::Text(Vec::new())
            } else {
                // A NaN is found by no key, not even by itself.
                key.key(u64::MAX).ok_or_else(|| unhashable(key))?
            };
            Ok(map.entries.get(&key).map(|(_, value)| value.clone()))
        }
        _ => Ok(None),
    }
}

/// The engine's `ToInt`, for indices and bounds.
pub(super) fn to_int(val: &Val) -> Fallible<i64> {
    match val {
        Val::Int(i) | Val::Int64(i) => Ok(*i),
        Val::Uint8(b) => Ok(i64::from(*b)),
        Val::Float(x) => Ok(float_to_int(*x)),
        other => Err(fault(format!("invalid operation: int({})", other.type_name()))),
    }
}

pub(super) fn as_int(val: &Val) -> Fallible<i64> {
    match val {
        Val::Int(i) | Val::Int64(i) => Ok(*i),
        Val::Uint8(b) => Ok(i64::from(*b)),
        Val::Float(x) => Ok(float_to_int(*x)),
        Val::Str(s) => parse_int(&String::from_utf8_lossy(s), 10, "ParseInt").map_err(fault),
        other => Err(unsupported("asInt", other)),
    }
}

pub(super) fn as_float(val: &Val) -> Fallible<f64> {
    match val {
        Val::Int(i) | Val::Int64(i) => Ok(*i as f64),
        Val::Uint8(b) => Ok(f64::from(*b)),
        Val::Float(x) => Ok(*x),
        Val::Str(s) => parse_float(&String::from_utf8_lossy(s)).map_err(fault),
        other => Err(unsupported("asFloat", other)),
    }
}

/// A member of a map or an element of a list.
pub(super) fn fetch<'a>(modern: bool, of: &Val<'a>, by: &Val<'a>) -> Fallible<Val<'a>> {
    let text = if let Val::Str(s) = of { Some(s.len()) } else { None };
    if let Some(len) = of.list_len().or(text) {
        let index = to_int(by)?;
        let at = if index < 0 { index.wrapping_add(go_int(len)) } else { index };
        return match usize::try_from(at).ok().and_then(|at| of.item(at)) {
            Some(item) => Ok(item),
            None if modern => Err(fault(format!("index out of range: {at} (array length is {len})"))),
            None => Err(fault(format!("reflect: {} index out of range", of.kind_name()))),
        };
    }
    if of.map_len().is_some() {
        let missing = match of {
            Val::Map(map) if map.kind == MapKind::Groups => Val::NilList,
            _ => Val::Nil,
        };
        return Ok(lookup(of, by)?.unwrap_or(missing));
    }
    let mut name = Vec::new();
    write_value(by, &mut name);
    let name = String::from_utf8_lossy(&name).into_owned();
    Err(fault(format!("cannot fetch {name} from {}", of.type_name())))
}

fn part<'a, T: Clone>(items: &Shared<'a, T>, start: usize, end: usize) -> Shared<'a, T> {
    match items {
        Shared::Borrowed(items) => Shared::Borrowed(items.get(start..end).unwrap_or_default()),
        Shared::Owned(items) => items.get(start..end).unwrap_or_default().to_vec().into(),
    }
}

fn numeric<'a>(op: Op, x: Number, y: Number) -> Fallible<Option<Val<'a>>> {
    if op == Op::Divide {
        return Ok(Some(Val::Float(x.float() / y.float())));
    }
    Ok(Some(match (op, x, y) {
        (Op::Add, Number::Int(x), Number::Int(y)) => Val::Int(x.wrapping_add(y)),
        (Op::Subtract, Number::Int(x), Number::Int(y)) => Val::Int(x.wrapping_sub(y)),
        (Op::Multiply, Number::Int(x), Number::Int(y)) => Val::Int(x.wrapping_mul(y)),
        (Op::Modulo, Number::Int(_), Number::Int(0)) => {
            return Err(fault("runtime error: integer divide by zero"));
        }
        (Op::Modulo, Number::Int(x), Number::Int(y)) => Val::Int(x.wrapping_rem(y)),
        (Op::Add, x, y) => Val::Float(x.float() + y.float()),
        (Op::Subtract, x, y) => Val::Float(x.float() - y.float()),
        (Op::Multiply, x, y) => Val::Float(x.float() * y.float()),
        _ => return Ok(None),
    }))
}

/// Arithmetic of moments and durations.
fn moments<'a>(op: Op, a: &Val, b: &Val) -> Option<Val<'a>> {
    Some(match (op, a, b) {
        (Op::Add, Val::Time(t), Val::Duration(d)) | (Op::Add, Val::Duration(d), Val::Time(t)) => {
            Val::Time(t.wrapping_add(*d))
        }
        (Op::Add, Val::Duration(a), Val::Duration(b)) => Val::Duration(a.wrapping_add(*b)),
        (Op::Subtract, Val::Time(a), Val::Time(b)) => Val::Duration(a.saturating_sub(*b)),
        (Op::Subtract, Val::Time(t), Val::Duration(d)) => Val::Time(t.wrapping_sub(*d)),
        (Op::Subtract, Val::Duration(a), Val::Duration(b)) => Val::Duration(a.wrapping_sub(*b)),
        (Op::Multiply, Val::Duration(a), Val::Duration(b)) => Val::Duration(a.wrapping_mul(*b)),
        (Op::Multiply, Val::Duration(d), other) | (Op::Multiply, other, Val::Duration(d)) => {
            match other.number()? {
                Number::Int(i) => Val::Duration(d.wrapping_mul(i)),
                Number::Float(x) => Val::Float(*d as f64 * x),
            }
        }
        _ => return None,
    })
}

pub(super) fn to_float(val: &Val) -> Fallible<f64> {
    match val.number() {
        Some(number) => Ok(number.float()),
        None => Err(fault(format!("invalid operation: float({})", val.type_name()))),
    }
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Less => "<",
        Op::More => ">",
        Op::LessOrEqual => "<=",
        Op::MoreOrEqual => ">=",
        Op::Add => "+",
        Op::Subtract => "-",
        Op::Multiply => "*",
        Op::Divide => "/",
        _ => "%",
    }
}

fn is_anys(val: &Val) -> bool {
    matches!(val, Val::Anys(_) | Val::Borrowed(_) | Val::NilList)
}

fn is_plain_list(val: &Val) -> bool {
    is_anys(val) || matches!(val, Val::Floats(_) | Val::Ints { .. } | Val::Strs(_) | Val::Bytes(_))
}

/// Whether two values share their storage, which Go's deep equality takes for equality.
fn same_object(a: &Val, b: &Val) -> bool {
    match (a, b) {
        (Val::Floats(a), Val::Floats(b)) => std::ptr::eq(&raw const a[..], &raw const b[..]),
        (Val::Borrowed(a), Val::Borrowed(b)) => std::ptr::eq(&raw const **a, &raw const **b),
        (Val::Anys(a), Val::Anys(b)) | (Val::Pairs(a), Val::Pairs(b)) => Rc::ptr_eq(a, b),
        (Val::Table(a), Val::Table(b)) => std::ptr::eq(*a, *b),
        (Val::Map(a), Val::Map(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

fn contains_bytes(text: &[u8], part: &[u8]) -> bool {
    find_bytes(text, part).is_some()
}

/// The first place of some bytes in others.
pub(super) fn find_bytes(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    text.windows(part.len()).position(|w| w == part)
}

#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
fn map_index(key: &Val, wanted: &str) -> Box<super::error::Fault> {
    let is = key.type_name();
    fault(format!("reflect.Value.MapIndex: value of type {is} is not assignable to type {wanted}"))
}

#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
pub(super) fn unhashable(key: &Val) -> Box<super::error::Fault> {
    fault(format!("hash of unhashable type: {}", key.type_name()))
}

#[expect(clippy::unnecessary_box_returns, reason = "faults are rare and results stay small")]
fn unsupported(function: &str, val: &Val) -> Box<super::error::Fault> {
    let mut text = Vec::new();
    write_value(val, &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    fault(format!("{function}() not supported on {} {text}", val.type_name()))
}

/// Whether a node is a list of values that are added up one by one.
pub(super) fn literal_items(node: &Node) -> Option<&[Node]> {
    match &node.kind {
        Kind::Array(items) if items.len() >= 2 => Some(items),
        _ => None,
    }
}
