"""All commands, events and ephemerals of the live call, for the gateway and the schema."""

from signaling.wire.call import (
    CallAnswer,
    CallCancel,
    CallConnect,
    CallDecline,
    CallDescribe,
    CallDial,
    CallHangUp,
    CallHold,
    CallInvite,
    CallJoin,
    CallLack,
    CallMute,
    CallOpen,
    CallPrepare,
    CallResume,
    CallWithdraw,
    OfferWanted,
    Replaced,
)
from signaling.wire.desk import DeskDuty, DeskOpen, MissedAsk, MissedWatch, UnitOpen, UnitPresence
from signaling.wire.envelope import Command, Event, Message, Skipped
from signaling.wire.monitor import (
    MonitorBegin,
    MonitorChanged,
    MonitorEnd,
    MonitorTurn,
    MonitorWatch,
)
from signaling.wire.quality import CallQuality
from signaling.wire.rehearsal import (
    RehearsalClose,
    RehearsalDescribe,
    RehearsalLook,
    RehearsalOpen,
    RehearsalRestart,
)

COMMANDS: tuple[type[Command], ...] = (
    CallDial, CallCancel, CallPrepare, CallAnswer, CallDecline, CallJoin, CallConnect, CallDescribe,
    CallMute, CallLack, CallHold, CallResume, CallHangUp, CallInvite, CallWithdraw, CallOpen, DeskOpen,
    DeskDuty, UnitOpen, MonitorWatch, MonitorBegin, MonitorTurn, MonitorEnd, MissedWatch, MissedAsk, RehearsalOpen, RehearsalDescribe, RehearsalRestart, RehearsalLook,
    RehearsalClose,
)  # fmt: skip
EVENTS: tuple[type[Event], ...] = (Skipped,)
EPHEMERALS: tuple[type[Message], ...] = (
    UnitPresence,
    Replaced,
    OfferWanted,
    MonitorChanged,
    CallQuality,
)
