//! Travel: where people fly, how they live there, and what they buy beside the tour.

use crate::calendar::Season::{self, Flat, Summer, Winter};

/// Destinations: category, price of a middle hotel for one, roubles, and when people go. The first
/// two carry the planted rule.
pub(crate) const DESTINATIONS: &[(&str, u32, Season)] = &[
    ("Маврикий|Mauritius", 172_000, Winter),
    ("Тарифа|Tarifa", 98_000, Summer),
    ("Анталья|Antalya", 62_000, Summer),
    ("Хургада|Hurghada", 58_000, Winter),
    ("Пхукет|Phuket", 105_000, Winter),
    ("Гоа|Goa", 84_000, Winter),
    ("Мальдивы|Maldives", 190_000, Winter),
    ("Занзибар|Zanzibar", 118_000, Winter),
    ("Шри-Ланка|Sri Lanka", 97_000, Winter),
    ("Бали|Bali", 121_000, Flat),
    ("Дубай|Dubai", 88_000, Winter),
    ("Крит|Crete", 79_000, Summer),
    ("Кипр|Cyprus", 76_000, Summer),
    ("Тенерифе|Tenerife", 112_000, Flat),
    ("Майорка|Majorca", 99_000, Summer),
    ("Лиссабон|Lisbon", 92_000, Summer),
    ("Рим|Rome", 86_000, Flat),
    ("Тбилиси|Tbilisi", 34_000, Flat),
    ("Ереван|Yerevan", 33_000, Flat),
    ("Самарканд|Samarkand", 39_000, Flat),
    ("Сочи|Sochi", 36_000, Summer),
    ("Калининград|Kaliningrad", 31_000, Summer),
    ("Байкал|Baikal", 52_000, Summer),
    ("Камчатка|Kamchatka", 96_000, Summer),
    ("Карелия|Karelia", 28_000, Summer),
    ("Шерегеш|Sheregesh", 41_000, Winter),
];

/// Hotels of every destination: name, stars, nights, supplier, price in per cent of the middle.
pub(crate) const HOTELS: &[(&str, &str, &str, u32)] = &[
    ("отель 3*, 7 ночей|3* hotel, 7 nights", "7 ночей|7 nights", "Турелья|Turelya Tours", 74),
    ("отель 4*, 7 ночей|4* hotel, 7 nights", "7 ночей|7 nights", "Турелья|Turelya Tours", 100),
    (
        "отель 4*, 10 ночей|4* hotel, 10 nights",
        "10 ночей|10 nights",
        "Ветромир|Vetromir Travel",
        131,
    ),
    (
        "отель 5* «Всё включено», 7 ночей|5* \"All inclusive\", 7 nights",
        "7 ночей|7 nights",
        "Ветромир|Vetromir Travel",
        152,
    ),
    (
        "отель 5*, 14 ночей|5* hotel, 14 nights",
        "14 ночей|14 nights",
        "Парусель|Parusel Holidays",
        238,
    ),
];

/// Services beside a tour: category, kind, supplier, price in roubles.
pub(crate) const EXTRAS: &[(&str, &str, &str, u32)] = &[
    (
        "Страхование|Insurance",
        "Медицинская страховка|Medical insurance",
        "Бережня|Berezhnya Insurance",
        1900,
    ),
    (
        "Страхование|Insurance",
        "Страховка от невыезда|Cancellation insurance",
        "Бережня|Berezhnya Insurance",
        3400,
    ),
    ("Визы|Visas", "Оформление визы|Visa service", "Визарель|Vizarel", 7900),
    ("Трансферы|Transfers", "Трансфер групповой|Shared transfer", "Турелья|Turelya Tours", 1500),
    ("Трансферы|Transfers", "Трансфер личный|Private transfer", "Турелья|Turelya Tours", 4900),
    ("Экскурсии|Excursions", "Обзорная экскурсия|City tour", "Ветромир|Vetromir Travel", 3900),
    ("Экскурсии|Excursions", "Морская прогулка|Boat trip", "Ветромир|Vetromir Travel", 5900),
];

/// Goods with stock: category, kind, price in roubles.
pub(crate) const TRAVEL_GOODS: &[(&str, &str, u32)] = &[
    ("Багаж|Luggage", "Чемодан, ручная кладь|Suitcase, cabin", 5900),
    ("Багаж|Luggage", "Чемодан «Большой»|\"Large\" suitcase", 9900),
    ("Путеводители|Guidebooks", "Путеводитель карманный|Pocket guidebook", 690),
    ("Путеводители|Guidebooks", "Разговорник|Phrase book", 390),
    ("В дорогу|For the road", "Подушка дорожная|Travel pillow", 990),
    ("В дорогу|For the road", "Переходник для розеток|Socket adapter", 590),
];
