//! Versions of which each says only in what it differs from the one before, as composer/metadata-minifier writes them
//! (`MetadataMinifier::minify`).

use serde_json::{Map, Value};

/// The value of a field that the version before had and this one has not.
const UNSET: &str = "__unset";

/// Versions, shortened. A field that is null, or that has the value which stands for a missing one, is left out: Composer
/// would not read it as what it is.
pub(crate) fn minified(versions: impl IntoIterator<Item = Map<String, Value>>) -> Vec<Map<String, Value>> {
    let mut before: Option<Map<String, Value>> = None;
    let shortened = versions.into_iter().map(|mut version| {
        version.retain(|_, value| !value.is_null() && value != UNSET);
        let difference = match &before {
            None => version.clone(),
            Some(before) => difference(before, &version),
        };
        before = Some(version);
        difference
    });
    shortened.collect()
}

fn difference(before: &Map<String, Value>, version: &Map<String, Value>) -> Map<String, Value> {
    let changed = version.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let gone = before.keys().filter(|name| !version.contains_key(*name));
    let changed = changed.map(|(name, value)| (name.clone(), value.clone()));
    changed.chain(gone.map(|name| (name.clone(), UNSET.into()))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// `MetadataMinifier::expand`.
    fn expanded(versions: &[Map<String, Value>]) -> Vec<Map<String, Value>> {
        let mut current = Map::new();
        let expand = |version: &Map<String, Value>| {
            for (name, value) in version {
                if value == UNSET {
                    current.remove(name);
                } else {
                    current.insert(name.clone(), value.clone());
                }
            }
            current.clone()
        };
        versions.iter().map(expand).collect()
    }

    fn versions(value: Value) -> Vec<Map<String, Value>> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn each_says_in_what_it_differs_from_the_one_before() {
        let all = versions(json!([
            {"name": "a/b", "version": "3", "require": {"php": ">=8"}, "description": null},
            {"name": "a/b", "version": "2", "require": {"php": ">=7"}, "abandoned": "__unset"},
            {"name": "a/b", "version": "1"},
        ]));
        let short = json!([
            {"name": "a/b", "version": "3", "require": {"php": ">=8"}},
            {"version": "2", "require": {"php": ">=7"}},
            {"version": "1", "require": "__unset"},
        ]);
        assert_eq!(minified(all), versions(short));
    }

    proptest! {
        #[test]
        fn composer_reads_the_same_versions_out_of_it(
            all in prop::collection::vec(prop::collection::btree_map("[a-e]", 0_u8..3, 0..5), 0..8)
        ) {
            let all: Vec<Map<String, Value>> = all
                .into_iter()
                .map(|fields| fields.into_iter().map(|(name, value)| (name, json!(value))).collect())
                .collect();
            prop_assert_eq!(expanded(&minified(all.clone())), all);
        }
    }
}
