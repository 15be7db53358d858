"""Segments against a packer written the slow way, and the figures operators publish."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from portal.messaging.cli import segments_command
from portal.messaging.segments import LinePlan, clean, count

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = "^{}\\[~]|€\f"

latin = st.text(st.sampled_from("abc XYZ019.\n@" + EXTENDED), max_size=700)
mixed = st.text(
    st.sampled_from("abc ۱۲\u200cمسهٔكيیغ€[]\n") | st.sampled_from("😀🏙👩\u200d"), max_size=500
)
capacities = st.tuples(st.integers(2, 160), st.integers(0, 7)).map(
    lambda pair: (pair[0], max(2, pair[0] - pair[1]))
)
plans = st.tuples(capacities, capacities).map(lambda pair: LinePlan(*pair[0], *pair[1]))


def slow_count(text: str, plan: LinePlan) -> tuple[str, int, int]:
    """Put one character after the other into parts."""
    if all(char in BASIC + EXTENDED for char in text):
        encoding = "GSM-7"
        widths = [2 if char in EXTENDED else 1 for char in text]
        single, multi = plan.gsm_single, plan.gsm_multi
    else:
        encoding = "UCS-2"
        widths = [len(char.encode("utf-16-be")) // 2 for char in text]
        single, multi = plan.ucs2_single, plan.ucs2_multi
    if sum(widths) <= single:
        return encoding, sum(widths), min(len(text), 1)
    parts, used = 1, 0
    for width in widths:
        if used + width > multi:
            parts, used = parts + 1, 0
        used += width
    return encoding, sum(widths), parts


@given(text=st.one_of(latin, mixed, st.text(max_size=200)), plan=st.just(LinePlan()) | plans)
@example(text="a" * 152 + "€" + "a" * 152, plan=LinePlan())
@example(text="م" * 66 + "😀" + "م" * 66, plan=LinePlan())
@example(text="€" * 77, plan=LinePlan())
def test_agrees_with_the_slow_packer(text: str, plan: LinePlan) -> None:
    found = count(text, chars_per_part=plan)
    assert (found.encoding, found.units, found.segments) == slow_count(text, plan)
    single, multi = (
        (plan.gsm_single, plan.gsm_multi)
        if found.encoding == "GSM-7"
        else (plan.ucs2_single, plan.ucs2_multi)
    )
    if found.segments > 1:
        assert found.segments >= -(-found.units // multi)  # never under a plain division
        assert 0 <= found.units_left_in_last < multi
    else:
        assert found.units_left_in_last == single - found.units


@given(text=st.one_of(latin, mixed))
def test_the_units_left_are_really_left(text: str) -> None:
    found = count(text)
    filler = "a" * found.units_left_in_last
    if found.segments:
        assert count(text + filler).segments == found.segments
        assert count(text + filler + "a").segments == found.segments + 1


@given(one=latin, two=latin)
def test_units_add_up_within_one_encoding(one: str, two: str) -> None:
    assert count(one + two).units == count(one).units + count(two).units


@given(one=mixed, two=mixed)
def test_units_add_up_in_ucs2(one: str, two: str) -> None:
    one, two = "م" + one, "م" + two
    assert count(one + two).units == count(one).units + count(two).units


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("م" * 70, "UCS-2", 70, 1),
        ("م" * 71, "UCS-2", 71, 2),
        ("م" * 134, "UCS-2", 134, 2),
        ("م" * 66 + "😀" + "م" * 66, "UCS-2", 134, 3),
        ("\nلغو11", "UCS-2", 6, 1),
        ("Hello\nلغو11", "UCS-2", 11, 1),
        ("می\u200cخواهم", "UCS-2", 8, 1),
        ("۱۲۳", "UCS-2", 3, 1),
        ("\x1b", "UCS-2", 1, 1),
        (
            "شهروند گرامی، نظر شما دربارهٔ بودجهٔ محله؟\nyazd.ir/s/7K3MQ9XFABC\nلغو11",
            "UCS-2",
            70,
            1,
        ),
        (
            "شهروند گرامی، نظر شما دربارهٔ بودجهٔ محله؟\nyazd.ir/s/7K3MQ9XFABC\nلغو11...",
            "UCS-2",
            73,
            2,
        ),
    ],
)
def test_known_texts(text: str, encoding: str, units: int, parts: int) -> None:
    found = count(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, parts)


def test_the_whole_gsm_alphabet_stays_gsm() -> None:
    assert len(set(BASIC)) == 127  # 128 codes less the escape
    assert count(BASIC).encoding == "GSM-7"
    assert count(EXTENDED).units == 2 * len(EXTENDED)


def test_names_the_character_that_made_it_ucs2() -> None:
    found = count("Reply 11 to stop – thanks ’")
    assert (found.encoding, found.first_non_gsm, found.first_non_gsm_at) == ("UCS-2", "–", 17)
    assert count("Reply 11 to stop").first_non_gsm is None


def test_a_line_of_66_units() -> None:
    plan = LinePlan(ucs2_multi=66)
    assert count("م" * 133, chars_per_part=plan).segments == 3
    assert count("م" * 133).segments == 2


def test_a_plan_that_could_never_end_is_refused() -> None:
    with pytest.raises(ValueError, match="two units"):
        LinePlan(ucs2_multi=1)
    with pytest.raises(ValueError, match="no more than"):
        LinePlan(gsm_single=100)


def test_clean_strips_marks_and_keeps_zwnj() -> None:
    assert clean("\ufeffمی\u200cخواهم\u200f \u202b137\u202c \u20660912\u2069\u061c\u200e") == (
        "می\u200cخواهم 137 0912"
    )
    assert clean("👩\u200d🚒") == "👩\u200d🚒"


@given(text=st.text())
def test_clean_only_takes_away(text: str) -> None:
    left = iter(text)
    assert all(char in left for char in clean(text))
    assert clean(clean(text)) == clean(text)
    assert count(clean(text)).segments <= count(text).segments


def run(*arguments: str, stdin: bytes | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(segments_command, list(arguments), input=stdin)
    return result.exit_code, result.stdout


def test_command_prints_one_json_document() -> None:
    code, out = run("a" * 152 + "€" + "a" * 152, "--json")
    assert code == 0
    assert json.loads(out) == {"encoding": "GSM-7", "units": 306, "segments": 3}


def test_command_reads_standard_input() -> None:
    code, out = run("-", "--json", stdin="سلام\n".encode())
    assert (code, json.loads(out)["units"]) == (0, 4)


def test_command_refuses_bad_use() -> None:
    assert run("--json")[0] == 2
    assert run("-", "--json", stdin=b"\xff\xfe")[0] == 2
    assert run("\udcff", "--json")[0] == 2


def test_command_speaks_to_people_too() -> None:
    code, out = run("Hello")
    assert (code, out) == (0, "GSM-7: 5 units, 1 segments\n")
