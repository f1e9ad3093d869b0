//! What stands between a binary operator and its right operand.
//!
//! Enters: tokens after an operator. Leaves: how the operator matches its sides.
//! It deliberately allows what only types forbid; the checker does that.

use super::super::ast::{BinaryOp, Cardinality, Matching, QuerySpan};
use super::Mode;
use super::expression::{Parsed, Parser, disabled};
use super::token::{Keyword, Kind};

impl Parser<'_> {
    /// `bool`, `on` or `ignoring` with `group_left` or `group_right`, and `fill`, each if present.
    pub(super) fn binary_modifiers(&mut self) -> Parsed<(bool, Matching)> {
        let return_bool = self.accept(&Kind::Keyword(Keyword::Bool));
        let mut matching = Matching {
            on: false,
            written: false,
            labels: Vec::new(),
            card: Cardinality::OneToOne,
            include: Vec::new(),
            fill: (None, None),
        };
        if let Kind::Keyword(keyword @ (Keyword::On | Keyword::Ignoring)) = *self.peek() {
            self.advance();
            matching.on = keyword == Keyword::On;
            matching.labels = self.labels()?;
            if let Kind::Keyword(side @ (Keyword::GroupLeft | Keyword::GroupRight)) = *self.peek() {
                self.advance();
                let left = side == Keyword::GroupLeft;
                matching.card = if left { Cardinality::ManyToOne } else { Cardinality::OneToMany };
                if *self.peek() == Kind::LeftParen || !self.begins_right_side() {
                    matching.include = self.labels()?;
                }
            }
            // `ignoring ()` alone says nothing, and is not printed.
            matching.written =
                matching.on || !matching.labels.is_empty() || matching.card != Cardinality::OneToOne;
        }
        matching.fill = self.fill()?;
        Ok((return_bool, matching))
    }

    fn begins_right_side(&self) -> bool {
        self.peek().begins_expression()
    }

    fn fill(&mut self) -> Parsed<(Option<f64>, Option<f64>)> {
        match *self.peek() {
            Kind::Keyword(Keyword::Fill) => {
                let value = self.fill_value()?;
                Ok((Some(value), Some(value)))
            }
            Kind::Keyword(Keyword::FillLeft) => {
                let left = self.fill_value()?;
                let both = *self.peek() == Kind::Keyword(Keyword::FillRight);
                Ok((Some(left), if both { Some(self.fill_value()?) } else { None }))
            }
            Kind::Keyword(Keyword::FillRight) => {
                let right = self.fill_value()?;
                let both = *self.peek() == Kind::Keyword(Keyword::FillLeft);
                Ok((if both { Some(self.fill_value()?) } else { None }, Some(right)))
            }
            _ => Ok((None, None)),
        }
    }

    /// The keyword that comes next and its value in parentheses.
    fn fill_value(&mut self) -> Parsed<f64> {
        self.advance();
        self.expect(&Kind::LeftParen)?;
        let sign = self.sign();
        let (value, _) = self.amount()?;
        self.expect(&Kind::RightParen)?;
        Ok(value * sign.unwrap_or(1.0))
    }

    /// A sign, if one comes next, as the number to multiply with.
    pub(super) fn sign(&mut self) -> Option<f64> {
        let sign = match self.peek() {
            Kind::Operator(BinaryOp::Sub) => -1.0,
            Kind::Operator(BinaryOp::Add) => 1.0,
            _ => return None,
        };
        self.advance();
        Some(sign)
    }

    pub(super) fn check_fill(&self, matching: &Matching, span: QuerySpan) -> Parsed<()> {
        if self.mode == Mode::Test || matching.fill == (None, None) {
            return Ok(());
        }
        let message = "binop fill modifiers are experimental and not enabled";
        Err(self.after_lexing(disabled(message, span, "promql-binop-fill-modifiers")))
    }
}
