//! The files TLS is configured by, for each transport.

use std::path::Path;

use crate::error::ConfigError;
use crate::options::TlsFiles;

/// A file, and the setting that names it.
#[derive(Clone, Copy)]
struct Named<'a> {
    setting: &'static str,
    path: &'a Path,
}

const ROOTS: &str = "OTLP_CERTIFICATE";
const CHAIN: &str = "OTLP_CLIENT_CERTIFICATE";
const KEY: &str = "OTLP_CLIENT_KEY";

impl Named<'_> {
    fn read(self) -> Result<Vec<u8>, ConfigError> {
        let Self { setting, path } = self;
        std::fs::read(path).map_err(|source| ConfigError::File { setting, path: path.to_owned(), source })
    }

    fn not_pem(self, expected: &'static str) -> ConfigError {
        ConfigError::Pem { setting: self.setting, path: self.path.to_owned(), expected }
    }
}

#[cfg(feature = "http")]
pub(super) fn ureq(files: &TlsFiles) -> Result<ureq::tls::TlsConfig, ConfigError> {
    use ureq::tls::{ClientCert, PrivateKey, RootCerts, TlsConfig};

    let mut config = TlsConfig::builder();
    if let Some(path) = &files.roots {
        config = config.root_certs(RootCerts::new_with_certs(&certificates(Named { setting: ROOTS, path })?));
    }
    if let Some((key, chain)) = identity(files) {
        let private = PrivateKey::from_pem(&key.read()?).map_err(|_| key.not_pem("a private key"))?;
        config = config.client_cert(Some(ClientCert::new_with_certs(&certificates(chain)?, private)));
    }
    Ok(config.build())
}

#[cfg(feature = "http")]
fn certificates(file: Named<'_>) -> Result<Vec<ureq::tls::Certificate<'static>>, ConfigError> {
    use ureq::tls::{PemItem, parse_pem};

    let bytes = file.read()?;
    let items: Result<Vec<_>, _> = parse_pem(&bytes).collect();
    let certificates: Vec<_> = items
        .map_err(|_| file.not_pem("certificates"))?
        .into_iter()
        .filter_map(
            |item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None },
        )
        .collect();
    if certificates.is_empty() { Err(file.not_pem("a certificate")) } else { Ok(certificates) }
}

#[cfg(feature = "grpc")]
pub(super) fn tonic(files: &TlsFiles) -> Result<tonic::transport::ClientTlsConfig, ConfigError> {
    use tonic::transport::{Certificate, ClientTlsConfig, Identity};

    let mut config = match &files.roots {
        Some(path) => ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(pem(Named { setting: ROOTS, path }, "CERTIFICATE")?)),
        None => ClientTlsConfig::new().with_webpki_roots(),
    };
    if let Some((key, chain)) = identity(files) {
        config = config.identity(Identity::from_pem(pem(chain, "CERTIFICATE")?, pem(key, "PRIVATE KEY")?));
    }
    Ok(config)
}

/// The bytes of a file that has a section of this kind; tonic reads it no earlier than at the first connection.
#[cfg(feature = "grpc")]
fn pem(file: Named<'_>, kind: &'static str) -> Result<Vec<u8>, ConfigError> {
    let bytes = file.read()?;
    let text = String::from_utf8_lossy(&bytes);
    let has =
        text.lines().any(|line| line.starts_with("-----BEGIN") && line.trim_end_matches('-').ends_with(kind));
    let expected = if kind == "CERTIFICATE" { "a certificate" } else { "a private key" };
    if has { Ok(bytes) } else { Err(file.not_pem(expected)) }
}

/// The key and the certificates of the client, where it has them.
fn identity(files: &TlsFiles) -> Option<(Named<'_>, Named<'_>)> {
    let key = Named { setting: KEY, path: files.client_key.as_deref()? };
    Some((key, Named { setting: CHAIN, path: files.client_certificate.as_deref()? }))
}
