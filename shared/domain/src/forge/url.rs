//! Addresses of repositories, as people copy them from their browser or from `git remote`.

use std::fmt;

use super::{ForgeKind, ForgeRepository};

/// The longest address that is taken.
const MAX_LENGTH: usize = 500;

/// A repository's address, as far as it says which repository it is.
///
/// `https://github.com/Acme/Toolkit.git`, `ssh://git@github.com/Acme/Toolkit` and `git@github.com:Acme/Toolkit.git` are equal.
/// What `Display` shows is the same for all spellings: `github.com/acme/toolkit`.
#[derive(Debug, Clone, Eq)]
pub struct RepositoryUrl {
    /// In lower case; with the port, unless it is the usual one.
    host: String,
    /// As it was written.
    path: String,
}

/// Why a text is no repository's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARepositoryUrl {
    /// It has none of the forms that are understood.
    #[error("use an address like https://github.com/vendor/package.git")]
    Form,
    /// It has a password in it, which would be shown to whoever sees the address.
    #[error("leave user name and password out of the address")]
    Password,
    /// It has `?` or `#`, or a part of the path that names nothing.
    #[error("the address has parts that do not belong to a repository's")]
    Parts,
}

impl RepositoryUrl {
    /// Reads one: `https://`, `http://`, `ssh://` and `git@host:path`. A user name is dropped.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, NotARepositoryUrl> {
        let text = text.trim();
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotARepositoryUrl::Form);
        }
        let (scheme, authority, path) = if let Some((scheme, rest)) = text.split_once("://") {
            let (authority, path) = rest.split_once('/').ok_or(NotARepositoryUrl::Form)?;
            (scheme.to_ascii_lowercase(), authority, path)
        } else {
            // As Git has it for its own short form: a colon before the first slash.
            let (authority, path) = text.split_once(':').ok_or(NotARepositoryUrl::Form)?;
            ("ssh".to_owned(), authority, path)
        };
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        if user.contains(':') {
            return Err(NotARepositoryUrl::Password);
        }
        if !user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
            return Err(NotARepositoryUrl::Form);
        }
        Ok(Self { host: host_of(&scheme, host)?, path: path_of(path)? })
    }

    /// The host, with the port unless it is the usual one.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path as it was written, without slashes around it and without `.git`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path.to_ascii_lowercase())
    }
}

impl PartialEq for RepositoryUrl {
    fn eq(&self, other: &Self) -> bool {
        self.host == other.host && self.path.eq_ignore_ascii_case(&other.path)
    }
}

fn host_of(scheme: &str, host: &str) -> Result<String, NotARepositoryUrl> {
    let usual = match scheme {
        "https" => ":443",
        "http" => ":80",
        "ssh" | "git+ssh" => "",
        _ => return Err(NotARepositoryUrl::Form),
    };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_host = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(fits) && !name.starts_with(['.', '-']) && !name.contains(".."),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0) && !port.starts_with('+'));
    if !is_host || !is_port {
        return Err(NotARepositoryUrl::Form);
    }
    // A port of SSH says nothing of where the pages are.
    let host = if usual.is_empty() { name } else { host.strip_suffix(usual).unwrap_or(host) };
    Ok(host.trim_end_matches('.').to_ascii_lowercase())
}

fn path_of(path: &str) -> Result<String, NotARepositoryUrl> {
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    if path.is_empty() {
        return Err(NotARepositoryUrl::Form);
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let names_something = |part: &str| !matches!(part, "" | "." | ".." | "-") && part.bytes().all(fits);
    if path.split('/').all(names_something) { Ok(path.to_owned()) } else { Err(NotARepositoryUrl::Parts) }
}

/// The forges of this installation: where their web pages are. Credentials of a forge are for nothing that is elsewhere.
#[derive(Debug, Clone)]
pub struct ForgeHosts([Pages; 3]);

/// Where a forge's pages are.
#[derive(Debug, Clone)]
struct Pages {
    kind: ForgeKind,
    host: String,
    /// What paths begin with there; empty, or with a slash at its end.
    prefix: String,
    /// A double plays the forge, so the forge's own addresses are understood as well.
    is_double: bool,
}

/// The repository is not on this forge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOnForge {
    /// It is on another host.
    #[error("a repository of {} is at {host}", kind.title())]
    Host {
        /// The forge.
        kind: ForgeKind,
        /// The host it has to be on.
        host: String,
    },
    /// The path names no repository there.
    #[error("the address does not end with owner/name")]
    Path,
}

impl ForgeHosts {
    /// From the addresses of their web pages: `https://github.com`.
    pub fn new(github: &str, gitlab: &str, bitbucket: &str) -> Self {
        Self([
            Pages::at(ForgeKind::Github, github),
            Pages::at(ForgeKind::Gitlab, gitlab),
            Pages::at(ForgeKind::Bitbucket, bitbucket),
        ])
    }

