//! `make page`: tests the page in headless Chromium, and writes pictures to `target/page`.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cdp;
mod readme;
mod samples;
mod systems;

use std::env;
use std::path::{Path, PathBuf};

use gatespan_sink::{Options, Sink};
use serde_json::{Value, json};

use crate::cdp::Browser;
use crate::samples::{Samples, post};

#[test]
#[ignore = "needs Chromium: make page"]
fn page_shows_the_reported_traces() {
    let program = env::var("GATESPAN_CHROMIUM").expect("make page says which Chromium");
    let folder =
        PathBuf::from(env::var("GATESPAN_PAGE").expect("make page says where pictures go"));
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    let sink = Sink::start(Options::default()).expect("a free port");
    let profile = env::temp_dir().join(format!("gatespan-page-{}", std::process::id()));
    let mut browser = Browser::start(&program, &profile, &sink.url());
    let samples = Samples::now();

    nothing_yet(&mut browser, &folder);
    a_waterfall(&mut browser, &sink, &samples);
    details(&mut browser, &folder, &samples);
    orphans(&mut browser, &sink, &samples, &folder);
    it_is_live(&mut browser, &sink, &samples);
    systems::one_tree_of_two_systems(&mut browser, &sink, &samples, &folder);
    systems::lilypad_alone(&mut browser, &sink, &samples, &folder);
    refusals(&mut browser, &sink, &folder);
    hostile_names_stay_text(&mut browser, &sink, &samples);
    pictures(&mut browser, &samples, &folder);
    assert_eq!(
        browser.complaints,
        Vec::<String>::new(),
        "the page complained"
    );
    drop(browser);
    let story = readme::Story {
        program: &program,
        profile: &profile,
        folder: &folder,
        begin: samples.begin,
    };
    story.before();
    story.after();
}

fn count(browser: &mut Browser, selector: &str) -> Value {
    browser.evaluate(&format!("document.querySelectorAll({selector:?}).length"))
}

fn shown(browser: &mut Browser, selector: &str) -> String {
    let text = browser.evaluate(&format!("document.querySelector({selector:?})?.innerText"));
    text.as_str().unwrap_or_default().to_owned()
}

fn choose(browser: &mut Browser, trace: &str) {
    browser.evaluate(&format!(
        "document.querySelector('#list [data-id=\"{trace}\"]').click()"
    ));
    browser.wait(&format!(
        "document.querySelector('#title .copy').textContent === '{trace}'"
    ));
}

