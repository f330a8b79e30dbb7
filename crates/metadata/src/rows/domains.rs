//! The rows of what buckets are public at, with their frozen formats. Source: R2 "Public buckets".

use super::Row;
use super::formats::time;
use crate::codec::{Decoder, Encoder, Malformed};
use crate::keys::{jurisdiction_byte, jurisdiction_of};
use types::limits::CUSTOM_DOMAINS_MAX;
use types::{
    AccountId, BucketId, BucketName, CertificateStatus, Cipher, DomainName, DomainSettings, Jurisdiction, Ownership,
    PublicId, Timestamp, TlsVersion,
};

/// A name that a bucket is public at: whose it is, and what is set of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRow {
    /// The account of the bucket.
    pub account: AccountId,
    /// Its jurisdiction.
    pub jurisdiction: Jurisdiction,
    /// Its name.
    pub bucket: BucketName,
    /// Its id.
    pub bucket_id: BucketId,
    /// When the name was given to it.
    pub added: Timestamp,
    /// What is set. Of a public development URL only whether it is enabled.
    pub settings: DomainSettings,
    /// Whether the name is known to be the account's.
    pub ownership: Ownership,
    /// Whether it has a certificate.
    pub certificate: CertificateStatus,
}

/// All names that one bucket is public at. Gone with the bucket, and they with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketDomainsRow {
    /// Its public development URL, once that was enabled.
    pub managed: Option<PublicId>,
    /// Its custom domains, in the order they were added. At most [`CUSTOM_DOMAINS_MAX`].
    pub custom: Vec<DomainName>,
}

/// That a custom domain is new: somebody has yet to look whether it has a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingDomainRow;

impl Row for PendingDomainRow {
    const NAME: &'static str = "pending domain";
    const MARKER: [u8; 4] = *b"pdo1";

    fn write(&self, _nothing_but_the_marker: &mut Encoder) {}

    fn read(_nothing_but_the_marker: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self)
    }
}

impl Row for DomainRow {
    const NAME: &'static str = "domain";
    const MARKER: [u8; 4] = *b"dom1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.account.0).number(jurisdiction_byte(self.jurisdiction).into());
        fields.bytes(self.bucket.as_str().as_bytes()).number(self.bucket_id.0).number(self.added.0);
        let settings = &self.settings;
        fields.number(settings.enabled.into()).number(code_of_version(settings.min_tls));
        fields.number(settings.ciphers.len() as u64);
        for cipher in &settings.ciphers {
            fields.bytes(cipher.name().as_bytes());
        }
        fields.bytes(settings.zone.as_bytes());
        fields.number(code_of_ownership(self.ownership)).number(code_of_certificate(self.certificate));
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            account: AccountId(fields.fixed("account")?),
            jurisdiction: jurisdiction_of(fields.small("jurisdiction")?).ok_or(Malformed { field: "jurisdiction" })?,
            bucket: BucketName::parse(&fields.text("bucket")?).map_err(|_| Malformed { field: "bucket" })?,
            bucket_id: BucketId(fields.number("bucket id")?),
            added: time(fields, "added")?,
            settings: read_settings(fields)?,
            ownership: ownership_of(fields.number("ownership")?)?,
            certificate: certificate_of(fields.number("certificate")?)?,
        })
    }
}

fn read_settings(fields: &mut Decoder<'_>) -> Result<DomainSettings, Malformed> {
    let enabled = fields.flag("enabled")?;
    let min_tls = version_of(fields.number("least TLS version")?)?;
    let count: usize = fields.small("ciphers")?;
    if count > Cipher::all().count() {
        return Err(Malformed { field: "ciphers" });
    }
    let cipher = |name: String| Cipher::parse(&name).ok_or(Malformed { field: "cipher" });
    let ciphers = (0..count).map(|_| cipher(fields.text("cipher")?)).collect::<Result<_, _>>()?;
    Ok(DomainSettings { enabled, min_tls, ciphers, zone: fields.text("zone")? })
}

/// The codes of an enumeration, in both directions. Frozen.
macro_rules! codes {
    ($to:ident, $from:ident, $type:ident { $($variant:ident $code:literal),* }) => {
        fn $to(value: $type) -> u64 {
            match value { $($type::$variant => $code,)* }
        }

        fn $from(code: u64) -> Result<$type, Malformed> {
            match code {
                $($code => Ok($type::$variant),)*
                _ => Err(Malformed { field: stringify!($type) }),
            }
        }
    };
}

