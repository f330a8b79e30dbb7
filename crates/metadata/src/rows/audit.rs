//! Entries of the audit log, with their frozen format. Source: R2 "Audit Logs".

use super::TokenOwner;
use super::formats::{Row, time};
use crate::codec::{Decoder, Encoder, Malformed};
use std::net::IpAddr;
use types::{AccessKeyId, Timestamp};

/// A change of configuration that happened. There is no entry of what failed or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Names it.
    pub id: [u8; 16],
    /// When it happened.
    pub when: Timestamp,
    /// What was done, such as `CreateBucket`.
    pub action: String,
    /// What kind of change that is.
    pub kind: ChangeKind,
    /// The token that did it.
    pub token: AccessKeyId,
    /// What that token was called.
    pub token_name: String,
    /// Who held it.
    pub owner: TokenOwner,
    /// From which address.
    pub address: Option<IpAddr>,
    /// Through which face.
    pub interface: Interface,
    /// What it was done to.
    pub resource: AuditResource,
    /// Name or id of that.
    pub resource_id: String,
    /// How it was before: JSON, or empty.
    pub old_value: String,
    /// How it was afterwards: JSON, or empty.
    pub new_value: String,
    /// The request that asked for it, if one over HTTP did and it is known.
    pub request: Option<AuditRequest>,
}

/// The request that asked for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRequest {
    /// HTTP method.
    pub method: String,
    /// Path, without the query: signatures may stand there.
    pub uri: String,
    /// What the client called itself, cut to a few hundred characters. Empty: nothing.
    pub user_agent: String,
    /// What the answer called the request. Empty: nothing.
    pub ray: String,
}

/// What kind of change an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Something is new.
    Create,
    /// Something is other than before.
    Update,
    /// Something is gone.
    Delete,
}

/// Where a change came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interface {
    /// A command on the machine itself.
    #[default]
    Cli,
    /// The S3 API.
    S3,
    /// The REST API.
    Api,
}

/// What kind of thing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditResource {
    /// A bucket.
    Bucket,
    /// An API token.
    Token,
    /// A zone: custom domains that were added with one id.
    Zone,
    /// An application that protects a custom domain.
    AccessApp,
    /// An identity provider.
    IdentityProvider,
    /// A service token.
    ServiceToken,
    /// A user with sessions.
    AccessUser,
    /// The rules of a zone.
    Ruleset,
}

macro_rules! coded {
    ($name:ident { $($variant:ident $code:literal $text:literal;)* }) => {
        impl $name {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            fn code(self) -> u64 {
                match self { $(Self::$variant => $code,)* }
            }

            fn of_code(code: u64) -> Result<Self, Malformed> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    _ => Err(Malformed { field: stringify!($name) }),
                }
            }
        }
    };
}

coded!(ChangeKind { Create 1 "create"; Update 2 "update"; Delete 3 "delete"; });
coded!(Interface { Cli 1 "CLI"; S3 2 "S3"; Api 3 "API"; });
coded!(AuditResource {
    Bucket 1 "r2.bucket"; Token 2 "token"; Zone 3 "zone"; AccessApp 4 "access.app";
    IdentityProvider 5 "access.identity_provider"; ServiceToken 6 "access.service_token"; AccessUser 7 "access.user";
    Ruleset 8 "ruleset";
});

impl Row for AuditRow {
    const NAME: &'static str = "audit";
    const MARKER: [u8; 4] = *b"aud2";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.id).number(self.when.0).bytes(self.action.as_bytes()).number(self.kind.code());
        let owner = match self.owner {
            TokenOwner::Account => 0,
            TokenOwner::User => 1,
        };
        fields.fixed(&self.token.0).bytes(self.token_name.as_bytes()).number(owner);
        fields.optional_text(self.address.map(|address| address.to_string()).as_deref());
        fields.number(self.interface.code()).number(self.resource.code());
        for text in [&self.resource_id, &self.old_value, &self.new_value] {
            fields.bytes(text.as_bytes());
        }
        fields.number(self.request.is_some().into());
        if let Some(AuditRequest { method, uri, user_agent, ray }) = &self.request {
            for text in [method, uri, user_agent, ray] {
                fields.bytes(text.as_bytes());
            }
        }
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let entry = read_without_request(fields)?;
        Ok(Self { request: read_request(fields)?, ..entry })
    }

    /// `aud1`: entries did not know the request at first.
    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if marker != *b"aud1" {
            return Err(Malformed { field: "marker" });
        }
        read_without_request(fields)
    }
}

