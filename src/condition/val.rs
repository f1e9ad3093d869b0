//! Values while a condition runs: Go's dynamic types, borrowed where they can be.
//!
//! Enters: Go's dynamic types. Leaves: values, borrowed where they can be.
//! It deliberately knows nothing of trees or operators.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use super::ast::EnvFunction;
use super::value::Value;

/// A slice that is borrowed from the condition or its result, or shared among values.
#[derive(Debug, Clone)]
pub(super) enum Shared<'a, T> {
    Borrowed(&'a [T]),
    Owned(Rc<[T]>),
}

impl<T> Deref for Shared<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Borrowed(items) => items,
            Self::Owned(items) => items,
        }
    }
}

impl<T> From<Vec<T>> for Shared<'_, T> {
    fn from(items: Vec<T>) -> Self {
        Self::Owned(items.into())
    }
}

/// A list of values and how deep values nest in it.
#[derive(Debug)]
pub(super) struct AnyList<'a> {
    pub(super) items: Vec<Val<'a>>,
    pub(super) depth: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MapKind {
    /// `map[string]interface {}`
    Text,
    /// `map[interface {}]interface {}`
    Any,
    /// `map[interface {}][]interface {}`
    Groups,
}

/// A map's key in an order of its own, so that running order never depends on hashing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Nil,
    Bool(bool),
    Int(i64),
    Int64(i64),
    Uint8(u8),
    /// The bits of a float, mapped so that they order as the numbers do.
    Float(u64),
    /// Every NaN is a key of its own.
    Nan(u64),
    Text(Vec<u8>),
    Time(i64),
    Duration(i64),
}

