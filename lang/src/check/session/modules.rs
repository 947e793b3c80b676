//! Loading: a file or entry of the REPL, and what it imports.

use super::resolve;
use super::stale;
use super::unused;
use crate::ast::{Block, Expr, ExprKind, File, ImportTarget, Lambda, Name, Pattern, PatternKind, Stmt, StmtKind};
use crate::check::advice::elsewhere;
use crate::check::state::free;
use crate::check::state::value::ModuleId;
use crate::check::state::world::{HOST, MAIN, ModuleDef, TopBinding, TopGroup, World};
use crate::check::{Checker, Loaded};
use crate::diagnostic::Diagnostic;
use crate::library;
use crate::parse;
use crate::source::{Source, SourceId, Span};
use rustc_hash::FxHashMap;
use std::sync::Arc;

type Load<'l> = &'l mut dyn FnMut(&str, &str) -> Result<Source, String>;

impl Checker {
    /// Parses a file or an entry of the REPL, resolves its imports through `load(target, name of the importing
    /// source)`, defines its functions and checks definitions. On `Err` nothing of it is defined; its source is kept,
    /// so that the problems can be shown.
    pub fn load(
        &mut self,
        source: Source,
        load: &mut dyn FnMut(&str, &str) -> Result<Source, String>,
    ) -> Result<Loaded, Vec<Diagnostic>> {
        let before = self.world.clone();
        let r = self.load_inner(source, load);
        if r.is_err() {
            let sources = std::mem::take(&mut self.world.sources);
            self.world = before;
            self.world.sources = sources;
        }
        r
    }

