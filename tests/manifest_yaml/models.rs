//! Rollouts of the model, built by hand: what resolution makes of programs, in the corners that matter to manifests.

use rollcast::model::Fact;
use rollcast::model::analysis::{Analysis, AnalysisTemplate, Arg, ArgValue, Metric};
use rollcast::model::rollout::{
    Background, Canary, Istio, Pods, Port, PortTarget, Rollout, Split, Step, StepKind,
};
use rollcast::source::{FileId, Span};
use rollcast::unit::{Millis, Seconds, Weight};

pub(crate) fn all() -> [(&'static str, Rollout); 3] {
    [("hosts", by_hosts()), ("subsets", by_subsets()), ("outside", from_outside())]
}

/// The program of the README: host-level in the mesh, pods from a Deployment.
pub(crate) fn by_hosts() -> Rollout {
    let error_rate = "(sum(rate(istio_requests_total{reporter=\"source\",destination_service_namespace=\"demo\",destination_service_name=\"canary-demo-canary\",response_code=~\"5..\"}[1m])) or vector(0)) / sum(rate(istio_requests_total{reporter=\"source\",destination_service_namespace=\"demo\",destination_service_name=\"canary-demo-canary\"}[1m]))";
    Rollout {
        name: "canary-demo".into(),
        span: span(),
        namespace: fact("demo".into()),
        labels: vec![],
        replicas: fact(10),
        pods: Pods::Template {
            template: serde_json::json!({
                "metadata": {"labels": {"app": "canary-demo"}},
                "spec": {"containers": [{
                    "name": "app",
                    "image": "registry.example/canary-demo:1.8.0",
                    "args": ["--motto", "on: yes # no", "line\nline\n"],
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "env": [{"name": "LIMIT", "value": "1_000"}],
                }]},
            }),
            selector: vec![pair("app", "canary-demo")],
            port: port(),
        },
        route: Istio {
            host: fact("canary-demo".into()),
            gateways: vec![],
            path_prefix: None,
            timeout: None,
            retries: None,
            split: Split::Hosts,
        },
        canary: Canary {
            steps: vec![
                step(StepKind::SetWeight(percent(10))),
                step(StepKind::Pause(Some(Seconds(120)))),
                step(StepKind::Analysis(Analysis { templates: vec![0], args: vec![] })),
                step(StepKind::SetWeight(percent(50))),
                step(StepKind::Pause(None)),
            ],
            background: Some(Background {
                starting_step: 1,
                analysis: Analysis { templates: vec![1], args: vec![] },
            }),
        },
        templates: vec![
            template(
                "canary-demo-step-3",
                vec![],
                vec![metric("success-rate", "1 - ".to_owned() + error_rate, Some(5))],
            ),
            template("canary-demo-background", vec![], vec![metric("error-rate", error_rate.into(), None)]),
        ],
        slos: vec![],
        prometheus: fact("http://prometheus.monitoring.svc:9090".into()),
    }
}

/// Subset-level beside a Deployment, the hash as an argument, a query of several lines, labels that tempt YAML 1.1.
pub(crate) fn by_subsets() -> Rollout {
    let query = "sum(rate(istio_requests_total{reporter=\"destination\",namespace=\"shop\",pod=~\"ledger-{{args.canary-hash}}-.*\",response_code!~\"5..|0\"}[2m]))\n/\nsum(rate(istio_requests_total{reporter=\"destination\",namespace=\"shop\",pod=~\"ledger-{{args.canary-hash}}-.*\"}[2m]))\n";
    let mut warm = metric("warm", query.into(), Some(3));
    warm.failure_limit = fact(1);
    warm.consecutive_success_limit = fact(2);
    Rollout {
        name: "ledger".into(),
        span: span(),
        namespace: fact("shop".into()),
        labels: vec![pair("team", "on"), pair("cost-centre", "0777")],
        replicas: fact(4),
        pods: Pods::Workload {
            api_version: "apps/v1",
            kind: "Deployment".into(),
            name: "ledger".into(),
            scale_down: Some("progressively"),
            selector: vec![pair("app", "ledger")],
            port: Port { name: "grpc-api".into(), number: 9000, target: PortTarget::Number(9000) },
        },
        route: Istio {
            host: fact("books.shop.svc.cluster.local".into()),
            gateways: vec![],
            path_prefix: Some("/api".into()),
            timeout: Some(Millis(1500)),
            retries: Some(2),
            split: Split::Subsets,
        },
        canary: Canary {
            steps: vec![
                step(StepKind::SetWeight(percent(20))),
                step(StepKind::Analysis(Analysis {
                    templates: vec![0],
                    args: vec![Arg { name: "canary-hash".into(), value: ArgValue::LatestHash }],
                })),
            ],
            background: None,
        },
        templates: vec![AnalysisTemplate {
            dry_run: vec!["^warm$".into()],
            ..template(
                "ledger-slo",
                vec!["canary-hash".into()],
                vec![metric("success-rate", query.into(), Some(5)), warm],
            )
        }],
        slos: vec![],
        prometheus: fact("http://prometheus.monitoring.svc:9090".into()),
    }
}

/// Host-level behind a gateway, under a name of the world outside; a template without the selector's label.
pub(crate) fn from_outside() -> Rollout {
    let inside = by_hosts();
    Rollout {
        name: "shop-front".into(),
        namespace: fact("shop".into()),
        pods: Pods::Template {
            template: serde_json::json!({"spec": {"containers": [{"name": "app", "image": "registry.example/front:1"}]}}),
            selector: vec![pair("app", "front")],
            port: Port { target: PortTarget::Number(8080), ..port() },
        },
        route: Istio {
            host: fact("www.acme.example".into()),
            gateways: vec!["shop/public".into()],
            path_prefix: Some("/api".into()),
            ..inside.route
        },
        canary: Canary { steps: vec![step(StepKind::SetWeight(percent(5)))], background: None },
        templates: vec![],
        ..inside
    }
}

fn metric(name: &str, query: String, count: Option<u32>) -> Metric {
    Metric {
        name: name.into(),
        slo: 0,
        query,
        success_condition: Some("len(result) > 0 && !isNaN(result[0]) && result[0] >= 0.95".into()),
        failure_condition: Some("len(result) > 0 && !isNaN(result[0]) && result[0] < 0.95".into()),
        interval: fact(Seconds(30)),
        initial_delay: fact(Seconds(60)),
        count: count.map(fact),
        failure_limit: fact(0),
        inconclusive_limit: fact(3),
        consecutive_error_limit: fact(4),
        consecutive_success_limit: fact(0),
    }
}

fn template(name: &str, args: Vec<String>, metrics: Vec<Metric>) -> AnalysisTemplate {
    AnalysisTemplate { name: name.into(), args, metrics, dry_run: vec![] }
}

fn port() -> Port {
    Port { name: "http".into(), number: 80, target: PortTarget::Name("http".into()) }
}

fn percent(percent: u32) -> Weight {
    Weight::new(percent).unwrap_or(Weight::FULL)
}

fn step(kind: StepKind) -> Step {
    Step { kind, span: span() }
}

fn fact<T>(value: T) -> Fact<T> {
    Fact::default(value, "of the test")
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.into(), value.into())
}

fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}
