//! API tokens, with their frozen formats. A token's row is what verifies its requests; its value is never kept.

use super::formats::{Row, optional_time, time, write_optional_time};
use crate::codec::{Decoder, Encoder, Malformed};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use types::{
    AccountId, AddressCondition, BucketName, Effect, Jurisdiction, PermissionGroup, Policy, PolicyResource, Timestamp,
};

/// An API token, which is also an S3 key pair. Cheap to clone: every request takes one.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The account whose resources it acts on.
    pub account: AccountId,
    /// Who holds it.
    pub owner: TokenOwner,
    /// SHA-256 of the token's value: its lower-case hexadecimal text is the S3 secret access key.
    pub secret: [u8; 32],
    /// What people call it.
    pub name: Arc<str>,
    /// Whether somebody turned it off.
    pub disabled: bool,
    /// What it may do.
    pub policies: Arc<[Policy]>,
    /// Where it may be used from; `None`: everywhere.
    pub addresses: Option<Arc<AddressCondition>>,
    /// When it was made.
    pub issued: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// It may not be used before.
    pub not_before: Option<Timestamp>,
    /// It may not be used from then on.
    pub expires: Option<Timestamp>,
}

/// Without its secret.
impl fmt::Debug for TokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRow").field("account", &self.account).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Who holds a token. Source: R2 "Authentication".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenOwner {
    /// The account itself.
    Account,
    /// A user of the account.
    User,
}

/// What a token can be used for at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Everything its policies allow.
    Active,
    /// Nothing: somebody turned it off.
    Disabled,
    /// Nothing yet.
    NotYet,
    /// Nothing any more.
    Expired,
}

impl TokenRow {
    /// What it can be used for at `now`.
    pub fn state(&self, now: Timestamp) -> TokenState {
        match (self.not_before, self.expires) {
            _ if self.disabled => TokenState::Disabled,
            (_, Some(end)) if now >= end => TokenState::Expired,
            (Some(start), _) if now < start => TokenState::NotYet,
            _ => TokenState::Active,
        }
    }

    /// A policy that allows everything in an account: what the first token of a store has.
    pub fn everything() -> Arc<[Policy]> {
        let groups = PermissionGroup::ALL.to_vec();
        Arc::new([Policy { id: [0; 16], effect: Effect::Allow, groups, resources: vec![PolicyResource::Account] }])
    }
}

/// One row names the token that has a value, another the place of a token among those of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenNameRow {
    /// The token.
    pub token: types::AccessKeyId,
}

/// The place of a token among those of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPlaceRow {
    /// The token.
    pub token: types::AccessKeyId,
    /// When it ends, so that a list without those that have ended reads no other rows.
    pub end: TokenEnd,
}

/// When a token ends, as far as its place tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEnd {
    /// Its row tells: places did not know it at first.
    Unknown,
    /// Never.
    Never,
    /// At this time.
    At(Timestamp),
}

/// When a token was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenUseRow {
    /// Exact to some minutes.
    pub when: Timestamp,
}

impl Row for TokenRow {
    const NAME: &'static str = "token";
    const MARKER: [u8; 4] = *b"tok1";

    fn write(&self, fields: &mut Encoder) {
        let owner = match self.owner {
            TokenOwner::Account => 0,
            TokenOwner::User => 1,
        };
        fields.fixed(&self.account.0).number(owner).fixed(&self.secret).bytes(self.name.as_bytes());
        fields.number(self.disabled.into()).number(self.policies.len() as u64);
        self.policies.iter().for_each(|policy| write_policy(fields, policy));
        let none = AddressCondition::default();
        let addresses = self.addresses.as_deref().unwrap_or(&none);
        write_addresses(fields, &addresses.only);
        write_addresses(fields, &addresses.but_not);
        fields.number(self.issued.0).number(self.modified.0);
        write_optional_time(fields, self.not_before);
        write_optional_time(fields, self.expires);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let account = AccountId(fields.fixed("account")?);
        let owner = match fields.number("owner")? {
            0 => TokenOwner::Account,
            1 => TokenOwner::User,
            _ => return Err(Malformed { field: "owner" }),
        };
        let (secret, name) = (fields.fixed("secret")?, fields.text("name")?);
        let disabled = fields.flag("disabled")?;
        let policies = fields.list("policies", read_policy)?;
        let addresses =
            AddressCondition { only: fields.list("only", address)?, but_not: fields.list("but not", address)? };
        Ok(Self {
            account,
            owner,
            secret,
            name: name.into(),
            disabled,
            policies: policies.into(),
            addresses: (addresses != AddressCondition::default()).then(|| Arc::new(addresses)),
            issued: time(fields, "issued")?,
            modified: time(fields, "modified")?,
            not_before: optional_time(fields, "not before")?,
            expires: optional_time(fields, "expires")?,
        })
    }

