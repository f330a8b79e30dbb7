//! What a token may do: permission groups on resources, within addresses. Source: R2 "Authentication", Access Policy.

use crate::{BucketName, Jurisdiction, ObjectKey};
use ipnet::{IpNet, Ipv4Net};
use std::net::IpAddr;

macro_rules! permission_groups {
    ($($(#[$doc:meta])* $variant:ident $name:literal $id:literal $scope:ident;)*) => {
        /// A set of rights that is granted as one. Ids and names are R2's own, which clients know by heart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum PermissionGroup { $($(#[$doc])* $variant,)* }

        impl PermissionGroup {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name, as in policies.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its id, as in policies: 32 hexadecimal digits.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What it is granted on.
            pub fn scope(self) -> GroupScope {
                match self { $(Self::$variant => GroupScope::$scope,)* }
            }

            /// From its id in any case.
            pub fn parse_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|group| group.id().eq_ignore_ascii_case(id))
            }

            /// From its name.
            pub fn parse_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|group| group.name() == name)
            }
        }
    };
}

permission_groups! {
    /// Everything about buckets and objects.
    R2StorageWrite "Workers R2 Storage Write" "bf7481a1826f439697cb59a20b22293e" Account;
    /// Seeing buckets, their configuration and their objects.
    R2StorageRead "Workers R2 Storage Read" "b4992e1108244f5d8bfbd5744320c2e1" Account;
    /// Reading, writing and listing objects.
    R2BucketItemWrite "Workers R2 Storage Bucket Item Write" "2efd5506f9c8494dacb1fa10a3e7d5b6" Bucket;
    /// Reading and listing objects.
    R2BucketItemRead "Workers R2 Storage Bucket Item Read" "6a018a9f2fc74eb6b293b0c548f38b39" Bucket;
    /// Reading and writing data catalogs.
    R2DataCatalogWrite "Workers R2 Data Catalog Write" "d229766a2f7f4d299f20eaa8c9b1fde9" Account;
    /// Reading data catalogs.
    R2DataCatalogRead "Workers R2 Data Catalog Read" "45db74139a62490b9b60eb7c4f34994b" Account;
    /// Queries over data catalogs.
    R2SqlRead "Workers R2 SQL Read" "f45430d92e2b4a6cb9f94f2594c141b8" Account;
    /// Everything about queues.
    QueuesWrite "Queues Write" "366f57075ffc42689627bcf8242a1b6d" Account;
    /// Seeing queues.
    QueuesRead "Queues Read" "84a7755d54c646ca87cd50682a34bf7c" Account;
    /// Metrics and usage.
    AccountAnalyticsRead "Account Analytics Read" "b89a480218d04ceb98b4fe57ca29dc1f" Account;
    /// Making, changing and removing the account's tokens.
    ApiTokensWrite "Account API Tokens Write" "5bc3f8b21c554832afc660159ab75fa4" Account;
    /// Seeing the account's tokens.
    ApiTokensRead "Account API Tokens Read" "eb56a6953c034b9d97dd838155666f06" Account;
    /// Changing the account, and all that is in its settings.
    AccountSettingsWrite "Account Settings Write" "1af1fa2adc104452b74a9a3364202f20" Account;
    /// Seeing the account and its audit log.
    AccountSettingsRead "Account Settings Read" "c1fde68c7bcc44588cbb6ddbc16d6480" Account;
}

/// What a permission group is granted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupScope {
    /// A whole account.
    Account,
    /// Buckets.
    Bucket,
}

impl GroupScope {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "com.cloudflare.api.account",
            Self::Bucket => "com.cloudflare.edge.r2.bucket",
        }
    }
}

/// Whether a policy grants or takes away. What one policy denies no other grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Takes away.
    Deny,
}

/// What a policy is about, within the account of its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyResource {
    /// The account and all that is in it.
    Account,
    /// All buckets of the account, those to come too.
    AllBuckets,
    /// One bucket, whether it exists or not.
    Bucket(Jurisdiction, BucketName),
}

/// A rule of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Names it within its token.
    pub id: [u8; 16],
    /// Whether it grants.
    pub effect: Effect,
    /// What it grants or takes away.
    pub groups: Vec<PermissionGroup>,
    /// On what.
    pub resources: Vec<PolicyResource>,
}

/// What a request acts on.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    /// The account: its buckets as a whole, its tokens, its settings.
    Account,
    /// A bucket.
    Bucket(&'a BucketName),
    /// An object.
    Object(&'a BucketName, &'a ObjectKey),
    /// The keys of a bucket that begin with a prefix.
    Prefix(&'a BucketName, &'a str),
}

impl<'a> Resource<'a> {
    /// The bucket it is or is in.
    pub fn bucket(&self) -> Option<&'a BucketName> {
        match self {
            Self::Account => None,
            Self::Bucket(bucket) | Self::Object(bucket, _) | Self::Prefix(bucket, _) => Some(bucket),
        }
    }
}

impl PolicyResource {
    /// Whether `resource`, asked for in `jurisdiction`, is in it.
    pub fn covers(&self, jurisdiction: Jurisdiction, resource: &Resource<'_>) -> bool {
        match (self, resource.bucket()) {
            (Self::Account, _) | (Self::AllBuckets, Some(_)) => true,
            (Self::Bucket(of, name), Some(bucket)) => *of == jurisdiction && name == bucket,
            (Self::AllBuckets | Self::Bucket(..), None) => false,
        }
    }
}

impl PolicyResource {
    /// Whether all that is in `other` is in it.
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Account, _) | (Self::AllBuckets, Self::AllBuckets | Self::Bucket(..)) => true,
            (own, other) => own == other,
        }
    }
}

