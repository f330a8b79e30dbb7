//! What ACME leaves behind: accounts, certificates, challenges that run, and attempts, with their frozen formats.

use super::Row;
use super::formats::time;
use crate::codec::{Decoder, Encoder, Malformed};
use std::fmt;
use types::Timestamp;

/// An account at an authority.
#[derive(Clone, PartialEq, Eq)]
pub struct AcmeAccountRow {
    /// Its URL and key, as the client of ACME writes them.
    pub credentials: String,
}

/// A certificate that was issued.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedRow {
    /// The chain, PEM.
    pub chain: String,
    /// Its key, PEM.
    pub key: String,
}

// Neither shows a key.
impl fmt::Debug for AcmeAccountRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcmeAccountRow").finish_non_exhaustive()
    }
}

impl fmt::Debug for IssuedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedRow").field("chain", &self.chain).finish_non_exhaustive()
    }
}

/// A challenge that is being asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengeRow {
    /// Its token.
    pub token: String,
    /// What answers it.
    pub key_authorization: String,
    /// Nobody asks any more from then on.
    pub until: Timestamp,
}

/// Attempts to get a certificate for one name. Gone with the certificate's arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuanceRow {
    /// The gateway that tries, or tried last.
    pub holder: [u8; 16],
    /// Until then it alone may try; in the past if it has ended.
    pub lease_until: Timestamp,
    /// Failures one after another.
    pub failures: u64,
    /// No try before.
    pub retry_at: Timestamp,
    /// Why the last one failed; empty if none did.
    pub last_error: String,
}

impl Row for AcmeAccountRow {
    const NAME: &'static str = "ACME account";
    const MARKER: [u8; 4] = *b"aca1";

    fn write(&self, fields: &mut Encoder) {
        fields.bytes(self.credentials.as_bytes());
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { credentials: fields.text("credentials")? })
    }
}

impl Row for IssuedRow {
    const NAME: &'static str = "issued certificate";
    const MARKER: [u8; 4] = *b"aci1";

    fn write(&self, fields: &mut Encoder) {
        fields.bytes(self.chain.as_bytes()).bytes(self.key.as_bytes());
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { chain: fields.text("chain")?, key: fields.text("key")? })
    }
}

impl Row for ChallengeRow {
    const NAME: &'static str = "challenge";
    const MARKER: [u8; 4] = *b"ach1";

    fn write(&self, fields: &mut Encoder) {
        fields.bytes(self.token.as_bytes()).bytes(self.key_authorization.as_bytes()).number(self.until.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            token: fields.text("token")?,
            key_authorization: fields.text("key authorization")?,
            until: time(fields, "until")?,
        })
    }
}

impl Row for IssuanceRow {
    const NAME: &'static str = "issuance";
    const MARKER: [u8; 4] = *b"acs1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.holder).number(self.lease_until.0).number(self.failures).number(self.retry_at.0);
        fields.bytes(self.last_error.as_bytes());
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            holder: fields.fixed("holder")?,
            lease_until: time(fields, "lease")?,
            failures: fields.number("failures")?,
            retry_at: time(fields, "retry")?,
            last_error: fields.text("last error")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen<T: Row + PartialEq + fmt::Debug>(row: &T, bytes: &[u8]) {
        assert_eq!(row.encode(), bytes, "{}", String::from_utf8_lossy(&row.encode()));
        assert_eq!(&T::decode(bytes).unwrap(), row);
        for cut in 0..bytes.len() {
            assert!(T::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    /// What the first release wrote must be read for ever.
    #[test]
    fn the_frozen_rows_still_read() {
        frozen(&AcmeAccountRow { credentials: "{}".into() }, b"aca1\x02{}");
        frozen(&IssuedRow { chain: "chain".into(), key: "key".into() }, b"aci1\x05chain\x03key");
        let challenge = ChallengeRow { token: "t".into(), key_authorization: "t.print".into(), until: Timestamp(300) };
        frozen(&challenge, b"ach1\x01t\x07t.print\xac\x02");
        let issuance = IssuanceRow {
            holder: *b"0123456789abcdef",
            lease_until: Timestamp(1),
            failures: 2,
            retry_at: Timestamp(3),
            last_error: "no".into(),
        };
        frozen(&issuance, b"acs10123456789abcdef\x01\x02\x03\x02no");
    }

    #[test]
    fn keys_are_not_shown() {
        let row = IssuedRow { chain: "chain".into(), key: "secret".into() };
        let account = AcmeAccountRow { credentials: "secret".into() };
        assert!(!format!("{row:?}{account:?}").contains("secret"));
    }
}
