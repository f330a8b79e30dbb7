//! CORS rules of a bucket: what they may say, and which of them allows a request. Faces read them into
//! [`CorsFields`] and show them again; nothing here knows XML, JSON or HTTP types.
//!
//! Sources: R2 "Configure CORS"; "Release notes" 2022-11-17 (headers whatever their case), 2023-10-23 (valid origins
//! only), 2024-01-30 (no empty header); S3 "Elements of a CORS configuration" for wildcards and what else is silent.

use crate::limits::{CORS_MAX_AGE_SECONDS_MAX, CORS_RULE_ID_CHARS_MAX, CORS_RULES_MAX, HEADERS_MAX};
use crate::xml::is_xml;
use std::fmt;

#[cfg(test)]
mod tests;

/// The methods a rule may allow. Source: R2 API, `r2.buckets.cors`; S3 PutBucketCors.
pub const CORS_METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// A rule as faces read and write it: unchecked, in the order sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsFields {
    /// What its owner calls it.
    pub id: Option<String>,
    /// `*`, or `scheme://host[:port]` with at most one `*` in the host.
    pub origins: Vec<String>,
    /// Some of [`CORS_METHODS`].
    pub methods: Vec<String>,
    /// Names of request headers, each with at most one `*`.
    pub headers: Vec<String>,
    /// Names of response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// How long browsers may remember the answer to a preflight, in seconds.
    pub max_age_seconds: Option<u64>,
}

/// A rule that keeps what [`CorsFields`] promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsRule(CorsFields);

/// The rules of a bucket, at most [`CORS_RULES_MAX`]; the first that allows a request counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsPolicy(Vec<CorsRule>);

/// What a browser asks, by preflight or with the request itself.
#[derive(Clone, Debug)]
pub struct CorsRequest<'a> {
    /// The `Origin`.
    pub origin: &'a str,
    /// The method of the request that is, or is to be, sent.
    pub method: &'a str,
    /// The names of the headers that the browser asks for; none on the request itself.
    pub headers: Vec<&'a str>,
}

/// Why rules are refused. The text says what to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidCors {
    /// More than [`CORS_RULES_MAX`].
    TooManyRules,
    /// An id longer than [`CORS_RULE_ID_CHARS_MAX`].
    LongId,
    /// A rule without an origin.
    NoOrigin,
    /// A rule without a method.
    NoMethod,
    /// Not one of [`CORS_METHODS`].
    Method(String),
    /// An origin that no browser would send.
    Origin(String),
    /// An origin with more than one wildcard.
    OriginWildcards(String),
    /// A request header that is no header's name.
    Header(String),
    /// A request header with more than one wildcard.
    HeaderWildcards(String),
    /// A response header that is no header's name.
    ExposeHeader(String),
    /// A response header with a wildcard.
    ExposeHeaderWildcard(String),
    /// Longer than [`CORS_MAX_AGE_SECONDS_MAX`].
    MaxAge(u64),
    /// An id with characters that XML has no way to write.
    NoXml,
}

impl fmt::Display for InvalidCors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyRules => write!(f, "A bucket can have at most {CORS_RULES_MAX} CORS rules."),
            Self::LongId => write!(f, "The ID of a CORS rule can have at most {CORS_RULE_ID_CHARS_MAX} characters."),
            Self::NoXml => f.write_str("The ID of a CORS rule has a character that XML 1.0 does not have."),
            Self::NoOrigin => f.write_str("A CORS rule needs at least one AllowedOrigin."),
            Self::NoMethod => f.write_str("A CORS rule needs at least one AllowedMethod."),
            Self::Method(method) => {
                write!(f, "Found unsupported HTTP method in CORS config. Unsupported method is {method}")
            }
            Self::Origin(origin) => write!(
                f,
                "AllowedOrigin \"{origin}\" is not an origin: use '*' or scheme://host[:port], without a path; a \
                 wildcard may stand in the host."
            ),
            Self::OriginWildcards(origin) => {
                write!(f, "AllowedOrigin \"{origin}\" can not have more than one wildcard.")
            }
            Self::Header(name) => write!(f, "AllowedHeader \"{name}\" is not the name of a header."),
            Self::HeaderWildcards(name) => {
                write!(f, "AllowedHeader \"{name}\" can not have more than one wildcard.")
            }
            Self::ExposeHeader(name) => write!(f, "ExposeHeader \"{name}\" is not the name of a header."),
            Self::ExposeHeaderWildcard(name) => write!(
                f,
                "ExposeHeader \"{name}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
            ),
            Self::MaxAge(seconds) => {
                write!(f, "MaxAgeSeconds is {seconds}, but can be at most {CORS_MAX_AGE_SECONDS_MAX}.")
            }
        }
    }
}

impl std::error::Error for InvalidCors {}