    /// Takes the text in which a host declares its functions. Programs see them like those of the library.
    pub fn host_functions(&mut self, text: &str) -> Result<(), Vec<Diagnostic>> {
        let known = self.world.modules.len();
        let mut no_files = |path: &str, _: &str| Err(format!("no files are available here, so not `{path}`"));
        let source = Source::new(HOST, text);
        let id = module(&mut self.world, source, &mut no_files, &mut Vec::new(), ("host", true))?;
        self.world.host = Some(id);
        let problems = self.module_definitions(known);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn load_inner(&mut self, source: Source, load: Load<'_>) -> Result<Loaded, Vec<Diagnostic>> {
        let id = self.world.add_source(source.clone());
        let (mut file, problems) = self.world.parse(&source, id);
        let (errors, mut warnings): (Vec<_>, Vec<_>) = problems.into_iter().partition(Diagnostic::is_error);
        if !errors.is_empty() {
            return Err(few(errors));
        }
        let mut trail = vec![source.name().to_string()];
        let known_modules = self.world.modules.len();
        let imports = imports(&mut self.world, &file, source.name(), load, &mut trail)?;
        let imports: Vec<(Name, ModuleId)> = imports.into_iter().map(|(name, m, _)| (name, m)).collect();
        let rebuilt = self.world.rebuild(&mut file, &imports);
        for (name, m) in imports {
            self.world.top.insert(name, TopBinding::Module(m));
        }
        let fns = free::functions(&file.stmts);
        let mut problems = Vec::new();
        duplicates(&file, &mut problems);
        if !fns.is_empty() {
            let group = free::group(fns, MAIN);
            let g = self.world.groups.len();
            for (i, f) in group.fns.iter().enumerate() {
                self.world.top.insert(f.name.name.clone(), TopBinding::Fun(g, i));
            }
            let snaps = vec![None; group.fns.len()];
            self.world.groups.push(TopGroup { group, snaps });
        }
        let known: Vec<Name> = self.world.top.keys().cloned().collect();
        resolve::file(&self.world, &file, &known, &mut problems);
        if problems.iter().any(Diagnostic::is_error) {
            problems.retain(Diagnostic::is_error);
            return Err(few(problems));
        }
        warnings.extend(problems);
        stale::file(&mut self.world.seen, &file, &mut warnings);
        unused::file(&file, &mut warnings);
        let mut errors = self.module_definitions(known_modules);
        // What is written again may fit no longer: that is no reason to refuse what it is written again for.
        let (older, own): (Vec<_>, Vec<_>) =
            self.definitions(&file).into_iter().partition(|p| !rebuilt.is_empty() && p.primary.span.source != id);
        warnings.extend(older.into_iter().map(Diagnostic::as_warning));
        errors.extend(own);
        if !errors.is_empty() {
            return Err(few(errors));
        }
        let tests = file
            .stmts
            .iter()
            .filter_map(|s| match &s.kind {
                StmtKind::Test { name, body } => Some((name.clone(), body.clone(), s.span)),
                _ => None,
            })
            .collect();
        let stmts = file.stmts.into_iter().filter(|s| !matches!(s.kind, StmtKind::Test { .. })).collect();
        Ok(Loaded { stmts, tests, warnings, rebuilt })
    }
}

/// Most problems of one text that are told.
const TOLD: usize = 20;

/// The first of many problems; the last of them says how many there are besides.
fn few(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let more = problems.len().saturating_sub(TOLD);
    problems.truncate(TOLD);
    if more > 0
        && let Some(last) = problems.pop()
    {
        problems.push(last.note(format!("and {more} more problems in this text, which are not shown")));
    }
    problems
}

impl World {
    fn parse(&self, source: &Source, id: SourceId) -> (File, Vec<Diagnostic>) {
        parse::parse_until(source, id, &|| self.stop.as_ref().is_some_and(|stop| stop()))
    }
}

/// Two functions of one name in one file.
fn duplicates(file: &File, problems: &mut Vec<Diagnostic>) {
    let mut seen: FxHashMap<Name, Span> = FxHashMap::default();
    for f in free::functions(&file.stmts) {
        if let Some(first) = seen.insert(f.name.name.clone(), f.name.span) {
            problems.push(
                Diagnostic::error("E0109", f.name.span, format!("`{}` is defined twice", f.name.name))
                    .label(first, "first here"),
            );
        }
    }
}

/// Loads what a file imports.
fn imports(
    world: &mut World,
    file: &File,
    from: &str,
    load: Load<'_>,
    trail: &mut Vec<String>,
) -> Result<Vec<(Name, ModuleId, Span)>, Vec<Diagnostic>> {
    let mut out: Vec<(Name, ModuleId, Span)> = Vec::new();
    for s in &file.stmts {
        let StmtKind::Import { target, alias } = &s.kind else {
            continue;
        };
        let (text, at, own) = match target {
            ImportTarget::Module(m) => (m.name.to_string(), m.span, m.name.clone()),
            ImportTarget::Path(p, span) => {
                let stem = p.rsplit('/').next().unwrap_or(p).trim_end_matches(".adl");
                (p.clone(), *span, Name::from(stem))
            }
        };
        let name = alias.as_ref().map_or(own, |a| a.name.clone());
        if let Some((_, _, first)) = out.iter().find(|(n, _, _)| *n == name) {
            return Err(vec![
                Diagnostic::error("E0110", at, format!("two imports are called `{name}`"))
                    .label(*first, "the other one")
                    .help(format!("give this one another name: `as {name}2`")),
            ]);
        }
        let standard = match target {
            ImportTarget::Module(_) => library::sources::module(&text),
            ImportTarget::Path(..) => None,
        };
        let library = standard.is_some();
        let found = standard.map_or_else(|| load(&text, from), |t| Ok(Source::new(format!("<{text}>"), t)));
        let source = found.map_err(|why| {
            let problem = Diagnostic::error("E0110", at, format!("`{text}` cannot be imported")).note(why);
            let help = "leave it out: the functions of the library need no import and no prefix";
            let elsewhere = elsewhere::is_library(&text);
            vec![if elsewhere { problem.fix(help, vec![(s.span, String::new())]) } else { problem }]
        })?;
        if trail.iter().any(|t| t == source.name()) {
            let ring = trail.iter().chain([&source.name().to_string()]).cloned().collect::<Vec<_>>().join(" -> ");
            return Err(vec![Diagnostic::error("E0110", at, "these files import one another").note(ring)]);
        }
        let id = module(world, source, load, trail, (&name, library))?;
        out.push((name, id, at));
    }
    Ok(out)
}

fn module(
    world: &mut World,
    source: Source,
    load: Load<'_>,
    trail: &mut Vec<String>,
    (name, library): (&str, bool),
) -> Result<ModuleId, Vec<Diagnostic>> {
    if let Some(&id) = world.loaded.get(source.name()) {
        return Ok(id);
    }
    let source_id = world.add_source(source.clone());
    let (file, problems) = world.parse(&source, source_id);
    let errors: Vec<_> = problems.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        return Err(few(errors));
    }
    trail.push(source.name().to_string());
    let inner = imports(world, &file, source.name(), load, trail)?;
    trail.pop();
    let id = ModuleId(world.modules.len() as u32);
    let fns = free::functions(&file.stmts);
    let mut lets: FxHashMap<Name, Arc<Lambda>> = FxHashMap::default();
    for s in &file.stmts {
        if let StmtKind::Let { mutable: false, pattern, value, .. } = &s.kind {
            let mut names = Vec::new();
            free::pattern_names(pattern, &mut names);
            for n in names {
                lets.insert(n.clone(), Arc::new(Lambda { params: Vec::new(), body: thunk(s, pattern, value, &n) }));
            }
        }
    }
    let known: Vec<Name> = fns
        .iter()
        .map(|f| f.name.name.clone())
        .chain(lets.keys().cloned())
        .chain(inner.iter().map(|(n, _, _)| n.clone()))
        .collect();
    let mut problems = Vec::new();
    duplicates(&file, &mut problems);
    let definitions = File {
        doc: None,
        stmts: file
            .stmts
            .iter()
            .filter(|s| matches!(s.kind, StmtKind::Fn(_) | StmtKind::Let { mutable: false, .. }))
            .cloned()
            .collect(),
    };
    resolve::file(world, &definitions, &known, &mut problems);
    problems.retain(Diagnostic::is_error);
    if !problems.is_empty() {
        return Err(few(problems));
    }
    world.modules.push(ModuleDef {
        name: name.to_string(),
        library,
        group: free::group(fns, id),
        lets,
        imports: inner.into_iter().map(|(n, m, _)| (n, m)).collect(),
    });
    world.loaded.insert(source.name().to_string(), id);
    Ok(id)
}

/// A `let` of a module as an expression: `{ let pattern = value; name }`.
fn thunk(stmt: &Stmt, pattern: &Pattern, value: &Expr, name: &Name) -> Expr {
    if matches!(pattern.kind, PatternKind::Name(_)) {
        return value.clone();
    }
    let last = Expr { kind: ExprKind::Name(name.clone()), span: pattern.span };
    let last = Stmt { kind: StmtKind::Expr(last), span: pattern.span };
    Expr { kind: ExprKind::Block(Block { stmts: vec![stmt.clone(), last], span: stmt.span }), span: stmt.span }
}
