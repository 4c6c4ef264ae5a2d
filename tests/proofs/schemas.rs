//! The JSON Schemas in `schemas/`, as the types have them. `G_GREMLIN_BLESS=1` writes them.
//!
//! `tests/it/cli/schemas.rs` checks real output against them.

use g_gremlin::doors;
use std::collections::BTreeMap;
use std::path::Path;

const BLESS: &str = "G_GREMLIN_BLESS=1 bash .ci/proofs schemas";

#[test]
fn the_schemas_are_those_of_the_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let rendered: BTreeMap<String, String> = doors::schemas().into_iter().collect();
    if std::env::var_os("G_GREMLIN_BLESS").is_some_and(|value| value == "1") {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("made");
        rendered.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).expect("written"));
    }
    let kept = std::fs::read_dir(&folder).expect("the folder").map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("read"))
    });
    let kept: BTreeMap<String, String> = kept.collect();
    assert_eq!(kept.keys().collect::<Vec<_>>(), rendered.keys().collect::<Vec<_>>(), "refresh them: {BLESS}");
    for (name, text) in &rendered {
        assert!(kept[name] == *text, "schemas/{name} is not what the types have; refresh it: {BLESS}");
    }
}
