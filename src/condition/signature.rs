//! The types of builtin functions: what arguments they take at compile time and what they give.
//!
//! Enters: a builtin's name and its arguments' types. Leaves: its result's type, or what is wrong with the arguments.
//! It deliberately knows nothing of trees; `check_calls` applies it.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, builtin/builtin.go.

use super::Dialect;
use super::builtin::Builtin;
use super::types::{GoKind, Type};

/// One way to call a function: its parameters and what it gives.
pub(super) type Overload = (&'static [Param], fn() -> Type);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Param {
    Any,
    Str,
    Int,
    Anys,
    Strs,
    Floats,
    Ints,
}

impl Param {
    pub(super) fn ty(self) -> Type {
        match self {
            Self::Any => Type::Any,
            Self::Str => Type::Str,
            Self::Int => Type::Int,
            Self::Anys => Type::list(Type::Any),
            Self::Strs => Type::list(Type::Str),
            Self::Floats => Type::list(Type::Float),
            Self::Ints => Type::list(Type::Int),
        }
    }
}

fn any() -> Type {
    Type::Any
}
fn string() -> Type {
    Type::Str
}
fn int() -> Type {
    Type::Int
}
fn boolean() -> Type {
    Type::Bool
}
fn time() -> Type {
    Type::Time
}
fn duration() -> Type {
    Type::Duration
}
fn strings() -> Type {
    Type::list(Type::Str)
}
fn anys() -> Type {
    Type::list(Type::Any)
}

/// The overloads of functions that are typed by them; `None` where `validate` decides.
pub(super) fn overloads(builtin: Builtin, dialect: Dialect) -> Option<&'static [Overload]> {
    use Builtin as B;
    use Param::{Any, Anys, Floats, Int, Ints, Str, Strs};
    let modern = dialect == Dialect::V1_17_8;
    Some(match builtin {
        B::Type | B::String | B::ToJson => &[(&[Any], string)],
        B::Trim => &[(&[Str], string), (&[Str, Str], string)],
        B::TrimPrefix | B::TrimSuffix => &[(&[Str, Str], string), (&[Str], string)],
        B::Upper | B::Lower | B::ToBase64 | B::FromBase64 => &[(&[Str], string)],
        B::Split | B::SplitAfter => &[(&[Str, Str], strings), (&[Str, Str, Int], strings)],
        B::Replace => &[(&[Str, Str, Str, Int], string), (&[Str, Str, Str], string)],
        B::Repeat => &[(&[Str, Int], string)],
        B::Join => &[
            (&[Strs, Str], string),
            (&[Anys, Str], string),
            (&[Anys], string),
            (&[Strs, Str], string),
            (&[Strs], string),
        ],
        B::IndexOf | B::LastIndexOf => &[(&[Str, Str], int)],
        B::HasPrefix | B::HasSuffix => &[(&[Str, Str], boolean)],
        B::Duration => &[(&[Str], duration)],
        B::Now if !modern => &[(&[], time)],
        B::Date if !modern => &[(&[Str], time), (&[Str, Str], time), (&[Str, Str, Str], time)],
        B::FromJson | B::Timezone => &[(&[Str], any)],
        B::Sort if modern => &[
            (&[Anys, Str], anys),
            (&[Ints, Str], anys),
            (&[Floats, Str], anys),
            (&[Strs, Str], anys),
            (&[Anys], anys),
            (&[Floats], anys),
            (&[Strs], anys),
            (&[Ints], anys),
        ],
        B::BitAnd | B::BitOr | B::BitXor | B::BitNand | B::BitShl | B::BitShr | B::BitUshr => {
            &[(&[Int, Int], int)]
        }
        B::BitNot => &[(&[Int], int)],
        _ => return None,
    })
}

