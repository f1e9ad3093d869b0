//! Builtins on whole lists and maps: length, parts, order, and lists made of lists.
//!
//! Enters: a builtin's name and its evaluated arguments. Leaves: its value, or the engine's panic.
//! It deliberately knows no predicate; those are in `call_lists`.
//! Source: antonmedv/expr v1.15.5 and expr-lang/expr v1.17.8, builtin/builtin.go.

use std::collections::BTreeMap;

use super::builtin::Builtin;
use super::error::{Fallible, fault};
use super::format::write_value;
use super::gotext::quote;
use super::machine::Machine;
use super::operate::{fetch, lookup, to_int, unhashable};
use super::val::{MapKind, Shared, Val, go_int};

impl<'a> Machine<'a> {
    pub(super) fn length(&self, val: &Val<'a>) -> Fallible<Val<'a>> {
        let len = match val {
            Val::Str(s) if self.modern() => Some(characters(s)),
            Val::Str(s) => Some(s.len()),
            other => other.list_len().or(other.map_len()),
        };
        let Some(len) = len else {
            let name = val.type_name();
            return Err(fault(format!("invalid argument for len (type {name})")));
        };
        Ok(Val::Int(go_int(len)))
    }

    pub(super) fn get(&mut self, of: &Val<'a>, by: &Val<'a>) -> Fallible<Val<'a>> {
        if !self.modern() {
            return Ok(fetch(self.modern(), of, by).unwrap_or(Val::Nil));
        }
        let text = if let Val::Str(s) = of { Some(s.len()) } else { None };
        if let Some(len) = of.list_len().or(text) {
            let index = to_int(by)?;
            let index = if index < 0 { index.wrapping_add(go_int(len)) } else { index };
            let found = usize::try_from(index).ok().and_then(|index| of.item(index));
            return Ok(found.unwrap_or(Val::Nil));
        }
        if of.map_len().is_none() {
            return Ok(Val::Nil);
        }
        Ok(lookup(of, by)?.unwrap_or(Val::Nil))
    }

