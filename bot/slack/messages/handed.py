"""What handlers and directories hand over in words that are no sentences: reasons, kinds of work, when a removal holds.

They stand on the record in English, and `as_told` says them to a reader; nothing here is said by itself.
"""

from bot.texts import template

PHRASES = (
    template("its time is over"),
    template("given back"),
    template("the time was made shorter after it"),
    template("the account is no longer in the directory"),
    template("the account is switched off"),
    template("it can no longer be granted"),
    template("nobody answered"),
    template("its approvers' group is gone"),
    template("nobody among its approvers can decide"),
    template("its channel is gone"),
    template("its channel is archived"),
    template("its channel is shared outside"),
    template("I am not in its channel"),
    template("at once"),
    template("at the next sign-in"),
    template("when the Kerberos ticket ends, within 10 h"),
    template("the policy owners"),
    template("the security team"),
    template("its owner"),
    template("contractor"),
    template("service"),
)
