//! The URL of a server.

use super::failure::Failure;
use http::Uri;
use std::fmt;

/// `http://host:port` or `https://host:port`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    secure: bool,
    host: String,
    port: Option<u16>,
}

/// Where the REST API is.
const API_PATH: &str = "/client/v4";

impl Endpoint {
    /// Reads a URL as `cairn serve` prints it, or as wrangler has it, with the API's path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::usage(format!("{text:?} is no endpoint: write one such as http://127.0.0.1:9200"));
        let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let is_api = matches!(uri.path().trim_end_matches('/'), "" | API_PATH);
        let host = uri.host().filter(|host| !host.is_empty() && host.bytes().all(belongs_to_host)).ok_or_else(wrong)?;
        let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if !is_api || has_user || uri.query().is_some() {
            return Err(wrong());
        }
        Ok(Self { secure, host: host.to_owned(), port: uri.port_u16() })
    }

    /// Whether it asks for TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// `host`, or `host:port` where the port is not the scheme's own.
    pub(super) fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }

    /// What to connect to; an IPv6 address stands without its brackets.
    pub(super) fn socket(&self) -> (&str, u16) {
        let host = self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host);
        (host, self.port.unwrap_or(80))
    }

    /// The URL of the REST API, as wrangler and the Cloudflare SDKs take it: no slash at its end.
    pub(super) fn api(&self) -> String {
        format!("{self}{API_PATH}")
    }
}

/// What is also nothing special to any configuration file it is printed into.
fn belongs_to_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']')
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_with_or_without_the_path_of_the_api() {
        for text in ["http://127.0.0.1:9200", "http://127.0.0.1:9200/", "http://127.0.0.1:9200/client/v4/"] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.to_string(), "http://127.0.0.1:9200");
            assert_eq!(endpoint.api(), "http://127.0.0.1:9200/client/v4");
            assert_eq!(endpoint.socket(), ("127.0.0.1", 9200));
        }
        assert_eq!(Endpoint::parse("http://[::1]:9200").unwrap().socket(), ("::1", 9200));
        assert_eq!(Endpoint::parse("http://[::1]:9200").unwrap().to_string(), "http://[::1]:9200");
        assert_eq!(Endpoint::parse("https://cairn.example.com").unwrap().to_string(), "https://cairn.example.com");
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        let paths = ["http://h/s3", "http://h/client/v4/accounts", "http://h?x=1", "http://u:p@h"];
        for bad in ["", "127.0.0.1:9200", "ftp://h", "http://", "http://a b", "http://h$(x)", "http://h;x"]
            .iter()
            .chain(&paths)
        {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
    }
}
