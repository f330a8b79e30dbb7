//! The arguments of `cairn config`.

use super::buckets::BucketReference;
use super::remote::Remote;
use clap::{Args, ValueEnum};
use types::AccessKeyId;

/// A client that configuration is printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// A profile for ~/.aws/config.
    Aws,
    /// A section for the file that `rclone config file` names.
    Rclone,
    /// Python that makes a client.
    Boto3,
    /// Environment variables, as lines for a shell.
    Wrangler,
    /// Provider blocks of AWS, for buckets with their rules, and of Cloudflare.
    Terraform,
    /// All of ~/.s3cfg.
    S3cmd,
    /// An environment to import, with the variables of R2's collection.
    Postman,
    /// Lines of .env.production.
    Mastodon,
}

/// Print configuration.
#[derive(Args, Clone, Debug)]
#[command(after_help = "What is printed has secrets in it: send it to a file that only you can read.\n\n\
    Examples:\n  \
    cairn config aws --ready-file cairn.json >> ~/.aws/config && aws --profile cairn s3 ls\n  \
    cairn config rclone --ready-file cairn.json >> \"$(rclone config file | tail -1)\" && rclone lsd cairn:\n  \
    eval \"$(cairn config wrangler)\" && npx wrangler r2 bucket list\n  \
    cairn config mastodon --bucket media --public-host files.example.com >> .env.production")]
pub struct PrintConfiguration {
    /// The client.
    #[arg(value_enum)]
    pub client: Client,

    /// What the profile, section, remote or environment is called.
    #[arg(long, default_value = "cairn", value_parser = section_name)]
    pub name: String,

    /// The bucket, for those that are configured for one (mastodon, postman).
    #[arg(long, value_name = "NAME", default_value = "my-bucket", value_parser = BucketReference::parse)]
    pub bucket: BucketReference,

    /// The host that people fetch files from (mastodon).
    #[arg(long, value_name = "HOST", default_value = "files.example.com", value_parser = host_name)]
    pub public_host: String,

    /// The id of the token. Else that of the ready file, else the server is asked.
    #[arg(long, value_name = "ID", value_parser = access_key_id)]
    pub access_key_id: Option<AccessKeyId>,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

fn section_name(text: &str) -> Result<String, String> {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !text.is_empty() && !text.starts_with('-') && text.bytes().all(right) {
        Ok(text.to_owned())
    } else {
        Err("use letters, digits, - and _".to_owned())
    }
}

fn host_name(text: &str) -> Result<String, String> {
    let right = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
    if !text.is_empty() && text.bytes().all(right) {
        Ok(text.to_owned())
    } else {
        Err("write a host name, such as files.example.com".to_owned())
    }
}

fn access_key_id(text: &str) -> Result<AccessKeyId, String> {
    AccessKeyId::parse(text).ok_or_else(|| "an access key id is 32 hexadecimal digits".to_owned())
}
