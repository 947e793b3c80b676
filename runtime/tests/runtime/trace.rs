//! The calls that led to a failure, of which a recursion may have made any number.

use adl_runtime::trace::Trace;

#[test]
fn repetitions_are_counted_and_the_middle_is_left_out() {
    let mut trace = Trace::default();
    for address in [1, 2, 2, 2, 3] {
        trace.push(address);
    }
    assert_eq!(trace.entries().collect::<Vec<_>>(), [(Some(1), 1), (Some(2), 3), (Some(3), 1)]);
    for address in 10..1000 {
        trace.push(address);
    }
    let entries: Vec<_> = trace.entries().collect();
    assert_eq!(entries.len(), 2 * Trace::KEPT + 1);
    assert_eq!(entries.iter().map(|(_, times)| times).sum::<u64>(), 995);
    assert_eq!(entries[Trace::KEPT].0, None);
    assert_eq!(entries.last(), Some(&(Some(999), 1)));
}
