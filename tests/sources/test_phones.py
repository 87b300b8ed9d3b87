"""Phones: one person has one number, however it was written."""

from __future__ import annotations

import pytest

from sources.phones import normalise_phone


@pytest.mark.parametrize(
    "written",
    [
        "+5511987654321",
        "5511987654321",
        "+551187654321",
        "551187654321",
        "11987654321",
        "1187654321",
        "(11) 98765-4321",
        "(11) 8765-4321",
        "+55 (11) 8765-4321",
        "011 98765-4321",
        "0 15 11 98765-4321",
        "0055 11 98765-4321",
        "whatsapp:+5511987654321",
        "551187654321@s.whatsapp.net",
        "5511987654321:12@s.whatsapp.net",
        "5511987654321@c.us",
        "+55 11 98765\u200b-4321\xa0",
    ],
)
def test_every_way_to_write_a_brazilian_mobile_is_one_number(written: str) -> None:
    assert normalise_phone(written, "BR") == "+5511987654321"


@pytest.mark.parametrize("first", "6789")
def test_the_ninth_digit_is_added_where_the_eight_digits_begin_with_6_to_9(first: str) -> None:
    assert normalise_phone(f"+5585{first}8765432", "BR") == f"+55859{first}8765432"


@pytest.mark.parametrize("first", "2345")
def test_a_land_line_gets_no_ninth_digit(first: str) -> None:
    assert normalise_phone(f"+5511{first}4567890", "BR") == f"+5511{first}4567890"


def test_area_code_55_is_not_taken_for_the_country_code() -> None:
    assert normalise_phone("(55) 98765-4321", "BR") == "+5555987654321"
    assert normalise_phone("(55) 8765-4321", "BR") == "+5555987654321"
    assert normalise_phone("+55 55 8765-4321", "BR") == "+5555987654321"


def test_numbers_of_other_countries_keep_their_own_rules() -> None:
    assert normalise_phone("+1 415 555 2671", "BR") == "+14155552671"
    assert normalise_phone("+351 912 345 678", "BR") == "+351912345678"
    assert normalise_phone("912 345 678", "PT") == "+351912345678"
    assert normalise_phone("+55 11 8765-4321", "PT") == "+5511987654321"


@pytest.mark.parametrize(
    "written",
    [None, "", "   ", "+", "abc", "ana@example.com", "123", "0000000000", "+5511", "8765-4321", "1" * 30],
)
def test_what_is_not_a_number_is_none(written: str | None) -> None:
    assert normalise_phone(written, "BR") is None
