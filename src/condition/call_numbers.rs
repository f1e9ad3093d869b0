//! Builtins on numbers: rounding, conversion, extremes, sums and bits.
//!
//! Enters: a builtin's name and its evaluated arguments. Leaves: its value, or the engine's panic.
//! It deliberately knows no lists but those it sums.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, builtin.

use super::ast::Op;
use super::builtin::Builtin;
use super::error::{Fallible, fault};
use super::gotext::{float_to_int, parse_float, parse_int};
use super::machine::Machine;
use super::operate::compare;
use super::val::{Number, Val};

impl<'a> Machine<'a> {
    pub(super) fn number_builtin(&mut self, builtin: Builtin, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        use Builtin as B;
        let first = args.first().unwrap_or(&Val::Nil);
        let name = builtin.name();
        let complain = || Err(fault(format!("invalid argument for {name} (type {})", first.type_name())));
        match builtin {
            B::Abs => match first {
                Val::Int(i) => Ok(Val::Int(i.wrapping_abs())),
                Val::Int64(i) => Ok(Val::Int64(i.wrapping_abs())),
                Val::Uint8(b) => Ok(Val::Uint8(*b)),
                Val::Float(x) if *x < 0.0 => Ok(Val::Float(-x)),
                Val::Float(x) => Ok(Val::Float(*x)),
                _ => complain(),
            },
            B::Ceil | B::Floor | B::Round => match first.number() {
                Some(Number::Int(i)) => Ok(Val::Float(i as f64)),
                Some(Number::Float(x)) => Ok(Val::Float(match builtin {
                    B::Ceil => x.ceil(),
                    B::Floor => x.floor(),
                    _ => x.round(),
                })),
                None => complain(),
            },
            B::Int => self.int(first),
            B::Float => float(first),
            B::Max | B::Min if self.modern() => {
                let over = if builtin == B::Max { Op::Less } else { Op::More };
                self.extreme(name, over, args)
            }
            B::Max | B::Min => {
                let over = if builtin == B::Max { Op::Less } else { Op::More };
                let mut best = Val::Nil;
                for arg in args {
                    if matches!(best, Val::Nil) || compare(over, &best, arg)? {
                        best = arg.clone();
                    }
                }
                Ok(best)
            }
            B::Sum => self.plain_sum(first),
            B::Mean | B::Median => {
                let mut values = Vec::new();
                if self.modern() {
                    for arg in args {
                        self.numbers(name, arg, &mut values)?;
                    }
                } else {
                    self.flat_numbers(name, first, &mut values)?;
                }
                Ok(Val::Float(if builtin == B::Mean { mean(&values) } else { median(values) }))
            }
            _ => bits(builtin, args),
        }
    }

