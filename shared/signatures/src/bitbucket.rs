//! Bitbucket's `X-Hub-Signature` header, of Bitbucket Cloud and Data Center alike.
//!
//! It holds what GitHub sends as `X-Hub-Signature-256`: `sha256=<hex>`, the HMAC-SHA256 of the raw body. (GitHub's own
//! header of this name is another: it holds a SHA-1.) A webhook without a secret has no such header. See
//! <https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/>.

pub use crate::github::{Rejected, sign, verify};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bitbuckets_own_example_verifies() {
        let header = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";
        assert_eq!(verify(b"Hello World!", header, &["It's a Secret to Everybody"]), Ok(()));
    }

    #[test]
    fn the_sha1_of_githubs_header_of_the_same_name_counts_for_nothing() {
        let header = "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59";
        assert_eq!(verify(b"Hello World!", header, &["It's a Secret to Everybody"]), Err(Rejected::NotSha256));
    }
}
