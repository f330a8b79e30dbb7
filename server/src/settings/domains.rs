//! Settings that are names of hosts: brought into the form in which they are compared, and refused where they could
//! match nothing. A name that an operator means to reserve, and that reserves nothing, is worse than none.

use super::SettingsError;
use types::DomainName;
use types::domain::is_host_name;

/// What stands for every custom domain.
const ALL: &str = "*";

/// Names of hosts in lower case, without the final dot of the root. One label, such as `localhost`, is enough.
///
/// # Errors
/// The first that is none.
pub(super) fn hosts(setting: &str, names: Vec<String>) -> Result<Vec<String>, SettingsError> {
    let host = |name: String| {
        let host = name.strip_suffix('.').unwrap_or(&name);
        if is_host_name(host) { Ok(host.to_ascii_lowercase()) } else { Err(refused(setting, &name)) }
    };
    names.into_iter().map(host).collect()
}

/// Custom domains in their form, or what stands for all of them.
///
/// # Errors
/// The first that is none.
pub(super) fn custom(setting: &str, names: Vec<String>) -> Result<Vec<String>, SettingsError> {
    let domain = |name: String| match DomainName::parse(&name) {
        Ok(domain) => Ok(domain.to_string()),
        Err(_) if name == ALL => Ok(name),
        Err(_) => Err(refused(setting, &name)),
    };
    names.into_iter().map(domain).collect()
}

fn refused(setting: &str, name: &str) -> SettingsError {
    SettingsError(format!(
        "{setting} has {name:?}, which is no name of a host: write one such as \"cairn.example.com\", without scheme, port, \
         path and wildcard"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_brought_into_the_form_they_are_compared_in() {
        let named = hosts("reserved_domains", strings(&["API.example.com.", "localhost", "xn--bcher-kva.example"]));
        assert_eq!(named.unwrap(), strings(&["api.example.com", "localhost", "xn--bcher-kva.example"]));
        let custom = custom("public_cache_everything", strings(&["A.example.com.", "*"]));
        assert_eq!(custom.unwrap(), strings(&["a.example.com", "*"]));
    }

    #[test]
    fn what_could_match_nothing_stops_the_start_and_says_what_to_write() {
        for name in [
            "",
            ".",
            "*.example.com",
            "https://x.y",
            "x.y/",
            "x.y:80",
            "x.y..",
            ".x.y",
            "a b.c",
            "a_b.c",
            "127.0.0.1",
            "[::1]",
            "b\u{fc}cher.example",
            " x.y",
        ] {
            let error = hosts("reserved_domains", strings(&["localhost", name])).unwrap_err().to_string();
            assert!(error.contains("reserved_domains") && error.contains(&format!("{name:?}")), "{error}");
            assert!(error.contains("cairn.example.com"), "{error}");
            assert!(custom("public_cache_everything", strings(&[name])).is_err(), "{name:?}");
        }
        assert!(hosts("account_domains", strings(&["*"])).is_err());
        assert!(custom("public_cache_everything", strings(&["localhost"])).is_err(), "no custom domain has one label");
    }
}