/// Bits before the IPv4 address in an IPv6 address that stands for one.
const MAPPED_BITS: u8 = 96;

/// Addresses that a token may be used from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressCondition {
    /// Only these; empty: all.
    pub only: Vec<IpNet>,
    /// But not these.
    pub but_not: Vec<IpNet>,
}

impl AddressCondition {
    /// Whether a client at `address` may use the token. An IPv4 address in IPv6 clothes counts as what it is.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let has = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        (self.only.is_empty() || has(&self.only)) && !has(&self.but_not)
    }

    /// Whether every address that `other` allows is one that this allows. Exceptions must be kept as exceptions, also
    /// those of addresses that `other` does not name.
    pub fn includes(&self, other: &Self) -> bool {
        let cover = |nets: &[IpNet], others: &[IpNet]| {
            // Neighbours may cover together what none of them does.
            let nets = IpNet::aggregate(&nets.to_vec());
            others.iter().all(|other| nets.iter().any(|net| net.contains(other)))
        };
        let is_kept_in = self.only.is_empty() || (!other.only.is_empty() && cover(&self.only, &other.only));
        is_kept_in && cover(&other.but_not, &self.but_not)
    }

    /// Reads an address or a CIDR range, as [`AddressCondition::canonical`] has it.
    pub fn parse(text: &str) -> Option<IpNet> {
        let range = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        range.map(Self::canonical)
    }

    /// A range of IPv4 addresses in IPv6 clothes as what it is, as clients' addresses are when they are looked at.
    pub fn canonical(range: IpNet) -> IpNet {
        let IpNet::V6(clothed) = range else { return range };
        let length = clothed.prefix_len().checked_sub(MAPPED_BITS);
        let plain = clothed.addr().to_ipv4_mapped().zip(length);
        plain.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(range, IpNet::V4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn groups_have_distinct_ids_and_are_found_by_them() {
        let ids: HashSet<&str> = PermissionGroup::ALL.iter().map(|group| group.id()).collect();
        assert_eq!(ids.len(), PermissionGroup::ALL.len());
        for group in PermissionGroup::ALL {
            assert_eq!(PermissionGroup::parse_id(group.id()), Some(*group));
            assert_eq!(PermissionGroup::parse_name(group.name()), Some(*group));
        }
    }

    #[test]
    fn a_resource_covers_what_is_in_it_and_nothing_else() {
        let (mine, other) = (BucketName::parse("mine").unwrap(), BucketName::parse("other").unwrap());
        let bucket = PolicyResource::Bucket(Jurisdiction::Eu, mine.clone());
        let covers =
            |resource: &PolicyResource, jurisdiction, asked: Resource<'_>| resource.covers(jurisdiction, &asked);
        assert!(covers(&bucket, Jurisdiction::Eu, Resource::Bucket(&mine)));
        assert!(covers(&bucket, Jurisdiction::Eu, Resource::Prefix(&mine, "")));
        assert!(!covers(&bucket, Jurisdiction::Default, Resource::Bucket(&mine)));
        assert!(!covers(&bucket, Jurisdiction::Eu, Resource::Bucket(&other)));
        assert!(!covers(&bucket, Jurisdiction::Eu, Resource::Account));
        assert!(covers(&PolicyResource::AllBuckets, Jurisdiction::Eu, Resource::Bucket(&other)));
        assert!(!covers(&PolicyResource::AllBuckets, Jurisdiction::Eu, Resource::Account));
        assert!(covers(&PolicyResource::Account, Jurisdiction::Eu, Resource::Account));
    }

    #[test]
    fn addresses_are_of_the_ranges_and_not_of_the_exceptions() {
        let nets = |texts: &[&str]| texts.iter().map(|text| AddressCondition::parse(text).unwrap()).collect();
        let condition = AddressCondition { only: nets(&["192.0.2.0/24", "::1"]), but_not: nets(&["192.0.2.7"]) };
        let allows = |text: &str| condition.allows(text.parse().unwrap());
        assert!(allows("192.0.2.1") && allows("::ffff:192.0.2.1") && allows("::1"));
        assert!(!allows("192.0.2.7") && !allows("198.51.100.1") && !allows("::2"));
        assert!(AddressCondition::default().allows("198.51.100.1".parse().unwrap()));
        let clothed =
            AddressCondition { only: nets(&["::ffff:192.0.2.1", "::ffff:198.51.100.0/120"]), but_not: vec![] };
        assert_eq!(clothed.only, nets(&["192.0.2.1", "198.51.100.0/24"]));
        assert!(clothed.allows("192.0.2.1".parse().unwrap()) && !clothed.allows("192.0.2.2".parse().unwrap()));
        assert_eq!(AddressCondition::parse("::ffff:0:0/95").unwrap().prefix_len(), 95, "more than IPv4 addresses");
        let of = |only: &[&str], but_not: &[&str]| AddressCondition { only: nets(only), but_not: nets(but_not) };
        assert!(condition.includes(&condition) && AddressCondition::default().includes(&condition));
        assert!(condition.includes(&of(&["192.0.2.128/25"], &["192.0.2.6/31"])));
        assert!(of(&["192.0.2.0/25", "192.0.2.128/25"], &[]).includes(&of(&["192.0.2.0/24"], &[])), "neighbours");
        for wider in [of(&["192.0.2.0/23"], &["192.0.2.7"]), of(&["192.0.2.0/24"], &[]), of(&[], &["192.0.2.7"])] {
            assert!(!condition.includes(&wider), "{wider:?}");
        }
        assert_eq!((AddressCondition::parse("192.0.2.0/33"), AddressCondition::parse("here")), (None, None));
    }
}
