//! Records of the language as structures of Rust.

/// Makes structures that stand for records: the fields go in and come out by name. A field is a scalar, `Vec`, array,
/// tuple or record; there are up to twelve.
///
/// ```
/// adl_compiler::record! {
///     /// A straight line.
///     #[derive(Clone, Debug, PartialEq)]
///     pub struct Line {
///         pub slope: f64,
///         pub offset: f64,
///     }
/// }
/// let text = "fn misfit(p, t, y) = sum((p.slope * t + p.offset - y)^2)";
/// let misfit = adl_compiler::compile(text)?.function::<fn(Line, [f64], [f64]) -> f64>("misfit")?;
/// let line = Line { slope: 2.0, offset: 1.0 };
/// let slopes = misfit.grad()?.call((&line, &[0.0, 1.0], &[0.0, 3.0]))?;
/// assert_eq!(slopes, Line { slope: 0.0, offset: 2.0 });
/// # Ok::<(), adl_compiler::Error>(())
/// ```
#[macro_export]
macro_rules! record {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $( $(#[$field_attribute:meta])* $field_visibility:vis $field:ident : $ty:ty ),+ $(,)?
        }
    )+) => {$(
        $(#[$attribute])*
        $visibility struct $name {
            $( $(#[$field_attribute])* $field_visibility $field: $ty, )+
        }

        impl $crate::embed::Type for $name {
            type In<'a> = <($($ty,)+) as $crate::embed::Type>::In<'a>;
            type Out = $name;
            type Place<'a> = <($($ty,)+) as $crate::embed::Type>::Place<'a>;
            type Owned = $name;

            fn spec() -> $crate::embed::Spec {
                $crate::embed::Spec::Tuple(vec![
                    $((Some(stringify!($field)), <$ty as $crate::embed::Type>::spec())),+
                ])
            }
            fn leaves<'s>(input: &'s Self::In<'_>, leaves: &mut $crate::embed::Leaves<'s>) {
                <($($ty,)+) as $crate::embed::Type>::leaves(input, leaves);
            }
            fn given<'a>(leaves: &mut $crate::embed::Given<'_, 'a>) -> Option<Self::In<'a>> {
                <($($ty,)+) as $crate::embed::Type>::given(leaves)
            }
            fn new(shapes: &mut $crate::embed::Shapes) -> Option<$name> {
                Some($name { $($field: <$ty as $crate::embed::Type>::new(shapes)?),+ })
            }
            fn input(out: &$name) -> Self::In<'_> {
                ($(<$ty as $crate::embed::Type>::input(&out.$field),)+)
            }
            fn place(out: &mut $name) -> Self::Place<'_> {
                ($(<$ty as $crate::embed::Type>::place(&mut out.$field),)+)
            }
            fn places<'s>(place: &'s mut Self::Place<'_>, places: &mut $crate::embed::Places<'s>) {
                <($($ty,)+) as $crate::embed::Type>::places(place, places);
            }
        }

        impl<'a> $crate::embed::IntoIn<'a, $name> for &'a $name {
            fn into_in(self) -> <$name as $crate::embed::Type>::In<'a> {
                <$name as $crate::embed::Type>::input(self)
            }
        }

        impl<'a> $crate::embed::IntoPlace<'a, $name> for &'a mut $name {
            fn into_place(self) -> <$name as $crate::embed::Type>::Place<'a> {
                <$name as $crate::embed::Type>::place(self)
            }
        }
    )+};
}
