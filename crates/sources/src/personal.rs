//! Where personal data would slip in: names of columns and fields that mean it, values that look
//! like it. None of it comes through this door: it belongs to the vault.

use std::borrow::Cow;

/// What a column or attribute of this name would bring, if it is a person's own: a phone, an
/// e-mail, a passport and the like anywhere; a name or an address only `of_customer`, since
/// products and shops have names too.
pub(crate) fn named(name: &str, of_customer: bool) -> Option<&'static str> {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let starts = |list: &[&str]| words.iter().any(|word| list.iter().any(|l| word.starts_with(l)));
    let pair = |a: &[&str], b: &[&str]| {
        words.windows(2).any(|w| a.contains(&w[0].as_str()) && b.contains(&w[1].as_str()))
    };
    let only = |list: &[&str]| words.len() == 1 && list.contains(&words[0].as_str());
    if starts(&["phone", "telephone", "телефон", "msisdn"])
        || has(&["tel", "тел", "телеф", "cellphone", "mobilephone", "phonenumber"])
        || only(&["mobile", "cell", "мобильный", "мобильник", "сотовый"])
        || pair(&["mobile", "cell", "мобильный"], &["number", "no", "номер"])
        || pair(&["номер"], &["мобильный", "мобильного", "сотового"])
    {
        return Some("a phone");
    }
    if starts(&["email", "емейл", "имейл", "емайл"])
        || has(&["mail", "почта", "эл", "эпочта"])
        || pair(&["e"], &["mail"])
    {
        return Some("an e-mail");
    }
    if starts(&["passport", "паспорт", "snils", "снилс"]) {
        return Some("an identity document");
    }
    let year = has(&["year", "год", "года", "yyyy", "decade"]);
    if has(&["birthday", "birthdate", "dob", "dateofbirth", "bday"])
        || (has(&["birth", "born"]) && !year)
        || (words.iter().any(|word| word.starts_with("рожден")) && !year)
        || only(&["др"])
    {
        return Some("an exact birth date");
    }
    if !of_customer {
        return None;
    }
    if has(&["firstname", "lastname", "fullname", "surname", "patronymic", "middlename"])
        || has(&["fio", "фио", "имя", "фамилия", "отчество", "имена", "forename"])
        || only(&["name", "имя"])
        || pair(
            &[
                "first", "last", "middle", "full", "given", "family", "second", "customer",
                "client", "person", "user", "buyer", "member", "holder",
            ],
            &["name"],
        )
    {
        return Some("a name");
    }
    if starts(&["address", "адрес"])
        || has(&["addr", "street", "улица", "apartment", "квартира", "дом"])
    {
        return Some("an address");
    }
    has(&["inn", "инн", "tin", "ssn"]).then_some("a tax number")
}

/// What the mapping's author is told.
pub(crate) fn refusal(what: &str) -> String {
    format!(
        "this would bring {what}, and personal data is not imported: it belongs to the vault, which a \
         customer enters by a questionnaire; coded values such as an age band, a gender or a region are welcome"
    )
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphabetic() || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_lowercase();
        if c.is_alphabetic() {
            let last = words.last_mut().expect("there is always a last word");
            last.extend(c.to_lowercase().map(|c| if c == 'ё' { 'е' } else { c }));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What a value looks like, if it looks personal: a phone (Russian with any usual punctuation,
/// or any other with a leading plus) or an e-mail.
#[must_use]
pub fn value(text: &str) -> Option<&'static str> {
    if text.bytes().any(|b| b == b'@') {
        return email(text).then_some("an e-mail");
    }
    phone(text).then_some("a phone")
}

fn email(text: &str) -> bool {
    let word = |word: &str| {
        let Some((local, domain)) = word.rsplit_once('@') else { return false };
        let domain = domain.trim_end_matches('.');
        let zoned = domain.rsplit_once('.');
        !local.is_empty() && zoned.is_some_and(|(host, zone)| !host.is_empty() && !zone.is_empty())
    };
    text.split(|c: char| c.is_whitespace() || "<>:;,()".contains(c)).any(word)
}

fn phone(text: &str) -> bool {
    let mut text = text.trim();
    if text.contains(char::is_whitespace) {
        // Words around the number: "tel. 8 916 …", "8 916 … (Anna)".
        text = text
            .trim_matches(|c: char| c.is_alphabetic() || c.is_whitespace() || ":.,;".contains(c));
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !(8..=15).contains(&digits) || text.len() > 40 {
        return false;
    }
    let plus = text.starts_with('+') || text.starts_with("(+");
    let usual = |c: char| c.is_ascii_digit() || "+()-./\u{2010}\u{2011}\u{2013}".contains(c);
    if !text.chars().all(|c| usual(c) || c.is_whitespace()) {
        return false;
    }
    let mut numerals = text.bytes().filter(u8::is_ascii_digit);
    let start = (numerals.next(), numerals.next());
    plus || (digits == 11 && matches!(start, (Some(b'7' | b'8'), Some(b'9'))))
}

/// The value with what looks personal taken out.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    match value(text) {
        None => Cow::Borrowed(text),
        Some("a phone") => {
            let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
            let end: String = digits[digits.len() - 2..].iter().collect();
            Cow::Owned(format!("{}***{end}", digits[0]))
        }
        Some(_) => Cow::Owned(format!("{}***@***", text.trim().chars().next().unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_that_mean_a_person() {
        for (name, anywhere, of_customer) in [
            ("phone", true, true),
            ("MobilePhone", true, true),
            ("mobile", true, true),
            ("mobile_app_days", false, false),
            ("Телефон", true, true),
            ("tel.", true, true),
            ("hotel", false, false),
            ("e-mail", true, true),
            ("EMAIL_ADDRESS", true, true),
            ("Эл. почта", true, true),
            ("birth_date", true, true),
            ("dob", true, true),
            ("Дата рождения", true, true),
            ("birth_year", false, false),
            ("Год рождения", false, false),
            ("passport_no", true, true),
            ("name", false, true),
            ("firstName", false, true),
            ("ФИО", false, true),
            ("Фамилия", false, true),
            ("category_name", false, false),
            ("Адрес доставки", false, true),
            ("ИНН", false, true),
            ("inner_code", false, false),
            ("age", false, false),
            ("household_id", false, false),
            ("region", false, false),
        ] {
            assert_eq!(named(name, false).is_some(), anywhere, "{name} anywhere");
            assert_eq!(named(name, true).is_some(), of_customer, "{name} of a customer");
        }
    }

    #[test]
    fn values_that_look_personal() {
        for (text, mask) in [
            ("+7 (916) 123-45-67", "7***67"),
            ("89161234567", "8***67"),
            ("79161234567", "7***67"),
            ("8-916-123-45-67", "8***67"),
            ("+44 20 7946 0958", "4***58"),
            ("ivan@example.com", "i***@***"),
            ("Ivan <ivan@example.com>", "I***@***"),
            ("9161234567", "9161234567"),
            ("4600000000017", "4600000000017"),
            ("71234567890", "71234567890"),
            ("2500", "2500"),
            ("19-24", "19-24"),
            ("a@b", "a@b"),
            ("", ""),
        ] {
            assert_eq!(masked(text), mask, "{text}");
        }
    }
}
