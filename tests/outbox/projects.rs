//! Where the calls name a project, every batch is of one.

use gatespan::config::Host;
use gatespan::outbox::{Dropped, Outcome};

use super::stage::{OTLP_OPIK, ROWS, Stage};

/// Towards Opik by OTLP; what lies under `/a/` and so on belongs to the projects `alpha`, `beta` and `gamma`, and all else
/// to the backend's own.
fn stage(export: &str) -> Stage {
    in_host(export, "edge", Host::Envoy)
}

fn in_host(export: &str, service: &str, host: Host) -> Stage {
    let backend = OTLP_OPIK.replacen('{', r#"{"project": "own", "#, 1);
    let routes = ["alpha", "beta", "gamma"].map(|project| {
        let beginning = &project[..1];
        format!(r#"{{"match": {{"path_prefix": "/{beginning}/"}}, "project": "{project}"}}"#)
    });
    let routes = routes.join(",");
    Stage::in_host(
        &format!(
            r#"{{"service": "{service}", "backend": {backend}, "routes": [{routes}], "export": {export}}}"#
        ),
        host,
    )
}

/// The calls that bring spans: their project, and whose spans they are.
fn delivered(stage: &mut Stage) -> Vec<(String, String)> {
    let calls = stage.drain();
    let spans = calls.iter().filter(|sent| sent.path != ROWS);
    spans
        .map(|sent| (sent.project.clone().unwrap(), sent.names().join(" ")))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(project, names): &(&str, &str)| ((*project).to_owned(), (*names).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn a_batch_is_full_by_itself() {
    let mut stage = stage(r#"{"batch_spans": 2}"#);
    for name in ["a/0", "b/1", "2", "a/3"] {
        stage.joined(name);
    }
    assert_eq!(delivered(&mut stage), pairs(&[("alpha", "a/0 a/3")]));
    stage.joined("4");
    assert_eq!(delivered(&mut stage), pairs(&[("own", "2 4")]));
    stage.leave();
    assert_eq!(delivered(&mut stage), pairs(&[("beta", "b/1")]));
}

#[test]
fn batches_leave_in_the_order_in_which_they_were_begun() {
    let mut stage = stage("{}");
    for name in ["a/0", "b/1", "g/2", "3", "a/4"] {
        stage.joined(name);
        stage.wait(10);
    }
    stage.wait(1_000);
    let wanted = pairs(&[
        ("alpha", "a/0 a/4"),
        ("beta", "b/1"),
        ("gamma", "g/2"),
        ("own", "3"),
    ]);
    assert_eq!(delivered(&mut stage), wanted);
}

#[test]
fn a_batch_that_is_not_old_enough_stays() {
    let mut stage = stage("{}");
    stage.joined("a/0");
    stage.wait(600);
    stage.joined("b/1");
    stage.wait(400);
    assert_eq!(delivered(&mut stage), pairs(&[("alpha", "a/0")]));
    assert_eq!(stage.poll(), None);
    stage.wait(600);
    assert_eq!(delivered(&mut stage), pairs(&[("beta", "b/1")]));
}

#[test]
fn a_busy_project_keeps_no_other_back() {
    let mut stage = stage(r#"{"batch_spans": 4}"#);
    stage.joined("b/quiet");
    // More than the backend takes: four spans in each of its calls, and six while it is made.
    let mut calls = 0;
    loop {
        (0..6).for_each(|_| stage.joined("a/busy"));
        stage.wait(300);
        let sent = stage.sent();
        stage.answer(&sent, 200);
        calls += 1;
        if sent.project.as_deref() == Some("beta") {
            break;
        }
        assert!(calls < 10, "it is old enough after the fourth");
    }
    assert!(stage.counters().queued > 4, "others wait");
}

#[test]
fn nothing_goes_between_the_rows_and_the_spans_of_a_batch() {
    let mut stage = stage(r#"{"batch_spans": 2}"#);
    stage.joined("b/quiet");
    stage.wait(999);
    stage.minted("a/0");
    stage.minted("a/1");
    let rows = stage.sent();
    assert_eq!((rows.path, rows.project.as_deref()), (ROWS, Some("alpha")));
    stage.wait(1);
    stage.answer(&rows, 200);
    assert_eq!(stage.sent().project.as_deref(), Some("alpha"));
}

#[test]
fn halves_are_of_the_same_project() {
    let mut stage = stage(r#"{"batch_spans": 4}"#);
    (0..4).for_each(|index| stage.joined(&format!("a/{index}")));
    let whole = stage.sent();
    stage.answer(&whole, 400);
    assert_eq!(
        delivered(&mut stage),
        pairs(&[("alpha", "a/0 a/1"), ("alpha", "a/2 a/3")])
    );
}

#[test]
fn a_parcel_is_of_one_project_whoever_delivers_it() {
    let mut maker = in_host("{}", "maker", Host::Worker);
    for name in ["a/0", "b/1", "a/2"] {
        maker.minted(name);
    }
    maker.leave();
    let mut delivered = Vec::new();
    while let Some(sent) = maker.poll() {
        let parcel = maker.gateway.message(sent.id).unwrap();
        maker.settle(sent.id, Outcome::Taken);
        let mut other = in_host("{}", "other", Host::Worker);
        other.consume(&parcel, 0);
        let rows = other.sent();
        other.answer(&rows, 200);
        let spans = other.sent();
        other.answer(&spans, 400);
        for sent in [rows].into_iter().chain(other.drain()) {
            delivered.push((
                sent.path == ROWS,
                sent.project.clone().unwrap(),
                sent.names().join(" "),
            ));
        }
    }
    let of = |is_rows, project: &str, names: &str| (is_rows, project.to_owned(), names.to_owned());
    let wanted = [
        of(true, "alpha", "a/0 a/2"),
        of(false, "alpha", "a/0"),
        of(false, "alpha", "a/2"),
        // The only one, and it was refused.
        of(true, "beta", "b/1"),
    ];
    assert_eq!(delivered, wanted);
}

#[test]
fn what_finds_no_room_leaves_no_batch_behind() {
    let mut stage = stage(r#"{"queue_bytes": 6000, "batch_bytes": 1024}"#);
    stage.joined("a/0");
    stage.minted(&format!("b/{}", "x".repeat(2_000)));
    assert_eq!(stage.dropped(Dropped::QueueFull), 1);
    stage.leave();
    assert_eq!(delivered(&mut stage), pairs(&[("alpha", "a/0")]));
    assert_eq!(stage.wake_at(), None);
}

#[test]
fn thousands_of_projects_keep_to_the_queue_and_all_arrive() {
    const PROJECTS: usize = 1_000;
    let routes: Vec<_> = (0..PROJECTS)
        .map(|index| format!(r#"{{"match": {{"path": "/{index}"}}, "project": "p{index}"}}"#))
        .collect();
    let routes = routes.join(",");
    for (queue, all) in [(16_000_000, true), (200_000, false)] {
        let export = format!(r#"{{"queue_bytes": {queue}, "batch_bytes": 100000}}"#);
        let document =
            format!(r#"{{"backend": {OTLP_OPIK}, "routes": [{routes}], "export": {export}}}"#);
        let mut stage = Stage::of(&document);
        let mut told = 0;
        for _ in 0..2 {
            for index in 0..PROJECTS {
                if let Some(open) = stage.open(&index.to_string(), &[]) {
                    stage.close(open);
                    told += 1;
                }
            }
        }
        stage.leave();
        for sent in stage.drain() {
            let project = sent.project.clone().unwrap();
            assert!(sent.names().iter().all(|name| project[1..] == *name));
        }
        let counters = stage.counters();
        assert_eq!(counters.exported + stage.dropped(Dropped::QueueFull), told);
        assert_eq!(counters.exported == 2 * PROJECTS as u64, all);
    }
}
