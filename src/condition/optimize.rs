//! The engine's rewriting of a checked tree, as far as it changes what a condition gives:
//! constants are folded, an unreachable side is never run, a set costs nothing to look in.
//!
//! Enters: a checked tree. Leaves: a tree that gives what the engine's rewritten one gives.
//! It deliberately saves no time that does not change an answer.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, optimizer.

use super::Dialect;
use super::ast::{Binary, Kind, Node, Op, Pointer, Static, Unary};
use super::builtin::Builtin;
use super::error::{Fallible, fault_at};
use super::pattern::compile;

/// Longest constant range the older engine builds as it compiles.
const MAX_CONST_RANGE: i64 = 1_000_000;

pub(super) fn optimize(node: &mut Node, dialect: Dialect) -> Fallible<()> {
    let modern = dialect == Dialect::V1_17_8;
    walk(node, &mut |n| {
        sets(n);
        Ok(())
    })?;
    walk(node, &mut fold)?;
    walk(node, &mut |n| {
        ranges(n, modern);
        Ok(())
    })?;
    walk(node, &mut |n| {
        filters(n, modern);
        Ok(())
    })?;
    if modern {
        walk(node, &mut |n| {
            sums(n);
            Ok(())
        })?;
    }
    walk(node, &mut |n| {
        finish(n, modern);
        Ok(())
    })
}

fn walk(node: &mut Node, visit: &mut dyn FnMut(&mut Node) -> Fallible<()>) -> Fallible<()> {
    let mut outcome = Ok(());
    node.kind.each_mut(&mut |child| {
        if outcome.is_ok() {
            outcome = walk(child, visit);
        }
    });
    outcome?;
    visit(node)
}

fn sets(node: &mut Node) {
    let Kind::Binary(Binary { op: Op::In, .. }, left, right) = &mut node.kind else {
        return;
    };
    let Kind::Array(items) = &right.kind else { return };
    if items.is_empty() {
        return;
    }
    let ints: Option<Vec<i64>> =
        items.iter().map(|n| if let Kind::Int(i) = n.kind { Some(i) } else { None }).collect();
    if left.ty == Static::Int
        && let Some(ints) = ints
    {
        node.kind = Kind::InInts(std::mem::take(left), ints.into());
        return;
    }
    let strings: Option<Vec<Box<[u8]>>> =
        items.iter().map(|n| if let Kind::Str(s) = &n.kind { Some(s.clone()) } else { None }).collect();
    if let Some(strings) = strings {
        node.kind = Kind::InStrs(std::mem::take(left), strings);
    }
}

fn fold(node: &mut Node) -> Fallible<()> {
    let span = node.span;
    let folded = match &mut node.kind {
        Kind::Unary(op, operand) => match (*op, &operand.kind) {
            (Unary::Minus, Kind::Int(i)) => Some((Kind::Int(i.wrapping_neg()), Static::Int)),
            (Unary::Minus, Kind::Float(x)) => Some((Kind::Float(-x), Static::Other)),
            (Unary::Plus, Kind::Int(i)) => Some((Kind::Int(*i), Static::Int)),
            (Unary::Plus, Kind::Float(x)) => Some((Kind::Float(*x), Static::Other)),
            (Unary::Not | Unary::Bang, Kind::Bool(b)) => Some((Kind::Bool(!b), Static::Other)),
            _ => None,
        },
        Kind::Binary(binary, left, right) => {
            if let (Op::Modulo, Kind::Int(_), Kind::Int(0)) = (binary.op, &left.kind, &right.kind) {
                return Err(fault_at(span, "integer divide by zero"));
            }
            fold_binary(binary.op, left, right)
        }
        Kind::Array(items) if !items.is_empty() && items.iter().all(is_literal) => {
            Some((Kind::ConstArray(std::mem::take(items)), Static::Other))
        }
        _ => None,
    };
    if let Some((kind, ty)) = folded {
        *node = Node::typed(kind, span, ty);
    }
    Ok(())
}

fn is_literal(node: &Node) -> bool {
    matches!(node.kind, Kind::Int(_) | Kind::Float(_) | Kind::Str(_) | Kind::Bool(_))
}

