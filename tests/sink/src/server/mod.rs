//! Listener, connections (one thread each, with a limit), and the table of receivers.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::fault::{Partial, Plan};
use crate::http::{Request, Response, Trouble};
use crate::store::{Store, System};
use crate::wire::Wire;
use crate::{lilypad, opik, otlp};

mod ingest;
mod own;
mod trouble;

/// Maximal number of open connections; further ones are refused.
const CONNECTIONS: usize = 512;
/// The options of a sink.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on; port 0 means any free port.
    pub listen: SocketAddr,
    /// The required API key; with it a workspace is required too, as in the cloud. None: as in the open-source server.
    pub key: Option<String>,
    /// The only workspace.
    pub workspace: String,
    /// How far from now the time in an item's own id may be; none: no limit.
    pub window: Option<Duration>,
    /// Largest body by its `Content-Length`.
    pub max_body: u64,
    /// Lilypad's keys, each with its project; empty: any key is accepted.
    pub lilypad_keys: Vec<(String, String)>,
    /// Whether Lilypad has a queue in front of its database.
    pub lilypad_queue: bool,
    /// Maximal number of stored traces, and of stored spans.
    pub rows: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            key: None,
            workspace: "default".to_owned(),
            window: Some(Duration::from_secs(24 * 60 * 60)),
            max_body: 50_000_000,
            lilypad_keys: Vec::new(),
            lilypad_queue: false,
            rows: 10_000,
        }
    }
}

/// A wire API that receives spans.
pub(crate) struct Receiver {
    pub(crate) system: System,
    /// Whether a path belongs to this API.
    pub(crate) claims: fn(&str) -> bool,
    /// Whether the request contains data: faults apply only to those.
    pub(crate) ingests: fn(&Request) -> bool,
    pub(crate) receive: fn(&Delivery<'_>, &Shared) -> Received,
}

/// A request with its decompressed body.
pub(crate) struct Delivery<'a> {
    pub(crate) request: &'a Request,
    pub(crate) body: &'a [u8],
    /// How many spans not to accept, if the API can report that.
    pub(crate) partial: Option<&'a Partial>,
}

pub(crate) struct Received {
    pub(crate) response: Response,
    /// How many items the request contains, if it could be read.
    pub(crate) items: Option<usize>,
    /// Why the request was refused, for each item.
    pub(crate) reasons: Vec<serde_json::Value>,
}

/// The first one that matches a path gets it: one of Opik's paths ends like OTLP's.
pub(crate) const RECEIVERS: [&Receiver; 3] = [&opik::RECEIVER, &otlp::RECEIVER, &lilypad::RECEIVER];

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) plan: Plan,
    ends: AtomicBool,
    open: Mutex<HashMap<u64, TcpStream>>,
    opened: AtomicU64,
}

impl Shared {
    pub(crate) fn ends(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }
}

/// A running sink. It stops when it is dropped.
pub struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

impl Sink {
    /// Starts to listen. It serves requests when this returns.
    ///
    /// # Errors
    /// If it cannot listen on the address.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            store: Store::new(options.rows),
            options,
            plan: Plan::default(),
            ends: AtomicBool::new(false),
            open: Mutex::new(HashMap::new()),
            opened: AtomicU64::new(0),
        });
        let own = Arc::clone(&shared);
        let listener = thread::Builder::new()
            .name("sink".to_owned())
            .spawn(move || accept(&listener, &own))?;
        Ok(Self {
            address,
            shared,
            listener: Some(listener),
        })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the process ends.
    pub fn serve(mut self) {
        self.listener
            .take()
            .into_iter()
            .for_each(|listener| drop(listener.join()));
    }
}

impl Drop for Sink {
    /// Frees the port and closes every connection: the backend of a test goes away.
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        // A connection wakes the listener.
        drop(TcpStream::connect(self.address));
        self.listener
            .take()
            .into_iter()
            .for_each(|listener| drop(listener.join()));
        let open = self
            .shared
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.values()
            .for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        drop(open);
        self.shared.store.ring();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ends() {
            return;
        }
        let Ok(stream) = stream else {
            // No file descriptors left: some will be free later.
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        let Ok(held) = stream.try_clone() else {
            continue;
        };
        let number = shared.opened.fetch_add(1, Ordering::Relaxed);
        let mut open = shared.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= CONNECTIONS {
            continue;
        }
        open.insert(number, held);
        drop(open);
        let own = Arc::clone(shared);
        let spawned = thread::Builder::new()
            .name(format!("sink-{number}"))
            .spawn(move || {
                // An error on one connection does not affect the others.
                drop(converse(stream, &own));
                own.open
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&number);
            });
        if spawned.is_err() {
            shared
                .open
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&number);
        }
    }
}

fn converse(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut wire = Wire::new(stream)?;
    loop {
        let request = match wire.head() {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(trouble) => return give_up(&mut wire, trouble),
        };
        let receiver = RECEIVERS
            .into_iter()
            .find(|receiver| (receiver.claims)(&request.path));
        let keeps = match receiver {
            Some(receiver) => ingest::take(&mut wire, &request, receiver, shared),
            None => own::take(&mut wire, &request, shared),
        };
        match keeps {
            Ok(true) => {}
            Ok(false) => {
                wire.end();
                return Ok(());
            }
            Err(trouble) => return give_up(&mut wire, trouble),
        }
    }
}

/// After a request that cannot be read completely the connection is useless.
fn give_up(wire: &mut Wire, trouble: Trouble) -> io::Result<()> {
    match trouble {
        Trouble::Gone(error) => Err(error),
        Trouble::Refuse(status, reason) => {
            wire.response(
                &Response::json(
                    status,
                    &serde_json::json!({ "code": status, "message": reason }),
                ),
                false,
            )?;
            wire.end();
            Ok(())
        }
    }
}
