//! Whom tokens belong to: the account of a store, and its user. Cairn has one of each; both exist for clients that ask.

use crate::caller::Caller;
use crate::permissions::Action;
use crate::store::Store;
use aws_lc_rs::digest::{SHA256, digest};
use types::{AccountId, ErrorCode, OperationError, Resource, Timestamp};

/// An account as it is shown.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What people call it.
    pub name: &'static str,
    /// When it was made.
    pub created: Timestamp,
}

/// A user as it is shown.
#[derive(Clone, Debug)]
pub struct User {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Nobody reads mail there: clients want an address to show.
    pub email: &'static str,
}

/// What the only account is called.
const ACCOUNT_NAME: &str = "Cairn";

/// The address of its only user.
const EMAIL: &str = "root@cairn.localhost";

impl Store {
    /// The account that the caller acts on: every token may know it.
    ///
    /// # Errors
    /// `Unauthorized` if there is none.
    pub async fn account(&self, caller: &Caller) -> Result<Account, OperationError> {
        let store = self.metadata.store().await?.ok_or(ErrorCode::Unauthorized)?;
        Ok(Account { id: caller.account, name: ACCOUNT_NAME, created: store.created })
    }

    /// The account with its settings.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub async fn account_settings(&self, caller: &Caller) -> Result<Account, OperationError> {
        caller.authorize(Action::GetAccount, Resource::Account)?;
        self.account(caller).await
    }

    /// The user of the account that the caller acts on.
    ///
    /// # Errors
    /// None so far.
    pub async fn user(&self, caller: &Caller) -> Result<User, OperationError> {
        // Always the same of an account, and not the account's own id.
        let id = digest(&SHA256, &[b"cairn user of ", caller.account.0.as_slice()].concat());
        Ok(User { id: types::ids::hex(&id.as_ref()[..16]), email: EMAIL })
    }
}
