//! The part of GitHub's REST API that the action talks to, on a port of 127.0.0.1.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What was asked, and what there is to answer.
struct State {
    head: String,
    reviews: Vec<Value>,
    comments: Vec<Value>,
    seen: Vec<(String, String)>,
}

/// A running API.
pub struct Forge {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Forge {
    /// Serves pull request 7 with these reviews, to whoever has the token.
    pub fn start(head: &str, reviews: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let reviews = reviews.as_array().unwrap().clone();
        let state =
            Arc::new(Mutex::new(State { head: head.to_owned(), reviews, comments: Vec::new(), seen: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &mut shared.lock().unwrap());
            }
        });
        Self { address, state }
    }

    /// A comment that somebody has written.
    pub fn comment(&self, login: &str, kind: &str, body: &str) {
        add(&mut self.state.lock().unwrap(), login, kind, body);
    }

    /// Bodies of the comments, oldest first.
    pub fn comments(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.comments.iter().map(|c| c["body"].as_str().unwrap().to_owned()).collect()
    }

    /// How many requests of this method came.
    pub fn seen(&self, method: &str) -> usize {
        self.paths(method, "")
    }

    /// How many requests of this method came for paths that contain `part`.
    pub fn paths(&self, method: &str, part: &str) -> usize {
        let state = self.state.lock().unwrap();
        state.seen.iter().filter(|(m, path)| m == method && path.contains(part)).count()
    }
}

fn add(state: &mut State, login: &str, kind: &str, body: &str) {
    let id = state.comments.len() + 1;
    state.comments.push(json!({"id": id, "user": {"login": login, "type": kind}, "body": body}));
}

fn answer(mut stream: TcpStream, state: &mut State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut length, mut authorised) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap(),
            "authorization" => authorised = value.trim() == "Bearer the-token",
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    state.seen.push((method.clone(), path.clone()));
    let (status, json) = if authorised { route(state, &method, &path, &body) } else { (401, json!({})) };
    let text = json.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
}

fn route(state: &mut State, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let page = query.split('&').find_map(|q| q.strip_prefix("page=")).and_then(|p| p.parse().ok()).unwrap_or(1);
    let part = |list: &[Value]| Value::Array(list.iter().skip((page - 1) * 100).take(100).cloned().collect());
    let text = || serde_json::from_slice::<Value>(body).unwrap()["body"].as_str().unwrap().to_owned();
    let rest = path.strip_prefix("/repos/acme/shop").unwrap_or_default();
    match (method, rest) {
        ("GET", "/pulls/7") => (
            200,
            json!({"number": 7, "title": "Ship it", "body": "", "labels": [], "draft": false,
                   "user": {"login": "alice-acme", "type": "User"}, "head": {"sha": state.head}}),
        ),
        ("GET", "/pulls/7/reviews") => (200, part(&state.reviews)),
        ("GET", "/issues/7/comments") => (200, part(&state.comments)),
        ("GET", path) if path.starts_with("/commits/") => (200, json!([{"number": 7}])),
        ("POST", "/issues/7/comments") => {
            let text = text();
            add(state, "github-actions[bot]", "Bot", &text);
            (201, json!({}))
        }
        ("PATCH", path) => {
            let id: usize = path.rsplit('/').next().unwrap().parse().unwrap();
            state.comments[id - 1]["body"] = Value::String(text());
            (200, json!({}))
        }
        _ => (404, json!({"message": "Not Found"})),
    }
}
