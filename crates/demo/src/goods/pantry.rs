//! What keeps: staples, tea and coffee, sweets, drinks, alcohol, frozen food.

use super::{Brand, Department, Need::Anybody, OWN, Row, brand, row};
use crate::calendar::Season::{NewYear, Summer, Winter};

const STAPLE_BRANDS: &[Brand] = &[
    brand("Крупелия|Krupelia", "Зернолад Холдинг|Zernolad Holding", 96),
    brand("Зернолад|Zernolad", "Зернолад Холдинг|Zernolad Holding", 104),
    brand("Пастарио|Pastario", "Припасель|Pripasel Foods", 126),
    brand("Припасель|Pripasel", "Припасель|Pripasel Foods", 110),
    OWN,
];

const STAPLES: &[Row] = &[
    row(
        "Гречка|Buckwheat",
        (60, 130),
        30,
        &["ядрица|whole", "в пакетиках|in bags", "зелёная|green"],
        &["400 г|400 g", "800 г|800 g"],
    ),
    row(
        "Рис|Rice",
        (75, 170),
        30,
        &["длиннозёрный|long-grain", "круглый|round", "басмати|basmati"],
        &["800 г|800 g", "1 кг|1 kg"],
    ),
    row(
        "Овсянка и хлопья|Oats",
        (40, 130),
        28,
        &["классическая|rolled", "быстрая с фруктами|instant with fruit", "мюсли|muesli"],
        &["350 г|350 g", "500 г|500 g"],
    ),
    row(
        "Бобовые|Pulses",
        (60, 140),
        12,
        &["горох|peas", "чечевица|lentils", "фасоль|beans"],
        &["450 г|450 g", "800 г|800 g"],
    ),
    row(
        "Макароны|Pasta",
        (50, 150),
        48,
        &["спагетти|spaghetti", "перья|penne", "рожки|elbows", "гнёзда|nests"],
        &["400 г|400 g", "450 г|450 g"],
    ),
    row(
        "Мука|Flour",
        (45, 110),
        18,
        &["высший сорт|fine", "цельнозерновая|wholegrain"],
        &["1 кг|1 kg", "2 кг|2 kg"],
    ),
    row(
        "Сахар и соль|Sugar and salt",
        (35, 95),
        34,
        &["сахар-песок|granulated sugar", "рафинад|lump sugar", "соль|salt"],
        &["500 г|500 g", "1 кг|1 kg"],
    ),
    row(
        "Специи|Spices",
        (30, 110),
        22,
        &[
            "перец чёрный|black pepper",
            "лавровый лист|bay leaf",
            "для курицы|for chicken",
            "паприка|paprika",
        ],
        &["20 г|20 g", "50 г|50 g"],
    ),
    row(
        "Масло подсолнечное|Sunflower oil",
        (110, 190),
        32,
        &["рафинированное|refined", "нерафинированное|unrefined"],
        &["800 мл|800 ml", "1 л|1 l"],
    ),
    row(
        "Масло оливковое|Olive oil",
        (480, 1150),
        8,
        &["первый отжим|extra virgin", "для жарки|for frying"],
        &["250 мл|250 ml", "500 мл|500 ml"],
    ),
    row(
        "Кетчупы и соусы|Ketchup and sauces",
        (70, 190),
        30,
        &[
            "кетчуп томатный|tomato ketchup",
            "кетчуп, острый|ketchup, hot",
            "соус «Сырный»|\"Cheese\" sauce",
            "соевый соус|soy sauce",
        ],
        &["200 г|200 g", "350 г|350 g"],
    ),
    row(
        "Майонез|Mayonnaise",
        (60, 150),
        32,
        &["провансаль|Provencal", "оливковый|olive", "лёгкий|light"],
        &["220 мл|220 ml", "400 мл|400 ml"],
    )
    .season(NewYear),
    row(
        "Овощные консервы|Canned vegetables",
        (65, 180),
        36,
        &[
            "горошек|peas",
            "кукуруза|sweetcorn",
            "огурцы маринованные|pickles",
            "томаты в соку|tomatoes",
        ],
        &["340 г|340 g", "680 г|680 g"],
    )
    .season(NewYear),
    row(
        "Мёд и варенье|Honey and jam",
        (140, 420),
        14,
        &[
            "мёд цветочный|flower honey",
            "варенье малиновое|raspberry jam",
            "джем абрикосовый|apricot jam",
        ],
        &["320 г|320 g", "500 г|500 g"],
    )
    .season(Winter),
    row(
        "Сухие завтраки|Breakfast cereals",
        (85, 240),
        20,
        &["шарики|balls", "подушечки|pillows", "хлопья|flakes"],
        &["220 г|220 g", "375 г|375 g"],
    ),
    row(
        "Лапша и пюре быстрые|Instant meals",
        (25, 80),
        22,
        &["лапша курица|chicken noodles", "лапша говядина|beef noodles", "пюре|mash"],
        &["40 г|40 g", "90 г|90 g"],
    ),
];

