//! What is compared: a library's attribute on every function, or none.

/// One way to trace a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// The dependency, as it stands in `Cargo.toml`; `{root}` is the repository.
    dependency: &'static str,
    /// The attribute of a function; of one that has an attribute on its span and returns a `Result`.
    plain: &'static str,
    full: &'static str,
}

/// All of them; what the others are compared with comes first, and ours second.
pub(crate) const CONTESTANTS: [Contestant; 4] = [
    Contestant { name: "untraced", dependency: "", plain: "", full: "" },
    Contestant {
        name: "ours",
        dependency: "telemetry-core = { path = \"{root}/telemetry-core\" }",
        plain: "#[telemetry_core::span]",
        full: "#[telemetry_core::span(attrs(id))]",
    },
    Contestant {
        name: "tracing",
        dependency: "tracing = \"0.1.44\"",
        plain: "#[tracing::instrument(skip_all)]",
        full: "#[tracing::instrument(skip_all, fields(id = id), err)]",
    },
    Contestant {
        name: "fastrace",
        dependency: "fastrace = { version = \"0.7.19\", features = [\"enable\"] }",
        plain: "#[fastrace::trace]",
        full: "#[fastrace::trace(properties = { \"id\": \"{id}\" })]",
    },
];

impl Contestant {
    pub(crate) fn dependency(&self, root: &str) -> String {
        self.dependency.replace("{root}", root)
    }

    pub(crate) fn attribute(&self, is_full: bool) -> &'static str {
        if is_full { self.full } else { self.plain }
    }
}
