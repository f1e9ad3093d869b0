//! The tree of a PromQL expression: what the parser makes, the printer writes and the planner reads.
//!
//! Enters: nothing but values. Leaves: typed nodes with byte spans into the query text.
//! It deliberately knows no series, no time of evaluation and nothing of rollouts.

use super::parse::Pattern;

/// Bytes `start..end` of the query text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct QuerySpan {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands in the query text.
    pub span: QuerySpan,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A number literal.
    Number(f64),
    /// A duration literal used as a number: its seconds. Prometheus prints it as a duration.
    Duration(f64),
    /// A string literal, unquoted.
    String(String),
    /// An instant vector selector.
    Vector(Selector),
    /// A range vector selector; the selector carries offset and `@`.
    Matrix {
        /// The series.
        selector: Selector,
        /// Width of the window.
        range: DurationExpr,
    },
    /// A subquery.
    Subquery {
        /// What is evaluated at each step.
        expr: Box<Expr>,
        /// Width of the window.
        range: DurationExpr,
        /// Resolution; `None` takes the engine's default.
        step: Option<DurationExpr>,
        /// `offset`.
        offset: Option<DurationExpr>,
        /// `@`.
        at: Option<At>,
    },
    /// `-expr` or `+expr`.
    Unary {
        /// Whether the sign is minus.
        negative: bool,
        /// The operand.
        expr: Box<Expr>,
    },
    /// `left op right`.
    Binary(Box<Binary>),
    /// `sum by (…) (…)` and its like.
    Aggregate(Box<Aggregate>),
    /// A function call; the function is known and its arguments checked.
    Call {
        /// Canonical name, as in `function::FUNCTIONS`.
        function: &'static str,
        /// The arguments as written.
        args: Vec<Expr>,
    },
    /// `(expr)`.
    Paren(Box<Expr>),
}

/// A selector: name and label matchers, with its modifiers.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The metric name where it stands before the braces; it is also in `matchers`.
    pub name: Option<String>,
    /// All matchers, `__name__` included, in the order written (the name first).
    pub matchers: Vec<Matcher>,
    /// `offset`.
    pub offset: Option<DurationExpr>,
    /// `@`.
    pub at: Option<At>,
    /// `anchored` or `smoothed` (feature flag `promql-extended-range-selectors`).
    pub extended: Option<Extended>,
}

/// The modifiers of extended range selectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extended {
    /// `anchored`
    Anchored,
    /// `smoothed`
    Smoothed,
}

/// One label matcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// Label name.
    pub label: String,
    /// Operator.
    pub op: MatchOp,
    /// Value or regular expression.
    pub value: String,
    /// The regular expression, compiled to match whole values.
    pub pattern: Option<Pattern>,
}

/// `=`, `!=`, `=~`, `!~`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

/// The `@` modifier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Milliseconds since the epoch.
    Millis(i64),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// A duration, or an arithmetic expression over durations (Prometheus ≥ 3.14).
#[derive(Clone, Debug, PartialEq)]
pub enum DurationExpr {
    /// Milliseconds; negative offsets are negative. This is what a range, step or offset without arithmetic is.
    Millis(i64),
    /// An operand of duration arithmetic, in seconds if it means a time.
    Literal {
        /// The number, or the seconds of the duration.
        value: f64,
        /// Whether it was written as a duration (`5m`) rather than as a number (`15`).
        duration: bool,
    },
    /// `step()`
    Step,
    /// `range()`
    Range,
    /// `min_of(a, b)`
    Min(Box<DurationExpr>, Box<DurationExpr>),
    /// `max_of(a, b)`
    Max(Box<DurationExpr>, Box<DurationExpr>),
    /// `-a` or `+a`
    Unary {
        /// Whether the sign is minus.
        negative: bool,
        /// Operand.
        expr: Box<DurationExpr>,
    },
    /// `a op b`; only arithmetic operators.
    Binary {
        /// Operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<DurationExpr>,
        /// Right operand.
        right: Box<DurationExpr>,
    },
    /// `(a)`
    Paren(Box<DurationExpr>),
}

/// A binary expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Operator.
    pub op: BinaryOp,
    /// Left operand.
    pub left: Expr,
    /// Right operand.
    pub right: Expr,
    /// `bool` stands after the operator.
    pub return_bool: bool,
    /// Vector matching; `None` unless both sides are vectors.
    pub matching: Option<Matching>,
}

/// Operators of binary expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
    /// `atan2`
    Atan2,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `and`
    And,
    /// `or`
    Or,
    /// `unless`
    Unless,
    /// `</`: native histograms without what lies above.
    TrimUpper,
    /// `>/`: native histograms without what lies below.
    TrimLower,
}

/// How the two sides of a binary expression are matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// `on`: the labels that count; otherwise `ignoring`: those that do not.
    pub on: bool,
    /// Whether `on`/`ignoring` was written at all.
    pub written: bool,
    /// The labels.
    pub labels: Vec<String>,
    /// One-to-one, or which side is the many.
    pub card: Cardinality,
    /// Labels of `group_left(…)`/`group_right(…)`.
    pub include: Vec<String>,
    /// `fill`, for the left and right side.
    pub fill: (Option<f64>, Option<f64>),
}

