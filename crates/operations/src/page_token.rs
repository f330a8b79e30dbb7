//! Continuation tokens: opaque, tamper-evident, good across restarts, and only for the list they came from.

use environment::Entropy;
use keyring::{RootKey, RowSealer};
use types::{ErrorCode, OperationError};

/// Makes and opens tokens.
pub(crate) struct PageTokens(RowSealer);

impl PageTokens {
    pub(crate) fn new(root: &RootKey, entropy: &dyn Entropy) -> Self {
        Self(RowSealer::new(root, "page tokens", entropy))
    }

    /// A token that resumes the list `of` after `position`.
    pub(crate) fn seal(&self, of: &[u8], position: &str) -> String {
        types::ids::hex(&self.0.seal(of, position.as_bytes()))
    }

    /// The position a token resumes at.
    ///
    /// # Errors
    /// `InvalidArgument` if it is no token of this list.
    pub(crate) fn open(&self, of: &[u8], token: &str) -> Result<String, OperationError> {
        let position = unhex(token).and_then(|sealed| self.0.open(of, &sealed).ok());
        position.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            OperationError::new(
                ErrorCode::InvalidArgument,
                "The continuation token provided is incorrect: pass the NextContinuationToken of the previous page \
                 of the same list, unchanged.",
            )
        })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| types::ids::parse_hex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use environment::SystemEntropy;

    #[test]
    fn tokens_resume_only_the_list_they_came_from() {
        let entropy = SystemEntropy::new();
        let root = RootKey::from_bytes([7; 32]);
        let tokens = PageTokens::new(&root, &entropy);
        let token = tokens.seal(b"list a", "photos/\u{e9}");
        assert_eq!(PageTokens::new(&root, &entropy).open(b"list a", &token).unwrap(), "photos/\u{e9}");
        assert!(tokens.open(b"list b", &token).is_err());
        for bad in ["", "zz", "0", &token[2..], &token.replace('a', "b").replace('1', "2")] {
            assert_eq!(tokens.open(b"list a", bad).unwrap_err().code, ErrorCode::InvalidArgument, "{bad}");
        }
    }
}
