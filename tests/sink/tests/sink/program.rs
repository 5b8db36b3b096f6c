//! The program: it prints a line when it is ready, and ends on a signal.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_gatespan-sink");

#[test]
fn program_prints_its_address_and_ends_on_a_signal() {
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
    // The shell's built-in: a bare machine may have no program `kill`.
    let told = Command::new("sh")
        .args(["-c", &format!("kill -TERM {}", child.id())])
        .status()
        .unwrap();
    assert!(told.success());
    child.wait().unwrap();
    assert!(TcpStream::connect(&address).is_err(), "it still listens");
}

#[test]
fn program_refuses_unknown_options_and_other_addresses_than_loopback() {
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
