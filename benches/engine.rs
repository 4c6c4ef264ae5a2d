//! Benchmarks of the engine through the library: reading the reference and the records, the rules, the plan's hash.
//!
//! `cargo bench`; the whole program against DuckDB is `benches/duckdb/compare.py`.

#![allow(unreachable_pub, reason = "nothing is exported from here")]
#[allow(dead_code, reason = "shared with the example that writes worlds")]
mod world;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use g_gremlin::config::Config;
use g_gremlin::model::domains::DomainTable;
use g_gremlin::model::time::Instant;
use g_gremlin::reference;
use g_gremlin::rules::audit::audit;
use g_gremlin::run::artifacts::plan::plan_hash;
use g_gremlin::run::artifacts::{Run, Source};
use g_gremlin::snapshot::Snapshot;
use std::hint::black_box;

fn engine(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    world::World::new(world::Size::Small, 1).write(folder.path(), world::Shape::Full).expect("a world");
    let config = Config::without_file();
    let as_of = Instant::parse(world::AS_OF).expect("a time");
    let from = as_of.minus_days(config.settings.lookback_days);
    let csv = std::fs::read(folder.path().join("salesforce_accounts.csv")).expect("a reference");
    let accounts = |domains: &mut DomainTable| {
        reference::read(&csv, reference::Form::Export(&config.columns), &config.settings.domains, domains)
            .expect("a good reference")
    };
    let records =
        |domains| Snapshot::open(folder.path()).and_then(|folder| folder.read(domains, Some(from))).expect("records");

    criterion.bench_function("reference, 500 accounts", |bench| bench.iter(|| accounts(&mut DomainTable::default())));
    criterion.bench_function("records, 29 MB of NDJSON", |bench| {
        bench.iter_batched(DomainTable::default, |domains| black_box(records(domains)), BatchSize::PerIteration);
    });
    let mut domains = DomainTable::default();
    let reference = accounts(&mut domains);
    let world = records(domains).world;
    let rules = || audit(&reference, &world, &config.settings, None, as_of, Vec::new());
    criterion.bench_function("rules, 5,000 users and 10,000 tickets", |bench| bench.iter(|| black_box(rules())));
    let audit = rules();
    let run = Run {
        run_id: "bench".to_owned(),
        started_at: as_of,
        created_at: as_of,
        source: Source::Zendesk,
        zendesk: "https://acme.zendesk.com".to_owned(),
    };
    criterion.bench_function("plan hash", |bench| {
        bench.iter(|| black_box(plan_hash(&audit, &run).expect("a digest takes everything")))
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = engine
}
criterion_main!(benches);
