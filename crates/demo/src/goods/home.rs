//! What is not eaten: baby and pet goods, household, beauty, the home. Babies and pets are here
//! because their goods, like razor blades, are bought when used up.

use super::Need::{Anybody, Baby, Cat, Dog};
use super::{Brand, Department, OWN, Row, brand, row};
use crate::calendar::Season::{NewYear, Outdoor};

const BABY_BRANDS: &[Brand] = &[
    brand("Малышань|Malyshan", "Крохелия|Krokhelia Baby", 104),
    brand("Топталик|Toptalik", "Крохелия|Krokhelia Baby", 92),
    brand("Крохелия|Krokhelia", "Крохелия|Krokhelia Baby", 126),
];

const BABY: &[Row] = &[
    row(
        "Детское пюре|Baby puree",
        (35, 95),
        12,
        &["яблоко|apple", "груша|pear", "кабачок|courgette", "индейка|turkey"],
        &["80 г|80 g", "125 г|125 g"],
    ),
    row(
        "Детские смеси|Infant formula",
        (520, 1300),
        3,
        &["с рождения|from birth", "от 6 месяцев|from 6 months"],
        &["350 г|350 g", "700 г|700 g"],
    )
    .cycle(12, Baby),
    row(
        "Детские каши|Baby cereals",
        (110, 260),
        6,
        &["гречневая|buckwheat", "рисовая|rice", "овсяная с грушей|oat with pear"],
        &["200 г|200 g"],
    ),
    row(
        "Подгузники|Nappies",
        (690, 1790),
        4,
        &["размер 3|size 3", "размер 4|size 4", "трусики 5|pants 5"],
        &["38 шт.|38 pcs", "62 шт.|62 pcs"],
    )
    .cycle(16, Baby),
    row(
        "Салфетки детские|Baby wipes",
        (80, 210),
        8,
        &["без запаха|unscented", "с ромашкой|with camomile"],
        &["64 шт.|64 pcs", "120 шт.|120 pcs"],
    ),
];

const PET_BRANDS: &[Brand] = &[
    brand("Мурчеляндия|Murchelandia", "Хвостарь|Khvostar Pets", 98),
    brand("Гавелло|Gavello", "Хвостарь|Khvostar Pets", 104),
    brand("Хвостарь|Khvostar", "Хвостарь|Khvostar Pets", 128),
    OWN,
];

const PET: &[Row] = &[
    row(
        "Корм для кошек сухой|Dry cat food",
        (260, 890),
        5,
        &["курица|chicken", "для стерилизованных|for neutered", "рыба|fish"],
        &["800 г|800 g", "1,5 кг|1.5 kg"],
    )
    .cycle(28, Cat),
    row(
        "Корм для кошек влажный|Wet cat food",
        (30, 75),
        8,
        &["говядина|beef", "кролик|rabbit", "лосось|salmon"],
        &["75 г|75 g", "85 г|85 g"],
    )
    .cycle(14, Cat),
    row(
        "Наполнители|Cat litter",
        (190, 620),
        4,
        &["древесный|wood", "комкующийся|clumping", "силикагель|silica"],
        &["5 л|5 l", "10 л|10 l"],
    )
    .cycle(35, Cat),
    row(
        "Корм для собак|Dog food",
        (420, 1900),
        4,
        &["мелкие породы|small breeds", "крупные породы|large breeds", "щенки|puppies"],
        &["2 кг|2 kg", "5 кг|5 kg"],
    )
    .cycle(40, Dog),
    row(
        "Лакомства для собак|Dog treats",
        (90, 260),
        3,
        &["косточки|bones", "палочки|sticks"],
        &["90 г|90 g", "180 г|180 g"],
    )
    .cycle(21, Dog),
];

const HOUSEHOLD_BRANDS: &[Brand] = &[
    brand("Чистолан|Chistolan", "Блескарь Химия|Bleskar Chemicals", 100),
    brand("Блескарь|Bleskar", "Блескарь Химия|Bleskar Chemicals", 92),
    brand("Пенолия|Penolia", "Свежавиль|Svezhavil", 118),
    brand("Свежавиль|Svezhavil", "Свежавиль|Svezhavil", 108),
    OWN,
];

