//! The names of the engine's builtin functions and which engine has which.
//!
//! Enters: a name and a dialect. Leaves: whether that engine has it.
//! It deliberately knows neither types (`signature`) nor what they do (`machine`).

use super::Dialect;

macro_rules! builtins {
    ($($variant:ident $name:literal $since:ident,)*) => {
        /// A builtin function of the engine.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Builtin { $($variant),* }

        const ALL: &[(&str, Builtin, Dialect)] =
            &[$(($name, Builtin::$variant, Dialect::$since)),*];

        impl Builtin {
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

builtins! {
    All "all" V1_15_5, None "none" V1_15_5, Any "any" V1_15_5, One "one" V1_15_5,
    Filter "filter" V1_15_5, Map "map" V1_15_5, Find "find" V1_15_5,
    FindIndex "findIndex" V1_15_5, FindLast "findLast" V1_15_5,
    FindLastIndex "findLastIndex" V1_15_5, Count "count" V1_15_5,
    GroupBy "groupBy" V1_15_5, Reduce "reduce" V1_15_5, Len "len" V1_15_5,
    Type "type" V1_15_5, Abs "abs" V1_15_5, Ceil "ceil" V1_15_5, Floor "floor" V1_15_5,
    Round "round" V1_15_5, Int "int" V1_15_5, Float "float" V1_15_5,
    String "string" V1_15_5, Trim "trim" V1_15_5, TrimPrefix "trimPrefix" V1_15_5,
    TrimSuffix "trimSuffix" V1_15_5, Upper "upper" V1_15_5, Lower "lower" V1_15_5,
    Split "split" V1_15_5, SplitAfter "splitAfter" V1_15_5, Replace "replace" V1_15_5,
    Repeat "repeat" V1_15_5, Join "join" V1_15_5, IndexOf "indexOf" V1_15_5,
    LastIndexOf "lastIndexOf" V1_15_5, HasPrefix "hasPrefix" V1_15_5,
    HasSuffix "hasSuffix" V1_15_5, Max "max" V1_15_5, Min "min" V1_15_5,
    Sum "sum" V1_15_5, Mean "mean" V1_15_5, Median "median" V1_15_5,
    ToJson "toJSON" V1_15_5, FromJson "fromJSON" V1_15_5, ToBase64 "toBase64" V1_15_5,
    FromBase64 "fromBase64" V1_15_5, Now "now" V1_15_5, Duration "duration" V1_15_5,
    Date "date" V1_15_5, First "first" V1_15_5, Last "last" V1_15_5, Get "get" V1_15_5,
    Take "take" V1_15_5, Keys "keys" V1_15_5, Values "values" V1_15_5,
    ToPairs "toPairs" V1_15_5, FromPairs "fromPairs" V1_15_5, Sort "sort" V1_15_5,
    SortBy "sortBy" V1_15_5, Timezone "timezone" V1_17_8, Reverse "reverse" V1_17_8,
    Uniq "uniq" V1_17_8, Concat "concat" V1_17_8, Flatten "flatten" V1_17_8,
    BitAnd "bitand" V1_17_8, BitOr "bitor" V1_17_8, BitXor "bitxor" V1_17_8,
    BitNand "bitnand" V1_17_8, BitShl "bitshl" V1_17_8, BitShr "bitshr" V1_17_8,
    BitUshr "bitushr" V1_17_8, BitNot "bitnot" V1_17_8,
}

impl Builtin {
    pub(super) fn find(name: &str, dialect: Dialect) -> Option<Self> {
        let (_, builtin, since) = ALL.iter().find(|(n, ..)| *n == name)?;
        (*since == Dialect::V1_15_5 || dialect == Dialect::V1_17_8).then_some(*builtin)
    }

    /// How many of the arguments are required when one of them is a predicate, and how many
    /// may follow; `None` for functions without a predicate.
    pub(super) fn predicate(self, dialect: Dialect) -> Option<(usize, usize)> {
        let modern = dialect == Dialect::V1_17_8;
        Some(match self {
            Self::Count | Self::Sum if modern => (1, 2),
            Self::All
            | Self::None
            | Self::Any
            | Self::One
            | Self::Filter
            | Self::Map
            | Self::Find
            | Self::FindIndex
            | Self::FindLast
            | Self::FindLastIndex
            | Self::GroupBy
            | Self::Count => (2, 2),
            Self::SortBy if !modern => return None,
            Self::SortBy | Self::Reduce => (2, 3),
            _ => return None,
        })
    }
}
