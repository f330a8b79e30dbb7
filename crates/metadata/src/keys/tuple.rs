//! Keys as ordered tuples: how their elements become bytes. Frozen.
//!
//! Numbers are big-endian, so that bytes order as numbers. Text that is not the last element is escaped
//! (`0x00` as `0x00 0xff`) and ends with `0x00 0x01`, so that order is kept and no text is a prefix of another.

/// A key under construction.
#[derive(Clone, Debug)]
pub(super) struct Key(pub(super) Vec<u8>);

impl Key {
    pub(super) fn new(kind: u8) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.push(kind);
        Self(bytes)
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        push_text(&mut self.0, text);
        self
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// What ends text that is not the last element.
pub const TEXT_END: [u8; 2] = [0, 1];

/// Appends text that is not the last element.
pub fn push_text(key: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        key.push(byte);
        if byte == 0 {
            key.push(0xff);
        }
    }
    key.extend_from_slice(&TEXT_END);
}

/// Reads text written by [`push_text`] and gives it back with the bytes after it.
pub fn split_text(key: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    let mut rest = key;
    loop {
        match rest {
            [0, 1, after @ ..] => return Some((String::from_utf8(text).ok()?, after)),
            [0, 0xff, after @ ..] => {
                text.push(0);
                rest = after;
            }
            [0, ..] | [] => return None,
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
        }
    }
}

/// The first key after all that begin with `prefix`; `None` if there is none (`prefix` is all `0xff`).
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// The next key after `key`.
pub fn just_after(key: &[u8]) -> Vec<u8> {
    let mut next = Vec::with_capacity(key.len() + 1);
    next.extend_from_slice(key);
    next.push(0);
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_ends_before_the_next_sibling() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(after_prefix(b"\xff"), None);
        assert_eq!(after_prefix(b""), None);
    }

    proptest! {
        #[test]
        fn escaped_text_keeps_order_and_comes_back(a in "(\\PC|\0|\u{1}){0,8}", b in "(\\PC|\0|\u{1}){0,8}", tail in any::<[u8; 3]>()) {
            let key = |text: &str| { let mut key = Vec::new(); push_text(&mut key, text); key };
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.as_bytes().cmp(b.as_bytes()));
            let mut with_tail = key(&a);
            with_tail.extend_from_slice(&tail);
            prop_assert_eq!(split_text(&with_tail), Some((a, &tail[..])));
        }
    }
}
