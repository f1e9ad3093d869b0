//! Builtins that take a predicate, and the dispatch to those that do not.
//!
//! Enters: a builtin's name, arguments and predicates. Leaves: its value, or the engine's panic.
//! It deliberately knows no types; the checker has settled them.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, compiler/compiler.go.

use std::collections::BTreeMap;

use super::ast::{Node, Op};
use super::builtin::Builtin;
use super::error::{Fallible, fault};
use super::machine::{Machine, conversion};
use super::operate::{compare, fetch, literal_items, unhashable};
use super::val::{Key, MapKind, Val, go_int};

impl<'a> Machine<'a> {
    pub(super) fn builtin(&mut self, builtin: Builtin, args: &'a [Node]) -> Fallible<Val<'a>> {
        use Builtin as B;
        let (list, rest) = match args {
            [list, rest @ ..] if builtin.predicate(self.dialect).is_some() => (list, rest),
            [only] => {
                // The usual call, without a list of arguments.
                let arg = self.eval(only)?;
                return self.plain(builtin, std::slice::from_ref(&arg));
            }
            _ => {
                let args = self.eval_all(args)?;
                return self.plain(builtin, &args);
            }
        };
        let test = rest.first();
        match (builtin, test) {
            (B::All | B::Any | B::None, Some(test)) => self.quantifier(builtin, list, test),
            (B::One, Some(test)) => Ok(Val::Bool(self.count(list, Some(test))? == 1)),
            (B::Count, test) => Ok(Val::Int(go_int(self.count(list, test)?))),
            (B::Map, Some(body)) => self.map_list(list, body),
            (B::FindIndex | B::FindLastIndex, Some(test)) => {
                self.find_index(list, test, builtin == B::FindLastIndex)
            }
            (B::GroupBy, Some(body)) => self.group_by(list, body),
            (B::SortBy, Some(body)) => self.sort_by(list, body, rest.get(1)),
            (B::Reduce, Some(body)) => self.reduce(list, body, rest.get(1)),
            (B::Sum, test) => self.sum(list, test),
            _ => Ok(Val::Nil),
        }
    }

    fn quantifier(&mut self, builtin: Builtin, list: &'a Node, test: &'a Node) -> Fallible<Val<'a>> {
        // `any` ends at the first that holds, `none` too; `all` at the first that does not.
        let ends_on = builtin != Builtin::All;
        let mut ended = false;
        self.iterate(list, false, &mut |m| {
            ended = m.eval_bool(test)? == ends_on;
            Ok(!ended)
        })?;
        Ok(Val::Bool(ended == (builtin == Builtin::Any)))
    }

    fn count(&mut self, list: &'a Node, test: Option<&'a Node>) -> Fallible<usize> {
        let mut count = 0;
        self.iterate(list, false, &mut |m| {
            let holds = match test {
                Some(test) => m.eval_bool(test)?,
                None => match m.item()? {
                    Val::Bool(b) => b,
                    other => return Err(conversion(&other, "bool")),
                },
            };
            m.step(1)?;
            count += usize::from(holds);
            Ok(true)
        })?;
        Ok(count)
    }

