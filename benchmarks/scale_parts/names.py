"""Names of invented women, in several languages and scripts."""

from __future__ import annotations

from random import Random

_LATIN = (
    ("Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Weiß Böhm Krüger Jäger", "de"),
    ("Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright O'Brien MacDonald Ng Lee", "en"),
    ("García Martínez López Sánchez Pérez Gómez Núñez Ibáñez Muñoz Ortega Castro Domínguez", "es"),
    ("Martin Bernard Dubois Lefèvre Moreau Fournier Gérard Béranger D'Angelo Lacroix François", "fr"),
    ("Nowak Kowalska Wiśniewska Wójcik Kamińska Lewandowska Zielińska Dąbrowska Łukasik", "pl"),
    ("Y\u0131lmaz Kaya Demir Şahin Çelik Öztürk Ayd\u0131n Güneş", "tr"),
    ("Nguyễn Trần Lê Phạm Hoàng Vũ Đặng Bùi", "vi"),
)
_GIVEN = {
    "de": "Anna Änne Jürgen-Maria Käthe Sabine Ursula Heike Maria Marta Birgit",
    "en": "Mary Elizabeth Susan Linda Karen Emma Olivia Grace Marian Zoë",
    "es": "María Carmen Lucía Ángela Pilar Inés Sofía Rocío",
    "fr": "Chloé Hélène Marie Zoé Amélie Noëlle Béatrice Marguerite",
    "pl": "Agnieszka Małgorzata Zofia Łucja Hanna Katarzyna",
    "tr": "Ayşe Fatma Zeynep Gül İpek Çiğdem",
    "vi": "Thị Hương Ngọc Ánh Thảo Mai Phương",
}
_WHOLE = {
    "zh": ("王 李 张 刘 陈 杨 黄 赵 吴 周 欧阳 司马", "秀英 桂英 芳 丽 敏 静 婷 雪梅 小红 玉兰 欣怡 梓涵"),
    "ru": (
        "Иванова Смирнова Кузнецова Попова Соколова Лебедева Козлова Новикова Морозова Йовович",
        "Анна Мария Елена Ольга Наталья Татьяна Екатерина Юлия Алёна",
    ),
    "el": ("Παπαδοπούλου Γεωργίου Νικολάου Δημητρίου", "Μαρία Ελένη Κατερίνα Σοφία"),
}
_SYLLABLES = "ba be bo da de do fa ga go ha ka ke ko la le li lo ma mi mo na ne ni no ra re ro sa se so ta te to va vi"


def name_of(random: Random) -> tuple[str, str]:
    """A family name and a given name; a third are rare family names, as in any clinic."""
    if random.random() < 0.25:
        family, given = _WHOLE[random.choice(tuple(_WHOLE))]
        return random.choice(family.split()), random.choice(given.split())
    families, language = random.choice(_LATIN)
    family = random.choice(families.split())
    if random.random() < 0.4:
        family = "".join(random.choice(_SYLLABLES.split()) for _ in range(random.randint(2, 4))).capitalize()
    elif random.random() < 0.1:
        family += f"-{random.choice(families.split())}"
    given = _GIVEN[language].split()
    first = random.choice(given)
    return family, f"{first} {random.choice(given)}" if random.random() < 0.15 else first
