//! Which public name a request's host is, before anything is looked up. The first thing that every request is asked,
//! so those for other faces must cost nothing: no name is made of an address or of a host of an S3 endpoint.
//!
//! Only the request target and `Host` say where a request goes. `X-Forwarded-Host` and its like are whatever a client
//! writes, and are not read.

use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName,
};
use http::{Method, Request};
use std::net::Ipv4Addr;
use types::host::name_of;
use types::{DomainName, PublicId, PublicName};

/// What headers of S3 begin with.
const AMZ: &str = "x-amz-";

/// The domains that decide whose a host is, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicHosts {
    /// Domains under which buckets have their public development URLs: with `r2dev.example.com`,
    /// `pub-<32 hex>.r2dev.example.com`.
    pub development_domains: Vec<String>,
    /// Domains under which accounts have their S3 endpoints: nothing is public there.
    pub account_domains: Vec<String>,
    /// Domains directly under which buckets have S3 endpoints. A custom domain may be such a name too: then requests
    /// that are signed as S3's stay S3's.
    pub bucket_domains: Vec<String>,
}

/// What the host of a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A name that a bucket may have.
    Name(PublicName),
    /// A name under a development domain that no bucket can have.
    Nobody,
    /// One name in the request target and another in `Host`: a proxy may have read the other one.
    Contradiction,
}

impl PublicHosts {
    /// What the host of a request names; `None` if that can be no public name, and the request is another face's. While
    /// there are no `custom` domains at all, no host is one.
    pub fn asked<B>(&self, request: &Request<B>, custom: bool) -> Option<Asked> {
        let mut sent = request.headers().get_all(HOST).iter();
        let header = sent.next();
        if sent.next().is_some() {
            // RFC 9112 section 3.2. The S3 face says so.
            return None;
        }
        let header = header.map(|host| host.to_str().ok().and_then(|host| self.read(host, custom)));
        let target = request.uri().authority().map(|authority| self.read(authority.as_str(), custom));
        let asked = match (target, header) {
            (Some(target), Some(header)) if target != header => Some(Asked::Contradiction),
            (Some(asked), _) | (None, Some(asked)) => asked,
            (None, None) => None,
        }?;
        (!self.is_for_s3(&asked, request)).then_some(asked)
    }

    /// Reads a host, with or without a port.
    fn read(&self, host: &str, custom: bool) -> Option<Asked> {
        let host = name_of(host)?;
        if !host.contains('.') || host.parse::<Ipv4Addr>().is_ok() {
            return None;
        }
        let development = self.development_domains.iter().find_map(|domain| labels_before(host, domain));
        if let Some(id) = development.and_then(public_id) {
            return Some(Asked::Name(PublicName::Managed(id)));
        }
        // One of the two may be below the other.
        if self.account_domains.iter().any(|domain| labels_before(host, domain).is_some()) {
            return None;
        }
        if development.is_some() {
            return Some(Asked::Nobody);
        }
        if !custom || self.bucket_domains.iter().any(|domain| host.eq_ignore_ascii_case(domain)) {
            return None;
        }
        DomainName::parse(host).ok().map(|name| Asked::Name(PublicName::Custom(name)))
    }

    /// Whether a request is for the S3 endpoint of a bucket that has the same name as a custom domain.
    fn is_for_s3<B>(&self, asked: &Asked, request: &Request<B>) -> bool {
        let Asked::Name(PublicName::Custom(name)) = asked else { return false };
        self.bucket_domains.iter().any(|domain| name.is_within(domain)) && (is_signed(request) || asks_to_sign(request))
    }
}

/// Whether a request is signed as S3's are: in its head, its query, or the fields of a form, which are read later.
fn is_signed<B>(request: &Request<B>) -> bool {
    let begins = |name: &HeaderName, text: &str| {
        let value = request.headers().get(name).and_then(|value| value.as_bytes().get(..text.len()));
        value.is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
    };
    begins(&AUTHORIZATION, "AWS")
        || request.uri().query().is_some_and(|query| query.contains("X-Amz-Algorithm="))
        || (request.method() == Method::POST && begins(&CONTENT_TYPE, "multipart/form-data"))
}

