//! The headers of SSE-C: a customer's key in requests, its confirmation in answers. Sources: R2 "Use SSE-C"; S3 for the
//! codes and words of the refusals.
//!
//! What is decoded is wiped when dropped. The header's own bytes lie in the buffer of the connection, which is not
//! ours to wipe: [`hide`] sees to it that nobody prints them.
//!
//! S3 takes these headers over TLS only. Here plain HTTP will do, since a server on the same machine has no TLS.

use super::shared::invalid_argument;
use crate::header;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use types::{CustomerKey, ErrorCode, OperationError};

/// What begins the names of a key's three headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The object that is written or read.
    Target,
    /// The source of a copy.
    Source,
}

struct Names {
    /// Of all three.
    prefix: &'static str,
    algorithm: &'static str,
    key: &'static str,
    key_md5: &'static str,
}

const TARGET: Names = Names {
    prefix: "x-amz-server-side-encryption-customer-",
    algorithm: "x-amz-server-side-encryption-customer-algorithm",
    key: "x-amz-server-side-encryption-customer-key",
    key_md5: "x-amz-server-side-encryption-customer-key-md5",
};

const SOURCE: Names = Names {
    prefix: "x-amz-copy-source-server-side-encryption-customer-",
    algorithm: "x-amz-copy-source-server-side-encryption-customer-algorithm",
    key: "x-amz-copy-source-server-side-encryption-customer-key",
    key_md5: "x-amz-copy-source-server-side-encryption-customer-key-md5",
};

/// The one algorithm there is.
const ALGORITHM: &str = "AES256";

/// Whether this header carries a customer's key or says something of it. Every operation knows them; those that need no
/// key ignore them, as S3 does.
pub(crate) fn is_header(name: &str) -> bool {
    [TARGET, SOURCE].iter().any(|names| [names.algorithm, names.key, names.key_md5].contains(&name))
}

/// Whether this header, or the parameter of a presigned URL that stands for it, is a key itself.
pub fn is_secret(name: &str) -> bool {
    [TARGET, SOURCE].iter().any(|names| names.key.eq_ignore_ascii_case(name))
}

/// Marks keys as secret, so that headers printed for debugging show none.
pub fn hide(headers: &mut HeaderMap) {
    headers.iter_mut().filter(|(name, _)| is_secret(name.as_str())).for_each(|(_, value)| value.set_sensitive(true));
}

/// Reads a customer's key. The scan for a name costs less than looking up three, and most requests have none.
///
/// # Errors
/// `InvalidArgument` if one of the three headers is missing, sent twice or malformed, or if the MD5 is not the key's;
/// `InvalidEncryptionAlgorithmError`. No message says anything of the key.
pub(super) fn decode(headers: &HeaderMap, subject: Subject) -> Result<Option<CustomerKey>, OperationError> {
    let names = match subject {
        Subject::Target => &TARGET,
        Subject::Source => &SOURCE,
    };
    if !headers.keys().any(|name| name.as_str().starts_with(names.prefix)) {
        return Ok(None);
    }
    let once = |name| if headers.get_all(name).iter().nth(1).is_some() { Err(twice(name)) } else { Ok(name) };
    let sent = |name| Ok::<_, OperationError>(header::text(headers, once(name)?)?.filter(|text| !text.is_empty()));
    match sent(names.algorithm)? {
        Some(ALGORITHM) => {}
        Some(_) => return Err(ErrorCode::InvalidEncryptionAlgorithm.into()),
        None => return Err(lacks("a valid encryption algorithm")),
    }
    let key = sent(names.key)?.ok_or_else(|| lacks("an appropriate secret key"))?;
    let key_md5 = sent(names.key_md5)?.ok_or_else(|| lacks("the client calculated MD5 of the secret key"))?;
    let key = CustomerKey::parse_base64(key).ok_or_else(|| {
        invalid_argument("The secret key was invalid for the specified algorithm: it must be 32 bytes in base64.")
    })?;
    if key.md5_base64() != key_md5 {
        return Err(invalid_argument("The calculated MD5 hash of the key did not match the hash that was provided."));
    }
    Ok(Some(key))
}

fn lacks(what: &'static str) -> OperationError {
    invalid_argument(format!(
        "Requests specifying Server Side Encryption with Customer provided keys must provide {what}."
    ))
}