    /// `crd1`: the only credential that stores had at first, which could do everything.
    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if marker != *b"crd1" {
            return Err(Malformed { field: "marker" });
        }
        let (account, secret) = (AccountId(fields.fixed("account")?), fields.fixed("secret")?);
        if fields.number("permission")? != 0 {
            return Err(Malformed { field: "permission" });
        }
        let created = time(fields, "created")?;
        Ok(Self {
            account,
            owner: TokenOwner::User,
            secret,
            name: "root".into(),
            disabled: false,
            policies: Self::everything(),
            addresses: None,
            issued: created,
            modified: created,
            not_before: None,
            expires: None,
        })
    }
}

impl Row for TokenNameRow {
    const NAME: &'static str = "token name";
    const MARKER: [u8; 4] = *b"tkn1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.token.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { token: types::AccessKeyId(fields.fixed("token")?) })
    }
}

impl Row for TokenPlaceRow {
    const NAME: &'static str = "token place";
    const MARKER: [u8; 4] = *b"tkp1";

    fn write(&self, fields: &mut Encoder) {
        fields.fixed(&self.token.0);
        match self.end {
            TokenEnd::Unknown => fields.number(0),
            TokenEnd::Never => fields.number(1),
            TokenEnd::At(time) => fields.number(2).number(time.0),
        };
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        let token = types::AccessKeyId(fields.fixed("token")?);
        let end = match fields.number("end")? {
            0 => TokenEnd::Unknown,
            1 => TokenEnd::Never,
            2 => TokenEnd::At(time(fields, "end")?),
            _ => return Err(Malformed { field: "end" }),
        };
        Ok(Self { token, end })
    }

    /// `tkn1`: a place was as any other name of a token at first.
    fn read_before(marker: [u8; 4], fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        if marker != TokenNameRow::MARKER {
            return Err(Malformed { field: "marker" });
        }
        Ok(Self { token: TokenNameRow::read(fields)?.token, end: TokenEnd::Unknown })
    }
}

impl Row for TokenUseRow {
    const NAME: &'static str = "token use";
    const MARKER: [u8; 4] = *b"tku1";

    fn write(&self, fields: &mut Encoder) {
        fields.number(self.when.0);
    }

    fn read(fields: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { when: time(fields, "when")? })
    }
}

fn write_policy(fields: &mut Encoder, policy: &Policy) {
    let effect = match policy.effect {
        Effect::Allow => 0,
        Effect::Deny => 1,
    };
    fields.fixed(&policy.id).number(effect).number(policy.groups.len() as u64);
    for group in &policy.groups {
        fields.bytes(group.id().as_bytes());
    }
    fields.number(policy.resources.len() as u64);
    for resource in &policy.resources {
        match resource {
            PolicyResource::Account => fields.number(0),
            PolicyResource::AllBuckets => fields.number(1),
            PolicyResource::Bucket(jurisdiction, name) => {
                fields.number(2).bytes(jurisdiction.name().as_bytes()).bytes(name.as_str().as_bytes())
            }
        };
    }
}

fn read_policy(fields: &mut Decoder<'_>) -> Result<Policy, Malformed> {
    let id = fields.fixed("policy")?;
    let effect = match fields.number("effect")? {
        0 => Effect::Allow,
        1 => Effect::Deny,
        _ => return Err(Malformed { field: "effect" }),
    };
    let group = |fields: &mut Decoder<'_>| {
        PermissionGroup::parse_id(&fields.text("group")?).ok_or(Malformed { field: "group" })
    };
    Ok(Policy { id, effect, groups: fields.list("groups", group)?, resources: fields.list("resources", resource)? })
}