fn fold_binary(op: Op, left: &mut Node, right: &mut Node) -> Option<(Kind, Static)> {
    if matches!(op, Op::And | Op::Or) {
        return fold_logic(op == Op::And, left, right);
    }
    let float = |kind: &Kind| match kind {
        Kind::Int(i) => Some(*i as f64),
        Kind::Float(x) => Some(*x),
        _ => None,
    };
    let int = |i| Some((Kind::Int(i), Static::Int));
    let bool = |b| Some((Kind::Bool(b), Static::Other));
    match (op, &left.kind, &right.kind) {
        (Op::Equal, Kind::Int(a), Kind::Int(b)) => return bool(a == b),
        (Op::Equal, Kind::Str(a), Kind::Str(b)) => return bool(a == b),
        (Op::Equal, Kind::Bool(a), Kind::Bool(b)) => return bool(a == b),
        (Op::Add, Kind::Str(a), Kind::Str(b)) => {
            return Some((Kind::Str([&**a, &**b].concat().into()), Static::Str));
        }
        (Op::Add, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_add(*b)),
        (Op::Subtract, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_sub(*b)),
        (Op::Multiply, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_mul(*b)),
        (Op::Modulo, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_rem(*b)),
        _ => {}
    }
    let (a, b) = (float(&left.kind)?, float(&right.kind)?);
    let value = match op {
        Op::Add => a + b,
        Op::Subtract => a - b,
        Op::Multiply => a * b,
        Op::Divide => a / b,
        Op::Power => libm::pow(a, b),
        _ => return None,
    };
    Some((Kind::Float(value), Static::Other))
}

/// A constant side decides, and the other side is then never run.
fn fold_logic(and: bool, left: &mut Node, right: &mut Node) -> Option<(Kind, Static)> {
    let (a, b) = (as_bool(left), as_bool(right));
    if a == Some(and) {
        Some((std::mem::take(&mut right.kind), Static::Other))
    } else if b == Some(and) {
        Some((std::mem::take(&mut left.kind), Static::Other))
    } else if a.is_some() || b.is_some() {
        Some((Kind::Bool(!and), Static::Other))
    } else {
        None
    }
}

fn as_bool(node: &Node) -> Option<bool> {
    if let Kind::Bool(b) = node.kind { Some(b) } else { None }
}

/// The bounds of a range between two literals.
fn const_range(node: &Node) -> Option<(i64, i64)> {
    let Kind::Binary(Binary { op: Op::Range, .. }, from, to) = &node.kind else {
        return None;
    };
    let (Kind::Int(from), Kind::Int(to)) = (&from.kind, &to.kind) else {
        return None;
    };
    Some((*from, *to))
}

fn ranges(node: &mut Node, modern: bool) {
    if let Kind::Binary(Binary { op: Op::In, .. }, left, right) = &mut node.kind
        && left.ty == Static::Int
    {
        let range = match right.kind {
            Kind::ConstRange(from, to) => Some((from, to)),
            _ => const_range(right),
        };
        if let Some((from, to)) = range {
            node.kind = Kind::InRange(std::mem::take(left), from, to);
            return;
        }
    }
    if !modern
        && let Some((from, to)) = const_range(node)
        && to.checked_sub(from).is_some_and(|size| size < MAX_CONST_RANGE)
    {
        node.kind = Kind::ConstRange(from, to);
    }
}

