//! Where a package's code is: `type` and `repository_url`.

use api::ApiError;
use domain::{
    Problem,
    forge::{ForgeHosts, ForgeKind, ForgeRepository, NotOnForge, RepositoryUrl},
    package::Source,
};

/// The longest address that is taken.
const LONGEST: usize = 500;

/// An address as it is kept and shown, and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    text: String,
    url: RepositoryUrl,
}

impl Address {
    /// Reads an address. User names are not kept: some forges take a token as one.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Problem::Required);
        }
        if text.len() > LONGEST {
            return Err(Problem::TooLong { max: LONGEST });
        }
        let url = RepositoryUrl::parse(text).map_err(|error| explained(&error.to_string()))?;
        let text = match text.split_once("://") {
            Some((scheme, rest)) if scheme.to_ascii_lowercase().starts_with("http") && rest.contains('@') => {
                format!("{}://{}/{}", scheme.to_ascii_lowercase(), url.host(), url.path())
            }
            _ => text.to_owned(),
        };
        Ok(Self { text, url })
    }
}

/// Reads a `type`.
pub(crate) fn parse_kind(text: &str) -> Result<ForgeKind, Problem> {
    text.parse().map_err(|_| Problem::NotOneOf { allowed: "github, gitlab, bitbucket" })
}

/// The source at an address, which has to be one of a forge that is configured: credentials go nowhere else. Without a type,
/// that follows from the host.
pub(crate) fn at(
    hosts: &ForgeHosts,
    kind: Option<ForgeKind>,
    address: &Address,
) -> Result<(Source, ForgeRepository), ApiError> {
    let found = match kind {
        Some(kind) => hosts.locate(kind, &address.url).map_err(|error| error.to_string()),
        None => hosts.find(&address.url).ok_or_else(|| nowhere(hosts, &address.url)),
    };
    let repository = found.map_err(|reason| ApiError::field("repository_url", explained(&reason)))?;
    let source = Source { forge: repository.kind, repository_url: address.text.clone(), repository_id: None };
    Ok((source, repository))
}

/// Why an address is on none of the forges.
fn nowhere(hosts: &ForgeHosts, url: &RepositoryUrl) -> String {
    let mut known = Vec::new();
    for kind in ForgeKind::ALL {
        match hosts.locate(kind, url) {
            Err(NotOnForge::Host { host, .. }) => known.push(host),
            Err(error @ NotOnForge::Path) => return error.to_string(),
            Ok(_) => {}
        }
    }
    format!("repositories are taken from {} only", known.join(", "))
}

fn explained(reason: &str) -> Problem {
    let mut letters = reason.chars();
    let message = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    Problem::Explained { message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> ForgeHosts {
        ForgeHosts::new("https://github.com", "https://gitlab.example.com", "https://bitbucket.org")
    }

    fn found(kind: Option<ForgeKind>, text: &str) -> Result<Source, String> {
        let problem = |error: ApiError| error.fields[0].problem.to_string();
        let address = Address::parse(text).map_err(|problem| problem.to_string())?;
        at(&hosts(), kind, &address).map(|(source, _)| source).map_err(problem)
    }

    #[test]
    fn the_type_follows_from_the_host() {
        for (text, kind) in [
            ("https://github.com/acme/widget.git", ForgeKind::Github),
            ("git@github.com:acme/widget.git", ForgeKind::Github),
            ("https://gitlab.example.com/group/sub/widget", ForgeKind::Gitlab),
            ("https://bitbucket.org/acme/widget", ForgeKind::Bitbucket),
        ] {
            let source = found(None, text).unwrap();
            assert_eq!((source.forge, source.repository_url.as_str()), (kind, text));
            assert_eq!(found(Some(kind), text).unwrap().forge, kind);
        }
        let at_another = found(Some(ForgeKind::Gitlab), "https://github.com/acme/widget").unwrap_err();
        assert_eq!(at_another, "A repository of GitLab is at gitlab.example.com");
    }

    #[test]
    fn nothing_but_the_forges_is_ever_asked() {
        for text in [
            "http://127.0.0.1/acme/widget",
            "http://[::1]:4321/acme/widget",
            "http://localhost/acme/widget",
            "http://169.254.169.254/latest/meta-data",
            "http://10.0.0.8/acme/widget",
            "https://metadata.google.internal/acme/widget",
            "https://github.com.evil.example/acme/widget",
            "https://evil.example/github.com/widget",
            "git@evil.example:acme/widget",
        ] {
            let refused = found(None, text).unwrap_err();
            assert_eq!(
                refused, "Repositories are taken from github.com, gitlab.example.com, bitbucket.org only",
                "{text}"
            );
            assert!(found(Some(ForgeKind::Github), text).unwrap_err().contains("is at github.com"), "{text}");
        }
        assert_eq!(found(None, "https://github.com/acme").unwrap_err(), "The address does not end with owner/name");
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_credential_is_not_kept() {
        for text in ["", "  ", "x", "file:///etc/passwd", "https://github.com", "https://github.com/a b/c"] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
        assert!(Address::parse("https://me:secret@github.com/acme/widget").is_err());
        assert!(Address::parse(&format!("https://github.com/acme/{}", "w".repeat(10_000_000))).is_err());
        let kept = found(None, "https://ghp_secret@github.com/acme/widget.git").unwrap();
        assert_eq!(kept.repository_url, "https://github.com/acme/widget");
    }
}
