"""A deal's checklist on paper: the same document that reports are drawn from."""

from __future__ import annotations

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from properties.contracts.checklist import Stage
from properties.contracts.services import lines_of
from properties.desk_models import Contract
from properties.reports.document import Column, Document, Fact, Section, Table
from properties.templatetags.listings import word


def stage_word(stage: Stage) -> str:
    """A stage in the active language."""
    words = {
        Stage.BEFORE: _("Before signing"),
        Stage.SIGNING: _("At signing"),
        Stage.HANDOVER: _("At handover"),
        Stage.AFTER: _("Afterwards"),
    }
    return words[stage]


def checklist_document(contract: Contract, language: str) -> Document:
    """Boxes, items, sources, and who ticked what."""
    lines = lines_of(contract)
    with translation.override(language):
        facts = [
            (_("Trade"), word(contract.trade)),
            (_("Type"), word(contract.property_type)),
            (_("Customer"), contract.customer.customer if contract.customer else ""),
            (_("Signing"), contract.signing_on.isoformat() if contract.signing_on else ""),
            (_("Handover"), contract.handover_on.isoformat() if contract.handover_on else ""),
            (_("Progress"), f"{sum(line.done for line in lines)} / {len(lines)}"),
        ]
        sections = [
            Section(heading=_("The deal"), facts=[Fact(label=label, value=value) for label, value in facts if value])
        ]
        for stage in Stage:
            rows = [line for line in lines if line.item.stage == stage]
            sections.append(
                Section(
                    heading=stage_word(stage),
                    table=Table(
                        columns=[
                            Column(label="", width=0.35),
                            Column(label=_("What to check"), width=4),
                            Column(label=_("Legal source"), width=2.6),
                            Column(label=_("Ticked by"), width=1.3),
                        ],
                        rows=[
                            ["■" if line.done else "□", line.item.text(language), line.item.law, line.by]
                            for line in rows
                        ],
                    ),
                )
            )
        return Document(
            title=_("Checklist: %(name)s") % {"name": contract.title},
            subtitle=f"{timezone.localtime():%Y-%m-%d}",
            language=language,
            made_at=timezone.now(),
            as_of=timezone.now(),
            sections=sections,
            notes=[
                _("Articles say where to look; not compared with the law in force. A reminder and no legal advice.")
            ],
        )
