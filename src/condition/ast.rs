//! The tree of a condition: what the parser builds, the checker types and the machine runs.
//!
//! Enters: tokens' meaning from the parser. Leaves: nodes with byte ranges.
//! It deliberately knows nothing of text or of values beyond literals.

use super::builtin::Builtin;
use super::error::Span;
use regex::bytes::Regex;

/// Deepest tree accepted; the engine has no such cap and overflows its stack instead.
pub(super) const MAX_DEPTH: u16 = 160;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Bang,
    Minus,
    Plus,
}

impl Unary {
    pub(super) fn find(text: &str) -> Option<(Self, u16)> {
        Some(match text {
            "not" => (Self::Not, 50),
            "!" => (Self::Bang, 50),
            "-" => (Self::Minus, 90),
            "+" => (Self::Plus, 90),
            _ => return None,
        })
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Not => "not",
            Self::Bang => "!",
            Self::Minus => "-",
            Self::Plus => "+",
        }
    }
}

/// A binary operator with the spelling it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) op: Op,
    pub(super) text: &'static str,
    pub(super) precedence: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Pipe,
    Or,
    And,
    Equal,
    /// `==` where both static types are `int`: the engine asserts the types as it runs.
    EqualInt,
    /// `==` where both static types are `string`.
    EqualStr,
    NotEqual,
    Less,
    More,
    MoreOrEqual,
    LessOrEqual,
    In,
    Matches,
    Contains,
    StartsWith,
    EndsWith,
    Range,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Coalesce,
}

const BINARY: &[(&str, Op, u16)] = &[
    ("|", Op::Pipe, 0),
    ("or", Op::Or, 10),
    ("||", Op::Or, 10),
    ("and", Op::And, 15),
    ("&&", Op::And, 15),
    ("==", Op::Equal, 20),
    ("!=", Op::NotEqual, 20),
    ("<", Op::Less, 20),
    (">", Op::More, 20),
    (">=", Op::MoreOrEqual, 20),
    ("<=", Op::LessOrEqual, 20),
    ("in", Op::In, 20),
    ("matches", Op::Matches, 20),
    ("contains", Op::Contains, 20),
    ("startsWith", Op::StartsWith, 20),
    ("endsWith", Op::EndsWith, 20),
    ("..", Op::Range, 25),
    ("+", Op::Add, 30),
    ("-", Op::Subtract, 30),
    ("*", Op::Multiply, 60),
    ("/", Op::Divide, 60),
    ("%", Op::Modulo, 60),
    ("**", Op::Power, 100),
    ("^", Op::Power, 100),
    ("??", Op::Coalesce, 500),
];

impl Binary {
    pub(super) fn find(text: &str) -> Option<Self> {
        let &(text, op, precedence) = BINARY.iter().find(|(t, ..)| *t == text)?;
        Some(Self { op, text, precedence })
    }

    pub(super) fn is_comparison(self) -> bool {
        matches!(self.op, Op::Less | Op::More | Op::MoreOrEqual | Op::LessOrEqual)
    }
}

/// A function of Argo's environment.
/// Source: Argo Rollouts v1.9.1, utils/evaluate/evaluate.go, EvalCondition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvFunction {
    AsInt,
    AsFloat,
    IsNaN,
    IsInf,
    IsNil,
    Default,
}

