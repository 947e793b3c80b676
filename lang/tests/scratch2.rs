mod common;
use common::*;
fn run(name: &str, text: &str, calls: &[(&str, Vec<adl_lang::check::ArgInfo>)]) {
    let files = [("optimiser.adl", include_str!("programs/optimiser.adl"))];
    let (mut c, t, r) = check_with(text, &files);
    match r { Ok(es) => println!("{name}: {} entries", es.len()), Err(e) => { println!("{name}:\n{}", render(&c, &e)); } }
    for (f, a) in calls {
        let start = std::time::Instant::now();
        match c.function(f, a, &t) { Ok(e) => println!("{name} {f}: {} funcs exact={} {:?} {:?}", e.module.funcs.len(), e.exact, e.shown, start.elapsed()), Err(e) => println!("{name} {f}:\n{}", render(&c, &e)) }
    }
}
#[test] fn scratch2() { roomy(|| {
    let f = |s: &[usize]| floats(s);
    run("gmm", include_str!("programs/gmm.adl"), &[("jacobian", vec![f(&[20]), f(&[20,10]), f(&[20,10]), f(&[20,45]), f(&[1000,10]), f(&[]), whole(0)])]);
    run("kmeans", include_str!("programs/kmeans.adl"), &[("dir", vec![f(&[100,3]), f(&[10,3])])]);
    run("llsq", include_str!("programs/llsq.adl"), &[("gradient", vec![f(&[10]), whole(100)])]);
    run("lse", include_str!("programs/lse.adl"), &[("gradient", vec![f(&[100])])]);
    run("lstm", include_str!("programs/lstm.adl"), &[("jacobian", vec![f(&[4, 12]), f(&[3,3]), f(&[4,3]), f(&[6,3])]), ("jacobian", vec![f(&[40, 56]), f(&[3,14]), f(&[40,14]), f(&[100,14])])]);
    run("ode", include_str!("programs/ode.adl"), &[("gradient", vec![f(&[10]), whole(100)])]);
    run("particle", include_str!("programs/particle.adl"), &[("rr", vec![f(&[])]), ("ff", vec![f(&[])])]);
    run("saddle", include_str!("programs/saddle.adl"), &[("rr", vec![f(&[2])]), ("fr", vec![f(&[2])])]);
}) }
