//! Derivatives of handles as handles.

use super::function::Function;
use super::jacobians::{Batch, Over};
use super::signature::{Many, Parameter, Plus, Signature};
use super::types::{Float, Type};
use crate::engine::Error;
use crate::engine::program::Handle;
use std::fmt;
use std::marker::PhantomData;

/// A function and the parameter by which it is differentiated, of type `P`.
///
/// Each operator gives a handle of its own; ask for it once and keep it.
///
/// ```
/// let program = adl_compiler::compile("fn f(x: f64, y: f64) = x * y^3")?;
/// let f = program.function::<fn(f64, f64) -> f64>("f")?;
/// assert_eq!(f.grad()?.call((2.0, 3.0))?, 27.0);
/// assert_eq!(f.wrt::<1>().grad()?.call((2.0, 3.0))?, 54.0);
/// assert_eq!(f.wrt_named::<f64>("y")?.hessian()?.call((2.0, 3.0))?, 36.0);
/// # Ok::<(), adl_compiler::Error>(())
/// ```
pub struct Wrt<'f, S, P: ?Sized> {
    function: &'f Function<S>,
    place: usize,
    param: PhantomData<fn(&P)>,
}

impl<S: Signature, P: ?Sized> fmt::Debug for Wrt<'_, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, by parameter {}", self.function, self.place)
    }
}

impl<S: Signature> Function<S> {
    /// Derivatives by the parameter at position `K`, from 0 on.
    pub fn wrt<const K: usize>(&self) -> Wrt<'_, S, <S as Parameter<K>>::Type>
    where
        S: Parameter<K>,
    {
        Wrt { function: self, place: K, param: PhantomData }
    }

    /// Derivatives by the parameter of that name, whose type is `P` as in the signature. An error if there is none.
    pub fn wrt_named<P: Type + ?Sized>(&self, name: &str) -> Result<Wrt<'_, S, P>, Error> {
        let (program, expr) = (&self.typed.handle.program, self.expr());
        let named = |param: &adl_lang::ast::Param| match &param.pattern.kind {
            adl_lang::ast::PatternKind::Name(own) => **own == *name,
            _ => false,
        };
        let place = program.definition(expr).and_then(|(def, _)| def.params.iter().position(named));
        let wanted = P::spec();
        match place {
            Some(place) if self.typed.params.get(place) == Some(&wanted) => {
                Ok(Wrt { function: self, place, param: PhantomData })
            }
            Some(_) => Err(self.typed.refused(&format!("the parameter `{name}` is not {wanted} there"))),
            None => Err(self.typed.refused(&format!("`{expr}` is not a definition with a parameter `{name}`"))),
        }
    }

    /// The gradient by the first parameter: [`Wrt::grad`].
    pub fn grad(&self) -> Result<Function<S::Returning<<S::Type as Type>::Owned>>, Error>
    where
        S: Parameter<0, Result: Float>,
    {
        self.wrt::<0>().grad()
    }

    /// The value and the gradient by the first parameter: [`Wrt::value_and_grad`].
    pub fn value_and_grad(&self) -> Result<Function<S::Returning<(S::Result, <S::Type as Type>::Owned)>>, Error>
    where
        S: Parameter<0, Result: Float>,
    {
        self.wrt::<0>().value_and_grad()
    }

    /// All derivatives by the first parameter: [`Wrt::jacobian`].
    pub fn jacobian(&self) -> Result<Function<S::Returning<<S::Result as Over<S::Type>>::Jacobian>>, Error>
    where
        S: Parameter<0, Result: Over<<S as Parameter<0>>::Type>>,
    {
        self.wrt::<0>().jacobian()
    }

    /// The second derivatives by the first parameter: [`Wrt::hessian`].
    pub fn hessian(&self) -> Result<Function<S::Returning<Second<S::Type>>>, Error>
    where
        S: Parameter<0, Result: Float>,
        <S::Type as Type>::Owned: Over<S::Type>,
    {
        self.wrt::<0>().hessian()
    }

    /// The value and the derivative along a direction in the first parameter: [`Wrt::jvp`].
    pub fn jvp(&self) -> Result<Function<Pushed<S, S::Type>>, Error>
    where
        S: Parameter<0> + Plus<<<S as Parameter<0>>::Type as Type>::Owned>,
    {
        self.wrt::<0>().jvp()
    }

    /// The value and what a sensitivity of it means for the first parameter: [`Wrt::vjp`].
    pub fn vjp(&self) -> Result<Function<Pulled<S, S::Type>>, Error>
    where
        S: Parameter<0> + Plus<<S as Signature>::Result>,
    {
        self.wrt::<0>().vjp()
    }

    /// The second derivatives by the first parameter times a vector: [`Wrt::hvp`].
    pub fn hvp(&self) -> Result<Function<Times<S, S::Type>>, Error>
    where
        S: Parameter<0, Result: Float> + Plus<<<S as Parameter<0>>::Type as Type>::Owned>,
    {
        self.wrt::<0>().hvp()
    }

    /// The function of many points: each parameter and the result has one more axis in front, along which they lie. All
    /// points are computed by one loop in one call. To keep a parameter the same for all, ask for the function by hand:
    /// `program.function::<fn([f64], [f64]) -> Vec<f64>>("vmap(model, axes = (none, 0))")`.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn f(x: f64, y: f64) = x^2 - y")?;
    /// let many = program.function::<fn(f64, f64) -> f64>("f")?.batch()?;
    /// assert_eq!(many.call((&[1.0, 2.0, 3.0], &[0.0, 1.0, 2.0]))?, [1.0, 3.0, 7.0]);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn batch(&self) -> Result<Function<S::Many>, Error>
    where
        S: Many<Result: Batch>,
    {
        self.derived(&format!("vmap({})", self.expr()))
    }

    fn derived<D: Signature>(&self, expr: &str) -> Result<Function<D>, Error> {
        Function::new(Handle::new(self.typed.handle.program.clone(), expr))
    }
}