fn twice(name: &str) -> OperationError {
    invalid_argument(format!("Send the header '{name}' once."))
}

/// Confirms the key that an object or upload is encrypted with, if there is one.
pub fn confirm(headers: &mut HeaderMap, key: Option<&CustomerKey>) {
    if let Some(key) = key {
        headers.insert(HeaderName::from_static(TARGET.algorithm), HeaderValue::from_static(ALGORITHM));
        header::put(headers, HeaderName::from_static(TARGET.key_md5), key.md5_base64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=";
    const MD5: &str = "DWygnHRtgiJ77HCm+1rvHw==";

    fn map(names: &Names, [algorithm, key, md5]: [Option<&str>; 3]) -> HeaderMap {
        let sent = [(names.algorithm, algorithm), (names.key, key), (names.key_md5, md5)];
        let value = |value| HeaderValue::from_str(value).unwrap();
        sent.into_iter().filter_map(|(name, sent)| Some((HeaderName::from_static(name), value(sent?)))).collect()
    }

    fn refused(sent: [Option<&str>; 3]) -> (ErrorCode, String) {
        let error = decode(&map(&TARGET, sent), Subject::Target).unwrap_err();
        (error.code, error.message().to_owned())
    }

    #[test]
    fn a_key_needs_all_three_headers_and_is_found_under_its_own_names_only() {
        let all = [Some("AES256"), Some(KEY), Some(MD5)];
        let headers = map(&TARGET, all);
        let key = decode(&headers, Subject::Target).unwrap().unwrap();
        assert_eq!(key, CustomerKey::parse_base64(KEY).unwrap());
        assert_eq!(decode(&headers, Subject::Source).unwrap(), None);
        assert_eq!(decode(&map(&SOURCE, all), Subject::Source).unwrap(), Some(key));
        assert_eq!(decode(&map(&SOURCE, all), Subject::Target).unwrap(), None);
        for missing in 0..3 {
            let mut some = all;
            some[missing] = None;
            assert_eq!(refused(some).0, ErrorCode::InvalidArgument, "{some:?}");
        }
    }

    #[test]
    fn keys_that_are_none_are_refused_and_never_repeated() {
        let lengths = ["", "c2hvcnQ=", &KEY[..43], "not base64 at all, but of forty-four letters"];
        for key in lengths {
            let (code, message) = refused([Some("AES256"), Some(key), Some(MD5)]);
            assert_eq!(code, ErrorCode::InvalidArgument, "{key}");
            assert!(key.is_empty() || !message.contains(key), "{message}");
        }
        for md5 in ["AAAAAAAAAAAAAAAAAAAAAA==", "DWygnHRtgiJ77HCm+1rvHw", "x"] {
            let (code, message) = refused([Some("AES256"), Some(KEY), Some(md5)]);
            assert_eq!(code, ErrorCode::InvalidArgument, "{md5}");
            assert!(!message.contains(KEY) && !message.contains(MD5), "{message}");
        }
        for algorithm in ["aes256", "AES128", "aws:kms"] {
            let refused = refused([Some(algorithm), Some(KEY), Some(MD5)]);
            assert_eq!(refused.0, ErrorCode::InvalidEncryptionAlgorithm, "{algorithm}");
        }
    }

    #[test]
    fn hidden_keys_are_read_and_not_printed() {
        let mut headers = map(&SOURCE, [Some("AES256"), Some(KEY), Some(MD5)]);
        hide(&mut headers);
        assert!(!format!("{headers:?}").contains(KEY));
        assert!(decode(&headers, Subject::Source).unwrap().is_some());
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let mut headers = map(&TARGET, [Some("AES256"), Some(KEY), Some(MD5)]);
        headers.append(HeaderName::from_static(TARGET.key), HeaderValue::from_static(KEY));
        assert_eq!(decode(&headers, Subject::Target).unwrap_err().code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn the_confirmation_shows_the_md5_and_not_the_key() {
        let mut headers = HeaderMap::new();
        confirm(&mut headers, None);
        assert!(headers.is_empty());
        confirm(&mut headers, CustomerKey::parse_base64(KEY).as_ref());
        assert_eq!(headers, map(&TARGET, [Some("AES256"), None, Some(MD5)]));
    }
}
