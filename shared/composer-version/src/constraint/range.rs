//! Parts that stand for a range: `~1.2`, `^1.2`, `1.2.*`, `1.0 - 2.0`.

use super::term::{Operator, Term};
use crate::{
    modifier::Modifier,
    normalize::{after_spaces, normalize},
    scan::{after_v, after_word, before_end, digits, is_blank, span, split},
};

/// A lower and an upper bound.
type Bounds = (Term, Term);

/// A version in a range, before it is normalised.
struct Pattern<'a> {
    /// One to four numbers; the others are empty.
    numbers: [&'a str; 4],
    modifier: Modifier<'a>,
    /// Whether it ends like `.x-dev`.
    branch: bool,
}

impl<'a> Pattern<'a> {
    /// Reads a text that is nothing else.
    fn read(text: &'a str) -> Option<Self> {
        let (numbers, rest) = numbers(after_v(text), 4)?;
        let (modifier, after) = Modifier::read(rest);
        if is_build(after) {
            return Some(Self { numbers, modifier, branch: false });
        }
        let open = rest.strip_prefix('.')?.strip_prefix(['x', 'X', '*'])?;
        let after = after_word(open.strip_prefix(['.', '-']).unwrap_or(open), "dev")?;
        let modifier = Modifier { word: "", numbers: "", dev: false };
        is_build(after).then_some(Self { numbers, modifier, branch: true })
    }

    /// What a lower bound needs so that the unfinished versions of it count, too.
    fn lowest(&self) -> &'static str {
        if self.modifier.is_silent() && !self.branch { "-dev" } else { "" }
    }

    /// How many numbers there are.
    fn count(&self) -> usize {
        self.numbers.iter().filter(|number| !number.is_empty()).count()
    }
}

/// One to `most` numbers, with points between them, and what follows.
fn numbers(text: &str, most: usize) -> Option<([&str; 4], &str)> {
    let (first, mut rest) = digits(text)?;
    let mut numbers = [first, "", "", ""];
    for number in &mut numbers[1..most] {
        let Some((next, after)) = rest.strip_prefix('.').and_then(digits) else { break };
        *number = next;
        rest = after;
    }
    Some((numbers, rest))
}

/// Nothing, or `+` and a build's name.
fn is_build(text: &str) -> bool {
    let build = text.strip_prefix('+');
    build.map_or(text.is_empty(), |build| !build.is_empty() && span(build, |byte| !is_blank(byte)) == build.len())
}

/// `~1.2.3`: the last number may rise; a single one, too.
pub(super) fn tilde(part: &str) -> Option<Bounds> {
    let text = part.strip_prefix('~')?;
    let pattern = Pattern::read(before_end(text))?;
    let last = pattern.count() + usize::from(pattern.branch);
    let low = normalize(&format!("{text}{}", pattern.lowest()))?;
    Some(bounds(low, next(pattern.numbers, last.saturating_sub(1).max(1))))
}

/// `^1.2.3`: what is right of the first number that is not 0 may rise.
pub(super) fn caret(part: &str) -> Option<Bounds> {
    let text = part.strip_prefix('^')?;
    let pattern = Pattern::read(before_end(text))?;
    let fixed = match pattern.numbers {
        ["0", "0", patch, _] if !patch.is_empty() => 3,
        ["0", minor, ..] if !minor.is_empty() => 2,
        _ => 1,
    };
    let low = normalize(&format!("{text}{}", pattern.lowest()))?;
    Some(bounds(low, next(pattern.numbers, fixed)))
}

/// `1.2.*`: one to three numbers and any number of wildcards. The lower bound is missing where it would say nothing.
pub(super) fn wildcard(part: &str) -> Option<(Term, Option<Term>)> {
    let text = before_end(part);
    let (numbers, mut rest) = numbers(text.strip_prefix('v').unwrap_or(text), 3)?;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        rest = rest.strip_prefix('.')?.strip_prefix(['x', 'X', '*'])?;
    }
    let low = numbers.map(|number| if number.is_empty() { "0" } else { number }).join(".") + "-dev";
    let count = numbers.iter().filter(|number| !number.is_empty()).count();
    let (low, high) = bounds(low, next(numbers, count));
    Some(if &*low.version == "0.0.0.0-dev" { (high, None) } else { (low, Some(high)) })
}

/// `1.0 - 2.0`: both included; an upper bound of one or two numbers with all that begins with them.
pub(super) fn hyphen(part: &str) -> Option<Bounds> {
    let (from, rest) = split(before_end(part), |byte| byte != b' ');
    let to = after_spaces(after_spaces(rest)?.strip_prefix('-')?)?;
    let (first, last) = (Pattern::read(from)?, Pattern::read(to)?);
    let low = Term::new(Operator::GreaterOrEqual, normalize(from)? + first.lowest());
    let high = normalize(to)?;
    if last.count() > 2 || last.lowest().is_empty() {
        return Some((low, Term::new(Operator::LessOrEqual, high)));
    }
    Some((low, Term::new(Operator::Less, next(last.numbers, last.count()))))
}

fn bounds(low: String, high: String) -> Bounds {
    (Term::new(Operator::GreaterOrEqual, low), Term::new(Operator::Less, high))
}

