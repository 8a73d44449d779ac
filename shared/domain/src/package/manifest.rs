//! Whether a tag or a branch is a version of a package, and what its `composer.json` says. The rules are Packagist's.

mod shape;

use composer_version::Version;
use serde_json::{Map, Value};

use super::PackageName;
use crate::forge::RefKind;

/// What is kept of a `composer.json`: what Composer reads of a dependency. The rest concerns only who works on the package.
const KEPT: &[&str] = &[
    "description",
    "keywords",
    "homepage",
    "readme",
    "license",
    "authors",
    "type",
    "support",
    "funding",
    "require",
    "require-dev",
    "conflict",
    "replace",
    "provide",
    "suggest",
    "autoload",
    "bin",
    "include-path",
    "target-dir",
    "extra",
    "abandoned",
    "php-ext",
];
/// The longest `composer.json` that is taken, in bytes: it is read with each request for the package.
const LONGEST: usize = 128 * 1024;
/// The longest version, normalised, that is taken, in bytes. It is part of a key, which may have 1024.
pub const LONGEST_VERSION: usize = 300;

/// A tag or a branch as a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As it is shown: `1.2.0`, `dev-main`, `1.x-dev`.
    pub version: String,
    /// As it is compared.
    pub normalized: String,
}

/// Why a tag or a branch is no version, for the vendor to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoVersion {
    /// Its name is none.
    #[error("{0}")]
    Name(String),
    /// No key could hold it.
    #[error("its name is longer than {LONGEST_VERSION} bytes")]
    LongName,
    /// A tag that has a branch's version.
    #[error("a tag cannot be a development version")]
    Development,
    /// There is no `composer.json`.
    #[error("there is no composer.json in the root of the repository")]
    NoManifest,
    /// It is too long.
    #[error("composer.json is larger than {} KiB", LONGEST / 1024)]
    TooLong,
    /// It is no JSON object.
    #[error("composer.json is not a JSON object: {0}")]
    Malformed(String),
    /// Composer could not read it.
    #[error("composer.json: {field} has to be {wanted}")]
    Shape {
        /// What is not as it should be.
        field: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// It asks for a version that is none.
    #[error("composer.json: {field} is not given as a constraint: {constraint}")]
    Constraint {
        /// Whose constraint.
        field: String,
        /// What it says.
        constraint: String,
    },
    /// It has another name.
    #[error("composer.json is that of {found}, not of {wanted}")]
    OtherPackage {
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// Its version is another one.
    #[error("composer.json says version {0}, which is not that of the tag")]
    OtherVersion(String),
    /// Another tag has the same version.
    #[error("the tag {0} is the same version")]
    SameAs(String),
}

/// The version that a tag or a branch names.
///
/// # Errors
/// When it names none.
pub fn named(kind: RefKind, name: &str) -> Result<Named, NoVersion> {
    let named = of_kind(kind, name)?;
    if named.normalized.len() > LONGEST_VERSION { Err(NoVersion::LongName) } else { Ok(named) }
}

fn of_kind(kind: RefKind, name: &str) -> Result<Named, NoVersion> {
    if kind == RefKind::Branch {
        // As Packagist: Composer takes what follows `#` for a commit.
        let version = Version::of_branch(&name.replace('#', "+"));
        return Ok(Named { version: version.to_string(), normalized: version.normalized().to_owned() });
    }
    let text = name.replace("release-", "");
    let version = Version::parse(&text).map_err(|error| NoVersion::Name(error.to_string()))?;
    let normalized = version.normalized().to_owned();
    if version.is_branch() || normalized.ends_with("-dev") {
        return Err(NoVersion::Development);
    }
    let plain = text.strip_prefix(['v', 'V']).unwrap_or(&text);
    Ok(Named { version: plain.to_owned(), normalized })
}

/// What a package's `composer.json` says of the version `named`.
///
/// # Errors
/// When it is not the package's, or not of this version.
pub fn read(text: &str, package: &PackageName, kind: RefKind, named: &Named) -> Result<Map<String, Value>, NoVersion> {
    if text.len() > LONGEST {
        return Err(NoVersion::TooLong);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = serde_json::from_str(text).map_err(|error| NoVersion::Malformed(error.to_string()))?;
    let Value::Object(mut manifest) = parsed else {
        return Err(NoVersion::Malformed("it is another value".to_owned()));
    };
    let found = manifest.get("name").and_then(Value::as_str).unwrap_or("no name");
    if !found.eq_ignore_ascii_case(package.as_str()) {
        let found = found.chars().take(200).collect();
        return Err(NoVersion::OtherPackage { found, wanted: package.to_string() });
    }
    if let (RefKind::Tag, Some(version)) = (kind, manifest.get("version").and_then(Value::as_str)) {
        let same = Version::parse(version).is_ok_and(|version| version.normalized() == named.normalized);
        if !same {
            return Err(NoVersion::OtherVersion(version.chars().take(100).collect()));
        }
    }
    shape::check(&manifest)?;
    manifest.retain(|field, _| KEPT.contains(&field.as_str()));
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(name: &str) -> Result<Named, NoVersion> {
        named(RefKind::Tag, name)
    }

    fn package() -> PackageName {
        PackageName::parse("acme/widget").unwrap()
    }

    #[test]
    fn tags_name_versions_as_cargoman_shows_them() {
        for (name, version) in
            [("v1.0.0", "1.0.0"), ("1.2.3", "1.2.3"), ("release-2.0.0", "2.0.0"), ("v2.0-RC1", "2.0-RC1")]
        {
            assert_eq!(tag(name).unwrap().version, version);
        }
        assert_eq!(tag("v1").unwrap().normalized, "1.0.0.0");
        assert!(matches!(tag("latest"), Err(NoVersion::Name(_))));
        for name in ["dev-main", "1.0-dev", "1.x-dev", "master"] {
            assert_eq!(tag(name), Err(NoVersion::Development), "{name}");
        }
    }

    #[test]
    fn branches_are_development_versions() {
        let branch = |name| named(RefKind::Branch, name).unwrap().version;
        assert_eq!(named(RefKind::Branch, &"x".repeat(300)), Err(NoVersion::LongName));
        assert_eq!([branch("main"), branch("2.x"), branch("fix#12")], ["dev-main", "2.x-dev", "dev-fix+12"]);
    }

    #[test]
    fn a_manifest_has_to_be_the_packages_and_of_this_version() {
        let one = tag("v1.0").unwrap();
        let read = |text: &str| read(text, &package(), RefKind::Tag, &one);
        let good =
            read(r#"{"name":"Acme/Widget","version":"1.0.0","require":{"php":">=8"},"scripts":{"x":"y"},"source":{}}"#);
        assert_eq!(good.unwrap().keys().collect::<Vec<_>>(), ["require"]);
        assert!(matches!(read("{}"), Err(NoVersion::OtherPackage { .. })));
        assert!(matches!(read(r#"{"name":"acme/other"}"#), Err(NoVersion::OtherPackage { .. })));
        assert!(matches!(read(r#"{"name":"acme/widget","version":"1.1"}"#), Err(NoVersion::OtherVersion(_))));
        assert!(matches!(read("[]"), Err(NoVersion::Malformed(_))));
        assert!(matches!(read("<html>"), Err(NoVersion::Malformed(_))));
        assert!(matches!(read(&" ".repeat(200_000)), Err(NoVersion::TooLong)));
    }
}
