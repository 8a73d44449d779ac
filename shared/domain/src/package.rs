//! Packages for Composer, the bundles they are sold in, and their versions. Contract `cargoman.md`, "Packages", "Bundles".

pub mod manifest;
mod sync;
mod version;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Problem, Random, Timestamp,
    forge::ForgeKind,
    ids::NotAnId,
    text::{BundleName, Description},
};

pub use sync::{Lease, SyncState, SyncStatus, TaskState};
pub use version::{Archive, IndexedVersion, VersionRecord};

/// The longest name that is taken, in characters.
const LONGEST_NAME: usize = 200;

/// A package's name: `vendor/package`, in lower case. The rule is that of Composer's schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageName(String);

impl PackageName {
    /// Reads a name. Composer knows no case in names and asks for them in lower case.
    ///
    /// # Errors
    /// When Composer would not take it as a name.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if text.chars().count() > LONGEST_NAME {
            return Err(Problem::TooLong { max: LONGEST_NAME });
        }
        let name = text.to_ascii_lowercase();
        let good = name.split_once('/').is_some_and(|(vendor, package)| {
            is_word(vendor, false) && is_word(package, true) && !is_device(vendor) && !is_device(package)
        });
        let is_json = name.rsplit_once('.').is_some_and(|(_, ending)| ending == "json");
        if good && !is_json { Ok(Self(name)) } else { Err(Problem::Malformed { what: "vendor/package" }) }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is before the slash, and what is behind it.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or_default()
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PackageName {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        Self::parse(text).map_err(|_| NotAnId)
    }
}

/// Runs of letters and digits, with one separator between two of them; two hyphens count as one where `double` says so.
fn is_word(text: &str, double: bool) -> bool {
    let single = if double { text.replace("--", "-") } else { text.to_owned() };
    let double_again = double && text.contains("---");
    let runs = single.split(['-', '_', '.']);
    !double_again && runs.into_iter().all(|run| !run.is_empty() && run.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Names that Windows takes for devices, whatever follows a dot.
fn is_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default();
    let numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|digit| matches!(digit.as_bytes(), [b'1'..=b'9']));
    matches!(stem, "nul" | "con" | "prn" | "aux") || numbered("com") || numbered("lpt")
}

/// A package as it was added: another one that has its name later is another package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(String);

impl PackageId {
    /// A new id.
    pub fn generate(random: &Random) -> Self {
        Self(format!("pkg_{}", crate::text::hex(&random.bytes::<10>())))
    }

    /// `pkg_` and twenty hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Which.
    pub package_id: PackageId,
    /// Its name.
    pub name: PackageName,
    /// What it is, as its newest version says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Where its code is.
    #[serde(flatten)]
    pub source: Source,
    /// Whether its branches can be installed, too.
    #[serde(default)]
    pub dev_branches: bool,
    /// The bundles that it is in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub bundles: BTreeSet<BundleName>,
    /// What the last complete sync found.
    #[serde(default)]
    pub found: Found,
    /// How syncing stands.
    #[serde(default)]
    pub sync: SyncState,
    /// When it was added.
    #[serde(with = "crate::stored::seconds")]
    pub created_at: Timestamp,
    /// Counts its changes.
    pub rev: u64,
}

impl Package {
    /// A new one, whose first sync is wanted.
    pub fn new(id: PackageId, name: PackageName, source: Source, dev_branches: bool, now: Timestamp) -> Self {
        Self {
            package_id: id,
            name,
            description: None,
            source,
            dev_branches,
            bundles: BTreeSet::new(),
            found: Found::default(),
            sync: SyncState { wanted: 1, ..SyncState::default() },
            created_at: now,
            rev: 1,
        }
    }

    /// The same with another source or other branches to look at: what was known of another repository is forgotten, and
    /// a sync is wanted. Versions that were found stay until it tells otherwise.
    #[must_use]
    pub fn changed(&self, source: Source, dev_branches: bool) -> Self {
        let mut after = Self { source, dev_branches, ..self.clone() };
        if after != *self {
            after.sync.wanted += 1;
            after.sync.not_before = None;
        }
        after
    }
}

/// Where a package's code is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Which kind of forge it is at: `github`, `gitlab` or `bitbucket`.
    pub forge: ForgeKind,
    /// The address, as the vendor gave it.
    pub repository_url: String,
    /// What the forge calls the repository, whatever its name is: known after the first sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
}

impl Source {
    /// The place under which the packages of a repository are found by what the forge calls it: that stays when it is
    /// renamed. The place by its address is [`crate::forge::ForgeRepository::key`].
    pub fn place_of_id(forge: ForgeKind, repository_id: &str) -> String {
        format!("{forge}#{repository_id}")
    }
}

/// What a complete sync found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What the index is called: the blob with all versions and with what was skipped. `None` before the first sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// When the index became another one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::stored::maybe_seconds")]
    pub changed_at: Option<Timestamp>,
    /// How many versions there are.
    #[serde(default)]
    pub versions: u32,
    /// How many tags and branches are none.
    #[serde(default)]
    pub skipped: u32,
    /// The newest version: a stable one if there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
}

/// A bundle: packages that are sold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// Its name.
    pub name: BundleName,
    /// The packages in it.
    pub packages: BTreeSet<PackageName>,
    /// When it was made.
    #[serde(with = "crate::stored::seconds")]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(with = "crate::stored::seconds")]
    pub updated_at: Timestamp,
    /// Counts its changes.
    pub rev: u64,
}

/// All that is known of a package's versions: one blob, named by its digest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// The versions there are, newest first.
    pub versions: Vec<IndexedVersion>,
    /// What is no version.
    pub skipped: Vec<Skipped>,
}

/// A tag or branch that is no version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its name.
    pub name: String,
    /// What it points to.
    pub object: String,
    /// Why it is none, for the vendor to read.
    pub reason: String,
    /// Whether the next sync is to look at it again though it points to the same: the reason is not in what it points to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_composer_takes() {
        for good in
            ["acme/widget", "a/b", "acme-corp/my_pack.age", "acme/double--dash", "0/1", "com0/lpt", "acme/nulls"]
        {
            assert_eq!(PackageName::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(PackageName::parse("Acme/Widget").unwrap().as_str(), "acme/widget");
        let bad = [
            "",
            "acme",
            "/",
            "acme/",
            "/widget",
            "a/b/c",
            "acme--corp/x",
            "acme/triple---dash",
            "-a/b",
            "a-/b",
            "a/b_",
            "a/b..c",
            "a/b c",
            "ä/b",
            "nul/x",
            "x/con",
            "x/com1",
            "x/aux.txt",
            "x/y.json",
            "a/b\n",
            "a%2fb",
            "a/b#c",
            "a/_-b",
        ];
        for bad in bad {
            assert!(PackageName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(PackageName::parse(&format!("a/{}", "b".repeat(10_000_000))).is_err());
    }
}
