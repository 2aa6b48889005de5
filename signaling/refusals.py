"""The one expected failure of Yunjian and its closed set of codes.

A refusal says that a rule was kept: the request was understood, nothing was
changed, and the asker is told why. Everything else that is raised is a bug.
Codes are part of the wire contract; the sentence for a person (zh-CN, en) and
the HTTP status of each code stand in one table at the edge (server.edge.problems).
Knows nothing but the standard library.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why a request was refused. Never renamed once released; the edge has a sentence for each."""

    # who asks
    UNAUTHENTICATED = "unauthenticated"
    ACCOUNT_BLOCKED = "account_blocked"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    BAD_CREDENTIALS = "bad_credentials"
    PASSWORD_SHORT = "password_short"
    PASSWORD_LONG = "password_long"
    PASSWORD_COMMON = "password_common"
    PASSWORD_SAME = "password_same"
    THROTTLED = "throttled"
    FOREIGN_ORIGIN = "foreign_origin"
    # how it is asked
    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    COMMAND_ID_REUSED = "command_id_reused"
    # calls
    NO_APPROVER_FREE = "no_approver_free"
    CONSENT_MISSING = "consent_missing"
    ALREADY_IN_CALL = "already_in_call"
    CALL_ENDED = "call_ended"
    CALL_RUNNING = "call_running"
    CALL_HELD = "call_held"
    RING_CLOSED = "ring_closed"
    NOT_IN_CALL = "not_in_call"
    LEG_REPLACED = "leg_replaced"
    BAD_SDP = "bad_sdp"
    MEDIA_UNAVAILABLE = "media_unavailable"
    MEDIA_FULL = "media_full"
    MEDIA_BUSY = "media_busy"
    OFF_DUTY = "off_duty"
    SEAT_TAKEN = "seat_taken"
    DRAINING = "draining"
    # the case and its form
    CASE_CLOSED = "case_closed"
    CASE_ARCHIVED = "case_archived"
    STALE = "stale"
    CHANGED = "changed"
    OTHER_CASE_IN_CALL = "other_case_in_call"
    FIELD_UNKNOWN = "field_unknown"
    FIELD_HELD = "field_held"
    FIELD_INVALID = "field_invalid"
    NOT_YOURS = "not_yours"
    PROPOSAL_CLOSED = "proposal_closed"
    BOTH_SIDES = "both_sides"
    REASON_MISSING = "reason_missing"
    INCOMPLETE = "incomplete"
    SECOND_NOTICE = "second_notice"
    SAME_UNIT = "same_unit"
    NO_APPROVER = "no_approver"
    LIMIT_NOT_RUNNING = "limit_not_running"
    LIMIT_PASSED = "limit_passed"
    CLOCK_STOPPED = "clock_stopped"
    CLOCK_RUNNING = "clock_running"
    EXTENDED_ALREADY = "extended_already"
    EXTENSION_TOO_LONG = "extension_too_long"
    OTHER_STEP = "other_step"
    OWED_STILL = "owed_still"
    BASIS_UNKNOWN = "basis_unknown"
    DECIDED_HERE = "decided_here"
    DECIDED_ELSEWHERE = "decided_elsewhere"
    NUMBER_MISSING = "number_missing"
    PROOF_MISSING = "proof_missing"
    RESULT_MISSING = "result_missing"
    RESULT_UNKNOWN = "result_unknown"
    ADDRESS_MISSING = "address_missing"
    AGREEMENT_MISSING = "agreement_missing"
    TRACKING_MISSING = "tracking_missing"
    ON_ITS_WAY = "on_its_way"
    OTHER_WAY = "other_way"
    DELIVERY_ENDED = "delivery_ended"
    RECEIVER_MISSING = "receiver_missing"
    CAUSE_MISSING = "cause_missing"
    TIME_LEFT = "time_left"
    UNFINISHED = "unfinished"
    SIGNATURE_MISSING = "signature_missing"
    RATING_CLOSED = "rating_closed"
    COMMENT_UNKNOWN = "comment_unknown"
    POINT_UNKNOWN = "point_unknown"
    BAD_IDENTITY_NUMBER = "bad_identity_number"
    BAD_CREDIT_CODE = "bad_credit_code"
    BAD_PHONE = "bad_phone"
    BAD_DATE = "bad_date"
    BAD_NUMBER = "bad_number"
    BAD_REGION = "bad_region"
    ITEM_UNAVAILABLE = "item_unavailable"
    # the catalogue
    UNKNOWN_CODE = "unknown_code"
    BAD_ROWS = "bad_rows"
    BAD_SHEET = "bad_sheet"
    BAD_FORM = "bad_form"
    BAD_TEMPLATE = "bad_template"
    REVIEW_BODY_MISSING = "review_body_missing"
    ROLES_EXCLUDE = "roles_exclude"
    SECOND_PERSON = "second_person"
    LOWERING_WAITS = "lowering_waits"
    # materials
    LINE_UNKNOWN = "line_unknown"
    LINE_NOT_LATER = "line_not_later"
    FILE_TYPE = "file_type"
    FILE_BROKEN = "file_broken"
    FILE_PASSWORD = "file_password"
    FILE_DEPTH = "file_depth"
    FILE_PIXELS = "file_pixels"
    FILE_BOMB = "file_bomb"
    FILE_TOO_LARGE = "file_too_large"
    FILE_EMPTY = "file_empty"
    UPLOAD_OFFSET = "upload_offset"
    UPLOAD_CHECKSUM = "upload_checksum"
    UPLOAD_CHECKSUM_ALGORITHM = "upload_checksum_algorithm"
    UPLOAD_EXPIRED = "upload_expired"
    UPLOAD_LOCKED = "upload_locked"
    UPLOAD_VERSION = "upload_version"
    UPLOAD_LENGTH = "upload_length"
    UPLOAD_FINAL = "upload_final"
    UPLOAD_UNFINISHED = "upload_unfinished"
    QUOTA_EXCEEDED = "quota_exceeded"
    NODE_AWAY = "node_away"
    EARLIER_CONSENT_MISSING = "earlier_consent_missing"
    MATERIAL_NOT_STORED = "material_not_stored"
    NO_EARLY_VIEW = "no_early_view"
    PAPER_NOT_READY = "paper_not_ready"
    COPY_NOT_READY = "copy_not_ready"
    NO_COPY = "no_copy"
    NO_OFFICE = "no_office"
    NO_OFD = "no_ofd"
    OFD_BEYOND = "ofd_beyond"
    PDF_BEYOND = "pdf_beyond"
    NO_CARD_READER = "no_card_reader"
    NO_CARD = "no_card"
    MATERIAL_LOCKED = "material_locked"
    FILE_INFECTED = "file_infected"
    DISK_FULL = "disk_full"
    DISK_READ_ONLY = "disk_read_only"
    CONTENT_ALTERED = "content_altered"
    # the machine
    BUSY = "busy"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    INTERNAL = "internal"


class Refusal(Exception):
    """A rule said no; nothing was changed.

    ``details`` are safe to show and to log: ids, limits, field names, counts;
    never names of people, identity numbers or field values.
    """

    def __init__(self, code: Code, **details: str | int | float | bool | None) -> None:
        super().__init__(code.value)
        self.code = code
        self.details = details

    def __repr__(self) -> str:
        return f"Refusal({self.code.value}, {self.details})"
