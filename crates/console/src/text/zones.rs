//! Time zones by the names that people use.

use chrono_tz::Tz;

use crate::Lang;

/// `Berlin time`, `柏林时间`; by its distance from UTC, in minutes, where it has no such name.
pub(crate) fn zone(zone: Tz, offset_min: i32, lang: Lang) -> String {
    let city = zone.name().rsplit_once('/').filter(|(region, _)| *region != "Etc").map(|(_, city)| city);
    let name = match (city, lang) {
        (None, _) => None,
        (Some(city), Lang::En) => Some(format!("{} time", city.replace('_', " "))),
        (Some(city), Lang::Zh) => {
            CITIES.iter().find(|(name, _)| *name == city).map(|(_, chinese)| format!("{chinese}时间"))
        }
    };
    name.unwrap_or_else(|| from_utc(offset_min))
}

fn from_utc(offset_min: i32) -> String {
    let (sign, hours, minutes) = (if offset_min < 0 { "−" } else { "+" }, offset_min.abs() / 60, offset_min.abs() % 60);
    match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

/// Cities after which zones are called, in Chinese.
const CITIES: &[(&str, &str)] = &[
    ("Shanghai", "北京"),
    ("Urumqi", "乌鲁木齐"),
    ("Hong_Kong", "香港"),
    ("Taipei", "台北"),
    ("Tokyo", "东京"),
    ("Seoul", "首尔"),
    ("Singapore", "新加坡"),
    ("Kuala_Lumpur", "吉隆坡"),
    ("Jakarta", "雅加达"),
    ("Bangkok", "曼谷"),
    ("Ho_Chi_Minh", "胡志明市"),
    ("Manila", "马尼拉"),
    ("Kolkata", "加尔各答"),
    ("Dubai", "迪拜"),
    ("Riyadh", "利雅得"),
    ("Istanbul", "伊斯坦布尔"),
    ("Moscow", "莫斯科"),
    ("Berlin", "柏林"),
    ("Vienna", "维也纳"),
    ("Zurich", "苏黎世"),
    ("Paris", "巴黎"),
    ("Brussels", "布鲁塞尔"),
    ("Amsterdam", "阿姆斯特丹"),
    ("Madrid", "马德里"),
    ("Lisbon", "里斯本"),
    ("Rome", "罗马"),
    ("London", "伦敦"),
    ("Dublin", "都柏林"),
    ("Copenhagen", "哥本哈根"),
    ("Oslo", "奥斯陆"),
    ("Stockholm", "斯德哥尔摩"),
    ("Helsinki", "赫尔辛基"),
    ("Warsaw", "华沙"),
    ("Prague", "布拉格"),
    ("Budapest", "布达佩斯"),
    ("Bucharest", "布加勒斯特"),
    ("Athens", "雅典"),
    ("Cairo", "开罗"),
    ("Johannesburg", "约翰内斯堡"),
    ("Lagos", "拉各斯"),
    ("Nairobi", "内罗毕"),
    ("New_York", "纽约"),
    ("Chicago", "芝加哥"),
    ("Denver", "丹佛"),
    ("Los_Angeles", "洛杉矶"),
    ("Toronto", "多伦多"),
    ("Vancouver", "温哥华"),
    ("Mexico_City", "墨西哥城"),
    ("Sao_Paulo", "圣保罗"),
    ("Sydney", "悉尼"),
    ("Melbourne", "墨尔本"),
    ("Perth", "珀斯"),
    ("Auckland", "奥克兰"),
];
