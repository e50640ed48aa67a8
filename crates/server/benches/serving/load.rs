//! Requests at a fixed rate, whether earlier ones are answered or not; how long each took is counted from the moment it
//! was due.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Clock};

use super::serving::{Connection, Server};

const CONNECTIONS: usize = 48;

/// A request by its number and the answer before, with its name.
pub type Step<'a> = (&'a str, &'a (dyn Fn(u64, &str) -> String + Sync));

/// Whoever asks a server, with a key.
pub struct Load {
    pub server: Server,
    pub key: String,
}

impl Load {
    /// Sends requests at a rate for so many seconds, and prints what came of them.
    pub fn load(
        &self,
        name: &str,
        rate: u64,
        seconds: u64,
        request: &(dyn Fn(u64) -> String + Sync),
    ) {
        self.load_steps(name, rate, seconds, &[("", &|n, _| request(n))]);
    }

    /// The same of requests one after the other, each made of the answer before.
    pub fn load_steps(&self, name: &str, rate: u64, seconds: u64, steps: &[Step<'_>]) {
        let before = (cpu("self"), cpu(&self.server.child.id().to_string()));
        let next = Arc::new(AtomicU64::new(0));
        let began = Clock::now();
        let mut times = Vec::new();
        let mut wrong = Vec::new();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..CONNECTIONS)
                .map(|_| {
                    let next = next.clone();
                    scope.spawn(move || self.work(&next, rate, rate * seconds, began, steps))
                })
                .collect();
            for worker in workers {
                let (some, bad) = worker.join().unwrap();
                times.extend(some);
                wrong.extend(bad);
            }
        });
        let took = began.elapsed().as_secs_f64();
        let server_cpu = (cpu(&self.server.child.id().to_string()) - before.1) / took;
        let print = |name: &str, mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
            println!(
                "{}",
                serde_json::json!({
                    "load": name, "rate": times.len() as f64 / took, "wrong": wrong.len(),
                    "first_wrong": wrong.first(), "p50_ms": at(0.5), "p99_ms": at(0.99),
                    "slowest_ms": at(1.0), "load_generator_cpu": (cpu("self") - before.0) / took,
                    "server_cpu": server_cpu,
                })
            );
        };
        for (place, (step, _)) in steps.iter().enumerate().filter(|_| steps.len() > 1) {
            let of_step = times.iter().map(|times: &Vec<f64>| times[place]).collect();
            print(&format!("{name}, {step}"), of_step);
        }
        print(name, times.iter().map(|times| times.iter().sum()).collect());
    }

    /// One connection: takes the next request that is due, and waits for its answer.
    fn work(
        &self,
        next: &AtomicU64,
        rate: u64,
        count: u64,
        began: Clock,
        steps: &[Step<'_>],
    ) -> (Vec<Vec<f64>>, Vec<String>) {
        let mut connection: Connection = self.server.connect(&self.key);
        let (mut times, mut wrong) = (Vec::new(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return (times, wrong);
            }
            let mut due = began + Duration::from_secs_f64(number as f64 / rate as f64);
            let (mut answer, mut of_steps) = (String::new(), Vec::with_capacity(steps.len()));
            for (_, request) in steps {
                let text = request(number, &answer);
                std::thread::sleep(due.saturating_duration_since(Clock::now()));
                let (status, told) = connection.ask(&text);
                of_steps.push(due.elapsed().as_secs_f64() * 1e3);
                // The next begins when this one is answered.
                due = Clock::now();
                if !(200..300).contains(&status) {
                    wrong.push(format!("{status} {told}"));
                }
                answer = told;
            }
            times.push(of_steps);
        }
    }
}

/// Seconds of processor time of a process; Linux counts hundredths.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}
