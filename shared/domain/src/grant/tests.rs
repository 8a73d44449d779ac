//! Grants, held against versions.

use super::*;
use crate::{
    forge::ForgeKind,
    package::{Bundle, Found, PackageId, Source, SyncState},
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(super) fn package(bundles: &[&str]) -> Package {
    let random = crate::Random::new(|bytes| bytes.fill(3));
    Package {
        package_id: PackageId::generate(&random),
        name: PackageName::parse("acme/widget").unwrap(),
        description: None,
        source: Source { forge: ForgeKind::Github, repository_url: "x".to_owned(), repository_id: None },
        dev_branches: false,
        bundles: bundles.iter().map(|name| BundleName::parse(name).unwrap()).collect(),
        found: Found::default(),
        sync: SyncState::default(),
        created_at: at(0),
        rev: 1,
    }
}

fn grant(constraint: &str) -> Grant {
    Grant::new(ConstraintText::parse(constraint).unwrap(), at(10))
}

fn with(change: impl FnOnce(&mut Grants)) -> Grants {
    let mut grants = Grants::default();
    change(&mut grants);
    grants
}

fn direct(grant: Grant) -> Grants {
    with(|grants| drop(grants.direct.insert(PackageName::parse("acme/widget").unwrap(), grant)))
}

/// Which of some versions may be had at second 100. They were committed and found at 20, except the last, of second 60.
fn allowed(grants: &Grants, package: &Package) -> Option<Vec<&'static str>> {
    let access = grants.access(package, at(100))?;
    let versions = ["1.0.0.0", "1.1.0.0-beta1", "2.0.0.0", "dev-main", "1.2.0.0"];
    let release = |normalized| {
        let time = if normalized == "1.2.0.0" { at(60) } else { at(20) };
        Release { normalized, time, listed_at: time }
    };
    Some(versions.into_iter().filter(|version| access.allows(release(version))).collect())
}

#[test]
fn a_constraint_lets_its_versions_through_and_nothing_else() {
    let widget = package(&[]);
    assert_eq!(allowed(&Grants::default(), &widget), None);
    assert_eq!(allowed(&direct(grant("^1.0")), &widget).unwrap(), ["1.0.0.0", "1.1.0.0-beta1", "1.2.0.0"]);
    assert_eq!(allowed(&direct(grant("*")), &widget).unwrap().len(), 5);
    let grants = direct(grant("^1.0"));
    let access = grants.access(&widget, at(100)).unwrap();
    assert_eq!(access.explanation(), "Your access covers ^1.0 only");
}

#[test]
fn within_a_grant_all_limits_hold() {
    let widget = package(&[]);
    let until = Grant { updates_until: Some(at(20)), ..grant("^1.0") };
    assert_eq!(allowed(&direct(until), &widget).unwrap(), ["1.0.0.0", "1.1.0.0-beta1"]);
    let stable = Grant { minimum_stability: Some(MinimumStability::parse("stable").unwrap()), ..grant("*") };
    assert_eq!(allowed(&direct(stable), &widget).unwrap(), ["1.0.0.0", "2.0.0.0", "1.2.0.0"]);
    let over = direct(Grant { expires_at: Some(at(100)), ..grant("*") });
    assert_eq!(allowed(&over, &widget).unwrap(), [""; 0]);
    assert_eq!(over.access(&widget, at(100)).unwrap().explanation(), "Your access to this package has ended");
}

#[test]
fn grants_add_up_whether_direct_by_bundle_or_by_purchase() {
    let enterprise = BundleName::parse("enterprise").unwrap();
    let purchase = PurchaseId::earliest(at(5));
    let name = PackageName::parse("acme/widget").unwrap();
    let grants = with(|grants| {
        grants.bundles.insert(enterprise, grant("2.0.0"));
        grants.purchases.insert(purchase, [(name, grant("1.0.0"))].into());
    });
    assert_eq!(allowed(&grants, &package(&["enterprise"])).unwrap(), ["1.0.0.0", "2.0.0.0"]);
    assert_eq!(allowed(&grants, &package(&["other"])).unwrap(), ["1.0.0.0"]);
}

#[test]
fn frozen_at_versions_means_exactly_these() {
    let widget = package(&[]);
    let pinned = |package: &str, version: &str| Pinned {
        package: PackageName::parse(package).unwrap(),
        version: normalized(version).unwrap(),
    };
    let versions = [pinned("acme/widget", "v2.0"), pinned("acme/core", "1.0.0")];
    let mut grants = direct(grant("^1.0"));
    grants.direct.insert(PackageName::parse("acme/core").unwrap(), grant("*"));
    grants.frozen = Some(Freeze::new(at(50), Some(versions.into()), &grants, &[]));
    assert_eq!(allowed(&grants, &widget).unwrap(), ["2.0.0.0"]);
    let after = grants.without(&widget.name).unwrap();
    assert_eq!(allowed(&after, &widget), None);
    assert_eq!(after.named().len(), 1);
    assert_eq!(after.without(&widget.name), None);
}

