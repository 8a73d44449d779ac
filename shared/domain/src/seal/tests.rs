//! Whatever is done to a sealed log is found.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Random;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

fn line(second: i64, says: &str) -> Line {
    let id = LogId::generate(at(second), &Random::new(|bytes| bytes.fill(7)));
    Line { id, body: json!({"sk": id.to_string(), "action": says, "metadata": {"b": "2", "a": "1"}}) }
}

/// Ten lines in three seals; the second declares a line late that belongs among the first's.
struct Log {
    seals: Vec<Seal>,
    lines: Vec<Line>,
}

impl Log {
    fn sealed() -> Self {
        let lines: Vec<Line> = (0..10).map(|second| line(second * 10, "payment_succeeded")).collect();
        let first: Vec<Line> = [&lines[..2], &lines[3..5]].concat();
        let one = Seal::next(None, &first, &[], at(1000)).unwrap();
        let two = Seal::next(Some(&one), &lines[5..8], &lines[2..3], at(1300)).unwrap();
        let three = Seal::next(Some(&two), &lines[8..], &[], at(1600)).unwrap();
        Self { seals: vec![one, two, three], lines }
    }

    fn verify(&self) -> Result<(), Broken> {
        let mut walk = Walk::along(&self.seals);
        for seal in &self.seals {
            let between = |line: &&Line| Some(line.id) > seal.after && line.id <= seal.upto;
            walk.step(seal, &self.lines.iter().filter(between).cloned().collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

#[test]
fn a_log_that_nobody_touched_is_found_whole() {
    assert_eq!(Log::sealed().verify(), Ok(()));
}

#[test]
fn nothing_new_makes_no_seal() {
    let log = Log::sealed();
    assert_eq!(Seal::next(None, &[], &[], at(0)), None);
    assert_eq!(Seal::next(log.seals.last(), &[], &[], at(0)), None);
}

#[test]
fn a_seal_of_late_lines_alone_seals_no_further() {
    let log = Log::sealed();
    let seal = Seal::next(log.seals.last(), &[], &[line(85, "late")], at(2000)).unwrap();
    assert_eq!(seal.upto, log.seals[2].upto);
}

#[test]
fn the_order_of_fields_does_not_matter() {
    assert_eq!(
        canonical(&json!({"b": [1, {"d": null, "c": "x\ny"}], "a": true})),
        r#"{"a":true,"b":[1,{"c":"x\ny","d":null}]}"#
    );
}

#[test]
fn a_line_put_in_between_is_found() {
    let mut log = Log::sealed();
    let inserted = line(35, "payment_refunded");
    log.lines.insert(4, inserted.clone());
    assert_eq!(log.verify(), Err(Broken::Inserted { n: 1, line: inserted.id }));
}

#[test]
fn a_line_that_calls_itself_late_breaks_the_seal_that_says_so() {
    let mut log = Log::sealed();
    let inserted = line(35, "payment_refunded");
    log.lines.insert(4, inserted.clone());
    log.seals[1].late.push(inserted.id);
    assert!(matches!(log.verify(), Err(Broken::Altered { n: 2, .. })));
}

#[test]
fn a_seal_that_was_made_anew_breaks_the_next() {
    let mut log = Log::sealed();
    log.lines[6].body["action"] = json!("payment_refunded");
    log.seals[1] = Seal::next(Some(&log.seals[0]), &log.lines[5..8], &log.lines[2..3], at(1300)).unwrap();
    assert_eq!(log.verify(), Err(Broken::Chain { n: 3 }));
}

#[test]
fn a_missing_seal_is_found() {
    let mut log = Log::sealed();
    log.seals.remove(1);
    assert!(log.verify().is_err());
}

proptest! {
    #[test]
    fn each_line_that_is_altered_or_removed_is_found(which in 0..10_usize, remove: bool) {
        let mut log = Log::sealed();
        if remove {
            log.lines.remove(which);
        } else {
            log.lines[which].body["metadata"]["a"] = json!("0");
        }
        prop_assert!(log.verify().is_err());
    }
}
