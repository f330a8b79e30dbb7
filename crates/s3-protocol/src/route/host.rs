//! Which account and bucket a `Host` names. Sources: R2 "S3 API compatibility", "Release notes" 2022-05-16
//! (virtual-hosted style), "Authentication" (jurisdictions).

use types::{AccountId, ErrorCode, OperationError};

/// The domains whose sub-domains mean something. Every other host is path style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRules {
    /// Domains under which accounts have their endpoints, in lower case: with `r2.example.com`,
    /// `<account>.r2.example.com`, `<account>.<jurisdiction>.r2.example.com`, and either with `<bucket>.` before it.
    pub account_domains: Vec<String>,
    /// Domains directly under which buckets are, in lower case: with `localhost`, `<bucket>.localhost`.
    pub bucket_domains: Vec<String>,
}

/// What a host says. All `None` for path style on a host of no particular account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostMatch {
    /// The account of the endpoint.
    pub account: Option<AccountId>,
    /// The jurisdiction of the endpoint, such as `eu`, unchecked.
    pub jurisdiction: Option<String>,
    /// The bucket, unchecked: virtual-hosted style.
    pub bucket: Option<String>,
}

impl HostRules {
    /// Reads a host, with or without a port.
    ///
    /// # Errors
    /// `InvalidURI` for a sub-domain of a configured domain that is none of the documented forms.
    pub fn resolve(&self, host: &str) -> Result<HostMatch, OperationError> {
        let host = without_port(host);
        if let Some(labels) = self.account_domains.iter().find_map(|domain| labels_before(host, domain)) {
            return under_account_domain(&labels.to_ascii_lowercase());
        }
        match self.bucket_domains.iter().find_map(|domain| labels_before(host, domain)) {
            Some(bucket) if bucket.contains('.') => Err(unknown_host()),
            bucket => Ok(HostMatch { bucket: bucket.map(str::to_ascii_lowercase), ..HostMatch::default() }),
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// `a.b` of `a.b.domain`; `None` if the host is not below the domain.
fn labels_before<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let at = host.len().checked_sub(domain.len())?;
    let tail = host.get(at..)?;
    let labels = host.get(..at)?.strip_suffix('.')?;
    (tail.eq_ignore_ascii_case(domain) && !labels.is_empty()).then_some(labels)
}

/// `[<bucket>.]<account>[.<jurisdiction>]`.
fn under_account_domain(labels: &str) -> Result<HostMatch, OperationError> {
    let (rest, last) = split_last(labels);
    let (account, jurisdiction, bucket) = match (AccountId::parse(last), rest) {
        (Some(account), bucket) => (account, None, bucket),
        (None, Some(rest)) => {
            let (bucket, account) = split_last(rest);
            (AccountId::parse(account).ok_or_else(unknown_host)?, Some(last), bucket)
        }
        (None, None) => return Err(unknown_host()),
    };
    if bucket.is_some_and(|bucket| bucket.contains('.')) {
        return Err(unknown_host());
    }
    Ok(HostMatch {
        account: Some(account),
        jurisdiction: jurisdiction.map(str::to_owned),
        bucket: bucket.map(str::to_owned),
    })
}

fn split_last(labels: &str) -> (Option<&str>, &str) {
    labels.rsplit_once('.').map_or((None, labels), |(rest, last)| (Some(rest), last))
}

fn unknown_host() -> OperationError {
    OperationError::new(
        ErrorCode::InvalidUri,
        "The host name is no endpoint: use <account id>.r2.<domain>, or <bucket>.<account id>.r2.<domain>, \
         where the account id has 32 hexadecimal digits.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "4793d734c0b8e484dfc37ec392b5fa8a";

    fn rules() -> HostRules {
        HostRules {
            account_domains: vec!["r2.example.com".into(), "r2.localhost".into()],
            bucket_domains: vec!["localhost".into()],
        }
    }

    fn resolved(host: &str) -> (bool, Option<String>, Option<String>) {
        let found = rules().resolve(host).unwrap();
        (found.account == AccountId::parse(ACCOUNT), found.jurisdiction, found.bucket)
    }

    #[test]
    fn every_documented_form_is_understood() {
        let some = |text: &str| Some(text.to_owned());
        for host in ["127.0.0.1:9000", "localhost", "localhost:9000", "[::1]:80", "[::1]", "", "other.example.com"] {
            assert_eq!(rules().resolve(host).unwrap(), HostMatch::default(), "{host}");
        }
        assert_eq!(resolved(&format!("{ACCOUNT}.r2.example.com")), (true, None, None));
        assert_eq!(resolved(&format!("{ACCOUNT}.eu.r2.example.com:443")), (true, some("eu"), None));
        assert_eq!(resolved(&format!("photos.{ACCOUNT}.r2.localhost:9000")), (true, None, some("photos")));
        assert_eq!(resolved(&format!("Photos.{ACCOUNT}.EU.R2.example.com")), (true, some("eu"), some("photos")));
        assert_eq!(resolved("photos.localhost:9000"), (false, None, some("photos")));
    }

    #[test]
    fn other_names_below_our_domains_are_refused() {
        for host in [
            "photos.r2.example.com".to_owned(),
            "a.b.localhost".to_owned(),
            format!("a.b.{ACCOUNT}.r2.example.com"),
            format!("{ACCOUNT}.a.b.r2.example.com"),
        ] {
            assert_eq!(rules().resolve(&host).unwrap_err().code, ErrorCode::InvalidUri, "{host}");
        }
    }
}
