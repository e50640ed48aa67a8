//! A programme in a temporary folder, fed by small texts.

use std::path::PathBuf;
use std::process::{Command, Output};

use lake::{Lake, Limits, Storage};
use programme::Programme;

use super::s3;

/// A programme's folder and the feeds beside it.
pub struct Shop {
    folder: tempfile::TempDir,
    /// Where its lake is, if in a bucket.
    pub url: Option<String>,
    /// What its commands find in the environment.
    pub variables: Vec<(String, String)>,
}

/// Receipts with all the columns that tests need.
pub const MAPPING: &str = r#"
[receipts]
files = "receipts.csv"
[receipts.fields]
number = "number"
customer = "customer"
at = "at"
product = "product"
quantity = "quantity"
net = "net"
"#;

pub const HEADER: &str = "number,customer,at,product,quantity,net\n";

impl Shop {
    /// A new programme without receipts.
    pub fn new() -> Self {
        let shop = Self { folder: tempfile::tempdir().unwrap(), url: None, variables: Vec::new() };
        shop.done(&["init"]);
        shop
    }

    /// The same with its lake in a bucket, where there is a server to have one.
    pub fn in_bucket() -> Self {
        let url = s3::fresh_url();
        let mut shop = Self::new();
        shop.variables = s3::variables(s3::server().unwrap().address);
        shop.set("url = \"lake\"", &format!("url = \"{url}\""));
        // The one that the default settings made.
        std::fs::remove_dir(shop.dir().join("lake")).unwrap();
        shop.url = Some(url);
        shop
    }

    /// A new programme on each kind of storage that can be tested here.
    pub fn kinds() -> Vec<fn() -> Self> {
        let in_bucket = s3::server().map(|_| Self::in_bucket as fn() -> Self);
        [Self::new as fn() -> Self].into_iter().chain(in_bucket).collect()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn dir(&self) -> PathBuf {
        self.path("programme")
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command with the programme's folder set.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proffer"));
        command.args(arguments).env("PROFFER_DIR", self.dir()).current_dir(self.folder.path());
        command.envs(self.variables.iter().cloned());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs what must succeed; gives its output.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs what must fail with exit code 1; gives its error text.
    pub fn failed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?} should fail");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Imports receipts given as CSV rows; gives the report.
    pub fn import(&self, rows: &str) -> serde_json::Value {
        self.write("mapping.toml", MAPPING);
        self.write("receipts.csv", format!("{HEADER}{rows}"));
        serde_json::from_str(&self.done(&["import", "mapping.toml", "--json", "--max-bad", "100%"]))
            .unwrap()
    }

    /// Imports the feeds of a demo shop; gives the report.
    pub fn import_demo(&self, demo: &demo::DemoShop) -> serde_json::Value {
        for feed in demo::Feed::ALL {
            let mut bytes = Vec::new();
            demo.write(feed, &mut bytes).unwrap();
            self.write(feed.file(), bytes);
        }
        self.write("mapping.toml", demo::MAPPING);
        serde_json::from_str(&self.done(&["import", "mapping.toml", "--json"])).unwrap()
    }

    /// The newest state of its lake.
    pub fn lake(&self) -> Lake {
        match &self.url {
            None => Programme::open(&self.dir()).unwrap().lake().unwrap(),
            Some(url) => {
                let variables = self.variables.clone();
                let bucket = lake::Bucket::open_with(url, Limits::default(), variables).unwrap();
                Lake::open(Storage::bucket(bucket).into()).unwrap()
            }
        }
    }

    pub fn sums(&self) -> Sums {
        sums(&self.lake())
    }

    /// Changes a setting: a line of `proffer.toml`.
    pub fn set(&self, from: &str, to: &str) {
        let settings = self.dir().join("proffer.toml");
        let text = std::fs::read_to_string(&settings).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(settings, text.replace(from, to)).unwrap();
    }
}

/// What the lake holds, counted line by line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    pub receipts: u64,
    pub lines: usize,
    pub net: i64,
}

/// Reads the whole lake and holds it against its own totals.
pub fn sums(lake: &Lake) -> Sums {
    let lines = lake.lines(&lake::Customers::Everybody).unwrap();
    let totals = lake.manifest().totals;
    let sums = Sums { receipts: totals.receipts, lines: lines.len(), net: lines.net.iter().sum() };
    assert_eq!((totals.lines, totals.net), (sums.lines as u64, sums.net), "totals of the manifest");
    sums
}

/// Rows of a feed: receipts 1..=count, three lines each.
pub fn rows(count: u32) -> String {
    (1..=count)
        .flat_map(|number| {
            (1..=3).map(move |line| {
                let customer = number % 4001;
                let day = 1 + number % 28;
                format!(
                    "{number},c{customer},2024-01-{day:02} 12:00:00,p{},1,{}.50\n",
                    (number + line) % 211,
                    line
                )
            })
        })
        .collect()
}

pub fn soak() -> bool {
    std::env::var_os("PROFFER_SOAK").is_some()
}

/// Says aloud that a test cannot run here; where everything should run, that is a failure.
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}: in CI this must run");
    eprintln!("SKIPPED: {why}");
}
