//! A request's URI as the access log shows it.

use http::Uri;
use s3_protocol::Query;
use s3_protocol::operation::customer_key;
use std::fmt;

/// Shows path and query, but no query that has a secret in it: a customer's key, which is refused there and must still
/// not stay anywhere; a session token, which tells the secret of its temporary credential; the signature of a presigned
/// URL, which is good for all who see it.
pub(crate) struct LoggedUri<'a>(pub(crate) &'a Uri);

impl fmt::Display for LoggedUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Query::new(self.0.query()).names();
        // A name that cannot be read may be one as well.
        if names.any(|name| name.map_or(true, |(name, _)| is_secret(&name))) {
            return write!(f, "{}?***", self.0.path());
        }
        self.0.fmt(f)
    }
}

fn is_secret(name: &str) -> bool {
    const SIGNING: [&str; 2] = ["X-Amz-Security-Token", "X-Amz-Signature"];
    customer_key::is_secret(name) || SIGNING.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_with_a_secret_is_not_logged() {
        let logged = |uri: &str| LoggedUri(&uri.parse().unwrap()).to_string();
        for name in [
            "x-amz-server-side-encryption-customer-key",
            "X-Amz-Server-Side-Encryption-Customer-Key",
            "x-amz-copy-source-server-side-encryption-customer%2Dkey",
            "x-amz%zz",
            "X-Amz-Security-Token",
            "x-amz-signature",
        ] {
            assert_eq!(logged(&format!("/b/k?a=b&{name}=c2VjcmV0")), "/b/k?***", "{name}");
        }
        let others = "/b/k?x-amz-server-side-encryption-customer-key-MD5=a&x-id=PutObject";
        assert_eq!(logged(others), others);
    }
}
