//! TLS as libpq means its `sslmode`s, with rustls and the ring provider (PostgreSQL manual, "SSL Support").
//!
//! Invariant: where verification is asked for, nothing connects without it; there is no way to switch it off later.
//! A difference to libpq, which the remedies name: revocation lists and encrypted private keys are not read.

use super::conninfo::{ConnInfo, Host, Roots, SslMode};
use super::tls_verify::{Check, ServerCheck};
use crate::counts::plural;
use crate::error::{Error, ErrorKind, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The TLS side of every connection to `info`. Reads the certificate files once; a file that cannot be read or is
/// not PEM is an error of kind `Usage`.
pub fn connector(info: &ConnInfo) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    // Unix sockets never use TLS, so their certificates need not be there.
    let sockets_only = info.endpoints.iter().all(|endpoint| matches!(endpoint.host, Host::Unix(_)));
    let mode = if sockets_only { SslMode::Disable } else { info.ssl_mode };
    let (roots, check) = match mode {
        SslMode::VerifyCa => (load_roots(&info.roots)?, Check::Chain),
        SslMode::VerifyFull => (load_roots(&info.roots)?, Check::ChainAndName),
        _ => (Vec::new(), Check::Nothing),
    };
    let check = Arc::new(ServerCheck::new(check, store(&roots)?, roots, algorithms));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("TLS cannot be set up").cause(error))?
        .dangerous()
        .with_custom_certificate_verifier(check);
    let mut config = match &info.client_cert {
        Some((cert, key)) if mode != SslMode::Disable => builder
            .with_client_auth_cert(certificates(cert, "sslcert")?, private_key(key)?)
            .map_err(|error| Error::usage("sslcert and sslkey do not work together").cause(error))?,
        _ => builder.with_no_client_auth(),
    };
    if info.direct_tls {
        // A server that takes TLS from the first byte insists on this name (PostgreSQL 17, "Protocol Flow").
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

fn load_roots(roots: &Roots) -> Result<Vec<CertificateDer<'static>>> {
    match roots {
        Roots::File(path) | Roots::Default(Some(path)) => certificates(path, "sslrootcert"),
        Roots::System | Roots::Default(None) => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                return Err(Error::usage("this system has no trusted root certificates").remedy(
                    "install them (package ca-certificates), or name the authority with sslrootcert=FILE",
                ));
            }
            Ok(found.certs)
        }
    }
}

fn store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let (taken, _) = store.add_parsable_certificates(roots.iter().cloned());
    if taken == 0 && !roots.is_empty() {
        return Err(Error::usage("none of the root certificates can be used"));
    }
    Ok(store)
}

fn certificates(path: &Path, parameter: &str) -> Result<Vec<CertificateDer<'static>>> {
    let broken = |what: &str| Error::usage(format!("{parameter} {}: {what}", path.display()));
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|error| broken("cannot be read as PEM").cause(error.to_string()))?;
    if certificates.is_empty() {
        return Err(broken("contains no certificate"));
    }
    Ok(certificates)
}

/// The key; refused as libpq does where others can read it (0600, or 0640 where root owns it).
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let broken = |what: &str| Error::usage(format!("sslkey {}: {what}", path.display()));
    let meta = std::fs::metadata(path).map_err(|error| broken("cannot be read").cause(error))?;
    let forbidden = if meta.uid() == 0 { 0o037 } else { 0o077 };
    if meta.permissions().mode() & forbidden != 0 {
        return Err(
            broken("others may read this private key").remedy(format!("chmod 600 {}", path.display()))
        );
    }
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        broken("contains no private key that can be read")
            .cause(error.to_string())
            .remedy("it must be PEM and not encrypted (openssl pkey -in KEY -out PLAIN)")
    })
}

/// The rustls error below a driver error, where there is one.
pub(super) fn find_fault<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(at) = next {
        if let Some(found) = at.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let inner = at.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| at.source());
    }
    None
}

/// What exactly is wrong, and the way out. Certificate faults are refusals: the same command would fail again.
pub(super) fn explain(fault: &rustls::Error, doing: &str) -> Error {
    let (what, remedy) = match fault {
        rustls::Error::InvalidCertificate(certificate) => certificate_fault(certificate),
        rustls::Error::AlertReceived(alert) => alert_fault(*alert),
        other => {
            return Error::new(ErrorKind::Target, format!("{doing}: the TLS handshake failed"))
                .cause(other.clone())
                .remedy("check that the port is PostgreSQL's own and which TLS versions the server allows");
        }
    };
    Error::new(ErrorKind::Refused, format!("{doing}: {what}")).remedy(remedy)
}

fn certificate_fault(fault: &CertificateError) -> (String, &'static str) {
    use CertificateError as C;
    match fault {
        C::UnknownIssuer => (
            "the server's certificate is not signed by an authority we trust (unknown CA)".to_string(),
            "name the authority's certificate with sslrootcert=FILE; ask the server's operator for it",
        ),
        C::ExpiredContext { time, not_after } => (
            format!("the server's certificate expired {} ago", days(*not_after, *time)),
            "renew the server's certificate (and check this machine's clock)",
        ),
        C::Expired => ("the server's certificate has expired".to_string(), "renew the server's certificate"),
        C::NotValidYetContext { time, not_before } => (
            format!("the server's certificate becomes valid only in {}", days(*time, *not_before)),
            "check the clocks of this machine and of the one that made the certificate",
        ),
        C::NotValidForNameContext { expected, presented } => (
            format!("the server's certificate is for {}, not for {}", names(presented), name(expected)),
            "connect by a name that is in the certificate (hostaddr= may give the address), or use sslmode=verify-ca",
        ),
        C::BadSignature => (
            "the server's certificate has a wrong signature (a different authority of the same name?)"
                .to_string(),
            "name the authority that really signed it with sslrootcert=FILE",
        ),
        other => (
            format!("the server's certificate cannot be used ({other:?})"),
            "look at it: openssl s_client -starttls postgres -connect HOST:PORT",
        ),
    }
}

fn alert_fault(alert: AlertDescription) -> (String, &'static str) {
    let remedy = match alert {
        AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure => {
            "the server allows no TLS version or cipher that we have (TLS 1.2 and 1.3)"
        }
        _ => "check the client's certificate: sslcert, sslkey, and the server's ssl_ca_file",
    };
    (format!("the server ended the TLS handshake ({alert:?})"), remedy)
}

fn days(from: UnixTime, to: UnixTime) -> String {
    let seconds = to.as_secs().saturating_sub(from.as_secs());
    match seconds / 86_400 {
        0 => plural(seconds / 3600, "hour"),
        days => plural(days, "day"),
    }
}

fn name(expected: &ServerName<'_>) -> String {
    format!("\"{}\"", expected.to_str())
}

/// rustls shows a presented name as `DnsName("a")`; people read `"a"`.
fn names(presented: &[String]) -> String {
    let plain = |shown: &String| shown.trim_start_matches("DnsName(").trim_end_matches(')').to_string();
    match presented {
        [] => "no name at all".to_string(),
        names => names.iter().map(plain).collect::<Vec<_>>().join(", "),
    }
}
