//! Branches' names as versions: numeric ones take a place in the order, the others are `dev-…`.

use crate::scan::{after_v, digits, trim};

/// Begins every version that is a branch without a number.
pub(crate) const PREFIX: &str = "dev-";
/// Stands for a number that a branch leaves open; above every real one.
const OPEN: &str = "9999999";

/// The normalised version of a branch.
pub(crate) fn normalize(name: &str) -> String {
    numeric(name).unwrap_or_else(|| format!("{PREFIX}{}", trim(name)))
}

/// The normalised version of a branch that is called like `1.x`, `v2` or `1.2.*`.
pub(crate) fn numeric(name: &str) -> Option<String> {
    let (first, mut rest) = digits(after_v(trim(name)))?;
    let mut version = first.to_owned();
    for _ in 1..4 {
        version.push('.');
        match rest.strip_prefix('.') {
            Some(group) => {
                let (number, after) = digits(group).or_else(|| Some((OPEN, group.strip_prefix(['x', 'X', '*'])?)))?;
                version.push_str(number);
                rest = after;
            }
            None => version.push_str(OPEN),
        }
    }
    rest.is_empty().then(|| version + "-dev")
}

/// How Composer shows a branch's version: `1.x-dev`, `v2.1.x-dev`, `dev-main`.
pub(crate) fn shown(name: &str, normalized: &str) -> String {
    if normalized.starts_with(PREFIX) {
        return normalized.to_owned();
    }
    let numbers = normalized.strip_suffix("-dev").unwrap_or(normalized);
    let v = if trim(name).starts_with('v') { "v" } else { "" };
    // What is left open within is shown as `x` as well; several in a row as one.
    let mut shown = v.to_owned();
    let mut before = "";
    for (place, number) in numbers.split('.').enumerate() {
        match number {
            OPEN if place > 0 && before == OPEN => {}
            OPEN if place > 0 => shown.push_str(".x"),
            _ if place > 0 => shown.extend([".", number]),
            _ => shown.push_str(number),
        }
        before = if place > 0 { number } else { "" };
    }
    shown + "-dev"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeric_branch_is_above_what_it_develops() {
        for (name, normalized, display) in [
            ("1.x", "1.9999999.9999999.9999999-dev", "1.x-dev"),
            ("v2", "2.9999999.9999999.9999999-dev", "v2.x-dev"),
            ("1.0", "1.0.9999999.9999999-dev", "1.0.x-dev"),
            ("1.2.3", "1.2.3.9999999-dev", "1.2.3.x-dev"),
            ("1.2.3.4", "1.2.3.4-dev", "1.2.3.4-dev"),
            ("1.*.3", "1.9999999.3.9999999-dev", "1.x.3.x-dev"),
            (" V1.X ", "1.9999999.9999999.9999999-dev", "1.x-dev"),
            ("9999999", "9999999.9999999.9999999.9999999-dev", "9999999.x-dev"),
        ] {
            assert_eq!(normalize(name), normalized, "{name}");
            assert_eq!(shown(name, normalized), display, "{name}");
        }
    }

    #[test]
    fn every_other_branch_keeps_its_name() {
        for name in ["main", "x", "release-2.0", "1.2.3.4.5", "Feature/É", "1.", "1.xx", "1.2-x", ""] {
            let version = format!("dev-{name}");
            assert_eq!(normalize(name), version);
            assert_eq!(shown(name, &version), version);
        }
    }
}
