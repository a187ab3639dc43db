"""How much is accepted."""

MB = 1024 * 1024

FILE_BYTES = 20 * MB
"""The largest file, as it arrives."""

OWNER_FILES = 50
"""The most files one record may have at a time."""

UPLOAD_FILES = 20
"""The most files of one request."""

IMAGE_PIXELS = 64_000_000
"""The most pixels of an image as it arrives: what a good phone takes. A larger one is not even decoded."""

IMAGE_SIDE = 2560
"""Images are kept no wider and no higher than this many pixels."""

THUMBNAIL_SIDE = 320
"""Width and height, in pixels, that a thumbnail fits into."""

PACKED_BYTES = 200 * MB
"""The most a packed document (docx, xlsx …) may grow to when it is unpacked."""

PACKED_PARTS = 5_000
"""The most parts in a packed document."""

NAME_LENGTH = 120
"""The longest name of a file, in characters, its ending included."""

KEEP_REMOVED_DAYS = 30
"""A removed file stays on the disk this many days, in case it was a mistake."""

KEEP_UNUSED_SECONDS = 24 * 3600
"""A stored file without a record is left alone this long: its upload may still be under way."""