impl EnvFunction {
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("asFloat", Self::AsFloat),
        ("asInt", Self::AsInt),
        ("default", Self::Default),
        ("isInf", Self::IsInf),
        ("isNaN", Self::IsNaN),
        ("isNil", Self::IsNil),
    ];

    pub(super) fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
    }

    /// The function's Go type.
    pub(super) fn signature(self) -> &'static str {
        match self {
            Self::AsInt => "func(interface {}) int64",
            Self::AsFloat => "func(interface {}) float64",
            Self::IsNaN | Self::IsInf => "func(float64) bool",
            Self::IsNil => "func(interface {}) bool",
            Self::Default => "func(interface {}, interface {}) interface {}",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pointer {
    Item,
    Index,
    Acc,
    Other(Box<str>),
}

#[derive(Debug, Default)]
pub(super) enum Kind {
    #[default]
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Box<[u8]>),
    Bytes(Box<[u8]>),
    /// A name as parsed; the checker replaces it by one of the five that follow.
    Ident(Box<str>),
    Result,
    Env,
    Var(u16),
    Func(EnvFunction),
    /// A builtin's name without a call: typed as a function, `nil` when it runs.
    Absent,
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    /// `in` over a constant list of whole numbers, which the engine turns into a set.
    InInts(Box<Node>, Box<[i64]>),
    /// `in` over a constant list of strings.
    InStrs(Box<Node>, Vec<Box<[u8]>>),
    /// An `int` in a constant range, which the engine turns into two comparisons.
    InRange(Box<Node>, i64, i64),
    /// A range the older engine builds as it compiles, free of its memory budget.
    ConstRange(i64, i64),
    /// `matches` with a constant pattern, compiled once.
    MatchesConst(Box<Node>, Box<Regex>),
    Chain(Box<Node>),
    Member {
        base: Box<Node>,
        property: Box<Node>,
        optional: bool,
        method: bool,
    },
    Slice {
        base: Box<Node>,
        from: Option<Box<Node>>,
        to: Option<Box<Node>>,
    },
    Call(Box<Node>, Vec<Node>),
    Builtin(Builtin, Vec<Node>),
    /// `filter`, with what is made of each match when a `map` was folded into it.
    Filter {
        list: Box<Node>,
        test: Box<Node>,
        map: Option<Box<Node>>,
    },
    /// `find` and `findLast`; `throws` stands for `filter(…)[0]` and `filter(…)[-1]`.
    Find {
        list: Box<Node>,
        test: Box<Node>,
        map: Option<Box<Node>>,
        last: bool,
        throws: bool,
    },
    Predicate(Box<Node>),
    Pointer(Pointer),
    Let {
        name: Box<str>,
        slot: u16,
        value: Box<Node>,
        body: Box<Node>,
    },
    Cond(Box<Node>, Box<Node>, Box<Node>),
    Array(Vec<Node>),
    /// A list of literals, which costs the engine's memory budget nothing.
    ConstArray(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Sequence(Vec<Node>),
}

/// What of a static type matters after checking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Static {
    Int,
    Str,
    #[default]
    Other,
}

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) span: Span,
    pub(super) ty: Static,
    pub(super) depth: u16,
}

impl Node {
    pub(super) fn new(kind: Kind, span: Span) -> Self {
        let mut depth = 0;
        kind.each(&mut |child| depth = depth.max(child.depth));
        Self { kind, span, ty: Static::Other, depth: depth.saturating_add(1) }
    }

    pub(super) fn typed(kind: Kind, span: Span, ty: Static) -> Self {
        Self { ty, ..Self::new(kind, span) }
    }
}

/// Both ways to visit the direct children of a node, written once.
macro_rules! children {
    ($(#[$doc:meta])* $name:ident($this:ty, $node:ty) $iter:ident) => {
        $(#[$doc])*
        pub(super) fn $name(self: $this, visit: &mut dyn FnMut($node)) {
            match self {
                Self::Unary(_, a)
                | Self::InInts(a, _)
                | Self::InStrs(a, _)
                | Self::InRange(a, ..)
                | Self::MatchesConst(a, _)
                | Self::Chain(a)
                | Self::Predicate(a) => visit(a),
                Self::Binary(_, a, b)
                | Self::Member { base: a, property: b, .. }
                | Self::Let { value: a, body: b, .. } => {
                    visit(a);
                    visit(b);
                }
                Self::Slice { base, from, to } => {
                    visit(base);
                    from.$iter().chain(to).for_each(|n| visit(n));
                }
                Self::Filter { list, test, map } | Self::Find { list, test, map, .. } => {
                    visit(list);
                    visit(test);
                    if let Some(map) = map {
                        visit(map);
                    }
                }
                Self::Call(callee, args) => {
                    visit(callee);
                    args.$iter().for_each(visit);
                }
                Self::Builtin(_, nodes)
                | Self::Array(nodes)
                | Self::ConstArray(nodes)
                | Self::Sequence(nodes) => nodes.$iter().for_each(visit),
                Self::Cond(a, b, c) => {
                    visit(a);
                    visit(b);
                    visit(c);
                }
                Self::Map(pairs) => pairs.$iter().for_each(|(k, v)| {
                    visit(k);
                    visit(v);
                }),
                Self::Nil
                | Self::Bool(_)
                | Self::Int(_)
                | Self::Float(_)
                | Self::Str(_)
                | Self::Bytes(_)
                | Self::Ident(_)
                | Self::Result
                | Self::Env
                | Self::Var(_)
                | Self::Func(_)
                | Self::Absent
                | Self::ConstRange(..)
                | Self::Pointer(_) => {}
            }
        }
    };
}

impl Kind {
    children! {
        /// Visits the direct children.
        each(&Self, &Node) iter
    }
    children! {
        /// Visits the direct children, to change them.
        each_mut(&mut Self, &mut Node) iter_mut
    }
}
