//! The modules of the core, and which file uses what of which other file.

use std::collections::{BTreeMap, BTreeSet};

use crate::files::File;
use crate::tokens::tokens;

/// A path such as `crate::policy::trust`, without the `crate`.
pub(crate) type Path = Vec<String>;

#[derive(Default)]
struct Module {
    tokens: Vec<String>,
    /// The name that a `use` brings in, and what it is a name for.
    imports: BTreeMap<String, Path>,
    /// Each `use a::b::*`.
    globs: Vec<Path>,
}

pub(crate) struct Modules {
    modules: BTreeMap<Path, Module>,
}

/// `from` uses something of `to`; both are modules, and each module is a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: Path,
    pub(crate) to: Path,
}

/// The first part of a module's path, empty for `lib.rs`.
pub(crate) fn room(module: &[String]) -> &str {
    module.first().map_or("", String::as_str)
}

/// The file of a module, as a person looks for it.
pub(crate) fn shown(module: &[String]) -> String {
    module.join("/")
}

impl Modules {
    pub(crate) fn read(files: &[File]) -> Self {
        let mut modules = BTreeMap::new();
        for file in files {
            let Some(inside) = file.path.strip_prefix("src/") else {
                continue;
            };
            let Some(inside) = inside.strip_suffix(".rs") else {
                continue;
            };
            let mut path: Path = inside.split('/').map(str::to_owned).collect();
            if matches!(
                path.last().map(String::as_str),
                Some("mod" | "lib" | "main")
            ) {
                path.pop();
            }
            let module = Module {
                tokens: tokens(&file.text),
                ..Module::default()
            };
            modules.insert(path, module);
        }
        let mut found = Self { modules };
        let all: Vec<Path> = found.modules.keys().cloned().collect();
        for path in all {
            let (imports, globs) = found.imports(&path);
            if let Some(module) = found.modules.get_mut(&path) {
                module.imports = imports;
                module.globs = globs;
            }
        }
        found
    }

    /// The rooms: the modules that `lib.rs` declares, as far as they have a file.
    pub(crate) fn rooms(&self) -> BTreeSet<String> {
        let rooms = self.modules.keys().map(|path| room(path).to_owned());
        rooms.filter(|room| !room.is_empty()).collect()
    }

