//! The layers, as cargo sees them: `http → wire → application → domain ← persistence`; and that
//! the files and the tests that documents name are there.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::LazyLock;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// For each package the packages that it needs to be built, without those of its tests. Macros need
/// none: what they need runs in the compiler.
struct Graph {
    names: HashMap<PackageId, String>,
    needs: HashMap<PackageId, Vec<PackageId>>,
}

/// Asked of cargo once.
static GRAPH: LazyLock<Graph> = LazyLock::new(Graph::read);

impl Graph {
    fn read() -> Self {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
        let metadata: Metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .other_options(["--locked".to_owned()])
            .exec()
            .unwrap();
        let names = metadata
            .packages
            .iter()
            .map(|package| (package.id.clone(), package.name.to_string()))
            .collect();
        let is_macro: HashMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| {
                let macros = package
                    .targets
                    .iter()
                    .any(cargo_metadata::Target::is_proc_macro);
                (package.id.clone(), macros)
            })
            .collect();
        let needs = metadata
            .resolve
            .unwrap()
            .nodes
            .into_iter()
            .filter(|node| !is_macro[&node.id])
            .map(|node| {
                let normal = node
                    .deps
                    .into_iter()
                    .filter(|dep| {
                        let kinds = &dep.dep_kinds;
                        kinds.iter().any(|it| it.kind == DependencyKind::Normal)
                    })
                    .map(|dep| dep.pkg)
                    .collect();
                (node.id, normal)
            })
            .collect();
        Self { names, needs }
    }

    /// The names of everything in the tree of the package `name`, itself left out.
    fn tree(&self, name: &str) -> BTreeSet<&str> {
        let root = self.names.iter().find(|(_, n)| *n == name).unwrap().0;
        let mut found = BTreeSet::new();
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            for need in self.needs.get(id).into_iter().flatten() {
                if found.insert(self.names[need].as_str()) {
                    open.push(need);
                }
            }
        }
        found
    }

    #[track_caller]
    fn knows_none_of(&self, name: &str, banned: impl Fn(&str) -> bool) {
        let found: Vec<_> = self
            .tree(name)
            .into_iter()
            .filter(|other| banned(other))
            .collect();
        assert!(found.is_empty(), "{name} depends on {found:?}");
    }
}

/// The crates of the workspace that stand outside the application.
const ADAPTERS: [&str; 8] = [
    "accolade-http",
    "accolade-memory",
    "accolade-oidc",
    "accolade-persistence",
    "accolade-server",
    "accolade-webhooks",
    "accolade-wire",
    "accolade-worker",
];

fn is_web(name: &str) -> bool {
    name.starts_with("actix") || name == "hyper" || name == "ureq"
}

fn is_sql(name: &str) -> bool {
    name.starts_with("diesel") || name == "r2d2" || name == "pq-sys" || name == "libsqlite3-sys"
}

#[test]
fn the_domain_knows_no_io_no_runtime_and_no_configuration() {
    GRAPH.knows_none_of("accolade-domain", |name| {
        is_web(name)
            || is_sql(name)
            || ["tokio", "config", "anyhow", "tracing", "rand"].contains(&name)
            || name.starts_with("accolade-")
    });
}

#[test]
fn the_application_knows_the_domain_and_no_adapter() {
    let graph = &GRAPH;
    graph.knows_none_of("accolade-application", |name| {
        is_web(name)
            || is_sql(name)
            || ["tokio", "config"].contains(&name)
            || ADAPTERS.contains(&name)
    });
    assert!(
        graph
            .tree("accolade-application")
            .contains("accolade-domain")
    );
}

#[test]
fn the_wire_knows_the_application_and_no_web_framework() {
    let graph = &GRAPH;
    graph.knows_none_of("accolade-wire", |name| {
        is_web(name)
            || is_sql(name)
            || ["tokio", "config"].contains(&name)
            || (ADAPTERS.contains(&name) && name != "accolade-wire")
    });
    assert!(graph.tree("accolade-wire").contains("accolade-application"));
}

#[test]
fn the_web_knows_the_wire_and_no_database() {
    GRAPH.knows_none_of("accolade-http", |name| {
        is_sql(name)
            || name == "config"
            || (ADAPTERS.contains(&name) && !["accolade-http", "accolade-wire"].contains(&name))
    });
}

#[test]
fn what_delivers_knows_the_wire_and_no_database() {
    GRAPH.knows_none_of("accolade-webhooks", |name| {
        is_sql(name)
            || name.starts_with("actix")
            || name == "config"
            || (ADAPTERS.contains(&name) && !["accolade-webhooks", "accolade-wire"].contains(&name))
    });
}

