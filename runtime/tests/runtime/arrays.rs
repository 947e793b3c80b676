//! Arrays: construction, views, limits.

use adl_runtime::array::element_count;
use adl_runtime::buffer::Buffer;
use adl_runtime::view::{View, ViewMut};
use adl_runtime::{Array, ArrayError, DType};

#[test]
fn construction_and_views() {
    let mut a = Array::from_slice(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!((a.dtype(), a.shape(), a.rank(), a.len()), (DType::F64, &[2usize, 3][..], 2, 6));
    assert_eq!(a.as_f64().unwrap()[4], 5.0);
    assert!(a.as_f32().is_none() && a.as_i64().is_none() && a.as_bool().is_none());
    a.as_mut_slice::<f64>().unwrap()[0] = 9.0;
    assert_eq!(a.get_f64(0), Some(9.0));
    assert_eq!(a.get_f64(6), None);
    assert_eq!(a.bytes().as_ptr().addr() % 64, 0);
    assert_eq!(a.clone().reshaped(&[6]).unwrap().shape(), [6]);
    assert_eq!(Array::from(2.5).scalar_f64(), Some(2.5));
    assert_eq!(Array::from(7).rank(), 0);
    assert_eq!(Array::from(vec![true, false]).as_bool(), Some(&[1, 0][..]));
    assert_eq!(Array::zeros(DType::F32, &[3]).unwrap().as_f32(), Some(&[0.0; 3][..]));
}

#[test]
fn impossible_shapes_are_errors() {
    let shape = [1 << 40, 1 << 40];
    assert_eq!(Array::zeros(DType::F64, &shape).unwrap_err(), ArrayError::TooLarge(shape.to_vec()));
    assert!(matches!(Array::zeros(DType::Bool, &[usize::MAX]), Err(ArrayError::TooLarge(_))));
    assert!(matches!(Array::zeros(DType::F64, &[1 << 45]), Err(ArrayError::OutOfMemory(_))));
    let count = Array::from_slice(&[2, 2], &[1.0]).unwrap_err();
    assert_eq!(count, ArrayError::Count { expected: 4, found: 1 });
    assert_eq!(count.to_string(), "the shape asks for 4 elements, not 1");
    assert!(Array::from(1.0).reshaped(&[2]).is_err());
    assert_eq!(element_count(&[usize::MAX, usize::MAX, 0]), None);
    assert_eq!(element_count(&[]), Some(1));
}

#[test]
fn equality_is_that_of_elements() {
    assert_eq!(Array::from([1.0, 2.0]), Array::from(vec![1.0, 2.0]));
    assert_ne!(Array::from([1.0]), Array::from(1.0));
    assert_ne!(Array::from([1]), Array::from([1.0]));
    assert_ne!(Array::from(f64::NAN), Array::from(f64::NAN));
    assert_eq!(Array::from(-0.0), Array::from(0.0));
    assert_eq!(format!("{:?}", Array::from([1.0])), "f64[1] [1.0]");
}

#[test]
fn element_types_have_their_numbers() {
    for (code, dtype) in DType::ALL.into_iter().enumerate() {
        assert_eq!(dtype as usize, code);
        assert_eq!(DType::from_code(code as u32), Some(dtype));
    }
    assert_eq!(DType::from_code(4), None);
}

#[test]
fn what_is_no_truth_value_is_refused() {
    let bytes = |bytes: &[u8]| Buffer::from_slice(bytes).unwrap();
    assert_eq!(Array::from_buffer(DType::Bool, &[2], bytes(&[1, 200])).err(), Some(ArrayError::Truth));
    assert_eq!(Array::from_buffer(DType::Bool, &[2], bytes(&[1, 0])).unwrap().as_bool(), Some(&[1, 0][..]));
}

#[test]
fn an_empty_axis_does_not_excuse_others() {
    for shape in [[0, usize::MAX >> 1], [1 << 49, 0], [1 << 40, 1 << 40]] {
        assert_eq!(element_count(&shape), None, "{shape:?}");
        assert!(matches!(Array::zeros(DType::F64, &shape), Err(ArrayError::TooLarge(_))));
    }
    assert_eq!(element_count(&[0, 1 << 40]), Some(0));
    assert!(View::new(&[0.0f64; 0], [0, 1 << 62]).is_none());
    assert!(View::strided(&[0.0f64; 1], [0, 1 << 62], [1, 1]).is_none());
    assert!(ViewMut::new(&mut [0.0f64; 0], [1 << 62, 0]).is_none());
}
