//! The same answers as PHP's composer/semver, on texts made by chance.
//!
//! Needs `php` with `Composer\Semver` on its include path (Debian: `php-cli`, `php-composer-semver`). Left out are
//! dates with two groups after their pairs, which releases before 3.4 read otherwise, and, where numbers are compared,
//! those of 19 digits and more, which PHP rounds. `TOLLGATE_PAIRS=1000000` asks for that many pairs of a constraint and
//! a version, half as many versions, as many branches, and half as many comparisons.

mod generate;

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread,
};

use composer_version::{Constraint, Version};
use generate::Generator;

/// Pairs that are asked for unless `TOLLGATE_PAIRS` says otherwise.
const PAIRS: usize = 20_000;
/// Questions that are asked at once.
const BATCH: usize = 20_000;

/// Something that both are asked.
enum Question {
    Matches(String, String),
    Version(String),
    Branch(String),
    Compare(String, String),
}

impl Question {
    /// Half of the questions are well-formed, the others have accidents.
    fn make(number: usize, generator: &mut Generator) -> Self {
        let shaken = [0, 0, 50, 100][number / 5 % 4];
        match number % 5 {
            0 | 1 => {
                let valid = |text: &String| shaken > 0 || Version::parse(text).is_ok();
                let version = generator.until(|it| it.version(shaken / 5), valid);
                let valid = |text: &String| shaken > 0 || Constraint::parse(text).is_ok();
                Self::Matches(generator.until(|it| it.constraint(shaken), valid), version)
            }
            2 => Self::Version(generator.version(shaken)),
            3 => Self::Branch(generator.branch()),
            _ => Self::Compare(generator.version(shaken / 2), generator.version(shaken / 2)),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Matches(..) => "matches",
            Self::Version(_) => "version",
            Self::Branch(_) => "branch",
            Self::Compare(..) => "compare",
        }
    }

    fn fields(&self) -> Vec<&str> {
        match self {
            Self::Version(text) | Self::Branch(text) => vec![text],
            Self::Matches(one, two) | Self::Compare(one, two) => vec![one, two],
        }
    }

    fn line(&self) -> String {
        let fields: Vec<String> = self.fields().into_iter().map(hex).collect();
        format!("{}\t{}\n", self.kind(), fields.join("\t"))
    }

    /// Whether it is known that PHP answers otherwise.
    fn is_left_out(&self) -> bool {
        let compares = matches!(self, Self::Matches(..) | Self::Compare(..));
        let long = |text: &str| text.split(|char: char| !char.is_ascii_digit()).any(|digits| digits.len() > 18);
        compares && self.fields().into_iter().any(long)
    }

    fn answer(&self) -> String {
        self.try_answer().unwrap_or_else(|| "error".to_owned())
    }

    fn try_answer(&self) -> Option<String> {
        match self {
            Self::Matches(constraint, version) => {
                let version = Version::parse(version).ok()?;
                Some(Constraint::parse(constraint).ok()?.matches(&version).to_string())
            }
            Self::Version(text) => {
                let version = Version::parse(text).ok()?;
                Some(format!("{} {}", hex(version.normalized()), version.stability()))
            }
            Self::Branch(name) => Some(hex(Version::of_branch(name).normalized())),
            Self::Compare(one, two) => {
                let (one, two) = (Version::parse(one).ok()?, Version::parse(two).ok()?);
                // Composer does not say `<=` of a branch and itself.
                let same_branch = one.is_branch() && one == two;
                Some(if same_branch { "==" } else { operators(one.compare(&two)) }.to_owned())
            }
        }
    }
}

/// The operators that hold.
fn operators(order: Option<Ordering>) -> &'static str {
    match order {
        Some(Ordering::Less) => "< <= !=",
        Some(Ordering::Equal) => "<= == >=",
        Some(Ordering::Greater) => "!= >= >",
        None => "!=",
    }
}

fn hex(text: &str) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// PHP, and what it says of itself; or why there is none.
fn php() -> Result<(Child, String), String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/php/oracle.php");
    let mut command = Command::new("php");
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|error| format!("php: {error}"))?;
    // One byte at a time, so that nothing of the answers is read ahead.
    let mut said = String::new();
    let stdout = child.stdout.as_mut().expect("a pipe");
    for byte in std::io::Read::bytes(stdout).map(Result::unwrap).take_while(|byte| *byte != b'\n') {
        said.push(char::from(byte));
    }
    if said.starts_with("PHP") {
        return Ok((child, said));
    }
    child.wait().expect("it ends");
    Err(format!("php has no Composer\\Semver. {said}"))
}

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "a test's own settings")]
fn setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says something that is seen of tests that pass, too.
fn say(text: &str) {
    std::io::stderr().write_all(format!("\n*** {text}\n").as_bytes()).expect("stderr takes a line");
}

/// What came out so far.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<(&'static str, String), usize>,
    differing: Vec<String>,
}

impl Tally {
    fn take(&mut self, question: &Question, expected: &str) {
        let left_out = expected == "long date" || question.is_left_out();
        let verdict = match expected {
            _ if left_out => "left out",
            "error" | "true" | "false" => expected,
            _ => "answered",
        };
        *self.counts.entry((question.kind(), verdict.to_owned())).or_default() += 1;
        let answer = question.answer();
        if !left_out && answer != expected {
            let (kind, fields) = (question.kind(), question.fields());
            self.differing.push(format!("{kind} {fields:?}: PHP {expected}, we {answer}"));
        }
    }
}

#[test]
fn everything_is_as_php_says() {
    let (mut child, said) = match php() {
        Ok(php) => php,
        Err(missing) => {
            assert!(setting("CI").is_none(), "on CI it must not be skipped: {missing}");
            say(&format!("SKIPPED: {missing}\n*** Debian has it: apt-get install php-cli php-composer-semver\n"));
            return;
        }
    };
    let pairs = setting("TOLLGATE_PAIRS").map_or(PAIRS, |pairs| pairs.parse().expect("a number"));
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe")).lines().map(Result::unwrap);
    let mut stdin = child.stdin.take().expect("a pipe");
    let (mut generator, mut tally, all) = (Generator(1), Tally::default(), pairs / 2 * 5);
    for begin in (0..all).step_by(BATCH) {
        let numbers = begin..(begin + BATCH).min(all);
        let questions: Vec<Question> = numbers.map(|number| Question::make(number, &mut generator)).collect();
        let lines: String = questions.iter().map(Question::line).collect();
        thread::scope(|scope| {
            scope.spawn(|| stdin.write_all(lines.as_bytes()).expect("PHP reads on"));
            for question in &questions {
                tally.take(question, &answers.next().expect("PHP answers every line"));
            }
        });
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
    let Tally { counts, differing } = tally;
    say(&format!("{said}: {all} questions, {} differ: {counts:?}\n", differing.len()));
    let first = differing.iter().take(50).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "{} differ, such as\n{first}", differing.len());
}
