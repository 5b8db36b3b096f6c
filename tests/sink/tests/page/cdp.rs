//! Drives Chromium with its debugging protocol: JSON over a WebSocket (RFC 6455).

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

/// The longest time for one step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
];

pub(crate) struct Browser {
    child: Child,
    profile: PathBuf,
    socket: BufReader<TcpStream>,
    sent: u64,
    /// Errors of the page.
    pub(crate) complaints: Vec<String>,
}

impl Browser {
    pub(crate) fn start(program: &str, profile: &Path, url: &str) -> Self {
        drop(fs::remove_dir_all(profile));
        fs::create_dir_all(profile).expect("a folder for the profile");
        let child = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Chromium starts");
        let port = until("Chromium says where it listens", || {
            let told = fs::read_to_string(profile.join("DevToolsActivePort")).ok()?;
            told.lines().next()?.parse::<u16>().ok()
        });
        let path = until("Chromium has a page", || page(port));
        let socket = connect(port, &path);
        let profile = profile.to_owned();
        let mut browser = Self {
            child,
            profile,
            socket,
            sent: 0,
            complaints: Vec::new(),
        };
        for domain in ["Runtime", "Log", "Page"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.call("Page.navigate", &json!({ "url": url }));
        browser
    }

    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let message = json!({ "id": self.sent, "method": method, "params": params }).to_string();
        self.write(message.as_bytes());
        loop {
            let message: Value = serde_json::from_slice(&self.message()).expect("JSON");
            match message["method"].as_str() {
                Some("Runtime.exceptionThrown") => {
                    self.complaints.push(message["params"].to_string());
                }
                Some("Log.entryAdded") if message["params"]["entry"]["level"] == "error" => {
                    self.complaints.push(message["params"]["entry"].to_string());
                }
                _ => {}
            }
            if message["id"] == self.sent {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].clone();
            }
        }
    }

    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
        let result = self.call(
            "Runtime.evaluate",
            &json!({ "expression": script, "returnByValue": true }),
        );
        result["result"]["value"].clone()
    }

    /// Waits until the script returns true.
    pub(crate) fn wait(&mut self, script: &str) {
        let end = Instant::now() + PATIENCE;
        while self.evaluate(script) != true {
            assert!(
                Instant::now() < end,
                "never came true: {script}\n{}",
                self.evaluate("document.body.innerText")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn press(&mut self, key: &str) {
        // Enter needs the character that it types.
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    pub(crate) fn look(&mut self, scheme: &str, width: u32, height: u32) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        );
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    pub(crate) fn picture(&mut self, file: &Path) {
        self.capture(&json!({ "format": "png" }), file);
    }

    /// A picture of a part of the page.
    pub(crate) fn picture_of(&mut self, clip: &Value, file: &Path) {
        self.capture(&json!({ "format": "png", "clip": clip }), file);
    }

    fn capture(&mut self, params: &Value, file: &Path) {
        // New rows are highlighted for a moment: wait until they are not.
        thread::sleep(Duration::from_millis(1_600));
        let picture = self.call("Page.captureScreenshot", params);
        let bytes = base64(picture["data"].as_str().expect("a picture"));
        assert!(bytes.starts_with(b"\x89PNG"), "no picture");
        fs::write(file, bytes).expect("the picture is written");
    }

    fn write(&mut self, payload: &[u8]) {
        let length = u64::try_from(payload.len()).expect("a length");
        // A complete text frame. Clients must mask it; the key is zero. 127: eight bytes of length follow.
        let head = [&[0x81, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat();
        self.socket
            .get_mut()
            .write_all(&[&head, payload].concat())
            .expect("Chromium reads");
    }

    fn message(&mut self) -> Vec<u8> {
        let mut whole = Vec::new();
        loop {
            let [head, short] = self.bytes::<2>();
            let length = match short {
                126 => u64::from(u16::from_be_bytes(self.bytes())),
                127 => u64::from_be_bytes(self.bytes()),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).expect("a length")];
            self.socket
                .read_exact(&mut payload)
                .expect("Chromium answers");
            // Pings get no pong: Chromium does not need one.
            if head & 0x0f <= 1 {
                whole.extend(payload);
                if head & 0x80 != 0 {
                    return whole;
                }
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.socket
            .read_exact(&mut bytes)
            .expect("Chromium answers");
        bytes
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // On `Browser.close` Chromium ends its child processes too. If it does not exit, kill it.
        self.sent += 1;
        let close = json!({ "id": self.sent, "method": "Browser.close" }).to_string();
        let head = [
            0x81,
            0x80 | u8::try_from(close.len()).unwrap_or(0),
            0,
            0,
            0,
            0,
        ];
        drop(
            self.socket
                .get_mut()
                .write_all(&[&head[..], close.as_bytes()].concat()),
        );
        let end = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
        }
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.profile));
    }
}

fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(response) = ask() {
            return response;
        }
        assert!(Instant::now() < end, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The path of the page's WebSocket.
fn page(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    let ask =
        format!("GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).ok()?;
    let mut response = Vec::new();
    // Chromium may keep the connection open: read until the timeout.
    drop(stream.read_to_end(&mut response));
    let response = String::from_utf8(response).ok()?;
    let (_, body) = response.split_once("\r\n\r\n")?;
    let pages: Value = serde_json::from_str(body).ok()?;
    let page = pages
        .as_array()?
        .iter()
        .find(|page| page["type"] == "page")?;
    let (_, path) = page["webSocketDebuggerUrl"]
        .as_str()?
        .split_once("/devtools/")?;
    Some(format!("/devtools/{path}"))
}

fn connect(port: u16, path: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("Chromium listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).expect("Chromium reads");
    let mut socket = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(
            socket.read_line(&mut head).expect("Chromium responses"),
            0,
            "{head}"
        );
    }
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    socket
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |letter: u8| LETTERS.iter().position(|one| *one == letter);
    let values: Vec<usize> = text.bytes().filter_map(value).collect();
    let group = |group: &[usize]| {
        let bits = group.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - group.len()));
        let byte = |place: usize| u8::try_from(bits >> (16 - 8 * place) & 0xff).expect("a byte");
        (0..group.len() - 1).map(byte).collect::<Vec<u8>>()
    };
    values.chunks(4).flat_map(group).collect()
}