    /// The repository of this address on this forge.
    ///
    /// # Errors
    /// When the address is not one of this forge.
    pub fn locate(&self, kind: ForgeKind, url: &RepositoryUrl) -> Result<ForgeRepository, NotOnForge> {
        let pages = self.0.iter().find(|pages| pages.kind == kind);
        let path = pages.and_then(|pages| pages.path_of(url)).ok_or_else(|| NotOnForge::Host {
            kind,
            host: pages.map_or_else(String::new, |pages| pages.host.clone()),
        })?;
        let parts = path.split('/').count();
        if parts == 2 || (parts > 2 && kind == ForgeKind::Gitlab) {
            Ok(ForgeRepository { kind, path: path.to_owned(), id: None })
        } else {
            Err(NotOnForge::Path)
        }
    }

    /// The repository of this address, on whichever forge it is.
    pub fn find(&self, url: &RepositoryUrl) -> Option<ForgeRepository> {
        ForgeKind::ALL.into_iter().find_map(|kind| self.locate(kind, url).ok())
    }
}

impl Pages {
    fn at(kind: ForgeKind, address: &str) -> Self {
        let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let host = host_of(&scheme.to_ascii_lowercase(), host).unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
        let is_double = name == "localhost"
            || name.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        Self { kind, host, prefix, is_double }
    }

