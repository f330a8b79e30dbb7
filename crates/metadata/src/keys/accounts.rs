//! Keys of rows: accounts and their audit logs.

use super::kinds::{ACCOUNT, AUDIT};
use super::tuple::Key;
use types::{AccountId, Timestamp};

/// An account.
pub fn account(id: AccountId) -> Vec<u8> {
    Key::new(ACCOUNT).bytes(&id.0).done()
}

/// The whole audit log of an account.
pub fn audit_log(account: AccountId) -> Vec<u8> {
    Key::new(AUDIT).bytes(&account.0).done()
}

/// All entries of an account's audit log of one moment. Later moments come first.
pub fn audit_at(account: AccountId, when: Timestamp) -> Vec<u8> {
    Key(audit_log(account)).bytes(&(!when.0).to_be_bytes()).done()
}

/// An entry of an account's audit log.
pub fn audit(account: AccountId, when: Timestamp, id: &[u8; 16]) -> Vec<u8> {
    Key(audit_at(account, when)).bytes(id).done()
}
