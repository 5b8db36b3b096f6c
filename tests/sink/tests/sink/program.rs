//! The program: one line when it is ready, and an end when it is told.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gatespan-sink");

#[test]
fn says_where_it_listens_and_ends_when_told() {
    let mut child = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim_end()
        .strip_prefix("sink http://")
        .expect("the line")
        .to_owned();
    TcpStream::connect(&address).expect("it listens");
    // The shell's own: a bare machine has no program of that name.
    let told = Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", child.id())])
        .status()
        .unwrap();
    assert!(told.success());
    child.wait().unwrap();
    assert!(TcpStream::connect(&address).is_err(), "it still listens");
}

#[test]
fn refuses_what_it_does_not_understand_and_what_is_not_loopback() {
    for (arguments, word) in [
        (vec!["--listen", "0.0.0.0:0"], "--beyond-loopback"),
        (vec!["--window", "long"], "--window"),
        (vec!["--lilypad-key", "alone"], "--lilypad-key"),
        (vec!["--lilypad-queue", "--nonsense"], "no such option"),
    ] {
        let output = Command::new(PROGRAM).args(&arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(2) && told.contains(word),
            "{arguments:?}: {told}"
        );
    }
}
