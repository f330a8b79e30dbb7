//! Which server a command speaks to, and as whom: from its arguments, the ready file, the environment.

use super::endpoint::Endpoint;
use super::failure::Failure;
use crate::command_line::Remote;
use crate::ready_file;
use aws_lc_rs::digest::{SHA256, digest};
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use types::AccountId;

/// What a command knows of its surroundings: the value of a variable, if it is set to something.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// An S3 key pair.
#[derive(Clone)]
pub(super) struct Keys {
    /// Id of the token.
    pub(super) access_key_id: String,
    /// Hexadecimal SHA-256 of the token's value.
    pub(super) secret_access_key: String,
}

/// Which server, as whom. No `Debug`: it has secrets.
pub struct Access {
    /// Where the server is.
    pub(super) endpoint: Endpoint,
    /// The account, if it was said.
    pub(super) account: Option<AccountId>,
    /// The API token, if it was said.
    pub(super) token: Option<String>,
    /// The key pair, if the ready file has it.
    pub(super) keys: Option<Keys>,
}

/// Where a server listens that was told nothing else.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:9200";

/// Longest file that a token is read from.
const TOKEN_FILE_BYTES_MAX: u64 = 4096;

impl Access {
    /// What is said on the command line goes before the ready file it names, that before the environment; there,
    /// Cairn's own variables go before those that wrangler reads too.
    ///
    /// # Errors
    /// Files that cannot be read, values that cannot be used.
    pub fn resolve(line: &Remote, environment: &Environment<'_>) -> Result<Self, Failure> {
        let ready = line.ready_file.as_deref().map(ready).transpose()?;
        let either = |own: &str, common: &str| environment(own).or_else(|| environment(common));
        let endpoint = line.endpoint.clone().or_else(|| ready.as_ref().map(|ready| ready.endpoint.clone()));
        let endpoint = endpoint.or_else(|| either("CAIRN_ENDPOINT", "CLOUDFLARE_API_BASE_URL"));
        let account = line.account.clone().or_else(|| ready.as_ref().map(|ready| ready.account_id.clone()));
        let account = account.or_else(|| either("CAIRN_ACCOUNT_ID", "CLOUDFLARE_ACCOUNT_ID"));
        let from_file = line.token_file.as_deref().map(token_of_file).transpose()?;
        // A token that was named has keys of its own, whatever the ready file says.
        let keys = ready.as_ref().filter(|_| from_file.is_none()).and_then(keys_of);
        let token = from_file.or_else(|| ready.and_then(|ready| ready.api_token));
        let token = token.or_else(|| either("CAIRN_API_TOKEN", "CLOUDFLARE_API_TOKEN"));
        Ok(Self {
            endpoint: Endpoint::parse(endpoint.as_deref().unwrap_or(DEFAULT_ENDPOINT))?,
            account: account.as_deref().map(account_id).transpose()?,
            token: token.map(well_formed).transpose()?,
            keys,
        })
    }

    /// The token, which this command cannot do without.
    pub(super) fn required_token(&self) -> Result<&str, Failure> {
        self.token.as_deref().ok_or_else(|| {
            Failure::usage(
                "no API token: set CAIRN_API_TOKEN or CLOUDFLARE_API_TOKEN, or give --token-file FILE (- reads \
                 standard input) or a --ready-file that has one. `cairn serve` shows the token at its first start \
                 only; if it is lost, stop the server and run `cairn token reset-root --data DIR`",
            )
        })
    }
}

/// The S3 secret access key that goes with a token. Source: R2 "Authentication", Get S3 API credentials.
pub(super) fn secret_access_key(token: &str) -> String {
    types::ids::hex(digest(&SHA256, token.as_bytes()).as_ref())
}

fn ready(path: &Path) -> Result<ready_file::Access, Failure> {
    ready_file::read(path)
        .map_err(|error| Failure::usage(format!("cannot use the ready file {}: {error}", path.display())))
}

fn keys_of(ready: &ready_file::Access) -> Option<Keys> {
    let secret_access_key = ready.secret_access_key.clone()?;
    Some(Keys { access_key_id: ready.access_key_id.clone(), secret_access_key })
}

fn account_id(text: &str) -> Result<AccountId, Failure> {
    AccountId::parse(text)
        .ok_or_else(|| Failure::usage(format!("{text:?} is no account id: write its 32 hexadecimal digits")))
}

/// The token with nothing around it. What cannot be a token is refused before it gets into a header or a file.
fn well_formed(token: String) -> Result<String, Failure> {
    let token = token.trim();
    let right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !token.is_empty() && token.bytes().all(right) {
        Ok(token.to_owned())
    } else {
        Err(Failure::usage("the API token is malformed: it has letters, digits, - and _ only"))
    }
}

fn token_of_file(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path.as_os_str() == OsStr::new("-") {
        io::stdin().take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut text)
    } else {
        open(path).and_then(|file| file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::usage(format!("cannot read the token from {}: {error}", path.display())))?;
    well_formed(text)
}

#[expect(clippy::disallowed_methods, reason = "a file of the operator's, outside the store's disk")]
fn open(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path)
}

#[cfg(test)]
mod tests;
