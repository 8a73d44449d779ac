//! Rules for source files that the compiler does not know.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::root;

/// Lines a file may have before it wants to be two.
const LINES: usize = 400;
/// Files that are longer all the same. This list only ever shrinks.
const LONGER: &[&str] = &[];
/// Kinds of files that people write and read from top to bottom. Data (lock file, snapshots, events, vectors) and the
/// template, which is a list of resources, may be as long as they are.
const READ_BY_PEOPLE: &[&str] = &["rs", "toml", "md", "py", "sh", ""];

#[test]
fn a_file_is_short_enough_to_be_read() {
    let mut long = Vec::new();
    for file in files(READ_BY_PEOPLE) {
        let lines = file.text.lines().count();
        if lines > LINES && !LONGER.contains(&file.name.as_str()) {
            long.push(format!("{} has {lines} lines", file.name));
        }
    }
    assert!(long.is_empty(), "split these files along their topics: {long:#?}");
    for name in LONGER {
        let lines = fs::read_to_string(root().join(name)).map_or(0, |text| text.lines().count());
        assert!(lines > LINES, "{name} is short now: take it off the list in tests/drift/sources.rs");
    }
}

#[test]
fn a_source_file_says_first_what_it_is_for() {
    let silent: Vec<String> =
        files(&["rs"]).into_iter().filter(|file| !file.text.starts_with("//! ")).map(|file| file.name).collect();
    assert!(silent.is_empty(), "begin these files with a line `//! …`: {silent:#?}");
}

#[test]
fn only_main_files_know_the_runtime() {
    let library = |file: &File| file.name.starts_with("functions/") && !file.name.ends_with("/src/main.rs");
    refuse(library, &["runtime::"], "a function's library must not know Lambda: take what is needed as an argument");
}

#[test]
fn the_environment_is_read_in_one_place() {
    let elsewhere = |file: &File| !file.name.starts_with("shared/runtime/") && !file.name.starts_with("infra/");
    refuse(elsewhere, &["env::var"], "only `runtime` and infra/ read the environment: pass the value in");
}

#[test]
fn nothing_scans_a_table() {
    // The SDK's builder takes no arguments, an iterator's `scan` does.
    refuse(
        |_| true,
        &[".scan()", "operation::scan"],
        "a scan costs as much as the table is large: add an access pattern",
    );
}

/// Fails when code outside of tests, in a file that `concerns`, has one of `words`.
fn refuse(concerns: impl Fn(&File) -> bool, words: &[&str], why: &str) {
    let mut found = Vec::new();
    for file in files(&["rs"]).into_iter().filter(|file| !file.is_test()).filter(|file| concerns(file)) {
        for (number, line) in file.code() {
            if words.iter().any(|word| line.replace("tokio::runtime::", "").contains(word)) {
                found.push(format!("{}:{number}: {}", file.name, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{why}: {found:#?}");
}

/// A file of the repository.
struct File {
    /// Its path from the root.
    name: String,
    text: String,
}

impl File {
    fn is_test(&self) -> bool {
        self.name.starts_with("tests/") || self.name.contains("/tests/") || self.name.ends_with("/tests.rs")
    }

    /// Its numbered lines up to its tests, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = (1..).zip(self.text.lines()).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// The repository's files of these kinds.
fn files(extensions: &[&str]) -> Vec<File> {
    let (root, mut found) = (root(), Vec::new());
    walk(&root, &mut |path| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(text) = fs::read_to_string(path) else { return };
        if extensions.contains(&extension.as_str()) {
            found.push(File { name: path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), text });
        }
    });
    assert!(!found.is_empty(), "no files below {}", root.display());
    found
}

fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut entries: Vec<PathBuf> = entries.filter(|path| !ignored(path)).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { walk(&path, visit) } else { visit(&path) }
    }
}

/// What is not the repository's: what git ignores, and git itself.
fn ignored(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.is_symlink() || ["target", ".git", ".tollgate", "__pycache__", "node_modules"].contains(&name.as_ref())
}
