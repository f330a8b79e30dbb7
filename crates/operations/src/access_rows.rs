//! What operations on rows of access control have in common: listed, found by id, changed in an audited commit.

use crate::audit::AuditedChange;
use crate::audit_values;
use crate::caller::Caller;
use crate::store::Store;
use metadata::access::AccessRow;
use metadata::rows::AuditResource;
use metadata::{Outcome, Stored};
use serde_json::Value;
use types::limits::ACCESS_ROWS_MAX;
use types::{AccessApp, AccessId, ErrorCode, IdentityProvider, OperationError, ServiceToken};

/// A row of access control as the audit log shows it.
pub(crate) trait AuditedRow: AccessRow {
    const RESOURCE: AuditResource;

    fn id(&self) -> AccessId;

    fn shown(&self) -> Value;
}

impl AuditedRow for AccessApp {
    const RESOURCE: AuditResource = AuditResource::AccessApp;

    fn id(&self) -> AccessId {
        self.id
    }

    fn shown(&self) -> Value {
        audit_values::access_app(self)
    }
}

impl AuditedRow for IdentityProvider {
    const RESOURCE: AuditResource = AuditResource::IdentityProvider;

    fn id(&self) -> AccessId {
        self.id
    }

    fn shown(&self) -> Value {
        audit_values::identity_provider(self)
    }
}

impl AuditedRow for ServiceToken {
    const RESOURCE: AuditResource = AuditResource::ServiceToken;

    fn id(&self) -> AccessId {
        self.id
    }

    fn shown(&self) -> Value {
        audit_values::service_token(self)
    }
}

/// Content that makes no sense, in words.
pub(crate) fn invalid(words: &str) -> OperationError {
    OperationError::new(ErrorCode::InvalidAccessRequest, format!("access.api.error.invalid_request: {words}"))
}

impl Store {
    /// All rows of a kind that the caller's account has.
    pub(crate) async fn access_rows<T: AccessRow>(&self, caller: &Caller) -> Result<Vec<T>, OperationError> {
        let rows = self.metadata.access_rows::<T>(caller.account).await?;
        Ok(rows.into_iter().map(|stored| stored.row).collect())
    }

    /// A row by its id.
    ///
    /// # Errors
    /// `NoSuchAccessResource`.
    pub(crate) async fn access_row<T: AuditedRow>(
        &self,
        caller: &Caller,
        id: AccessId,
    ) -> Result<Stored<T>, OperationError> {
        let rows = self.metadata.access_rows::<T>(caller.account).await?;
        rows.into_iter().find(|stored| stored.row.id() == id).ok_or_else(|| ErrorCode::NoSuchAccessResource.into())
    }

    /// Keeps a new row.
    ///
    /// # Errors
    /// `InvalidAccessRequest` past what an account may have; `ApplicationAlreadyExists` if another has its place.
    pub(crate) async fn add_access_row<T: AuditedRow>(
        &self,
        caller: &Caller,
        action: &'static str,
        row: &T,
    ) -> Result<(), OperationError> {
        if self.metadata.access_rows::<T>(caller.account).await?.len() >= ACCESS_ROWS_MAX {
            return Err(invalid("the account has as many as it may have: remove some first"));
        }
        if self.commit_access_row(caller, action, None, Some(row)).await? { Ok(()) } else { Err(taken()) }
    }

    /// Changes a row, as often as others are faster; `change` makes the new row of the one that is there, `None` to
    /// remove it.
    ///
    /// # Errors
    /// `NoSuchAccessResource`, what `change` says, `ApplicationAlreadyExists` if another has its new place.
    pub(crate) async fn change_access_row<T: AuditedRow>(
        &self,
        caller: &Caller,
        action: &'static str,
        id: AccessId,
        change: impl Fn(&T) -> Result<Option<T>, OperationError>,
    ) -> Result<Option<T>, OperationError> {
        loop {
            let found = self.access_row::<T>(caller, id).await?;
            let new = change(&found.row)?;
            if let Some(new) = &new {
                let place = new.key(caller.account);
                let rows = self.metadata.access_rows::<T>(caller.account).await?;
                if rows.iter().any(|other| other.row.id() != id && other.row.key(caller.account) == place) {
                    return Err(taken());
                }
            }
            if self.commit_access_row(caller, action, Some(&found), new.as_ref()).await? {
                return Ok(new);
            }
        }
    }

    async fn commit_access_row<T: AuditedRow>(
        &self,
        caller: &Caller,
        action: &'static str,
        old: Option<&Stored<T>>,
        new: Option<&T>,
    ) -> Result<bool, OperationError> {
        let Some(row) = new.or(old.map(|old| &old.row)) else { return Ok(true) };
        let resource = (T::RESOURCE, row.id().to_string());
        let (was, is) = (old.map(|old| old.row.shown()), new.map(AuditedRow::shown));
        let recording = self.recording(caller, AuditedChange::of_access(action, resource, was, is)).await?;
        Ok(recording.change_access_row(caller.account, old, new).await? == Outcome::Committed)
    }

    /// An id nobody has had before.
    pub(crate) fn new_access_id(&self) -> AccessId {
        let mut id: [u8; 16] = self.random_id();
        // A UUID of version 4, which clients may look for.
        id[6] = (id[6] & 0x0f) | 0x40;
        id[8] = (id[8] & 0x3f) | 0x80;
        AccessId(id)
    }
}

fn taken() -> OperationError {
    ErrorCode::ApplicationAlreadyExists.into()
}
