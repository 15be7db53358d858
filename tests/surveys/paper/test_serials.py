"""The check digit of sheets: what typists do wrong is noticed."""

from hypothesis import given
from hypothesis import strategies as st

from surveys.paper import serials

ids = st.integers(1, 10**12)


def test_the_example_of_damm() -> None:
    assert serials.check_digit("572") == "4"
    assert serials.printed(42) == "000042" + serials.check_digit("000042")


@given(ids, st.sampled_from(("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "0123456789")))
def test_a_printed_number_is_read_back_in_any_digits(number: int, script: str) -> None:
    shown = "".join(script[int(x)] for x in serials.printed(number))
    assert serials.read(shown) == serials.read(f"  {shown[:3]}-{shown[3:]} ") == number


@given(ids, st.integers(0, 30), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: int, place: int, change: int) -> None:
    digits = serials.printed(number)
    place %= len(digits)
    wrong = digits[:place] + str((int(digits[place]) + change) % 10) + digits[place + 1 :]
    assert serials.read(wrong) is None


@given(ids, st.integers(0, 30))
def test_two_digits_that_changed_places_are_always_found(number: int, place: int) -> None:
    digits = serials.printed(number)
    place %= len(digits) - 1
    a, b = digits[place], digits[place + 1]
    wrong = digits[:place] + b + a + digits[place + 2 :]
    assert (serials.read(wrong) is None) == (a != b)


@given(st.text(max_size=30))
def test_anything_else_is_no_number(text: str) -> None:
    found = serials.read(text)
    assert found is None or found > 0
