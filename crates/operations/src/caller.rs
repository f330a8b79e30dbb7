//! Who asks, and whether they may. Source: R2 "Authentication", Permissions.

use crate::permissions::{Action, Right};
use crate::restriction::Restriction;
use metadata::rows::{AuditRequest, Interface};
use std::net::IpAddr;
use std::sync::Arc;
use types::{
    AccessKeyId, AccountId, BucketId, BucketName, Effect, ErrorCode, Jurisdiction, OperationError, PermissionGroup,
    Policy, PolicyResource, Resource,
};

/// Whoever a request was authenticated as. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account whose resources it acts on.
    pub account: AccountId,
    /// The jurisdiction it asked in. Buckets of another do not exist for it, neither as source of a copy.
    pub jurisdiction: Jurisdiction,
    /// The token it proved to hold.
    pub token: AccessKeyId,
    /// Where it asks from, as the audit log shows it.
    pub(crate) address: Option<IpAddr>,
    /// Through which face.
    pub(crate) interface: Interface,
    /// The request that it asks with, where that is kept: when something is to be changed.
    pub(crate) request: Option<Arc<AuditRequest>>,
    /// What that token may do.
    pub(crate) policies: Arc<[Policy]>,
    /// What it is limited to besides, if it holds a temporary credential of that token.
    pub(crate) restriction: Option<Arc<Restriction>>,
    /// What it asks for without any token: then it has no policies.
    pub(crate) anonymous: Option<Arc<Anonymous>>,
}

/// The one bucket that somebody without a token asks for, at a name where it is public.
#[derive(Clone, Debug)]
pub(crate) struct Anonymous {
    pub(crate) bucket: BucketName,
    /// The bucket that has the name, not another that came after it.
    pub(crate) id: BucketId,
}

/// What is kept of the name of a client.
const USER_AGENT_CHARS_MAX: usize = 256;

impl Caller {
    /// The same caller asking in a jurisdiction.
    #[must_use]
    pub fn within(self, jurisdiction: Jurisdiction) -> Self {
        Self { jurisdiction, ..self }
    }

    /// The same caller asking from an address through a face. One that no face has named asks on the machine itself.
    #[must_use]
    pub fn from_client(self, address: IpAddr, interface: Interface) -> Self {
        Self { address: Some(address), interface, ..self }
    }

    /// The same caller asking with this request, which the audit log keeps if it changes something.
    #[must_use]
    pub fn with_request(self, request: AuditRequest) -> Self {
        let user_agent = request.user_agent.chars().take(USER_AGENT_CHARS_MAX).collect();
        Self { request: Some(Arc::new(AuditRequest { user_agent, ..request })), ..self }
    }