fn filters(node: &mut Node, modern: bool) {
    let taken = std::mem::take(&mut node.kind);
    node.kind = match taken {
        Kind::Builtin(builtin, mut args) => match builtin {
            Builtin::Filter | Builtin::Find | Builtin::FindLast if args.len() == 2 => {
                let (Some(test), Some(list)) = (args.pop(), args.pop()) else {
                    return;
                };
                let (list, test) = (Box::new(list), Box::new(test));
                let last = builtin == Builtin::FindLast;
                if builtin == Builtin::Filter {
                    Kind::Filter { list, test, map: None }
                } else {
                    Kind::Find { list, test, map: None, last, throws: false }
                }
            }
            Builtin::Map if args.len() == 2 => map_of_filter(args, modern),
            Builtin::Len | Builtin::First | Builtin::Last if args.len() == 1 => {
                match args.first_mut().map(|n| &mut n.kind) {
                    Some(Kind::Filter { list, test, .. }) if builtin == Builtin::Len => {
                        let args = vec![std::mem::take(&mut **list), std::mem::take(&mut **test)];
                        Kind::Builtin(Builtin::Count, args)
                    }
                    Some(Kind::Filter { list, test, map }) => Kind::Find {
                        list: std::mem::take(list),
                        test: std::mem::take(test),
                        map: map.take(),
                        last: builtin == Builtin::Last,
                        throws: false,
                    },
                    _ => Kind::Builtin(builtin, args),
                }
            }
            _ => Kind::Builtin(builtin, args),
        },
        Kind::Member { base, property, optional: false, method } => match (base.kind, &property.kind) {
            (Kind::Filter { list, test, map }, Kind::Int(index @ (0 | -1))) => {
                Kind::Find { list, test, map, last: *index == -1, throws: true }
            }
            (kind, _) => {
                let base = Box::new(Node { kind, ..*base });
                Kind::Member { base, property, optional: false, method }
            }
        },
        other => other,
    };
}

fn map_of_filter(mut args: Vec<Node>, modern: bool) -> Kind {
    let indexed = modern && args.last().is_some_and(uses_index);
    if indexed || !matches!(args.first(), Some(Node { kind: Kind::Filter { map: None, .. }, .. })) {
        return Kind::Builtin(Builtin::Map, args);
    }
    let (Some(body), Some(filter)) = (args.pop(), args.pop()) else {
        return Kind::Nil;
    };
    match filter.kind {
        Kind::Filter { list, test, .. } => Kind::Filter { list, test, map: Some(Box::new(body)) },
        other => other,
    }
}

fn uses_index(node: &Node) -> bool {
    let mut found = matches!(node.kind, Kind::Pointer(Pointer::Index));
    node.kind.each(&mut |child| found = found || uses_index(child));
    found
}

/// The newer engine's shortcuts for sums and counts.
fn sums(node: &mut Node) {
    match &mut node.kind {
        Kind::Builtin(Builtin::Sum, args) if args.len() == 1 => {
            let Some(list) = args.first_mut() else { return };
            if let Some((from, to)) = const_range(list)
                && to >= from
            {
                let count = to.wrapping_sub(from).wrapping_add(1);
                let sum = count.wrapping_mul(from.wrapping_add(to)) / 2;
                *node = Node::typed(Kind::Int(sum), node.span, Static::Int);
            } else if let Kind::Builtin(Builtin::Map, inner) = &mut list.kind {
                *args = std::mem::take(inner);
            }
        }
        Kind::Binary(binary, left, right) => {
            let some = matches!(
                (binary.op, &right.kind),
                (Op::More, Kind::Int(0)) | (Op::MoreOrEqual, Kind::Int(1))
            );
            if some
                && let Kind::Builtin(Builtin::Count, args) = &mut left.kind
                && args.len() == 2
            {
                node.kind = Kind::Builtin(Builtin::Any, std::mem::take(args));
            }
        }
        _ => {}
    }
}

fn finish(node: &mut Node, modern: bool) {
    let span = node.span;
    let Kind::Binary(binary, left, right) = &mut node.kind else {
        return;
    };
    if let (Op::Matches, Kind::Str(pattern)) = (binary.op, &right.kind) {
        if let Ok(regex) = compile(&String::from_utf8_lossy(pattern)) {
            node.kind = Kind::MatchesConst(std::mem::take(left), Box::new(regex));
        }
        return;
    }
    let same = match (left.ty, right.ty) {
        (Static::Int, Static::Int) => Op::EqualInt,
        (Static::Str, Static::Str) => Op::EqualStr,
        _ => return,
    };
    match binary.op {
        Op::Equal => binary.op = same,
        Op::NotEqual if modern => {
            let equal = Binary { op: same, ..*binary };
            let kind = Kind::Binary(equal, std::mem::take(left), std::mem::take(right));
            node.kind = Kind::Unary(Unary::Bang, Box::new(Node::new(kind, span)));
        }
        _ => {}
    }
}