    pub(super) fn take(&mut self, of: &Val<'a>, count: &Val<'a>) -> Fallible<Val<'a>> {
        let Some(len) = of.list_len() else {
            return Err(fault(format!("cannot take from {}", of.kind_name())));
        };
        let (Val::Int(count) | Val::Int64(count) | Val::Duration(count)) = count else {
            return Err(fault(format!("cannot take {} elements", count.kind_name())));
        };
        if *count > go_int(len) {
            return Ok(of.clone());
        }
        match usize::try_from(*count) {
            Ok(count) => self.subslice(of, 0, count),
            Err(_) => Err(fault("reflect.Value.Slice: slice index out of bounds")),
        }
    }

    pub(super) fn parts_of_map(&mut self, builtin: Builtin, map: &Val<'a>) -> Fallible<Val<'a>> {
        if map.map_len().is_none() {
            let kind = map.kind_name();
            return Err(fault(match builtin {
                Builtin::ToPairs => format!("cannot transform {kind} to pairs"),
                _ => format!("cannot get {} from {kind}", builtin.name()),
            }));
        }
        let entries = map.entries();
        match builtin {
            Builtin::Keys => self.anys(entries.into_iter().map(|(k, _)| k).collect()),
            Builtin::Values => self.anys(entries.into_iter().map(|(_, v)| v).collect()),
            _ => {
                let mut pairs = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    pairs.push(Val::Pair(self.list(vec![key, value])?));
                }
                Ok(Val::Pairs(self.list(pairs)?))
            }
        }
    }

    pub(super) fn map_of_pairs(&mut self, list: &Val<'a>) -> Fallible<Val<'a>> {
        if list.list_len().is_none() {
            let mut text = Vec::new();
            write_value(list, &mut text);
            let text = match list {
                Val::Nil => "<invalid reflect.Value>".to_owned(),
                _ => String::from_utf8_lossy(&text).into_owned(),
            };
            return Err(fault(format!("cannot transform {text} from pairs")));
        }
        let mut entries = BTreeMap::new();
        for (index, pair) in list.items().enumerate() {
            self.step(1)?;
            if pair.list_len() != Some(2) {
                let what = if pair.list_len().is_some() { "pair length" } else { "pair" };
                let mut text = Vec::new();
                write_value(&pair, &mut text);
                let text = String::from_utf8_lossy(&text).into_owned();
                return Err(fault(format!("invalid {what} {text}")));
            }
            let (Some(key), Some(value)) = (pair.item(0), pair.item(1)) else {
                continue;
            };
            let hashed = key.key(index as u64).ok_or_else(|| unhashable(&key))?;
            entries.insert(hashed, (key, value));
        }
        self.map(MapKind::Any, entries)
    }

    pub(super) fn sort(&mut self, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        let list = args.first().unwrap_or(&Val::Nil);
        let descending = self.direction(args.get(1))?;
        if list.list_len().is_none() && !self.modern() {
            return Err(fault(format!("cannot sort {}", list.kind_name())));
        }
        let pairs: Vec<_> = list.items().map(|item| (item.clone(), item)).collect();
        if self.modern() {
            self.grow(pairs.len())?;
        } else {
            same_types(&pairs)?;
        }
        let sorted = self.sorted(pairs, descending)?;
        self.anys(sorted)
    }

    fn direction(&self, order: Option<&Val<'a>>) -> Fallible<bool> {
        let Some(order) = order else { return Ok(false) };
        let name = order.type_name();
        let Val::Str(text) = order else {
            return Err(fault(if self.modern() {
                format!("sort order argument must be a string (got {name})")
            } else {
                format!("invalid argument for sort (expected string, got {name})")
            }));
        };
        match &text[..] {
            b"desc" => Ok(true),
            b"asc" => Ok(false),
            other => Err(fault(if self.modern() {
                let text = String::from_utf8_lossy(other);
                format!("invalid order {text}, expected asc or desc")
            } else {
                let text = quote(other);
                format!("invalid argument for sort (expected \"asc\" or \"desc\", got {text})")
            })),
        }
    }

    /// The older engine's `sortBy`, which takes the name of a field.
    pub(super) fn sort_by_field(&mut self, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        let [list, field, rest @ ..] = args else {
            return Ok(Val::Nil);
        };
        if list.list_len().is_none() {
            return Err(fault(format!("cannot sort {}", list.kind_name())));
        }
        if !matches!(field, Val::Str(_)) {
            let name = field.type_name();
            return Err(fault(format!("invalid argument for sort (expected string, got {name})")));
        }
        let descending = self.direction(rest.first())?;
        let mut pairs = Vec::new();
        for item in list.items() {
            let value = if item.map_len().is_some() {
                match lookup(&item, field)? {
                    Some(value) => value,
                    None => return Err(fault("cannot deref <invalid reflect.Value>")),
                }
            } else {
                item.clone()
            };
            pairs.push((value, item));
        }
        same_types(&pairs)?;
        let sorted = self.sorted(pairs, descending)?;
        self.anys(sorted)
    }

    /// The newer engine's functions that make one list of others.
    pub(super) fn rearrange(&mut self, builtin: Builtin, args: &[Val<'a>]) -> Fallible<Val<'a>> {
        let mut items = Vec::new();
        for arg in args {
            if arg.list_len().is_none() {
                let (name, kind) = (builtin.name(), arg.kind_name());
                return Err(fault(format!("cannot {name} {kind}")));
            }
            self.step(arg.list_len().unwrap_or(0))?;
            if builtin == Builtin::Flatten {
                self.flatten(arg, &mut items)?;
            } else {
                items.extend(arg.items());
            }
        }
        if builtin == Builtin::Uniq {
            let mut kept: Vec<Val<'a>> = Vec::new();
            'items: for item in items {
                for before in &kept {
                    self.step(1)?;
                    if self.equal(before, &item)? {
                        continue 'items;
                    }
                }
                kept.push(item);
            }
            return self.anys(kept);
        }
        if builtin == Builtin::Concat && items.is_empty() {
            return Ok(Val::NilList);
        }
        if builtin == Builtin::Reverse {
            items.reverse();
        }
        self.grow(items.len())?;
        self.anys(items)
    }

    fn flatten(&mut self, list: &Val<'a>, items: &mut Vec<Val<'a>>) -> Fallible<()> {
        for item in list.items() {
            self.step(1)?;
            if item.list_len().is_some() {
                self.flatten(&item, items)?;
            } else {
                items.push(item);
            }
        }
        Ok(())
    }
}

fn same_types(pairs: &[(Val, Val)]) -> Fallible<()> {
    let Some((first, _)) = pairs.first() else {
        return Ok(());
    };
    let first_name = first.type_name();
    for (value, _) in pairs {
        let name = value.type_name();
        if name != first_name {
            return Err(fault(format!("cannot sort array of different types ({name} and {first_name})")));
        }
        if pairs.len() > 1 && !matches!(value, Val::Int(_) | Val::Int64(_) | Val::Float(_) | Val::Str(_)) {
            return Err(fault(format!("sort: unsupported type {}", value.kind_name())));
        }
    }
    Ok(())
}

/// How many characters Go counts in bytes that need not be UTF-8.
pub(super) fn characters(bytes: &Shared<u8>) -> usize {
    bytes.utf8_chunks().map(|c| c.valid().chars().count() + c.invalid().len()).sum()
}
