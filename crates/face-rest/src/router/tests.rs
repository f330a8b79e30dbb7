//! Patterns, and the table of routes as a whole.

use super::*;

fn values(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let values = matches(pattern, path)?;
    Some(values.into_iter().map(|(name, value)| (name, value.to_owned())).collect())
}

#[test]
fn patterns_take_segments_or_all_that_is_left() {
    let of = |name: &'static str, value: &str| (name, value.to_owned());
    assert_eq!(values("/a/{x}/b", "/a/1/b"), Some(vec![of("x", "1")]));
    assert_eq!(values("/a/{key...}", "/a/b//c/"), Some(vec![of("key", "b//c/")]));
    for path in ["/a/1", "/a//b", "/a/1/b/", "/a/1/c", "a/1/b", "", "/a/1/b/c"] {
        assert_eq!(values("/a/{x}/b", path), None, "{path}");
    }
    assert_eq!(values("/a/{key...}", "/a/"), None);
}

#[test]
fn every_row_is_reached_and_none_is_there_twice() {
    for route in ROUTES {
        let path = route.pattern.replace("...", "").replace(['{', '}'], "");
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let (found, _) = find(&method, &path).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert!(std::ptr::eq(found, route), "{} {} is behind {}", route.method, route.pattern, found.pattern);
    }
}

/// Whoever adds a route says what it needs; only identity is open to every token.
#[test]
fn every_routed_operation_is_in_the_permission_matrix() {
    for route in ROUTES {
        match route.access {
            Access::Needs(actions) => {
                assert!(!actions.is_empty(), "{} {}", route.method, route.pattern);
                for action in actions {
                    assert!(Action::ALL.contains(action) && !action.needs().given_by().is_empty(), "{action:?}");
                }
            }
            Access::AnyToken => assert_eq!(route.method, "GET", "{}: only looking needs no right", route.pattern),
            Access::Open => assert_eq!(route.pattern, "/openapi.json"),
        }
    }
}

#[test]
fn unknown_paths_and_methods_are_told_apart() {
    let code = |method: Method, path: &str| {
        let error = find(&method, path).map(|_| ()).unwrap_err();
        let shown = error.shown(Domain::Identity);
        (shown.status.as_u16(), shown.code)
    };
    assert_eq!(code(Method::GET, "/nothing"), (404, 7003));
    assert_eq!(code(Method::GET, ""), (404, 7003));
    assert_eq!(code(Method::GET, "//user"), (404, 7003));
    assert_eq!(code(Method::PATCH, "/user"), (405, 7001));
}