fn resource(fields: &mut Decoder<'_>) -> Result<PolicyResource, Malformed> {
    match fields.number("resource")? {
        0 => Ok(PolicyResource::Account),
        1 => Ok(PolicyResource::AllBuckets),
        2 => {
            let jurisdiction = Jurisdiction::parse(&fields.text("jurisdiction")?);
            let name = BucketName::parse(&fields.text("bucket")?).ok();
            let bucket = jurisdiction.zip(name).ok_or(Malformed { field: "bucket" })?;
            Ok(PolicyResource::Bucket(bucket.0, bucket.1))
        }
        _ => Err(Malformed { field: "resource" }),
    }
}

fn write_addresses(fields: &mut Encoder, nets: &[ipnet::IpNet]) {
    fields.number(nets.len() as u64);
    for net in nets {
        match net.addr() {
            IpAddr::V4(address) => fields.bytes(&address.octets()),
            IpAddr::V6(address) => fields.bytes(&address.octets()),
        };
        fields.number(net.prefix_len().into());
    }
}

fn address(fields: &mut Decoder<'_>) -> Result<ipnet::IpNet, Malformed> {
    let octets = fields.bytes("address")?;
    let address = match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(octets), _) => IpAddr::from(octets),
        (_, Ok(octets)) => IpAddr::from(octets),
        _ => return Err(Malformed { field: "address" }),
    };
    let range = ipnet::IpNet::new(address, fields.small("prefix length")?);
    // Older releases kept ranges as they were sent.
    range.map(AddressCondition::canonical).map_err(|_| Malformed { field: "prefix length" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> TokenRow {
        let resources = vec![
            PolicyResource::Account,
            PolicyResource::AllBuckets,
            PolicyResource::Bucket(Jurisdiction::Eu, BucketName::parse("bucket").unwrap()),
        ];
        let policy = Policy { id: [3; 16], effect: Effect::Deny, groups: PermissionGroup::ALL.to_vec(), resources };
        let nets = |texts: &[&str]| texts.iter().map(|text| AddressCondition::parse(text).unwrap()).collect();
        TokenRow {
            account: AccountId([1; 16]),
            owner: TokenOwner::User,
            secret: [2; 32],
            name: "a token".into(),
            disabled: true,
            policies: vec![policy].into(),
            addresses: Some(Arc::new(AddressCondition {
                only: nets(&["192.0.2.0/24", "2001:db8::/32"]),
                but_not: nets(&["192.0.2.1"]),
            })),
            issued: Timestamp(5),
            modified: Timestamp(6),
            not_before: Some(Timestamp(7)),
            expires: None,
        }
    }

    #[test]
    fn a_token_comes_back_and_every_cut_of_its_row_is_refused() {
        let bytes = token().encode();
        assert_eq!(TokenRow::decode(&bytes).unwrap(), token());
        for cut in 0..bytes.len() {
            assert!(TokenRow::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn the_first_credential_of_old_stores_is_a_token_that_may_do_everything() {
        let mut row = Encoder::new(*b"crd1");
        row.fixed(&[1; 16]).fixed(&[2; 32]).number(0).number(9);
        let token = TokenRow::decode(&row.done()).unwrap();
        assert_eq!((token.account, token.secret, token.issued), (AccountId([1; 16]), [2; 32], Timestamp(9)));
        assert_eq!(token.policies, TokenRow::everything());
        assert_eq!(token.state(Timestamp(10)), TokenState::Active);
    }

    #[test]
    fn a_token_is_good_between_its_times_unless_turned_off() {
        let token = TokenRow { disabled: false, expires: Some(Timestamp(20)), ..token() };
        let states = [6, 7, 19, 20].map(|now| token.state(Timestamp(now)));
        assert_eq!(states, [TokenState::NotYet, TokenState::Active, TokenState::Active, TokenState::Expired]);
        assert_eq!(TokenRow { disabled: true, ..token }.state(Timestamp(8)), TokenState::Disabled);
    }

    #[test]
    fn debugging_shows_no_secret() {
        assert!(!format!("{:?}", token()).contains("2, 2"));
    }
}
