"""Approvals: nothing that needs a signature takes effect before it.

An *approval* is of one *kind* about one subject, under the first rule of the pack section `approvals` that
fits its *facts*; the rule gives the chain of *steps*. A *signature* is what one person said at one step; a
*delegation* lets a deputy sign for somebody (x for y). When the last step agrees, the *effect* registered
for the kind runs in the same transaction (`registry.register_effect`). An *authority* (section
`authorities`) says what somebody in a post may decide alone.

Services: submit, agree, send_back, refuse, withdraw, add_signer, note_consent, delegate, end_delegation.
Events: `approvals.submitted`, `.agreed`, `.passed`, `.effective`, `.void`, `.returned`, `.refused`,
`.withdrawn`, `.lapsed`, `.signer_added`, `.delegated`, `.delegation_ended`.
"""
