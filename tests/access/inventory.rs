//! The inventory: what is open to whom is decided by a person, who changes `routes.txt` by hand.

use crate::endpoints;

const ROUTES: &str = include_str!("routes.txt");

#[test]
fn who_may_call_what_is_what_was_decided() {
    let lines: Vec<_> = endpoints().iter().map(|it| format!("{} {} {}", it.method, it.path, it.guard)).collect();
    let found = lines.join("\n") + "\n";
    assert_eq!(found, ROUTES, "if this is meant, change tests/access/routes.txt by hand: it is now\n{found}");
}

#[test]
fn nothing_of_an_operators_is_open_to_strangers() {
    for endpoint in endpoints() {
        let operators = ["/api/admin", "/api/v1/"].iter().any(|it| endpoint.path.starts_with(it));
        let guards: &[&str] = if operators {
            &["Viewer", "Admin", "Owner"]
        } else {
            &["Buyer", "Customer", "SignedByBitbucket", "SignedByGithub", "SignedByGitlab", "SignedByStripe", "Visitor"]
        };
        // Of the session itself; and a page that shows nothing but what it was given.
        let about_oneself = endpoint.path.starts_with("/api/auth/") && ["Viewer", "SignedIn"].contains(&endpoint.guard);
        let the_links_page = (endpoint.method, endpoint.path) == ("GET", "/api/auth/magic-link");
        if about_oneself || the_links_page {
            continue;
        }
        assert!(guards.contains(&endpoint.guard), "{endpoint:?}");
        assert!(
            !operators || endpoint.method == "GET" || endpoint.guard != "Viewer",
            "a viewer may only read: {endpoint:?}"
        );
    }
}
