//! A PostgreSQL server of the tests' own: the binaries of the machine, a scratch directory, a socket and no network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};
use tempfile::TempDir;

/// Set to `required` where the tests must not be skipped.
const VARIABLE: &str = "CHANGEGATE_TEST_POSTGRES";
/// initdb refuses to run as root: then the server belongs to nobody.
const NOBODY: u32 = 65534;

/// A running server; stopped and removed with its last user.
pub(crate) struct Server {
    process: Child,
    directory: TempDir,
}

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// The server, or `None` (and a word about it) where there are no binaries.
pub(crate) fn server() -> Option<Arc<Server>> {
    let Some(bin) = binaries() else {
        assert!(!required(), "{VARIABLE} is `required`, and there is no PostgreSQL below /usr/lib/postgresql");
        println!("skipped: PostgreSQL's server is not installed (Debian: apt-get install postgresql)");
        return None;
    };
    let mut running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Some(running.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start(&bin));
        *running = Arc::downgrade(&server);
        server
    }))
}

fn required() -> bool {
    std::env::var(VARIABLE).is_ok_and(|value| value == "required")
}

/// The newest version on the machine.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max_by_key(|path| number(path))?;
    Some(newest.join("bin")).filter(|bin| bin.join("initdb").is_file())
}

impl Server {
    fn start(bin: &Path) -> Self {
        let directory = tempfile::Builder::new().prefix("cg-pg-").tempdir().expect("a directory");
        if is_root() {
            std::os::unix::fs::chown(directory.path(), Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        let data = directory.path().join("data");
        let init = as_user(&bin.join("initdb"), directory.path())
            .args(["--username=owner", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .expect("initdb");
        assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
        // One role has to say its password, to see that nobody repeats it.
        let rules = "local all locked scram-sha-256\nlocal all all trust\n";
        fs::write(data.join("pg_hba.conf"), rules).expect("written");
        let process = as_user(&bin.join("postgres"), directory.path())
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "max_connections=60", "-c"])
            .arg(format!("unix_socket_directories={}", directory.path().display()))
            .spawn()
            .expect("postgres");
        let server = Self { process, directory };
        let start = Instant::now();
        while let Err(e) = server.try_client("postgres") {
            assert!(start.elapsed() < Duration::from_secs(30), "the server does not come up: {e}");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// The address of a database, as `user`.
    pub(crate) fn address(&self, user: &str, database: &str) -> String {
        let socket = self.directory.path().display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{socket}/{database}")
    }

    /// A new, empty database.
    pub(crate) fn database(&self) -> String {
        let name = format!("audit_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.client("postgres").batch_execute(&format!("create database {name}")).expect("created");
        name
    }

    /// A connection as the superuser.
    pub(crate) fn client(&self, database: &str) -> Client {
        self.try_client(database).expect("a connection")
    }

    fn try_client(&self, database: &str) -> Result<Client, postgres::Error> {
        Client::connect(&self.address("owner", database), NoTls)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT ends it at once, and its children with it.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn as_user(program: &Path, directory: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(directory).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
