//! `gatespan-sink`: the sink as a program. It prints its address when it is ready, and serves until it gets a signal.

use core::net::SocketAddr;
use core::str::FromStr;
use core::time::Duration;
use std::process::ExitCode;

use gatespan_sink::{Options, Sink};

const USAGE: &str = "\
A strict local stand-in for what spans are sent to. Prints `sink http://ADDRESS` when it is ready.

  --listen ADDRESS       where to listen; 127.0.0.1:0 takes a free port (default)
  --beyond-loopback      allow an address that other machines reach: nothing here asks who they are
  --key KEY              Opik: ask for this API key, and for a workspace, as the cloud does
  --workspace NAME       Opik: the one workspace there is (default: default)
  --window HOURS         Opik: how far from now the time in an own id may be; 0 for no limit (default: 24)
  --lilypad-key KEY=UUID Lilypad: a key and the project it belongs to, as often as needed; without any, every key is good
  --lilypad-queue        Lilypad: there is a queue before the database
  --max-body BYTES       largest body by its Content-Length (default: 50000000)
  --rows N               traces, and spans of each system, that are kept (default: 10000)
";

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("{fault}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match Sink::start(options) {
        Ok(sink) => {
            println!("sink {}", sink.url());
            // SIGTERM and SIGINT end the process without clean-up: there is nothing to save.
            sink.serve();
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("sink: cannot listen: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut beyond = false;
    while let Some(name) = arguments.next() {
        let flag = match name.as_str() {
            "--beyond-loopback" => Some(&mut beyond),
            "--lilypad-queue" => Some(&mut options.lilypad_queue),
            _ => None,
        };
        if let Some(flag) = flag {
            *flag = true;
            continue;
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name}: no such option, or no value behind it"))?;
        match name.as_str() {
            "--listen" => options.listen = read::<SocketAddr>(&name, &value)?,
            "--key" => options.key = Some(value),
            "--workspace" => options.workspace = value,
            "--window" => {
                let hours = read::<u32>(&name, &value)?;
                options.window = (hours > 0).then(|| Duration::from_secs(u64::from(hours) * 3_600));
            }
            "--lilypad-key" => {
                let (key, project) = value
                    .split_once('=')
                    .ok_or_else(|| format!("{name}: it is KEY=UUID"))?;
                let own = (key.to_owned(), project.to_owned());
                options.lilypad_keys.push(own);
            }
            "--max-body" => options.max_body = read(&name, &value)?,
            "--rows" => options.rows = read(&name, &value)?,
            _ => return Err(format!("{name}: no such option")),
        }
    }
    if !beyond && !options.listen.ip().is_loopback() {
        return Err(format!(
            "--listen {}: other machines reach it; say --beyond-loopback if they may",
            options.listen
        ));
    }
    Ok(options)
}

fn read<T: FromStr>(name: &str, value: &str) -> Result<T, String> {
    value
        .parse()
        .map_err(|_| format!("{name}: cannot read {value:?}"))
}
