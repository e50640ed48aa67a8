//! Other programs: run, and what they said.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// Runs a program that talks to the terminal itself.
///
/// # Errors
/// When it cannot be started or does not succeed; the message is its command line.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| line(command))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a program and returns what it printed; its complaints go to the terminal.
///
/// # Errors
/// As [`run`].
pub fn read(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| line(command))?;
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stdout));
        bail!("`{}` ended with {}", line(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What a program printed, and what it took.
pub struct Ran {
    /// Its output.
    pub output: String,
    /// Seconds on the wall.
    pub wall_s: f64,
    /// Seconds of processor time, all threads together; 0 where the system does not tell.
    pub cpu_s: f64,
    /// Most memory that it held at once; 0 where the system does not tell.
    pub peak_bytes: u64,
}

/// Runs a program and watches it; its complaints go to the terminal.
///
/// # Errors
/// As [`run`].
pub fn measured(command: &mut Command) -> Result<Ran> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| line(command))?;
    let mut out = child.stdout.take().context("the output was piped")?;
    let reader = std::thread::spawn(move || {
        let mut output = String::new();
        out.read_to_string(&mut output).map(|_| output)
    });
    let (mut cpu_s, mut peak_bytes) = (0.0_f64, 0);
    let status = loop {
        // Both only grow, so the last look is off by what happens within one glance.
        let process = Path::new("/proc").join(child.id().to_string());
        cpu_s = cpu_s.max(cpu_seconds(&process).unwrap_or(0.0));
        peak_bytes = peak_bytes.max(peak_of(&process).unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(GLANCE);
    };
    let wall_s = began.elapsed().as_secs_f64();
    let output = reader.join().map_err(|_| anyhow!("the output could not be read"))??;
    if !status.success() {
        print!("{output}");
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(Ran { output, wall_s, cpu_s, peak_bytes })
}

const GLANCE: Duration = Duration::from_millis(5);

/// Linux counts processor time for programs in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

fn cpu_seconds(process: &Path) -> Option<f64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // The name stands in brackets and may hold anything; user and system time are the 12th and 13th
    // field after it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_A_SECOND)
}

fn peak_of(process: &Path) -> Option<u64> {
    let status = fs::read_to_string(process.join("status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// Whether a program runs and succeeds; it is not heard.
pub fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_is_watched_to_its_end() {
        let work = "x=x; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do x=$x$x; done; \
                    i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo ${#x}";
        let ran = measured(Command::new("sh").args(["-c", work])).unwrap();
        assert_eq!(ran.output, "262144\n");
        assert!(ran.cpu_s > 0.0 && ran.wall_s > 0.0);
        assert!((1 << 19..1 << 30).contains(&ran.peak_bytes), "{}", ran.peak_bytes);
        assert!(measured(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
