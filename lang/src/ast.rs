//! The syntax tree: what the text says, before names and types. Every node carries its span.

pub(crate) mod walk;

use crate::source::Span;
use std::sync::Arc;

/// A name as written.
pub type Name = Arc<str>;

/// A name and where it stands.
#[derive(Clone, Debug)]
pub struct Ident {
    /// The text of the name.
    pub name: Name,
    /// Where it stands.
    pub span: Span,
}

/// A file, or one entry of the REPL: statements in order.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// `##` lines at the head of the file, followed by an empty line.
    pub doc: Option<String>,
    /// The statements.
    pub stmts: Vec<Stmt>,
}

/// `{ … }`: statements; the value is that of a last expression statement, if there is one.
#[derive(Clone, Debug)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<Stmt>,
    /// From brace to brace.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `let pattern: type = value` or `var …`.
    Let {
        /// Whether it may be assigned again (`var`).
        mutable: bool,
        /// What is bound.
        pattern: Pattern,
        /// The annotation.
        ty: Option<TypeExpr>,
        /// The value.
        value: Expr,
        /// `##` lines above it.
        doc: Option<String>,
    },
    /// `fn name(params) -> type = body`.
    Fn(Arc<FnDef>),
    /// `import name` or `import "path"`, with `as name`.
    Import {
        /// What is imported.
        target: ImportTarget,
        /// The name given by `as`.
        alias: Option<Ident>,
    },
    /// `test "name" { … }`.
    Test {
        /// The name.
        name: String,
        /// What is run.
        body: Arc<Block>,
    },
    /// `for pattern in iter { … }`.
    For {
        /// The loop variable.
        pattern: Pattern,
        /// What is iterated over.
        iter: Expr,
        /// The body.
        body: Block,
        /// `@checkpoint(rounds)` before it.
        budget: Option<Budget>,
    },
    /// `while cond { … }`.
    While {
        /// The condition.
        cond: Expr,
        /// The body.
        body: Block,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return value`.
    Return(Option<Expr>),
    /// `place op value`; the parser has checked that `place` is a name, a field, an index or a tuple of places.
    Assign {
        /// What is assigned to: an expression of kind `Name`, `Field`, `Part`, `Index` or `Tuple` of these.
        place: Expr,
        /// `None` for `=`, else the arithmetic of `+= -= *= /=`.
        op: Option<BinaryOp>,
        /// The new value.
        value: Expr,
    },
    /// An expression: the value of the block if it is the last statement.
    Expr(Expr),
}

/// What `import` names.
#[derive(Clone, Debug)]
pub enum ImportTarget {
    /// A module of the standard library.
    Module(Ident),
    /// A file, relative to the importing one.
    Path(String, Span),
}

/// A definition of a function.
#[derive(Clone, Debug)]
pub struct FnDef {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The declared type of the result.
    pub ret: Option<TypeExpr>,
    /// The body; `fn f() = e` holds `e` itself, `fn f() { … }` an expression of kind `Block`.
    pub body: Expr,
    /// `##` lines above it.
    pub doc: Option<String>,
    /// `@jvp(name)` or `@vjp(name)` before it.
    pub rule: Option<Rule>,
    /// From `fn` to the end of the body.
    pub span: Span,
}

/// `@checkpoint(32)`: what a loop may keep in reverse mode.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Of how many rounds; as many as make every round run once more, if left out.
    pub rounds: Option<Box<Expr>>,
    /// The word.
    pub span: Span,
}

/// `@jvp(logistic)`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `jvp` or `vjp`.
    pub kind: Ident,
    /// The function that the rule is for.
    pub target: Ident,
}