impl CorsRule {
    /// Checks a rule.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn new(fields: CorsFields) -> Result<Self, InvalidCors> {
        if fields.id.as_ref().is_some_and(|id| id.chars().count() > CORS_RULE_ID_CHARS_MAX) {
            return Err(InvalidCors::LongId);
        }
        if fields.id.as_deref().is_some_and(|id| !is_xml(id)) {
            return Err(InvalidCors::NoXml);
        }
        if fields.origins.is_empty() {
            return Err(InvalidCors::NoOrigin);
        }
        if fields.methods.is_empty() {
            return Err(InvalidCors::NoMethod);
        }
        if let Some(method) = fields.methods.iter().find(|method| !CORS_METHODS.contains(&method.as_str())) {
            return Err(InvalidCors::Method(method.clone()));
        }
        fields.origins.iter().try_for_each(|origin| check_origin(origin))?;
        fields.headers.iter().try_for_each(|name| check_header(name))?;
        fields.expose_headers.iter().try_for_each(|name| check_exposed(name))?;
        match fields.max_age_seconds {
            Some(seconds) if seconds > CORS_MAX_AGE_SECONDS_MAX => Err(InvalidCors::MaxAge(seconds)),
            _ => Ok(Self(fields)),
        }
    }

    /// A rule as a store holds it: checked when it was set, perhaps by an older release that refused less.
    pub fn stored(fields: CorsFields) -> Self {
        Self(fields)
    }

    /// What it says, as it was sent.
    pub fn fields(&self) -> &CorsFields {
        &self.0
    }

    /// True if it lets every origin in, and so need not name the one that asks.
    pub fn allows_any_origin(&self) -> bool {
        self.0.origins.iter().any(|origin| origin == "*")
    }

    /// True if it allows all of a request: origin, method and each header.
    pub fn allows(&self, request: &CorsRequest<'_>) -> bool {
        self.0.methods.iter().any(|method| method == request.method)
            && self.0.origins.iter().any(|origin| matches(origin.as_bytes(), request.origin.as_bytes(), <[u8]>::eq))
            && request.headers.iter().all(|name| self.allows_header(name))
    }

    fn allows_header(&self, name: &str) -> bool {
        let same = <[u8]>::eq_ignore_ascii_case;
        self.0.headers.iter().any(|allowed| matches(allowed.as_bytes(), name.as_bytes(), same))
    }
}

impl CorsPolicy {
    /// Takes rules together.
    ///
    /// # Errors
    /// [`InvalidCors::TooManyRules`].
    pub fn new(rules: Vec<CorsRule>) -> Result<Self, InvalidCors> {
        if rules.len() > CORS_RULES_MAX { Err(InvalidCors::TooManyRules) } else { Ok(Self(rules)) }
    }

    /// The rules in the order sent.
    pub fn rules(&self) -> &[CorsRule] {
        &self.0
    }

    /// The first rule that allows a request. A request for more headers than any browser could send is not allowed:
    /// each is compared with each pattern.
    pub fn allowing(&self, request: &CorsRequest<'_>) -> Option<&CorsRule> {
        if request.headers.len() > HEADERS_MAX {
            return None;
        }
        self.0.iter().find(|rule| rule.allows(request))
    }
}

/// True if `text` is what `pattern` says, where a `*` in the pattern stands for any bytes, also none.
fn matches(pattern: &[u8], text: &[u8], same: fn(&[u8], &[u8]) -> bool) -> bool {
    let Some(wildcard) = pattern.iter().position(|byte| *byte == b'*') else { return same(pattern, text) };
    let (before, after) = (&pattern[..wildcard], &pattern[wildcard + 1..]);
    text.len() >= before.len() + after.len()
        && same(before, &text[..before.len()])
        && same(after, &text[text.len() - after.len()..])
}

/// `*`, or an origin as the Fetch standard serializes it, with a wildcard in its host if need be.
fn check_origin(origin: &str) -> Result<(), InvalidCors> {
    let invalid = || InvalidCors::Origin(origin.to_owned());
    if wildcards(origin) > 1 {
        return Err(InvalidCors::OriginWildcards(origin.to_owned()));
    }
    if origin == "*" {
        return Ok(());
    }
    let (scheme, authority) = origin.split_once("://").ok_or_else(invalid)?;
    let (host, port) = split_port(authority);
    if is_scheme(scheme) && is_host(host) && port.is_none_or(is_port) { Ok(()) } else { Err(invalid()) }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// A name, an IPv4 address or an IPv6 address in brackets. Names outside ASCII arrive in Punycode.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*');
            !text.is_empty() && text.bytes().all(allowed)
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Host and port; the colons of an IPv6 address are within its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn check_header(name: &str) -> Result<(), InvalidCors> {
    match wildcards(name) {
        0 | 1 if is_header_name(name) => Ok(()),
        0 | 1 => Err(InvalidCors::Header(name.to_owned())),
        _ => Err(InvalidCors::HeaderWildcards(name.to_owned())),
    }
}

fn check_exposed(name: &str) -> Result<(), InvalidCors> {
    match wildcards(name) {
        0 if is_header_name(name) => Ok(()),
        0 => Err(InvalidCors::ExposeHeader(name.to_owned())),
        _ => Err(InvalidCors::ExposeHeaderWildcard(name.to_owned())),
    }
}

fn wildcards(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'*').count()
}

/// A token of RFC 9110, section 5.6.2, of which `*` is an ordinary character.
fn is_header_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
