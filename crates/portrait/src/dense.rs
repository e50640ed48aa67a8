//! A map by small dense codes that is emptied in the time of what it holds.

use retail::NONE;

/// Values by code. It keeps its memory when emptied, so that one of them serves a customer after
/// another without allocation.
#[derive(Debug, Default)]
pub(crate) struct Dense<T> {
    // Place in `entries` plus one, 0 for a code without an entry.
    places: Vec<u32>,
    entries: Vec<(u32, T)>,
}

impl<T: Default> Dense<T> {
    /// An empty map for codes below `codes`; it grows for others.
    pub fn sized(codes: usize) -> Self {
        Self { places: vec![0; codes], entries: Vec::new() }
    }

    /// The place of a code among the entries; a new code gets the default value.
    #[inline]
    pub fn place(&mut self, code: u32) -> usize {
        match self.places.get(code as usize) {
            Some(&place) if place != 0 => place as usize - 1,
            _ => self.add(code),
        }
    }

    /// The value at a place.
    #[inline]
    pub fn get(&mut self, place: usize) -> &mut T {
        &mut self.entries[place].1
    }

    /// The value of a code, at first the default one.
    #[inline]
    pub fn at(&mut self, code: u32) -> &mut T {
        let place = self.place(code);
        self.get(place)
    }

    #[inline(never)]
    fn add(&mut self, code: u32) -> usize {
        debug_assert_ne!(code, NONE, "an absent id has no value");
        let index = code as usize;
        if index >= self.places.len() {
            // Fresh zeroed memory costs nothing until it is touched; growing step by step does.
            let mut places = vec![0; (index + 1).next_power_of_two()];
            places[..self.places.len()].copy_from_slice(&self.places);
            self.places = places;
        }
        self.entries.push((code, T::default()));
        self.places[index] = self.entries.len() as u32;
        self.entries.len() - 1
    }

    /// Codes and values in sequence of first appearance.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries.iter().map(|(code, value)| (*code, value))
    }

    /// Values in sequence of first appearance.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// How many codes have a value.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets every value.
    pub fn clear(&mut self) {
        for &(code, _) in &self.entries {
            self.places[code as usize] = 0;
        }
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_live_until_cleared() {
        let mut map = Dense::<i32>::default();
        for (code, add) in [(5, 1), (0, 2), (5, 3), (1000, 4)] {
            *map.at(code) += add;
        }
        assert_eq!(map.iter().collect::<Vec<_>>(), [(5, &4), (0, &2), (1000, &4)]);
        map.clear();
        assert_eq!((map.len(), *map.at(5)), (0, 0));
    }
}
