from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin.engines.fields.phones import Phone, mask_digits, normalise


@pytest.mark.parametrize(
    "text",
    [
        "13700009527",
        "137 0000 9527",
        "137-0000-9527",
        "１３７００００９５２７",
        " 13700009527\n",
        "+8613700009527",
        "+86 137 0000 9527",
        "(+86) 13700009527",
        "0086-13700009527",
        "8613700009527",
        "013700009527",
        "13700009527.0",
        "137.0000.9527",
    ],
)
def test_a_mobile_number_is_understood_in_any_spelling(text: str) -> None:
    phone = normalise(text)
    assert phone == Phone("mobile", "13700009527")
    assert (phone.display, phone.masked, phone.e164) == ("137 0000 9527", "137****9527", "+8613700009527")
    assert (phone.tail(), phone.tail(6), phone.tail(0)) == ("9527", "009527", "")


@pytest.mark.parametrize(
    ("text", "phone", "display"),
    [
        ("0731-85551234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("(0731) 8555 1234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("0731—85551234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("0731 8555-1234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("+86 731 8555 1234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("+86 (0)731 85551234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("86-731-85551234", Phone("landline", "073185551234", "0731"), "0731-85551234"),
        ("0731-85551234转801", Phone("landline", "073185551234", "0731", "801"), "0731-85551234-801"),
        ("0731-85551234-801", Phone("landline", "073185551234", "0731", "801"), "0731-85551234-801"),
        ("0731-85551234 ext. 801", Phone("landline", "073185551234", "0731", "801"), "0731-85551234-801"),
        ("0731-85551234（分机801）", Phone("landline", "073185551234", "0731", "801"), "0731-85551234-801"),
        ("0731-85551234#801", Phone("landline", "073185551234", "0731", "801"), "0731-85551234-801"),
        ("010-12345678", None, ""),
        ("010-62345678", Phone("landline", "01062345678", "010"), "010-62345678"),
        ("+86 10 6234 5678", Phone("landline", "01062345678", "010"), "010-62345678"),
        ("0745-7733550", Phone("landline", "07457733550", "0745"), "0745-7733550"),
        ("85551234", Phone("landline", "85551234"), "85551234"),
        ("8555-1234", Phone("landline", "85551234"), "85551234"),
        ("85551234-801", Phone("landline", "85551234", extension="801"), "85551234-801"),
        ("400-123-4567", Phone("service", "4001234567"), "400-123-4567"),
        ("4001234567转8", Phone("service", "4001234567", extension="8"), "400-123-4567-8"),
        ("800-820-8888", Phone("service", "8008208888"), "800-820-8888"),
        ("12345", Phone("hotline", "12345"), "12345"),
        ("95598", Phone("hotline", "95598"), "95598"),
        ("110", Phone("hotline", "110"), "110"),
        ("119", Phone("hotline", "119"), "119"),
        ("120", Phone("hotline", "120"), "120"),
        ("10086", Phone("hotline", "10086"), "10086"),
        ("12329", Phone("hotline", "12329"), "12329"),
        ("96123", Phone("hotline", "96123"), "96123"),
        ("968869", Phone("hotline", "968869"), "968869"),
        ("95013123", Phone("hotline", "95013123"), "95013123"),
        ("0731-12345", Phone("hotline", "073112345", "0731"), "0731-12345"),
        ("0731-12358", Phone("hotline", "073112358", "0731"), "0731-12358"),
        ("13700009527-1234", Phone("mobile", "13700009527", extension="1234"), "137 0000 9527-1234"),
        ("+852 2123 4567", Phone("international", "+85221234567"), "+852 2123 4567"),
        ("+49 30 123456", Phone("international", "+4930123456"), "+49 30 123456"),
        ("001 650 253 0000", Phone("international", "+16502530000"), "+1 650-253-0000"),
    ],
)
def test_a_number_is_understood(text: str, phone: Phone | None, display: str) -> None:
    found = normalise(text)
    assert found == phone
    assert found is None or found.display == display


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "无",
        "137****9527",
        "1370000952",
        "137000095271",
        "12012345678",
        "0731-0000-00000000",
        "0000-00000000",
        "0731-8555",
        "2019-04-25",
        "2019/4/25",
        "王先生 13700009527",
        "13700009527/13700009528",
        "13700009527、13700009528",
        "110101199003078670",
        "3-2-501",
        "+",
        "+999 123 4567",
        "+86",
        "00",
        "1+2",
        "٣٤٥٦٧٨٩",
        "\x00",
        "9" * 5000,
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert normalise(text) is None


def test_the_area_code_of_the_place_completes_a_local_number() -> None:
    assert normalise("85551234", area="0731") == Phone("landline", "073185551234", "0731")
    assert normalise("13700009527", area="0731") == Phone("mobile", "13700009527")
    assert normalise("5551234", area="0731") == Phone("landline", "5551234")
    assert normalise("85551234", area="") == Phone("landline", "85551234")


@pytest.mark.parametrize(
    ("text", "masked", "e164"),
    [
        ("0731-85551234", "0731-****1234", "+8673185551234"),
        ("0731-85551234-801", "0731-****1234-***", "+8673185551234"),
        ("85551234", "****1234", ""),
        ("12345", "12345", ""),
        ("400-123-4567", "400-123-4567", ""),
        ("+852 2123 4567", "+852 **** 4567", "+85221234567"),
    ],
)
def test_a_number_is_shown_to_strangers_without_its_middle(text: str, masked: str, e164: str) -> None:
    phone = normalise(text)
    assert phone is not None
    assert (phone.masked, phone.e164) == (masked, e164)


@given(st.text(max_size=50) | st.text(alphabet="0123456789+-() 转extx#.86", max_size=30), st.text(max_size=5))
def test_no_text_breaks_the_reader(text: str, area: str) -> None:
    phone = normalise(text, area=area)
    if phone:
        assert phone.display
        assert phone.masked
        assert phone.tail(4)
        assert phone.number.removeprefix("+").isdecimal()
        assert phone.number.isascii()
    mask_digits(text)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_every_mobile_number_is_found_again_from_its_display(number: str, separator: str) -> None:
    phone = normalise(separator.join((number[:3], number[3:7], number[7:])))
    assert phone is not None
    assert phone.number == number
    assert normalise(phone.display) == phone
    assert number[3:7] not in phone.masked or number[3:7] in number[:3] + number[7:]
