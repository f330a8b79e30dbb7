//! Host names that buckets are public at. Source: R2 "Public buckets".

use crate::ids::PublicId;
use std::fmt;

/// A host name in the form that it is compared in: lower case, without the final dot of the root, labels with other
/// letters than ASCII's in Punycode, as browsers send them.
///
/// Two labels at least, since no single one belongs to anybody; never an address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(Box<str>);

/// Text that is no host name. Its text says what one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDomainName;

impl fmt::Display for InvalidDomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "The domain is not valid: write a host name such as assets.example.com, at most 253 characters, without \
             scheme, port, path and wildcard, and other letters than a to z in Punycode (xn--...).",
        )
    }
}

impl std::error::Error for InvalidDomainName {}

/// Longest host name, bytes. Source: RFC 1035 section 2.3.4.
const NAME_BYTES_MAX: usize = 253;
/// Longest label, bytes. Source: RFC 1035 section 2.3.4.
const LABEL_BYTES_MAX: usize = 63;

impl DomainName {
    /// Checks a name and brings it into its form.
    ///
    /// # Errors
    /// See [`InvalidDomainName`].
    pub fn parse(text: &str) -> Result<Self, InvalidDomainName> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if !name.contains('.') || !is_host_name(name) {
            return Err(InvalidDomainName);
        }
        Ok(Self(name.to_ascii_lowercase().into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `domain`, which is in lower case, or below it.
    pub fn is_within(&self, domain: &str) -> bool {
        self.0.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

/// Whether a text without a final dot is the name of a host, of one label or more, and no address.
pub fn is_host_name(name: &str) -> bool {
    let is_address = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    !is_address && name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    let edges = [bytes.first(), bytes.last()];
    bytes.len() <= LABEL_BYTES_MAX
        && edges.iter().all(|edge| edge.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A name that a bucket is public at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicName {
    /// Its public development URL, whatever domain that is under.
    Managed(PublicId),
    /// A custom domain.
    Custom(DomainName),
}

/// A TLS version that a custom domain may ask for as the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// 1.0, unless something else is asked for.
    #[default]
    V1_0,
    /// 1.1.
    V1_1,
    /// 1.2.
    V1_2,
    /// 1.3.
    V1_3,
}

impl TlsVersion {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        }
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.name() == name)
    }
}

/// A cipher suite that a custom domain may be limited to, by its name in BoringSSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cipher(&'static str);

/// Source: Cloudflare "Cipher suites", supported at its edge.
const CIPHERS: &[&str] = &[
    "AEAD-AES128-GCM-SHA256",
    "AEAD-AES256-GCM-SHA384",
    "AEAD-CHACHA20-POLY1305-SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "AES128-GCM-SHA256",
    "AES128-SHA256",
    "AES128-SHA",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA256",
    "AES256-SHA",
    "DES-CBC3-SHA",
];

impl Cipher {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        CIPHERS.iter().find(|known| **known == name).map(|known| Self(known))
    }

    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        CIPHERS.iter().map(|name| Self(name))
    }
}

/// What is set of a custom domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSettings {
    /// Whether the bucket can be read there.
    pub enabled: bool,
    /// The least TLS version of its connections.
    pub min_tls: TlsVersion,
    /// Only these suites; empty: all that the server has. Each once.
    pub ciphers: Vec<Cipher>,
    /// The zone it was added with: the caches before the domains of one zone are purged together.
    pub zone: String,
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident $text:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    )*};
}

statuses! {
    /// Whether a custom domain is known to be its account's.
    Ownership {
        /// Not looked at yet.
        Pending "pending";
        /// It is.
        Active "active";
        /// It was given up.
        Deactivated "deactivated";
        /// It may not be used.
        Blocked "blocked";
        /// Looking failed.
        Error "error";
    }
    /// Whether a custom domain has a certificate.
    CertificateStatus {
        /// Not looked at yet.
        Initializing "initializing";
        /// It is being ordered.
        Pending "pending";
        /// It has one, or nobody asks this server for one.
        Active "active";
        /// It was given up.
        Deactivated "deactivated";
        /// It could not be had.
        Error "error";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_brought_into_one_form() {
        for text in ["assets.example.com", "Assets.EXAMPLE.com", "assets.example.com."] {
            assert_eq!(DomainName::parse(text).unwrap().as_str(), "assets.example.com");
        }
        for text in ["a.localhost", "xn--bcher-kva.example", "1.example.com", "a--b.c-d.e"] {
            assert_eq!(DomainName::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_name_of_anybody_is_refused() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long = ["a"; 128].join(".");
        for text in [
            "",
            ".",
            "..",
            "localhost",
            "example.com..",
            ".example.com",
            "a..b",
            "-a.com",
            "a-.com",
            "a_b.com",
            "*.example.com",
            "http://example.com",
            "example.com:80",
            "example.com/",
            "user@example.com",
            "a b.com",
            "127.0.0.1",
            "1.2.3.4.",
            "[::1]",
            "::1",
            "b\u{fc}cher.example",
            "a.com\n",
            "a.com\0",
            &long_label,
            &long,
        ] {
            assert_eq!(DomainName::parse(text), Err(InvalidDomainName), "{text:?}");
        }
        assert!(DomainName::parse(&long[..253]).is_ok() && DomainName::parse(&long_label[1..]).is_ok());
    }

    #[test]
    fn a_host_may_have_one_label() {
        assert!(["localhost", "a.b", "X1"].into_iter().all(is_host_name));
        assert!(!["", ".", "a.", "*.a", "1", "::1", "a:1", "a/", " a"].into_iter().any(is_host_name));
    }

    #[test]
    fn a_name_is_within_itself_and_all_above_it() {
        let name = DomainName::parse("a.example.com").unwrap();
        assert!(["a.example.com", "example.com", "com"].iter().all(|domain| name.is_within(domain)));
        assert!(["b.a.example.com", "xample.com", "other.com", ".com"].iter().all(|domain| !name.is_within(domain)));
    }

    #[test]
    fn versions_and_ciphers_are_found_by_their_names() {
        assert!(TlsVersion::ALL.iter().all(|version| TlsVersion::parse(version.name()) == Some(*version)));
        assert!(Cipher::all().all(|cipher| Cipher::parse(cipher.name()) == Some(cipher)));
        assert_eq!((TlsVersion::parse("1.4"), Cipher::parse("RC4-MD5")), (None, None));
    }
}
