"""What scikit-learn asks of an estimator, as far as one can that is fitted to comments and not to arrays."""

from pathlib import Path

import pytest

from classifier.lexicon import Lexicon
from classifier.model import CommentModel

LEXICONS = Path(__file__).parents[2] / "training_data" / "lexicons"
#: The checks that fit nothing to arrays of numbers.
POSSIBLE = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.fixture(scope="module")
def checks():
    # Imported here: it takes its time, and one of several test processes needs it.
    from sklearn.utils.estimator_checks import estimator_checks_generator

    model = CommentModel(Lexicon.read(LEXICONS))
    found = estimator_checks_generator(model, legacy=True)
    return {getattr(check, "func", check).__name__: (check, estimator) for estimator, check in found}


@pytest.mark.parametrize("name", POSSIBLE)
def test_it_is_an_estimator(checks, name):
    check, estimator = checks[name]
    check(estimator)
