//! Tokens in URLs: a message, when it was signed, and its MAC under a secret.
//! Sources: Cloudflare "Rules language", `is_timed_hmac_valid_v0`; Cloudflare WAF "Configure token authentication";
//! R2 "Presigned URLs".

use std::fmt;

/// A call of `is_timed_hmac_valid_v0` about the URI of a request. The MAC is HMAC-SHA256 of the message and the
/// timestamp behind it.
#[derive(Clone, PartialEq, Eq)]
pub struct TimedHmac {
    /// The key.
    pub secret: String,
    /// How long after its timestamp a token holds, seconds.
    pub lifetime: u64,
    /// Bytes between message and timestamp, such as `?verify=`.
    pub separator_length: usize,
    /// Whether the MAC is written in the alphabet for URLs and without padding; else in the ordinary one, escaped.
    pub url_safe: bool,
}

/// Without its secret.
impl fmt::Debug for TimedHmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedHmac").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// The parts of a signed URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedUri<'a> {
    /// What is signed, before the timestamp.
    pub message: &'a str,
    /// The timestamp as it is written: ten digits.
    pub timestamp: &'a str,
    /// The MAC as it is written.
    pub mac: &'a str,
}

/// Digits of a timestamp.
const TIMESTAMP_DIGITS: usize = 10;

/// Least characters of a MAC.
const MAC_CHARACTERS_MIN: usize = 43;

impl TimedHmac {
    /// Takes a URI apart: `(.+)(.*)(\d{10})-(.{43,})`, the second group as long as the separator. The last hyphen that
    /// has a timestamp before it counts: the alphabet for URLs has hyphens of its own.
    pub fn split<'a>(&self, uri: &'a str) -> Option<SignedUri<'a>> {
        let mut end = uri.len().checked_sub(MAC_CHARACTERS_MIN)?;
        loop {
            let hyphen = uri.as_bytes().get(..end)?.iter().rposition(|byte| *byte == b'-')?;
            if let Some(parts) = self.split_at(uri, hyphen) {
                return Some(parts);
            }
            end = hyphen;
        }
    }

    fn split_at<'a>(&self, uri: &'a str, hyphen: usize) -> Option<SignedUri<'a>> {
        let start = hyphen.checked_sub(TIMESTAMP_DIGITS)?;
        let message_end = start.checked_sub(self.separator_length).filter(|end| *end > 0)?;
        let timestamp = uri.get(start..hyphen)?;
        let (message, mac) = (uri.get(..message_end)?, uri.get(hyphen + 1..)?);
        timestamp.bytes().all(|byte| byte.is_ascii_digit()).then_some(SignedUri { message, timestamp, mac })
    }

    /// Whether a token of `timestamp` holds at `now`: `now < timestamp + lifetime`. One signed ahead of time does, as
    /// with Cloudflare.
    pub fn is_current(&self, timestamp: &str, now: u64) -> bool {
        let Ok(issued) = timestamp.parse::<u64>() else { return false };
        now < issued.saturating_add(self.lifetime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(separator_length: usize) -> TimedHmac {
        TimedHmac { secret: "mysecrettoken".to_owned(), lifetime: 10_800, separator_length, url_safe: false }
    }

    const MAC: &str = "IaLGSmELTvlhfd0ItdN6PhhHTFhzx73EX8uy%2FcSDiIU%3D";

    #[test]
    fn a_uri_is_taken_apart_as_documented() {
        let uri = format!("/download/cat.jpg?verify=1484063787-{MAC}");
        let parts = rule(8).split(&uri).unwrap();
        assert_eq!(parts, SignedUri { message: "/download/cat.jpg", timestamp: "1484063787", mac: MAC });
        let uri = format!("/cat?size=1&verify=1484063787-{MAC}");
        assert_eq!(rule(8).split(&uri).unwrap().message, "/cat?size=1");
    }

    #[test]
    fn hyphens_of_the_mac_are_not_its_beginning() {
        let mac = format!("-{}-", "a".repeat(41));
        let uri = format!("/a-1484063780-b?verify=1484063787-{mac}");
        let parts = rule(8).split(&uri).unwrap();
        assert_eq!((parts.message, parts.mac), ("/a-1484063780-b", &*mac));
    }

    #[test]
    fn what_is_too_short_or_no_timestamp_is_no_token() {
        let long = "a".repeat(43);
        for uri in [
            String::new(),
            "/cat".to_owned(),
            format!("/cat?verify=148406378-{long}"),
            format!("/cat?verify=148406378x-{long}"),
            format!("/cat?verify=1484063787-{}", &long[1..]),
            format!("?verify=1484063787-{long}"),
            format!("1484063787-{long}"),
            format!("/caf\u{e9}?verify=\u{e9}484063787-{long}"),
        ] {
            assert_eq!(rule(8).split(&uri), None, "{uri}");
        }
    }

    #[test]
    fn a_token_holds_for_its_lifetime_and_not_a_second_longer() {
        let rule = rule(8);
        assert!(rule.is_current("1484063787", 1_484_063_787 + 10_799));
        assert!(!rule.is_current("1484063787", 1_484_063_787 + 10_800));
        assert!(rule.is_current("1484063787", 1_484_000_000), "signed ahead of time");
    }
}