/// Cardinality of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// One to one.
    OneToOne,
    /// `group_left`.
    ManyToOne,
    /// `group_right`.
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Operator.
    pub op: AggregateOp,
    /// Parameter of `topk`, `quantile`, `count_values` and so on.
    pub param: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
    /// `without` rather than `by`.
    pub without: bool,
    /// Whether `by`/`without` was written.
    pub grouped: bool,
    /// Labels of `by`/`without`.
    pub labels: Vec<String>,
}

/// Aggregation operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateOp {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `count`
    Count,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `group`
    Group,
    /// `stddev`
    Stddev,
    /// `stdvar`
    Stdvar,
    /// `topk`
    Topk,
    /// `bottomk`
    Bottomk,
    /// `count_values`
    CountValues,
    /// `quantile`
    Quantile,
    /// `limitk` (experimental)
    Limitk,
    /// `limit_ratio` (experimental)
    LimitRatio,
}

/// The four types of PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// A number.
    Scalar,
    /// A string.
    String,
    /// An instant vector.
    Vector,
    /// A range vector.
    Matrix,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
            BinaryOp::Atan2 => "atan2",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Unless => "unless",
            BinaryOp::TrimUpper => "</",
            BinaryOp::TrimLower => ">/",
        }
    }

    /// The operator that is written so; words in lower case.
    pub fn from_symbol(symbol: &str) -> Option<BinaryOp> {
        Some(match symbol {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            "%" => BinaryOp::Mod,
            "^" => BinaryOp::Pow,
            "atan2" => BinaryOp::Atan2,
            "==" => BinaryOp::Eq,
            "!=" => BinaryOp::Ne,
            "<" => BinaryOp::Lt,
            "<=" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            ">=" => BinaryOp::Ge,
            "and" => BinaryOp::And,
            "or" => BinaryOp::Or,
            "unless" => BinaryOp::Unless,
            "</" => BinaryOp::TrimUpper,
            ">/" => BinaryOp::TrimLower,
            _ => return None,
        })
    }

    /// Whether it compares.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
        )
    }

    /// Whether it is `and`, `or` or `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless)
    }
}

impl AggregateOp {
    /// The operator as it is written, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            AggregateOp::Sum => "sum",
            AggregateOp::Avg => "avg",
            AggregateOp::Count => "count",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Group => "group",
            AggregateOp::Stddev => "stddev",
            AggregateOp::Stdvar => "stdvar",
            AggregateOp::Topk => "topk",
            AggregateOp::Bottomk => "bottomk",
            AggregateOp::CountValues => "count_values",
            AggregateOp::Quantile => "quantile",
            AggregateOp::Limitk => "limitk",
            AggregateOp::LimitRatio => "limit_ratio",
        }
    }

    /// The operator called so in lower case.
    pub fn from_name(name: &str) -> Option<AggregateOp> {
        Some(match name {
            "sum" => AggregateOp::Sum,
            "avg" => AggregateOp::Avg,
            "count" => AggregateOp::Count,
            "min" => AggregateOp::Min,
            "max" => AggregateOp::Max,
            "group" => AggregateOp::Group,
            "stddev" => AggregateOp::Stddev,
            "stdvar" => AggregateOp::Stdvar,
            "topk" => AggregateOp::Topk,
            "bottomk" => AggregateOp::Bottomk,
            "count_values" => AggregateOp::CountValues,
            "quantile" => AggregateOp::Quantile,
            "limitk" => AggregateOp::Limitk,
            "limit_ratio" => AggregateOp::LimitRatio,
            _ => return None,
        })
    }

    /// Whether it takes a parameter before what it aggregates.
    pub fn has_param(self) -> bool {
        matches!(
            self,
            AggregateOp::Topk
                | AggregateOp::Bottomk
                | AggregateOp::CountValues
                | AggregateOp::Quantile
                | AggregateOp::Limitk
                | AggregateOp::LimitRatio
        )
    }

    /// Whether a server refuses it without `--enable-feature=promql-experimental-functions`.
    pub fn is_experimental(self) -> bool {
        matches!(self, AggregateOp::Limitk | AggregateOp::LimitRatio)
    }
}

impl MatchOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        }
    }
}

impl ValueType {
    /// What messages call it.
    ///
    /// Source: Prometheus v3.15.1, promql/parser/value.go, DocumentedType.
    pub fn documented(self) -> &'static str {
        match self {
            ValueType::Scalar => "scalar",
            ValueType::String => "string",
            ValueType::Vector => "instant vector",
            ValueType::Matrix => "range vector",
        }
    }

    /// What the HTTP API calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            ValueType::Scalar => "scalar",
            ValueType::String => "string",
            ValueType::Vector => "vector",
            ValueType::Matrix => "matrix",
        }
    }
}
