//! Timing of calls that take nanoseconds or seconds.

use adl_compiler::engine::Error;
use adl_compiler::session::{Call, Session};
use std::time::{Duration, Instant};

/// How long is measured in all, and how long a round should take at least.
const TOTAL: Duration = Duration::from_millis(300);
const ROUND: Duration = Duration::from_micros(100);

/// How often it is compiled; the fastest counts, since the first pays for what others find done.
const COMPILATIONS: usize = 3;

/// What was measured.
pub struct Figures {
    /// The time to compile.
    pub compile: Duration,
    /// The median of the time of a call, in seconds.
    pub median: f64,
    /// The least time of a call.
    pub least: f64,
    /// How many calls were made.
    pub rounds: u64,
    /// The most bytes that were kept for a reverse sweep.
    pub tape: usize,
}

/// Times a call, or its gradient.
pub fn measure(session: &mut Session, call: &Call, gradient: bool) -> Result<Figures, Error> {
    let mut prepared = session.prepare(call, gradient)?;
    let mut compile = prepared.compile;
    for _ in 1..COMPILATIONS {
        prepared = session.prepare(call, gradient)?;
        compile = compile.min(prepared.compile);
    }
    let mut time = |rounds: u64| -> Result<Duration, Error> {
        let start = Instant::now();
        for _ in 0..rounds {
            session.perform(&mut prepared)?;
        }
        Ok(start.elapsed())
    };
    // Calls that are over at once are counted by the thousand.
    let mut batch = 1;
    let first = time(1)?;
    while time(batch)? < ROUND && batch < 1 << 20 {
        batch *= 2;
    }
    let mut times: Vec<f64> = Vec::new();
    let start = Instant::now();
    while start.elapsed() < TOTAL || times.is_empty() {
        times.push(time(batch)?.as_secs_f64() / batch as f64);
        if first > TOTAL {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(Figures {
        compile,
        median: times[times.len() / 2],
        least: times[0],
        rounds: batch * times.len() as u64,
        tape: prepared.tape_bytes(),
    })
}

/// `12.3 ns`, `4.56 ms`.
pub fn duration(seconds: f64) -> String {
    let (scaled, unit) = match seconds {
        ..1e-6 => (seconds * 1e9, "ns"),
        ..1e-3 => (seconds * 1e6, "µs"),
        ..1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    let digits = match scaled {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{scaled:.digits$} {unit}")
}
