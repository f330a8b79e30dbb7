//! The arguments of `cairn bucket`.

use super::remote::Remote;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use std::fmt;
use types::{BucketName, Jurisdiction, LocationHint};

/// What to do with buckets.
#[derive(Debug, Subcommand)]
pub enum BucketCommand {
    /// Make a bucket.
    Create(CreateBucket),

    /// List the buckets of a jurisdiction.
    List(ListBuckets),

    /// Describe a bucket: where it is, and how much is in it.
    Info(OneBucket),

    /// Delete a bucket. It must be empty.
    Delete(OneBucket),
}

/// A bucket by its name and its jurisdiction, which together are its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketReference {
    /// Where its data must stay.
    pub jurisdiction: Jurisdiction,
    /// Its name.
    pub name: BucketName,
}

impl BucketReference {
    /// Reads `photos` or `eu/photos`.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (jurisdiction, name) = text.split_once('/').unwrap_or((Jurisdiction::Default.name(), text));
        let jurisdiction = jurisdiction_named(jurisdiction)?;
        BucketName::parse(name).map(|name| Self { jurisdiction, name }).map_err(|error| error.to_string())
    }
}

impl fmt::Display for BucketReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.jurisdiction {
            Jurisdiction::Default => write!(f, "{}", self.name),
            jurisdiction => write!(f, "{jurisdiction}/{}", self.name),
        }
    }
}

fn jurisdiction_named(text: &str) -> Result<Jurisdiction, String> {
    Jurisdiction::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Jurisdiction::ALL.iter().map(|known| known.name()).collect();
        format!("there is no jurisdiction {text:?}; there are {}", names.join(", "))
    })
}

/// Make a bucket.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  \
    cairn bucket create photos\n  \
    cairn bucket create eu/photos --storage-class InfrequentAccess")]
pub struct CreateBucket {
    /// Its name, with the jurisdiction that its data must stay in if there is one: `photos`, `eu/photos`.
    #[arg(value_name = "[JURISDICTION/]NAME", value_parser = BucketReference::parse)]
    pub bucket: BucketReference,

    /// Where its data would best be.
    #[arg(long, value_parser = PossibleValuesParser::new(LocationHint::ALL.iter().map(|hint| hint.name())))]
    pub location: Option<String>,

    /// The storage class of objects that name none.
    #[arg(long, value_parser = PossibleValuesParser::new(["Standard", "InfrequentAccess"]), ignore_case = true)]
    pub storage_class: Option<String>,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

/// List buckets.
#[derive(Args, Clone, Debug)]
pub struct ListBuckets {
    /// The jurisdiction whose buckets to list.
    #[arg(long, value_parser = jurisdiction_named, default_value = Jurisdiction::Default.name())]
    pub jurisdiction: Jurisdiction,

    /// Only those with this text in their names.
    #[arg(long, value_name = "TEXT")]
    pub name_contains: Option<String>,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

/// One bucket.
#[derive(Args, Clone, Debug)]
pub struct OneBucket {
    /// Its name, with its jurisdiction if it has one: `photos`, `eu/photos`.
    #[arg(value_name = "[JURISDICTION/]NAME", value_parser = BucketReference::parse)]
    pub bucket: BucketReference,

    /// Which server, as whom.
    #[command(flatten)]
    pub remote: Remote,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_with_its_jurisdiction() {
        let shown = |text: &str| BucketReference::parse(text).map(|bucket| bucket.to_string());
        assert_eq!(shown("photos").unwrap(), "photos");
        assert_eq!(shown("default/photos").unwrap(), "photos");
        assert_eq!(shown("EU/photos").unwrap(), "eu/photos");
        assert_eq!(shown("fedramp-high/photos").unwrap(), "fedramp-high/photos");
        assert!(shown("mars/photos").unwrap_err().contains("there are default, eu"));
        for bad in ["", "eu/", "/photos", "eu/a/b", "PHOTOS", "../tokens"] {
            assert!(shown(bad).is_err(), "{bad}");
        }
    }
}
