//! Progress of long work: a bar on a terminal, plain lines elsewhere; always on the error stream, so
//! that output stays clean.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use programme::Progress;

/// Shows progress on the error stream.
pub struct Bar {
    bar: Option<ProgressBar>,
    stage: RefCell<Stage>,
}

struct Stage {
    name: String,
    total: Option<u64>,
    said: Instant,
}

/// How often plain lines tell how far a stage is.
const EVERY: Duration = Duration::from_secs(5);

impl Bar {
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            bar,
            stage: RefCell::new(Stage { name: String::new(), total: None, said: Instant::now() }),
        }
    }
}

impl Progress for Bar {
    fn stage(&self, name: &str, total: Option<u64>) {
        *self.stage.borrow_mut() = Stage { name: name.to_owned(), total, said: Instant::now() };
        let Some(bar) = &self.bar else {
            eprintln!("{name} …");
            return;
        };
        let template = match total {
            Some(_) => "{spinner} {msg} [{bar:30}] {percent} % {eta}",
            None => "{spinner} {msg} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_length(total.unwrap_or(0));
        bar.set_position(0);
        bar.set_message(name.to_owned());
    }

    fn done(&self, amount: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(amount);
            return;
        }
        let mut stage = self.stage.borrow_mut();
        if let Some(total) = stage.total.filter(|&total| total > 0 && stage.said.elapsed() >= EVERY)
        {
            eprintln!("{}: {} %", stage.name, amount * 100 / total);
            stage.said = Instant::now();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