const TEA_BRANDS: &[Brand] = &[
    brand("Чаелан|Chaelan", "Листвея Трейд|Listveya Trade", 102),
    brand("Листвея|Listveya", "Листвея Трейд|Listveya Trade", 88),
    brand("Кофельд|Kofeld", "Кофельд|Kofeld Roasters", 110),
    brand("Арабелло|Arabello", "Кофельд|Kofeld Roasters", 138),
    OWN,
];

const TEA: &[Row] = &[
    row(
        "Чай чёрный|Black tea",
        (90, 260),
        26,
        &["байховый|loose", "с бергамотом|with bergamot", "с чабрецом|with thyme"],
        &["25 пак.|25 bags", "100 пак.|100 bags"],
    )
    .season(Winter),
    row(
        "Чай зелёный|Green tea",
        (90, 280),
        14,
        &["классический|classic", "с жасмином|with jasmine"],
        &["25 пак.|25 bags", "100 пак.|100 bags"],
    ),
    row(
        "Травяные чаи|Herbal tea",
        (95, 260),
        10,
        &["иван-чай|fireweed", "шиповник|rosehip", "ромашка|camomile"],
        &["20 пак.|20 bags", "50 г|50 g"],
    )
    .season(Winter),
    row(
        "Кофе в зёрнах|Coffee beans",
        (480, 1250),
        8,
        &["тёмная обжарка|dark roast", "средняя обжарка|medium roast"],
        &["250 г|250 g", "1 кг|1 kg"],
    )
    .cycle(30, Anybody(1800)),
    row(
        "Кофе молотый|Ground coffee",
        (240, 620),
        10,
        &["для турки|for cezve", "для чашки|for cup", "эспрессо|espresso"],
        &["200 г|200 g", "250 г|250 g"],
    )
    .cycle(24, Anybody(1600)),
    row(
        "Кофе растворимый|Instant coffee",
        (190, 560),
        18,
        &["сублимированный|freeze-dried", "гранулированный|granulated", "три в одном|three in one"],
        &["95 г|95 g", "190 г|190 g"],
    ),
    row(
        "Какао и цикорий|Cocoa and chicory",
        (90, 260),
        8,
        &["какао|cocoa", "цикорий|chicory"],
        &["100 г|100 g", "250 г|250 g"],
    )
    .season(Winter),
];

const SWEET_BRANDS: &[Brand] = &[
    brand("Конфелия|Konfelia", "Конфелия Фабрика|Konfelia Factory", 98),
    brand("Шоколань|Shokolan", "Конфелия Фабрика|Konfelia Factory", 126),
    brand("Вафелонд|Vafelond", "Карамельд|Karameld Sweets", 92),
    brand("Хрустелло|Khrustello", "Карамельд|Karameld Sweets", 108),
    brand("Орехвиль|Orekhvil", "Орехвиль Импорт|Orekhvil Import", 116),
    OWN,
];

