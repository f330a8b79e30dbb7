//! Nobody gets hold of a token that may do more than their own, from more places or for longer: else the right to make
//! tokens would be every right, and a token could shed its own limits.

use crate::caller::Caller;
use crate::store::Store;
use metadata::rows::TokenRow;
use std::sync::Arc;
use types::{AddressCondition, Effect, ErrorCode, OperationError, PermissionGroup, Policy, Timestamp};

/// Where a token may be used from, and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// `None`: from everywhere.
    pub(crate) addresses: Option<Arc<AddressCondition>>,
    /// `None`: for good.
    pub(crate) expires: Option<Timestamp>,
}

impl Bounds {
    /// Those of a token.
    pub(crate) fn of(token: &TokenRow) -> Self {
        Self { addresses: token.addresses.clone(), expires: token.expires }
    }

    /// That nothing with the bounds `other` may be used where, or when, what these are of may not.
    ///
    /// # Errors
    /// `AccessDenied`.
    fn check_include(&self, other: &Self) -> Result<(), OperationError> {
        let ends_later = |end: Timestamp| other.expires.is_none_or(|other| other > end);
        if let Some(end) = self.expires.filter(|end| ends_later(*end)) {
            return Err(denied(format!("Your token ends at {}: one it makes cannot end later.", end.to_iso8601())));
        }
        let everywhere = AddressCondition::default();
        let addresses = other.addresses.as_deref().unwrap_or(&everywhere);
        if self.addresses.as_ref().is_some_and(|own| !own.includes(addresses)) {
            let message = "Your token may be used from some addresses only: one it makes cannot be used from others.";
            return Err(denied(message.to_owned()));
        }
        Ok(())
    }
}

impl Store {
    /// That a token of these policies and bounds may do nothing that the caller's own may not.
    ///
    /// # Errors
    /// `AccessDenied`; `Unauthorized` if the caller's own was removed since.
    pub(crate) async fn check_no_more_than_own(
        &self,
        caller: &Caller,
        policies: &[Policy],
        bounds: &Bounds,
    ) -> Result<(), OperationError> {
        check_policies(caller, policies)?;
        self.check_within_own(caller, bounds).await
    }

    /// That what has these bounds may be used nowhere, and at no time, that the caller's token may not.
    ///
    /// # Errors
    /// As [`Store::check_no_more_than_own`].
    pub(crate) async fn check_within_own(&self, caller: &Caller, bounds: &Bounds) -> Result<(), OperationError> {
        let own = self.metadata.token(caller.token).await?.ok_or(ErrorCode::Unauthorized)?;
        Bounds::of(&own.row).check_include(bounds)
    }
}

fn check_policies(caller: &Caller, policies: &[Policy]) -> Result<(), OperationError> {
    for policy in policies.iter().filter(|policy| policy.effect == Effect::Allow) {
        let exceeds = |group: &PermissionGroup| policy.resources.iter().any(|resource| !caller.holds(*group, resource));
        if let Some(group) = policy.groups.iter().find(|group| exceeds(group)) {
            let name = group.name();
            return Err(denied(format!("Your token lacks '{name}' on these resources: it cannot give it to another.")));
        }
    }
    Ok(())
}

fn denied(message: String) -> OperationError {
    OperationError::new(ErrorCode::AccessDenied, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(only: &[&str], but_not: &[&str], expires: Option<u64>) -> Bounds {
        let nets = |texts: &[&str]| texts.iter().map(|text| AddressCondition::parse(text).unwrap()).collect();
        let addresses = AddressCondition { only: nets(only), but_not: nets(but_not) };
        let addresses = Some(addresses).filter(|addresses| *addresses != AddressCondition::default()).map(Arc::new);
        Bounds { addresses, expires: expires.map(Timestamp) }
    }

    #[test]
    fn bounds_include_their_own_and_narrower_ones_only() {
        let own = bounds(&["192.0.2.0/24"], &["192.0.2.7"], Some(1000));
        let within = |other: &Bounds| own.check_include(other).is_ok();
        assert!(within(&own) && within(&bounds(&["192.0.2.0/28"], &["192.0.2.0/29"], Some(999))));
        assert!(!within(&Bounds::default()) && !within(&bounds(&["192.0.2.0/24"], &["192.0.2.7"], None)));
        assert!(!within(&bounds(&["192.0.2.0/24"], &["192.0.2.7"], Some(1001))));
        assert!(!within(&bounds(&["192.0.2.0/24"], &[], Some(1000))), "an exception is dropped");
        assert!(!within(&bounds(&[], &["192.0.2.7"], Some(1000))), "from everywhere else");
        assert!(
            Bounds::default().check_include(&own).is_ok()
                && Bounds::default().check_include(&Bounds::default()).is_ok()
        );
    }
}