/// A parameter of a function or lambda.
#[derive(Clone, Debug)]
pub struct Param {
    /// What is bound.
    pub pattern: Pattern,
    /// The annotation.
    pub ty: Option<TypeExpr>,
    /// The default (never on lambdas).
    pub default: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// What a value is taken apart into.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of pattern.
#[derive(Clone, Debug)]
pub enum PatternKind {
    /// `_`.
    Ignore,
    /// A name.
    Name(Name),
    /// `(a, b)`, `(x,)`, `()`.
    Tuple(Vec<Pattern>),
    /// `(w:, b: bias)`; a missing pattern binds the field's own name.
    Record(Vec<(Ident, Option<Pattern>)>),
    /// `[x, y]`: the entries (or rows) of an array of exactly that length.
    Array(Vec<Pattern>),
}

impl Pattern {
    /// The names that it binds, in order.
    pub fn names(&self) -> Vec<Name> {
        match &self.kind {
            PatternKind::Ignore => Vec::new(),
            PatternKind::Name(name) => vec![name.clone()],
            PatternKind::Tuple(parts) | PatternKind::Array(parts) => parts.iter().flat_map(Pattern::names).collect(),
            PatternKind::Record(fields) => {
                let of = |(name, part): &(Ident, Option<Pattern>)| {
                    part.as_ref().map_or_else(|| vec![name.name.clone()], Pattern::names)
                };
                fields.iter().flat_map(of).collect()
            }
        }
    }
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// What it is.
    pub kind: TypeExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of type.
#[derive(Clone, Debug)]
pub enum TypeExprKind {
    /// `f64`, `f64[n, 3]`; dimensions are arithmetic expressions, `_` is a `Name` expression. No dimensions: a scalar.
    Array {
        /// `f64`, `f32`, `i64`, `bool`, or an unknown name for the checker to refuse.
        dtype: Ident,
        /// The dimensions.
        dims: Vec<Expr>,
    },
    /// `(f64, w: f64[n])`; the name is there for records.
    Tuple(Vec<(Option<Ident>, TypeExpr)>),
    /// `(f64[n]) -> f64`.
    Function {
        /// The parameters.
        params: Vec<TypeExpr>,
        /// The result.
        ret: Box<TypeExpr>,
    },
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `42`; digits as an integer. Too large a literal is refused by the parser.
    Int(i64),
    /// `0.5`.
    Float(f64),
    /// `true`, `false`.
    Bool(bool),
    /// `none`; also `()`.
    None,
    /// `"…"` with holes.
    Str(Vec<StrPart>),
    /// A name.
    Name(Name),
    /// `{ … }`.
    Block(Block),
    /// `if c { } else { }`; `otherwise` is an expression of kind `Block` or `If`.
    If {
        /// The condition.
        cond: Box<Expr>,
        /// The block taken when it holds.
        then: Block,
        /// The other one.
        otherwise: Option<Box<Expr>>,
    },
    /// `|x, (a, b): T| body`.
    Lambda(Arc<Lambda>),
    /// `fixpoint(options) pattern = start { body }`.
    Fixpoint {
        /// `tol =`, `max =`, …
        options: Vec<(Ident, Expr)>,
        /// Where the state starts.
        start: Box<Expr>,
        /// One round: the block as a function of the state.
        round: Arc<Lambda>,
    },
    /// `(a, b)`, `(x,)`.
    Tuple(Vec<Expr>),
    /// `(w: e, b:)`.
    Record(Vec<Field>),
    /// `(..t, b: b2)`.
    Update {
        /// The record that is copied.
        base: Box<Expr>,
        /// The fields that differ.
        fields: Vec<Field>,
    },
    /// `(e for p in t)`: over a tuple, unrolled; as the argument of a call, see `Arg::clauses`.
    TupleFor(Box<Comprehension>),
    /// `[a, b]`.
    Array(Vec<Expr>),
    /// `[e for i in r]`.
    ArrayFor(Box<Comprehension>),
    /// `a..b by s`.
    Range {
        /// First.
        start: Box<Expr>,
        /// One past the last.
        end: Box<Expr>,
        /// The step.
        step: Option<Box<Expr>>,
    },
    /// `-a`, `not a`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`; `and`, `or` too.
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a + b - c + …` with many operands, which group to the left: the first, and the others with their operators. So
    /// the tree of a long formula is not as high as the formula is long.
    Chain(Box<Expr>, Vec<(BinaryOp, Expr)>),
    /// `a < b <= c`: at least one comparison, in order.
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `f(args)`; `x |> f` is a call with one argument, `x |> f(y)` calls the value of `f(y)` with `x`.
    Call {
        /// What is called.
        callee: Box<Expr>,
        /// The arguments as written.
        args: Vec<Arg>,
    },
    /// `a[i, ..]`.
    Index {
        /// What is indexed.
        base: Box<Expr>,
        /// One entry per position.
        indices: Vec<Index>,
    },
    /// `t.w`, `A.T`, `module.name`.
    Field(Box<Expr>, Ident),
    /// `t.0`.
    Part(Box<Expr>, usize, Span),
    /// `f'`.
    Prime(Box<Expr>),
    /// What a syntax error left behind; silences everything that follows from it.
    Error,
}

/// A lambda.
#[derive(Clone, Debug)]
pub struct Lambda {
    /// Parameters, without defaults.
    pub params: Vec<Param>,
    /// The body.
    pub body: Expr,
}

/// `name: value`, or `name:` for `name: name`.
#[derive(Clone, Debug)]
pub struct Field {
    /// The field.
    pub name: Ident,
    /// Its value.
    pub value: Option<Expr>,
}

/// `element for clauses if condition`.
#[derive(Clone, Debug)]
pub struct Comprehension {
    /// What is computed.
    pub element: Expr,
    /// `pattern in expr`, outermost first.
    pub clauses: Vec<(Pattern, Expr)>,
    /// The closing `if`.
    pub condition: Option<Expr>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `name =` before it.
    pub name: Option<Ident>,
    /// The value; for `f(e for i in r)` an expression of kind `ArrayFor` with `reduction` set.
    pub value: Expr,
    /// Whether the value is a bare comprehension, `sum(e for i in r)`, which need not be stored.
    pub reduction: bool,
}

/// One position between index brackets.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are few of them, in vectors that live for a short time")]
pub enum Index {
    /// `a[i]`, `a[-1]`, `a[idx]`; a written minus is a `Unary(Neg, …)`; `none` inserts an axis.
    At(Expr),
    /// `a[i..j by s]` with any part left out.
    Slice {
        /// First.
        start: Option<Expr>,
        /// One past the last.
        end: Option<Expr>,
        /// The step.
        step: Option<Expr>,
        /// Where it stands.
        span: Span,
    },
}

/// Part of a string.
#[derive(Clone, Debug)]
pub enum StrPart {
    /// Text, with escapes resolved.
    Text(String),
    /// `{expr}`, `{expr:.3e}`.
    Hole(Box<Expr>, Option<Format>),
}

/// How a number is shown: `.3e`, `.1%`, `8.2f`, `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Least width; numbers are right-aligned.
    pub width: Option<u16>,
    /// Digits after the point.
    pub precision: Option<u16>,
    /// How it is written.
    pub style: FormatStyle,
}

/// The letter that ends a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FormatStyle {
    /// None: shortest, or fixed if a precision is given.
    Plain,
    /// `f`.
    Fixed,
    /// `e`.
    Exponent,
    /// `g`.
    General,
    /// `%`.
    Percent,
    /// `d`.
    Integer,
}

/// `-`, `not`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`.
    Neg,
    /// `not`.
    Not,
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `//`.
    FloorDiv,
    /// `%`.
    Rem,
    /// `@`.
    MatMul,
    /// `^`.
    Pow,
    /// `and`.
    And,
    /// `or`.
    Or,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
}
