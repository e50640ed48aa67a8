//! Progress of long work: a bar on a terminal, plain lines elsewhere; always on the error stream, so
//! that output stays clean.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use programme::Progress;

use crate::language::Language;

/// Shows progress on the error stream.
pub struct Bar {
    language: Language,
    bar: Option<ProgressBar>,
    stage: RefCell<Stage>,
}

struct Stage {
    name: String,
    total: Option<u64>,
    began: Instant,
    said: Instant,
}

/// How often plain lines tell how far a stage is.
const EVERY: Duration = Duration::from_secs(10);

impl Bar {
    pub fn new(language: Language) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let now = Instant::now();
        let stage = Stage { name: String::new(), total: None, began: now, said: now };
        Self { language, bar, stage: RefCell::new(stage) }
    }
}

impl Progress for Bar {
    fn stage(&self, name: &str, total: Option<u64>) {
        let (name, now) = (self.language.stage(name), Instant::now());
        if let Some(bar) = &self.bar {
            let template = match total {
                Some(_) => "{spinner} {prefix} [{bar:30}] {msg}",
                None => "{spinner} {prefix} {elapsed}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_length(total.unwrap_or(0));
            bar.set_position(0);
            bar.reset_elapsed();
            bar.set_prefix(name.clone());
            bar.set_message("");
        } else {
            eprintln!("{name} …");
        }
        *self.stage.borrow_mut() = Stage { name, total, began: now, said: now };
    }

    fn done(&self, amount: u64) {
        let mut stage = self.stage.borrow_mut();
        let Some(total) = stage.total.filter(|&total| total > 0) else { return };
        let far = || self.language.far(amount, total, stage.began.elapsed());
        if let Some(bar) = &self.bar {
            bar.set_position(amount);
            bar.set_message(far());
        } else if stage.said.elapsed() >= EVERY {
            eprintln!("{}: {}", stage.name, far());
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
