//! Databases on the PostgreSQL server that tests may use, and a way there that can be cut. Without a
//! server the tests say so and do nothing.

use std::{
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use pagos_store_postgres::{Scratch, ScratchDatabase};
use tokio::runtime::Runtime;

use crate::support::{Folder, Run, Running};

/// A database of one test.
pub(crate) struct Server {
    /// Without the password.
    pub(crate) url: String,
    pub(crate) password: String,
    /// `HOST:PORT` of the server.
    authority: String,
    // Dropped while its runtime is there.
    database: ScratchDatabase,
    runtime: Runtime,
}

impl Server {
    /// An empty database, or nothing if there is no server.
    pub(crate) fn open() -> Option<Self> {
        let scratch = Scratch::from_env()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let database = runtime.block_on(scratch.database());
        let (login, rest) = database.url.rsplit_once('@').expect("the test's URL has a user");
        let (scheme, login) = login.split_once("://").unwrap();
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (authority, _) = rest.split_once('/').unwrap();
        let url = format!("{scheme}://{user}@{rest}");
        let (password, authority) = (password.to_owned(), authority.to_owned());
        Some(Self { url, password, authority, database, runtime })
    }

    /// Runs a command on it to its end.
    pub(crate) fn run(&self, folder: &Folder, arguments: &str) -> Run {
        self.start(folder, arguments).end()
    }

    /// Starts a command on it.
    pub(crate) fn start(&self, folder: &Folder, arguments: &str) -> Running {
        self.start_at(folder, arguments, &self.url)
    }

    /// Starts a command that comes to it by another way.
    pub(crate) fn start_at(&self, folder: &Folder, arguments: &str, url: &str) -> Running {
        let arguments = arguments.split_whitespace().chain(["--db", url]);
        folder.start_with(arguments, &[("PGPASSWORD", &self.password)])
    }

    /// The URL of the same database on a standby, without the password, or nothing if there is none.
    pub(crate) fn on_standby(&self) -> Option<String> {
        let url = self.runtime.block_on(self.database.on_standby())?;
        let (login, rest) = url.rsplit_once('@').expect("the test's URL has a user");
        let (scheme, login) = login.split_once("://").unwrap();
        let user = login.split(':').next().unwrap();
        Some(format!("{scheme}://{user}@{rest}"))
    }

    /// The URL of the same database behind a way that can be cut.
    pub(crate) fn behind(&self, way: &Way) -> String {
        self.url.replace(&self.authority, &way.authority)
    }

    /// A way to the server.
    pub(crate) fn way(&self) -> Way {
        Way::open(&self.authority)
    }

    /// What a message says, without what differs from server to server.
    pub(crate) fn steady(&self, text: &str) -> String {
        let (_, name) = self.url.rsplit_once('/').unwrap();
        assert!(self.password.is_empty() || !text.contains(&self.password), "{text}");
        text.replace(&self.authority, "HOST:PORT").replace(name, "DATABASE")
    }
}

/// A port of this machine behind which a server lies. It can be cut: then what is under way ends,
/// and nobody comes through.
pub(crate) struct Way {
    authority: String,
    is_cut: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    fn open(server: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let is_cut = Arc::new(AtomicBool::new(false));
        let streams = Arc::new(Mutex::new(Vec::new()));
        let (server, cut, kept) = (server.to_owned(), Arc::clone(&is_cut), Arc::clone(&streams));
        // Ends with the test's process.
        thread::spawn(move || {
            for here in listener.incoming().flatten() {
                if cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(there) = TcpStream::connect(&server) else { continue };
                let mut kept = kept.lock().unwrap();
                kept.extend([here.try_clone().unwrap(), there.try_clone().unwrap()]);
                drop(kept);
                pass_on(&here, &there);
                pass_on(&there, &here);
            }
        });
        Self { authority, is_cut, streams }
    }

    /// Nobody comes through any more.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whoever comes now comes through.
    pub(crate) fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
