//! Documents: links lead somewhere, README has its pictures and the versions that the tests run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::File;

const README: &str = "README.md";
const PICTURES: [&str; 2] = ["docs/before.png", "docs/after.png"];
const PICTURE_BYTES: u64 = 150_000;
/// Where a version is pinned, and what is before and after it there.
const VERSIONS: [(&str, &str, &str); 4] = [
    (".make/envoy", "\nversion=", "\n"),
    ("edge/package.json", "\"workerd\": \"", "\""),
    ("edge/wrangler.toml", "compatibility_date = \"", "\""),
    ("Cargo.toml", "rust-version = \"", "\""),
];

/// A text in backquotes that begins so is a path of this repository.
const ROOTS: [&str; 6] = ["src/", "filter/", "edge/", "tests/", "docs/", "envoy/"];

pub(crate) fn check(files: &[File], broken: &mut BTreeMap<String, String>) {
    let readme = fs::read_to_string(README).unwrap_or_default();
    for picture in PICTURES {
        let bytes = fs::metadata(picture).map_or(0, |data| data.len());
        if !readme.contains(&format!("]({picture})")) || !(1..PICTURE_BYTES).contains(&bytes) {
            let what =
                format!("{bytes} bytes; README shows it, and it has less than {PICTURE_BYTES}");
            broken.insert(format!("picture {picture}"), what);
        }
    }
    for (file, before, after) in VERSIONS {
        let text = fs::read_to_string(file).unwrap_or_default();
        let rest = text.split_once(before).map(|(_, rest)| rest);
        let version = rest.and_then(|rest| rest.split(after).next());
        if !version.is_some_and(|version| readme.contains(version)) {
            let what = format!("README does not name {}", version.unwrap_or("it"));
            broken.insert(format!("version of {file}"), what);
        }
    }
    let mut documents = Vec::new();
    for folder in [".", "docs", "edge"] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        documents.extend(entries.map(|entry| entry.path()));
    }
    documents.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    // The changelog is about the past.
    documents.retain(|path| !path.ends_with("CHANGELOG.md"));
    for document in documents {
        links(&document, broken);
        let text = fs::read_to_string(&document).unwrap_or_default();
        paths(&document.display().to_string(), &text, files, broken);
    }
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let comments = file.text.lines().map(str::trim_start);
        let comments = comments.filter(|line| line.starts_with("//"));
        let comments: Vec<&str> = comments.collect();
        paths(&file.path, &comments.join("\n"), files, broken);
    }
}

/// Paths and names of Rust files in backquotes. One with a capital, such as `NAME`, is an example.
fn paths(name: &str, text: &str, files: &[File], broken: &mut BTreeMap<String, String>) {
    let name = name.trim_start_matches("./");
    for line in text.lines() {
        for quoted in line.split('`').skip(1).step_by(2) {
            let is_path = ROOTS.iter().any(|root| quoted.starts_with(root));
            let is_file = quoted.ends_with(".rs") && !quoted.contains(' ');
            let is_example = quoted
                .contains(|letter: char| letter.is_ascii_uppercase() || " *{<(".contains(letter));
            if is_example || !(is_path || is_file) {
                continue;
            }
            let ending = format!("/{quoted}");
            let is_there =
                Path::new(quoted).exists() || files.iter().any(|file| file.path.ends_with(&ending));
            if !is_there {
                let what = "is no file of this repository".to_owned();
                broken.insert(format!("path {name} {quoted}"), what);
            }
        }
    }
}

/// Each `](path)` and `](path#heading)` of a document.
fn links(document: &Path, broken: &mut BTreeMap<String, String>) {
    let text = fs::read_to_string(document).unwrap_or_default();
    let name = document.display().to_string();
    let name = name.trim_start_matches("./");
    for part in text.split("](").skip(1) {
        let link = part.split(')').next().unwrap_or_default();
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (path, heading) = link.split_once('#').unwrap_or((link, ""));
        let folder = document.parent().unwrap_or(Path::new("."));
        let target: PathBuf = if path.is_empty() {
            document.to_owned()
        } else {
            folder.join(path)
        };
        let headings = fs::read_to_string(&target).unwrap_or_default();
        if !target.exists() || (!heading.is_empty() && !has_heading(&headings, heading)) {
            broken.insert(format!("link {name} {link}"), "leads nowhere".to_owned());
        }
    }
}

fn has_heading(text: &str, wanted: &str) -> bool {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.into_iter().any(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.collect::<String>().replace(' ', "-") == wanted
    })
}
