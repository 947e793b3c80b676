//! Arena, tapes, failures and prints, through the entry points that compiled code uses.
#![allow(unsafe_code, reason = "plays the part of compiled code")]

use std::sync::{Arc, Mutex};

use adl_runtime::abi::{
    adl_arena_grow, adl_arena_release, adl_fail, adl_fail_with, adl_print, adl_tape_free, adl_tape_grow, adl_tape_new,
};
use adl_runtime::workspace::Lend;
use adl_runtime::{Array, Context, Failure, Host, Interrupt, PrintValue, Status, Tape, Workspace};

/// What compiled code does for a buffer.
fn allocate(ctx: *mut Context, bytes: usize) -> *mut u8 {
    let bytes = bytes.next_multiple_of(64);
    // SAFETY: `ctx` is in use by this test.
    unsafe {
        if (*ctx).arena_end.addr() - (*ctx).arena_top.addr() < bytes {
            return adl_arena_grow(ctx, bytes as u64);
        }
        let block = (*ctx).arena_top;
        (*ctx).arena_top = block.add(bytes);
        block
    }
}

fn mark(ctx: *mut Context) -> (*mut u8, u64) {
    // SAFETY: as above.
    unsafe { ((*ctx).arena_top, (*ctx).arena_chunk) }
}

fn release(ctx: *mut Context, (top, chunk): (*mut u8, u64)) {
    // SAFETY: as above.
    unsafe {
        if (*ctx).arena_chunk == chunk {
            (*ctx).arena_top = top;
        } else {
            adl_arena_release(ctx, top, chunk);
        }
    }
}

fn fill(block: *mut u8, bytes: usize, value: u8) {
    assert!(!block.is_null());
    assert_eq!(block.addr() % 64, 0);
    // SAFETY: blocks of the arena have this size.
    unsafe { block.write_bytes(value, bytes) };
}

#[test]
fn blocks_are_apart_and_kept_across_growth() {
    let mut workspace = Workspace::new();
    let ctx = workspace.enter(1 << 20);
    let sizes: Vec<usize> = (1..200).map(|i| i * 37 % 5000 + 1).chain([1 << 20, 3, 1 << 17]).collect();
    let blocks: Vec<*mut u8> = sizes.iter().map(|&bytes| allocate(ctx, bytes)).collect();
    for (i, (&block, &bytes)) in blocks.iter().zip(&sizes).enumerate() {
        fill(block, bytes, i as u8);
    }
    for (i, (&block, &bytes)) in blocks.iter().zip(&sizes).enumerate() {
        // SAFETY: written above.
        let content = unsafe { std::slice::from_raw_parts(block, bytes) };
        assert!(content.iter().all(|&b| b == i as u8), "block {i}");
    }
}

#[test]
fn release_reuses_memory() {
    let mut workspace = Workspace::new();
    let ctx = workspace.enter(0);
    let start = mark(ctx);
    let mut held = 0;
    for round in 0..1000 {
        let outer = mark(ctx);
        fill(allocate(ctx, 50_000), 50_000, 1);
        let inner = mark(ctx);
        let first = allocate(ctx, 100_000);
        fill(first, 100_000, 2);
        release(ctx, inner);
        assert_eq!(allocate(ctx, 100_000), first, "same place after release");
        release(ctx, outer);
        // SAFETY: nothing of it is in use.
        let now = unsafe { (*ctx).arena_chunk };
        assert_eq!(now, outer.1);
        let statistics = workspace.statistics();
        if round > 1 {
            assert_eq!(statistics.held, held, "round {round}");
        }
        held = statistics.held;
    }
    release(ctx, start);
    assert!(workspace.statistics().peak_arena < 1_000_000);
}