const HOUSEHOLD: &[Row] = &[
    row(
        "Стиральные средства|Laundry detergent",
        (190, 690),
        8,
        &["порошок|powder", "гель|gel", "капсулы|capsules"],
        &["1,5 кг|1.5 kg", "3 кг|3 kg"],
    )
    .cycle(45, Anybody(5500)),
    row(
        "Средства для посуды|Dish liquid",
        (75, 210),
        22,
        &["лимон|lemon", "алоэ|aloe"],
        &["450 мл|450 ml", "900 мл|900 ml"],
    ),
    row(
        "Таблетки для ПММ|Dishwasher tablets",
        (390, 1100),
        4,
        &["стандарт|standard", "всё в одном|all in one"],
        &["30 шт.|30 pcs", "60 шт.|60 pcs"],
    )
    .cycle(50, Anybody(1800)),
    row(
        "Чистящие средства|Cleaners",
        (110, 290),
        20,
        &["для ванной|bathroom", "для кухни|kitchen", "для пола|floor", "для стёкол|glass"],
        &["500 мл|500 ml", "750 мл|750 ml"],
    ),
    row(
        "Кондиционеры для белья|Fabric softener",
        (130, 360),
        8,
        &["лаванда|lavender", "свежесть|fresh"],
        &["1 л|1 l", "2 л|2 l"],
    ),
    row(
        "Губки и салфетки|Sponges and cloths",
        (45, 140),
        20,
        &["губки|sponges", "салфетки|cloths", "перчатки|gloves"],
        &["2 шт.|2 pcs", "5 шт.|5 pcs"],
    ),
    row(
        "Мешки для мусора|Bin bags",
        (60, 170),
        18,
        &["с завязками|with ties", "прочные|strong"],
        &["35 л|35 l", "60 л|60 l"],
    ),
    row(
        "Туалетная бумага|Toilet paper",
        (110, 320),
        10,
        &["двухслойная|two-ply", "трёхслойная|three-ply"],
        &["4 шт.|4 rolls", "8 шт.|8 rolls", "12 шт.|12 rolls"],
    )
    .cycle(22, Anybody(6500)),
    row(
        "Бумажные полотенца|Paper towels",
        (90, 230),
        18,
        &["двухслойные|two-ply", "целлюлозные|cellulose"],
        &["2 шт.|2 rolls", "4 шт.|4 rolls"],
    ),
];

const BEAUTY_BRANDS: &[Brand] = &[
    brand("Бритвелл|Britvell", "Бритвелл|Britvell Care", 122),
    brand("Дентарио|Dentario", "Бритвелл|Britvell Care", 104),
    brand("Шелковея|Shelkoveya", "Кремелия|Kremelia Cosmetics", 100),
    brand("Кремелия|Kremelia", "Кремелия|Kremelia Cosmetics", 112),
    OWN,
];