codes!(code_of_version, version_of, TlsVersion { V1_0 0, V1_1 1, V1_2 2, V1_3 3 });
codes!(code_of_ownership, ownership_of, Ownership { Pending 0, Active 1, Deactivated 2, Blocked 3, Error 4 });
codes!(code_of_certificate, certificate_of, CertificateStatus {
    Initializing 0, Pending 1, Active 2, Deactivated 3, Error 4
});

impl Row for BucketDomainsRow {
    const NAME: &'static str = "domains of a bucket";
    const MARKER: [u8; 4] = *b"bdo1";

    fn write(&self, fields: &mut Encoder) {
        match self.managed {
            Some(id) => fields.number(1).fixed(&id.0),
            None => fields.number(0),
        };
        fields.number(self.custom.len() as u64);
        for name in &self.custom {
            fields.bytes(name.as_str().as_bytes());
        }
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let managed = match fields.number("public id")? {
            0 => None,
            1 => Some(PublicId(fields.fixed("public id")?)),
            _ => return Err(Malformed { field: "public id" }),
        };
        let count: usize = fields.small("domains")?;
        if count > CUSTOM_DOMAINS_MAX {
            return Err(Malformed { field: "domains" });
        }
        let name = |text: String| DomainName::parse(&text).map_err(|_| Malformed { field: "domain" });
        let custom = (0..count).map(|_| name(fields.text("domain")?)).collect::<Result<_, _>>()?;
        Ok(Self { managed, custom })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row() -> DomainRow {
        DomainRow {
            account: AccountId([1; 16]),
            jurisdiction: Jurisdiction::Eu,
            bucket: BucketName::parse("bucket").unwrap(),
            bucket_id: BucketId(300),
            added: Timestamp(1_700_000_000_000),
            settings: DomainSettings {
                enabled: true,
                min_tls: TlsVersion::V1_2,
                ciphers: vec![Cipher::parse("ECDHE-RSA-AES128-GCM-SHA256").unwrap()],
                zone: "023e105f4ecef8ad9ca31a8372d0c353".to_owned(),
            },
            ownership: Ownership::Active,
            certificate: CertificateStatus::Initializing,
        }
    }

    fn names() -> BucketDomainsRow {
        let custom = ["a.example.com", "b.example.com"].map(|name| DomainName::parse(name).unwrap()).to_vec();
        BucketDomainsRow { managed: Some(PublicId([3; 16])), custom }
    }

    /// What the first release wrote must be read for ever.
    #[test]
    fn the_frozen_rows_still_read() {
        let frozen = include_bytes!("testdata/dom1.bin");
        assert_eq!(DomainRow::decode(frozen).unwrap(), row());
        assert_eq!(row().encode(), frozen);
        let frozen = include_bytes!("testdata/bdo1.bin");
        assert_eq!(BucketDomainsRow::decode(frozen).unwrap(), names());
        assert_eq!(names().encode(), frozen);
    }

    #[test]
    fn every_state_comes_back() {
        for (ownership, certificate) in
            Ownership::ALL.iter().flat_map(|a| CertificateStatus::ALL.iter().map(move |b| (*a, *b)))
        {
            for min_tls in TlsVersion::ALL {
                let settings = DomainSettings { min_tls, ciphers: Cipher::all().collect(), ..row().settings };
                let row = DomainRow { ownership, certificate, settings, ..row() };
                assert_eq!(DomainRow::decode(&row.encode()).unwrap(), row);
            }
        }
    }

    #[test]
    fn that_a_domain_is_new_comes_back() {
        assert_eq!(PendingDomainRow.encode(), b"pdo1");
        assert_eq!(PendingDomainRow::decode(b"pdo1").unwrap(), PendingDomainRow);
    }

    #[test]
    fn every_cut_of_a_row_is_refused() {
        let (one, all) = (row().encode(), names().encode());
        assert!((0..one.len()).all(|cut| DomainRow::decode(&one[..cut]).is_err()));
        assert!((0..all.len()).all(|cut| BucketDomainsRow::decode(&all[..cut]).is_err()));
    }
}
