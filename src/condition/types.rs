//! Static types of expressions: Go's types as the engine's checkers reason about them.
//!
//! Enters: names of Go's types. Leaves: the relations between them.
//! It deliberately knows nothing of trees or values.

use super::Dialect;
use super::ast::{EnvFunction, Static};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Type {
    Nil,
    /// What the newer engine says of a thing it could not type at all.
    Unknown,
    /// `interface {}`.
    Any,
    Bool,
    Int,
    Int64,
    Float,
    Str,
    Bytes,
    Time,
    Duration,
    /// A slice: the elements' Go type, and what the checker knows better about them.
    List {
        elem: Box<Type>,
        refined: Option<Box<Type>>,
    },
    /// `map[string]interface {}`.
    Map,
    /// `map[interface {}]interface {}`.
    AnyMap,
    /// `map[interface {}][]interface {}`.
    Groups,
    Func(EnvFunction),
    /// A builtin named without a call.
    BuiltinFunc,
}

/// Go's kinds, as far as two types are told apart by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoKind {
    Invalid,
    Bool,
    Int,
    Int64,
    Float,
    String,
    Slice,
    Map,
    Func,
    Struct,
    Interface,
}

impl Type {
    pub(super) fn list(elem: Type) -> Self {
        Self::List { elem: Box::new(elem), refined: None }
    }

    /// `[]interface {}` whose elements are known to be more.
    pub(super) fn list_of(refined: Type) -> Self {
        Self::List { elem: Box::new(Type::Any), refined: Some(Box::new(refined)) }
    }

    /// Without what the checker knows beyond the Go type.
    pub(super) fn stripped(self) -> Self {
        match self {
            Self::List { elem, .. } => Self::List { elem, refined: None },
            other => other,
        }
    }

    pub(super) fn kind(&self) -> GoKind {
        match self {
            Self::Nil | Self::Unknown => GoKind::Invalid,
            Self::Any => GoKind::Interface,
            Self::Bool => GoKind::Bool,
            Self::Int => GoKind::Int,
            Self::Int64 | Self::Duration => GoKind::Int64,
            Self::Float => GoKind::Float,
            Self::Str => GoKind::String,
            Self::Bytes | Self::List { .. } => GoKind::Slice,
            Self::Time => GoKind::Struct,
            Self::Map | Self::AnyMap | Self::Groups => GoKind::Map,
            Self::Func(_) | Self::BuiltinFunc => GoKind::Func,
        }
    }

    pub(super) fn as_static(&self) -> Static {
        match self {
            Self::Int => Static::Int,
            Self::Str => Static::Str,
            _ => Static::Other,
        }
    }

    pub(super) fn is_any(&self) -> bool {
        matches!(self, Self::Any | Self::Unknown)
    }

    pub(super) fn is_list(&self) -> bool {
        self.kind() == GoKind::Slice
    }

    pub(super) fn is_map(&self) -> bool {
        self.kind() == GoKind::Map
    }

    pub(super) fn is_integer(&self, dialect: Dialect) -> bool {
        match self {
            Self::Int | Self::Int64 => true,
            // A duration is an `int64` to the older checker.
            Self::Duration => dialect == Dialect::V1_15_5,
            _ => false,
        }
    }

    pub(super) fn is_number(&self, dialect: Dialect) -> bool {
        *self == Self::Float || self.is_integer(dialect)
    }

    /// Whether the kind is numeric, durations included.
    pub(super) fn is_numeric_kind(&self) -> bool {
        matches!(self.kind(), GoKind::Int | GoKind::Int64 | GoKind::Float)
    }

    /// The type of a list's or map's elements.
    pub(super) fn elem(&self, dialect: Dialect) -> Type {
        match self {
            Self::List { refined: Some(refined), .. } if dialect == Dialect::V1_17_8 => (**refined).clone(),
            Self::List { elem, .. } => (**elem).clone(),
            Self::Groups => Type::list(Type::Any),
            Self::Bytes => Type::Int,
            _ => Type::Any,
        }
    }

    /// The type of a map's keys.
    pub(super) fn key(&self) -> Type {
        if *self == Self::Map { Type::Str } else { Type::Any }
    }

    /// Go's assignability, as the dialect's checker asks for it.
    pub(super) fn assignable_to(&self, other: &Type, dialect: Dialect) -> bool {
        if *self == Self::Nil && dialect == Dialect::V1_17_8 {
            return matches!(other.kind(), GoKind::Interface | GoKind::Func | GoKind::Map | GoKind::Slice);
        }
        if matches!(self, Self::Nil | Self::Unknown) || matches!(other, Self::Nil | Self::Unknown) {
            return false;
        }
        *other == Self::Any || self.clone().stripped() == other.clone().stripped()
    }

    pub(super) fn comparable_to(&self, other: &Type, dialect: Dialect) -> bool {
        let loose = matches!(self, Self::Nil)
            || matches!(other, Self::Nil)
            || self.is_any()
            || other.is_any()
            || self.is_number(dialect) && other.is_number(dialect);
        if loose {
            return true;
        }
        match dialect {
            Dialect::V1_15_5 => self.kind() == other.kind(),
            Dialect::V1_17_8 => self.is_list() && other.is_list() || self.assignable_to(other, dialect),
        }
    }

    /// The type of a sum, difference or product of two numbers.
    pub(super) fn combined(&self, other: &Type, dialect: Dialect) -> Type {
        if dialect == Dialect::V1_15_5 && self.kind() == other.kind() {
            self.clone()
        } else if *self == Self::Float || *other == Self::Float {
            Type::Float
        } else {
            Type::Int
        }
    }

    /// The type's name in the dialect's messages.
    pub(super) fn name(&self, dialect: Dialect) -> String {
        match self {
            Self::Nil if dialect == Dialect::V1_15_5 => "<nil>".to_owned(),
            Self::Nil | Self::Unknown => "unknown".to_owned(),
            Self::Any => "interface {}".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Int => "int".to_owned(),
            Self::Int64 => "int64".to_owned(),
            Self::Float => "float64".to_owned(),
            Self::Str => "string".to_owned(),
            Self::Bytes => "[]uint8".to_owned(),
            Self::Time => "time.Time".to_owned(),
            Self::Duration => "time.Duration".to_owned(),
            Self::List { elem, .. } => format!("[]{}", elem.name(dialect)),
            Self::Map => "map[string]interface {}".to_owned(),
            Self::AnyMap => "map[interface {}]interface {}".to_owned(),
            Self::Groups => "map[interface {}][]interface {}".to_owned(),
            Self::Func(function) => function.signature().to_owned(),
            Self::BuiltinFunc => "func(...interface {}) (interface {}, error)".to_owned(),
        }
    }

    /// The name as Go's `%s` prints a `reflect.Type`, which may be none at all.
    pub(super) fn reflect_name(&self, dialect: Dialect) -> String {
        match self {
            Self::Nil => "%!s(<nil>)".to_owned(),
            Self::Unknown => "interface {}".to_owned(),
            other => other.name(dialect),
        }
    }
}