#[test]
fn what_asks_a_provider_knows_the_application_and_no_other_adapter() {
    Graph::read().knows_none_of("accolade-oidc", |name| {
        is_sql(name)
            || name.starts_with("actix")
            || ["tokio", "config", "reqwest"].contains(&name)
            || (ADAPTERS.contains(&name) && name != "accolade-oidc")
    });
}

#[test]
fn the_worker_knows_the_application_and_nothing_of_how_anything_is_delivered_or_kept() {
    let graph = &GRAPH;
    graph.knows_none_of("accolade-worker", |name| {
        is_web(name)
            || is_sql(name)
            || name == "config"
            || (ADAPTERS.contains(&name) && name != "accolade-worker")
    });
    assert!(
        graph
            .tree("accolade-worker")
            .contains("accolade-application")
    );
}

#[test]
fn the_databases_know_no_wire() {
    for adapter in ["accolade-persistence", "accolade-memory"] {
        GRAPH.knows_none_of(adapter, |name| {
            is_web(name)
                || ["tokio", "config"].contains(&name)
                || (ADAPTERS.contains(&name) && name != adapter)
        });
    }
}

#[test]
fn the_model_knows_no_database() {
    GRAPH.knows_none_of("accolade-memory", is_sql);
}

/// Where the project is.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Adds the paths of all files below `directory`, without the `src` of crates.
fn add_files(directory: &Path, path: &str, files: &mut Vec<String>) {
    for entry in directory.read_dir().unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = match name.as_str() {
            "target" | "var" | ".git" => continue,
            "src" => path.to_owned(),
            name => format!("{path}/{name}"),
        };
        if entry.file_type().unwrap().is_dir() {
            add_files(&entry.path(), &path, files);
        } else {
            files.push(path);
        }
    }
}

/// What stands between backticks in `text` and looks like a file or a directory.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    let is_of_paths = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(move |it| it.chars().all(is_of_paths))
        .filter(|it| it.contains('/') || Path::new(it).extension().is_some_and(|it| it == "rs"))
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    let root = root();
    let mut files = Vec::new();
    add_files(root, "", &mut files);
    let mut missing = Vec::new();
    for document in [
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/glossary.md",
        "docs/security.md",
        "docs/torture.md",
        "docs/walk.md",
    ] {
        let text = std::fs::read_to_string(root.join(document)).unwrap();
        for name in named_paths(&text) {
            let path = format!("/{}", name.replace("/src", "").trim_end_matches('/'));
            let directory = format!("{path}/");
            let is_there = |file: &String| file.ends_with(&path) || file.contains(&directory);
            if !files.iter().any(is_there) {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "not there: {missing:#?}");
}

/// Each file that `text` names, with each test that stands behind it: both between backticks, the test
/// as a sentence of four words or more.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    let is_of_names = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let (mut file, mut named) = ("", Vec::new());
    for word in text.split('`').skip(1).step_by(2) {
        if Path::new(word).extension().is_some_and(|it| it == "rs") {
            file = word;
        } else if word.chars().all(is_of_names) && word.matches('_').count() >= 3 {
            named.push((file, word));
        }
    }
    named
}

#[test]
fn every_test_that_the_page_on_security_names_is_in_the_file_that_it_names() {
    let root = root();
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let named = named_tests(&page);
    assert!(named.len() > 40, "{}", named.len());
    let missing: Vec<_> = named
        .into_iter()
        .filter(|(file, test)| {
            let source = std::fs::read_to_string(root.join(file)).unwrap_or_default();
            !source.contains(&format!("fn {test}("))
        })
        .collect();
    assert!(missing.is_empty(), "not there: {missing:#?}");
}

/// What each part of `patch` changes, as it is before, with the file that it is in.
fn texts_before(patch: &str) -> Vec<(&str, String)> {
    let (mut file, mut texts) = ("", Vec::<(&str, String)>::new());
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("--- a/") {
            file = path;
        } else if line.starts_with("@@") {
            texts.push((file, String::new()));
        } else if let (Some((_, text)), Some(line)) =
            (texts.last_mut(), line.strip_prefix([' ', '-']))
        {
            text.push_str(line);
            text.push('\n');
        }
    }
    texts
}

#[test]
fn every_bug_that_is_planted_still_has_its_place() {
    let planted = root().join("crates/torture/planted").read_dir().unwrap();
    let files = planted.map(|it| it.unwrap().path());
    let patches = files.filter(|it| it.extension().is_some_and(|it| it == "patch"));
    let mut places = 0;
    for patch in patches {
        let text = std::fs::read_to_string(&patch).unwrap();
        for (file, before) in texts_before(&text) {
            let source = std::fs::read_to_string(root().join(file)).unwrap();
            assert!(
                source.contains(&before),
                "{}: {file} has not\n{before}",
                patch.display()
            );
            places += 1;
        }
    }
    assert_eq!(places, 6);
}