#[test]
fn frozen_as_it_was_means_nothing_newer_and_nothing_granted_later() {
    let widget = package(&[]);
    let mut grants = direct(Grant { expires_at: Some(at(80)), ..grant("^1.0") });
    grants.frozen = Some(Freeze::new(at(50), None, &grants, &[]));
    assert_eq!(allowed(&grants, &widget).unwrap(), ["1.0.0.0", "1.1.0.0-beta1"], "its end came after it was frozen");
    grants.direct = direct(grant("*")).direct;
    assert_eq!(allowed(&grants, &widget).unwrap(), ["1.0.0.0", "1.1.0.0-beta1"], "what is granted now counts later");
    let regranted = Grants { direct: direct(grant("*")).direct, ..grants.without(&widget.name).unwrap() };
    assert_eq!(allowed(&regranted, &widget), None, "it was taken away in between");
}

fn bundle(text: &str, packages: &[&str]) -> Bundle {
    Bundle {
        name: BundleName::parse(text).unwrap(),
        packages: packages.iter().map(|package| PackageName::parse(package).unwrap()).collect(),
        created_at: at(0),
        updated_at: at(0),
        rev: 1,
    }
}

#[test]
fn what_comes_into_a_bundle_or_leaves_it_changes_nothing_for_who_is_frozen() {
    let bundle = bundle("one", &["acme/widget"]);
    let mut grants = with(|grants| drop(grants.bundles.insert(bundle.name.clone(), grant("*"))));
    let (inside, outside) = (package(&["one"]), package(&[]));
    let other = Package { name: PackageName::parse("acme/other").unwrap(), ..package(&["one"]) };
    assert!(allowed(&grants, &other).is_some());
    grants.frozen = Some(Freeze::new(at(50), None, &grants, std::slice::from_ref(&bundle)));
    assert_eq!(allowed(&grants, &outside), allowed(&grants, &inside));
    assert!(allowed(&grants, &outside).is_some_and(|versions| versions.len() == 4));
    assert_eq!(allowed(&grants, &other), None);
    assert_eq!(grants.named().into_iter().collect::<Vec<_>>(), [&inside.name]);
    assert_eq!(allowed(&grants.without_bundle(&bundle.name).unwrap(), &inside), None);
}

#[test]
fn another_package_with_the_same_name_was_granted_to_nobody() {
    let later = |package| Package { created_at: at(1000), ..package };
    let name = PackageName::parse("acme/widget").unwrap();
    let purchase =
        with(|grants| drop(grants.purchases.insert(PurchaseId::earliest(at(5)), [(name, grant("*"))].into())));
    for mut grants in [direct(grant("*")), purchase] {
        assert!(allowed(&grants, &package(&[])).is_some());
        assert_eq!(allowed(&grants, &later(package(&[]))), None);
        grants.frozen = Some(Freeze::new(at(50), None, &grants, &[]));
        assert_eq!(allowed(&grants, &later(package(&[]))), None);
    }
    let bundled = with(|grants| drop(grants.bundles.insert(BundleName::parse("one").unwrap(), grant("*"))));
    assert!(
        allowed(&bundled, &later(package(&["one"]))).is_some(),
        "what comes into a bundle later is granted with it"
    );
}

#[test]
fn a_bundle_that_is_taken_away_takes_its_frozen_versions_along() {
    let name = |text: &str| PackageName::parse(text).unwrap();
    let bundles = [bundle("one", &["acme/a", "acme/b", "acme/c"]), bundle("two", &["acme/b"])];
    let pinned = |package| Pinned { package: name(package), version: "1.0.0.0".to_owned() };
    let grants = with(|grants| {
        grants.bundles = bundles.iter().map(|it| (it.name.clone(), grant("*"))).collect();
        grants.direct.insert(name("acme/c"), grant("*"));
        let versions = ["acme/a", "acme/b", "acme/c"].map(pinned).into();
        grants.frozen = Some(Freeze::new(at(50), Some(versions), grants, &bundles));
    });
    let after = grants.without_bundle(&bundles[0].name).unwrap();
    assert_eq!(after.frozen.as_ref().unwrap().versions, Some(["acme/b", "acme/c"].map(pinned).into()));
    assert_eq!(after.without_bundle(&bundles[0].name), None);
}

#[test]
fn replacing_the_grants_keeps_since_when_they_were_and_drops_what_is_frozen_of_the_others() {
    let name = |text| PackageName::parse(text).unwrap();
    let pinned = |package| Pinned { package: name(package), version: "1.0.0.0".to_owned() };
    let before = with(|grants| {
        grants.direct = ["acme/a", "acme/b"].map(|package| (name(package), grant("^1.0"))).into();
        grants.frozen = Some(Freeze::new(at(50), Some(["acme/a", "acme/b"].map(pinned).into()), grants, &[]));
    });
    let later = |constraint: &str| Grant { granted_at: at(60), ..grant(constraint) };
    let after = before.with_direct([(name("acme/b"), later("^2.0")), (name("acme/c"), later("*"))].into());
    assert_eq!(after.direct[&name("acme/b")], grant("^2.0"), "since when it was granted at all");
    assert_eq!(after.direct[&name("acme/c")].granted_at, at(60));
    assert_eq!(after.frozen.unwrap().versions, Some([pinned("acme/b")].into()));
}