    fn map_list(&mut self, list: &'a Node, body: &'a Node) -> Fallible<Val<'a>> {
        let mut items = Vec::new();
        self.iterate(list, false, &mut |m| {
            items.push(m.eval(body)?);
            Ok(true)
        })?;
        self.grow(items.len())?;
        self.anys(items)
    }

    pub(super) fn filter(
        &mut self,
        list: &'a Node,
        test: &'a Node,
        map: Option<&'a Node>,
    ) -> Fallible<Val<'a>> {
        let mut items = Vec::new();
        self.iterate(list, false, &mut |m| {
            if m.eval_bool(test)? {
                items.push(match map {
                    Some(map) => m.eval(map)?,
                    None => m.item()?,
                });
            }
            Ok(true)
        })?;
        self.grow(items.len())?;
        self.anys(items)
    }

    pub(super) fn find(
        &mut self,
        list: &'a Node,
        test: &'a Node,
        map: Option<&'a Node>,
        last: bool,
        throws: bool,
    ) -> Fallible<Val<'a>> {
        let mut found = None;
        self.iterate(list, last, &mut |m| {
            if m.eval_bool(test)? {
                found = Some(match map {
                    Some(map) => m.eval(map)?,
                    None => m.item()?,
                });
            }
            Ok(found.is_none())
        })?;
        match found {
            None if throws => Err(fault("reflect: slice index out of range")),
            found => Ok(found.unwrap_or(Val::Nil)),
        }
    }

    fn find_index(&mut self, list: &'a Node, test: &'a Node, last: bool) -> Fallible<Val<'a>> {
        let mut found = Val::Nil;
        self.iterate(list, last, &mut |m| {
            if m.eval_bool(test)? {
                found = Val::Int(go_int(m.index()));
                return Ok(false);
            }
            Ok(true)
        })?;
        Ok(found)
    }

    fn group_by(&mut self, list: &'a Node, body: &'a Node) -> Fallible<Val<'a>> {
        let mut groups: BTreeMap<Key, (Val<'a>, Vec<Val<'a>>)> = BTreeMap::new();
        self.iterate(list, false, &mut |m| {
            let value = m.eval(body)?;
            let key = value.key(m.index() as u64).ok_or_else(|| unhashable(&value))?;
            m.copy(2 * size_of::<Val>())?;
            let item = m.item()?;
            groups.entry(key).or_insert_with(|| (value, Vec::new())).1.push(item);
            Ok(true)
        })?;
        let mut entries = BTreeMap::new();
        for (key, (value, items)) in groups {
            let items = self.anys(items)?;
            entries.insert(key, (value, items));
        }
        self.map(MapKind::Groups, entries)
    }

    fn reduce(&mut self, list: &'a Node, body: &'a Node, initial: Option<&'a Node>) -> Fallible<Val<'a>> {
        let list = self.eval(list)?;
        self.begin(list)?;
        let len = self.scope_len();
        let mut first = 0;
        let acc = match initial {
            Some(node) => self.eval(node)?,
            None if len == 0 && self.modern() => {
                return Err(fault("reduce of empty array with no initial value"));
            }
            None => {
                first = 1;
                self.item()?
            }
        };
        self.set_acc(acc);
        for index in first..len {
            self.set_index(index);
            let acc = self.eval(body)?;
            self.set_acc(acc);
        }
        let acc = self.acc();
        self.end();
        Ok(acc)
    }

    /// The newer engine's `sum`, which adds whatever can be added.
    fn sum(&mut self, list: &'a Node, body: Option<&'a Node>) -> Fallible<Val<'a>> {
        if let (None, Some(items)) = (body, literal_items(list)) {
            let values = self.eval_all(items)?;
            let mut total = Val::Nil;
            for (index, value) in values.into_iter().rev().enumerate() {
                let sum = if index == 0 { value } else { self.arithmetic(Op::Add, &value, &total)? };
                total = sum;
            }
            return Ok(total);
        }
        let mut total = Val::Int(0);
        self.iterate(list, false, &mut |m| {
            let value = match body {
                Some(body) => m.eval(body)?,
                None => m.item()?,
            };
            m.step(1)?;
            total = m.arithmetic(Op::Add, &value, &total)?;
            Ok(true)
        })?;
        Ok(total)
    }

    fn sort_by(&mut self, list: &'a Node, body: &'a Node, order: Option<&'a Node>) -> Fallible<Val<'a>> {
        let list = self.eval(list)?;
        self.begin(list)?;
        let descending = match order {
            None => false,
            Some(order) => match self.eval(order)? {
                Val::Str(s) if s[..] == *b"asc" => false,
                Val::Str(s) if s[..] == *b"desc" => true,
                Val::Str(_) => return Err(fault("unknown order, use asc or desc")),
                _ => return Err(fault("sortBy order argument must be a string")),
            },
        };
        let mut pairs = Vec::new();
        for index in 0..self.scope_len() {
            self.set_index(index);
            let value = self.eval(body)?;
            pairs.push((value, self.item()?));
        }
        self.end();
        self.grow(pairs.len())?;
        let sorted = self.sorted(pairs, descending)?;
        self.anys(sorted)
    }

    /// Sorts items by their values with the engine's `<`. Few items are sorted by the very
    /// insertion Go uses, so that NaNs end up where Go leaves them; many go by a total order.
    pub(super) fn sorted(
        &mut self,
        mut pairs: Vec<(Val<'a>, Val<'a>)>,
        descending: bool,
    ) -> Fallible<Vec<Val<'a>>> {
        self.step(pairs.len() * 20)?;
        let less = |a: &Val<'a>, b: &Val<'a>| {
            if descending { compare(Op::Less, b, a) } else { compare(Op::Less, a, b) }
        };
        if pairs.len() <= 12 {
            for from in 1..pairs.len() {
                for at in (1..=from).rev() {
                    let (Some(a), Some(b)) = (pairs.get(at), pairs.get(at - 1)) else {
                        break;
                    };
                    if !less(&a.0, &b.0)? {
                        break;
                    }
                    pairs.swap(at, at - 1);
                }
            }
        } else {
            if let Some((first, _)) = pairs.first() {
                for (value, _) in &pairs {
                    less(value, first)?;
                }
            }
            pairs.sort_by(|(a, _), (b, _)| {
                let order = match (a, b) {
                    (Val::Str(a), Val::Str(b)) => a[..].cmp(&b[..]),
                    (Val::Time(a), Val::Time(b)) | (Val::Duration(a), Val::Duration(b)) => a.cmp(b),
                    _ => {
                        let float = |v: &Val| v.number().map_or(0.0, super::val::Number::float);
                        float(a).total_cmp(&float(b))
                    }
                };
                if descending { order.reverse() } else { order }
            });
        }
        Ok(pairs.into_iter().map(|(_, item)| item).collect())
    }

    /// A builtin whose arguments are all values.
    fn plain(&mut self, builtin: Builtin, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        use Builtin as B;
        let first = args.first().unwrap_or(&Val::Nil);
        match builtin {
            B::Len => self.length(first),
            B::First | B::Last => {
                let index = if builtin == B::First { 0 } else { -1 };
                Ok(fetch(self.modern(), first, &Val::Int(index)).unwrap_or(Val::Nil))
            }
            B::Get => self.get(first, args.get(1).unwrap_or(&Val::Nil)),
            B::Take => self.take(first, args.get(1).unwrap_or(&Val::Nil)),
            B::Keys | B::Values | B::ToPairs => self.parts_of_map(builtin, first),
            B::FromPairs => self.map_of_pairs(first),
            B::Sort => self.sort(args),
            B::SortBy => self.sort_by_field(args),
            B::Reverse | B::Uniq | B::Concat | B::Flatten => self.rearrange(builtin, args),
            B::Abs
            | B::Ceil
            | B::Floor
            | B::Round
            | B::Int
            | B::Float
            | B::Max
            | B::Min
            | B::Sum
            | B::Mean
            | B::Median
            | B::BitAnd
            | B::BitOr
            | B::BitXor
            | B::BitNand
            | B::BitShl
            | B::BitShr
            | B::BitUshr
            | B::BitNot => self.number_builtin(builtin, args),
            _ => self.text_builtin(builtin, args),
        }
    }
}