const SWEETS: &[Row] = &[
    row(
        "Шоколад|Chocolate",
        (65, 190),
        52,
        &["молочный|milk", "горький|dark", "с фундуком|with hazelnut", "белый|white"],
        &["85 г|85 g", "180 г|180 g"],
    ),
    row(
        "Батончики|Bars",
        (30, 75),
        44,
        &["с нугой|nougat", "кокосовый|coconut", "ореховый|nut"],
        &["45 г|45 g", "80 г|80 g"],
    ),
    row(
        "Конфеты|Sweets",
        (180, 620),
        26,
        &["ассорти|assorted", "трюфели|truffles", "желейные|jelly"],
        &["200 г|200 g", "500 г|500 g"],
    )
    .season(NewYear),
    row(
        "Печенье|Biscuits",
        (50, 160),
        50,
        &["сахарное|sugar", "овсяное|oat", "с шоколадом|with chocolate", "сэндвич|sandwich"],
        &["180 г|180 g", "400 г|400 g"],
    ),
    row(
        "Вафли и пряники|Wafers and gingerbread",
        (55, 150),
        30,
        &["вафли|wafers", "пряники|gingerbread", "рулет|roll"],
        &["200 г|200 g", "350 г|350 g"],
    ),
    row(
        "Зефир и мармелад|Marshmallow and jellies",
        (90, 220),
        20,
        &["зефир ванильный|vanilla marshmallow", "мармелад|fruit jellies", "халва|halva"],
        &["250 г|250 g", "300 г|300 g"],
    ),
    row(
        "Жевательная резинка|Chewing gum",
        (30, 90),
        30,
        &["мята|mint", "арбуз|watermelon"],
        &["14 г|14 g", "68 г|68 g"],
    ),
    row(
        "Чипсы|Crisps",
        (70, 190),
        36,
        &["сметана и зелень|sour cream and herbs", "бекон|bacon", "сыр|cheese", "с солью|salted"],
        &["70 г|70 g", "140 г|140 g"],
    ),
    row(
        "Сухарики|Rye croutons",
        (30, 80),
        22,
        &["бекон|bacon", "холодец с хреном|aspic and horseradish", "томат|tomato"],
        &["50 г|50 g", "100 г|100 g"],
    ),
    row(
        "Орехи и семечки|Nuts and seeds",
        (70, 420),
        26,
        &["семечки|sunflower seeds", "арахис|peanuts", "миндаль|almonds", "кешью|cashews"],
        &["100 г|100 g", "200 г|200 g"],
    ),
    row(
        "Сухофрукты|Dried fruit",
        (90, 320),
        14,
        &["курага|apricots", "изюм|raisins", "чернослив|prunes"],
        &["150 г|150 g", "300 г|300 g"],
    )
    .season(Winter),
];

const DRINK_BRANDS: &[Brand] = &[
    brand("Родникель|Rodnikel", "Родникель Воды|Rodnikel Waters", 96),
    brand("Соковея|Sokoveya", "Соковея|Sokoveya Juices", 108),
    brand("Шипучарь|Shipuchar", "Родникель Воды|Rodnikel Waters", 92),
    brand("Квасолад|Kvasolad", "Соковея|Sokoveya Juices", 100),
    OWN,
];

const DRINKS: &[Row] = &[
    row(
        "Вода минеральная|Mineral water",
        (35, 90),
        60,
        &["газированная|sparkling", "негазированная|still"],
        &["500 мл|0.5 l", "1,5 л|1.5 l", "5 л|5 l"],
    )
    .season(Summer),
    row(
        "Лимонады|Lemonade",
        (55, 130),
        40,
        &["дюшес|pear", "тархун|tarragon", "лимон|lemon", "кола|cola"],
        &["500 мл|0.5 l", "1,5 л|1.5 l"],
    )
    .season(Summer),
    row(
        "Соки|Juice",
        (80, 190),
        44,
        &["яблоко|apple", "апельсин|orange", "томат|tomato", "мультифрукт|multifruit"],
        &["200 мл|0.2 l", "1 л|1 l"],
    ),
    row(
        "Морсы и компоты|Fruit drinks",
        (80, 180),
        20,
        &["клюква|cranberry", "вишня|cherry", "облепиха|sea buckthorn"],
        &["500 мл|0.5 l", "1 л|1 l"],
    ),
    row(
        "Квас|Kvass",
        (60, 120),
        22,
        &["хлебный|bread", "окрошечный|for cold soup"],
        &["500 мл|0.5 l", "1,5 л|1.5 l"],
    )
    .season(Summer),
    row(
        "Энергетики|Energy drinks",
        (70, 150),
        18,
        &["классический|classic", "ягодный|berry", "без сахара|sugar-free"],
        &["250 мл|0.25 l", "450 мл|0.45 l"],
    ),
    row(
        "Холодный чай|Iced tea",
        (70, 140),
        16,
        &["персик|peach", "лимон|lemon"],
        &["500 мл|0.5 l", "1 л|1 l"],
    )
    .season(Summer),
];

const ALCOHOL_BRANDS: &[Brand] = &[
    brand("Хмельгард|Khmelgard", "Хмельгард|Khmelgard Brewery", 94),
    brand("Лозавея|Lozaveya", "Лозавея Вина|Lozaveya Wines", 106),
    brand("Винорель|Vinorel", "Лозавея Вина|Lozaveya Wines", 132),
    brand("Студёнвей|Studyonvey", "Хмельгард|Khmelgard Brewery", 110),
];