/// Whether a preflight is for a request that only S3 has: one that is signed, or that writes.
fn asks_to_sign<B>(request: &Request<B>) -> bool {
    if request.method() != Method::OPTIONS {
        return false;
    }
    let sent = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_of_s3 = |name: &str| {
        let name = name.trim().as_bytes();
        let begins = name.get(..AMZ.len()).is_some_and(|start| start.eq_ignore_ascii_case(AMZ.as_bytes()));
        begins || name.eq_ignore_ascii_case(AUTHORIZATION.as_str().as_bytes())
    };
    sent(&ACCESS_CONTROL_REQUEST_METHOD).is_some_and(|method| ["PUT", "POST", "DELETE"].contains(&method))
        || sent(&ACCESS_CONTROL_REQUEST_HEADERS).is_some_and(|names| names.split(',').any(is_of_s3))
}

/// `a.b` of `a.b.domain`, nothing of the domain itself; `None` if the host is not within the domain.
fn labels_before<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let (before, tail) = host.split_at_checked(host.len().checked_sub(domain.len())?)?;
    let within = tail.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with('.'));
    within.then(|| before.strip_suffix('.').unwrap_or(before))
}

/// The id of `pub-<32 hex>`.
fn public_id(label: &str) -> Option<PublicId> {
    let (prefix, digits) = label.split_at_checked(4)?;
    prefix.eq_ignore_ascii_case("pub-").then(|| PublicId::parse(digits))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    fn hosts() -> PublicHosts {
        let lower = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        PublicHosts {
            development_domains: lower(&["r2dev.localhost", "r2.dev"]),
            account_domains: lower(&["r2.localhost"]),
            bucket_domains: lower(&["localhost", "s3.example.com"]),
        }
    }

    fn asked(target: &str, headers: &[(&str, &str)]) -> Option<Asked> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        hosts().asked(&request.body(()).unwrap(), true)
    }

    fn at(host: &str) -> Option<Asked> {
        asked("/key", &[("host", host)])
    }

    fn managed() -> Option<Asked> {
        Some(Asked::Name(PublicName::Managed(PublicId::parse(ID).unwrap())))
    }

    fn custom(name: &str) -> Option<Asked> {
        Some(Asked::Name(PublicName::Custom(DomainName::parse(name).unwrap())))
    }

    #[test]
    fn case_port_and_final_dot_make_no_difference() {
        for host in [
            format!("pub-{ID}.r2dev.localhost"),
            format!("pub-{ID}.r2.dev:9200"),
            format!("PUB-{}.R2DEV.localhost.:80", ID.to_uppercase()),
        ] {
            assert_eq!(at(&host), managed(), "{host}");
        }
        for host in ["Assets.Example.com", "assets.example.com:8080", "assets.example.com.", "assets.example.com.:1"] {
            assert_eq!(at(host), custom("assets.example.com"), "{host}");
        }
        assert_eq!(at("photos.localhost:9200"), custom("photos.localhost"));
    }

    #[test]
    fn hosts_of_other_faces_name_nothing() {
        for host in [
            "127.0.0.1:9200",
            "127.0.0.1",
            "[::1]:9200",
            "[::1]",
            "localhost",
            "localhost:9200",
            "localhost.",
            "",
            ":",
            "r2.localhost",
            "eu.r2.localhost",
            "0123456789abcdef0123456789abcdef.r2.localhost:80",
            "s3.example.com",
            "user@assets.example.com",
            "user:pw@assets.example.com",
            "assets.example.com/",
            "a b.example.com",
            "assets.example.com,other.example.com",
            "*.example.com",
            "assets.example.com..",
            "assets.example.com..:80",
            "assets.example.com...",
        ] {
            assert_eq!(at(host), None, "{host}");
        }
    }

    #[test]
    fn names_under_a_development_domain_that_nobody_can_have_are_nobodys() {
        for host in ["r2.dev", "www.r2.dev", "pub-1.r2dev.localhost", "pub-.r2.dev", "\u{e9}.r2.dev"] {
            let expected = host.is_ascii().then_some(Asked::Nobody);
            assert_eq!(at(host), expected, "{host}");
        }
        assert_eq!(at(&format!("a.pub-{ID}.r2.dev")), Some(Asked::Nobody));
        assert_eq!(at(&format!("pub-{ID}0.r2.dev")), Some(Asked::Nobody));
        assert_eq!(at(&format!("user@pub-{ID}.r2.dev")), Some(Asked::Nobody));
    }

    #[test]
    fn domains_of_both_kinds_may_be_within_each_other() {
        let named = |development: &str, host: &str| {
            let hosts = PublicHosts {
                development_domains: vec![development.to_owned()],
                account_domains: vec!["cairn.example.com".to_owned()],
                bucket_domains: Vec::new(),
            };
            hosts.asked(&Request::builder().uri("/").header("host", host).body(()).unwrap(), true)
        };
        for development in ["public.cairn.example.com", "cairn.example.com", "example.com"] {
            assert_eq!(named(development, &format!("pub-{ID}.{development}")), managed(), "{development}");
            assert_eq!(named(development, &format!("{ID}.cairn.example.com")), None, "an S3 endpoint");
        }
    }

    #[test]
    fn while_there_are_no_custom_domains_no_host_is_one() {
        let hosts = PublicHosts { development_domains: vec!["r2.dev".to_owned()], ..PublicHosts::default() };
        let named =
            |host: &str| hosts.asked(&Request::builder().uri("/").header("host", host).body(()).unwrap(), false);
        assert_eq!(named("a.example.com"), None);
        assert_eq!(named(&format!("pub-{ID}.r2.dev")), managed());
    }

    #[test]
    fn the_target_and_the_header_must_agree() {
        let both = |target: &str, host: &str| asked(target, &[("host", host)]);
        assert_eq!(both("http://a.example.com/k", "A.example.com:80"), custom("a.example.com"));
        assert_eq!(asked("http://a.example.com/k", &[]), custom("a.example.com"), "as in HTTP/2");
        for (target, host) in [
            ("http://a.example.com/k", "b.example.com"),
            ("http://a.example.com/k", "127.0.0.1"),
            ("http://127.0.0.1/k", "a.example.com"),
            ("http://user@a.example.com/k", "a.example.com"),
        ] {
            assert_eq!(both(target, host), Some(Asked::Contradiction), "{target} {host}");
        }
        assert_eq!(both("http://127.0.0.1/k", "localhost"), None);
        assert_eq!(asked("/k", &[("host", "a.example.com"), ("host", "a.example.com")]), None);
        assert_eq!(asked("/k", &[]), None);
    }

    #[test]
    fn no_other_header_says_where_a_request_goes() {
        for name in ["x-forwarded-host", "forwarded", "x-host", "x-original-url"] {
            assert_eq!(asked("/k", &[("host", "127.0.0.1"), (name, "a.example.com")]), None);
        }
    }

    #[test]
    fn preflights_of_what_only_s3_has_stay_s3s_where_both_have_the_name() {
        let preflight = |host: &str, name: &str, value: &str| {
            let request =
                Request::builder().method("OPTIONS").uri("/k").header("host", host).header("origin", "http://a");
            let request = request.header("access-control-request-method", "GET").header(name, value);
            hosts().asked(&request.body(()).unwrap(), true)
        };
        let headers = "access-control-request-headers";
        for value in ["authorization", "range, Authorization", "X-Amz-Date", "content-type,x-amz-content-sha256"] {
            assert_eq!(preflight("photos.localhost", headers, value), None, "{value}");
            assert_eq!(preflight("a.example.org", headers, value), custom("a.example.org"), "{value}");
        }
        for value in ["range", "x-amz", "if-match", ""] {
            assert_eq!(preflight("photos.localhost", headers, value), custom("photos.localhost"), "{value}");
        }
        for (method, expected) in
            [("PUT", None), ("POST", None), ("DELETE", None), ("HEAD", custom("photos.localhost"))]
        {
            let request = Request::builder().method("OPTIONS").uri("/k").header("host", "photos.localhost");
            let request = request.header("access-control-request-method", method).body(()).unwrap();
            assert_eq!(hosts().asked(&request, true), expected, "{method}");
        }
    }

    #[test]
    fn requests_signed_as_s3s_stay_s3s_where_both_have_the_name() {
        let signed = ("authorization", "AWS4-HMAC-SHA256 Credential=...");
        assert_eq!(asked("/k", &[("host", "photos.localhost"), signed]), None);
        assert_eq!(asked("/k?X-Amz-Algorithm=AWS4-HMAC-SHA256", &[("host", "photos.localhost")]), None);
        assert_eq!(asked("/k?x=1", &[("host", "photos.localhost")]), custom("photos.localhost"));
        let form = |method| {
            let request = Request::builder().method(method).uri("/").header("host", "photos.localhost");
            hosts().asked(&request.header("content-type", "Multipart/form-data; boundary=b").body(()).unwrap(), true)
        };
        assert_eq!((form("POST"), form("GET")), (None, custom("photos.localhost")));
        assert_eq!(asked("/k", &[("host", "photos.example.com"), signed]), custom("photos.example.com"));
    }
}
