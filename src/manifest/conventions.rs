//! Every name, label and annotation that we generate: what the queries, the manifests and the reports must agree on.
//!
//! Enters: names that the author chose. Leaves: names of objects, hosts, subsets and routes, and our labels.
//! It deliberately knows no model, so that resolution, which writes queries over these names, can use it as the backend does.

/// The label that says who keeps an object, and the value that is us.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "rollcast");

/// The VirtualService's route whose weights are Argo's. It is always listed, as Argo guesses only among a single route.
pub const ROUTE: &str = "primary";
/// The VirtualService's route for what `ROUTE` does not match.
pub const OTHER_ROUTE: &str = "rest";
/// The DestinationRule's subset of the new version.
pub const CANARY_SUBSET: &str = "canary";
/// The DestinationRule's subset of the old version.
pub const STABLE_SUBSET: &str = "stable";

/// Where the names of Services end.
const CLUSTER_DOMAIN: &str = "svc.cluster.local";

/// The Service that leads to the new version's pods.
pub fn canary_service(rollout: &str) -> String {
    format!("{rollout}-canary")
}

/// The Service that leads to the old version's pods.
pub fn stable_service(rollout: &str) -> String {
    format!("{rollout}-stable")
}

/// A Service's name that needs no search path, so that it means the same to every client and gateway.
pub fn service_host(service: &str, namespace: &str) -> String {
    format!("{service}.{namespace}.{CLUSTER_DOMAIN}")
}

/// The Service that a host names, if it names one in this namespace: `checkout`, `checkout.shop`, `checkout.shop.svc` or
/// `checkout.shop.svc.cluster.local`. `None` for names of other namespaces and of the world outside.
pub fn service_of_host<'a>(host: &'a str, namespace: &str) -> Option<&'a str> {
    let (service, rest) = host.split_once('.').unwrap_or((host, ""));
    let ours = rest.is_empty()
        || rest.strip_prefix(namespace).is_some_and(|rest| {
            rest.is_empty()
                || rest == ".svc"
                || rest.strip_prefix('.').is_some_and(|rest| rest == CLUSTER_DOMAIN)
        });
    (ours && !service.is_empty() && service != "*").then_some(service)
}

/// The Service that clients call, or of which the subsets are, and after which VirtualService and DestinationRule are named.
///
/// For a host from outside it is named after the rollout: such a host has dots, and Argo reads what follows a dot in a
/// VirtualService's name as its namespace. Source: Argo Rollouts v1.9.1, utils/istio/istio.go, GetVirtualServiceNamespaceName.
pub fn root_service<'a>(rollout: &'a str, host: &'a str, namespace: &str) -> &'a str {
    service_of_host(host, namespace).unwrap_or(rollout)
}

/// The file of one object in a directory of manifests.
pub fn file_name(kind: &str, name: &str) -> String {
    format!("{}-{name}.yaml", kind.to_ascii_lowercase())
}

/// The file of the second and further objects of one kind and name, in other namespaces.
pub fn file_name_in(kind: &str, name: &str, namespace: &str) -> String {
    format!("{}-{name}.{namespace}.yaml", kind.to_ascii_lowercase())
}

/// The file that lists the others.
pub const KUSTOMIZATION_FILE: &str = "kustomization.yaml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_services_of_their_own_namespace_only() {
        for host in ["checkout", "checkout.shop", "checkout.shop.svc", "checkout.shop.svc.cluster.local"] {
            assert_eq!(service_of_host(host, "shop"), Some("checkout"), "{host}");
        }
        for host in [
            "checkout.bank",
            "checkout.shop.example",
            "checkout.shopping",
            "checkout.acme.io",
            "*",
            "*.shop",
            "",
        ] {
            assert_eq!(service_of_host(host, "shop"), None, "{host}");
        }
        assert_eq!(root_service("shop-front", "www.acme.io", "shop"), "shop-front");
    }
}
