"""Block Kit, checked as far as clients get it wrong: known types, required parts, lengths, unique ids."""

from typing import Any

from throughline.sandbox.slack.arguments import Refused

type Record = dict[str, Any]

MOST_BLOCKS, LONGEST_ID = 50, 255
# What each block must bring: https://api.slack.com/reference/block-kit/blocks
REQUIRED: dict[str, tuple[str, ...]] = {
    "actions": ("elements",),
    "context": ("elements",),
    "divider": (),
    "file": ("external_id", "source"),
    "header": ("text",),
    "image": ("alt_text",),
    "input": ("label", "element"),
    "markdown": ("text",),
    "rich_text": ("elements",),
    "section": (),
    "video": ("alt_text", "title", "thumbnail_url", "video_url"),
}
MOST_ELEMENTS = {"actions": 25, "context": 10}
LONGEST_TEXT = {"section": 3000, "header": 150}
LONGEST_BUTTON_TEXT, LONGEST_BUTTON_VALUE = 75, 2000


def checked(blocks: Any, name_block: Any) -> list[Record]:
    """The blocks with an id each, or the refusal that lists all that is wrong with them."""
    if blocks is None:
        return []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused("invalid_blocks_format")
    wrong = [f"[ERROR] {problem}" for problem in problems(blocks)]
    if wrong:
        raise Refused("invalid_blocks", response_metadata={"messages": wrong})
    return [_named(block, name_block) for block in blocks]


def problems(blocks: list[Record]) -> list[str]:
    found = [f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]"] if len(blocks) > MOST_BLOCKS else []
    for n, block in enumerate(blocks):
        found += [f"{what} [json-pointer:/blocks/{n}{where}]" for where, what in _block(block)]
    return found + _repeated([block["block_id"] for block in blocks if block.get("block_id")], "block_id")


def elements(block: Record) -> list[Record]:
    """The things in a block that a person can press or choose."""
    within = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
    return [element for element in within if isinstance(element, dict)]


def _block(block: Record) -> list[tuple[str, str]]:
    kind = block.get("type")
    if kind not in REQUIRED:
        return [("/type", f"unsupported type: {kind}")]
    found = [("", f"missing required field: {name}") for name in REQUIRED[kind] if not block.get(name)]
    if kind == "section" and not (block.get("text") or block.get("fields")):
        found.append(("", "missing required field: text"))
    if kind in ("section", "header") and block.get("text"):
        found += _text(block["text"], LONGEST_TEXT[kind], plain=kind == "header")
    if len(str(block.get("block_id") or "")) > LONGEST_ID:
        found.append(("/block_id", f"must be less than {LONGEST_ID + 1} characters"))
    if len(elements(block)) > MOST_ELEMENTS.get(kind, 100):
        found.append(("/elements", f"no more than {MOST_ELEMENTS[kind]} items allowed"))
    if kind == "actions":
        found += _actions(elements(block))
    return found


def _text(text: Any, longest: int, *, plain: bool) -> list[tuple[str, str]]:
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(text, dict) or text.get("type") not in kinds:
        return [("/text", f"must be a {' or '.join(kinds)} object")]
    if not isinstance(text.get("text"), str) or not text["text"]:
        return [("/text/text", "must be more than 0 characters")]
    if len(text["text"]) > longest:
        return [("/text/text", f"must be less than {longest + 1} characters")]
    return []


def _actions(pressable: list[Record]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for n, element in enumerate(pressable):
        if not element.get("type"):
            found.append((f"/elements/{n}", "missing required field: type"))
        if element.get("type") == "button":
            found += [
                (f"/elements/{n}{where}", what)
                for where, what in _text(element.get("text"), LONGEST_BUTTON_TEXT, plain=True)
            ]
            if len(str(element.get("value") or "")) > LONGEST_BUTTON_VALUE:
                found.append((f"/elements/{n}/value", f"must be less than {LONGEST_BUTTON_VALUE + 1} characters"))
    ids = [element["action_id"] for element in pressable if element.get("action_id")]
    return found + [("/elements", what) for what in _repeated(ids, "action_id")]


def _repeated(ids: list[str], what: str) -> list[str]:
    return [f'`{what}` "{id_}" already exists' for id_ in sorted(set(ids)) if ids.count(id_) > 1]


def _named(block: Record, name_block: Any) -> Record:
    return block if block.get("block_id") else {**block, "block_id": name_block()}
