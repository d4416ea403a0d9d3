//! What the database can say, and what to do then. Its words never hold the address.

use postgres::error::SqlState;

use super::address::ConnectFault;
use crate::finding::Diagnostic;

/// Why the database did not do what was asked.
#[derive(Debug)]
pub(super) enum Fault {
    Connect(ConnectFault),
    Sql(postgres::Error),
    /// It does not promise to keep what it confirms.
    NotDurable(&'static str),
    /// There is no log.
    NoLog,
    /// There is one, of another layout.
    OtherLayout(String),
    Tampered(String),
    /// A list that a record names by this digest is not there.
    Gone(String),
    TooLong(usize),
}

impl From<postgres::Error> for Fault {
    fn from(e: postgres::Error) -> Self {
        Self::Sql(e)
    }
}

impl From<ConnectFault> for Fault {
    fn from(fault: ConnectFault) -> Self {
        Self::Connect(fault)
    }
}

impl Fault {
    /// Whether the connection is gone, so that nobody knows whether the last statement took effect.
    pub(super) fn is_lost_connection(&self) -> bool {
        let gone = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
        match self {
            Self::Sql(e) => e.is_closed() || e.code().is_none_or(|code| gone.contains(code)),
            _ => false,
        }
    }

    pub(super) fn diagnostic(&self, name: &str) -> Diagnostic {
        let unwritable = |message: String| Diagnostic::error("audit::unwritable", message);
        let diagnostic = match self {
            Self::Connect(ConnectFault::Refused(e)) => {
                unwritable(format!("the database of the audit log cannot be reached: {}", words(e))).help(connect_help(e))
            }
            Self::Connect(ConnectFault::Tls(e)) => unwritable(format!("TLS cannot be set up: {e}"))
                .help("see that the system's certificates are installed, or name some with `sslrootcert=FILE`"),
            Self::Sql(e) if e.code() == Some(&SqlState::DATA_CORRUPTED) => {
                return Self::Tampered(words(e)).diagnostic(name);
            }
            Self::Sql(e) if e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => unwritable(words(e)).help(
                "the owner of the log gives the right with `changegate audit init --writer ROLE --audit postgres://…`",
            ),
            Self::Sql(e) if e.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => {
                unwritable("the database only reads".into()).help("name the primary server, not a replica")
            }
            Self::Sql(e) => unwritable(format!("the database did not keep the audit record: {}", words(e)))
                .help("see the server's log; `--audit-level spooled` keeps the record here until `changegate audit push`"),
            Self::NotDurable(setting) => {
                let message = format!("the database runs with `{setting}`: it confirms what it may lose");
                Diagnostic::error("audit::not_durable", message)
                    .help("set it to `on` for this role: ALTER ROLE … SET synchronous_commit = on; fsync in postgresql.conf")
            }
            Self::NoLog => unwritable("the database has no audit log".into())
                .help("its owner creates it with `changegate audit init --audit postgres://…`"),
            Self::OtherLayout(what) => unwritable(format!("the database has an audit log of another kind: {what}"))
                .help("use the version of changegate that created it, or another database"),
            Self::Tampered(what) => Diagnostic::error("audit::tampered", format!("the audit log was changed: {what}"))
                .help("keep a dump of the database as evidence, run `changegate audit verify`, and begin a new log elsewhere"),
            Self::Gone(sha256) => Diagnostic::error(
                "audit::unreadable",
                format!("the part {sha256} of a record is gone or cannot be read"),
            )
            .help("run `changegate audit verify`"),
            Self::TooLong(n) => Diagnostic::error("audit::too_large", format!("the audit record takes {n} bytes"))
                .help("this is a fault of the program: please report it"),
        };
        diagnostic.in_file(name.to_owned())
    }

    /// The same fault, seen while reading.
    pub(super) fn reading(&self, name: &str) -> Diagnostic {
        let diagnostic = self.diagnostic(name);
        let code = if diagnostic.code == "audit::unwritable" { "audit::unreadable" } else { diagnostic.code };
        Diagnostic { code, ..diagnostic }
    }
}

/// The database's own message, or what broke underneath.
fn words(e: &postgres::Error) -> String {
    if let Some(db) = e.as_db_error() {
        return db.message().to_owned();
    }
    let source = std::error::Error::source(e).map(ToString::to_string);
    source.unwrap_or_else(|| e.to_string())
}

fn connect_help(e: &postgres::Error) -> &'static str {
    match e.code() {
        Some(code) if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) => {
            "check user and password: they may be in PGPASSWORD, or percent-encoded in the address"
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => "create the database, or name another",
        _ => {
            "check host, port and network; for a server with a certificate of its own add `sslrootcert=FILE`; \
             `--audit-level spooled` keeps the record here until `changegate audit push`"
        }
    }
}
