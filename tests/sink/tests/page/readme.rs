//! The two pictures of README: the traces of one call without a gateway, and its trace with one.

use core::ops::Range;
use std::path::Path;

use gatespan_sink::{Options, Sink};
use serde_json::{Value, json};

use crate::cdp::Browser;
use crate::choose;
use crate::samples::{id, moment, post};

const CLIENT: u64 = 1;
const SERVICE: u64 = 2;
const WIDTH: u32 = 1_100;

/// What the pictures have in common.
pub(crate) struct Story<'a> {
    pub(crate) program: &'a str,
    pub(crate) profile: &'a Path,
    pub(crate) folder: &'a Path,
    /// Milliseconds since 1970. The sink refuses ids of another day.
    pub(crate) begin: u64,
}

impl Story<'_> {
    pub(crate) fn before(&self) {
        let spans = [
            self.span(
                CLIENT,
                (1, None),
                ("ask the assistant", "general"),
                0..2_480,
            ),
            self.span(SERVICE, (3, None), ("answer", "general"), 40..2_340),
            self.span(SERVICE, (4, Some(3)), ("load history", "tool"), 61..311),
            model(self.span(
                SERVICE,
                (5, Some(3)),
                ("chat claude-example-1", "llm"),
                360..2_301,
            )),
        ];
        let rows = [
            self.trace(CLIENT, "ask the assistant", 0, 2_480),
            self.trace(SERVICE, "answer", 40, 2_340),
        ];
        self.picture(&rows, &spans, SERVICE, "before.png");
    }

    pub(crate) fn after(&self) {
        let mut gateway = self.span(
            CLIENT,
            (2, Some(1)),
            ("POST /v1/chat", "general"),
            18..2_362,
        );
        gateway["metadata"] = json!({ "gatespan.decision": "joined" });
        let spans = [
            self.span(
                CLIENT,
                (1, None),
                ("ask the assistant", "general"),
                0..2_480,
            ),
            gateway,
            self.span(CLIENT, (3, Some(2)), ("answer", "general"), 40..2_340),
            self.span(CLIENT, (4, Some(3)), ("load history", "tool"), 61..311),
            model(self.span(
                CLIENT,
                (5, Some(3)),
                ("chat claude-example-1", "llm"),
                360..2_301,
            )),
        ];
        let rows = [self.trace(CLIENT, "ask the assistant", 0, 2_480)];
        self.picture(&rows, &spans, CLIENT, "after.png");
    }

    fn picture(&self, rows: &[Value], spans: &[Value], chosen: u64, name: &str) {
        let sink = Sink::start(Options::default()).expect("a free port");
        post(&sink, "traces", &json!({ "traces": rows }));
        post(&sink, "spans", &json!({ "spans": spans }));
        let mut browser = Browser::start(self.program, self.profile, &sink.url());
        let all = format!(
            "document.querySelectorAll('#list button').length === {}",
            rows.len()
        );
        browser.wait(&all);
        choose(&mut browser, &id(self.begin, chosen));
        // Down to the last row of the waterfall.
        browser.look("light", WIDTH, 900);
        let bottom =
            browser.evaluate("document.querySelector('#rows').getBoundingClientRect().bottom");
        let height = bottom.as_f64().expect("a height").ceil() + 10.0;
        let clip = json!({ "x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1 });
        browser.picture_of(&clip, &self.folder.join(name));
        assert_eq!(
            browser.complaints,
            Vec::<String>::new(),
            "the page complained"
        );
    }

    fn trace(&self, number: u64, name: &str, from: u64, to: u64) -> Value {
        json!({
            "id": id(self.begin, number), "project_name": "checkout", "name": name, "source": "sdk",
            "start_time": moment(self.begin + from), "end_time": moment(self.begin + to), "last_updated_at": moment(self.begin + to),
        })
    }

    fn span(
        &self,
        trace: u64,
        (number, parent): (u64, Option<u64>),
        (name, kind): (&str, &str),
        time: Range<u64>,
    ) -> Value {
        let own = |number: u64| id(self.begin, 0x10 + number);
        json!({
            "id": own(number), "trace_id": id(self.begin, trace), "parent_span_id": parent.map(own), "project_name": "checkout",
            "name": name, "type": kind, "source": "sdk", "start_time": moment(self.begin + time.start), "end_time": moment(self.begin + time.end),
            "last_updated_at": moment(self.begin + time.end),
        })
    }
}

fn model(mut span: Value) -> Value {
    span["model"] = json!("claude-example-1");
    span["provider"] = json!("anthropic");
    span["usage"] =
        json!({ "prompt_tokens": 1_204, "completion_tokens": 318, "total_tokens": 1_522 });
    span
}
