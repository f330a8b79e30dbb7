//! Keys of rows: API tokens, by id, by value and by owner.

use super::kinds::{TOKEN, TOKEN_PLACE, TOKEN_USE, TOKEN_VALUE};
use super::tuple::Key;
use crate::rows::TokenOwner;
use types::{AccessKeyId, AccountId, Timestamp};

/// An API token.
pub fn token(id: AccessKeyId) -> Vec<u8> {
    Key::new(TOKEN).bytes(&id.0).done()
}

/// When a token was last used.
pub fn token_use(id: AccessKeyId) -> Vec<u8> {
    Key::new(TOKEN_USE).bytes(&id.0).done()
}

/// The token that has a value.
pub fn token_value(digest: &[u8; 32]) -> Vec<u8> {
    Key::new(TOKEN_VALUE).bytes(digest).done()
}

/// All tokens of an owner, oldest first.
pub fn token_places(account: AccountId, owner: TokenOwner) -> Vec<u8> {
    let owner = match owner {
        TokenOwner::Account => 0,
        TokenOwner::User => 1,
    };
    Key::new(TOKEN_PLACE).bytes(&account.0).bytes(&[owner]).done()
}

/// The place of a token among those of its owner.
pub fn token_place(account: AccountId, owner: TokenOwner, issued: Timestamp, id: AccessKeyId) -> Vec<u8> {
    Key(token_places(account, owner)).bytes(&issued.0.to_be_bytes()).bytes(&id.0).done()
}
