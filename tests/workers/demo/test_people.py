import pytest
from django.contrib.auth import authenticate

from accounts import services
from accounts.choices import KeyScope, UserRole
from accounts.models import ApiKey, Customer, User
from tariffs import plans
from workers.demo import people
from workers.demo.orders import Refused


@pytest.fixture
def is_demo(settings) -> None:
    settings.DEBUG = True


@pytest.mark.usefixtures("db", "is_demo")
class TestAdmit:
    @pytest.mark.parametrize(
        ("email", "role"),
        [
            ("admin@demo.segs.example", UserRole.ADMIN),
            ("operator@demo.segs.example", UserRole.OPERATOR),
            ("clerk@demo.segs.example", UserRole.CLERK),
            ("customer@demo.segs.example", UserRole.CUSTOMER),
        ],
    )
    def test_lets_each_sign_in_with_a_role(self, now, email, role):
        people.admit(now=now)

        user = authenticate(username=email, password="segs-demo")

        assert isinstance(user, User)
        assert user.role == role
        assert user.is_superuser == (role == UserRole.ADMIN)

    def test_issues_the_key_of_the_meters(self, now):
        people.admit(now=now)

        key = ApiKey.objects.get(sha256=services.digest("segs-demo-key"))

        assert key.scope == KeyScope.INGEST

    def test_ties_the_first_customer_to_the_one_who_signs_in(self, now):
        customer = Customer.objects.create(code="USR-00000001", name="Carl")

        people.admit(now=now)

        customer.refresh_from_db()
        assert customer.user is not None
        assert customer.user.email == "customer@demo.segs.example"

    def test_changes_nothing_the_second_time(self, now):
        people.admit(now=now)
        User.objects.filter(email="clerk@demo.segs.example").update(password="changed")

        people.admit(now=now)

        assert User.objects.count() == 4
        assert User.objects.get(email="clerk@demo.segs.example").password == "changed"
        assert ApiKey.objects.count() == 1


class TestAdmitOutsideADemo:
    def test_is_refused_because_everybody_knows_the_password(self, db, settings, now):
        settings.DEBUG = False

        with pytest.raises(Refused, match="DEBUG=1"):
            people.admit(now=now)

        assert not User.objects.exists()
        assert not ApiKey.objects.exists()


class TestPlans:
    @pytest.mark.parametrize("code", sorted(people.PLANS))
    def test_can_be_priced(self, code: str) -> None:
        _, energy = people.PLANS[code]

        assert plans.read(energy | people.PLAN_CHARGES).standing_per_day