#[derive(Debug)]
pub(super) struct AnyMap<'a> {
    pub(super) kind: MapKind,
    pub(super) entries: BTreeMap<Key, (Val<'a>, Val<'a>)>,
    pub(super) depth: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Val<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Int64(i64),
    /// A byte of a string.
    Uint8(u8),
    Float(f64),
    /// A Go string: bytes that need not be UTF-8.
    Str(Shared<'a, u8>),
    Bytes(Shared<'a, u8>),
    Floats(Shared<'a, f64>),
    /// `[]int`, which only ranges make.
    Ints {
        start: i64,
        len: usize,
    },
    Strs(Rc<[Shared<'a, u8>]>),
    Anys(Rc<AnyList<'a>>),
    /// A `[]interface {}` that is nil, which is not the same as an empty one.
    NilList,
    /// `[]interface {}` of the result.
    Borrowed(&'a [Value]),
    /// `map[string]interface {}` of the result.
    Table(&'a BTreeMap<String, Value>),
    Map(Rc<AnyMap<'a>>),
    /// `[][2]interface {}`
    Pairs(Rc<AnyList<'a>>),
    /// `[2]interface {}`
    Pair(Rc<AnyList<'a>>),
    Func(EnvFunction),
    /// Nanoseconds since 1970, UTC.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
}

impl<'a> From<&'a Value> for Val<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Float(x) => Self::Float(*x),
            Value::String(s) => Self::Str(Shared::Borrowed(s.as_bytes())),
            Value::Floats(xs) => Self::Floats(Shared::Borrowed(xs)),
            Value::Array(items) => Self::Borrowed(items),
            Value::Map(map) => Self::Table(map),
        }
    }
}

impl<'a> Val<'a> {
    pub(super) fn text(text: &str) -> Self {
        Self::Str(text.as_bytes().to_vec().into())
    }

    /// The Go type, as `%T` prints it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Nil => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Bytes(_) => "[]uint8",
            Self::Floats(_) => "[]float64",
            Self::Ints { .. } => "[]int",
            Self::Strs(_) => "[]string",
            Self::Anys(_) | Self::Borrowed(_) | Self::NilList => "[]interface {}",
            Self::Table(_) => "map[string]interface {}",
            Self::Map(map) => match map.kind {
                MapKind::Text => "map[string]interface {}",
                MapKind::Any => "map[interface {}]interface {}",
                MapKind::Groups => "map[interface {}][]interface {}",
            },
            Self::Pairs(_) => "[][2]interface {}",
            Self::Pair(_) => "[2]interface {}",
            Self::Func(function) => function.signature(),
            Self::Time(_) => "time.Time",
            Self::Duration(_) => "time.Duration",
        }
    }

    /// The Go kind, as reflection names it.
    pub(super) fn kind_name(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) | Self::Duration(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Str(_) => "string",
            Self::Pair(_) => "array",
            Self::Table(_) | Self::Map(_) => "map",
            Self::Func(_) => "func",
            Self::Time(_) => "struct",
            _ => "slice",
        }
    }

    /// Whether Go's reflection calls the value nil.
    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Self::Nil | Self::NilList)
    }

    /// How many elements a slice or array has.
    pub(super) fn list_len(&self) -> Option<usize> {
        Some(match self {
            Self::Bytes(b) => b.len(),
            Self::Floats(xs) => xs.len(),
            Self::Ints { len, .. } => *len,
            Self::Strs(s) => s.len(),
            Self::Anys(list) | Self::Pairs(list) | Self::Pair(list) => list.items.len(),
            Self::Borrowed(items) => items.len(),
            Self::NilList => 0,
            _ => return None,
        })
    }

    /// How many entries a map has.
    pub(super) fn map_len(&self) -> Option<usize> {
        match self {
            Self::Table(map) => Some(map.len()),
            Self::Map(map) => Some(map.entries.len()),
            _ => None,
        }
    }

    /// An element of a slice, an array or a string.
    pub(super) fn item(&self, index: usize) -> Option<Val<'a>> {
        Some(match self {
            Self::Bytes(b) | Self::Str(b) => Self::Uint8(*b.get(index)?),
            Self::Floats(xs) => Self::Float(*xs.get(index)?),
            Self::Ints { start, len } => {
                (index < *len).then(|| Self::Int(start.wrapping_add(go_int(index))))?
            }
            Self::Strs(s) => Self::Str(s.get(index)?.clone()),
            Self::Anys(list) | Self::Pairs(list) | Self::Pair(list) => list.items.get(index)?.clone(),
            Self::Borrowed(items) => Val::from(items.get(index)?),
            _ => return None,
        })
    }

    pub(super) fn items(&self) -> impl Iterator<Item = Val<'a>> {
        (0..self.list_len().unwrap_or(0)).filter_map(|i| self.item(i))
    }

    /// The entries of a map in the order of its keys.
    pub(super) fn entries(&self) -> Vec<(Val<'a>, Val<'a>)> {
        match self {
            Self::Table(map) => {
                map.iter().map(|(k, v)| (Self::Str(Shared::Borrowed(k.as_bytes())), Val::from(v))).collect()
            }
            Self::Map(map) => map.entries.values().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// How deep values nest in this one.
    pub(super) fn depth(&self) -> u32 {
        match self {
            Self::Anys(list) | Self::Pairs(list) | Self::Pair(list) => list.depth,
            Self::Map(map) => map.depth,
            Self::Borrowed(_) | Self::Table(_) => 1,
            _ => 0,
        }
    }

    /// The number a value is, when it is one of Go's plain numbers.
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Self::Int(i) | Self::Int64(i) => Some(Number::Int(*i)),
            Self::Uint8(b) => Some(Number::Int(i64::from(*b))),
            Self::Float(x) => Some(Number::Float(*x)),
            _ => None,
        }
    }

    /// The value as a map's key; `None` when Go cannot hash it. `seen` tells NaNs apart.
    pub(super) fn key(&self, seen: u64) -> Option<Key> {
        Some(match self {
            Self::Nil => Key::Nil,
            Self::Bool(b) => Key::Bool(*b),
            Self::Int(i) => Key::Int(*i),
            Self::Int64(i) => Key::Int64(*i),
            Self::Uint8(b) => Key::Uint8(*b),
            Self::Float(x) if x.is_nan() => Key::Nan(seen),
            Self::Float(x) => {
                // Both zeros are one key.
                let bits = (x + 0.0).to_bits();
                Key::Float(if bits >> 63 == 1 { !bits } else { bits | 1 << 63 })
            }
            Self::Str(s) => Key::Text(s.to_vec()),
            Self::Time(t) => Key::Time(*t),
            Self::Duration(d) => Key::Duration(*d),
            _ => return None,
        })
    }
}

/// A length as a Go `int`.
pub(super) fn go_int(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// One of Go's plain numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(x) => x,
        }
    }
}
