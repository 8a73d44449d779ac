//! What a path names, and how a version is written in one.

use std::{collections::HashMap, convert::Infallible, fmt::Write};

use axum::extract::{FromRequestParts, Path};
use domain::package::PackageName;
use http::request::Parts;

/// The path's parameters by name; none when they cannot be read. Whoever asks is confirmed before being told that.
#[derive(Debug, Default)]
pub(crate) struct Segments(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Segments {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        Ok(path.map(|Path(parameters)| Self(parameters)).unwrap_or_default())
    }
}

impl Segments {
    /// One of them.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The package whose vendor is one of the path's parameters.
    pub(crate) fn package(&self, name: &str) -> Option<PackageName> {
        PackageName::parse(&format!("{}/{name}", self.get("vendor")?)).ok()
    }
}

/// A version as a path has it: in one part, and in characters that neither clients nor gateways touch. Tags are mostly as
/// they are; of branches, `dev-feature/x` is `dev-feature~2fx`. Git lets no branch or tag have a tilde.
pub(crate) fn escaped(version: &str) -> String {
    let mut text = String::with_capacity(version.len());
    for byte in version.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            text.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(text, "~{byte:02x}");
        }
    }
    text
}

/// The version of which this is the text in a path.
pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('~');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.extend(domain::text::unhex(digits)?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_version_gets_through_a_path(version in any::<String>()) {
            let text = escaped(&version);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-~".contains(&b)), "{}", text);
            prop_assert_eq!(unescaped(&text), Some(version));
        }
    }

    #[test]
    fn tags_are_mostly_as_they_are() {
        for plain in ["1.0.0", "v2.1.0-beta1", "2024-01-15", "1.x-dev"] {
            assert_eq!(escaped(plain), plain);
        }
        assert_eq!(escaped("dev-feature/x+1"), "dev-feature~2fx~2b1");
        for bad in ["~", "~2", "a~zz", "~2F", "~ff", "~é", "1~"] {
            assert_eq!(unescaped(bad), None, "{bad}");
        }
    }
}