const ALCOHOL: &[Row] = &[
    row(
        "Пиво|Beer",
        (65, 150),
        46,
        &["светлое|lager", "тёмное|dark", "пшеничное|wheat", "безалкогольное|alcohol-free"],
        &["450 мл|0.45 l", "1,3 л|1.3 l"],
    )
    .season(Summer),
    row(
        "Вино красное|Red wine",
        (320, 890),
        14,
        &["сухое|dry", "полусладкое|medium sweet"],
        &["750 мл|0.75 l", "1 л|1 l"],
    ),
    row(
        "Вино белое|White wine",
        (320, 890),
        12,
        &["сухое|dry", "полусладкое|medium sweet"],
        &["750 мл|0.75 l", "1 л|1 l"],
    ),
    row(
        "Игристое вино|Sparkling wine",
        (280, 780),
        8,
        &["брют|brut", "полусладкое|medium sweet"],
        &["750 мл|0.75 l"],
    )
    .season(NewYear),
    row(
        "Крепкий алкоголь|Spirits",
        (340, 1500),
        12,
        &["водка|vodka", "коньяк|brandy", "настойка|bitter"],
        &["500 мл|0.5 l", "700 мл|0.7 l"],
    )
    .season(NewYear),
];

const FROZEN_BRANDS: &[Brand] = &[
    brand("Морозелло|Morozello", "Ледовея|Ledoveya Frozen", 112),
    brand("Пельмелия|Pelmelia", "Пельмелия|Pelmelia Kitchen", 98),
    brand("Ледовея|Ledoveya", "Ледовея|Ledoveya Frozen", 94),
    OWN,
];

const FROZEN: &[Row] = &[
    row(
        "Пельмени|Pelmeni",
        (180, 420),
        32,
        &["домашние|home style", "говяжьи|beef", "мини|mini"],
        &["430 г|430 g", "900 г|900 g"],
    ),
    row(
        "Вареники и блины|Vareniki and pancakes",
        (130, 300),
        20,
        &[
            "вареники с картофелем|potato vareniki",
            "вареники с вишней|cherry vareniki",
            "блины с мясом|meat pancakes",
        ],
        &["420 г|420 g", "800 г|800 g"],
    ),
    row(
        "Овощи замороженные|Frozen vegetables",
        (90, 230),
        22,
        &[
            "смесь гавайская|Hawaiian mix",
            "смесь мексиканская|Mexican mix",
            "стручковая фасоль|green beans",
        ],
        &["400 г|400 g"],
    )
    .season(Winter),
    row(
        "Пицца замороженная|Frozen pizza",
        (170, 390),
        14,
        &["четыре сыра|four cheeses", "ветчина и грибы|ham and mushrooms"],
        &["310 г|310 g", "420 г|420 g"],
    ),
    row(
        "Мороженое|Ice cream",
        (45, 320),
        44,
        &[
            "пломбир|plombir",
            "эскимо|on a stick",
            "клубничное|strawberry",
            "крем-брюле|creme brulee",
        ],
        &["80 г|80 g", "400 г|400 g"],
    )
    .season(Summer),
    row(
        "Ягоды замороженные|Frozen berries",
        (140, 340),
        8,
        &["вишня|cherry", "клюква|cranberry"],
        &["300 г|300 g"],
    )
    .season(Winter),
];

pub(super) const DEPARTMENTS: &[Department] = &[
    Department { name: "Бакалея|Staples", tag: None, brands: STAPLE_BRANDS, rows: STAPLES },
    Department {
        name: "Чай и кофе|Tea and coffee", tag: None, brands: TEA_BRANDS, rows: TEA
    },
    Department {
        name: "Сладости и снеки|Sweets and snacks",
        tag: None,
        brands: SWEET_BRANDS,
        rows: SWEETS,
    },
    Department {
        name: "Напитки|Soft drinks", tag: None, brands: DRINK_BRANDS, rows: DRINKS
    },
    Department {
        name: "Алкоголь|Alcohol",
        tag: Some("alcohol"),
        brands: ALCOHOL_BRANDS,
        rows: ALCOHOL,
    },
    Department {
        name: "Заморозка|Frozen food", tag: None, brands: FROZEN_BRANDS, rows: FROZEN
    },
];
