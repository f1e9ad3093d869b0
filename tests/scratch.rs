//! scratch
use rollcast::source::*;
#[test]
fn scratch() {
    let text = std::fs::read_to_string("/tmp/cases.txt").unwrap();
    for case in text.split("\n====\n") {
        let case = case.trim_end_matches("====\n");
        let mut sources = Sources::new();
        let id = sources.add(SourceFile::new("f", case));
        println!("--------\n{case}");
        let parse = rollcast::syntax::parse(id, case);
        for d in parse.diagnostics.into_sorted() {
            println!("  >> {} {}", d.code.id(), d.headline);
            for l in &d.labels { println!("       {} `{}` {}", sources.place(l.span), sources.slice(l.span), l.text); }
            if let Some(h) = &d.help { println!("       help: {h}"); }
            if let Some(f) = &d.fix { println!("       fix: {} {}..{} -> {:?}", f.title, f.span.start, f.span.end, f.replacement); }
        }
    }
}