/// Types a call whose arguments the engine looks at itself. The error is the engine's text.
pub(super) fn validate(builtin: Builtin, args: &[Type], dialect: Dialect) -> Result<Type, String> {
    use Builtin as B;
    let modern = dialect == Dialect::V1_17_8;
    let name = builtin.name();
    match builtin {
        B::Max | B::Min => return aggregate(name, args, dialect),
        B::Mean | B::Median if modern => return aggregate(name, args, dialect),
        B::Take => return take(args, dialect),
        B::Sort | B::SortBy => return sort(builtin, args, dialect),
        B::Now | B::Date => return moments(builtin, args),
        B::Concat => return concat(args, dialect),
        _ => {}
    }
    let [arg] = args else {
        let count = args.len();
        return Err(format!("invalid number of arguments (expected 1, got {count})"));
    };
    let is_any = arg.is_any();
    let listed = is_any || arg.is_list();
    let mapped = is_any || arg.is_map();
    let printed = arg.reflect_name(dialect);
    let (fits, gives, complaint) = match builtin {
        B::Len => {
            let fits = listed || arg.is_map() || *arg == Type::Str;
            (fits, Type::Int, format!("invalid argument for len (type {printed})"))
        }
        B::Abs => (
            is_any || arg.is_numeric_kind(),
            arg.clone(),
            format!("invalid argument for abs (type {printed})"),
        ),
        B::Ceil | B::Floor | B::Round => {
            let blamed = if builtin == B::Round && !modern { "floor" } else { name };
            let complaint = format!("invalid argument for {blamed} (type {printed})");
            (is_any || arg.is_numeric_kind(), Type::Float, complaint)
        }
        B::Int | B::Float => {
            let gives = if builtin == B::Int { Type::Int } else { Type::Float };
            let fits = is_any || arg.is_numeric_kind() || *arg == Type::Str;
            (fits, gives, format!("invalid argument for {name} (type {printed})"))
        }
        B::Sum => (listed, Type::Any, format!("cannot sum {printed}")),
        B::Mean => (listed, Type::Float, format!("cannot avg {printed}")),
        B::Median => (listed, Type::Float, format!("cannot median {printed}")),
        B::First | B::Last => {
            let gives = arg.clone().stripped().elem(dialect);
            (listed, gives, format!("cannot get {name} element from {printed}"))
        }
        B::Keys | B::Values => (mapped, anys(), format!("cannot get {name} from {printed}")),
        B::ToPairs => (mapped, anys(), format!("cannot transform {printed} to pairs")),
        B::FromPairs => (listed, Type::AnyMap, format!("cannot transform {printed} from pairs")),
        _ => (listed, anys(), format!("cannot {name} {printed}")),
    };
    if fits { Ok(gives) } else { Err(complaint) }
}

fn aggregate(name: &str, args: &[Type], dialect: Dialect) -> Result<Type, String> {
    let Some(first) = args.first() else {
        return Err(format!("not enough arguments to call {name}"));
    };
    for arg in args {
        let listed = dialect == Dialect::V1_17_8 && arg.is_list();
        if arg.is_any() || listed {
            return Ok(Type::Any);
        }
        if !arg.is_numeric_kind() {
            let printed = arg.reflect_name(dialect);
            return Err(format!("invalid argument for {name} (type {printed})"));
        }
    }
    Ok(first.clone())
}

fn take(args: &[Type], dialect: Dialect) -> Result<Type, String> {
    let [list, count] = args else {
        let count = args.len();
        return Err(format!("invalid number of arguments (expected 2, got {count})"));
    };
    if !list.is_any() && !list.is_list() {
        return Err(format!("cannot take from {}", list.reflect_name(dialect)));
    }
    if !count.is_any() && !matches!(count.kind(), GoKind::Int | GoKind::Int64) {
        return Err(format!("cannot take {} elements", count.reflect_name(dialect)));
    }
    Ok(list.clone().stripped())
}

fn sort(builtin: Builtin, args: &[Type], dialect: Dialect) -> Result<Type, String> {
    let (least, words) = if builtin == Builtin::Sort { (1, "1 or 2") } else { (2, "2 or 3") };
    let count = args.len();
    if count != least && count != least + 1 {
        return Err(format!("invalid number of arguments (expected {words}, got {count})"));
    }
    let (list, rest) = args.split_first().unwrap_or((&Type::Nil, &[]));
    if !list.is_any() && !list.is_list() {
        return Err(format!("cannot sort {}", list.reflect_name(dialect)));
    }
    if rest.iter().any(|t| !t.is_any() && *t != Type::Str) {
        // The engine names the first of them whichever is wrong.
        let printed = rest.first().unwrap_or(&Type::Nil).reflect_name(dialect);
        return Err(format!("invalid argument for sort (expected string, got {printed})"));
    }
    Ok(anys())
}

fn moments(builtin: Builtin, args: &[Type]) -> Result<Type, String> {
    let count = args.len();
    match (builtin, count) {
        (Builtin::Now, 0) | (Builtin::Date, 1..=3) => Ok(Type::Time),
        (Builtin::Now, _) => Err(format!("invalid number of arguments (expected 0, got {count})")),
        (_, 0) => Err(format!("invalid number of arguments (expected at least 1, got {count})")),
        _ => Err(format!("invalid number of arguments (expected at most 3, got {count})")),
    }
}

fn concat(args: &[Type], dialect: Dialect) -> Result<Type, String> {
    if args.is_empty() {
        return Err("invalid number of arguments (expected at least 1, got 0)".to_owned());
    }
    match args.iter().find(|t| !t.is_any() && !t.is_list()) {
        Some(other) => Err(format!("cannot concat {}", other.reflect_name(dialect))),
        None => Ok(anys()),
    }
}
