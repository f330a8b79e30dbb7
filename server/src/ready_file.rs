//! The file that tells CI jobs and test harnesses that the server listens, and how to reach it.

use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What a client needs to know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Access {
    /// `http://host:port`.
    pub endpoint: String,
    /// `https://host:port`, where TLS is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_endpoint: Option<String>,
    /// 32 hexadecimal digits.
    pub account_id: String,
    /// S3 access key id.
    pub access_key_id: String,
    /// S3 secret access key; absent once the root token was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_access_key: Option<String>,
    /// The API token; only at the first start on a data directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_token: Option<String>,
    /// This process.
    pub pid: u32,
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// What the machine says; `InvalidData` for a file that is none of ours.
#[expect(clippy::disallowed_methods, reason = "a file of the operator's, outside the store's disk")]
pub fn read(path: &Path) -> io::Result<Access> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::from)
}

/// Writes `access` to `path`, whole or not at all, readable by its owner only.
///
/// # Errors
/// What the machine says.
#[expect(clippy::disallowed_methods, reason = "a file for the operator, outside the store's disk")]
pub fn write(path: &Path, access: &Access) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.tmp", access.pid));
    // Whatever lies there is not ours: a file made by another would keep its owner and mode.
    if let Err(error) = fs::remove_file(&draft)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let written = write_new(draft.as_ref(), access).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _the_first_error_says_more = fs::remove_file(&draft);
    }
    written
}

fn write_new(draft: &Path, access: &Access) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(draft)?;
    serde_json::to_writer(&mut file, access)?;
    file.write_all(b"\n")?;
    file.sync_all()
}
