//! One JSON document from another: a value somewhere is changed, taken out, repeated, or put in place of
//! another one like it, so that names keep meeting what they name.

use serde_json::{Number, Value};

/// Numbers at which something may change: nothing, one, whole units, whole shares, most of an amount.
const NUMBERS: [i64; 18] = [
    0,
    1,
    2,
    3,
    -1,
    99,
    500,
    999,
    1_000,
    1_500,
    3_333,
    9_999,
    10_000,
    10_001,
    100_000_000,
    1_000_000_000_000,
    i64::MAX,
    i64::MIN,
];

/// Writes another document over the first `size` bytes, and gives its length.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed) | 1 << 40);
    let parsed = serde_json::from_slice::<Value>(&data[..size]);
    // Now and then bytes change without sense, as in other fuzzers.
    let Ok(mut document) = parsed else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    if dice.below(50) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    for _ in 0..=dice.below(4) {
        change(&mut document, &mut dice);
    }
    let text = document.to_string();
    if text.len() > max_size.min(data.len()) {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}

fn change(document: &mut Value, dice: &mut Dice) {
    let mut paths = Vec::new();
    collect(document, String::new(), &mut paths);
    if paths.is_empty() {
        return;
    }
    let path = paths[dice.below(paths.len())].clone();
    let other = document.pointer(&paths[dice.below(paths.len())]).cloned();
    // A value that stands under the same name elsewhere is of the same kind.
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    let alike: Vec<&String> = paths.iter().filter(|other| name(other) == name(&path)).collect();
    let alike = document.pointer(alike[dice.below(alike.len())]).cloned();
    let Some(place) = document.pointer_mut(&path) else { return };
    match (place, dice.below(6)) {
        (place, 0) => *place = alike.unwrap_or(Value::Null),
        (Value::Number(number), 1..=3) => *number = next_number(number, dice),
        (Value::Bool(value), _) => *value = !*value,
        (Value::Array(list), 1 | 2) if !list.is_empty() => {
            let taken = list[dice.below(list.len())].clone();
            list.insert(dice.below(list.len() + 1), taken);
        }
        (Value::Array(list), 3) if !list.is_empty() => {
            list.remove(dice.below(list.len()));
        }
        (Value::Array(list), 4) if list.len() > 1 => {
            let (a, b) = (dice.below(list.len()), dice.below(list.len()));
            list.swap(a, b);
        }
        (Value::Object(fields), 1) if !fields.is_empty() => {
            let name = fields.keys().nth(dice.below(fields.len())).cloned();
            name.and_then(|name| fields.remove(&name));
        }
        (Value::Object(fields), 2 | 3) => {
            // A field of this name stands somewhere else.
            if let Some(name) = name(&paths[dice.below(paths.len())]) {
                fields.insert(name, other.unwrap_or(Value::Null));
            }
        }
        (Value::String(text), 1) => text.push('x'),
        (place, 5) => *place = other.unwrap_or(Value::Null),
        _ => {}
    }
}

fn next_number(number: &Number, dice: &mut Dice) -> Number {
    let number = number.as_i64().unwrap_or(0);
    let next = match dice.below(5) {
        0 => number.wrapping_add(1),
        1 => number.wrapping_sub(1),
        2 => number.wrapping_mul(2),
        3 => number / 2,
        _ => NUMBERS[dice.below(NUMBERS.len())],
    };
    next.into()
}

/// JSON Pointers of everything within.
fn collect(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (at, part) in list.iter().enumerate() {
                collect(part, format!("{path}/{at}"), paths);
            }
        }
        Value::Object(fields) => {
            for (name, part) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(part, format!("{path}/{name}"), paths);
            }
        }
        _ => {}
    }
    paths.push(path);
}

/// Marsaglia's xorshift with 64 bits: libFuzzer gives a seed, and repeats it.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }
}
