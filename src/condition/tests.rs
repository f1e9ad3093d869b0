//! The table of reference §5 and what keeps hostile conditions harmless.
//!
//! Enters: conditions and values. Leaves: failures.
//! It deliberately tests no other module.

use super::*;

const INF: f64 = f64::INFINITY;

fn vector(values: &[f64]) -> Value {
    Value::Floats(values.to_vec())
}

/// The outcome in one word or message: `true`, `false`, `C …`, `E …` or `expected bool …`.
fn told(text: &str, result: &Value, dialect: Dialect) -> String {
    match evaluate(text, result, dialect) {
        Ok(holds) => holds.to_string(),
        Err(error) => match error.stage {
            Stage::Compile => format!("C {}", error.message),
            Stage::Run => format!("E {}", error.message),
            Stage::Outcome => error.message,
        },
    }
}

fn expect(result: &Value, rows: &[(&str, &str)]) {
    for (text, outcome) in rows {
        assert_eq!(told(text, result, Dialect::V1_15_5), *outcome, "{text} for {result:?}");
    }
}

#[test]
fn an_empty_vector() {
    let out_of_range = "E reflect: slice index out of range";
    expect(
        &vector(&[]),
        &[
            ("result[0] >= 0.95", out_of_range),
            ("len(result) == 0 || result[0] >= 0.95", "true"),
            ("len(result) > 0 && result[0] >= 0.95", "false"),
            ("isNil(result)", "false"),
            ("default(result, 0) == 0", "false"),
            ("result == nil", "false"),
            ("result == []", "false"),
            ("default(result, [0])[0] == 0", out_of_range),
            ("first(result) == nil", "true"),
            ("(first(result) ?? 0) == 0", "true"),
            ("(get(result, 0) ?? 0) == 0", "true"),
            ("last(result) > 1", "E invalid operation: <nil> > int"),
            ("all(result, {# >= 2})", "true"),
            ("any(result, {# >= 2})", "false"),
            ("none(result, {# >= 2})", "true"),
            ("mean(result) == 0", "true"),
        ],
    );
}

#[test]
fn numbers_that_are_none() {
    expect(
        &vector(&[f64::NAN]),
        &[
            ("result[0] >= 0.95", "false"),
            ("result[0] < 0.95", "false"),
            ("result[0] == result[0]", "false"),
            ("!(result[0] < 0.95)", "true"),
            ("result[0] != result[0]", "true"),
            ("isNaN(result[0]) || result[0] >= 0.95", "true"),
        ],
    );
    expect(&vector(&[INF]), &[("result[0] > 100", "true"), ("isInf(result[0])", "true")]);
}

#[test]
fn types_are_checked_before_anything_runs() {
    expect(
        &vector(&[1.0, 2.0]),
        &[
            ("result > 1", "C invalid operation: > (mismatched types []float64 and int)"),
            ("result >= 0.95", "C invalid operation: >= (mismatched types []float64 and float64)"),
            ("result == 1", "C invalid operation: == (mismatched types []float64 and int)"),
            ("result[-1] == 2", "true"),
            ("result[-3] == 2", "E reflect: slice index out of range"),
            ("result[2] == 2", "E reflect: slice index out of range"),
            ("result", "expected bool, but got []float64"),
            ("result[0]", "expected bool, but got float64"),
            ("1", "expected bool, but got int"),
            ("foo > 1", "C unknown name foo"),
            ("true || foo", "C unknown name foo"),
            ("max(result) > 1", "C invalid argument for max (type []float64)"),
            ("sum(result) == 3 && mean(result) == 1.5 && first(result) == 1", "true"),
            ("last(result) == 2 && len(result) == 2 && count(result, # > 1) == 1", "true"),
            ("result[0] in [1,2]", "true"),
            ("result[0] in 1..3", "true"),
            ("1 in result", "true"),
            ("   ", "C unexpected token EOF"),
        ],
    );
    expect(&vector(&[1.0]), &[("result == [1]", "false"), ("result[0:1] == [1]", "false")]);
}