    /// Each use of another file. `lib.rs` is no end of an arrow: its `pub use` lines are followed.
    pub(crate) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (from, module) in &self.modules {
            let mut targets: Vec<Path> = module.imports.values().cloned().collect();
            targets.extend(module.globs.iter().cloned());
            targets.extend(self.inline(from, &module.tokens));
            for target in targets {
                let Some(to) = self.resolve(&[], &target, 0) else {
                    continue;
                };
                if !from.is_empty() && !to.is_empty() && *from != to {
                    let from = from.clone();
                    arrows.insert(Arrow { from, to });
                }
            }
        }
        arrows
    }

    /// The names that the `use` lines of a module bring in.
    fn imports(&self, path: &Path) -> (BTreeMap<String, Path>, Vec<Path>) {
        let (mut imports, mut globs) = (BTreeMap::new(), Vec::new());
        let tokens = self
            .modules
            .get(path)
            .map_or(&[][..], |module| &module.tokens);
        for (at, token) in tokens.iter().enumerate() {
            // `use<'a>` is about lifetimes.
            if token != "use" || tokens.get(at + 1).is_some_and(|next| next == "<") {
                continue;
            }
            let mut leaves = Vec::new();
            tree(&tokens[at + 1..], &mut 0, &[], &mut leaves);
            for (written, name) in leaves {
                let Some(target) = self.absolute(path, &written) else {
                    continue;
                };
                if name == "*" {
                    globs.push(target);
                } else {
                    imports.insert(name, target);
                }
            }
        }
        (imports, globs)
    }

    /// Paths in the code itself, such as `crate::time::Time` or `policy::Rejection`.
    fn inline(&self, from: &Path, tokens: &[String]) -> Vec<Path> {
        let mut found = Vec::new();
        for at in 0..tokens.len() {
            let inside = at > 0 && tokens[at - 1] == "::";
            if inside || tokens.get(at + 1).is_none_or(|next| next != "::") {
                continue;
            }
            let mut written = vec![tokens[at].clone()];
            let mut next = at + 1;
            while tokens.get(next).is_some_and(|token| token == "::") {
                match tokens.get(next + 1) {
                    Some(name) if is_name(name) => written.push(name.clone()),
                    _ => break,
                }
                next += 2;
            }
            let imported = self
                .modules
                .get(from)
                .and_then(|module| module.imports.get(&written[0]));
            if let Some(target) = imported {
                found.push([target.as_slice(), &written[1..]].concat());
            } else {
                found.extend(self.absolute(from, &written));
            }
        }
        found
    }

    /// A path as it is written in `module`, from the root of the crate. None if it leads to another crate.
    fn absolute(&self, module: &[String], written: &[String]) -> Option<Path> {
        let (first, rest) = written.split_first()?;
        let mut base = module.to_vec();
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop()?;
                return match rest.first().map(String::as_str) {
                    Some("super") => self.absolute(&base, rest),
                    _ => Some([base.as_slice(), rest].concat()),
                };
            }
            name => {
                base.push(name.to_owned());
                if !self.modules.contains_key(&base) {
                    return None;
                }
            }
        }
        Some([base.as_slice(), rest].concat())
    }

    /// The module that defines what `path` names. Re-exports are followed.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Path> {
        let Some((name, rest)) = path.split_first() else {
            return Some(module.to_vec());
        };
        let inner = [module, core::slice::from_ref(name)].concat();
        if self.modules.contains_key(&inner) {
            return self.resolve(&inner, rest, depth);
        }
        let here = self.modules.get(module)?;
        if depth < 8 {
            if let Some(target) = here.imports.get(name) {
                let target = [target.as_slice(), rest].concat();
                return self.resolve(&[], &target, depth + 1);
            }
            for glob in &here.globs {
                let whole = self.resolve(&[], glob, depth + 1)?;
                if self.defines(&whole, name) {
                    return Some(whole);
                }
            }
        }
        Some(module.to_vec())
    }

    fn defines(&self, module: &[String], name: &str) -> bool {
        const KINDS: [&str; 8] = [
            "struct", "enum", "trait", "type", "union", "fn", "const", "static",
        ];
        self.modules.get(module).is_some_and(|module| {
            let pairs = module.tokens.windows(2);
            pairs
                .into_iter()
                .any(|pair| KINDS.contains(&pair[0].as_str()) && pair[1] == name)
        })
    }
}

/// The leaves of what follows `use`: each path, and the name by which it is known here.
fn tree(tokens: &[String], at: &mut usize, base: &[String], leaves: &mut Vec<(Path, String)>) {
    let mut path = base.to_vec();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token.as_str() {
            "::" => {}
            "{" => {
                loop {
                    tree(tokens, at, &path, leaves);
                    match tokens.get(*at).map(String::as_str) {
                        Some(",") => *at += 1,
                        _ => break,
                    }
                }
                *at += 1;
                return;
            }
            "as" => {
                let name = tokens.get(*at).cloned().unwrap_or_default();
                *at += 1;
                leaves.push((path, name));
                return;
            }
            "*" => {
                leaves.push((path, "*".to_owned()));
                return;
            }
            name if is_name(name) => path.push(name.to_owned()),
            _ => {
                *at -= 1;
                break;
            }
        }
    }
    // `a::{self}` is `a`, and a comma before a closing brace is nothing.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if path.len() > base.len() || (path == base && ends_with_self(tokens, *at)) {
        let name = path.last().cloned().unwrap_or_default();
        leaves.push((path, name));
    }
}

fn ends_with_self(tokens: &[String], at: usize) -> bool {
    at > 0 && tokens.get(at - 1).is_some_and(|token| token == "self")
}

fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}
