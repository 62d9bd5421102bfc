"""People come, and choose passwords.

What a stranger can ask (to register, for a mail) is answered without a look at who is known: the
same rows are written in the same time, and the difference is made when the mail is written.
"""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models.functions import Lower

from accounts.choices import LetterKind
from accounts.models import Registration, User
from accounts.services import families, guarding, mail, proofs


class WrongPassword(Exception):
    """The present password is another."""


def register(
    *,
    email: str,
    password: str,
    address: str,
    now: datetime,
    first_name: str = "",
    last_name: str = "",
) -> None:
    """Keep the wish to become a user, and ask for the mail that confirms the address.

    Raises Locked after too many from one network address, and Django's ValidationError for a
    password too weak.
    """
    guarding.claim(guarding.REGISTRATIONS_OF_ADDRESS, address, now=now)
    hoped = User(email=email, first_name=first_name, last_name=last_name)
    validate_password(password, hoped)
    Registration.objects.create(
        email=email.lower(),
        password=make_password(password),
        first_name=first_name,
        last_name=last_name,
        asked_at=now,
    )
    ask_for_mail(kind=LetterKind.CONFIRM, email=email, address=address, now=now)


def ask_for_mail(*, kind: LetterKind, email: str, address: str, now: datetime) -> None:
    """Ask for a mail to an address, known or not; raises Locked by network address alone.

    Past the limit of the mail's own address nothing more is sent, and nothing else is said:
    nobody's mailbox is filled from here.
    """
    guarding.claim(guarding.LETTERS_OF_ADDRESS, address, now=now)
    try:
        guarding.claim(guarding.LETTERS_OF_ACCOUNT, email, now=now)
    except guarding.Locked:
        return
    mail.ask(kind=kind, address=email.lower(), now=now)


@transaction.atomic
def confirm(*, proof: str, now: datetime) -> bool:
    """Make the user of a registration; raises what `proofs` raises.

    Returns whether he can sign in with the password he registered with. When the address was
    registered more than once, nobody knows whose password is right: the user has none, and a
    mail lets him choose.
    """
    wish = Registration.objects.filter(pk=proofs.registration_id(proof, now=now)).first()
    if wish is None:
        raise proofs.Used
    same = Registration.objects.alias(lowered=Lower("email")).filter(lowered=wish.email)
    rivals = list(same.select_for_update().filter(confirmed_at=None).order_by("pk"))
    if wish not in rivals or _is_known(wish.email):
        raise proofs.Used
    user = User.objects.create_user(
        wish.email, first_name=wish.first_name, last_name=wish.last_name
    )
    is_only_one = not any(_is_open(rival, now=now) for rival in rivals if rival != wish)
    if is_only_one:
        User.objects.filter(pk=user.pk).update(password=wish.password)
    else:
        mail.ask(kind=LetterKind.RESET, address=wish.email, now=now)
    same.update(confirmed_at=now, password="")
    return is_only_one


def change_password(*, user: User, old: str, new: str, now: datetime) -> None:
    """Set a new password; every session and token given under the old one ends by that.

    Raises WrongPassword, Locked, and Django's ValidationError for a password too weak.
    """
    confirm_password(user=user, password=old, now=now)
    validate_password(new, user)
    _set_password(user, new, now=now)


def reset_password(*, proof: str, new: str, now: datetime) -> User:
    """Set a new password by the link of a mail; ends sessions, tokens and a lock.

    Raises what `proofs` raises, and Django's ValidationError for a password too weak.
    """
    user = proofs.chooser(proof, now=now)
    validate_password(new, user)
    with transaction.atomic():
        # Of two who hold the link at once, one sets the password.
        User.objects.select_for_update().get(pk=user.pk)
        user = proofs.chooser(proof, now=now)
        _set_password(user, new, now=now)
    guarding.clear(guarding.PASSWORDS_OF_ACCOUNT, user.email)
    return user


def confirm_password(*, user: User, password: str, now: datetime) -> None:
    """Ask a signed-in person once more; raises WrongPassword or Locked."""
    guarding.claim(guarding.PASSWORDS_OF_ACCOUNT, user.email, now=now)
    if not user.check_password(password):
        raise WrongPassword
    guarding.clear(guarding.PASSWORDS_OF_ACCOUNT, user.email)


def has_signed_in(*, user: User) -> None:
    """Remember the moment of a sign-in by API; pages remember it by themselves."""
    update_last_login(User, user)


@transaction.atomic
def _set_password(user: User, password: str, *, now: datetime) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
    families.end_all(user=user, now=now)
    mail.ask(kind=LetterKind.CHANGED, address=user.email, now=now)


def _is_known(email: str) -> bool:
    return User.objects.alias(lowered=Lower("email")).filter(lowered=email).exists()


def _is_open(wish: Registration, *, now: datetime) -> bool:
    return wish.asked_at + proofs.LIFETIMES[proofs.Purpose.CONFIRM] > now
