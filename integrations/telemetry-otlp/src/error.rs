//! Why a sink cannot be made.

use std::path::PathBuf;

use telemetry_core::settings::SettingsErrors;

/// Why a sink cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Settings are wrong; all of them are named.
    #[error(transparent)]
    Settings(#[from] SettingsErrors),
    /// The endpoint does not suit the protocol.
    #[error(
        "the endpoint {endpoint:?} from {from} does not suit the protocol {protocol}, expected {accepted}"
    )]
    Endpoint {
        /// The endpoint as it was given.
        endpoint: String,
        /// Where it came from.
        from: String,
        /// The protocol.
        protocol: &'static str,
        /// What would have been accepted.
        accepted: &'static str,
    },
    /// A header has a name or a value that HTTP does not allow. The value is not shown, as it may be secret.
    #[error("the header {name:?} is not accepted, expected a name and a value as HTTP headers may have them")]
    Header {
        /// The name.
        name: String,
    },
    /// Something was chosen that this build of the crate cannot do.
    #[error("{wanted} needs the feature `{feature}` of telemetry-otlp, which this program was built without")]
    Feature {
        /// What was chosen.
        wanted: String,
        /// The feature.
        feature: &'static str,
    },
    /// A client's key without its certificates, or these without the key.
    #[error("{given} stands without {missing}: both are needed, or neither")]
    HalfIdentity {
        /// What is set, and where.
        given: String,
        /// The setting that is missing.
        missing: String,
    },
    /// A file cannot be read.
    #[error("{setting}: {} cannot be read: {source}", path.display())]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{setting}: {} does not hold {expected} in PEM form", path.display())]
    Pem {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What was looked for.
        expected: &'static str,
    },
    /// The transport could not be set up.
    #[error("the transport to {address} cannot be set up: {reason}")]
    Transport {
        /// Where requests were to go.
        address: String,
        /// What the transport says.
        reason: String,
    },
}