const BEAUTY: &[Row] = &[
    row(
        "Сменные лезвия|Razor blades",
        (290, 1290),
        4,
        &["три лезвия|three blades", "пять лезвий|five blades", "женские|women's"],
        &["2 шт.|2 pcs", "4 шт.|4 pcs"],
    )
    .cycle(60, Anybody(4000)),
    row(
        "Средства для бритья|Shaving foam",
        (150, 390),
        8,
        &["пена|foam", "гель|gel", "после бритья|aftershave"],
        &["75 мл|75 ml", "200 мл|200 ml"],
    ),
    row(
        "Зубная паста|Toothpaste",
        (90, 290),
        8,
        &["отбеливающая|whitening", "травы|herbs", "детская|for children"],
        &["75 мл|75 ml", "100 мл|100 ml"],
    )
    .cycle(38, Anybody(6000)),
    row(
        "Зубные щётки|Toothbrushes",
        (70, 240),
        12,
        &["мягкая|soft", "средняя|medium"],
        &["1 шт.|1 pc", "2 шт.|2 pcs"],
    ),
    row(
        "Шампуни|Shampoo",
        (160, 460),
        8,
        &[
            "для жирных волос|for oily hair",
            "восстановление|repair",
            "против перхоти|anti-dandruff",
        ],
        &["250 мл|250 ml", "400 мл|400 ml"],
    )
    .cycle(48, Anybody(5000)),
    row(
        "Мыло и гели|Soap and gels",
        (50, 240),
        26,
        &["мыло кусковое|bar soap", "мыло жидкое|liquid soap", "гель для душа|shower gel"],
        &["100 г|100 g", "250 мл|250 ml"],
    ),
    row(
        "Дезодоранты|Deodorants",
        (140, 360),
        14,
        &["спрей|spray", "ролик|roll-on"],
        &["50 мл|50 ml", "150 мл|150 ml"],
    ),
    row(
        "Кремы|Creams",
        (110, 590),
        12,
        &["для рук|hand", "для лица|face", "солнцезащитный|sun"],
        &["50 мл|50 ml", "75 мл|75 ml"],
    ),
    row(
        "Гигиенические прокладки|Sanitary pads",
        (90, 280),
        4,
        &["обычные|regular", "ночные|night"],
        &["10 шт.|10 pcs", "20 шт.|20 pcs"],
    )
    .cycle(29, Anybody(3500)),
    row(
        "Ватные изделия|Cotton wool",
        (50, 150),
        14,
        &["диски|pads", "палочки|buds"],
        &["100 шт.|100 pcs", "200 шт.|200 pcs"],
    ),
];

const HOME_BRANDS: &[Brand] = &[
    brand("Домолад|Domolad", "Домолад Торг|Domolad Trading", 96),
    brand("Светарио|Svetario", "Домолад Торг|Domolad Trading", 112),
    OWN,
];

const HOME: &[Row] = &[
    row(
        "Батарейки|Batteries",
        (90, 420),
        10,
        &["AA|AA", "AAA|AAA"],
        &["2 шт.|2 pcs", "4 шт.|4 pcs"],
    ),
    row(
        "Лампы|Light bulbs",
        (80, 290),
        8,
        &["тёплый свет|warm light", "дневной свет|daylight"],
        &["1 шт.|1 pc", "3 шт.|3 pcs"],
    ),
    row(
        "Фольга и плёнка|Foil and film",
        (60, 180),
        14,
        &["фольга|foil", "плёнка|film", "рукав для запекания|oven bags"],
        &["5 м|5 m", "10 м|10 m"],
    ),
    row(
        "Одноразовая посуда|Disposable tableware",
        (50, 190),
        10,
        &["стаканы|cups", "тарелки|plates"],
        &["6 шт.|6 pcs", "10 шт.|10 pcs"],
    )
    .season(Outdoor),
    row(
        "Уголь и розжиг|Charcoal and lighters",
        (150, 490),
        12,
        &["уголь древесный|charcoal", "жидкость для розжига|lighter fluid"],
        &["3 кг|3 kg", "5 кг|5 kg"],
    )
    .season(Outdoor),
    row(
        "Новогодние товары|New Year decorations",
        (90, 690),
        4,
        &["гирлянда|fairy lights", "шары|baubles", "мишура|tinsel"],
        &["1 шт.|1 pc", "6 шт.|6 pcs"],
    )
    .season(NewYear),
    row(
        "Канцтовары|Stationery",
        (25, 240),
        10,
        &["тетради|notebooks", "ручки|pens", "альбом|album"],
        &["1 шт.|1 pc", "5 шт.|5 pcs"],
    ),
];

pub(super) const DEPARTMENTS: &[Department] = &[
    Department {
        name: "Детские товары|Baby", tag: Some("baby"), brands: BABY_BRANDS, rows: BABY
    },
    Department { name: "Зоотовары|Pets", tag: Some("pet"), brands: PET_BRANDS, rows: PET },
    Department {
        name: "Бытовая химия|Household",
        tag: None,
        brands: HOUSEHOLD_BRANDS,
        rows: HOUSEHOLD,
    },
    Department {
        name: "Красота и гигиена|Beauty and hygiene",
        tag: None,
        brands: BEAUTY_BRANDS,
        rows: BEAUTY,
    },
    Department {
        name: "Дом и отдых|Home and leisure", tag: None, brands: HOME_BRANDS, rows: HOME
    },
];