fn nothing_yet(browser: &mut Browser, folder: &Path) {
    browser.wait("document.querySelector('#live')?.textContent.trim() === 'live'");
    let words = shown(browser, "#void");
    for word in [
        "Nothing has been reported yet",
        "make run",
        "OPIK_URL_OVERRIDE=http://127.0.0.1:",
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:",
        "curl",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
    for scheme in ["light", "dark"] {
        browser.look(scheme, 1400, 900);
        browser.picture(&folder.join(format!("empty-{scheme}.png")));
    }
}

fn a_waterfall(browser: &mut Browser, sink: &Sink, samples: &Samples) {
    post(sink, "traces", &samples.traces());
    post(sink, "spans", &samples.spans());
    browser.wait("document.querySelectorAll('#rows .row').length === 6");
    assert_eq!(
        browser.evaluate("document.querySelector('#void').hidden"),
        true
    );
    assert_eq!(shown(browser, "#title h2"), "POST /v1/chat");
    assert_eq!(count(browser, "#rows .bar"), 6);
    let texts = browser.evaluate(
        "[...document.querySelectorAll('#rows .row')].map(row => row.innerText).join('\\n')",
    );
    let texts = texts.as_str().unwrap_or_default();
    for word in [
        "POST /v1/chat",
        "chat claude-example-1",
        "gateway · joined",
        "1204 → 318 tokens",
        "first token after 412.5 ms",
        "✕ TimeoutError",
        "2.36 s",
        &samples.id(2),
    ] {
        assert!(texts.contains(word), "{word}: {texts}");
    }
    assert_eq!(count(browser, "#rows .row.failed"), 2);
    // Children are within the time of their parent.
    let bars =
        "[...document.querySelectorAll('#rows .bar')].map(bar => bar.getBoundingClientRect())";
    let inside = format!(
        "(() => {{ const [a, ...rest] = {bars}; return rest.every(b => b.left >= a.left - 1 && b.right <= a.right + 1 && b.width >= 3); }})()"
    );
    assert_eq!(browser.evaluate(&inside), true);
}

/// Uses only the keyboard.
fn details(browser: &mut Browser, folder: &Path, samples: &Samples) {
    browser.look("light", 1400, 1000);
    for key in ["ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown", "Enter"] {
        browser.press(key);
    }
    browser.wait("document.querySelectorAll('#rows .more').length === 1");
    let more = shown(browser, "#rows .more");
    let parent = samples.id(2);
    for word in [
        "TimeoutError",
        "no answer within 250 ms",
        "Traceback",
        "db.system",
        "postgresql",
        "retry",
        &parent,
    ] {
        assert!(more.contains(word), "{word}: {more}");
    }
    browser.picture(&folder.join("span-light.png"));
    browser.look("dark", 1400, 1000);
    browser.picture(&folder.join("span-dark.png"));
    browser.press("Enter");
    browser.wait("document.querySelectorAll('#rows .more').length === 0");
    browser.press("Escape");
    assert_eq!(browser.evaluate("location.hash"), "");
}

fn orphans(browser: &mut Browser, sink: &Sink, samples: &Samples, folder: &Path) {
    let orphan = samples.orphan();
    let trace = orphan["spans"][0]["trace_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    post(sink, "spans", &orphan);
    browser.wait("document.querySelectorAll('#list button').length === 3");
    choose(browser, &trace);
    let line = shown(browser, &format!("#list [data-id=\"{trace}\"]"));
    assert!(line.contains("no trace row"), "{line}");
    assert!(shown(browser, "#trace .note").contains("No trace row was reported"));
    assert_eq!(count(browser, "#rows .row.lost"), 1);
    assert!(shown(browser, "#rows .row.lost").contains("parent not reported"));
    browser.look("light", 1400, 900);
    browser.picture(&folder.join("orphan-light.png"));
}

/// An existing row keeps its DOM node and the focus.
fn it_is_live(browser: &mut Browser, sink: &Sink, samples: &Samples) {
    choose(browser, &samples.trace);
    browser.evaluate("window.first = document.querySelector('#rows .row'); window.first.focus()");
    post(sink, "spans", &samples.late());
    browser.wait("document.querySelectorAll('#rows .row').length === 7");
    assert_eq!(
        browser.evaluate("document.querySelector('#rows .row') === window.first"),
        true
    );
    assert_eq!(
        browser.evaluate("document.activeElement === window.first"),
        true
    );
}

fn refusals(browser: &mut Browser, sink: &Sink, folder: &Path) {
    let bad = json!({ "spans": [{ "id": "not-a-uuid", "start_time": "yesterday" }, { "trace_id": "x" }] });
    assert_eq!(samples::send(sink, "spans", &bad), 400);
    browser.wait("document.querySelector('#to-refused b').textContent === '1'");
    browser.evaluate("document.querySelector('#to-refused').click()");
    browser.wait("document.querySelectorAll('#refused > li').length === 1");
    let text = shown(browser, "#refused");
    for word in [
        "400",
        "/v1/private/spans/batch",
        "spans[0].id",
        "must be a UUID",
        "spans[1].start_time",
        "is required",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    browser.picture(&folder.join("refused-light.png"));
}

fn hostile_names_stay_text(browser: &mut Browser, sink: &Sink, samples: &Samples) {
    let name = "<img src=x onerror=\"window.broken=1\"><script>window.broken=1</script>\u{202e}gnp";
    let hostile = samples.hostile(name);
    let trace = hostile["traces"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    post(sink, "traces", &hostile);
    browser.wait(&format!(
        "document.querySelector('#list [data-id=\"{trace}\"]') !== null"
    ));
    choose(browser, &trace);
    assert_eq!(
        browser.evaluate("document.querySelector('#title h2').textContent"),
        json!(name)
    );
    assert_eq!(count(browser, "img, script:not(body > script)"), 0);
    assert_eq!(browser.evaluate("window.broken"), Value::Null);
}

fn pictures(browser: &mut Browser, samples: &Samples, folder: &Path) {
    choose(browser, &samples.trace);
    for (scheme, width, height) in [
        ("light", 1400, 900),
        ("dark", 1400, 900),
        ("dark", 480, 900),
    ] {
        browser.look(scheme, width, height);
        let wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(
            browser.evaluate(wide),
            true,
            "at {width} the page scrolls sideways"
        );
        browser.picture(&folder.join(format!("trace-{scheme}-{width}.png")));
    }
}