fn read_request(fields: &mut Decoder<'_>) -> Result<Option<AuditRequest>, Malformed> {
    match fields.number("request")? {
        0 => Ok(None),
        1 => Ok(Some(AuditRequest {
            method: fields.text("method")?,
            uri: fields.text("uri")?,
            user_agent: fields.text("user agent")?,
            ray: fields.text("ray")?,
        })),
        _ => Err(Malformed { field: "request" }),
    }
}

fn read_without_request(fields: &mut Decoder<'_>) -> Result<AuditRow, Malformed> {
    Ok(AuditRow {
        id: fields.fixed("id")?,
        when: time(fields, "when")?,
        action: fields.text("action")?,
        kind: ChangeKind::of_code(fields.number("kind")?)?,
        token: AccessKeyId(fields.fixed("token")?),
        token_name: fields.text("token name")?,
        owner: match fields.number("owner")? {
            0 => TokenOwner::Account,
            1 => TokenOwner::User,
            _ => return Err(Malformed { field: "owner" }),
        },
        address: match fields.optional_text("address")? {
            Some(text) => Some(text.parse().map_err(|_| Malformed { field: "address" })?),
            None => None,
        },
        interface: Interface::of_code(fields.number("interface")?)?,
        resource: AuditResource::of_code(fields.number("resource")?)?,
        resource_id: fields.text("resource id")?,
        old_value: fields.text("old value")?,
        new_value: fields.text("new value")?,
        request: None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row(id: u8, when: u64) -> AuditRow {
        AuditRow {
            id: [id; 16],
            when: Timestamp(when),
            action: "PutBucketCors".into(),
            kind: ChangeKind::Update,
            token: AccessKeyId([7; 16]),
            token_name: "deploy".into(),
            owner: TokenOwner::User,
            address: "2001:db8::1".parse().ok(),
            interface: Interface::S3,
            resource: AuditResource::Bucket,
            resource_id: "bucket".into(),
            old_value: String::new(),
            new_value: "{}".into(),
            request: None,
        }
    }

    /// What [`row`]`(1, 300)` was in the first format, without the marker.
    fn first_format() -> Vec<u8> {
        let pieces = [
            &[1; 16][..],
            b"\xac\x02\x0dPutBucketCors\x02",
            &[7; 16],
            b"\x06deploy\x01\x01\x0b2001:db8::1\x02\x01\x06bucket\x00\x02{}",
        ];
        pieces.concat()
    }

    #[test]
    fn the_format_is_frozen() {
        let request =
            AuditRequest { method: "PUT".into(), uri: "/a".into(), user_agent: "curl".into(), ray: "0123".into() };
        let with = AuditRow { request: Some(request), ..row(1, 300) };
        let bytes = with.encode();
        assert_eq!(AuditRow::decode(&bytes), Ok(with));
        assert_eq!(bytes, [b"aud2".as_slice(), &first_format(), b"\x01\x03PUT\x02/a\x04curl\x040123"].concat());
        let without = AuditRow { address: None, interface: Interface::Cli, ..row(1, 300) };
        assert_eq!(AuditRow::decode(&without.encode()), Ok(without));
        for cut in 0..bytes.len() {
            assert!(AuditRow::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn entries_of_the_first_format_still_read() {
        assert_eq!(AuditRow::decode(&[b"aud1".as_slice(), &first_format()].concat()), Ok(row(1, 300)));
    }
}
