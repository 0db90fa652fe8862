//! What came out, for people and for machines.

pub(crate) mod json;
pub(crate) mod table;

/// Versions of all that was compared, as the lock file names them.
pub(crate) fn versions() -> Vec<(&'static str, &'static str)> {
    const COMPARED: [&str; 16] = [
        "axum-prometheus",
        "fastmetrics",
        "fastrace",
        "fastrace-axum",
        "measured",
        "metrics",
        "metrics-exporter-prometheus",
        "metriken",
        "opentelemetry-instrumentation-tower",
        "opentelemetry_sdk",
        "prometheus",
        "prometheus-client",
        "telemetry-core",
        "tower-http",
        "tracing",
        "tracing-opentelemetry",
    ];
    let lock = include_str!("../../Cargo.lock");
    let packages = lock.split("[[package]]").filter_map(|package| {
        let field = |key| {
            let lines = package.lines();
            lines.filter_map(|line| line.strip_prefix(key)).find_map(|rest| rest.strip_prefix(" = "))
        };
        Some((field("name")?.trim_matches('"'), field("version")?.trim_matches('"')))
    });
    packages.filter(|(name, _)| COMPARED.contains(name)).collect()
}

/// Where it was measured, and how.
pub(crate) struct Machine {
    /// The processor's model, where the operating system tells.
    pub(crate) processor: String,
    /// Processors this process may use.
    pub(crate) processors: usize,
    /// Whether the two measuring threads are kept on a processor each.
    pub(crate) pinned: bool,
}

impl Machine {
    /// Looks, which is to be done before a thread is pinned.
    pub(crate) fn look(pinned: bool) -> Self {
        let described = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = described.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            processor: model.map_or("unknown processor", |(_, model)| model.trim()).to_owned(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            pinned,
        }
    }
}
