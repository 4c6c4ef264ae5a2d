//! The direction of imports: the table of rooms in docs/architecture.md, from the top down, is the rule. A room imports only rooms
//! below it, and within a room no two modules import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::Visit;

/// A module by its path below `src`: `["run", "artifacts", "rows"]`.
type Module = Vec<String>;

/// The rooms of the table, from the top down.
fn rooms(page: &str) -> Vec<String> {
    let table = page.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    let rows = table.take_while(|line| line.starts_with("| `"));
    rows.map(|row| row.split('`').nth(1).unwrap_or_default().trim_end_matches('/').to_owned()).collect()
}

/// Every source file, by its module.
fn sources(folder: &Path, module: &Module, found: &mut BTreeMap<Module, PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        let below = || module.iter().cloned().chain([name.clone()]).collect::<Module>();
        match entry.extension().and_then(|extension| extension.to_str()) {
            None if entry.is_dir() => sources(&entry, &below(), found),
            Some("rs") if name == "mod" => drop(found.insert(module.clone(), entry)),
            // A file of tests may import what it tests.
            Some("rs") if !["lib", "tests"].contains(&name.as_str()) => drop(found.insert(below(), entry)),
            _ => {}
        }
    }
}

/// Collects what a file imports, tests left out.
#[derive(Default)]
struct Imports {
    paths: Vec<Vec<String>>,
}

impl Imports {
    fn add_tree(&mut self, tree: &syn::UseTree, prefix: &[String]) {
        let with = |name: &syn::Ident| prefix.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.add_tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) if name.ident == "self" => self.paths.push(prefix.to_vec()),
            syn::UseTree::Name(name) => self.paths.push(with(&name.ident)),
            syn::UseTree::Rename(name) => self.paths.push(with(&name.ident)),
            syn::UseTree::Glob(_) => self.paths.push(prefix.to_vec()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add_tree(item, prefix)),
        }
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    let is_test = |tokens: String| tokens.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test");
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| is_test(list.tokens.to_string()))
    })
}

impl<'a> Visit<'a> for Imports {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        // What a module shows as its own is no import: `pub use` is the door of the room.
        if matches!(item.vis, syn::Visibility::Inherited) && !is_for_tests(&item.attrs) {
            self.add_tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.segments.first().is_some_and(|first| first.ident == "crate") {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }
}

/// The modules that a module imports. `crate`, `self` and `super` are resolved; other crates are left out.
fn imported(module: &Module, file: &Path, known: &BTreeMap<Module, PathBuf>) -> BTreeSet<Module> {
    let syntax = syn::parse_file(&std::fs::read_to_string(file).expect("a source file")).expect("Rust");
    let mut imports = Imports::default();
    imports.visit_file(&syntax);
    let absolute = |path: Vec<String>| -> Vec<String> {
        match path[0].as_str() {
            "crate" => path[1..].to_vec(),
            "self" => module.iter().cloned().chain(path[1..].iter().cloned()).collect(),
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                module[..module.len().saturating_sub(ups)].iter().chain(&path[ups..]).cloned().collect()
            }
            // A module of this one, or another crate; which one decides the look-up below.
            _ => module.iter().cloned().chain(path).collect(),
        }
    };
    let longest =
        |path: Vec<String>| (1..=path.len()).rev().map(|end| path[..end].to_vec()).find(|at| known.contains_key(at));
    let found = imports.paths.into_iter().map(absolute).filter_map(longest);
    found.filter(|target| target != module).collect()
}

/// A circle through `start`, if there is one.
fn circle(start: &Module, edges: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Module> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![start]);
    while let Some(module) = open.pop() {
        for next in &edges[module] {
            if next == start {
                return Some(module.clone());
            }
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    None
}

#[test]
fn imports_go_downwards_and_never_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).expect("docs/architecture.md");
    let rooms = rooms(&page);
    let mut files = BTreeMap::new();
    sources(&root.join("src"), &Vec::new(), &mut files);
    let there: BTreeSet<&String> = files.keys().map(|module| &module[0]).collect();
    assert_eq!(there, rooms.iter().collect(), "docs/architecture.md lists each room of src/ once, and no other");
    assert!(rooms.len() <= 32, "{} rooms at the top of src/", rooms.len());

    let edges: BTreeMap<Module, BTreeSet<Module>> =
        files.iter().map(|(module, file)| (module.clone(), imported(module, file, &files))).collect();
    let shown = |module: &Module| files[module].strip_prefix(root).expect("below the root").display().to_string();
    let height = |module: &Module| rooms.iter().position(|room| *room == module[0]);
    let mut wrong = Vec::new();
    for (module, targets) in &edges {
        for target in targets.iter().filter(|target| height(target) < height(module)) {
            wrong.push(format!("{} imports {}, which is above it", shown(module), shown(target)));
        }
        if let Some(last) = circle(module, &edges) {
            wrong.push(format!("{} and {} import each other in a circle", shown(module), shown(&last)));
        }
    }
    assert!(wrong.is_empty(), "{}\nthe order of the rooms is in docs/architecture.md", wrong.join("\n"));
}

/// The source of a file without its tests, which are at its end.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

#[test]
fn files_from_outside_are_opened_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Folders are opened to be synced, and the system's own file is no file from outside.
    let allowed = ["files.rs", "run/create.rs", "interrupt.rs"];
    let mut files = BTreeMap::new();
    sources(&root.join("src"), &Vec::new(), &mut files);
    let (mut found, mut wrong) = (0, Vec::new());
    for file in files.values() {
        let name = file.strip_prefix(root.join("src")).expect("below src").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).expect("a file");
        for line in without_tests(&text).lines() {
            if ["fs::read(", "fs::read_to_string(", "File::open("].iter().any(|open| line.contains(open)) {
                found += 1;
                if !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{name}: {}", line.trim()));
                }
            }
        }
    }
    assert!(found >= allowed.len(), "the test still recognizes how files are opened");
    assert!(wrong.is_empty(), "a pipe hangs and a device never ends: use crate::files\n{}", wrong.join("\n"));
}

/// A name means one thing: no two public types share one.
#[test]
fn no_two_public_types_share_a_name() {
    let mut found = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &Module::new(), &mut found);
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in found.into_values() {
        let text = std::fs::read_to_string(&path).expect("a source file");
        for line in text.lines() {
            let words: Vec<&str> = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
            if let ["pub", "struct" | "enum" | "trait" | "type", name, ..] = words[..] {
                homes.entry(name.to_owned()).or_default().push(path.clone());
            }
        }
    }
    assert!(homes.len() > 100, "the types were found");
    let shared: Vec<_> = homes.iter().filter(|(_, homes)| homes.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:#?}");
}