#[test]
fn one_value() {
    expect(
        &vector(&[5.0]),
        &[
            ("result[0] % 2", "C invalid operation: % (mismatched types float64 and int)"),
            ("int(result[0]) % 2 == 1", "true"),
            ("5/2 == 2.5", "true"),
            ("5/0 > 1", "true"),
            ("2 ** 3 == 8 && 2 ^ 3 == 8", "true"),
            ("result[0] == '5'", "C invalid operation: == (mismatched types float64 and string)"),
            ("result[0] > '4'", "C invalid operation: > (mismatched types float64 and string)"),
            ("result[0] && true", "C invalid operation: && (mismatched types float64 and bool)"),
            ("not result[0]", "C invalid operation: not (mismatched type float64)"),
            ("1 < result[0] < 6", "C invalid operation: < (mismatched types bool and int)"),
            ("isNaN(result)", "C cannot use []float64 as argument (type float64) to call isNaN "),
            ("result['0']", "C array elements can only be selected using an integer (got string)"),
            ("result?.[0]", "C expected name"),
            ("default(result[0], 3) == 5", "false"),
            ("let x = result[0]; x > 4", "true"),
            ("result[0] > 1_000", "false"),
            ("result[0] > 4 // c", "true"),
            ("/* c */ result[0] > 4", "true"),
            ("# c", "C cannot use pointer accessor outside closure"),
            ("findIndex(result, # > 9) == 1", "E interface conversion: interface {} is nil, not int"),
        ],
    );
}

#[test]
fn a_scalar_and_no_value() {
    expect(
        &Value::Float(5.0),
        &[
            ("result >= 4", "true"),
            ("result[0] > 1", "C type float64[int] is undefined"),
            ("len(result) > 1", "C invalid argument for len (type float64)"),
        ],
    );
    expect(
        &Value::Nil,
        &[
            ("result == nil && isNil(result)", "true"),
            ("default(result, 0) < 0.05", "true"),
            ("result > 1", "C invalid operation: > (mismatched types <nil> and int)"),
            ("isNil(result) || result < 1", "C invalid operation: < (mismatched types <nil> and int)"),
        ],
    );
}

#[test]
fn the_newer_engine_differs() {
    let two = vector(&[1.0, 2.0]);
    let told = |text| told(text, &two, Dialect::V1_17_8);
    assert_eq!(told("max(result) == 2 && 0 < result[0] < 2"), "true");
    assert_eq!(told("result == [1, 2]"), "true");
    assert_eq!(told("if result[0] > 0 { true } else { false }"), "true");
    assert_eq!(told("result[2] > 1"), "E index out of range: 2 (array length is 2)");
    let not_a_number = vector(&[f64::NAN]);
    let same = |dialect| evaluate("result == result", &not_a_number, dialect).unwrap();
    assert!(same(Dialect::V1_15_5) && !same(Dialect::V1_17_8));
}

#[test]
fn two_conditions_decide_as_argo_does() {
    let compiled = |text| Compiled::new(text, ResultType::Scalar, Dialect::V1_15_5);
    let (high, low) = (compiled("result > 0.9"), compiled("result < 0.5"));
    let broken = compiled("result > 'a'");
    let outcome = |s: Option<&Compiled>, f: Option<&Compiled>, x| assess(s, f, &Value::Float(x));
    assert_eq!(outcome(None, None, 1.0), Outcome::Successful);
    assert_eq!(outcome(Some(&high), None, 1.0), Outcome::Successful);
    assert_eq!(outcome(Some(&high), None, 0.7), Outcome::Failed);
    assert_eq!(outcome(None, Some(&low), 0.7), Outcome::Successful);
    assert_eq!(outcome(None, Some(&low), 0.1), Outcome::Failed);
    assert_eq!(outcome(Some(&high), Some(&low), 1.0), Outcome::Successful);
    assert_eq!(outcome(Some(&high), Some(&low), 0.1), Outcome::Failed);
    assert_eq!(outcome(Some(&high), Some(&low), 0.7), Outcome::Inconclusive);
    assert_eq!(outcome(Some(&high), Some(&high), 1.0), Outcome::Failed);
    let message = "invalid operation: > (mismatched types float64 and string)".to_owned();
    assert_eq!(outcome(Some(&high), Some(&broken), 1.0), Outcome::Error(message.clone()));
    assert_eq!(outcome(Some(&broken), None, 1.0), Outcome::Error(message));
}