    /// The part of the address that names the repository, if it is one of these pages.
    fn path_of<'a>(&self, url: &'a RepositoryUrl) -> Option<&'a str> {
        if !self.host.is_empty() && url.host == self.host {
            let (start, rest) = url.path.split_at_checked(self.prefix.len())?;
            return start.eq_ignore_ascii_case(&self.prefix).then_some(rest);
        }
        (self.is_double && url.host == self.kind.public_host()).then_some(url.path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<String, NotARepositoryUrl> {
        RepositoryUrl::parse(text).map(|url| url.to_string())
    }

    fn real() -> ForgeHosts {
        ForgeHosts::new("https://github.com", "https://gitlab.example.com:8443/git/", "https://bitbucket.org")
    }

    fn located(hosts: &ForgeHosts, kind: ForgeKind, url: &str) -> Result<String, NotOnForge> {
        hosts.locate(kind, &RepositoryUrl::parse(url).expect("an address")).map(|repository| repository.path)
    }

    #[test]
    fn every_spelling_of_an_address_is_the_same_repository() {
        for text in [
            "https://github.com/Acme/Tool.Kit.git",
            "https://github.com/acme/tool.kit",
            " https://GitHub.com/acme/tool.kit/ ",
            "https://github.com:443/acme/tool.kit.git/",
            "http://github.com:80/acme/tool.kit",
            "https://someone@github.com/acme/tool.kit.git",
            "HTTPS://github.com./acme/tool.kit",
            "ssh://git@github.com/acme/tool.kit.git",
            "ssh://git@github.com:22/acme/tool.kit.git",
            "git+ssh://git@github.com/acme/tool.kit.git",
            "git@github.com:acme/tool.kit.git",
            "github.com:acme/tool.kit",
        ] {
            assert_eq!(parse(text).as_deref(), Ok("github.com/acme/tool.kit"), "{text}");
        }
        assert_eq!(RepositoryUrl::parse("https://github.com/Acme/X").expect("an address").path(), "Acme/X");
        assert_eq!(parse("http://127.0.0.1:4321/a/b").as_deref(), Ok("127.0.0.1:4321/a/b"));
        assert_eq!(parse("http://[::1]:4321/a/b").as_deref(), Ok("[::1]:4321/a/b"));
        assert_eq!(parse("http://[::1]/a/b").as_deref(), Ok("[::1]/a/b"));
    }

    #[test]
    fn what_names_no_repository_is_refused_with_its_reason() {
        use NotARepositoryUrl::{Form, Parts, Password};
        for (text, reason) in [
            ("", Form),
            ("acme/toolkit", Form),
            ("github.com/acme/toolkit", Form),
            ("https://github.com", Form),
            ("https://github.com/", Form),
            ("https://github.com/.git", Form),
            ("https:///acme/toolkit", Form),
            ("file:///etc/passwd", Form),
            ("ftp://github.com/acme/toolkit", Form),
            ("javascript://github.com/acme/toolkit", Form),
            ("https://git hub.com/acme/toolkit", Form),
            ("https://github.com\\@evil.example/acme/toolkit", Form),
            ("https://github.com:0/acme/toolkit", Form),
            ("https://github.com:+443/acme/toolkit", Form),
            ("https://github.com:99999/acme/toolkit", Form),
            ("https://[::g]/acme/toolkit", Form),
            ("https://github..com/acme/toolkit", Form),
            ("https://me:secret@github.com/acme/toolkit", Password),
            ("https://github.com/acme/toolkit?tab=readme", Parts),
            ("https://github.com/acme/toolkit#readme", Parts),
            ("https://github.com/acme/../toolkit", Parts),
            ("https://github.com/acme//toolkit", Parts),
            ("https://github.com/acme/%2e%2e/toolkit", Parts),
            ("https://gitlab.com/acme/toolkit/-/tree/main", Parts),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
        assert_eq!(parse(&format!("https://github.com/{}/b", "a".repeat(500))), Err(Form));
        assert_eq!(parse("https://github.com/acme/tööl"), Err(Form));
    }

    #[test]
    fn a_repository_is_looked_for_on_its_forge_and_nowhere_else() {
        use ForgeKind::{Bitbucket, Github, Gitlab};
        let hosts = real();
        assert_eq!(located(&hosts, Github, "git@github.com:Acme/Toolkit.git"), Ok("Acme/Toolkit".to_owned()));
        assert_eq!(located(&hosts, Bitbucket, "https://me@bitbucket.org/a/b.git"), Ok("a/b".to_owned()));
        assert_eq!(located(&hosts, Gitlab, "https://gitlab.example.com:8443/git/a/b/c"), Ok("a/b/c".to_owned()));
        for (kind, url) in [
            (Github, "https://github.com.evil.example/a/b"),
            (Github, "https://github.com@evil.example/a/b"),
            (Github, "https://evil.example/github.com/a/b"),
            (Github, "https://www.github.com/a/b"),
            (Github, "https://github.com:8443/a/b"),
            (Github, "https://gitlab.example.com:8443/git/a/b"),
            (Gitlab, "https://gitlab.com/a/b"),
            (Gitlab, "https://gitlab.example.com/git/a/b"),
            (Gitlab, "https://gitlab.example.com:8443/a/b"),
        ] {
            assert!(matches!(located(&hosts, kind, url), Err(NotOnForge::Host { .. })), "{url}");
        }
        for url in ["https://github.com/a", "https://github.com/a/b/c"] {
            assert_eq!(located(&hosts, Github, url), Err(NotOnForge::Path), "{url}");
        }
        let refused = located(&hosts, Github, "https://gitlab.com/a/b").expect_err("another forge");
        assert_eq!(refused.to_string(), "a repository of GitHub is at github.com");
    }

    #[test]
    fn a_double_on_the_loopback_plays_the_forge() {
        let at = |forge: &str| format!("http://127.0.0.1:4321/sandbox/{forge}");
        let hosts = ForgeHosts::new(&at("github"), &at("forges/gitlab"), &at("forges/bitbucket"));
        let find = |url: &str| hosts.find(&RepositoryUrl::parse(url).expect("an address")).map(|found| found.key());
        let expected = Some("gitlab/acme/toolkit".to_owned());
        assert_eq!(find("http://127.0.0.1:4321/sandbox/forges/gitlab/Acme/Toolkit.git"), expected);
        assert_eq!(find("https://gitlab.com/acme/toolkit"), expected);
        assert_eq!(find("https://github.com/acme/toolkit").as_deref(), Some("github/acme/toolkit"));
        assert_eq!(find("http://127.0.0.1:4321/sandbox/stripe/a/b"), None);
        assert_eq!(find("http://127.0.0.1:4322/sandbox/github/a/b"), None);
        // No forge of one's own, no double: then only the configured host counts.
        let url = RepositoryUrl::parse("https://gitlab.com/a/b").expect("an address");
        assert_eq!(real().find(&url), None);
    }

    proptest! {
        #[test]
        fn reading_never_fails_otherwise_than_with_a_reason(text in ".{0,60}") {
            let _ = RepositoryUrl::parse(&text);
        }

        #[test]
        fn a_normalised_address_stays_as_it_is(
            owner in "[A-Za-z0-9][A-Za-z0-9_-]{0,20}",
            name in "[A-Za-z0-9][A-Za-z0-9._-]{0,20}",
            form in 0..4_usize,
        ) {
            let text = [
                format!("https://github.com/{owner}/{name}"),
                format!("http://someone@github.com/{owner}/{name}/"),
                format!("ssh://git@github.com:2222/{owner}/{name}"),
                format!("git@github.com:{owner}/{name}"),
            ][form].clone();
            let once = RepositoryUrl::parse(&text).expect("an address");
            let again = RepositoryUrl::parse(&format!("https://{once}")).expect("an address");
            prop_assert_eq!(&once, &again);
            prop_assert_eq!(once.to_string(), again.to_string());
            prop_assert_eq!(once.to_string(), once.to_string().to_lowercase());
            prop_assert!(real().find(&once).is_some());
        }
    }
}
