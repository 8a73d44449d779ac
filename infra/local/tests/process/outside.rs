//! The whole path with a GitHub and a Stripe written in another language, from their documentation, and with
//! signatures made by Stripe's official library: nothing depends on the sandboxes.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use crate::program::folder;

/// What the story exits with when Stripe's library is missing.
const NOT_INSTALLED: i32 = 77;

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "a test's own settings")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[test]
fn the_whole_path_works_with_signatures_of_stripes_official_library() {
    let python = setting("TOLLGATE_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process/outside/story.py");
    // Without proxies: everything happens on this machine.
    let told = Command::new(&python)
        .arg("-B")
        .arg(story)
        .args([env!("CARGO_BIN_EXE_tollgate"), folder("outside").to_str().unwrap()])
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output();
    let skipped = match told {
        Ok(told) if told.status.code() == Some(NOT_INSTALLED) => String::from_utf8_lossy(&told.stdout).into_owned(),
        Ok(told) => {
            let said = String::from_utf8_lossy(&told.stdout);
            assert!(told.status.success(), "{said}\n{}", String::from_utf8_lossy(&told.stderr));
            return;
        }
        Err(error) => format!("{python}: {error}"),
    };
    assert!(setting("CI").is_none(), "on CI it must not be skipped: {skipped}");
    // Not with `eprintln!`, which nobody sees of a test that passes.
    let notice = format!("\n*** SKIPPED: {}\n*** Set TOLLGATE_PYTHON to a Python that has it.\n\n", skipped.trim());
    std::io::stderr().write_all(notice.as_bytes()).unwrap();
}
