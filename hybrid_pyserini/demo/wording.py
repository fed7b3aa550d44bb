"""How the demo asks and answers: one question and one passage per relation and language.

Names go in exactly as CLDR has them, so no sentence may ask them to change: no article or case before a name that
would need one ("Netherlands: which currency is used there?", German „im Gebiet „Schweiz““), no suffix after it in
Turkish, nothing that must agree with it in gender or number. Where a preposition leaves a name as it is (Arabic,
Hindi, Thai, Vietnamese, Chinese), it stands directly. Question and passage share no content word, so that matching
words finds the territory but not the answer.
"""

from typing import NamedTuple

from hybrid_pyserini.demo.facts import Fact, Relation


class Wording(NamedTuple):
    """Templates with ``{subject}`` and, in the passage, ``{answer}``."""

    question: str
    passage: str


CURRENCY = {
    "ar": Wording("ما العملة المستخدمة في {subject}؟",
                  "من يتسوّق في {subject} يدفع بهذه النقود: {answer}."),
    "de": Wording("{subject}: Welche Währung gilt dort?",
                  "Wer im Gebiet „{subject}“ einkauft, bezahlt mit diesem Geld: {answer}."),
    "el": Wording("{subject}: ποιο νόμισμα χρησιμοποιείται εκεί;",
                  "Όποιος ψωνίζει στην περιοχή «{subject}» πληρώνει με αυτά τα χρήματα: {answer}."),
    "en": Wording("{subject}: which currency is used there?",
                  "Anyone who goes shopping in the territory “{subject}” pays with this money: {answer}."),
    "es": Wording("{subject}: ¿qué moneda se usa allí?",
                  "Quien compra algo en el territorio «{subject}» paga con este dinero: {answer}."),
    "hi": Wording("{subject} में कौन-सी मुद्रा चलती है?",
                  "{subject} में ख़रीदारी करने वाले लोग इस धन से भुगतान करते हैं: {answer}।"),
    "ru": Wording("{subject}: какой валютой там пользуются?",
                  "За покупки на территории «{subject}» платят такими деньгами: {answer}."),
    "th": Wording("{subject}ใช้สกุลเงินอะไร",
                  "ผู้ที่ซื้อสินค้าใน{subject}ต้องชำระเป็น{answer}"),
    "tr": Wording("{subject} için geçerli para birimi hangisidir?",
                  "“{subject}” adlı yerde alışveriş yapanlar şununla ödeme yapar: {answer}."),
    "vi": Wording("{subject} sử dụng loại tiền tệ nào?",
                  "Khi mua sắm ở {subject}, người ta thanh toán bằng {answer}."),
    "zh": Wording("{subject}使用哪种货币？",
                  "在{subject}购物时，人们以{answer}付款。"),
}

OFFICIAL_LANGUAGE = {
    "ar": Wording("ما اللغة الرسمية في {subject}؟",
                  "يحتاج قارئ القوانين وأحكام المحاكم في {subject} إلى إتقان {answer}."),
    "de": Wording("{subject}: Welche Sprache ist dort Amtssprache?",
                  "Gesetze und Urteile werden im Gebiet „{subject}“ auf {answer} verfasst."),
    "el": Wording("{subject}: ποια γλώσσα είναι επίσημη εκεί;",
                  "Οι νόμοι και οι δικαστικές αποφάσεις στην περιοχή «{subject}» συντάσσονται στα {answer}."),
    "en": Wording("{subject}: which language has official status there?",
                  "In the territory “{subject}”, laws and court rulings are written in {answer}."),
    "es": Wording("{subject}: ¿qué idioma es oficial allí?",
                  "Las leyes y las sentencias del territorio «{subject}» se redactan en {answer}."),
    "hi": Wording("{subject} की आधिकारिक भाषा कौन-सी है?",
                  "{subject} में क़ानून और अदालती फ़ैसले {answer} में लिखे जाते हैं।"),
    "ru": Wording("{subject}: какой язык там официальный?",
                  "На территории «{subject}» статус государственного имеет {answer}."),
    "th": Wording("ภาษาราชการของ{subject}คือภาษาอะไร",
                  "กฎหมายและคำพิพากษาใน{subject}เขียนเป็นภาษา{answer}"),
    "tr": Wording("“{subject}” adlı yerin resmî dili hangisidir?",
                  "{subject} yasalarını ve mahkeme kararlarını okumak için şunu bilmek gerekir: {answer}."),
    "vi": Wording("Ngôn ngữ chính thức của {subject} là gì?",
                  "Luật pháp và công văn ở {subject} được soạn bằng {answer}."),
    "zh": Wording("{subject}的官方语言是什么？",
                  "在{subject}，法律和政府文件用{answer}书写。"),
}

