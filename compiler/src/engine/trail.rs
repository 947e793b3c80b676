//! Where a call failed, and the calls that led there.

use crate::codegen::Native;
use crate::ir::{Call, Place};
use adl_lang::diagnostic::{How, Step};
use adl_lang::source::Span;
use adl_runtime::Trace;

/// What is known of where a call failed.
#[derive(Debug, Default)]
pub struct Trail {
    /// The place.
    pub span: Option<Span>,
    /// The calls that led there, the inner ones first.
    pub steps: Vec<Step>,
}

impl Trail {
    /// Of native code.
    pub fn of(native: &Native, trace: &Trace) -> Trail {
        let site = trace.site.and_then(|site| native.site(site));
        Trail { span: site.map(|site| site.place.span), steps: steps(&native.calls(trace)) }
    }

    /// Of code that failed at a place, within these calls.
    pub fn at(place: Place, calls: &[&Call]) -> Trail {
        let calls: Vec<_> = calls.iter().map(|&call| (Some(call), 1)).collect();
        Trail { span: Some(place.span), steps: steps(&calls) }
    }
}

/// Calls as people are told of them; those that are alike and follow one another are one.
fn steps(calls: &[(Option<&Call>, u64)]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    // In a function that is differentiated what it calls is so too: that is said once, where it begins.
    let mut known = 0;
    for (call, times) in calls.iter().rev() {
        let step = match call {
            None => {
                Step { function: String::new(), how: How::Omitted, span: None, given: String::new(), times: *times }
            }
            Some(call) => {
                let (name, how, order) = derivative(&call.callee);
                let how = if order > known { how } else { How::Call };
                known = known.max(order);
                Step { function: name.into(), how, span: Some(call.at.span), given: String::new(), times: *times }
            }
        };
        match steps.last_mut() {
            Some(last) if Step { times: last.times, ..step.clone() } == *last => last.times += times,
            Some(_) | None => steps.push(step),
        }
    }
    steps.reverse();
    steps
}

/// A function by the name of one that differentiation made of it, `f.jvp.vjp`, and of which order that is.
fn derivative(name: &str) -> (&str, How, u32) {
    let mut parts = name.split('.');
    let base = parts.next().unwrap_or(name);
    let (mut order, mut how) = (0, How::Call);
    for part in parts.filter(|part| matches!(*part, "jvp" | "vjp")) {
        order += 1;
        how = match (order, part) {
            (1, "jvp") => How::Derivative,
            (1, _) => How::Gradient,
            _ => How::Higher(order),
        };
    }
    (base, how, order)
}
