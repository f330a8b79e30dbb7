//! The text of a `Host` header or of an authority, and the name in it. Whoever decides by the host of a request reads
//! it here, so that no two read it differently.

/// The host without its port. What stands in brackets keeps them.
pub fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The name without port and without the one final dot of the root, in whatever case it was sent; `None` for what ends
/// with a dot even so, which is nobody's.
pub fn name_of(host: &str) -> Option<&str> {
    let name = without_port(host);
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.ends_with('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_and_one_final_dot_are_no_part_of_the_name() {
        for host in ["a.b", "a.b:80", "a.b.", "a.b.:80", "a.b:"] {
            assert_eq!(name_of(host), Some("a.b"), "{host}");
        }
        for host in ["a.b..", "a.b..:80", "a.b...", "..", "..:1"] {
            assert_eq!(name_of(host), None, "{host}");
        }
        for (host, name) in [("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a:b", "a:b"), ("", ""), (".", ""), (":", "")]
        {
            assert_eq!(name_of(host), Some(name), "{host}");
        }
    }
}
