//! Functions of the host that programs call, with their derivatives.

use super::glue::Declared;
use super::signature::Signature;
use super::types::Type;
use crate::engine::Error;
use crate::engine::hosts::{HostCode, Hosts};
use crate::engine::run::Leaves;
use adl_runtime::view::{Leaf, Place};
use std::fmt;
use std::sync::Arc;

/// A function in Rust for programs: see [`Engine::with_function`](crate::Engine::with_function).
///
/// It is pure: for the same arguments it gives the same result, and programs may call it more or less often than
/// is written. What it is given are numbers and [`View`](super::View)s, as in the table of [`embed`](crate::embed).
/// An error of it becomes an error of the program at the place of the call.
///
/// Derivatives are functions of the host as well, and may have derivatives themselves:
///
/// ```
/// use adl_compiler::{Engine, HostFunction};
/// let cube = HostFunction::new::<fn(f64) -> f64>("fn cube(x: f64) -> f64", |(x,)| Ok(x * x * x))?;
/// let second = HostFunction::new::<fn(f64) -> f64>("fn cube_2(x: f64) -> f64", |(x,)| Ok(6.0 * x))?;
/// let first = HostFunction::new::<fn(f64) -> f64>("fn cube_1(x: f64) -> f64", |(x,)| Ok(3.0 * x * x))?;
/// let engine = Engine::new().with_function(cube.with_partials(first.with_partials(second)?)?);
/// let program = engine.compile("host", "fn f(x: f64) = 2 * cube(x)")?;
/// assert_eq!(program.function::<fn(f64) -> f64>("f''")?.call((5.0,))?, 60.0);
/// // There is no third one.
/// let problem = program.function::<fn(f64) -> f64>("f'''").unwrap_err();
/// assert!(problem.to_string().contains("`cube_2` of the host has no derivative"), "{problem}");
/// # Ok::<(), adl_compiler::Error>(())
/// ```
#[derive(Clone)]
pub struct HostFunction {
    declared: Declared,
    code: Arc<HostCode>,
    rules: String,
    /// The derivatives, which programs can call too.
    others: Vec<HostFunction>,
}

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.declared.name())
    }
}

