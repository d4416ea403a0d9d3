//! The address of the database: read without ever being shown.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::audit::store::open::Secret;

/// How long to wait for a connection unless the address says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the database is and how to get in.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    /// Certificates that vouch for the server, besides those of the system.
    roots: Vec<CertificateDer<'static>>,
    /// `postgres://user@host:port/database`.
    pub(super) name: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Address {
    /// Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?…]` with the options of libpq that the client knows, and
    /// `sslrootcert`. Whoever answers with TLS is always checked, which is more than libpq does for `sslmode=require`.
    ///
    /// `Err` names the fault, never the text: a password that is not percent-encoded can be anywhere in it.
    pub(super) fn read(text: &str, directory: &Path, password: Option<&Secret>) -> Result<Self, String> {
        let (plain, options) = text.split_once('?').unwrap_or((text, ""));
        let (mut kept, mut roots) = (Vec::new(), Vec::new());
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslrootcert", "system")) => {}
                Some(("sslrootcert", path)) => roots.extend(certificates(&directory.join(path))?),
                Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
                _ => kept.push(option),
            }
        }
        let text = if kept.is_empty() { plain.to_owned() } else { format!("{plain}?{}", kept.join("&")) };
        let mut config = Config::from_str(&text).map_err(|_| "it is not an address of PostgreSQL".to_owned())?;
        if let Some(Secret(password)) = password.filter(|_| config.get_password().is_none()) {
            config.password(password);
        }
        config.application_name("changegate");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let name = name(&config);
        Ok(Self { config, roots, name })
    }

    /// Connects: with TLS unless there is only a socket of this machine, or the address says `sslmode=disable`.
    pub(super) fn connect(&self) -> Result<Client, ConnectFault> {
        let sockets = self.config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        if sockets || self.config.get_ssl_mode() == SslMode::Disable {
            return self.config.connect(NoTls).map_err(ConnectFault::Refused);
        }
        let tls = MakeRustlsConnect::new(self.tls().map_err(ConnectFault::Tls)?);
        self.config.connect(tls).map_err(ConnectFault::Refused)
    }

    fn tls(&self) -> Result<ClientConfig, String> {
        let mut store = RootCertStore::empty();
        let trusted =
            if self.roots.is_empty() { rustls_native_certs::load_native_certs().certs } else { self.roots.clone() };
        store.add_parsable_certificates(trusted);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Ok(builder.map_err(|e| e.to_string())?.with_root_certificates(store).with_no_client_auth())
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum ConnectFault {
    Refused(postgres::Error),
    Tls(String),
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = || format!("the certificates in `{}` cannot be read", path.display());
    let found = CertificateDer::pem_file_iter(path).map_err(|_| unreadable())?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(|_| unreadable())?;
    if found.is_empty() { Err(unreadable()) } else { Ok(found) }
}

fn name(config: &Config) -> String {
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let ports = config.get_ports();
    let host = |(n, host): (usize, &Host)| {
        let port = ports.get(n).or(ports.first()).filter(|port| **port != 5432);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        match host {
            Host::Tcp(name) => format!("{name}{port}"),
            #[cfg(unix)]
            Host::Unix(path) => format!("{}{port}", path.display()),
        }
    };
    let hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    format!("postgres://{user}{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Address, String> {
        Address::read(text, Path::new("."), Some(&Secret("hunter2".into())))
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://gate:s3cret@db.example:6543/audit?sslmode=verify-full",
            "postgres://gate:s3cret@db.example/audit?password=s3cret",
            "postgres://gate@db.example/audit",
            "postgresql://gate:s3cret@%2Fvar%2Frun/audit",
            "postgres://gate:s3?cret@db/audit",
        ] {
            let address = read(text).expect("an address");
            let shown = format!("{address:?} {}", address.name);
            assert!(!shown.contains("cret") && !shown.contains("hunter2") && shown.contains("gate@"), "{shown}");
        }
        for text in ["postgres://gate:s3cret@db:port/audit", "postgres://a:s3cret@b?x=1"] {
            let fault = read(text).map(|_| ()).expect_err("not an address");
            assert!(!fault.contains("cret"), "{fault}");
        }
    }

    #[test]
    fn certificates_that_are_not_there_are_named() {
        let fault = read("postgres://db/audit?sslrootcert=nowhere.pem").expect_err("not there");
        assert!(fault.contains("nowhere.pem"));
    }
}
