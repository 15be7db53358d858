"""The fixed answers of LimeSurvey's question types, in the languages it is most used in."""

from .document import Texts

_ORDER = ("en", "fa", "ar", "fr", "de", "es", "it", "tr", "he")
_WORDS = {
    "yes": ("Yes", "بله", "نعم", "Oui", "Ja", "Sí", "Sì", "Evet", "כן"),
    "no": ("No", "خیر", "لا", "Non", "Nein", "No", "No", "Hayır", "לא"),
    "uncertain": (
        "Uncertain", "مطمئن نیستم", "لست متأكدًا", "Incertain", "Unsicher", "No seguro", "Incerto",
        "Kararsız", "לא בטוח",
    ),
    "female": (
        "Female", "زن", "أنثى", "Féminin", "Weiblich", "Femenino", "Femmina", "Kadın",
        "נקבה",
    ),
    "male": ("Male", "مرد", "ذكر", "Masculin", "Männlich", "Masculino", "Maschio", "Erkek", "זכר"),
    "increase": (
        "Increase", "افزایش", "زيادة", "Augmenter", "Zunahme", "Aumentar", "Aumentato", "Artış",
        "עלייה",
    ),
    "same": (
        "Same", "بدون تغییر", "دون تغيير", "Sans changement", "Gleich", "Igual", "Uguale", "Aynı",
        "ללא שינוי",
    ),
    "decrease": (
        "Decrease", "کاهش", "نقصان", "Diminuer", "Abnahme", "Disminuir", "Diminuito", "Azalış",
        "ירידה",
    ),
    "other": ("Other", "سایر", "أخرى", "Autre", "Sonstiges", "Otro", "Altro", "Diğer", "אחר"),
    "specify": (
        "Please specify:", "لطفاً بنویسید:", "يرجى التحديد:", "Précisez :", "Bitte angeben:",
        "Especifique:", "Specificare:", "Lütfen belirtin:", "נא לפרט:",
    ),
    "comment": (
        "Comment", "توضیح", "تعليق", "Commentaire", "Kommentar", "Comentario", "Commento", "Yorum",
        "הערה",
    ),
}  # fmt: skip
FIXED_LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "Y": (("Y", "yes"), ("N", "no")),
    "G": (("F", "female"), ("M", "male")),
    "C": (("Y", "yes"), ("U", "uncertain"), ("N", "no")),
    "E": (("I", "increase"), ("S", "same"), ("D", "decrease")),
    "5": tuple((str(n), str(n)) for n in range(1, 6)),
    "A": tuple((str(n), str(n)) for n in range(1, 6)),
    "B": tuple((str(n), str(n)) for n in range(1, 11)),
}
"""Question type → (code, word) of its answers."""
LIST_NAMES = {
    "Y": "yes_no", "G": "gender", "C": "yes_uncertain_no", "E": "increase_same_decrease",
    "5": "one_to_five", "A": "one_to_five", "B": "one_to_ten",
}  # fmt: skip


def in_words(word: str, languages: dict[str, str]) -> Texts:
    """A word in all languages of a survey, English where we do not know it."""
    texts = dict(zip(_ORDER, _WORDS[word], strict=True)) if word in _WORDS else {}
    return {
        language: texts.get(code.partition("-")[0], texts.get("en", word))
        for language, code in languages.items()
    }


def is_known(code: str) -> bool:
    """Whether the fixed answers exist in a language."""
    return code.partition("-")[0] in _ORDER