    /// Whether the caller may do `action` to `resource`. The first line of every operation, before anything is looked
    /// for, so that nobody learns what exists where they may not look.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn authorize(&self, action: Action, resource: Resource<'_>) -> Result<(), OperationError> {
        self.check(action, action.needs(), &resource)
    }

    /// Whether the caller may read `source` for the sake of a copying `action`. Who is limited to actions by name may
    /// copy without being allowed to GET.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub(crate) fn authorize_source(&self, action: Action, source: Resource<'_>) -> Result<(), OperationError> {
        self.check(action, Action::GetObject.needs(), &source)
    }

    /// The host of the endpoint that a temporary credential is for; `None` for all others.
    pub fn audience(&self) -> Option<&str> {
        self.restriction.as_ref().map(|restriction| restriction.audience.as_str())
    }

    /// Whether a bucket of the name it asked for is the one it may be told of.
    pub(crate) fn may_see(&self, bucket: BucketId) -> bool {
        self.anonymous.as_ref().is_none_or(|anonymous| anonymous.id == bucket)
    }

    fn check(&self, action: Action, right: Right, resource: &Resource<'_>) -> Result<(), OperationError> {
        if let Some(anonymous) = &self.anonymous {
            let allowed = action.is_for_everybody() && resource.bucket() == Some(&anonymous.bucket);
            return if allowed { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) };
        }
        let within = self.restriction.as_ref().is_none_or(|limits| limits.allows(action, right, resource));
        if within && self.has_right(right, resource) { Ok(()) } else { Err(ErrorCode::AccessDenied.into()) }
    }

    /// Whether the token's policies give `right` on `resource`.
    pub(crate) fn has_right(&self, right: Right, resource: &Resource<'_>) -> bool {
        let has = |effect| self.has_policy(effect, right, resource);
        has(Effect::Allow) && !has(Effect::Deny)
    }

    /// Whether the caller itself has all that `group` gives on `resource`: then it may hand it on.
    pub(crate) fn holds(&self, group: PermissionGroup, resource: &PolicyResource) -> bool {
        let has = |policy: &Policy| {
            policy.groups.contains(&group) && policy.resources.iter().any(|own| own.includes(resource))
        };
        let allowed = self.policies.iter().any(|policy| policy.effect == Effect::Allow && has(policy));
        // What is denied anywhere stays here: a token made by this one could not be told to deny it too.
        allowed && self.policies.iter().all(|policy| policy.effect == Effect::Allow)
    }

    fn has_policy(&self, effect: Effect, right: Right, resource: &Resource<'_>) -> bool {
        let gives = |group: &PermissionGroup| right.given_by().contains(group);
        self.policies.iter().filter(|policy| policy.effect == effect).any(|policy| {
            policy.groups.iter().any(gives)
                && policy.resources.iter().any(|covered| covered.covers(self.jurisdiction, resource))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{BucketName, ObjectKey};

    fn caller(policies: &[(Effect, PermissionGroup, PolicyResource)]) -> Caller {
        let policies = policies.iter().map(|(effect, group, resource)| Policy {
            id: [0; 16],
            effect: *effect,
            groups: vec![*group],
            resources: vec![resource.clone()],
        });
        let (account, jurisdiction, token) = (AccountId([1; 16]), Jurisdiction::Default, AccessKeyId([2; 16]));
        Caller {
            account,
            jurisdiction,
            token,
            policies: policies.collect(),
            restriction: None,
            address: None,
            interface: Interface::Cli,
            anonymous: None,
            request: None,
        }
    }

    /// The row of the matrix for those who show no token: whatever they ask for, it is the bytes of one bucket.
    #[test]
    fn without_a_token_everybody_may_read_objects_of_the_public_bucket_and_do_nothing_else() {
        let (bucket, other) = (BucketName::parse("bucket").unwrap(), BucketName::parse("other").unwrap());
        let key = ObjectKey::parse("key").unwrap();
        let anonymous = Anonymous { bucket: bucket.clone(), id: BucketId(7) };
        let caller = Caller { anonymous: Some(Arc::new(anonymous)), ..caller(&[]) };
        for action in Action::ALL {
            let allowed = matches!(action, Action::GetObject | Action::HeadObject);
            assert_eq!(caller.authorize(*action, Resource::Object(&bucket, &key)).is_ok(), allowed, "{action:?}");
            for resource in [Resource::Account, Resource::Bucket(&other), Resource::Object(&other, &key)] {
                assert!(caller.authorize(*action, resource).is_err(), "{action:?} of {resource:?}");
            }
        }
        assert!(caller.authorize_source(Action::CopyObject, Resource::Object(&bucket, &key)).is_err());
        assert!(caller.may_see(BucketId(7)) && !caller.may_see(BucketId(8)));
    }

    /// Every cell: each action with each group on each kind of resource allows just what the matrix says.
    #[test]
    fn every_cell_of_the_matrix_allows_or_refuses() {
        let (bucket, other) = (BucketName::parse("bucket").unwrap(), BucketName::parse("other").unwrap());
        let key = ObjectKey::parse("key").unwrap();
        let scopes = [
            PolicyResource::Account,
            PolicyResource::AllBuckets,
            PolicyResource::Bucket(Jurisdiction::Default, bucket.clone()),
            PolicyResource::Bucket(Jurisdiction::Eu, bucket.clone()),
        ];
        let resources = [Resource::Account, Resource::Bucket(&bucket), Resource::Object(&other, &key)];
        for (action, group) in Action::ALL.iter().flat_map(|a| PermissionGroup::ALL.iter().map(move |g| (*a, *g))) {
            for (scope_number, scope) in scopes.iter().enumerate() {
                let caller = caller(&[(Effect::Allow, group, scope.clone())]);
                let gives = action.needs().given_by().contains(&group);
                for (resource_number, resource) in resources.iter().enumerate() {
                    let covered = [[true; 3], [false, true, true], [false, true, false], [false; 3]];
                    let expected = gives && covered[scope_number][resource_number];
                    let allowed = caller.authorize(action, *resource).is_ok();
                    assert_eq!(allowed, expected, "{action:?} with {group:?} on {scope:?} of {resource:?}");
                }
            }
        }
    }

    #[test]
    fn what_one_policy_denies_no_other_grants() {
        let secret = BucketName::parse("secret").unwrap();
        let denied = PolicyResource::Bucket(Jurisdiction::Default, secret.clone());
        let caller = caller(&[
            (Effect::Allow, PermissionGroup::R2StorageWrite, PolicyResource::AllBuckets),
            (Effect::Deny, PermissionGroup::R2BucketItemWrite, denied),
        ]);
        assert!(caller.authorize(Action::GetObject, Resource::Bucket(&secret)).is_err());
        assert!(caller.authorize(Action::PutBucketStorageClass, Resource::Bucket(&secret)).is_ok());
        let open = BucketName::parse("open").unwrap();
        assert!(caller.authorize(Action::GetObject, Resource::Bucket(&open)).is_ok());
        assert!(
            caller.clone().within(Jurisdiction::Eu).authorize(Action::GetObject, Resource::Bucket(&secret)).is_ok()
        );
    }
}