#[test]
fn an_error_names_its_place() {
    let error = check("result[0] > 1 && foo > 2", ResultType::Vector, Dialect::V1_15_5);
    assert_eq!(error.unwrap_err().span, 17..20);
    let error = evaluate("true && result[7] > 1", &vector(&[1.0]), Dialect::V1_15_5);
    assert_eq!(error.unwrap_err().span, 14..15);
}

#[test]
fn a_result_of_another_type_is_compiled_for() {
    let compiled = Compiled::new("result > 1", ResultType::Vector, Dialect::V1_15_5);
    assert!(compiled.error().is_some());
    assert_eq!(compiled.evaluate(&Value::Float(2.0)), Ok(true));
    assert!(check("result > 1", ResultType::Unknown, Dialect::V1_15_5).is_ok());
}

#[test]
fn now_is_what_it_is_given() {
    let compiled = Compiled::new("now() > date('2026-01-01')", ResultType::Nil, Dialect::V1_15_5);
    assert_eq!(compiled.evaluate(&Value::Nil), Ok(false));
    assert_eq!(compiled.evaluate_at(&Value::Nil, 1_790_000_000_000_000_000), Ok(true));
}

#[test]
fn hostile_conditions_end_soon_and_quietly() {
    let deep = |open: &str, core: &str, close: &str, n: usize| {
        format!("{}{core}{}", open.repeat(n), close.repeat(n))
    };
    let hostile = [
        "1..1000000000 == nil".to_owned(),
        "len(map(1..1000000000, #)) > 1".to_owned(),
        "all(1..999999, all(1..999999, all(1..999999, # > 0)))".to_owned(),
        "len(repeat(repeat('a', 1000000), 1000000)) > 1".to_owned(),
        "reduce(1..900, #acc + #acc, 'aa') == 'a'".to_owned(),
        "reduce(1..90000, [#acc, #acc], 1) == 1".to_owned(),
        "len(string(reduce(1..100, [#acc, #acc], 1))) > 1".to_owned(),
        "reduce(1..100, [#acc, #acc], 1) == reduce(1..100, [#acc, #acc], 1)".to_owned(),
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaa' matches '(a*)*b'".to_owned(),
        deep("(", "1", ")", 20_000),
        deep("[", "1", "]", 20_000),
        deep("!", "true", "", 20_000),
        deep("- ", "1", "", 20_000),
        deep("result[", "0", "]", 2_000),
        deep("all(result, {", "true", "})", 2_000),
        deep("1 < (", "1", ") < 3", 50),
        deep("1 + ", "1", "", 5_000),
        deep("a", ".b", ".c", 5_000),
        deep("true ? ", "1", " : 2", 5_000),
        deep("let x = 1; ", "1", "", 5_000),
        "x".repeat(1 << 17),
        "\u{0}'\\u{110000}'".to_owned(),
    ];
    for text in &hostile {
        for dialect in [Dialect::V1_15_5, Dialect::V1_17_8] {
            for result in [vector(&[1.0]), Value::Nil] {
                let _ = evaluate(text, &result, dialect);
            }
        }
    }
}

#[test]
fn nesting_of_any_use_is_accepted() {
    let nested = format!("{}true{}", "(".repeat(50), ")".repeat(50));
    let chained = vec!["result[0] > 1"; 120].join(" && ");
    for dialect in [Dialect::V1_15_5, Dialect::V1_17_8] {
        assert_eq!(evaluate(&nested, &Value::Nil, dialect), Ok(true));
        assert_eq!(evaluate(&chained, &vector(&[2.0]), dialect), Ok(true));
    }
}

#[test]
fn the_usual_comparison_is_quick() {
    let compiled = Compiled::new("result[0] >= 0.95", ResultType::Vector, Dialect::V1_15_5);
    let result = vector(&[0.97]);
    let holds = (0..100_000).filter(|_| compiled.evaluate(&result) == Ok(true)).count();
    assert_eq!(holds, 100_000);
}
