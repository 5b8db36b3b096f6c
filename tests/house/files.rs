//! The source files of the work tree.

use std::fs;
use std::path::Path;

/// Where sources are, and what is built or brought there.
const FOLDERS: [&str; 4] = ["src", "filter", "edge", "tests"];
const SKIPPED: [&str; 3] = ["target", "node_modules", "corpus"];
const ENDINGS: [&str; 4] = ["rs", "py", "js", "mjs"];

pub(crate) struct File {
    /// From the root of the work tree, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn all() -> Vec<File> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        walk(Path::new(folder), &mut files);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            let hidden = name.to_string_lossy().starts_with('.');
            if !hidden && !SKIPPED.iter().any(|skipped| name == *skipped) {
                walk(&path, files);
            }
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| ENDINGS.contains(&ending))
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path.to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
}