FIRST_WEEKDAY = {
    "ar": Wording("بأي يوم يبدأ الأسبوع في {subject}؟",
                  "يحمل العمود الأول من تقويم الشهر في {subject} هذا الاسم: {answer}."),
    "de": Wording("{subject}: Mit welchem Tag beginnt dort die Woche?",
                  "In Kalendern aus dem Gebiet „{subject}“ steht der {answer} in der ersten Spalte."),
    "el": Wording("{subject}: ποια ημέρα αρχίζει εκεί η εβδομάδα;",
                  "Στα ημερολόγια της περιοχής «{subject}» η πρώτη στήλη έχει τον τίτλο «{answer}»."),
    "en": Wording("{subject}: on which day does the week begin there?",
                  "Calendars in the territory “{subject}” show {answer} in the first column."),
    "es": Wording("{subject}: ¿en qué día comienza allí la semana?",
                  "En los calendarios del territorio «{subject}», la primera columna corresponde al {answer}."),
    "hi": Wording("{subject} में सप्ताह किस दिन से शुरू होता है?",
                  "{subject} के कैलेंडरों के पहले स्तंभ में {answer} लिखा रहता है।"),
    "ru": Wording("{subject}: с какого дня там начинается неделя?",
                  "В календарях на территории «{subject}» первым столбцом идёт {answer}."),
    "th": Wording("สัปดาห์ใน{subject}เริ่มต้นที่วันใด",
                  "ปฏิทินของ{subject}จัด{answer}ไว้ในคอลัมน์แรก"),
    "tr": Wording("“{subject}” adlı yerde hafta hangi gün başlar?",
                  "{subject} için basılan takvimlerin ilk sütununda şu yazar: {answer}."),
    "vi": Wording("Ở {subject}, tuần lễ bắt đầu vào ngày nào?",
                  "Lịch in tại {subject} xếp {answer} lên trước các thứ khác."),
    "zh": Wording("{subject}的一周从哪一天开始？",
                  "在{subject}的日历上，第一列是{answer}。"),
}

TIME_ZONE = {
    "ar": Wording("ما المنطقة الزمنية المعتمدة في {subject}؟",
                  "تُضبط الساعات في {subject} على {answer}."),
    "de": Wording("{subject}: Welche Zeitzone ist dort maßgeblich?",
                  "Die Uhren im Gebiet „{subject}“ richten sich nach dieser Norm: {answer}."),
    "el": Wording("{subject}: ποια ζώνη ώρας ισχύει εκεί;",
                  "Τα ρολόγια στην περιοχή «{subject}» ρυθμίζονται ως εξής: {answer}."),
    "en": Wording("{subject}: which time zone applies there?",
                  "Clocks in the territory “{subject}” are set to {answer}."),
    "es": Wording("{subject}: ¿qué huso horario rige allí?",
                  "Los relojes del territorio «{subject}» marcan la {answer}."),
    "hi": Wording("{subject} में कौन-सा समय क्षेत्र लागू है?",
                  "{subject} की घड़ियाँ इस मानक से मिलाई जाती हैं: {answer}।"),
    "ru": Wording("{subject}: какой там часовой пояс?",
                  "Местное время на территории «{subject}» соответствует зоне «{answer}»."),
    "th": Wording("{subject}อยู่ในเขตเวลาใด",
                  "นาฬิกาของ{subject}เดินตาม{answer}"),
    "tr": Wording("{subject} hangi saat dilimindedir?",
                  "“{subject}” adlı yerde zaman şuna göre belirlenir: {answer}."),
    "vi": Wording("{subject} thuộc múi giờ nào?",
                  "Đồng hồ ở {subject} được chỉnh theo {answer}."),
    "zh": Wording("{subject}属于哪个时区？",
                  "{subject}的钟表以{answer}为准。"),
}

