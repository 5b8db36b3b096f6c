//! The rules for the values of fields, each with the stage at which the backend notices.

use core::time::Duration;
use std::collections::HashSet;

use serde_json::Value;

use super::rejection::Stage;
use crate::{ids, instant};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Create,
    Update,
}

/// What a rule can use besides the value.
pub(super) struct Scene {
    pub(super) now: instant::Micros,
    window: Option<i64>,
    pub(super) mode: Mode,
}

impl Scene {
    pub(super) fn now(window: Option<Duration>, mode: Mode) -> Self {
        let window = window.map(|window| i64::try_from(window.as_millis()).unwrap_or(i64::MAX));
        Self {
            now: instant::now(),
            window,
            mode,
        }
    }
}

/// A broken rule.
pub(super) type Broken = (Stage, &'static str);

fn expect(holds: bool, stage: Stage, reason: &'static str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err((stage, reason)) }
}

fn string(value: &Value) -> Result<&str, Broken> {
    value.as_str().ok_or((Stage::Parse, "must be a string"))
}

pub(super) fn text(value: &Value, _: &Scene) -> Result<(), Broken> {
    string(value).map(drop)
}

pub(super) fn not_blank(value: &Value, _: &Scene) -> Result<(), Broken> {
    expect(
        !string(value)?.trim().is_empty(),
        Stage::Validate,
        "must not be blank",
    )
}

fn uuid(value: &Value) -> Result<uuid::Uuid, Broken> {
    let id = ids::parse(string(value)?)
        .ok_or((Stage::Parse, "must be a UUID, 36 characters with dashes"))?;
    expect(ids::is_v7(id), Stage::Service, "must be a version 7 UUID").map(|()| id)
}

pub(super) fn reference(value: &Value, _: &Scene) -> Result<(), Broken> {
    uuid(value).map(drop)
}

/// Only an item's own id is compared with the clock: it determines the day under which the row is stored.
pub(super) fn own_id(value: &Value, scene: &Scene) -> Result<(), Broken> {
    let ahead = ids::time(uuid(value)?) - scene.now / 1_000;
    let Some(window) = scene.window else {
        return Ok(());
    };
    expect(
        ahead <= window,
        Stage::Service,
        "holds a time that is too far in the future",
    )?;
    expect(
        scene.mode == Mode::Update || ahead >= -window,
        Stage::Service,
        "holds a time that is too far in the past",
    )
}

pub(super) fn moment(value: &Value, _: &Scene) -> Result<(), Broken> {
    let read = instant::parse(string(value)?);
    expect(
        read.is_some(),
        Stage::Parse,
        "must be an ISO-8601 instant with Z, from 1970 to before 2300",
    )
}

fn one_of(value: &Value, words: &[&str], reason: &'static str) -> Result<(), Broken> {
    expect(words.contains(&string(value)?), Stage::Parse, reason)
}

pub(super) fn span_type(value: &Value, _: &Scene) -> Result<(), Broken> {
    one_of(
        value,
        &["general", "tool", "llm", "guardrail"],
        "must be general, tool, llm or guardrail",
    )
}

pub(super) fn source(value: &Value, _: &Scene) -> Result<(), Broken> {
    let words = [
        "sdk",
        "experiment",
        "playground",
        "optimization",
        "evaluator",
    ];
    one_of(
        value,
        &words,
        "must be sdk, experiment, playground, optimization or evaluator",
    )
}

pub(super) fn content(value: &Value, _: &Scene) -> Result<(), Broken> {
    let fits = value.is_object() || value.is_array() || value.is_string();
    expect(fits, Stage::Parse, "must be an object, a list or a string")
}

pub(super) fn usage(value: &Value, _: &Scene) -> Result<(), Broken> {
    let counts = value
        .as_object()
        .ok_or((Stage::Parse, "must be an object"))?;
    let fits = |count: &Value| {
        count
            .as_i64()
            .is_some_and(|count| i32::try_from(count).is_ok())
    };
    expect(
        counts.values().all(fits),
        Stage::Parse,
        "must hold 32-bit integers only",
    )
}

pub(super) fn not_negative(value: &Value, _: &Scene) -> Result<(), Broken> {
    let number = value.as_f64().ok_or((Stage::Parse, "must be a number"))?;
    expect(number >= 0.0, Stage::Validate, "must not be negative")
}

pub(super) fn tags(value: &Value, scene: &Scene) -> Result<(), Broken> {
    let tags = value.as_array().ok_or((Stage::Parse, "must be a list"))?;
    let texts: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
    expect(
        texts.len() == tags.len(),
        Stage::Parse,
        "must hold strings only",
    )?;
    let unique = texts.iter().collect::<HashSet<_>>().len() == tags.len();
    expect(unique, Stage::Validate, "must not hold a string twice")?;
    let short = tags.len() <= 50 && texts.iter().all(|tag| tag.chars().count() <= 100);
    expect(
        scene.mode == Mode::Create || short,
        Stage::Validate,
        "must be 50 at most, of 100 characters at most",
    )
}

pub(super) fn error(value: &Value, _: &Scene) -> Result<(), Broken> {
    let members = value
        .as_object()
        .ok_or((Stage::Parse, "must be an object"))?;
    let part = |name| members.get(name).filter(|part| !part.is_null());
    let fits = |name| part(name).is_none_or(Value::is_string);
    let typed = fits("exception_type") && fits("message") && fits("traceback");
    expect(typed, Stage::Parse, "must hold strings only")?;
    let said = |name| {
        part(name)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.trim().is_empty())
    };
    expect(
        said("exception_type"),
        Stage::Validate,
        "needs an exception_type",
    )?;
    expect(said("traceback"), Stage::Validate, "needs a traceback")
}

pub(super) fn environment(value: &Value, _: &Scene) -> Result<(), Broken> {
    expect(
        string(value)?.chars().count() <= 150,
        Stage::Validate,
        "must be 150 characters at most",
    )
}
