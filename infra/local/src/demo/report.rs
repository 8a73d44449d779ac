//! How a step's calls are told to a person.

use std::time::Duration;

use serde_json::Value;
use testkit::connector::Usage;

use super::costs::milliseconds;

/// Time and AWS calls of one request or message in one line.
pub(super) fn cost(time: Duration, usage: &Usage) -> String {
    let depth = if usage.calls.len() > 1 { format!(", {} deep", usage.chain) } else { String::new() };
    format!("{}, {}", milliseconds(time), calls(usage, &depth))
}

/// The same of several, of which each has a depth of its own.
pub(super) fn sum(time: Duration, usage: &Usage) -> String {
    format!("{} in all, {}", milliseconds(time), calls(usage, ""))
}

fn calls(usage: &Usage, depth: &str) -> String {
    match usage.calls.len() {
        0 => "no AWS call".to_owned(),
        1 => format!("1 AWS call{depth} ({}){}", operations(usage), units(usage)),
        calls => format!("{calls} AWS calls{depth} ({}){}", operations(usage), units(usage)),
    }
}

fn units(usage: &Usage) -> String {
    let named = |units: f64, name| match units.to_string().as_str() {
        "0" => String::new(),
        "1" => format!(", 1 {name} unit"),
        several => format!(", {several} {name} units"),
    };
    named(usage.read_units, "read") + &named(usage.write_units, "write")
}

/// The operations in the order of their first call: `Query, 2 GetItem`.
fn operations(usage: &Usage) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for call in &usage.calls {
        match counted.iter_mut().find(|(operation, _)| *operation == call.operation) {
            Some((_, count)) => *count += 1,
            None => counted.push((&call.operation, 1)),
        }
    }
    let named = counted.iter().map(|(operation, count)| match count {
        1 => (*operation).to_owned(),
        count => format!("{count} {operation}"),
    });
    named.collect::<Vec<_>>().join(", ")
}

/// A field of an answer, its place spelt as in JavaScript: `customers[0].email`.
pub(super) fn field(pointer: &str, value: &Value) -> String {
    let spelt = |part: &str| match part.parse::<usize>() {
        Ok(index) => format!("[{index}]"),
        Err(_) => format!(".{part}"),
    };
    let place: String = pointer.split('/').skip(1).map(spelt).collect::<Vec<_>>().concat();
    format!("{} {value}", place.trim_start_matches('.'))
}

/// The lines without their repetitions, in the order of their first.
pub(super) fn counted(lines: Vec<String>) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for line in lines {
        match counted.iter_mut().find(|(known, _)| *known == line) {
            Some((_, count)) => *count += 1,
            None => counted.push((line, 1)),
        }
    }
    let told = |(line, count)| if count == 1 { line } else { format!("{line}  ({count} times)") };
    counted.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use testkit::connector::Call;

    use super::*;

    fn usage(operations: &[&str]) -> Usage {
        let call = |(place, operation): (usize, &&str)| Call {
            service: "dynamodb".to_owned(),
            operation: (*operation).to_owned(),
            start: 2 * place,
            end: 2 * place + 1,
            read_units: 0.5,
            write_units: 0.0,
        };
        Usage::of(operations.iter().enumerate().map(call).collect())
    }

    #[test]
    fn a_cost_reads_like_a_sentence() {
        let time = Duration::from_micros(3140);
        assert_eq!(cost(time, &usage(&[])), "3.1 ms, no AWS call");
        assert_eq!(cost(time, &usage(&["GetItem"])), "3.1 ms, 1 AWS call (GetItem), 0.5 read units");
        let several = usage(&["GetItem", "Query", "GetItem", "Query"]);
        assert_eq!(cost(time, &several), "3.1 ms, 4 AWS calls, 4 deep (2 GetItem, 2 Query), 2 read units");
    }

    #[test]
    fn a_field_says_where_it_is() {
        assert_eq!(field("/error/details/0/field", &json!("email")), r#"error.details[0].field "email""#);
    }

    #[test]
    fn repetitions_are_counted() {
        let lines = ["a", "b", "a"].map(str::to_owned).into();
        assert_eq!(counted(lines), ["a  (2 times)", "b"]);
    }
}
