"""What policy wants from whoever decides, beside the click: a rationale, a fresh proof, the request's code retyped.

Pure: it asks policy as if each had been given, and gives back which are wanted; it never lets anybody through.
"""

from dataclasses import dataclass

from handlers.decisions.but import but
from handlers.decisions.policy import AccessQuestion, GivenProof, PolicyDecision, PolicyEngine, Role
from handlers.decisions.requests import may_decide
from storage.directories.base import Account

# As good a proof as anybody could give.
_ANY_PROOF = GivenProof(
    kinds=frozenset({"passkey", "totp", "sign_in", "sign_in_apart", "recovery_code", "mail_code"}), seconds=0
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """decision: the answer to whoever gave all of it; if that refuses, nothing that they could give would help."""

    decision: PolicyDecision
    rationale: bool = False
    proof: bool = False
    code: bool = False

    @property
    def anything(self) -> bool:
        """Whether a click alone is not enough."""
        return self.rationale or self.proof or self.code


def supposing(
    question: AccessQuestion, *, rationale: bool = True, proof: bool = True, code: bool = True
) -> AccessQuestion:
    """The question of somebody who gave this much."""
    return but(question, rationale_given=rationale, proof=_ANY_PROOF if proof else None, code_retyped=code)


def wanted(policy: PolicyEngine, question: AccessQuestion, approver: Account, role: Role | None) -> Wanted:
    """What they have to give to do what the question says. The cheapest answers are looked for first."""

    def ask(*, rationale: bool = True, proof: bool = True, code: bool = True) -> PolicyDecision:
        given = supposing(question, rationale=rationale, proof=proof, code=code)
        return may_decide(policy, given, approver, role)

    click = ask(rationale=False, proof=False, code=False)
    if click.allowed or click.errors:
        return Wanted(decision=click)
    explained = ask(proof=False, code=False)
    if explained.allowed or explained.errors:
        return Wanted(decision=explained, rationale=True)
    everything = ask()
    if not everything.allowed:
        return Wanted(decision=everything)
    return Wanted(
        decision=everything,
        rationale=not ask(rationale=False).allowed,
        proof=not ask(proof=False).allowed,
        code=not ask(code=False).allowed,
    )
