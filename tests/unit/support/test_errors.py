from pfm_desktop.support.errors import BadInputError, UserError


def test_an_error_says_what_happened_what_is_safe_and_what_to_do() -> None:
    error = BadInputError("a.png is no picture", safe="the library is unchanged", remedy="choose a JPEG or PNG file")
    assert str(error) == "a.png is no picture. the library is unchanged. choose a JPEG or PNG file."
    assert "\n" not in str(error)


def test_bad_input_ends_the_command_line_with_two() -> None:
    assert UserError("x").exit_code == 2
