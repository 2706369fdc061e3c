//! Whether the server is who it should be: nothing, its chain, or chain and name.
//!
//! Two things that PostgreSQL's own manual tells people to do are not in the web's rules and are taken here as libpq
//! takes them: a self-signed server certificate that is itself the root file, and a name that stands in the
//! subject's common name because there is no alternative name ("Creating Certificates").

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::db::{rfc4519::COMMON_NAME, rfc5280::ID_CE_SUBJECT_ALT_NAME};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Nothing,
    Chain,
    ChainAndName,
}

/// rustls' question answered. The handshake's signature is checked in every mode.
#[derive(Debug)]
pub(super) struct ServerCheck {
    check: Check,
    roots: RootCertStore,
    /// the same roots as certificates: a server may show one of them itself
    certificates: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCheck {
    pub(super) fn new(
        check: Check,
        roots: RootCertStore,
        certificates: Vec<CertificateDer<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> ServerCheck {
        ServerCheck { check, roots, certificates, algorithms }
    }

    fn verify_chain(
        &self,
        parsed: &ParsedCertificate<'_>,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.certificates.iter().any(|root| root.as_ref() == shown.as_ref()) {
            return verify_dates(shown, now);
        }
        verify_server_cert_signed_by_trust_anchor(
            parsed,
            &self.roots,
            intermediates,
            now,
            self.algorithms.all,
        )
    }
}

impl ServerCertVerifier for ServerCheck {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.check != Check::Nothing {
            let parsed = ParsedCertificate::try_from(shown)?;
            self.verify_chain(&parsed, shown, intermediates, now)?;
            if self.check == Check::ChainAndName {
                verify_server_name(&parsed, name).or_else(|error| verify_common_name(shown, name, error))?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn decode(shown: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(shown).map_err(|_| CertificateError::BadEncoding.into())
}

/// The dates of a certificate that we trust by itself.
fn verify_dates(shown: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let validity = decode(shown)?.tbs_certificate.validity;
    let unix = |time: Duration| UnixTime::since_unix_epoch(time);
    let (not_before, not_after) =
        (unix(validity.not_before.to_unix_duration()), unix(validity.not_after.to_unix_duration()));
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    Ok(())
}

/// libpq's rule: the common name counts where the certificate has no alternative name at all.
fn verify_common_name(shown: &CertificateDer<'_>, name: &ServerName<'_>, error: Error) -> Result<(), Error> {
    let certificate = decode(shown)?.tbs_certificate;
    let extensions = certificate.extensions.unwrap_or_default();
    if extensions.iter().any(|extension| extension.extn_id == ID_CE_SUBJECT_ALT_NAME) {
        return Err(error);
    }
    let attributes = certificate.subject.0.iter().flat_map(|set| set.0.iter());
    let common: Vec<String> = attributes
        .filter(|attribute| attribute.oid == COMMON_NAME)
        .filter_map(|attribute| {
            let utf8 = Utf8StringRef::try_from(&attribute.value).map(|text| text.as_str().to_string());
            utf8.or_else(|_| {
                PrintableStringRef::try_from(&attribute.value).map(|text| text.as_str().to_string())
            })
            .ok()
        })
        .collect();
    if common.iter().any(|common| common_name_fits(common, &name.to_str())) {
        return Ok(());
    }
    let presented = common.iter().map(|common| format!("{common:?}")).collect();
    Err(CertificateError::NotValidForNameContext { expected: name.to_owned(), presented }.into())
}

/// Without regard to case; a leading `*.` stands for exactly one label.
fn common_name_fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*.") {
        None => pattern.eq_ignore_ascii_case(name),
        Some(parent) => name
            .split_once('.')
            .is_some_and(|(first, rest)| !first.is_empty() && rest.eq_ignore_ascii_case(parent)),
    }
}

#[cfg(test)]
mod tests {
    use super::common_name_fits;

    #[test]
    fn common_names() {
        let cases = [
            ("db.example", "DB.example", true),
            ("db.example", "db.example.org", false),
            ("*.example.org", "db.example.org", true),
            ("*.example.org", "a.db.example.org", false),
            ("*.example.org", "example.org", false),
            ("*.example.org", ".example.org", false),
            ("*", "db", false),
            ("10.0.0.1", "10.0.0.1", true),
        ];
        for (pattern, name, fits) in cases {
            assert_eq!(common_name_fits(pattern, name), fits, "{pattern} {name}");
        }
    }
}
