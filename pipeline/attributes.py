"""The eight attributes of an ASID caption; what each is audited for is data in `prompts/attributes.yaml`."""

from typing import Literal, get_args

Attribute = Literal["scene", "characters", "objects", "actions", "narrative", "speech", "camera", "emotions"]
ATTRIBUTES: tuple[Attribute, ...] = get_args(Attribute)
