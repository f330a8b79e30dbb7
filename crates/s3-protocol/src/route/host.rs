//! Which account, jurisdiction and bucket a `Host` names. Sources: R2 "S3 API compatibility", "Release notes"
//! 2022-05-16 (virtual-hosted style), "Data location" (jurisdictions).

use types::host::without_port;
use types::{AccountId, ErrorCode, Jurisdiction, OperationError};

/// The domains whose sub-domains mean something. Every other host is path style, in the default jurisdiction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostRules {
    /// Domains under which accounts have their endpoints, in lower case: with `r2.example.com`,
    /// `<account>.r2.example.com`, `<account>.<jurisdiction>.r2.example.com`, and either with `<bucket>.` before it.
    /// `<jurisdiction>.r2.example.com` is for the account of whoever asks, as a host outside of all domains is.
    pub account_domains: Vec<String>,
    /// Domains directly under which buckets of the default jurisdiction are, in lower case: with `localhost`,
    /// `<bucket>.localhost`.
    pub bucket_domains: Vec<String>,
}

/// What a host says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostMatch {
    /// The account of the endpoint; `None` on a host of no particular account.
    pub account: Option<AccountId>,
    /// The jurisdiction of the endpoint.
    pub jurisdiction: Jurisdiction,
    /// The bucket, unchecked: virtual-hosted style.
    pub bucket: Option<String>,
}

impl HostMatch {
    /// Path style on a host of no particular account.
    const NOTHING: Self = Self { account: None, jurisdiction: Jurisdiction::Default, bucket: None };
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
            bucket => Ok(HostMatch { bucket: bucket.map(str::to_ascii_lowercase), ..HostMatch::NOTHING }),
        }
    }
}

/// `a.b` of `a.b.domain`; `None` if the host is not below the domain.
fn labels_before<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let at = host.len().checked_sub(domain.len())?;
    let tail = host.get(at..)?;
    let labels = host.get(..at)?.strip_suffix('.')?;
    (tail.eq_ignore_ascii_case(domain) && !labels.is_empty()).then_some(labels)
}

/// `[<bucket>.][<account>.][<jurisdiction>]`, of which account or jurisdiction must be there.
fn under_account_domain(labels: &str) -> Result<HostMatch, OperationError> {
    let (before, last) = split_last(labels);
    let (labels, jurisdiction) = match Jurisdiction::parse_host_label(last) {
        Some(jurisdiction) => (before, jurisdiction),
        None => (Some(labels), Jurisdiction::Default),
    };
    let (before, last) = labels.map_or((None, None), |labels| {
        let (before, last) = split_last(labels);
        (before, Some(last))
    });
    let account = last.and_then(AccountId::parse);
    let bucket = if account.is_some() { before } else { labels };
    let names_an_endpoint = account.is_some() || jurisdiction != Jurisdiction::Default;
    if !names_an_endpoint || bucket.is_some_and(|bucket| bucket.contains('.')) {
        return Err(unknown_host());
    }
    Ok(HostMatch { account, jurisdiction, bucket: bucket.map(str::to_owned) })
}

fn split_last(labels: &str) -> (Option<&str>, &str) {
    labels.rsplit_once('.').map_or((None, labels), |(rest, last)| (Some(rest), last))
}

fn unknown_host() -> OperationError {
    OperationError::new(
        ErrorCode::InvalidUri,
        "The host name is no endpoint: use <account id>.r2.<domain>, <account id>.<jurisdiction>.r2.<domain>, or \
         either with <bucket>. before it, where the account id has 32 hexadecimal digits.",
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

    fn resolved(host: &str) -> (bool, Jurisdiction, Option<String>) {
        let found = rules().resolve(host).unwrap();
        (found.account == AccountId::parse(ACCOUNT), found.jurisdiction, found.bucket)
    }

    #[test]
    fn every_documented_form_is_understood() {
        let some = |text: &str| Some(text.to_owned());
        let (nowhere, eu) = (Jurisdiction::Default, Jurisdiction::Eu);
        for host in ["127.0.0.1:9000", "localhost", "localhost:9000", "[::1]:80", "[::1]", "", "other.example.com"] {
            assert_eq!(rules().resolve(host).unwrap(), HostMatch::NOTHING, "{host}");
        }
        assert_eq!(resolved(&format!("{ACCOUNT}.r2.example.com")), (true, nowhere, None));
        assert_eq!(resolved(&format!("{ACCOUNT}.eu.r2.example.com:443")), (true, eu, None));
        assert_eq!(resolved(&format!("photos.{ACCOUNT}.r2.localhost:9000")), (true, nowhere, some("photos")));
        assert_eq!(resolved(&format!("Photos.{ACCOUNT}.EU.R2.example.com")), (true, eu, some("photos")));
        assert_eq!(resolved("photos.localhost:9000"), (false, nowhere, some("photos")));
    }

    #[test]
    fn every_jurisdiction_but_the_default_one_has_a_host_of_its_own() {
        for jurisdiction in &Jurisdiction::ALL[1..] {
            let account = resolved(&format!("{ACCOUNT}.{jurisdiction}.r2.localhost"));
            assert_eq!(account, (true, *jurisdiction, None));
        }
        assert_eq!(resolved("eu.r2.localhost:9000"), (false, Jurisdiction::Eu, None));
        assert_eq!(resolved("photos.eu.r2.localhost"), (false, Jurisdiction::Eu, Some("photos".to_owned())));
        assert_eq!(resolved("eu.eu.r2.localhost"), (false, Jurisdiction::Eu, Some("eu".to_owned())));
        assert_eq!(
            resolved(&format!("fedramp.{ACCOUNT}.r2.localhost")),
            (true, Jurisdiction::Default, Some("fedramp".to_owned()))
        );
        assert_eq!(resolved("fedramp.localhost"), (false, Jurisdiction::Default, Some("fedramp".to_owned())));
    }

    #[test]
    fn other_names_below_our_domains_are_refused() {
        for host in [
            "photos.r2.example.com".to_owned(),
            "a.b.localhost".to_owned(),
            format!("a.b.{ACCOUNT}.r2.example.com"),
            format!("{ACCOUNT}.a.b.r2.example.com"),
            format!("{ACCOUNT}.mars.r2.example.com"),
            format!("{ACCOUNT}.default.r2.example.com"),
            "a.b.eu.r2.example.com".to_owned(),
            format!("{ACCOUNT}.eu.eu.r2.example.com"),
        ] {
            assert_eq!(rules().resolve(&host).unwrap_err().code, ErrorCode::InvalidUri, "{host}");
        }
    }
}