#[test]
fn repeated_calls_stay_on_the_fast_path() {
    let mut workspace = Workspace::new();
    let ctx = workspace.enter(0);
    (0..20).for_each(|_| fill(allocate(ctx, 100_000), 100_000, 0));
    for _ in 0..3 {
        let ctx = workspace.enter(0);
        let (_, chunk) = mark(ctx);
        (0..20).for_each(|_| fill(allocate(ctx, 100_000), 100_000, 0));
        assert_eq!(mark(ctx).1, chunk);
    }
    workspace.trim();
    assert_eq!(workspace.statistics().held, 0);
}

#[test]
fn limits_are_errors() {
    let mut workspace = Workspace::new();
    workspace.set_memory_limit(Some(1 << 20));
    let ctx = workspace.enter(0);
    assert!(allocate(ctx, 2 << 20).is_null());
    assert_eq!(workspace.failure().values[..3], [2 << 20, 0, 1 << 20]);
    let ctx = workspace.enter(0);
    // SAFETY: the context is in use by this test.
    unsafe {
        assert!(adl_arena_grow(ctx, u64::MAX).is_null());
        assert!(adl_arena_grow(ctx, 1 << 62).is_null());
        let tape = adl_tape_new(ctx);
        assert_eq!(adl_tape_grow(ctx, tape, 2 << 20), Status::OutOfMemory as u32);
        assert_eq!(adl_tape_grow(ctx, tape, u64::MAX), Status::OutOfMemory as u32);
        assert_eq!(adl_tape_grow(ctx, tape, 900_000), 0, "what fits is had, whatever was kept");
        assert!(allocate(ctx, 200_000).is_null());
        adl_tape_free(ctx, tape);
        fill(allocate(ctx, 900_000), 900_000, 0);
    }
    assert!(workspace.statistics().held <= 1 << 20);
    workspace.set_memory_limit(None);
    let ctx = workspace.enter(0);
    fill(allocate(ctx, 4 << 20), 4 << 20, 0);
}

#[test]
fn tapes_grow_keep_and_are_reused() {
    let mut workspace = Workspace::new();
    let ctx = workspace.enter(0);
    // SAFETY: the context is in use by this test; cursors stay below the capacity.
    unsafe {
        let (a, b) = (adl_tape_new(ctx), adl_tape_new(ctx));
        let push = |tape: *mut Tape, cursor: usize, value: u64| {
            if (*tape).capacity - cursor < 8 {
                assert_eq!(adl_tape_grow(ctx, tape, cursor as u64 + 8), 0);
            }
            assert_eq!((*tape).base.addr() % 64, 0);
            (*tape).base.add(cursor).cast::<u64>().write(value);
        };
        for i in 0..10_000 {
            push(a, 8 * i, i as u64);
            push(b, 8 * i, !(i as u64));
        }
        for i in (0..10_000).rev() {
            assert_eq!((*a).base.add(8 * i).cast::<u64>().read(), i as u64);
            assert_eq!((*b).base.add(8 * i).cast::<u64>().read(), !(i as u64));
        }
        adl_tape_free(ctx, b);
        adl_tape_free(ctx, b);
        adl_tape_free(ctx, std::ptr::null_mut());
        let capacity = (*b).capacity;
        assert!(capacity >= 80_000);
        let c = adl_tape_new(ctx);
        assert_eq!((c, (*c).capacity), (b, capacity), "from the pool, with its memory");
        assert_ne!(adl_tape_new(ctx), c, "given back twice, lent out once");
    }
    let peak = workspace.statistics().peak_tape;
    assert!((160_000..400_000).contains(&peak), "{peak}");
    workspace.enter(0);
    workspace.trim();
    assert_eq!(workspace.statistics().held, 0, "tapes of a call that failed come back too");
}

