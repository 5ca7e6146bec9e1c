//! An API server that knows nothing but pods, lists them, and sends changes as fast as they are read.
//!
//! It prints its port. The changes begin when `/go` is asked for, so that the first list and they can be measured apart.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::Parser;

mod pods;

use pods::{Pods, Versions};

/// How much is given to the kernel at once.
const WRITE: usize = 64 * 1024;

/// The API server's interval between bookmarks.
const BOOKMARKS: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Arguments {
    /// The pods, as a list in JSON.
    list: PathBuf,
    /// How many changes there are.
    #[arg(long, default_value_t = 50_000)]
    events: usize,
    /// How many times each pod of the list is there, each with a name of its own.
    #[arg(long, default_value_t = 1)]
    copies: usize,
    /// Into how many sets the pods are parted: `/api/v1/namespaces/7/pods` has those of set 7.
    #[arg(long, default_value_t = 100)]
    sets: usize,
}

struct Server {
    pods: Pods,
    events: usize,
    sets: usize,
    gone: Mutex<bool>,
    go: Condvar,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let Arguments { events, sets, .. } = arguments;
    let pods = Pods::read(&arguments.list, arguments.copies)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let server = Arc::new(Server { pods, events, sets, gone: Mutex::default(), go: Condvar::new() });
    println!("{}", listener.local_addr()?.port());
    loop {
        let (socket, _) = listener.accept()?;
        let server = server.clone();
        // A client may disconnect at any time.
        thread::spawn(move || server.serve(&socket).ok());
    }
}

impl Server {
    fn serve(&self, mut socket: &TcpStream) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let mut reader = BufReader::new(socket);
        while let Some(request) = Request::read(&mut reader)? {
            let set = request.path.strip_prefix("/api/v1/namespaces/").and_then(|path| path.strip_suffix("/pods"));
            let set = set.and_then(|set| set.parse::<usize>().ok());
            match (&*request.path, set) {
                ("/go", _) => {
                    *self.gone.lock().unwrap_or_else(PoisonError::into_inner) = true;
                    self.go.notify_all();
                    respond(socket, "200 OK", b"")?;
                }
                ("/api/v1/pods", set) | (_, set @ Some(_)) if request.is("watch") => {
                    return self.watch(socket, &mut reader, &request, set);
                }
                ("/api/v1/pods", set) | (_, set @ Some(_)) => {
                    let (from, limit) = (request.number("continue").unwrap_or(0), request.number("limit").unwrap_or(0));
                    respond(socket, "200 OK", &self.pods.list(self.members(set), from, limit))?;
                }
                _ => respond(socket, "404 Not Found", b"")?,
            }
            socket.flush()?;
        }
        Ok(())
    }

    /// Which pods belong to a set; to none, all.
    fn members(&self, set: Option<usize>) -> impl Fn(usize) -> bool + use<> {
        let sets = self.sets;
        move |pod| set.is_none_or(|set| pod % sets == set)
    }

    fn watch(
        &self,
        socket: &TcpStream,
        reader: &mut impl Read,
        request: &Request,
        set: Option<usize>,
    ) -> io::Result<()> {
        let mut stream = Chunks::start(socket)?;
        let is_member = self.members(set);
        if request.is("sendInitialEvents") {
            for pod in (0..self.pods.len()).filter(|&pod| is_member(pod)) {
                stream.send(|line| self.pods.event(line, "ADDED", pod, Versions::listed(pod)))?;
            }
            stream.send(|line| Pods::bookmark(line, Versions::LIST, true))?;
        }
        stream.flush()?;
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.go.wait_while(gone, |gone| !*gone));
        let seen = request.number("resourceVersion").map_or(0, Versions::events_before);
        for event in seen..self.events {
            let pod = event % self.pods.len();
            if is_member(pod) {
                stream.send(|line| self.pods.event(line, "MODIFIED", pod, Versions::changed(event)))?;
            }
        }
        stream.flush()?;
        socket.set_read_timeout(Some(BOOKMARKS))?;
        let last = if self.events == 0 { Versions::LIST } else { Versions::changed(self.events - 1) };
        loop {
            match reader.read(&mut [0; 1]) {
                Ok(_) => return Ok(()),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    stream.send(|line| Pods::bookmark(line, last, false))?;
                    stream.flush()?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

struct Request {
    path: String,
    query: HashMap<String, String>,
}

impl Request {
    /// The next request of a connection, without its headers, which make no difference here; `None` at the end.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            header.clear();
        }
        let target = first.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Some(Self { path: path.to_owned(), query }))
    }

    fn is(&self, name: &str) -> bool {
        self.query.get(name).is_some_and(|value| value == "true" || value == "1")
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.query.get(name)?.parse().ok()
    }
}

fn respond(mut socket: &TcpStream, status: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(socket, "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")?;
    socket.write_all(body)
}

/// A body in chunks: one for each event, as the API server flushes each.
struct Chunks<'a> {
    socket: &'a TcpStream,
    line: Vec<u8>,
    pending: Vec<u8>,
}

impl<'a> Chunks<'a> {
    fn start(mut socket: &'a TcpStream) -> io::Result<Self> {
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")?;
        Ok(Self { socket, line: Vec::new(), pending: Vec::new() })
    }

    fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.line.clear();
        write(&mut self.line);
        write!(self.pending, "{:x}\r\n", self.line.len())?;
        self.pending.extend_from_slice(&self.line);
        self.pending.extend_from_slice(b"\r\n");
        if self.pending.len() >= WRITE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}
