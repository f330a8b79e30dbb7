//! The arguments of `cairn token`.

use super::buckets::BucketReference;
use super::remote::Remote;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use types::{AccessKeyId, AddressCondition, Timestamp};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, once, with its S3 key pair.
    Create(CreateToken),

    /// List the tokens of the account, without their values.
    List(ListTokens),

    /// Revoke tokens, and with them their S3 keys: their next request fails.
    Revoke(RevokeTokens),

    /// Give a token a new value and a new S3 secret access key; the old ones end at once.
    Roll(OneToken),

    /// Give the root token a new value when it was lost, on the data directory of a stopped server.
    ///
    /// The root token keeps its id and gets back every right: without expiry, without conditions on addresses, turned
    /// on, and made again if it was deleted. Its old value and secret access key end. All other tokens stay.
    ResetRoot(ResetRoot),
}

/// What a token may do, as the dashboard of R2 offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Permission {
    /// Create, list, delete and configure buckets; read, write and list objects; use data catalogs.
    AdminReadWrite,
    /// List buckets, see their configuration; read and list objects; read data catalogs.
    AdminReadOnly,
    /// Read, write and list objects, in all buckets or those named with --bucket.
    ObjectReadWrite,
    /// Read and list objects, in all buckets or those named with --bucket.
    ObjectReadOnly,
}

/// Make a token.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    cairn token create --name backup --permission object-read-write --bucket backups --expires 90d\n  \
    cairn token create --name reader --permission object-read-only --bucket photos --bucket eu/photos\n  \
    cairn token create --name ci --permission admin-read-write --allow-address 192.0.2.0/24 --json")]
pub struct CreateToken {
    /// What people call it: 1 to 120 bytes.
    #[arg(long)]
    pub name: String,

    /// What it may do.
    #[arg(long, value_enum)]
    pub permission: Permission,

    /// A bucket that it is for, with its jurisdiction if it has one: `photos`, `eu/photos`. May be repeated.
    ///
    /// Without any it is for all buckets, also those to come. Only for the object permissions.
    #[arg(long = "bucket", value_name = "[JURISDICTION/]NAME", value_parser = BucketReference::parse)]
    pub buckets: Vec<BucketReference>,

    /// When it ends: a time from now (`12h`, `90d`), a date or a time (`2027-01-01`, `2027-01-01T12:00:00Z`).
    #[arg(long, value_name = "WHEN", value_parser = Moment::parse)]
    pub expires: Option<Moment>,

    /// When it begins; in the same forms.
    #[arg(long, value_name = "WHEN", value_parser = Moment::parse)]
    pub not_before: Option<Moment>,

    /// An address or a CIDR range that it may be used from, and no others. May be repeated.
    #[arg(long = "allow-address", value_name = "ADDRESS", value_parser = address)]
    pub allowed: Vec<String>,

    /// An address or a CIDR range that it may not be used from. May be repeated.
    #[arg(long = "deny-address", value_name = "ADDRESS", value_parser = address)]
    pub denied: Vec<String>,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

/// List tokens.
#[derive(Args, Clone, Debug)]
pub struct ListTokens {
    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

/// Revoke tokens.
#[derive(Args, Clone, Debug)]
pub struct RevokeTokens {
    /// Ids of tokens, which are also their S3 access key ids.
    #[arg(value_name = "ID", required = true, value_parser = token_id)]
    pub ids: Vec<AccessKeyId>,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

/// One token.
#[derive(Args, Clone, Debug)]
pub struct OneToken {
    /// Id of the token, which is also its S3 access key id.
    #[arg(value_name = "ID", value_parser = token_id)]
    pub id: AccessKeyId,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

/// Reset the root token.
#[derive(Args, Clone, Debug)]
pub struct ResetRoot {
    /// The data directory. Its server must be stopped.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// A time on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long from now.
    After(Duration),
    /// Then.
    At(Timestamp),
}

/// Seconds of the units of [`Moment::After`].
const UNITS: [(char, u64); 5] = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 7 * 86_400)];

/// The longest time from now: a hundred years, as good as for ever.
const AFTER_SECONDS_MAX: u64 = 100 * 366 * 86_400;

impl Moment {
    /// Reads `90d`, `2027-01-01` or `2027-01-01T12:00:00Z`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || "write a time from now such as 12h or 90d (s, m, h, d, w), or a date such as 2027-01-01".to_owned();
        if let Some(time) = Timestamp::parse_iso8601(text) {
            return Ok(Self::At(time));
        }
        let unit =
            text.chars().last().and_then(|last| UNITS.iter().find(|(name, _)| *name == last)).ok_or_else(wrong)?;
        let number: u64 = text.strip_suffix(unit.0).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
        let seconds = number.checked_mul(unit.1).filter(|seconds| *seconds <= AFTER_SECONDS_MAX).ok_or_else(wrong)?;
        Ok(Self::After(Duration::from_secs(seconds)))
    }

    /// The time it names, in the whole seconds that the API takes.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(duration) => Timestamp::from_seconds(now.seconds().saturating_add(duration.as_secs())),
            Self::At(time) => Timestamp::from_seconds(time.seconds()),
        }
    }
}

fn address(text: &str) -> Result<String, String> {
    let wrong = || "write an address or a range, such as 192.0.2.7 or 192.0.2.0/24".to_owned();
    AddressCondition::parse(text).map(|_| text.to_owned()).ok_or_else(wrong)
}

fn token_id(text: &str) -> Result<AccessKeyId, String> {
    AccessKeyId::parse(text)
        .ok_or_else(|| "the id of a token is 32 hexadecimal digits; `cairn token list` shows it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_from_now_or_dates() {
        let at = |text: &str| Moment::parse(text).map(|moment| moment.at(Timestamp(5_500)).to_iso8601());
        assert_eq!(at("90s").unwrap(), "1970-01-01T00:01:35.000Z");
        assert_eq!(at("1w").unwrap(), "1970-01-08T00:00:05.000Z");
        assert_eq!(at("2027-01-01").unwrap(), "2027-01-01T00:00:00.000Z");
        assert_eq!(at("2027-01-01T02:00:00.7+01:00").unwrap(), "2027-01-01T01:00:00.000Z");
        for bad in ["", "d", "-1d", "1y", "1.5h", "90", "tomorrow", "2027-13-01", "99999999999999999999d", "9999999d"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }
}
