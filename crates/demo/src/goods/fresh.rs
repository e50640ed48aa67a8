//! What spoils: dairy, bread, produce, meat, fish.

use super::{Brand, Department, OWN, Row, Unit::Kilogram, brand, row};
use crate::calendar::Season::{NewYear, Outdoor, Summer, Winter};

const BULK: &[&str] = &["на вес|loose"];

const DAIRY_BRANDS: &[Brand] = &[
    brand("Лугодар|Lugodar", "Лугодар Молоко|Lugodar Dairy", 100),
    brand("Буренья|Burenya", "Лугодар Молоко|Lugodar Dairy", 92),
    brand("Сливелла|Slivella", "Белоречка Завод|Belorechka Works", 122),
    brand("Белоречка|Belorechka", "Белоречка Завод|Belorechka Works", 105),
    OWN,
];

const DAIRY: &[Row] = &[
    row(
        "Молоко|Milk",
        (62, 105),
        95,
        &[
            "пастеризованное 2,5 %|pasteurised 2.5%",
            "пастеризованное 3,2 %|pasteurised 3.2%",
            "топлёное|baked",
            "безлактозное|lactose-free",
        ],
        &["930 мл|930 ml", "1,4 л|1.4 l"],
    ),
    row(
        "Кефир|Kefir",
        (55, 90),
        60,
        &["1 %|1%", "2,5 %|2.5%", "с бифидокультурой|with bifidus"],
        &["500 мл|500 ml", "930 мл|930 ml"],
    ),
    row(
        "Йогурты|Yoghurt",
        (35, 80),
        85,
        &["клубника|strawberry", "персик|peach", "черника|blueberry", "натуральный|plain"],
        &["120 г|120 g", "290 г|290 g"],
    ),
    row(
        "Сметана|Sour cream",
        (60, 120),
        55,
        &["15 %|15%", "20 %|20%"],
        &["180 г|180 g", "300 г|300 g"],
    ),
    row(
        "Творог|Cottage cheese",
        (75, 150),
        58,
        &["обезжиренный|fat-free", "5 %|5%", "9 %|9%", "зернёный|grained"],
        &["200 г|200 g"],
    ),
    row(
        "Сырки глазированные|Glazed curd bars",
        (30, 60),
        48,
        &["ваниль|vanilla", "варёная сгущёнка|caramelised milk", "кокос|coconut"],
        &["40 г|40 g"],
    ),
    row(
        "Масло сливочное|Butter",
        (150, 290),
        44,
        &["72,5 %|72.5%", "82,5 %|82.5%"],
        &["180 г|180 g", "400 г|400 g"],
    ),
    row(
        "Сыры твёрдые|Hard cheese",
        (650, 1300),
        52,
        &["«российский» сорт|\"Rossiysky\" type", "сливочный|creamy", "выдержанный|aged"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Сыры мягкие|Soft cheese",
        (120, 320),
        30,
        &["моцарелла|mozzarella", "брынза|brynza", "плавленый|processed", "творожный|cream cheese"],
        &["140 г|140 g", "200 г|200 g"],
    ),
    row(
        "Сливки|Cream",
        (70, 160),
        24,
        &["10 %|10%", "20 %|20%", "33 %|33%"],
        &["200 мл|200 ml", "500 мл|500 ml"],
    ),
    row(
        "Яйца|Eggs",
        (85, 160),
        70,
        &["С0|size L", "С1|size M", "деревенские|free range"],
        &["10 шт.|10 pcs", "20 шт.|20 pcs"],
    ),
];

const BREAD_BRANDS: &[Brand] = &[
    brand("Колосвет|Kolosvet", "Колосвет Хлеб|Kolosvet Bakery", 100),
    brand("Хлебодень|Khlebodyen", "Колосвет Хлеб|Kolosvet Bakery", 90),
    brand("Караваль|Karaval", "Пекарни Караваль|Karaval Bakeries", 128),
    OWN,
];

const BREAD: &[Row] = &[
    row(
        "Хлеб пшеничный|White bread",
        (38, 65),
        88,
        &["нарезной|sliced loaf", "формовой|tin loaf", "тостовый|toast"],
        &["350 г|350 g", "400 г|400 g"],
    ),
    row(
        "Хлеб ржаной|Rye bread",
        (40, 72),
        66,
        &["с тмином|with caraway", "заварной|scalded", "бездрожжевой|yeast-free"],
        &["300 г|300 g", "650 г|650 g"],
    ),
    row(
        "Лаваш и лепёшки|Flatbread",
        (35, 80),
        30,
        &["тонкий|thin", "с сыром|with cheese", "тандырный|tandoor"],
        &["200 г|200 g"],
    )
    .season(Outdoor),
    row(
        "Булочки|Buns",
        (25, 70),
        48,
        &["с маком|poppy seed", "с корицей|cinnamon", "с изюмом|raisin", "сдобные|rich"],
        &["80 г|80 g", "200 г|200 g"],
    ),
    row(
        "Пирожки|Pasties",
        (30, 75),
        34,
        &["с капустой|cabbage", "с мясом|meat", "с яблоком|apple"],
        &["75 г|75 g"],
    ),
    row(
        "Хлебцы|Crispbread",
        (50, 110),
        18,
        &["рисовые|rice", "гречневые|buckwheat", "многозерновые|multigrain"],
        &["90 г|90 g", "150 г|150 g"],
    ),
    row(
        "Торты|Cakes",
        (320, 900),
        14,
        &["медовый|honey", "шоколадный|chocolate", "вафельный|wafer", "йогуртовый|yoghurt"],
        &["500 г|500 g", "1 кг|1 kg"],
    )
    .season(NewYear),
];

const PRODUCE_BRANDS: &[Brand] = &[
    brand("Грядолай|Gryadolai", "Агро Грядолай|Gryadolai Agro", 100),
    brand("Фруктара|Fruktara", "Фруктара Импорт|Fruktara Import", 112),
    brand("Садовея|Sadoveya", "Агро Грядолай|Gryadolai Agro", 95),
];

const PRODUCE: &[Row] = &[
    row(
        "Картофель|Potatoes",
        (30, 70),
        70,
        &["мытый|washed", "молодой|new", "для запекания|baking"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Лук и морковь|Onions and carrots",
        (28, 60),
        72,
        &["лук репчатый|onions", "лук красный|red onions", "морковь|carrots"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Капуста|Cabbage",
        (30, 110),
        36,
        &["белокочанная|white", "цветная|cauliflower", "брокколи|broccoli", "пекинская|Chinese"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Томаты|Tomatoes",
        (120, 320),
        68,
        &["красные|red", "розовые|pink", "черри|cherry", "на ветке|on the vine"],
        BULK,
    )
    .unit(Kilogram)
    .season(Summer),
    row(
        "Огурцы|Cucumbers",
        (90, 240),
        68,
        &["гладкие|smooth", "короткоплодные|short", "грунтовые|field"],
        BULK,
    )
    .unit(Kilogram)
    .season(Summer),
    row(
        "Перцы и баклажаны|Peppers and aubergines",
        (140, 330),
        34,
        &["перец красный|red pepper", "перец жёлтый|yellow pepper", "баклажан|aubergine"],
        BULK,
    )
    .unit(Kilogram)
    .season(Summer),
    row(
        "Зелень|Herbs",
        (35, 90),
        44,
        &["укроп|dill", "петрушка|parsley", "зелёный лук|spring onion", "базилик|basil"],
        &["50 г|50 g", "100 г|100 g"],
    )
    .season(Summer),
    row(
        "Грибы|Mushrooms",
        (180, 380),
        24,
        &["шампиньоны|champignons", "вешенки|oyster mushrooms"],
        &["250 г|250 g", "400 г|400 g"],
    ),
    row("Бананы|Bananas", (95, 160), 80, &["спелые|ripe", "мини|mini"], BULK).unit(Kilogram),
    row(
        "Яблоки|Apples",
        (80, 190),
        72,
        &["зелёные|green", "красные|red", "сезонные|seasonal", "для выпечки|cooking"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Цитрусовые|Citrus",
        (110, 260),
        52,
        &["мандарины|mandarins", "апельсины|oranges", "лимоны|lemons", "грейпфруты|grapefruit"],
        BULK,
    )
    .unit(Kilogram)
    .season(Winter),
    row(
        "Груши и виноград|Pears and grapes",
        (150, 330),
        34,
        &["груши|pears", "виноград белый|white grapes", "виноград красный|red grapes"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Ягоды|Berries",
        (190, 480),
        22,
        &["клубника|strawberries", "черешня|cherries", "голубика|blueberries"],
        &["250 г|250 g", "500 г|500 g"],
    )
    .season(Summer),
    row("Арбузы и дыни|Melons", (25, 90), 16, &["арбуз|watermelon", "дыня|melon"], BULK)
        .unit(Kilogram)
        .season(Summer),
];

const MEAT_BRANDS: &[Brand] = &[
    brand("Мясолье|Myasolye", "Хуторвиль Мясо|Khutorvil Meat", 106),
    brand("Хуторвиль|Khutorvil", "Хуторвиль Мясо|Khutorvil Meat", 98),
    brand("Птицевея|Ptitseveya", "Птицевея Ферма|Ptitseveya Farm", 94),
    brand("Окорель|Okorel", "Птицевея Ферма|Ptitseveya Farm", 125),
    OWN,
];

const MEAT: &[Row] = &[
    row(
        "Говядина|Beef",
        (520, 980),
        22,
        &["вырезка|tenderloin", "лопатка|shoulder", "на кости|on the bone"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Свинина|Pork",
        (310, 560),
        30,
        &["шея|neck", "окорок|ham", "шашлык в маринаде|marinated kebab", "рёбра|ribs"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Курица|Chicken",
        (170, 420),
        62,
        &["филе|fillet", "бедро|thigh", "тушка|whole", "голень|drumstick"],
        BULK,
    )
    .unit(Kilogram),
    row("Индейка|Turkey", (330, 620), 20, &["филе|fillet", "бедро|thigh"], BULK).unit(Kilogram),
    row(
        "Фарш|Minced meat",
        (220, 480),
        34,
        &["домашний|mixed", "говяжий|beef", "куриный|chicken"],
        &["400 г|400 g", "800 г|800 g"],
    ),
    row(
        "Котлеты и купаты|Cutlets",
        (160, 390),
        24,
        &["по-домашнему|home style", "куриные|chicken", "купаты|sausages for the grill"],
        &["400 г|400 g", "600 г|600 g"],
    ),
    row(
        "Колбаса варёная|Cooked sausage",
        (190, 420),
        44,
        &["с молоком|with milk", "классическая|classic", "из индейки|turkey"],
        &["400 г|400 g", "500 г|500 g"],
    ),
    row(
        "Колбаса копчёная|Smoked sausage",
        (240, 560),
        32,
        &["сырокопчёная|dry-cured", "сервелат|cervelat", "полукопчёная|semi-smoked"],
        &["300 г|300 g", "420 г|420 g"],
    ),
    row(
        "Сосиски|Frankfurters",
        (150, 340),
        46,
        &["молочные|milk", "с сыром|with cheese", "детские|for children"],
        &["330 г|330 g", "470 г|470 g"],
    ),
    row(
        "Ветчина и паштет|Ham and pate",
        (130, 360),
        22,
        &["ветчина|ham", "паштет печёночный|liver pate", "бекон|bacon"],
        &["150 г|150 g", "300 г|300 g"],
    ),
];

const FISH_BRANDS: &[Brand] = &[
    brand("Морельд|Moreld", "Морельд Рыба|Moreld Fish", 108),
    brand("Сельдея|Seldeya", "Морельд Рыба|Moreld Fish", 94),
    brand("Балтара|Baltara", "Балтара Порт|Baltara Port", 118),
];

const FISH: &[Row] = &[
    row(
        "Рыба охлаждённая|Chilled fish",
        (420, 1400),
        16,
        &["форель|trout", "скумбрия|mackerel", "треска|cod"],
        BULK,
    )
    .unit(Kilogram),
    row(
        "Сельдь и пресервы|Herring",
        (120, 290),
        24,
        &[
            "филе в масле|fillet in oil",
            "в винной заливке|in wine sauce",
            "слабосолёная|lightly salted",
        ],
        &["180 г|180 g", "400 г|400 g"],
    ),
    row(
        "Икра|Caviar",
        (390, 1200),
        5,
        &["красная|red", "мойвы|capelin"],
        &["100 г|100 g", "180 г|180 g"],
    )
    .season(NewYear),
    row(
        "Крабовые палочки и креветки|Crab sticks and shrimps",
        (110, 640),
        18,
        &["крабовые палочки|crab sticks", "креветки|shrimps"],
        &["200 г|200 g", "500 г|500 g"],
    )
    .season(NewYear),
    row(
        "Рыбные консервы|Canned fish",
        (85, 220),
        22,
        &["сайра|saury", "шпроты|sprats", "тунец|tuna"],
        &["160 г|160 g", "240 г|240 g"],
    ),
];

pub(super) const DEPARTMENTS: &[Department] = &[
    Department {
        name: "Молочные продукты|Dairy",
        tag: Some("fresh"),
        brands: DAIRY_BRANDS,
        rows: DAIRY,
    },
    Department {
        name: "Хлеб и выпечка|Bakery",
        tag: Some("fresh"),
        brands: BREAD_BRANDS,
        rows: BREAD,
    },
    Department {
        name: "Овощи и фрукты|Fruit and vegetables",
        tag: Some("fresh"),
        brands: PRODUCE_BRANDS,
        rows: PRODUCE,
    },
    Department {
        name: "Мясо и колбасы|Meat and sausages",
        tag: Some("fresh"),
        brands: MEAT_BRANDS,
        rows: MEAT,
    },
    Department { name: "Рыба|Fish", tag: Some("fresh"), brands: FISH_BRANDS, rows: FISH },
];
