//! What holds for every text, every version, and every constraint.

use std::cmp::Ordering;

use composer_version::{Constraint, Version};
use proptest::prelude::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn matches(constraint: &str, version: &Version) -> bool {
    Constraint::parse(constraint).unwrap_or_else(|error| panic!("{error}")).matches(version)
}

/// Texts that have something of a constraint.
const NEARLY: &str = "([~^<>=!,| \\-.@#+*xXvV0-9]|as|dev|RC|beta|stable|alpha|master|\\PC|\\s){0,24}";
/// Versions with numbers.
const NUMBERED: &str =
    "[vV]?[0-9]{1,5}(\\.[0-9]{1,3}){0,3}([-._]?(alpha|a|beta|b|RC|rc|patch|pl|p)([.-]?[0-9]{1,2}){0,2})?(-dev)?";

fn versions() -> impl Strategy<Value = Version> {
    let numbered = "[0-2](\\.[0-2]){0,3}(-(alpha|beta|RC|p|STABLE)[0-2]?)?(-dev)?".prop_map(|text| version(&text));
    let zeros = "0{0,2}[0-2]\\.0{1,2}[0-2](-RC[0-2][.-][0-2])?".prop_map(|text| version(&text));
    let branch = "[a-c]|[0-2]\\.x|[0-2]\\.[0-2]".prop_map(|name| Version::of_branch(&name));
    let date = "202[45]-0[12]-[01]{2}".prop_map(|text| version(&text));
    prop_oneof![4 => numbered, 1 => zeros, 1 => branch, 1 => date]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![any::<String>(), NEARLY], other in NEARLY) {
        let branch = Version::of_branch(&other);
        if let Ok(constraint) = Constraint::parse(&text) {
            prop_assert_eq!(constraint.as_str(), &text);
            let _ = constraint.matches(&branch);
            if let Ok(version) = Version::parse(&other) {
                let _ = constraint.matches(&version);
            }
        }
        if let Ok(version) = Version::parse(&text) {
            let _ = (version.stability(), version.cmp(&branch), version.to_string());
        }
    }

    #[test]
    fn what_was_normalised_stays(text in NUMBERED) {
        let once = version(&text);
        let twice = version(once.normalized());
        prop_assert_eq!(once.normalized(), twice.normalized());
        prop_assert_eq!(once.stability(), twice.stability());
        prop_assert!(matches(once.normalized(), &once), "{} is itself", text);
    }

    #[test]
    fn a_branch_that_is_shown_is_read_back(name in "[a-z0-9.xX*/-]{0,12}") {
        let branch = Version::of_branch(&name);
        prop_assert_eq!(&version(&branch.to_string()), &branch);
        prop_assert_eq!(version(branch.normalized()), branch);
    }

    #[test]
    fn versions_are_in_one_order(a in versions(), b in versions(), c in versions()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.compare(&b), b.compare(&a).map(Ordering::reverse));
        prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        if a <= b && b <= c {
            prop_assert!(a <= c, "{} {} {}", a, b, c);
        }
        // The order for lists only decides what Composer leaves open.
        if let Some(order @ (Ordering::Less | Ordering::Greater)) = a.compare(&b) {
            prop_assert_eq!(a.cmp(&b), order);
        }
        // Being equal for Composer goes on from one to the next, too.
        if a.compare(&b) == Some(Ordering::Equal) {
            prop_assert_eq!(a.compare(&c), b.compare(&c));
        }
    }

    #[test]
    fn a_caret_is_its_range(x in 0..3_u32, y in 0..3_u32, z in 0..3_u32, version in versions()) {
        let range = match (x, y) {
            (0, 0) => format!(">=0.0.{z} <0.0.{}", z + 1),
            (0, _) => format!(">=0.{y}.{z} <0.{}", y + 1),
            _ => format!(">={x}.{y}.{z} <{}", x + 1),
        };
        prop_assert_eq!(matches(&format!("^{x}.{y}.{z}"), &version), matches(&range, &version), "{}", range);
    }

    #[test]
    fn a_tilde_is_its_range(x in 0..3_u32, y in 0..3_u32, z in 0..3_u32, version in versions()) {
        for (tilde, range) in [
            (format!("~{x}"), format!(">={x} <{}", x + 1)),
            (format!("~{x}.{y}"), format!(">={x}.{y} <{}", x + 1)),
            (format!("~{x}.{y}.{z}"), format!(">={x}.{y}.{z} <{x}.{}", y + 1)),
        ] {
            prop_assert_eq!(matches(&tilde, &version), matches(&range, &version), "{} {}", tilde, range);
        }
    }

    #[test]
    fn a_comma_is_both_and_bars_are_either(x in 0..3_u32, y in 0..3_u32, version in versions()) {
        let (a, b) = (format!("^{x}"), format!("!=1.{y}"));
        let (holds_a, holds_b) = (matches(&a, &version), matches(&b, &version));
        prop_assert_eq!(matches(&format!("{a},{b}"), &version), holds_a && holds_b);
        prop_assert_eq!(matches(&format!("{a} || {b}"), &version), holds_a || holds_b);
    }
}