/// Second derivatives by a parameter of type `P`.
pub type Second<P> = <<P as Type>::Owned as Over<P>>::Jacobian;
/// The signature of [`Wrt::jvp`].
pub type Pushed<S, P> = <S as Plus<<P as Type>::Owned>>::With<(<S as Signature>::Result, <S as Signature>::Result)>;
/// The signature of [`Wrt::vjp`].
pub type Pulled<S, P> = <S as Plus<<S as Signature>::Result>>::With<(<S as Signature>::Result, <P as Type>::Owned)>;
/// The signature of [`Wrt::hvp`].
pub type Times<S, P> = <S as Plus<<P as Type>::Owned>>::With<<P as Type>::Owned>;

impl<S: Signature, P: Type + ?Sized> Wrt<'_, S, P> {
    /// The gradient of a function that gives a number; it has the structure of the parameter:
    /// of an array an array of its shape, of a record the record.
    ///
    /// ```
    /// type F = fn((f64, Vec<f64>)) -> f64;
    /// let f = adl_compiler::compile("fn f((a, x)) = a * sum(x^2)")?.function::<F>("f")?;
    /// assert_eq!(f.grad()?.call(((2.0, &[1.0, 3.0]),))?, (10.0, vec![4.0, 12.0]));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn grad(&self) -> Result<Function<S::Returning<P::Owned>>, Error>
    where
        S::Result: Float,
    {
        self.operator("grad")
    }

    /// The value and the gradient, at less than the cost of both.
    ///
    /// ```
    /// let f = adl_compiler::compile("fn f(x: f64[n]) = sum(x^2)")?.function::<fn([f64]) -> f64>("f")?;
    /// assert_eq!(f.value_and_grad()?.call((&[1.0, 3.0],))?, (10.0, vec![2.0, 6.0]));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn value_and_grad(&self) -> Result<Function<S::Returning<(S::Result, P::Owned)>>, Error>
    where
        S::Result: Float,
    {
        self.operator("value_and_grad")
    }

    /// All derivatives: the axes of the result, then those of the parameter. Forward or reverse mode, by the sizes.
    ///
    /// ```
    /// let program = adl_compiler::compile("fn f(x: f64[2]) = [x[0] * x[1], x[0], 1.0]")?;
    /// let jacobian = program.function::<fn([f64]) -> Vec<f64>>("f")?.jacobian()?;
    /// assert_eq!(jacobian.call((&[2.0, 3.0],))?.data(), [3.0, 2.0, 1.0, 0.0, 0.0, 0.0]);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn jacobian(&self) -> Result<Function<S::Returning<<S::Result as Over<P>>::Jacobian>>, Error>
    where
        S::Result: Over<P>,
    {
        self.operator("jacobian")
    }

    /// The second derivatives of a function that gives a number: the axes of the parameter twice.
    ///
    /// ```
    /// let f = adl_compiler::compile("fn f(x: f64[2]) = x[0]^2 * x[1]")?.function::<fn([f64]) -> f64>("f")?;
    /// assert_eq!(f.hessian()?.call((&[3.0, 5.0],))?.data(), [10.0, 6.0, 6.0, 0.0]);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn hessian(&self) -> Result<Function<S::Returning<Second<P>>>, Error>
    where
        S::Result: Float,
        P::Owned: Over<P>,
    {
        self.operator("hessian")
    }

    /// The value and the derivative along a direction, which is a further argument.
    ///
    /// ```
    /// let f = adl_compiler::compile("fn f(x: f64[n]) = x^2")?.function::<fn([f64]) -> Vec<f64>>("f")?;
    /// let (value, change) = f.jvp()?.call((&[1.0, 3.0], &[1.0, 10.0]))?;
    /// assert_eq!((value, change), (vec![1.0, 9.0], vec![2.0, 60.0]));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn jvp(&self) -> Result<Function<Pushed<S, P>>, Error>
    where
        S: Plus<P::Owned>,
    {
        let (params, of_one) = self.of_one();
        self.function.derived(&format!("|{params}, d| jvp({of_one}, a{}, d)", self.place))
    }

    /// The value and what a sensitivity of it, a further argument, means for the parameter.
    ///
    /// ```
    /// let f = adl_compiler::compile("fn f(x: f64[n]) = x^2")?.function::<fn([f64]) -> Vec<f64>>("f")?;
    /// let (value, sensitivity) = f.vjp()?.call((&[1.0, 3.0], &[1.0, 10.0]))?;
    /// assert_eq!((value, sensitivity), (vec![1.0, 9.0], vec![2.0, 60.0]));
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn vjp(&self) -> Result<Function<Pulled<S, P>>, Error>
    where
        S: Plus<<S as Signature>::Result>,
    {
        let (params, of_one) = self.of_one();
        let (place, body) = (self.place, "(value, pullback(d))");
        self.function.derived(&format!("|{params}, d| {{ let (value, pullback) = vjp({of_one}, a{place}); {body} }}"))
    }

    /// The second derivatives times a vector, a further argument, without the matrix of them.
    ///
    /// ```
    /// let f = adl_compiler::compile("fn f(x: f64[n]) = sum(x^3)")?.function::<fn([f64]) -> f64>("f")?;
    /// assert_eq!(f.hvp()?.call((&[1.0, 2.0], &[1.0, 10.0]))?, [6.0, 120.0]);
    /// # Ok::<(), adl_compiler::Error>(())
    /// ```
    pub fn hvp(&self) -> Result<Function<Times<S, P>>, Error>
    where
        S::Result: Float,
        S: Plus<P::Owned>,
    {
        let (params, of_one) = self.of_one();
        self.function.derived(&format!("|{params}, d| hvp({of_one}, a{}, d)", self.place))
    }

    fn operator<D: Signature>(&self, name: &str) -> Result<Function<D>, Error> {
        self.function.derived(&format!("{name}({}, wrt = {})", self.function.expr(), self.place))
    }

    /// Names for the parameters, and the function of the one by which it is differentiated.
    fn of_one(&self) -> (String, String) {
        let names: Vec<String> = (0..self.function.typed.params.len()).map(|k| format!("a{k}")).collect();
        let params = names.join(", ");
        (params.clone(), format!("|a{}| ({})({params})", self.place, self.function.expr()))
    }
}