    fn int(&self, val: &Val<'a>) -> Fallible<Val<'a>> {
        match val {
            Val::Int(i) | Val::Int64(i) => Ok(Val::Int(*i)),
            Val::Uint8(b) => Ok(Val::Int(i64::from(*b))),
            Val::Float(x) => Ok(Val::Int(float_to_int(*x))),
            Val::Duration(d) if self.modern() => Ok(Val::Int(*d)),
            Val::Str(s) => {
                let text = String::from_utf8_lossy(s);
                match parse_int(&text, 10, "Atoi") {
                    Ok(i) => Ok(Val::Int(i)),
                    Err(_) => Err(fault(format!("invalid operation: int({text})"))),
                }
            }
            other => Err(fault(format!("invalid operation: int({})", other.type_name()))),
        }
    }

    /// The newer engine's `max` and `min`, which look into lists.
    fn extreme(&mut self, name: &str, over: Op, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        let mut best = Val::Nil;
        for arg in args {
            self.step(1)?;
            let value = if arg.list_len().is_some() {
                let items: Vec<_> = arg.items().collect();
                self.step(items.len())?;
                if let Some(bad) =
                    items.iter().find(|item| item.number().is_none() && item.list_len().is_none())
                {
                    let is = bad.type_name();
                    return Err(fault(format!("invalid argument for {name} (type {is})")));
                }
                self.extreme(name, over, &items)?
            } else if arg.number().is_some() {
                arg.clone()
            } else if args.len() == 1 {
                return Ok(arg.clone());
            } else {
                let is = arg.type_name();
                return Err(fault(format!("invalid argument for {name} (type {is})")));
            };
            if matches!(value, Val::Nil) {
                continue;
            }
            if matches!(best, Val::Nil) || compare(over, &best, &value)? {
                best = value;
            }
        }
        Ok(best)
    }

    /// The older engine's `sum`: whole until the first float.
    fn plain_sum(&mut self, list: &Val<'a>) -> Fallible<Val<'a>> {
        let mut whole = 0_i64;
        let mut sum: Option<f64> = None;
        self.listed("sum", list)?;
        for item in list.items() {
            match (item.number_or_duration(), sum) {
                (Some(Number::Int(i)), None) => whole = whole.wrapping_add(i),
                (Some(number), before) => {
                    sum = Some(before.unwrap_or(whole as f64) + number.float());
                }
                (None, _) => return Err(fault(format!("cannot sum {}", item.reflect_kind()))),
            }
        }
        Ok(sum.map_or(Val::Int(whole), Val::Float))
    }

    fn listed(&mut self, name: &str, list: &Val<'a>) -> Fallible<()> {
        match list.list_len() {
            Some(len) => self.step(len),
            None => Err(fault(format!("cannot {name} {}", list.kind_name()))),
        }
    }

    fn flat_numbers(&mut self, name: &str, list: &Val<'a>, out: &mut Vec<f64>) -> Fallible<()> {
        self.listed(name, list)?;
        for item in list.items() {
            match item.number_or_duration() {
                Some(number) => out.push(number.float()),
                None => return Err(fault(format!("cannot {name} {}", item.reflect_kind()))),
            }
        }
        Ok(())
    }

    fn numbers(&mut self, name: &str, val: &Val<'a>, out: &mut Vec<f64>) -> Fallible<()> {
        self.step(1)?;
        if let Some(number) = val.number_or_duration() {
            out.push(number.float());
        } else if val.list_len().is_some() {
            for item in val.items() {
                self.numbers(name, &item, out)?;
            }
        } else {
            let is = val.type_name();
            return Err(fault(format!("invalid argument for {name} (type {is})")));
        }
        Ok(())
    }
}

impl Val<'_> {
    fn number_or_duration(&self) -> Option<Number> {
        match self {
            Val::Duration(d) => Some(Number::Int(*d)),
            other => other.number(),
        }
    }

    /// The kind as reflection names it inside a list, where nil is an empty interface.
    fn reflect_kind(&self) -> &'static str {
        if let Val::Nil = self { "interface" } else { self.kind_name() }
    }
}

fn float<'a>(val: &Val<'a>) -> Fallible<Val<'a>> {
    match val {
        Val::Int(i) | Val::Int64(i) => Ok(Val::Float(*i as f64)),
        Val::Uint8(b) => Ok(Val::Float(f64::from(*b))),
        Val::Float(x) => Ok(Val::Float(*x)),
        Val::Str(s) => {
            let text = String::from_utf8_lossy(s);
            match parse_float(&text) {
                Ok(x) => Ok(Val::Float(x)),
                Err(_) => Err(fault(format!("invalid operation: float({text})"))),
            }
        }
        other => Err(fault(format!("invalid operation: float({})", other.type_name()))),
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().fold(0.0, |sum, x| sum + x) / values.len() as f64
}

/// The middle value; Go sorts NaNs before everything else.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(|a, b| match (a.is_nan(), b.is_nan()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal),
    });
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    if values.is_empty() || values.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle - 1), at(middle))
    }
}

fn bits<'a>(builtin: Builtin, args: &[Val<'a>]) -> Fallible<Val<'a>> {
    use Builtin as B;
    let whole = |val: Option<&Val>| match val {
        Some(Val::Int(i) | Val::Int64(i)) => Ok(*i),
        other => {
            let (is, name) = (other.map_or("<nil>", Val::type_name), builtin.name());
            Err(fault(format!("cannot use {is} as argument (type int) to call {name}")))
        }
    };
    let x = whole(args.first())?;
    if builtin == B::BitNot {
        return Ok(Val::Int(!x));
    }
    let y = whole(args.get(1))?;
    let shift = || match u32::try_from(y) {
        Ok(y) => Ok(y.min(64)),
        Err(_) if y > 0 => Ok(64),
        Err(_) => Err(fault(format!("invalid operation: negative shift count {y} (type int)"))),
    };
    Ok(Val::Int(match builtin {
        B::BitAnd => x & y,
        B::BitOr => x | y,
        B::BitXor => x ^ y,
        B::BitNand => x & !y,
        B::BitShl => x.checked_shl(shift()?).unwrap_or(0),
        B::BitShr => x >> shift()?.min(63),
        _ => x.cast_unsigned().checked_shr(shift()?).unwrap_or(0).cast_signed(),
    }))
}