impl HostFunction {
    /// A function with its declaration in the language, which names the sizes that results have:
    /// `fn scaled(x: f64[n], k: f64) -> f64[n]`. Of several results all are floats.
    ///
    /// ```
    /// use adl_compiler::{Engine, HostFunction};
    /// let declaration = "fn cumulative(x: f64[n]) -> f64[n]";
    /// let f = HostFunction::new::<fn([f64]) -> Vec<f64>>(declaration, |(x,)| {
    ///     let mut sum = 0.0;
    ///     Ok(x.to_vec().into_iter().map(|x| { sum += x; sum }).collect())
    /// })?;
    /// let program = Engine::new().with_function(f).compile("host", "fn f(x) = cumulative(x)[-1]")?;
    /// assert_eq!(program.function::<fn([f64]) -> f64>("f")?.call((&[1.0, 2.0, 3.0],))?, 6.0);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn new<S: Signature>(
        declaration: &str,
        function: impl for<'a> Fn(S::In<'a>) -> Result<<S::Result as Type>::Out, String> + Send + Sync + 'static,
    ) -> Result<HostFunction, Error> {
        let declared = Declared::new(declaration, &S::params(), &<S::Result as Type>::spec())?;
        let code = move |given: &[Leaf<'_>], place: Place<'_>| {
            let input = S::given(&mut given.iter()).ok_or("it is given other types than it was declared with")?;
            let out = function(input)?;
            let result = <S::Result as Type>::input(&out);
            let mut leaves = Leaves::new();
            <S::Result as Type>::leaves(&result, &mut leaves);
            place.take(&leaves)
        };
        Ok(HostFunction { declared, code: Arc::new(code), rules: String::new(), others: Vec::new() })
    }

    /// The partial derivatives of a function of scalars: a function of the same parameters that gives one number
    /// for each float among them, as a tuple if there are several. It serves both modes.
    ///
    /// ```
    /// use adl_compiler::{Engine, HostFunction};
    /// type Partials = fn(f64, f64) -> (f64, f64);
    /// let area = HostFunction::new::<fn(f64, f64) -> f64>("fn area(a: f64, b: f64) -> f64", |(a, b)| Ok(a * b))?;
    /// let sides = HostFunction::new::<Partials>("fn area_d(a: f64, b: f64) -> (f64, f64)", |(a, b)| Ok((b, a)))?;
    /// let program = Engine::new().with_function(area.with_partials(sides)?).compile("host", "fn f(x) = area(x, x)")?;
    /// assert_eq!(program.function::<fn(f64) -> f64>("f")?.grad()?.call((3.0,))?, 6.0);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn with_partials(mut self, partials: HostFunction) -> Result<HostFunction, Error> {
        self.rules += &self.declared.by_partials(&partials.declared)?;
        self.others.push(partials);
        Ok(self)
    }

    /// The derivative for forward mode: the parameters, then a tangent for each that is made of floats,
    /// give the tangent of the result. Reverse mode needs [`HostFunction::with_vjp`] as well.
    ///
    /// ```
    /// use adl_compiler::{Engine, HostFunction};
    /// let energy = HostFunction::new::<fn([f64]) -> f64>("fn energy(x: f64[n]) -> f64", |(x,)| {
    ///     Ok(x.to_vec().iter().map(|x| x * x).sum())
    /// })?;
    /// let text = "fn energy_jvp(x: f64[n], d: f64[n]) -> f64";
    /// let along = HostFunction::new::<fn([f64], [f64]) -> f64>(text, |(x, d)| {
    ///     Ok(x.to_vec().iter().zip(d.to_vec()).map(|(x, d)| 2.0 * x * d).sum())
    /// })?;
    /// let engine = Engine::new().with_function(energy.with_jvp(along));
    /// let program = engine.compile("host", "fn f(x: f64[n]) = energy(x)")?;
    /// let f = program.function::<fn([f64]) -> f64>("f")?;
    /// assert_eq!(f.jvp()?.call((&[1.0, 3.0], &[1.0, 0.0]))?, (10.0, 2.0));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_jvp(mut self, jvp: HostFunction) -> HostFunction {
        self.rules += &self.declared.by_jvp(&jvp.declared);
        self.others.push(jvp);
        self
    }

    /// The derivative for reverse mode: the parameters, then the cotangent of the result, give the cotangent of each
    /// parameter that is made of floats, as a tuple if there are several.
    ///
    /// ```
    /// use adl_compiler::{Engine, HostFunction};
    /// type F = fn([f64]) -> f64;
    /// let norm = HostFunction::new::<F>("fn energy(x: f64[n]) -> f64", |(x,)| {
    ///     Ok(x.to_vec().iter().map(|x| x * x).sum())
    /// })?;
    /// let text = "fn energy_vjp(x: f64[n], u: f64) -> f64[n]";
    /// let back = HostFunction::new::<fn([f64], f64) -> Vec<f64>>(text, |(x, u)| {
    ///     Ok(x.to_vec().iter().map(|x| 2.0 * x * u).collect())
    /// })?;
    /// let engine = Engine::new().with_function(norm.with_vjp(back));
    /// let program = engine.compile("host", "fn f(x: f64[n]) = energy(3 * x)")?;
    /// assert_eq!(program.function::<F>("f")?.grad()?.call((&[1.0, 2.0],))?, [18.0, 36.0]);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    #[must_use]
    pub fn with_vjp(mut self, vjp: HostFunction) -> HostFunction {
        self.rules += &self.declared.by_vjp(&vjp.declared);
        self.others.push(vjp);
        self
    }

    /// Adds it, and its derivatives, to the functions of an engine.
    pub(crate) fn join(self, hosts: &mut Hosts) {
        hosts.add(self.declared.name(), &format!("{}{}", self.declared.definition(), self.rules), self.code);
        self.others.into_iter().for_each(|other| other.join(hosts));
    }
}
