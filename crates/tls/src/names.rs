//! Names in hellos and in certificates (RFC 6125): letters without case, and a wildcard for exactly one label.

/// Longest name of DNS.
const NAME_BYTES_MAX: usize = 253;

/// Longest label of one.
const LABEL_BYTES_MAX: usize = 63;

/// The name as it is compared: lower case, without a dot at its end. `None` if it is no name of a host.
pub fn normalized(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let label_is_good = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= LABEL_BYTES_MAX && label.bytes().all(plain) && !label.starts_with('-')
    };
    (name.len() <= NAME_BYTES_MAX && name.split('.').all(label_is_good)).then(|| name.to_ascii_lowercase())
}

/// As [`normalized`]; the first label may be `*`.
pub fn normalized_pattern(pattern: &str) -> Option<String> {
    match pattern.strip_prefix("*.") {
        Some(parent) => normalized(parent).map(|parent| format!("*.{parent}")),
        None => normalized(pattern),
    }
}

/// The wildcard that covers a name: `*.b.c` for `a.b.c`. A wildcard right below the root is none.
pub fn wildcard_of(name: &str) -> Option<String> {
    let (_, parent) = name.split_once('.')?;
    parent.contains('.').then(|| format!("*.{parent}"))
}

/// Whether a normalized pattern covers a normalized name. A wildcard covers itself.
pub fn covers(pattern: &str, name: &str) -> bool {
    pattern == name || wildcard_of(name).is_some_and(|wildcard| pattern == wildcard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_one_label_and_never_a_whole_top_level_domain() {
        assert!(covers("*.example.com", "a.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("*.example.com", "a.b.example.com"));
        assert!(!covers("*.com", "example.com"));
        assert!(covers("*.example.com", "*.example.com"));
    }

    #[test]
    fn names_are_compared_in_lower_case_and_without_the_root() {
        assert_eq!(normalized("Files.Example.COM.").as_deref(), Some("files.example.com"));
        for bad in ["", ".", "a..b", "-a.example", "a b", "*.example.com", "a/b", &"x".repeat(64)] {
            assert_eq!(normalized(bad), None, "{bad:?}");
        }
        assert_eq!(normalized_pattern("*.Example.com").as_deref(), Some("*.example.com"));
    }
}