SCRIPT = {
    "ar": Wording("ما نظام الكتابة المستخدم للغة «{subject}»؟",
                  "الكتب الصادرة بـ«{subject}» تُطبع عادةً بالحروف {answer}."),
    "de": Wording("Welche Schrift wird für die Sprache {subject} verwendet?",
                  "Bücher auf {subject} erscheinen meist in diesem Zeichensystem: {answer}."),
    "el": Wording("Ποια γραφή χρησιμοποιείται για τη γλώσσα «{subject}»;",
                  "Τα βιβλία στα {subject} τυπώνονται συνήθως με το εξής αλφάβητο: {answer}."),
    "en": Wording("Which script is used for the {subject} language?",
                  "Books in {subject} are usually printed with {answer} characters."),
    "es": Wording("¿Qué escritura utiliza el idioma «{subject}»?",
                  "Los libros en {subject} suelen imprimirse con este sistema de signos: {answer}."),
    "hi": Wording("{subject} भाषा किस लिपि में लिखी जाती है?",
                  "{subject} की किताबें आम तौर पर {answer} अक्षरों में छपती हैं।"),
    "ru": Wording("Какая письменность у языка «{subject}»?",
                  "В книгах на языке «{subject}» обычно применяется такая графика: {answer}."),
    "th": Wording("ภาษา{subject}เขียนด้วยอักษรอะไร",
                  "หนังสือภาษา{subject}มักพิมพ์ด้วยตัวหนังสือแบบ{answer}"),
    "tr": Wording("{subject} hangi yazı sistemiyle yazılır?",
                  "Kitaplarda {subject} için genellikle şu alfabe görülür: {answer}."),
    "vi": Wording("{subject} được viết bằng loại chữ nào?",
                  "Sách báo {subject} thường in theo hệ ký tự này: {answer}."),
    "zh": Wording("{subject}采用哪种文字？",
                  "{subject}书籍通常以{answer}印刷。"),
}

OWN_NAME = {
    "ar": Wording("ماذا يسمّي الناطقون الأصليون لغتهم «{subject}»؟",
                  "الاسم المحلي المقابل لكلمة «{subject}» هو «{answer}»."),
    "de": Wording("Wie nennen Muttersprachler die Sprache {subject}?",
                  "Die Eigenbezeichnung für {subject} lautet „{answer}“."),
    "el": Wording("Πώς ονομάζουν οι φυσικοί ομιλητές τη γλώσσα «{subject}»;",
                  "Όσοι μεγάλωσαν με τα {subject} τα λένε «{answer}»."),
    "en": Wording("What do native speakers call the {subject} language?",
                  "People who grew up with {subject} refer to it as “{answer}”."),
    "es": Wording("¿Cómo llaman los hablantes nativos al idioma «{subject}»?",
                  "La denominación propia del {subject} es «{answer}»."),
    "hi": Wording("{subject} बोलने वाले लोग अपनी भाषा को क्या कहते हैं?",
                  "{subject} का देशी नाम “{answer}” है।"),
    "ru": Wording("Как носители называют язык «{subject}»?",
                  "Самоназвание языка «{subject}» — «{answer}»."),
    "th": Wording("เจ้าของภาษา{subject}เรียกภาษาของตนว่าอะไร",
                  "ภาษา{subject}มีชื่อพื้นเมืองว่า “{answer}”"),
    "tr": Wording("Ana dili {subject} olanlar bu dili nasıl adlandırır?",
                  "{subject} konuşanlar kendi lisanlarına “{answer}” der."),
    "vi": Wording("Người bản ngữ gọi {subject} là gì?",
                  "{subject} mang tên nguyên gốc “{answer}”."),
    "zh": Wording("母语者怎么称呼{subject}？",
                  "在本族人口中，{subject}叫作“{answer}”。"),
}

WORDING: dict[Relation, dict[str, Wording]] = {
    Relation.CURRENCY: CURRENCY,
    Relation.OFFICIAL_LANGUAGE: OFFICIAL_LANGUAGE,
    Relation.FIRST_WEEKDAY: FIRST_WEEKDAY,
    Relation.TIME_ZONE: TIME_ZONE,
    Relation.SCRIPT: SCRIPT,
    Relation.OWN_NAME: OWN_NAME,
}


def question(fact: Fact, language: str) -> str:
    """The question that the fact answers. Facts with the same subject and relation share it."""
    return WORDING[fact.relation][language].question.format(subject=fact.subject_names[language])


def passage(fact: Fact, language: str) -> str:
    """The sentence that states the fact."""
    return WORDING[fact.relation][language].passage.format(
        subject=fact.subject_names[language], answer=fact.answer_names[language]
    )