#[test]
fn failures_carry_figures_and_arrays() {
    let mut workspace = Workspace::new();
    let ctx = workspace.enter(0);
    let data = [1.0, 2.0];
    let value = PrintValue { dtype: 3, rank: 1, dims: &2, data: data.as_ptr().cast() };
    // SAFETY: the value describes `data`.
    unsafe {
        assert_eq!(adl_fail(ctx, 5, 7, -1, 2, 3, i64::MIN), Status::Failed as u32);
        assert_eq!(adl_fail_with(ctx, 6, 8, &value, 1), 1);
    }
    assert_eq!(workspace.failure(), Failure { kind: 6, site: 8, values: [1, 0, 0, 0] });
    assert_eq!(workspace.failure_values(), [Array::from(data)]);
    workspace.enter(0);
    assert_eq!(workspace.failure(), Failure::default());
    assert!(workspace.failure_values().is_empty());
    assert_eq!(Status::from_code(4), Some(Status::OutOfMemory));
    assert_eq!(Status::from_code(5), Some(Status::OutOfFuel));
    assert_eq!(Status::from_code(6), None);
}

struct Recorder(Arc<Mutex<Vec<String>>>);

impl Host for Recorder {
    fn print(&mut self, site: u32, values: Vec<Array>, _: &mut Lend<'_>) -> Result<(), String> {
        assert!(site != 13, "unlucky site");
        if site == 17 {
            return Err("not this one".into());
        }
        self.0.lock().unwrap().push(format!("{site}: {values:?}"));
        Ok(())
    }
}

#[test]
fn prints_reach_the_host_and_panics_do_not_cross() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let mut workspace = Workspace::new();
    let (flag, empty, single) = (1u8, [0i64, 3], 0.1f32);
    let values = [
        PrintValue { dtype: 0, rank: 0, dims: std::ptr::null(), data: &flag },
        PrintValue { dtype: 1, rank: 2, dims: empty.as_ptr(), data: std::ptr::null() },
        PrintValue { dtype: 2, rank: 0, dims: std::ptr::null(), data: (&raw const single).cast() },
    ];
    let ctx = workspace.enter(0);
    // SAFETY: the values describe what they point to.
    assert_eq!(unsafe { adl_print(ctx, 1, values.as_ptr(), 3) }, 0, "without a host, nothing happens");
    workspace.set_host(Some(Box::new(Recorder(lines.clone()))));
    let ctx = workspace.enter(0);
    // SAFETY: as above.
    unsafe {
        assert_eq!(adl_print(ctx, 2, values.as_ptr(), 3), 0);
        assert_eq!(adl_print(ctx, 13, values.as_ptr(), 0), Status::Failed as u32);
    }
    assert_eq!(*lines.lock().unwrap(), ["2: [bool[] true, i64[0, 3] [], f32[] 0.1]"]);
    assert_eq!(workspace.failure().kind, Failure::HOST_PANICKED);
    let payload = workspace.take_panic().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&"unlucky site"));
    assert!(workspace.take_panic().is_none());
    let ctx = workspace.enter(0);
    // SAFETY: as above.
    assert_eq!(unsafe { adl_print(ctx, 17, values.as_ptr(), 0) }, Status::Failed as u32);
    assert_eq!(workspace.failure(), Failure { kind: Failure::HOST_REFUSED, site: 17, values: [0; 4] });
    assert_eq!(workspace.take_refusal().as_deref(), Some("not this one"));
    assert!(workspace.take_refusal().is_none());
}

#[test]
fn interrupts_are_seen_by_the_context() {
    let mut workspace = Workspace::new();
    let shared = Interrupt::new();
    workspace.set_interrupt(shared.clone());
    let ctx = workspace.enter(4096);
    // SAFETY: the context is in use by this test.
    let raised = || unsafe { (*(*ctx).interrupt).load(std::sync::atomic::Ordering::Relaxed) };
    assert!(!raised());
    shared.raise();
    assert!(raised() && workspace.interrupt().is_raised());
    shared.clear();
    assert!(!raised());
    let here = (&raw const shared).addr();
    // SAFETY: as above.
    let limit = unsafe { (*ctx).stack_limit };
    assert!(limit < here && here - limit < 65536, "a little below this frame");
}
