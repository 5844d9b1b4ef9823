//! Which group of routes a path belongs to, so that a listener can serve some of them only.

use kith_config::{Listener, Service};

/// True when a listener answers this path.
pub(super) fn serves(listener: &Listener, path: &str) -> bool {
    match service_of(path) {
        None => true,
        Some(service) => listener.serves.contains(&service),
    }
}

/// The word that stands in the configuration.
pub(super) fn name(service: Service) -> &'static str {
    match service {
        Service::Client => "client",
        Service::Federation => "federation",
        Service::Admin => "admin",
        Service::Metrics => "metrics",
    }
}

/// The group of a path; none for what every listener answers. The router matches the path as it was sent, without
/// decoding what separates its parts, so nothing can reach a route past this comparison.
fn service_of(path: &str) -> Option<Service> {
    let starts_with = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    if path == "/_kith/health" {
        None
    } else if starts_with(&["/metrics"]) {
        Some(Service::Metrics)
    } else if starts_with(&["/_synapse/", "/_kith/"]) {
        Some(Service::Admin)
    } else if starts_with(&[
        "/_matrix/federation/",
        "/_matrix/key/",
        "/_matrix/policy/",
        "/.well-known/matrix/server",
    ]) {
        Some(Service::Federation)
    } else {
        Some(Service::Client)
    }
}

#[cfg(test)]
mod tests {
    use super::serves;
    use kith_config::{Listener, Service};

    #[test]
    fn a_listener_answers_its_own_services_only() {
        let paths = [
            ("/_matrix/client/v3/sync", Service::Client),
            ("/.well-known/matrix/client", Service::Client),
            ("/anything", Service::Client),
            ("/_matrix/federation/v1/version", Service::Federation),
            ("/_matrix/key/v2/server", Service::Federation),
            ("/_matrix/policy/v1/sign", Service::Federation),
            ("/.well-known/matrix/server", Service::Federation),
            ("/_synapse/admin/v1/register", Service::Admin),
            ("/metrics", Service::Metrics),
        ];
        for served in [Service::Client, Service::Federation, Service::Admin, Service::Metrics] {
            let listener = Listener { serves: vec![served], ..Listener::default() };
            for (path, service) in paths {
                assert_eq!(serves(&listener, path), service == served, "{path} on {served:?}");
            }
            assert!(serves(&listener, "/_kith/health"));
        }
    }
}