/// The least version with a greater number at this place, counted from 1.
fn next(numbers: [&str; 4], place: usize) -> String {
    let mut next = String::new();
    for (number, at) in numbers.iter().zip(1..) {
        match at {
            _ if at < place => next.push_str(number),
            _ if at == place => next.push_str(&successor(number)),
            _ => next.push('0'),
        }
        next.push_str(if at == 4 { "-dev" } else { "." });
    }
    next
}

/// The number plus one, of any length, without leading zeros.
fn successor(number: &str) -> String {
    let number = number.trim_start_matches('0');
    let kept = number.trim_end_matches('9');
    let nines = number.len() - kept.len();
    let zeros = "0".repeat(nines);
    match kept.as_bytes().split_last() {
        None => format!("1{zeros}"),
        Some((last, head)) => format!("{}{}{zeros}", &kept[..head.len()], char::from(last + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds' versions, with `..` between them.
    fn shown((low, high): Bounds) -> String {
        format!("{}..{}", low.version, high.version)
    }

    #[test]
    fn numbers_of_any_length_have_a_successor() {
        for (number, next) in [("0", "1"), ("9", "10"), ("007", "8"), ("1299", "1300"), ("00", "1")] {
            assert_eq!(successor(number), next);
        }
        assert_eq!(successor(&"9".repeat(50)), format!("1{}", "0".repeat(50)));
    }

    #[test]
    fn a_tilde_lets_the_last_number_rise() {
        assert_eq!(tilde("~1").map(shown).as_deref(), Some("1.0.0.0-dev..2.0.0.0-dev"));
        assert_eq!(tilde("~1.2").map(shown).as_deref(), Some("1.2.0.0-dev..2.0.0.0-dev"));
        assert_eq!(tilde("~1.2.3.4").map(shown).as_deref(), Some("1.2.3.4-dev..1.2.4.0-dev"));
        assert_eq!(tilde("~v1.2-b1").map(shown).as_deref(), Some("1.2.0.0-beta1..2.0.0.0-dev"));
        assert_eq!(tilde("~1.2.x-dev").map(shown).as_deref(), Some("1.2.9999999.9999999-dev..1.3.0.0-dev"));
        assert_eq!(tilde("~1.2.3.4.x-dev").map(shown), None);
        assert_eq!(tilde("~>1.2").map(shown), None);
    }

    #[test]
    fn a_caret_keeps_the_first_number_that_counts() {
        assert_eq!(caret("^1.2.3").map(shown).as_deref(), Some("1.2.3.0-dev..2.0.0.0-dev"));
        assert_eq!(caret("^0.3").map(shown).as_deref(), Some("0.3.0.0-dev..0.4.0.0-dev"));
        assert_eq!(caret("^0.0.3").map(shown).as_deref(), Some("0.0.3.0-dev..0.0.4.0-dev"));
        assert_eq!(caret("^0.0.0.3").map(shown).as_deref(), Some("0.0.0.3-dev..0.0.1.0-dev"));
        assert_eq!(caret("^0.0").map(shown).as_deref(), Some("0.0.0.0-dev..0.1.0.0-dev"));
        assert_eq!(caret("^0").map(shown).as_deref(), Some("0.0.0.0-dev..1.0.0.0-dev"));
        assert_eq!(caret("^00.3").map(shown).as_deref(), Some("00.3.0.0-dev..1.0.0.0-dev"));
        assert_eq!(caret("^1.0+b7").map(shown).as_deref(), Some("1.0.0.0..2.0.0.0-dev"));
        assert_eq!(caret("^1.2.*").map(shown), None);
    }

    #[test]
    fn a_wildcard_stands_for_all_that_follows() {
        let shown = |part| match wildcard(part)? {
            (low, Some(high)) => Some(shown((low, high))),
            (high, None) => Some(format!("..{}", high.version)),
        };
        assert_eq!(shown("1.*").as_deref(), Some("1.0.0.0-dev..2.0.0.0-dev"));
        assert_eq!(shown("v1.2.x.X").as_deref(), Some("1.2.0.0-dev..1.3.0.0-dev"));
        assert_eq!(shown("01.2.3.*").as_deref(), Some("01.2.3.0-dev..01.2.4.0-dev"));
        assert_eq!(shown("0.0.*").as_deref(), Some("..0.1.0.0-dev"));
        for part in ["1.2.3.4.*", "V1.*", "1.2", "1.*.3", "*", "1.*-dev"] {
            assert_eq!(shown(part), None, "{part}");
        }
    }

    #[test]
    fn a_hyphen_includes_both_ends() {
        assert_eq!(hyphen("1.0 - 2.0").map(shown).as_deref(), Some("1.0.0.0-dev..2.1.0.0-dev"));
        assert_eq!(hyphen("1 -  2").map(shown).as_deref(), Some("1.0.0.0-dev..3.0.0.0-dev"));
        assert_eq!(hyphen("1-b1 - 2.0.0").map(shown).as_deref(), Some("1.0.0.0-beta1..2.0.0.0"));
        assert_eq!(hyphen("1 - 2.0-RC1").map(shown).as_deref(), Some("1.0.0.0-dev..2.0.0.0-RC1"));
        assert_eq!(hyphen("1.0+b - 2.x-dev").map(shown).as_deref(), Some("1.0.0.0-dev..2.9999999.9999999.9999999-dev"));
        for part in ["1 -2", "1- 2", "1 - *", "1 - 2 - 3", "- 2", "1 - "] {
            assert_eq!(hyphen(part).map(shown), None, "{part}");
        }
    }
}
