"""The built-in question and the SMS that asks it.

Written here and not in the catalog: what was published under a code never changes with a
translation.
"""

from typing import Final

from surveys.questionnaires.schema import Choice, Page, Question, Questionnaire

CODE: Final = "SATISFACTION"
TITLES: Final = {
    "fa": "رضایت از رسیدگی به پیام",
    "ar": "الرضا عن معالجة البلاغ",
    "en": "Satisfaction with how a message was handled",
}
SMS: Final = {
    "fa": "رسیدگی به پیام شما به پایان رسید. یک پرسش کوتاه: چقدر راضی هستید؟\n{link}",
    "ar": "انتهت معالجة بلاغكم. سؤال واحد قصير: ما مدى رضاكم؟\n{link}",
    "en": "Your message to the city was closed. One short question: are you satisfied?\n{link}",
}
QUESTIONNAIRE: Final = Questionnaire(
    title=TITLES,
    languages=("fa", "ar", "en"),
    default_language="fa",
    form_id="satisfaction",
    pages=(
        Page(
            "satisfaction",
            questions=(
                Question(
                    "satisfaction",
                    "select_one",
                    {
                        "fa": "از رسیدگی شهرداری به پیامتان چقدر راضی هستید؟",
                        "ar": "ما مدى رضاكم عن معالجة البلدية لبلاغكم؟",
                        "en": "How satisfied are you with how the city handled your message?",
                    },
                    required=True,
                    choices=(
                        Choice(
                            "very_satisfied",
                            {"fa": "خیلی راضی", "ar": "راضٍ جدًا", "en": "Very satisfied"},
                        ),
                        Choice("satisfied", {"fa": "راضی", "ar": "راضٍ", "en": "Satisfied"}),
                        Choice(
                            "neither",
                            {
                                "fa": "نه راضی، نه ناراضی",
                                "ar": "لا راضٍ ولا غير راضٍ",
                                "en": "Neither satisfied nor dissatisfied",
                            },
                        ),
                        Choice(
                            "dissatisfied",
                            {"fa": "ناراضی", "ar": "غير راضٍ", "en": "Dissatisfied"},
                        ),
                        Choice(
                            "very_dissatisfied",
                            {
                                "fa": "خیلی ناراضی",
                                "ar": "غير راضٍ إطلاقًا",
                                "en": "Very dissatisfied",
                            },
                        ),
                    ),
                ),
            ),
        ),
    ),
)
