"""How a task came to where it stands: who changed its state, and when."""

from throughline.sandbox.kantata.schema.shape import Collection, belongs, words

STORY_STATE_CHANGES = Collection(
    name="story_state_changes",
    singular="story_state_change",
    model="StoryStateChange",
    attributes=words("id state formatted_state created_at updated_at"),
    links={"user": belongs("users", "user_id"), "story": belongs("stories", "story_id")},
    owners=("story_id",),
    deletable=False,
)

COLLECTIONS = (STORY_STATE_CHANGES,)
