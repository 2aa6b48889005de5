/* Written by `npm run messages` from the schema of `yunjian schema`. Never edited. */

export type AnyCommand =
  | CallDial
  | CallCancel
  | CallPrepare
  | CallAnswer
  | CallDecline
  | CallJoin
  | CallConnect
  | CallDescribe
  | CallMute
  | CallLack
  | CallHold
  | CallResume
  | CallHangUp
  | CallInvite
  | CallWithdraw
  | CallOpen
  | DeskOpen
  | DeskDuty
  | UnitOpen
  | MonitorWatch
  | MonitorBegin
  | MonitorTurn
  | MonitorEnd
  | MissedWatch
  | MissedAsk
  | RehearsalOpen
  | RehearsalDescribe
  | RehearsalRestart
  | RehearsalLook
  | RehearsalClose
  | CaseCreate
  | CaseOpen
  | CaseConsent
  | CaseEdit
  | CaseDraft
  | CaseHold
  | CasePropose
  | CaseAnswerProposal
  | CaseCloseProposal
  | CaseReview
  | CaseGrade
  | CaseMoveMaterial
  | CaseDecide
  | CaseRefer
  | CaseSay
  | CaseComment
  | CaseReply
  | CaseResolve
  | CaseCheck
  | CaseSummarise
  | CaseSign
  | CaseSubmit
  | CaseRate
  | CaseInvitePhone
  | CaseTakePage
  | CaseWithdrawPhone
  | CaseStopClock
  | CaseResumeClock
  | CaseExtendLimit
  | CaseUnmask
  | CaseDraw
  | CaseClearDrawings
  | CaseKeepDrawing
  | CasePrintForm
  | CaseConsentEarlier
  | CaseTakeEarlier
  | CasePromise
  | CaseMovePromise
  | CaseVerify
  | CaseSendOriginals
  | CaseReceiveOriginals
  | CaseChangeMode
  | CaseRule
  | CaseIssue
  | CaseAskFee
  | CaseSettleFee
  | CaseReport
  | CaseAgreeElectronic
  | CaseRenewMandate
  | CaseBeginDelivery
  | CaseCheckReceiver
  | CaseEndDelivery
  | CaseFinish
  | CaseArchive
  | CaseAssign
  | ListedWatch
  | CaseAskAgent
  | CasePrintAgent
  | CaseConsult
  | CaseRegisterConsulted
  | CaseConclude
  | CaseBeginSequel
  | CaseAskUnit
  | CaseReceiveTask
  | CaseAcceptTask
  | CaseHandTask
  | CaseGiveBackTask
  | CasePauseTask
  | CaseGoOnTask
  | CaseAnswerTask
  | CaseReturnTask
  | CaseCloseTask
  | CaseCancelTask
  | TaskClaim
  | TaskHand
  | TaskEnter
  | TaskSuspend
  | TaskResume
  | TaskCancel
  | TaskSupervise
  | TaskMandate
export type AnyEvent =
  | Skipped
  | CallChanged
  | CaseCreated
  | CaseConsented
  | CaseCalled
  | CaseAnswered
  | CaseEdited
  | CaseProposed
  | CaseProposalAnswered
  | CaseProposalClosed
  | MaterialChanged
  | CaseReceived
  | MaterialMoved
  | CaseModeChanged
  | CaseDecided
  | CaseReferred
  | CaseRecounted
  | CaseSaid
  | CaseCommented
  | CaseChecked
  | CaseShown
  | CaseSigned
  | CaseSubmitted
  | CaseRated
  | PaperChanged
  | PhoneChanged
  | CaseUnmasked
  | CaseDrawn
  | CaseDrawingsCleared
  | CaseDrawingKept
  | CaseEarlierConsented
  | CasePromised
  | HandoverChanged
  | CaseAdvanced
  | CaseAssigned
  | CaseTasked
export type AnyEphemeral =
  | UnitPresence
  | Replaced
  | OfferWanted
  | MonitorChanged
  | CallQuality
  | MonitorCalls
  | MissedCalls
  | CaseTyping
  | CaseFocus
  | CasePoint
  | MaterialProgress
  | DocumentPoint
  | DocumentDraw
  | DocumentLook
  | ListedChanged

export interface Wire {
  command: AnyCommand
  event: AnyEvent
  ephemeral: AnyEphemeral
}
/**
 * Ring all free approvers of the case's target unit. Result: ``{call_id}``. Refused without consent answer.
 */
export interface CallDial {
  id: string
  type: 'call.dial'
  case_id: string
}
/**
 * The clerk gives up before an answer.
 */
export interface CallCancel {
  id: string
  type: 'call.cancel'
  call_id: string
}
/**
 * While it rings at me for the approver's seat: ask for the offer of the leg that my answer would
 * make, never stored. It is answered by ``call.describe``, and named by ``call.answer``.
 *
 * Result: ``{leg_id, sdp, ice_servers}``, or nothing where there is none to be had. Refused with
 * ``ring_closed``.
 */
export interface CallPrepare {
  id: string
  type: 'call.prepare'
  call_id: string
  ring_id: string
}
/**
 * First answer wins; later ones are refused with ``ring_closed``. Result: ``{call_id, leg_id}``.
 *
 * ``leg_id`` is that of ``call.prepare``, whose offer this page has answered: where the leg got it,
 * the result has ``seated`` beside them, and the page has only to connect. Else, with ``connect``,
 * it has beside them what ``call.connect`` would say of the new leg. Neither is stored: where they
 * are missing (a repeat, no media worker), ``call.connect`` gives an offer or says why not.
 */
export interface CallAnswer {
  id: string
  type: 'call.answer'
  call_id: string
  ring_id: string
  connect?: boolean
  leg_id?: string | null
}
export interface CallDecline {
  id: string
  type: 'call.decline'
  call_id: string
  ring_id: string
}
/**
 * Take my seat (again) after a reload or a loss: a new leg linked to the one before. Result: ``{leg_id}``.
 */
export interface CallJoin {
  id: string
  type: 'call.join'
  call_id: string
}
/**
 * Ask for the worker's offer for my leg. Never stored. Result: ``{sdp, ice_servers}``.
 *
 * The offer has two groups of m-lines: mids 0-3 carry my own tracks out and those of the first
 * other seat in, 4-7 those of the second other seat in; the seats come in their order. Within a
 * group: microphone, face, document camera, screen. Once a fourth seat is taken a new offer
 * (``restart``) has three groups more (8, 9, a to j); from the third on it has the line k, on
 * which the face goes out in layers.
 */
export interface CallConnect {
  id: string
  type: 'call.connect'
  call_id: string
  leg_id: string
  restart?: boolean
}
/**
 * The page's SDP answer, for my leg or that of ``call.prepare``. Checked for membership, never
 * stored, never logged.
 */
export interface CallDescribe {
  id: string
  type: 'call.describe'
  call_id: string
  leg_id: string
  sdp: string
}
/**
 * Stop or resume the packets of one m-line at the worker.
 */
export interface CallMute {
  id: string
  type: 'call.mute'
  call_id: string
  leg_id: string
  mid: '0' | '1' | '2' | '3'
  on: boolean
}
/**
 * Say that my page has no device for one m-line, or has one again. Nothing is stopped by it.
 */
export interface CallLack {
  id: string
  type: 'call.lack'
  call_id: string
  leg_id: string
  mid: '0' | '1'
  on: boolean
}
/**
 * Let nobody in the live call hear or see anybody, and record nothing, until ``call.resume``.
 *
 * From the window or the approver; refused to others: not_in_call.
 */
export interface CallHold {
  id: string
  type: 'call.hold'
  call_id: string
}
/**
 * End the hold; only who holds may. Refused: not_yours, not_in_call.
 */
export interface CallResume {
  id: string
  type: 'call.resume'
  call_id: string
}
/**
 * Ends the call for all; a guest only leaves.
 */
export interface CallHangUp {
  id: string
  type: 'call.hang_up'
  call_id: string
}
/**
 * Ring the free approvers of one more unit into the live call, for the next free seat of four.
 *
 * From the window or the approver. Refused: seat_taken (all are taken, or somebody is being rung),
 * no_approver_free, not_in_call. Result: ``{invite_id}``.
 */
export interface CallInvite {
  id: string
  type: 'call.invite'
  call_id: string
  unit_id: string
  note?: string
}
/**
 * Take an invitation back while nobody has answered it. From the window or the approver.
 */
export interface CallWithdraw {
  id: string
  type: 'call.withdraw'
  call_id: string
  invite_id: string
}
/**
 * Watch a call. Result: ``{audience, version, call, monitors}``.
 */
export interface CallOpen {
  id: string
  type: 'call.open'
  call_id: string
}
/**
 * First command of a page. Result: DeskView. Joins my running calls (and rings) on this socket.
 */
export interface DeskOpen {
  id: string
  type: 'desk.open'
}
/**
 * Go on or off duty (approver). Result: ``{duty}``. The click also unlocks the ring sound in the page.
 */
export interface DeskDuty {
  id: string
  type: 'desk.duty'
  duty: 'online' | 'away'
}
/**
 * Watch who is on duty at a unit. Result: UnitPresence; later changes come as that ephemeral.
 */
export interface UnitOpen {
  id: string
  type: 'unit.open'
  unit_id: string
}
/**
 * Watch the live calls of my unit, from its windows or to its approvers. For supervisors.
 *
 * Result: MonitorCalls; later changes come as that ephemeral. Refused: forbidden.
 */
export interface MonitorWatch {
  id: string
  type: 'monitor.watch'
}
/**
 * Hear and see a live call of my unit and be neither heard nor seen, for the reason given.
 *
 * Result: ``{monitor_id}``, which stands for a leg in ``call.connect`` and ``call.describe``. One
 * that I had of this call ends. Refused: not_found (not a call of my unit), forbidden (I lack the
 * right), not_in_call (nobody has answered), already_in_call, seat_taken.
 */
export interface MonitorBegin {
  id: string
  type: 'monitor.begin'
  call_id: string
  reason: string
}
/**
 * Go on in another way: ``whisper`` is heard by the approver alone, ``barge`` takes a guest's
 * seat, for all to see and hear.
 *
 * Each way is a right of its own; whispering is for supervisors of the deciding unit. Result:
 * ``{leg_id}`` of a barge. Refused: forbidden, not_in_call, seat_taken.
 */
export interface MonitorTurn {
  id: string
  type: 'monitor.turn'
  call_id: string
  monitor_id: string
  way: 'listen' | 'whisper' | 'barge'
  reason?: string
}
/**
 * Follow the call no longer, in whichever way I did.
 */
export interface MonitorEnd {
  id: string
  type: 'monitor.end'
  call_id: string
  monitor_id: string
}
/**
 * Watch the calls that nobody answered: for a clerk from his window, for an approver to his unit; the 100 newest of each.
 *
 * Result: MissedCalls; later changes come as that ephemeral. For windows and approvers. Refused: forbidden.
 */
export interface MissedWatch {
  id: string
  type: 'missed.watch'
}
/**
 * As an approver, ask the window to call again about a case of which my unit missed the call.
 *
 * The window sees it in its list and dials. Once a missed call, whoever asked, and again after 10 min. Refused:
 * not_found, not_yours (not the approver), call_ended (nothing is missed any more), throttled
 * (``retry_after_s``).
 */
export interface MissedAsk {
  id: string
  type: 'missed.ask'
  case_id: string
}
/**
 * Try out my devices with no call: a room of my own with two parties, one to send, one to receive.
 *
 * For whoever may sit in a call. Result: ``{rehearsal_id, send, receive, ice_servers, ends_at}``,
 * where ``send`` and ``receive`` are the worker's offers. It ends after 90 s, when the person opens
 * another, or by ``rehearsal.close``. Nothing of it is recorded. Refused: forbidden, throttled.
 */
export interface RehearsalOpen {
  id: string
  type: 'rehearsal.open'
}
/**
 * The page's answer for one of the two. Never stored, never logged. Refused: not_found, bad_sdp.
 */
export interface RehearsalDescribe {
  id: string
  type: 'rehearsal.describe'
  rehearsal_id: string
  party: 'send' | 'receive'
  sdp: string
}
/**
 * A new offer for the sending party, with new ICE credentials. Result: ``{sdp}``.
 */
export interface RehearsalRestart {
  id: string
  type: 'rehearsal.restart'
  rehearsal_id: string
}
/**
 * What the worker has counted. Result: ``{packets}``: what came in, by m-line of the sending party.
 */
export interface RehearsalLook {
  id: string
  type: 'rehearsal.look'
  rehearsal_id: string
}
/**
 * The end of it; one that has ended is no error.
 */
export interface RehearsalClose {
  id: string
  type: 'rehearsal.close'
  rehearsal_id: string
}
/**
 * Register a case. Refused: bad identity number, number of another document, credit code or phone; principal_missing; unknown item. Result: ``{case_id}``.
 */
export interface CaseCreate {
  id: string
  item_id: string
  mode: 'online' | 'proxy' | 'joint'
  applicant_name: string
  document?: 'identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport'
  identity_number: string
  phone: string
  credit_code?: string | null
  principal?: PrincipalEntry | null
  type: 'case.create'
}
/**
 * For whom the person at the window applies; of a company its credit code is the number, and ``representative`` its
 * 法定代表人, who needs no entry where he came himself.
 */
export interface PrincipalEntry {
  capacity: 'representative' | 'handler' | 'agent'
  name: string
  number: string
  document?: 'identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport'
  representative?: string
  mandate_until?: string | null
}
/**
 * Watch a case. Result: CaseOpened.
 */
export interface CaseOpen {
  id: string
  case_id: string
  type: 'case.open'
  as_applicant?: boolean
}
/**
 * The applicant's answer about recording; the text version shown is kept (A1).
 */
export interface CaseConsent {
  id: string
  case_id: string
  type: 'case.consent'
  given: boolean
  text_version: string
  language: 'zh-CN' | 'en'
}
/**
 * Save one field. Refused: stale, field_held, field_invalid, not_yours, case_closed. Window only.
 */
export interface CaseEdit {
  id: string
  case_id: string
  type: 'case.edit'
  field: string
  value: string
  base_version: number
}
/**
 * Keep the unsaved value of a field and person; overwritten, no ledger, not an event.
 */
export interface CaseDraft {
  id: string
  case_id: string
  type: 'case.draft'
  field: string
  value: string
  base_version: number
}
/**
 * Take or renew (field) or drop (null) the soft lock; 10 s lease. Refused with field_held and the holder's id.
 */
export interface CaseHold {
  id: string
  case_id: string
  type: 'case.hold'
  field: string | null
}
/**
 * Approver only. Result: ``{proposal_id}``.
 */
export interface CasePropose {
  id: string
  case_id: string
  type: 'case.propose'
  field: string
  value: string
  reason?: string
}
/**
 * What the applicant says to a proposal, on his own screen alone. The field stays until the clerk adopts it.
 * Refused: not_yours (the clerk's own page), not_found, proposal_closed, case_closed.
 */
export interface CaseAnswerProposal {
  id: string
  case_id: string
  type: 'case.answer_proposal'
  proposal_id: string
  answer: 'yes' | 'no'
}
/**
 * Window only: adopt writes the field and closes; decline only closes. Refused when it is outdated or closed.
 */
export interface CaseCloseProposal {
  id: string
  case_id: string
  type: 'case.close_proposal'
  proposal_id: string
  adopt: boolean
}
/**
 * Approver only: 合格 / 需补正(reason) / 不需要 for one material; ``none`` takes his own word back.
 */
export interface CaseReview {
  id: string
  case_id: string
  type: 'case.review'
  material_id: string
  review: 'none' | 'accepted' | 'returned' | 'not_needed'
  reason?: string
}
/**
 * Window only: how far a stored material is trusted. B is 原件已核对, C takes it back; A names the
 * authority that issued it in ``note``. Its copy is made anew with the mark of the grade.
 * Refused: case_closed, not_found, material_not_stored, stale, reason_missing.
 */
export interface CaseGrade {
  id: string
  case_id: string
  type: 'case.grade'
  material_id: string
  grade: 'A' | 'B' | 'C' | 'D'
  note?: string
}
/**
 * Put a file with all its versions on another line (``other`` for none), or, within its line, into
 * another ``slot``, whose file comes to where it was. Window and approver. What was said of the version
 * that counts begins anew. Comments on the line go along when it leaves nothing there and comes to
 * another line of the list. Refused: case_closed, not_found, not_yours (who only watches; a file of the
 * approver's), line_unknown, material_not_stored, malformed (where it is already), throttled.
 */
export interface CaseMoveMaterial {
  id: string
  case_id: string
  type: 'case.move_material'
  material_id: string
  line: string
  slot?: number | null
}
/**
 * Approver only. ``accepted`` is refused (incomplete) while a required line has no accepted material.
 *
 * Gives the 办件编号 at the first decision. Result: ``{number}``.
 */
export interface CaseDecide {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.decide'
  decision: 'accepted' | 'to_correct' | 'refused'
  reason: string
  again?: boolean
  grant?: boolean
  /**
   * @maxItems 20
   */
  bases?:
    | []
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
}
/**
 * 转办: let another unit decide from now on. Approver only.
 *
 * Refused: case_closed, reason_missing, same_unit, no_approver (nobody there could decide).
 */
export interface CaseRefer {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.refer'
  unit_id: string
  reason: string
}
/**
 * Write a message. Window, approver and third. Refused: throttled (2000 a case). Result: ``{saying_id}``.
 */
export interface CaseSay {
  id: string
  case_id: string
  type: 'case.say'
  lane: 'shared' | 'staff'
  text: string
  call_id?: string | null
  for_applicant?: boolean
}
/**
 * Begin a thread. Window, approver and third. Result: ``{comment_id}``.
 */
export interface CaseComment {
  id: string
  case_id: string
  type: 'case.comment'
  on: string
  text: string
}
/**
 * Answer in a thread; a resolved one opens again.
 */
export interface CaseReply {
  id: string
  case_id: string
  type: 'case.reply'
  comment_id: string
  text: string
}
/**
 * Close (or open again) a thread: the approver, or who began it.
 */
export interface CaseResolve {
  id: string
  case_id: string
  type: 'case.resolve'
  comment_id: string
  resolved: boolean
}
/**
 * The approver's word about one point of the item's checklist; ``none`` takes it back.
 */
export interface CaseCheck {
  id: string
  case_id: string
  type: 'case.check'
  point: string
  verdict: 'ok' | 'lacking' | 'none'
  note?: string
}
/**
 * Show the read-only summary; that it was shown, when and ``to`` whom, is recorded. Only what the
 * applicant was shown can be signed. Window only. Result: SummaryView.
 */
export interface CaseSummarise {
  id: string
  case_id: string
  type: 'case.summarise'
  to?: 'applicant' | 'clerk'
}
/**
 * The applicant signs the summary that was last shown, as ``hash`` and ``shown_at`` name it.
 * Window only. Refused: stale (something changed since, or it is not what was shown).
 * Result: ``{signature_id}``.
 */
export interface CaseSign {
  id: string
  case_id: string
  type: 'case.sign'
  hash: string
  shown_at: string
  width: number
  height: number
  /**
   * @minItems 1
   * @maxItems 200
   */
  strokes: [
    [[unknown, unknown, unknown, unknown], ...[unknown, unknown, unknown, unknown][]],
    ...[[unknown, unknown, unknown, unknown], ...[unknown, unknown, unknown, unknown][]][]
  ]
}
/**
 * Hand the signed summary in; gives the 办件编号 and makes the receipt (收件凭证). Window only.
 * Refused: signature_missing (none, outdated, or of another summary), incomplete (a required line or
 * field is empty). Result: ``{number}``.
 */
export interface CaseSubmit {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.submit'
  hash: string
}
/**
 * The applicant says on his own screen how he was served in a call that has ended. Only from a
 * socket that opened the case ``as_applicant``. Refused: call_running, rating_closed,
 * reason_missing (a bad level without a reason). Result: ``{number}``; what was said is in no ack.
 */
export interface CaseRate {
  id: string
  case_id: string
  type: 'case.rate'
  call_id: string
  level: '1' | '2' | '3' | '4' | '5'
  reasons?: ('waiting' | 'attitude' | 'unclear' | 'repeated' | 'picture' | 'other')[]
  text?: string
}
/**
 * Let one phone bring pages to a line, for five minutes. The page makes the secret of the link and
 * tells only its SHA-256; an earlier link of the case ends with this one. Window only.
 * Refused: line_unknown, case_closed, throttled (200 links). Result: ``{phone_id, expires_at}``.
 */
export interface CaseInvitePhone {
  id: string
  case_id: string
  type: 'case.invite_phone'
  line: string
  secret_sha256: string
}
/**
 * The window has a page of a phone among the papers that it puts together; the phone is told. Window only.
 * Refused: not_found (no such link), material_not_stored (none of its pages, not stored, or taken before).
 */
export interface CaseTakePage {
  id: string
  case_id: string
  type: 'case.take_page'
  phone_id: string
  material_id: string
}
/**
 * End a link, whether a phone has taken it or not. Window only.
 */
export interface CaseWithdrawPhone {
  id: string
  case_id: string
  type: 'case.withdraw_phone'
  phone_id: string
}
/**
 * Stop the clock of an accepted case for what does not count (行政许可法 45); its notice is made.
 * Approver only. Refused: limit_not_running, clock_stopped, limit_passed, reason_missing.
 */
export interface CaseStopClock {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.stop_clock'
  why: 'hearing' | 'tender' | 'auction' | 'inspection' | 'test' | 'quarantine' | 'appraisal' | 'expert_review'
  reason: string
}
/**
 * Let the clock run again. Approver only. Refused: limit_not_running, clock_running.
 * Result: ``{due_on}``.
 */
export interface CaseResumeClock {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.resume_clock'
}
/**
 * 延长 (行政许可法 42), once; its notice is made. Only an approver who is the head of the authority
 * (forbidden). Refused: limit_not_running, extended_already, extension_too_long, limit_passed,
 * reason_missing. Result: ``{due_on}``.
 */
export interface CaseExtendLimit {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.extend_limit'
  days: number
  reason: string
}
/**
 * Read a sensitive value whole, for a minute, by a reason that is kept; the value is at
 * ``GET /cases/{case_id}/unmasked/{unmasking_id}``. Approver and supervisor. Refused: field_unknown,
 * reason_missing, throttled (200 a case). Result: ``{unmasking_id, expires_at}``.
 */
export interface CaseUnmask {
  id: string
  case_id: string
  type: 'case.unmask'
  what: string
  reason: string
}
/**
 * Keep a stroke on a page of a stored material. Window and approver. Refused: not_yours (another
 * keeps drawing to himself), material_not_stored, throttled (500 strokes), call_held.
 * Result: ``{drawing_id}``.
 */
export interface CaseDraw {
  id: string
  case_id: string
  type: 'case.draw'
  material_id: string
  page: number
  /**
   * @minItems 1
   * @maxItems 400
   */
  points: [[unknown, unknown], ...[unknown, unknown][]]
}
/**
 * Take one's own strokes off a document, or, as the approver, those of all. Result: ``{cleared}``.
 */
export interface CaseClearDrawings {
  id: string
  case_id: string
  type: 'case.clear_drawings'
  material_id: string
  whose: 'mine' | 'all'
}
/**
 * Approver only: draw alone, or let the window draw again.
 */
export interface CaseKeepDrawing {
  id: string
  case_id: string
  type: 'case.keep_drawing'
  only_me: boolean
}
/**
 * Make the form as it is filled now, as a paper to print. Window only. Refused: throttled (50 a
 * case). Result: ``{paper_id}``.
 */
export interface CasePrintForm {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.print_form'
}
/**
 * The applicant's answer about using materials of his earlier cases; a later one replaces it.
 * Window only. Refused: case_closed, malformed (no such text).
 */
export interface CaseConsentEarlier {
  id: string
  case_id: string
  type: 'case.consent_earlier'
  given: boolean
  text_version: string
  language: 'zh-CN' | 'en'
}
/**
 * Use a material of an earlier case of the same applicant as the next version of a line, as
 * ``POST /cases/{case_id}/earlier`` offers it. Window only. Refused: case_closed, not_found,
 * earlier_consent_missing, line_unknown, throttled. Result: ``{material_id}``.
 */
export interface CaseTakeEarlier {
  id: string
  case_id: string
  type: 'case.take_earlier'
  line: string
  material_id: string
  slot?: number | null
}
/**
 * 容缺后补: the applicant promises to bring the material of a line by a day; a later promise
 * replaces it. 告知承诺, without a day: he declares that what it would prove is so, and it need not come.
 * Window only, until the decision. Refused: case_closed, line_unknown, line_not_later,
 * line_not_declared, bad_date (past, or more than 180 days away), malformed (no such text).
 */
export interface CasePromise {
  id: string
  case_id: string
  type: 'case.promise'
  line: string
  due_on: string | null
  text_version: string
  language: 'zh-CN' | 'en'
}
/**
 * 容缺后补: another day for what was promised, with a reason. Approver only, also after acceptance,
 * until it is done. Refused: line_unknown (nothing is promised), case_closed, bad_date (past, more
 * than 180 days away, or the day that it has).
 */
export interface CaseMovePromise {
  id: string
  case_id: string
  type: 'case.move_promise'
  line: string
  due_on: string
  reason: string
}
/**
 * 核查 of what was declared for a line (告知承诺), once. Approver only, from 受理 to the archive. Refused:
 * line_unknown (nothing is declared for it), verified_already, reason_missing (untrue without a word),
 * other_step, case_archived, changed.
 */
export interface CaseVerify {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.verify'
  line: string
  verdict: 'true' | 'untrue'
  how: 'compared' | 'visited' | 'asked'
  note?: string
}
/**
 * Keep which paper originals go with which parcel; 材料交接清单 is made. Window only, until the case
 * is refused. Refused: line_unknown, bad_number (a line of no paper), throttled (50 a case).
 * Result: ``{handover_id}``.
 */
export interface CaseSendOriginals {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.send_originals'
  courier: string
  tracking: string
  /**
   * @minItems 1
   * @maxItems 200
   */
  lines: [OriginalsLine, ...OriginalsLine[]]
}
export interface OriginalsLine {
  line: string
  originals: number
  copies: number
}
/**
 * Tell of each line of a parcel whether it was in it; the list is made anew. Approver only.
 * Refused: not_found, stale (told already), malformed (not each line), reason_missing (a line that
 * is not there, without a note).
 */
export interface CaseReceiveOriginals {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.receive_originals'
  handover_id: string
  /**
   * @minItems 1
   * @maxItems 200
   */
  arrived: [ReceivedLine, ...ReceivedLine[]]
  note?: string
}
export interface ReceivedLine {
  line: string
  received: boolean
  note?: string
}
/**
 * Handle the case in another mode, which its item has to offer. Window only, before the decision.
 *
 * Refused: other_step, case_archived, not_yours, item_unavailable, originals_sent (to 全程网办, once paper
 * originals travelled).
 */
export interface CaseChangeMode {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.change_mode'
  mode: 'online' | 'proxy' | 'joint'
}
/**
 * 准予 or 不予 of an accepted case. Approver only; its paper is made.
 *
 * Refused: other_step, reason_missing (a denial), owed_still (no 准予 before 容缺 is complete),
 * clock_stopped, basis_unknown, decided_elsewhere, mandate_over (no 准予 by one).
 */
export interface CaseRule {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.rule'
  ruling: 'granted' | 'denied'
  reason?: string
  /**
   * @maxItems 20
   */
  bases?:
    | []
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
}
/**
 * 制证、签发 of a granted case. Approver only. Refused: other_step, result_missing, bad_date,
 * decided_elsewhere, fee_unpaid.
 */
export interface CaseIssue {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.issue'
  /**
   * @minItems 1
   * @maxItems 20
   */
  results:
    | [NewResult]
    | [NewResult, NewResult]
    | [NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
}
/**
 * What is issued. ``valid_until`` null: it holds for good.
 */
export interface NewResult {
  kind: 'licence' | 'document'
  name: string
  number: string
  originals?: number
  copies?: number
  valid_from: string
  valid_until?: string | null
}
/**
 * 告知缴费, by the approver: the amount in fen and the code under which it is paid. Asked anew, the later counts.
 *
 * Refused: other_step, fee_unfounded (the item names no 收费依据), fee_settled, decided_elsewhere.
 */
export interface CaseAskFee {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.ask_fee'
  amount_fen: number
  code?: string
}
/**
 * 登记缴费 by either side, with day and number of the receipt; or 减免 by the approver, with the reason.
 *
 * Refused: other_step, fee_not_asked, fee_settled, number_missing, reason_missing, bad_date.
 */
export interface CaseSettleFee {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.settle_fee'
  kind: 'paid' | 'waived'
  on: string
  number?: string
  reason?: string
}
/**
 * Enter what the external system did in which the item is decided: it accepted the case, granted, denied, or
 * issued the results. Approver only; no paper of ours is made.
 *
 * Refused: decided_here, other_step, number_missing, proof_missing, bad_date, reason_missing (a denial),
 * result_missing (issued).
 */
export interface CaseReport {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.report'
  step: 'accepted' | 'granted' | 'denied' | 'issued'
  number: string
  on: string
  proof: string
  reason?: string
  /**
   * @maxItems 20
   */
  bases?:
    | []
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
  /**
   * @maxItems 20
   */
  results?:
    | []
    | [NewResult]
    | [NewResult, NewResult]
    | [NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult, NewResult]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
    | [
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult,
        NewResult
      ]
}
/**
 * 电子送达确认书, taken at the window. Refused: other_step, address_missing.
 */
export interface CaseAgreeElectronic {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.agree_electronic'
  address: string
}
/**
 * 续签: who came for another shows a new 授权委托书, which the window has brought to the case. Window only, until the
 * ruling. ``until`` null: up to the end of the matter.
 *
 * Refused: other_step, principal_missing (he came by no mandate), bad_date (it is over), mandate_unfit (no stored
 * file of the window's).
 */
export interface CaseRenewMandate {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.renew_mandate'
  material_id: string
  until?: string | null
}
/**
 * Begin to hand over: lay ready at the window, post, or send electronically. Without ``results``: of all
 * that is neither on its way nor there. Result: ``{delivery_id}``.
 *
 * Refused: other_step, not_yours, other_mode, result_unknown, on_its_way, tracking_missing, agreement_missing,
 * reason_missing (留置).
 */
export interface CaseBeginDelivery {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.begin_delivery'
  way: 'collected' | 'posted' | 'electronic' | 'left'
  /**
   * @maxItems 20
   */
  results?:
    | []
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string, string, string, string, string, string, string]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
    | [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string
      ]
  courier?: string
  tracking?: string
  note?: string
}
/**
 * 刷证核对: who fetches is seen to be the applicant or his agent. Window only; of the number nothing but
 * its masked form is kept.
 *
 * Refused: other_step, not_found, delivery_ended, other_way, receiver_missing, bad_identity_number,
 * bad_document_number, other_document.
 */
export interface CaseCheckReceiver {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.check_receiver'
  delivery_id: string
  name: string
  agent?: boolean
  document: 'identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport' | 'licence'
  number: string
  how: 'reader' | 'sight'
}
/**
 * 登记送达, or that the post came back. ``on``: the day on which it arrived or came back.
 *
 * Refused: other_step, not_found, delivery_ended, receiver_missing, reason_missing, bad_date, other_way.
 */
export interface CaseEndDelivery {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.end_delivery'
  delivery_id: string
  outcome: 'delivered' | 'returned'
  on: string
  note?: string
}
/**
 * An end without a ruling: 撤回 (window), 未补正退件 and 终止 (approver). Its paper is made.
 *
 * Refused: other_step, not_yours, reason_missing, cause_missing (终止), time_left (退件).
 */
export interface CaseFinish {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.finish'
  kind: 'returned' | 'withdrawn' | 'terminated'
  reason: string
  cause?: ('died' | 'incapable' | 'dissolved' | 'impossible' | 'other_by_law') | null
}
/**
 * 归档. Approver only. Refused: other_step, unfinished.
 */
export interface CaseArchive {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.archive'
}
/**
 * Let somebody of the unit that decides handle the case: oneself (认领), a colleague (交给), or with null nobody:
 * it goes back to the unit's pool (待认领). ``from_id``: who had it as the page showed it, null for nobody.
 * Approver only. What it is already changes nothing.
 *
 * Refused: case_archived, no_approver (he cannot decide there), case_claimed (somebody else has it by now, or
 * nobody: ``owner``).
 */
export interface CaseAssign {
  id: string
  case_id: string
  type: 'case.assign'
  person_id: string | null
  from_id: string | null
}
/**
 * Hear when other cases stand in the lists of my unit, as long as one is on screen. Result: ``{unit_id}``;
 * each change comes as ListedChanged. For who has a list of cases there. Refused: forbidden.
 */
export interface ListedWatch {
  id: string
  type: 'listed.watch'
  on?: boolean
}
/**
 * 请求帮办 or 代办, for the applicant who wants it: a task in the pool of the unit whose window took the case, to be
 * accepted within one working day. Result: ``{task_id}``.
 *
 * Refused: not_yours, case_archived, other_step (a consultation, or nothing is left to do), task_running (there is one
 * of this kind).
 */
export interface CaseAskAgent {
  id: string
  case_id: string
  type: 'case.ask_agent'
  kind: 'help' | 'proxy'
  cause?: 'asked' | 'missed_call' | 'limit_passed' | 'low_rated'
  text: string
}
/**
 * Make a paper of 帮办代办. Window only. What was printed already is not made again: the same paper is named.
 * ``scope`` and ``until`` are what the applicant mandates, and up to which day: of 委托书 and 续办委托书 alone.
 * Result: ``{paper_id}``.
 *
 * Refused: not_yours, case_archived, not_found (no 帮办 or 代办 of this case), not_accepted (受理单 and mandates before
 * somebody accepted it), mandate_unfit (a mandate of 帮办, without scope, over, or for longer than a year),
 * mandate_missing (续办委托书 before there was a 委托书), other_step (委托书 when there is one; 中止单 of what is not
 * suspended; 办结单 of what goes on), task_over (a mandate of what is over), throttled (50 a case).
 */
export interface CasePrintAgent {
  id: string
  case_id: string
  type: 'case.print_agent'
  task_id: string
  paper: 'agent_start' | 'mandate' | 'agent_pause' | 'renewal' | 'agent_end'
  scope?: string
  until?: string | null
}
/**
 * 咨询: ask a unit, with nothing of the person who asks. It may become a case (``case.register_consulted``).
 *
 * Refused: item_unavailable, not_found (of neither an item nor a known unit). Result: ``{case_id}``.
 */
export interface CaseConsult {
  id: string
  type: 'case.consult'
  item_id?: string | null
  unit_id?: string | null
  question: string
}
/**
 * 收件登记 of what was only asked: the same record becomes a case, and a call about it goes on. Window only.
 *
 * Refused: other_step, item_unavailable (also of another unit than the one that is asked), and as ``case.create``.
 */
export interface CaseRegisterConsulted {
  id: string
  item_id: string
  mode: 'online' | 'proxy' | 'joint'
  applicant_name: string
  document?: 'identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport'
  identity_number: string
  phone: string
  credit_code?: string | null
  principal?: PrincipalEntry | null
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.register_consulted'
}
/**
 * 答复: the consultation ends with its answer, and becomes no case. Either side may write it down.
 *
 * Refused: other_step, not_yours, answer_missing.
 */
export interface CaseConclude {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.conclude'
  answer: string
}
/**
 * 发起后续办件: a case of the same applicant that follows this one. At the window what the applicant asks for (变更,
 * 延续, 补证, 更正, 注销); ``of_itself`` the approver what his unit begins by itself (撤销, 注销, 更正).
 *
 * ``item_id``: another item of the same unit; null: the newest version of this case's. Result: ``{case_id, late}``;
 * ``late``: 延续 with fewer than thirty days left. Refused: other_step, not_yours, other_sequel, nothing_stands,
 * reason_missing (of itself), validity_over (延续), sequel_open (``case``), item_unavailable.
 */
export interface CaseBeginSequel {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.begin_sequel'
  kind: 'rectified' | 'altered' | 'prolonged' | 'reissued' | 'revoked' | 'deregistered'
  of_itself?: boolean
  reason?: string
  item_id?: string | null
}
/**
 * 请办: the unit that leads asks another one, by hand and with a reason; or, with ``task_id``, asks once more what
 * was given back, of the same unit or another. While the case is under review or accepted.
 *
 * Result: ``{task_id}``. Refused: not_yours, other_step, not_found (of the unit too), same_unit, no_approver,
 * reason_missing, line_unknown, field_unknown, too_large, other_mode (only 多地联办).
 */
export interface CaseAskUnit {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  type: 'case.ask_unit'
  unit_id: string
  task_id?: string | null
  kind?: 'joint' | 'opinion' | 'transfer'
  name?: string
  wanted: string
  /**
   * @maxItems 100
   */
  lines?: string[]
  /**
   * @maxItems 200
   */
  fields?: string[]
  days?: number
  basis?: string
}
/**
 * 接收: a person of the unit has seen it.
 */
export interface CaseReceiveTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.receive_task'
}
/**
 * 承接: the unit answers for it; ``person_id`` of a colleague or oneself works on it from now on. Refused:
 * no_colleague.
 */
export interface CaseAcceptTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.accept_task'
  person_id?: string | null
}
/**
 * 单位内转办. Refused: no_colleague, head_alone.
 */
export interface CaseHandTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.hand_task'
  person_id: string
}
/**
 * 退回主办, with the reason, and who should do it where that is known. Refused: reason_missing.
 */
export interface CaseGiveBackTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.give_back_task'
  reason: string
  should?: string
}
/**
 * 暂停计时, for what the law lists. Refused: clock_stopped, reason_missing.
 */
export interface CasePauseTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.pause_task'
  why: 'hearing' | 'tender' | 'auction' | 'inspection' | 'test' | 'quarantine' | 'appraisal' | 'expert_review'
  reason: string
}
/**
 * 恢复计时. Refused: clock_running.
 */
export interface CaseGoOnTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.go_on_task'
}
/**
 * 答复. Refused: unit_task_claimed, bad_opinion, clock_stopped, reason_missing, clause_missing.
 */
export interface CaseAnswerTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.answer_task'
  opinion: 'agree' | 'agree_if' | 'object' | 'not_ours' | 'moved' | 'missing' | 'no_file'
  text: string
  /**
   * @maxItems 20
   */
  hints?:
    | []
    | [HintViewInput]
    | [HintViewInput, HintViewInput]
    | [HintViewInput, HintViewInput, HintViewInput]
    | [HintViewInput, HintViewInput, HintViewInput, HintViewInput]
    | [HintViewInput, HintViewInput, HintViewInput, HintViewInput, HintViewInput]
    | [HintViewInput, HintViewInput, HintViewInput, HintViewInput, HintViewInput, HintViewInput]
    | [HintViewInput, HintViewInput, HintViewInput, HintViewInput, HintViewInput, HintViewInput, HintViewInput]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
    | [
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput,
        HintViewInput
      ]
}
/**
 * 附带说明; with a ``clause`` a condition, without one a hint (提示) outside the decision.
 *
 * This interface was referenced by `Wire`'s JSON-Schema
 * via the `definition` "HintView-Input".
 */
export interface HintViewInput {
  text: string
  clause?: string
}
/**
 * 退回重办: the answer is not enough; the next round is asked for at once. Result: ``{task_id}``. Refused:
 * reason_missing, too_large.
 */
export interface CaseReturnTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.return_task'
  reason: string
}
/**
 * 办结: the lead has read the answer; what comes after it is asked for.
 */
export interface CaseCloseTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.close_task'
}
/**
 * 取消, for this reason; what comes after it is asked for. Refused: reason_missing.
 */
export interface CaseCancelTask {
  id: string
  case_id: string
  seen_version: number
  other_call_ids?: string[]
  task_id: string
  type: 'case.cancel_task'
  reason: string
}
/**
 * 认领. Refused: task_claimed.
 */
export interface TaskClaim {
  id: string
  task_id: string
  seen_version: number
  type: 'task.claim'
}
/**
 * 转给同事, or with null back into the unit's pool. Refused: no_colleague.
 */
export interface TaskHand {
  id: string
  task_id: string
  seen_version: number
  type: 'task.hand'
  person_id: string | null
}
/**
 * 登记结果; it answers an open demand. ``done`` closes the task, anything else names what is next, and when.
 *
 * Refused: next_missing, task_suspended.
 */
export interface TaskEnter {
  id: string
  task_id: string
  seen_version: number
  type: 'task.enter'
  outcome: 'contacted' | 'no_answer' | 'wrong_number' | 'done' | 'note'
  text: string
  next_step?: string
  next_at?: string | null
}
/**
 * 中止, for this reason; it is looked at again at that time. Refused: next_missing, task_suspended.
 */
export interface TaskSuspend {
  id: string
  task_id: string
  seen_version: number
  type: 'task.suspend'
  text: string
  next_at: string
}
/**
 * 续办, as the next round. Refused: task_running, next_missing.
 */
export interface TaskResume {
  id: string
  task_id: string
  seen_version: number
  type: 'task.resume'
  next_step: string
  next_at: string
}
/**
 * 取消, for this reason.
 */
export interface TaskCancel {
  id: string
  task_id: string
  seen_version: number
  type: 'task.cancel'
  text: string
}
/**
 * 督办, by the head of the unit or its supervisor: a result is wanted by then. Refused: demand_open.
 */
export interface TaskSupervise {
  id: string
  task_id: string
  seen_version: number
  type: 'task.supervise'
  text: string
  answer_by: string
}
/**
 * 委托书 of 代办: the file of the case that the applicant signed, for what, and its last day. A later one takes the
 * place of the one before. Refused: not_accepted, task_claimed, mandate_unfit (for 帮办; not signed by today, over, for
 * longer than a year; no such file of the case).
 */
export interface TaskMandate {
  id: string
  task_id: string
  seen_version: number
  type: 'task.mandate'
  material_id: string
  scope: string
  signed_on: string
  until: string
}
/**
 * Holds the place of an event that this audience may not see.
 */
export interface Skipped {
  subject: string
  version: number
  at: string
  type: 'skipped'
}
/**
 * The call as it is at ``version``. State-carrying, so a late or doubled one does no harm.
 */
export interface CallChanged {
  subject: string
  version: number
  at: string
  type: 'call.changed'
  call: CallView
}
/**
 * A call as one audience sees it. A rung person sees only his own ring.
 */
export interface CallView {
  id: string
  case_id: string
  state: 'open' | 'live' | 'ended'
  reason: ('hung_up' | 'cancelled' | 'declined' | 'missed' | 'lost' | 'barred' | 'unrecorded') | null
  caller: PersonRef
  target_unit_id: string
  target_place: string
  card: RingCard
  rings: RingView[]
  legs: LegView[]
  recording_consented: boolean
  opened_at: string
  answered_at: string | null
  ended_at: string | null
  holds: HoldView[]
  consent_withdrawn_at: string | null
}
/**
 * A member of staff as others see him: applicants always see who speaks (name, unit, staff number).
 */
export interface PersonRef {
  id: string
  name: string
  staff_number: string
  unit_id: string
  unit_name: string
  place: string
  window_name: string | null
}
/**
 * What a rung approver needs to know; the applicant's name is masked (孙**).
 */
export interface RingCard {
  item_name: string
  applicant_masked: string
  window_name: string
  place: string
  unit_name: string
  mode: 'online' | 'proxy' | 'joint'
  waiting_since: string
  materials_stored: number
  materials_required: number
  registered_at: string | null
  question: string | null
}
/**
 * One approver being asked. ``deadline_at`` is when it becomes missed.
 *
 * Rings with an ``invite_id`` ask for a guest's seat of a live call; the others for the approver's.
 */
export interface RingView {
  id: string
  target: PersonRef
  state: 'ringing' | 'answered' | 'declined' | 'missed' | 'cancelled' | 'superseded'
  rung_at: string
  deadline_at: string
  closed_at: string | null
  invite_id: string | null
  invited_by: PersonRef | null
  note: string
}
/**
 * One seat's presence. ``silent`` is shown after 5 s without a beat, ``lost`` comes after 15 s.
 */
export interface LegView {
  id: string
  seat: 'window' | 'approver' | 'third' | 'fourth' | 'fifth' | 'sixth'
  person: PersonRef
  state: 'joined' | 'lost' | 'left'
  silent: boolean
  media: boolean
  recording: boolean
  muted: string[]
  lacking: string[]
  joined_at: string
  ended_at: string | null
  previous_leg_id: string | null
  held_until: string | null
  barged: boolean
}
/**
 * One time on hold. ``until`` is None while nothing is heard, seen or recorded on either side.
 */
export interface HoldView {
  by: PersonRef
  since: string
  until: string | null
}
/**
 * A case was registered, a consultation begun, or one became a case: the whole, as it stands.
 */
export interface CaseCreated {
  subject: string
  version: number
  at: string
  type: 'case.created'
  case: CaseView
}
/**
 * A case as one audience sees it.
 */
export interface CaseView {
  id: string
  number: string | null
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
  mode: 'online' | 'proxy' | 'joint'
  item: ItemView
  clerk: PersonRef
  window_name: string
  window_unit_id: string
  window_unit_name: string
  window_place: string
  applicant: Applicant
  consent: Consent | null
  fields: {
    [k: string]: FieldState
  }
  proposals: Proposal[]
  materials: MaterialView[]
  decision: Decided | null
  call_id: string | null
  created_at: string
  sayings: Saying[]
  comments: Comment[]
  checks: Check[]
  signature: SignatureView | null
  submission: Submission | null
  corrections: number
  papers: PaperView[]
  ratings: RatingView[]
  phones: PhoneView[]
  unmaskings: UnmaskingView[]
  drawings: DrawingView[]
  drawing_only: PersonRef | null
  promises: PromiseView[]
  handovers: HandoverView[]
  earlier_consent: Consent | null
  referrals: ReferralView[]
  course: CourseView
  owner: PersonRef | null
  unit_tasks: UnitTaskView[]
  receipt_number: string | null
  sequel_of: SequelOfView | null
}
/**
 * An item (事项) as its running cases keep it: version, material list and form are frozen in the case.
 *
 * In a case its unit is the one that decides, to which it may have been referred.
 */
export interface ItemView {
  id: string
  code: string
  name: string
  version: number
  unit_id: string
  unit_name: string
  place: string
  promised_days: number
  modes: ('online' | 'proxy' | 'joint')[]
  lines: MaterialLine[]
  form_title: string
  form: FormField[]
  recording_refusal: 'not_recorded' | 'no_call'
  checklist: CheckPoint[]
  guide: string
  rules: FormRule[]
  signature: 'required' | 'optional'
  bases: string[]
  system: string
  fee_basis: string
  fee_fen: number
  fee_first: boolean
}
/**
 * One line of the item's material list. ``form`` 1 paper 2 electronic 3 both.
 */
export interface MaterialLine {
  key: string
  name: string
  need: 'required' | 'optional' | 'later'
  form: 'paper' | 'electronic' | 'both'
  originals: number
  copies: number
  note: string
  slots: string[]
  declares: boolean
}
/**
 * One field. ``sensitive`` values leave the server masked unless the audience is the window.
 *
 * The value of a ``group`` is the list of its rows (``r1,r2``), that of a cell stands under
 * ``<group>.<row>.<column>``; an ``attachment`` is filled by a stored material of ``line``.
 */
export interface FormField {
  name: string
  label: string
  label_en: string
  kind:
    | 'text'
    | 'long_text'
    | 'number'
    | 'money'
    | 'date'
    | 'region'
    | 'identity_number'
    | 'credit_code'
    | 'phone'
    | 'choice'
    | 'attachment'
    | 'group'
  required: boolean
  sensitive: boolean
  choices: string[]
  hint: string
  example: string
  max_length: number
  group: string
  minimum: string
  maximum: string
  decimals: number
  unit: string
  level: 1 | 2 | 3
  line: string
  columns: FormField[]
  min_rows: number
  max_rows: number
  rules: FormRule[]
  when: FormCondition | null
  required_when: FormCondition | null
  card:
    | (
        | 'name'
        | 'sex'
        | 'birth_date'
        | 'address'
        | 'identity_number'
        | 'unit_name'
        | 'credit_code'
        | 'unit_type'
        | 'representative'
        | 'unit_address'
        | 'established_on'
      )
    | ''
}
/**
 * A rule between fields, told at ``field``. sums_to: the column ``other`` of the group ``field``
 * makes ``total``; else against the field ``other``.
 */
export interface FormRule {
  kind: 'not_before' | 'not_more' | 'different' | 'sums_to'
  field: string
  other: string
  total: string
}
/**
 * Holds while the field beside it (``outside``: of the form around the row) has one of these values;
 * without ``values`` while it has any.
 */
export interface FormCondition {
  field: string
  values: string[]
  outside: boolean
}
/**
 * One point that the approver tells and checks at once, while talking (一次性告知, 行政许可法 32).
 */
export interface CheckPoint {
  key: string
  text: string
}
export interface Applicant {
  name: string
  identity_number: string
  phone: string
  credit_code: string | null
  document: 'identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport'
  principal: Principal | null
}
/**
 * For whom the person at the window applies, and as what he came: a company with its 统一社会信用代码 and its
 * 法定代表人, or a person with the number of his document, masked as the applicant's is. ``mandate_until``: the last day
 * of the 授权委托书, None up to the end of the matter.
 */
export interface Principal {
  capacity: 'representative' | 'handler' | 'agent'
  name: string
  credit_code: string | null
  document: ('identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport') | null
  identity_number: string
  representative: string
  mandate_until: string | null
}
export interface Consent {
  given: boolean
  text_version: string
  language: 'zh-CN' | 'en'
  at: string
  taken_by: PersonRef
}
export interface FieldState {
  value: string
  version: number
  by: PersonRef
  at: string
  on_behalf_of: string | null
}
/**
 * The approver proposes, or a card that was read; the window adopts or declines; ``outdated`` when the
 * field changed since.
 */
export interface Proposal {
  id: string
  field: string
  value: string
  old_value: string
  reason: string
  by: PersonRef
  at: string
  state: 'open' | 'adopted' | 'declined' | 'outdated'
  closed_by: PersonRef | null
  closed_at: string | null
  answer: ('yes' | 'no') | null
  answered_at: string | null
}
/**
 * One version in one slot of a line. The newest of the slot that was not cancelled or rejected counts;
 * all stay. ``number`` is its place among all files of the line.
 */
export interface MaterialView {
  id: string
  line: string
  number: number
  name: string
  state: 'receiving' | 'stored' | 'rejected' | 'cancelled'
  size_bytes: number
  media_type: string | null
  sha256: string | null
  pages: number | null
  rejected_code: string | null
  duplicate_of: string | null
  by: PersonRef
  at: string
  review: 'none' | 'accepted' | 'returned' | 'not_needed'
  review_reason: string
  reviewed_by: PersonRef | null
  reviewed_at: string | null
  side: 'window' | 'approver'
  purpose: 'material' | 'page' | 'blank_form' | 'sample' | 'guide' | 'notice' | 'result' | 'snapshot'
  answers: string | null
  grade: ('A' | 'B' | 'C' | 'D') | null
  grade_note: string
  graded_by: PersonRef | null
  graded_at: string | null
  viewed: ViewedCopy | null
  origin: OriginView | null
  slot: number
}
/**
 * The copy of a stored file that people look at: written anew, bare of metadata, marked with grade,
 * place and time. ``locked``: nothing of the file is shown before a virus scan.
 */
export interface ViewedCopy {
  state: 'making' | 'ready' | 'failed' | 'locked'
  media_type: string | null
  size_bytes: number | null
  sha256: string | null
  fault:
    | ''
    | 'unreadable'
    | 'font'
    | 'gave_up'
    | 'no_office'
    | 'no_ofd'
    | 'ofd_beyond'
    | 'pdf_beyond'
    | 'waiting'
    | 'too_large'
}
/**
 * The earlier case of the same applicant from which a file was taken over, with his consent.
 */
export interface OriginView {
  item_name: string
  line_name: string
  place: string
  at: string
}
export interface Decided {
  kind: 'accepted' | 'to_correct' | 'refused'
  reason: string
  by: PersonRef
  at: string
  due_on: string | null
  due_days: DueDay[]
  skipped_days: string[]
  provisional: boolean
  points: string[]
  about: string[]
  correct_by: string | null
  clock: ClockView | null
  combined: boolean
}
/**
 * One working day counted towards the due date.
 */
export interface DueDay {
  on: string
  number: number
}
/**
 * What the limits of an accepted case are counted from. While the clock is stopped both are
 * counted as if it ran again on the day of the stop, and provisional.
 */
export interface ClockView {
  started_on: string
  started: 'decided' | 'deemed' | 'corrected'
  promised_days: number
  legal_days: number
  extension_at_most: number
  legal: DueView
  halts: HaltView[]
  extension: ExtensionView | null
}
/**
 * How a time limit is counted in working days, day by day.
 */
export interface DueView {
  due_on: string
  due_days: DueDay[]
  skipped_days: string[]
  provisional: boolean
}
/**
 * A span that does not count; it lasts while ``ended`` is null.
 */
export interface HaltView {
  why: 'hearing' | 'tender' | 'auction' | 'inspection' | 'test' | 'quarantine' | 'appraisal' | 'expert_review'
  reason: string
  began: string
  by: PersonRef
  at: string
  ended: string | null
  ended_by: PersonRef | null
  ended_at: string | null
}
/**
 * 延长: so many working days more (行政许可法 42).
 */
export interface ExtensionView {
  days: number
  reason: string
  by: PersonRef
  at: string
}
/**
 * One text message beside the voice.
 */
export interface Saying {
  id: string
  lane: 'shared' | 'staff'
  text: string
  by: PersonRef
  on_behalf_of: string | null
  call_id: string | null
  at: string
}
/**
 * A thread about a field, a line of the list or the whole case. Open ones go into a 补正 notice
 * and stand in the way of 受理.
 */
export interface Comment {
  id: string
  on: string
  state: 'open' | 'resolved'
  entries: CommentEntry[]
  closed_by: PersonRef | null
  closed_at: string | null
}
export interface CommentEntry {
  by: PersonRef
  at: string
  text: string
}
/**
 * The approver's word about one point of the checklist; ``lacking`` goes into a 补正 notice.
 */
export interface Check {
  point: string
  verdict: 'ok' | 'lacking'
  note: string
  by: PersonRef
  at: string
}
/**
 * The applicant's signature, bound to the SHA-256 and the time of the summary that was shown.
 *
 * ``outdated`` as soon as a field or a stored material changed after it.
 */
export interface SignatureView {
  id: string
  hash: string
  shown_at: string
  at: string
  by: PersonRef
  points: number
  outdated: boolean
}
/**
 * The signed summary was handed in.
 */
export interface Submission {
  hash: string
  signature_id: string
  at: string
  by: PersonRef
  tell_by: string | null
}
/**
 * An official paper as PDF. ``number`` is the 受理文书编号.
 */
export interface PaperView {
  id: string
  kind:
    | 'receipt'
    | 'acceptance'
    | 'correction'
    | 'refusal'
    | 'suspension'
    | 'extension'
    | 'application'
    | 'handover'
    | 'grant'
    | 'registration'
    | 'denial'
    | 'delivery'
    | 'closing'
    | 'withdrawal'
    | 'return'
    | 'termination'
    | 'agent_start'
    | 'mandate'
    | 'agent_pause'
    | 'renewal'
    | 'agent_end'
  number: string
  state: 'making' | 'ready' | 'failed'
  at: string
  size_bytes: number | null
  sha256: string | null
  pages: number | null
  seal: SealView | null
  draft: ('no_seal' | 'expired' | 'not_yet' | 'failed') | null
}
/**
 * The electronic seal on a paper: whose, by which certificate, when.
 */
export interface SealView {
  purpose: 'receiving' | 'acceptance' | 'approval'
  unit_name: string
  subject: string
  fingerprint: string
  at: string
}
/**
 * What the applicant said of a call (好差评). The supervisor reads all of it; the applicant's screen
 * that, and when, it was given; nobody else that there is one.
 */
export interface RatingView {
  id: string
  call_id: string
  number: number
  at: string
  level: ('1' | '2' | '3' | '4' | '5') | null
  reasons: ('waiting' | 'attitude' | 'unclear' | 'repeated' | 'picture' | 'other')[]
  text: string
}
/**
 * A link by which one phone brings pages to a line. Its secret is nowhere but in the window's page
 * and on the phone.
 */
export interface PhoneView {
  id: string
  line: string
  state: 'waiting' | 'connected' | 'finished' | 'expired' | 'withdrawn'
  by: PersonRef
  made_at: string
  expires_at: string
  pages: string[]
  taken: string[]
}
/**
 * Somebody read a sensitive value whole, for a reason; the value is not here.
 */
export interface UnmaskingView {
  id: string
  what: string
  reason: string
  by: PersonRef
  at: string
  expires_at: string
}
/**
 * A stroke on a page of a document, in its own coordinates; no part of the document.
 */
export interface DrawingView {
  id: string
  material_id: string
  page: number
  points: [unknown, unknown][]
  by: PersonRef
  at: string
}
/**
 * 容缺后补: what the applicant promised to bring by that day, the day included. 告知承诺, without a day: what he
 * declared to be so, with what the unit found of it.
 */
export interface PromiseView {
  line: string
  due_on: string | null
  text_version: string
  language: 'zh-CN' | 'en'
  by: PersonRef
  at: string
  moved: PromiseMoveView | null
  verified: VerifiedView | null
}
/**
 * The approver gave a promise another day: the last time, from which day, and why.
 */
export interface PromiseMoveView {
  before: string
  reason: string
  by: PersonRef
  at: string
}
/**
 * 核查: what the unit found of a declaration, and how.
 */
export interface VerifiedView {
  verdict: 'true' | 'untrue'
  how: 'compared' | 'visited' | 'asked'
  note: string
  by: PersonRef
  at: string
}
/**
 * 材料交接清单: paper originals that went with one parcel, and what arrived.
 */
export interface HandoverView {
  id: string
  number: number
  courier: string
  tracking: string
  lines: HandoverSheet[]
  by: PersonRef
  at: string
  received_by: PersonRef | null
  received_at: string | null
  note: string
}
/**
 * One line of a list of paper originals; ``received`` is null until it was looked at.
 */
export interface HandoverSheet {
  line: string
  originals: number
  copies: number
  received: boolean | null
  note: string
}
/**
 * 转办: which unit passed the case on to which, and why.
 */
export interface ReferralView {
  from_unit_name: string
  to_unit_name: string
  reason: string
  by: PersonRef
  at: string
}
/**
 * What became of a case after its acceptance, or instead of it, and what was asked before it.
 */
export interface CourseView {
  ruling: RulingView | null
  results: ResultView[]
  agreement: AgreementView | null
  deliveries: DeliveryView[]
  ending: EndingView | null
  archived: ArchivedView | null
  reports: ReportedView[]
  consultation: ConsultationView | null
  fee: FeeView | null
  mandate: RenewalView | null
  sequels: SequelView[]
  migrated: MigratedView | null
}
/**
 * 准予 or 不予; ``deliver`` counts the ten working days of delivery (行政许可法 44).
 */
export interface RulingView {
  kind: 'granted' | 'denied'
  reason: string
  bases: string[]
  by: PersonRef
  at: string
  deliver: DueView
}
/**
 * A licence or document; ``valid_until`` null: for good.
 */
export interface ResultView {
  id: string
  kind: 'licence' | 'document'
  name: string
  number: string
  originals: number
  copies: number
  valid_from: string
  valid_until: string | null
  by: PersonRef
  at: string
}
/**
 * 电子送达确认书. ``address`` is masked.
 */
export interface AgreementView {
  address: string
  by: PersonRef
  at: string
}
/**
 * One try to hand over results; ``ended_on``: the day of its arrival or return.
 */
export interface DeliveryView {
  id: string
  way: 'collected' | 'posted' | 'electronic' | 'left'
  results: string[]
  by: PersonRef
  at: string
  state: 'waiting' | 'delivered' | 'returned'
  courier: string
  tracking: string
  receiver: ReceiverView | null
  note: string
  ended_by: PersonRef | null
  ended_at: string | null
  ended_on: string | null
}
/**
 * Who came to fetch, and how it was seen who he is; ``number`` is always masked.
 */
export interface ReceiverView {
  name: string
  agent: boolean
  document: 'identity_card' | 'residence_permit' | 'home_return_permit' | 'permanent_resident' | 'passport' | 'licence'
  number: string
  how: 'reader' | 'sight'
  by: PersonRef
  at: string
}
/**
 * 撤回, 未补正退件 or 终止.
 */
export interface EndingView {
  kind: 'returned' | 'withdrawn' | 'terminated'
  reason: string
  by: PersonRef
  at: string
  cause: ('died' | 'incapable' | 'dissolved' | 'impossible' | 'other_by_law') | null
}
/**
 * 归档.
 */
export interface ArchivedView {
  by: PersonRef
  at: string
}
/**
 * What an external system did; ``proof`` is the id of a file of the case, or where it is ``signed`` of the message
 * in which the system reported it itself.
 */
export interface ReportedView {
  step: 'accepted' | 'granted' | 'denied' | 'issued'
  number: string
  on: string
  proof: string
  by: PersonRef
  at: string
  signed: boolean
}
/**
 * What was asked, by which clerk, and how it ended: answered, or registered as this case.
 *
 * ``talked_s``: how many seconds the calls about it lasted when it was answered.
 */
export interface ConsultationView {
  question: string
  by: PersonRef
  at: string
  answer: string
  answered_by: PersonRef | null
  answered_at: string | null
  talked_s: number
  registered_at: string | null
}
/**
 * 缴费告知: amount in fen, basis in law, the code under which it is paid.
 */
export interface FeeView {
  amount_fen: number
  basis: string
  code: string
  by: PersonRef
  at: string
  payment: PaymentView | null
}
/**
 * Paid on that day under the receipt's number (票据号), or waived (减免) for this reason.
 */
export interface PaymentView {
  kind: 'paid' | 'waived'
  on: string
  number: string
  reason: string
  by: PersonRef
  at: string
}
/**
 * 续签: by which file of the case the mandate was renewed, and its last day; null: up to the end of the matter.
 */
export interface RenewalView {
  material_id: string
  until: string | null
  by: PersonRef
  at: string
}
/**
 * A case that follows this one, and what became of it; ``ended_on`` is the day of its ruling or end. Who may open it
 * is asked when it is opened.
 */
export interface SequelView {
  case_id: string
  kind: 'rectified' | 'altered' | 'prolonged' | 'reissued' | 'revoked' | 'deregistered'
  by: PersonRef
  at: string
  outcome: 'open' | 'granted' | 'ended'
  ended_on: string | null
}
/**
 * 迁移: it ended at its acceptance when it was decided, and goes on from the day of the upgrade.
 */
export interface MigratedView {
  on: string
  at: string
}
/**
 * A task of a unit in one round. ``next_on`` and ``turn``: what is due next of it, and whose turn it is; null
 * once it is over. ``due``: the day of its answer as it was counted, from the acceptance on.
 */
export interface UnitTaskView {
  id: string
  key: string
  round: number
  kind: 'joint' | 'opinion' | 'transfer'
  unit_id: string
  unit_name: string
  name: string
  wanted: string
  lines: string[]
  fields: string[]
  days: number
  accept_days: number
  basis: string
  silence: 'nothing' | 'agreed'
  state:
    | 'planned'
    | 'asked'
    | 'received'
    | 'accepted'
    | 'working'
    | 'answered'
    | 'closed'
    | 'declined'
    | 'passed_on'
    | 'returned'
    | 'cancelled'
  made_at: string
  after: string[]
  previous_id: string | null
  asked_at: string | null
  accept_by: string | null
  before: BeforeView[]
  received_at: string | null
  received_by: PersonRef | null
  accepted_at: string | null
  owner: PersonRef | null
  handed: number
  due: DueView | null
  pauses: PauseView[]
  answer: UnitAnswerView | null
  close_by: string | null
  ended_at: string | null
  why: string
  should: string
  turn: ('lead' | 'own') | null
  next_on: string | null
}
/**
 * What a task that this one comes after was answered.
 */
export interface BeforeView {
  unit_name: string
  name: string
  opinion: 'agree' | 'agree_if' | 'object' | 'not_ours' | 'moved' | 'missing' | 'no_file'
  on: string
}
export interface PauseView {
  why: 'hearing' | 'tender' | 'auction' | 'inspection' | 'test' | 'quarantine' | 'appraisal' | 'expert_review'
  reason: string
  began: string
  by: PersonRef
  ended: string | null
}
export interface UnitAnswerView {
  opinion: 'agree' | 'agree_if' | 'object' | 'not_ours' | 'moved' | 'missing' | 'no_file'
  text: string
  hints: HintViewOutput[]
  by: PersonRef | null
  at: string
}
/**
 * 附带说明; with a ``clause`` a condition, without one a hint (提示) outside the decision.
 *
 * This interface was referenced by `Wire`'s JSON-Schema
 * via the `definition` "HintView-Output".
 */
export interface HintViewOutput {
  text: string
  clause: string
}
/**
 * The case that this one follows, by its 办件编号, and what it asks for; ``begun_by``: the applicant's wish, or the
 * unit's own motion with its ``reason``.
 */
export interface SequelOfView {
  case_id: string
  number: string
  kind: 'rectified' | 'altered' | 'prolonged' | 'reissued' | 'revoked' | 'deregistered'
  begun_by: 'applicant' | 'unit'
  reason: string
}
export interface CaseConsented {
  subject: string
  version: number
  at: string
  type: 'case.consented'
  consent: Consent
}
/**
 * A call about this case began.
 */
export interface CaseCalled {
  subject: string
  version: number
  at: string
  type: 'case.called'
  call_id: string
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
}
/**
 * A call about this case was answered; the case is under review.
 */
export interface CaseAnswered {
  subject: string
  version: number
  at: string
  type: 'case.answered'
  call_id: string
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
}
/**
 * ``field_state.version`` equals the event's version. Open proposals named in ``outdated`` are outdated by it.
 */
export interface CaseEdited {
  subject: string
  version: number
  at: string
  type: 'case.edited'
  field: string
  field_state: FieldState
  outdated: string[]
  sensitive: boolean
}
export interface CaseProposed {
  subject: string
  version: number
  at: string
  type: 'case.proposed'
  proposal: Proposal
  sensitive: boolean
}
/**
 * The applicant's answer, with which the proposal stays open.
 */
export interface CaseProposalAnswered {
  subject: string
  version: number
  at: string
  type: 'case.proposal_answered'
  proposal: Proposal
  sensitive: boolean
}
/**
 * ``field_state`` is there when it was adopted: field and proposal change in one event.
 */
export interface CaseProposalClosed {
  subject: string
  version: number
  at: string
  type: 'case.proposal_closed'
  proposal: Proposal
  field_state: FieldState | null
  outdated: string[]
  sensitive: boolean
}
export interface MaterialChanged {
  subject: string
  version: number
  at: string
  type: 'material.changed'
  material: MaterialView
}
/**
 * The first material came: the receiving place gave the case its 收件号.
 */
export interface CaseReceived {
  subject: string
  version: number
  at: string
  type: 'case.received'
  receipt_number: string
}
/**
 * A file came to another line or slot: all versions that changed by it, and the comments that went along.
 */
export interface MaterialMoved {
  subject: string
  version: number
  at: string
  type: 'material.moved'
  material_id: string
  from_line: string
  to_line: string
  by: PersonRef
  materials: MaterialView[]
  comments: Comment[]
}
/**
 * The case is handled in this mode from now on.
 */
export interface CaseModeChanged {
  subject: string
  version: number
  at: string
  type: 'case.mode_changed'
  mode: 'online' | 'proxy' | 'joint'
}
/**
 * Open proposals named in ``outdated`` are outdated by a decision that closes the case.
 */
export interface CaseDecided {
  subject: string
  version: number
  at: string
  type: 'case.decided'
  number: string
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
  decision: Decided
  outdated: string[]
}
/**
 * Another unit decides. Whoever watched the case as anything but the window opens it anew: his socket
 * gets nothing more of it.
 */
export interface CaseReferred {
  subject: string
  version: number
  at: string
  type: 'case.referred'
  referral: ReferralView
  unit_id: string
  place: string
}
/**
 * The limits of an accepted case, counted anew: the working-day calendar changed, or its clock.
 */
export interface CaseRecounted {
  subject: string
  version: number
  at: string
  type: 'case.recounted'
  decision: Decided
  why: 'calendar' | 'stopped' | 'resumed' | 'extended'
  by: PersonRef | null
}
export interface CaseSaid {
  subject: string
  version: number
  at: string
  type: 'case.said'
  saying: Saying
}
/**
 * The whole thread as it is now.
 */
export interface CaseCommented {
  subject: string
  version: number
  at: string
  type: 'case.commented'
  comment: Comment
}
/**
 * ``check`` is null when it was taken back.
 */
export interface CaseChecked {
  subject: string
  version: number
  at: string
  type: 'case.checked'
  point: string
  check: Check | null
}
/**
 * A summary with this hash was shown at ``at``: to the applicant, or to the clerk ``by`` on his own page.
 */
export interface CaseShown {
  subject: string
  version: number
  at: string
  type: 'case.shown'
  hash: string
  to: 'applicant' | 'clerk'
  by: PersonRef | null
}
export interface CaseSigned {
  subject: string
  version: number
  at: string
  type: 'case.signed'
  signature: SignatureView
}
export interface CaseSubmitted {
  subject: string
  version: number
  at: string
  type: 'case.submitted'
  number: string
  submission: Submission
}
/**
 * Skipped for all but the supervisor and the applicant's screen.
 */
export interface CaseRated {
  subject: string
  version: number
  at: string
  type: 'case.rated'
  rating: RatingView
}
export interface PaperChanged {
  subject: string
  version: number
  at: string
  type: 'paper.changed'
  paper: PaperView
}
/**
 * The whole link as it is now.
 */
export interface PhoneChanged {
  subject: string
  version: number
  at: string
  type: 'phone.changed'
  phone: PhoneView
}
/**
 * Skipped for the applicant's screen.
 */
export interface CaseUnmasked {
  subject: string
  version: number
  at: string
  type: 'case.unmasked'
  unmasking: UnmaskingView
}
export interface CaseDrawn {
  subject: string
  version: number
  at: string
  type: 'case.drawn'
  drawing: DrawingView
  line: string
}
export interface CaseDrawingsCleared {
  subject: string
  version: number
  at: string
  type: 'case.drawings_cleared'
  ids: string[]
}
/**
 * ``only`` is null when all draw again.
 */
export interface CaseDrawingKept {
  subject: string
  version: number
  at: string
  type: 'case.drawing_kept'
  only: PersonRef | null
}
export interface CaseEarlierConsented {
  subject: string
  version: number
  at: string
  type: 'case.earlier_consented'
  consent: Consent
}
/**
 * In place of an earlier one of that line.
 */
export interface CasePromised {
  subject: string
  version: number
  at: string
  type: 'case.promised'
  promise: PromiseView
}
/**
 * The whole list as it is now.
 */
export interface HandoverChanged {
  subject: string
  version: number
  at: string
  type: 'handover.changed'
  handover: HandoverView
}
/**
 * The case went on in its course; ``step`` says by what.
 */
export interface CaseAdvanced {
  subject: string
  version: number
  at: string
  type: 'case.advanced'
  step:
    | 'ruled'
    | 'issued'
    | 'agreed'
    | 'delivery_begun'
    | 'receiver_checked'
    | 'delivery_ended'
    | 'finished'
    | 'archived'
    | 'reported'
    | 'concluded'
    | 'fee_asked'
    | 'fee_settled'
    | 'mandate_renewed'
    | 'sequel_begun'
    | 'sequel_ended'
    | 'migrated'
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
  course: CourseView1
}
/**
 * What became of a case after its acceptance, or instead of it, and what was asked before it.
 */
export interface CourseView1 {
  ruling: RulingView | null
  results: ResultView[]
  agreement: AgreementView | null
  deliveries: DeliveryView[]
  ending: EndingView | null
  archived: ArchivedView | null
  reports: ReportedView[]
  consultation: ConsultationView | null
  fee: FeeView | null
  mandate: RenewalView | null
  sequels: SequelView[]
  migrated: MigratedView | null
}
/**
 * ``owner`` is null when the case lies in the pool.
 */
export interface CaseAssigned {
  subject: string
  version: number
  at: string
  type: 'case.assigned'
  owner: PersonRef | null
}
/**
 * Something became of tasks. For the unit of each it is the last event that it gets: its page opens the case anew,
 * as it may see it now, or not at all.
 */
export interface CaseTasked {
  subject: string
  version: number
  at: string
  type: 'case.tasked'
  tasks: UnitTaskView[]
}
/**
 * Ephemeral: who of the unit is on duty now. Ringing = being rung, busy = in a call.
 */
export interface UnitPresence {
  type: 'unit.presence'
  unit_id: string
  approvers: Presence[]
  at: string
}
export interface Presence {
  person: PersonRef
  state: 'free' | 'ringing' | 'busy' | 'away'
}
/**
 * Ephemeral to one socket: the same person took the same seat elsewhere; the newer wins.
 */
export interface Replaced {
  type: 'desk.replaced'
  call_id: string
}
/**
 * Ephemeral to the parties of a call: this leg's page is to ask for a new offer, because the
 * room has more lines than it was offered, or somebody does not take the codec that it sends.
 */
export interface OfferWanted {
  type: 'call.offer_wanted'
  call_id: string
  leg_id: string
}
/**
 * Ephemeral to those who may know: who follows this call has changed; ask for the call again.
 */
export interface MonitorChanged {
  type: 'monitor.changed'
  call_id: string
}
/**
 * Ephemeral of a page about its own leg, every four seconds, to the others in the call and its
 * supervisors; kept beside the call for the replay. More often it is dropped. Refused: not_found,
 * not_in_call, leg_replaced, call_ended.
 */
export interface CallQuality {
  type: 'call.quality'
  call_id: string
  leg_id: string
  quality: 'excellent' | 'good' | 'poor' | 'lost'
  sample: QualitySample
}
/**
 * What a page has counted of its connection in a few seconds: shares, ms and kbit/s; no address.
 */
export interface QualitySample {
  loss_in: number
  loss_out: number
  round_trip_ms: number | null
  jitter_ms: number
  in_kbps: number
  out_kbps: number
  freezes: number
  freeze_ms: number
  concealed: number
  limited_by: 'none' | 'bandwidth' | 'cpu' | 'other'
  candidate: 'host' | 'srflx' | 'prflx' | 'relay' | 'unknown'
  protocol: 'udp' | 'tcp' | 'unknown'
}
/**
 * Ephemeral: the live calls of a unit, the oldest first.
 */
export interface MonitorCalls {
  type: 'monitor.calls'
  unit_id: string
  calls: RunningCall[]
  at: string
}
/**
 * A live call, as the supervisors of its units see it in the list.
 */
export interface RunningCall {
  call_id: string
  case_id: string
  item_name: string
  applicant_masked: string
  caller: PersonRef
  approver: PersonRef
  answered_at: string
  unrecorded: ('refused' | 'withdrawn') | null
  decides: boolean
  deciding_unit_id: string
  deciding_unit_name: string
}
/**
 * Ephemeral: the missed calls of its reader's window and to the approvers of whom he is one, the newest first.
 */
export interface MissedCalls {
  type: 'missed.calls'
  calls: MissedCall[]
  at: string
}
/**
 * The last call about a case that ended with nobody having answered. It goes when a later one
 * about this case is answered, or the case is decided.
 */
export interface MissedCall {
  case_id: string
  call_id: string
  reason: 'hung_up' | 'cancelled' | 'declined' | 'missed' | 'lost' | 'barred' | 'unrecorded'
  caller: PersonRef
  window_id: string | null
  target_unit_id: string
  target_unit_name: string
  card: RingCard
  at: string
  times: number
  asked_by: PersonRef | null
  asked_at: string | null
  ask_again_at: string | null
}
/**
 * The value as it grows, at most 10 a second; ``by`` and ``sensitive`` are set by the server alone.
 */
export interface CaseTyping {
  type: 'case.typing'
  case_id: string
  field: string
  value: string
  by: PersonRef | null
  sensitive: boolean
}
/**
 * Who is in which field (null: in none). Sent on change and every 5 s; gone after 10 s of silence.
 */
export interface CaseFocus {
  type: 'case.focus'
  case_id: string
  field: string | null
  by: PersonRef | null
}
/**
 * Who points at which field (null: stopped).
 */
export interface CasePoint {
  type: 'case.point'
  case_id: string
  field: string | null
  by: PersonRef | null
}
/**
 * Sent by the server while a file arrives, from the first chunk, at most 10 a second.
 */
export interface MaterialProgress {
  type: 'material.progress'
  case_id: string
  material_id: string
  received_bytes: number
  size_bytes: number
}
/**
 * Where somebody points in a document, in its own coordinates (null: stopped). At most 20 a second.
 */
export interface DocumentPoint {
  type: 'document.point'
  case_id: string
  material_id: string
  page: number
  x: number | null
  y: number | null
  by: PersonRef | null
}
/**
 * A stroke as it grows, whole each time (null: given up); kept by ``case.draw``. At most 20 a second.
 */
export interface DocumentDraw {
  type: 'document.draw'
  case_id: string
  material_id: string
  page: number
  points: [[unknown, unknown], ...[unknown, unknown][]] | null
  by: PersonRef | null
}
/**
 * Which page somebody looks at (null: at none); with ``follow`` the others' pages turn along (请对方跟随).
 * Sent on change and every 5 s; gone after 10 s of silence.
 */
export interface DocumentLook {
  type: 'document.look'
  case_id: string
  material_id: string | null
  page: number
  follow: boolean
  by: PersonRef | null
}
/**
 * Ephemeral: a case came to the unit, new or handed in or from another unit, or went to another one.
 * It names neither the case nor anybody: whoever looks at a list asks for it anew.
 */
export interface ListedChanged {
  type: 'listed.changed'
  unit_id: string
  what: 'opened' | 'submitted' | 'referred' | 'left' | 'tasked'
}
/**
 * Answer to a command. ``result`` is filled when ``ok``; the rest when refused (RFC 9457 members).
 */
export interface Ack {
  ok: boolean
  result: {
    [k: string]: unknown
  }
  code: string | null
  title: string | null
  details: {
    [k: string]: unknown
  }
  reference: string | null
}
/**
 * A paper of 帮办代办 that was asked for.
 */
export interface AgentPrinted {
  id: string
  kind:
    | 'receipt'
    | 'acceptance'
    | 'correction'
    | 'refusal'
    | 'suspension'
    | 'extension'
    | 'application'
    | 'handover'
    | 'grant'
    | 'registration'
    | 'denial'
    | 'delivery'
    | 'closing'
    | 'withdrawal'
    | 'return'
    | 'termination'
    | 'agent_start'
    | 'mandate'
    | 'agent_pause'
    | 'renewal'
    | 'agent_end'
  number: string
  state: 'making' | 'ready' | 'failed'
  draft: boolean
  at: string
}
/**
 * 帮办 or 代办 of a case: who helps the applicant, and how far it is.
 */
export interface AgentView {
  task_id: string
  kind: 'help' | 'proxy'
  stage: 'asked' | 'accepted' | 'suspended' | 'closed' | 'cancelled'
  asked_at: string
  agent: PersonRef | null
  next_on: string | null
  mandate_until: string | null
  ended_at: string | null
  papers: AgentPrinted[]
}
/**
 * 帮办 and 代办 of a case, the oldest first.
 */
export interface Agents {
  agents: AgentView[]
}
/**
 * Why a row is not taken. Rows are counted from 1 below the header.
 */
export interface BadRow {
  row: number
  column: string
  why:
    | 'missing'
    | 'too_long'
    | 'bad_code'
    | 'unknown_code'
    | 'bad_number'
    | 'duplicate'
    | 'unit_unknown'
    | 'unit_foreign'
    | 'bad_materials'
    | 'bad_form'
    | 'lowers_sensitive'
}
export interface BlockPerson {
  reason: string
}
export interface CalendarChange {
  changed: number
  moved: MovedCase[]
  moved_count: number
  written: boolean
}
/**
 * An accepted case of which a time limit ends on another day. ``before`` and ``after`` are the promised
 * limit (承诺期限), ``legal_before`` and ``legal_after`` that of the law (法定期限); each is told, moved or not.
 */
export interface MovedCase {
  case_id: string
  number: string | null
  item_name: string
  before: string
  after: string
  legal_before: string
  legal_after: string
  provisional: boolean
}
export interface CalendarDay {
  on: string
  works: boolean
}
/**
 * Days whose state an operator sets; ``dry_run`` only tells which cases would move.
 */
export interface CalendarEdit {
  /**
   * @minItems 1
   * @maxItems 400
   */
  days: [CalendarDay, ...CalendarDay[]]
  source: string
  dry_run?: boolean
}
/**
 * What is known of a year; a day that is not named is counted by its weekday, as 暂定.
 */
export interface CalendarYear {
  year: number
  days: KnownDay[]
}
export interface KnownDay {
  on: string
  works: boolean
  source: string
}
/**
 * Everything of a call and its case, hashed anew: ledger and files; and what was never recorded.
 */
export interface CallCheck {
  ok: boolean
  ledger: Report
  files: FileCheck[]
  interruptions: Interruption[]
  checked_at: string
}
/**
 * Result of a ledger check: of a case together with its calls.
 */
export interface Report {
  ok: boolean
  subject: string | null
  entries: number
  sealed: number
  root: string | null
  head_at: string | null
  format_1: number
  pruned: number
  rows: number
  untold: number
  findings: Finding[]
  checked_at: string
}
/**
 * One place where the ledger does not hold.
 */
export interface Finding {
  kind: string
  subject: string | null
  version: number | null
  leaf: number | null
  text: string
}
/**
 * Whether the stored bytes still match the hash in the record.
 */
export interface FileCheck {
  kind: 'recording' | 'playback' | 'material' | 'paper'
  id: string
  name: string
  ok: boolean
  reason: '' | 'altered' | 'missing'
}
/**
 * A stretch of some seconds of which a party's sound or face is not in the recording, though
 * nobody had closed it.
 */
export interface Interruption {
  name: string
  mid: string
  from_at: string
  to_at: string
  reason: 'lost' | 'dropped' | 'unwritten'
}
/**
 * A call with its files, as the asker's audience sees it at ``version``.
 */
export interface CallDetail {
  version: number
  audience: 'window' | 'approver' | 'third' | 'supervisor' | 'applicant' | 'party' | 'rung'
  call: CallView
  recordings: RecordingView[]
  case_number: string | null
  item_name: string
  playbacks: PlaybackView[]
  silences: Silence[]
  lacking: Lacking[]
}
/**
 * One party's file: one leg, one segment. ``tampered``: the bytes no longer match ``sha256``.
 */
export interface RecordingView {
  id: string
  leg_id: string
  seat: 'window' | 'approver' | 'third' | 'fourth' | 'fifth' | 'sixth'
  person: PersonRef
  state: 'recording' | 'stored' | 'lost' | 'tampered'
  started_at: string
  ended_at: string | null
  size_bytes: number | null
  sha256: string | null
  gaps: {
    [k: string]: unknown
  }[]
  source: 'face' | 'camera' | 'screen'
  cut: boolean
  sm3: string | null
}
/**
 * One party's finished pictures and voice in one seekable file, copied from the segments (its
 * document camera and its screen have files of their own); or, with seat ``composed``, all of
 * them in one picture. Second 0 is ``started_at``.
 */
export interface PlaybackView {
  id: string
  call_id: string
  seat: ('window' | 'approver' | 'third' | 'fourth' | 'fifth' | 'sixth') | 'composed'
  source: 'face' | 'camera' | 'screen'
  person: PersonRef | null
  state: 'waiting' | 'ready' | 'failed'
  progress: number
  fault: '' | 'font' | 'nothing'
  media_type: 'video/webm' | 'video/mp4'
  started_at: string | null
  duration_s: number | null
  size_bytes: number | null
  sha256: string | null
  width: number | null
  height: number | null
  gaps: {
    [k: string]: unknown
  }[]
  chapters: ChapterView[]
  loudness: Waveform | null
}
/**
 * What begins at a second of a composed file.
 */
export interface ChapterView {
  at_s: number
  title: string
}
/**
 * All parties' voices in steps of ``step_s`` seconds.
 */
export interface Waveform {
  step_s: number
  parties: Loudness[]
}
/**
 * How loud one party was, step by step, 0 to 100.
 */
export interface Loudness {
  label: string
  peaks: number[]
}
/**
 * When nothing was heard of the page of a leg; ``to_at`` null: to the end of the leg.
 */
export interface Silence {
  leg_id: string
  from_at: string
  to_at: string | null
}
/**
 * When the page of a leg had no device for a line, or one that gave nothing; ``to_at`` null: to the end of the leg.
 */
export interface Lacking {
  leg_id: string
  mid: string
  from_at: string
  to_at: string | null
}
/**
 * Newest first. ``next_cursor`` asks for the following rows; null at the end.
 */
export interface CallLog {
  calls: CallLogRow[]
  next_cursor: string | null
}
/**
 * One call in the supervisor's log.
 */
export interface CallLogRow {
  call_id: string
  case_id: string
  case_number: string | null
  item_name: string
  applicant_masked: string
  question: string
  answer: string
  caller: PersonRef
  approver: PersonRef | null
  declined_by: PersonRef | null
  state: 'open' | 'live' | 'ended'
  reason: ('hung_up' | 'cancelled' | 'declined' | 'missed' | 'lost' | 'barred' | 'unrecorded') | null
  opened_at: string
  answered_at: string | null
  ended_at: string | null
  recordings: number
  decision: ('accepted' | 'to_correct' | 'refused') | null
  decided_by: PersonRef | null
}
export interface CallSnapshot {
  version: number
  audience: 'window' | 'approver' | 'third' | 'supervisor' | 'applicant' | 'party' | 'rung'
  call: CallView
  monitors: MonitorView[]
}
/**
 * A supervisor who follows the call now.
 */
export interface MonitorView {
  id: string
  person: PersonRef
  way: 'listen' | 'whisper' | 'barge'
  since: string
}
/**
 * What was read off a picture of a card: for which fields it was offered as a proposal, and which
 * say the same already, by their paths.
 */
export interface CardReading {
  kind: 'identity' | 'licence'
  offered: string[]
  same: string[]
}
/**
 * How many rows each list of a desk has: 要我处理, 对方处理, 将到期, 已办结. 10,001: more than 10,000.
 */
export interface CaseCounts {
  mine: number
  theirs: number
  soon: number
  done: number
}
/**
 * Events in the order of their versions.
 */
export interface CaseHistory {
  subject: string
  events: HistoryEvent[]
  next_after: number | null
  refused_signatures: RefusedSignature[]
}
/**
 * One event of a case as the supervisor sees it; ``event`` is a case or material event of the socket.
 */
export interface HistoryEvent {
  version: number
  type: string
  at: string
  event: {
    [k: string]: unknown
  }
}
/**
 * A signature that was not taken, and why: ``stale`` when what was signed is no longer what stands there.
 */
export interface RefusedSignature {
  at: string
  by: PersonRef | null
  code: string
}
/**
 * Result of ``case.open``. ``due`` is the promised limit if the case were accepted today.
 *
 * ``moved``: how somebody else put a file elsewhere last, for people who were not there when it was told. An
 * event of ``calendar:<region>`` afterwards says that ``due`` may be another.
 */
export interface CaseOpened {
  audience: 'window' | 'approver' | 'third' | 'supervisor' | 'applicant' | 'task'
  version: number
  case: CaseView
  drafts: {
    [k: string]: Draft
  }
  due: DueView
  moved: MaterialMoved | null
}
/**
 * My own unsaved value of a field, as it was up to a second ago.
 */
export interface Draft {
  value: string
  base_version: number
  at: string
}
/**
 * A case as the asker's audience sees it at ``version``.
 */
export interface CaseSnapshot {
  audience: 'window' | 'approver' | 'third' | 'supervisor' | 'applicant' | 'task'
  version: number
  case: CaseView
}
/**
 * One row of a list of cases. The applicant's name is masked (孙**); of a consultation there is none.
 */
export interface CaseSummary {
  id: string
  number: string | null
  receipt_number: string | null
  migrated: boolean
  sequel_kind: ('rectified' | 'altered' | 'prolonged' | 'reissued' | 'revoked' | 'deregistered') | null
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
  correcting: boolean
  mode: 'online' | 'proxy' | 'joint'
  item_name: string
  applicant_masked: string
  clerk: PersonRef
  window_name: string
  window_unit_name: string
  window_place: string
  unit_id: string
  unit_name: string
  place: string
  call_id: string | null
  created_at: string
  decided_at: string | null
  combined: boolean
  due_on: string | null
  correct_by: string | null
  materials_stored: number
  materials_required: number
  judged: 'none' | 'some' | 'all'
  referred_from: string | null
  owner: PersonRef | null
  running: RunningClock | null
  question: string
  answer: string
}
/**
 * The clock that runs in a case, the day on which it ends, and whose turn it is.
 *
 * ``left``: working days from today to that day; 0 on the day itself, negative once it is over.
 */
export interface RunningClock {
  clock: 'taking_in' | 'telling' | 'correcting' | 'promised' | 'legal' | 'delivering' | 'archiving'
  on: string
  left: number
  turn: 'window' | 'approver'
  stopped: boolean
}
/**
 * Newest first. ``next_cursor`` asks for the following rows; null at the end.
 */
export interface Cases {
  cases: CaseSummary[]
  next_cursor: string | null
}
/**
 * What an import did, or would do when it was only asked for.
 */
export interface CatalogueImport {
  rows: number
  new: number
  changed: number
  unchanged: number
  bad: number
  faults: BadRow[]
  new_units: string[]
  written: boolean
}
/**
 * The newest version of an item, as an administrator sees it in the list.
 */
export interface CatalogueItem {
  id: string
  code: string
  name: string
  version: number
  unit_name: string
  place: string
  item_type: string
  promised_days: number
  lines: number
  fields: number
  in_use: boolean
}
export interface CatalogueItems {
  items: CatalogueItem[]
  total: number
}
/**
 * The password that one has, and the one that counts from now on.
 */
export interface ChangePassword {
  old: string
  new: string
}
/**
 * To whom a task of one's unit can be handed.
 */
export interface Colleagues {
  people: PersonRef[]
}
/**
 * A step on both sides; null: that side has it not.
 */
export interface ComparedView {
  case: string
  step: 'accepted' | 'granted' | 'denied' | 'issued'
  ours: string | null
  theirs: string | null
  verdict: 'differs' | 'only_here' | 'only_there' | 'same'
}
/**
 * The words that the applicant is shown before he answers; ``version`` is what ``case.consent``, ``case.consent_earlier``
 * or ``case.promise`` names; that of a promise has places for ``{line}`` and ``{day}``, that of a declaration for ``{line}``.
 */
export interface ConsentText {
  version: string
  language: 'zh-CN' | 'en'
  text: string
}
export interface DemandView {
  text: string
  by: PersonRef
  at: string
  answer_by: string
  answered_at: string | null
}
/**
 * Where I stand: my duty, and my calls that have not ended (ringing me, dialled by me, live).
 */
export interface DeskView {
  person: PersonRef
  roles: string[]
  duty: 'online' | 'away'
  calls: CallSnapshot[]
}
/**
 * A file that the applicant brought to another matter; what it holds is not shown before it is used here.
 */
export interface EarlierMaterial {
  id: string
  item_name: string
  line_name: string
  name_masked: string
  place: string
  at: string
  media_type: string
  size_bytes: number
  pages: number | null
  grade: ('A' | 'B' | 'C' | 'D') | null
  fits: string[]
}
/**
 * Newest first.
 */
export interface EarlierMaterials {
  materials: EarlierMaterial[]
}
/**
 * How a case stands, with nothing of a person. Days are China's; ``stopped``: the clock stands.
 */
export interface EnquiryView {
  number: string
  item_name: string
  unit_name: string
  window_name: string
  state:
    | 'registered'
    | 'reviewing'
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'issued'
    | 'delivered'
    | 'returned'
    | 'withdrawn'
    | 'terminated'
    | 'archived'
    | 'consulting'
    | 'consulted'
  registered_on: string
  submitted_on: string | null
  decided_on: string | null
  due_on: string | null
  legal_due_on: string | null
  stopped: boolean
  owed_by: string | null
}
/**
 * The external systems of one's unit, the oldest first.
 */
export interface ExternalList {
  externals: ExternalView[]
}
/**
 * An external system of one's unit. ``told``: it is told of its cases.
 */
export interface ExternalView {
  id: string
  system: string
  told: boolean
  revoked: boolean
}
/**
 * What would come of a document: the item as it would be, or everything that is wrong.
 */
export interface FormCheck {
  item: ItemView | null
  faults: FormFault[]
  lowers: LoweredField[]
}
/**
 * What is wrong in a document: where (JSON pointer, RFC 6901), what it is about.
 */
export interface FormFault {
  pointer: string
  why:
    | 'shape'
    | 'unknown_word'
    | 'missing'
    | 'bad_name'
    | 'bad_kind'
    | 'bad_limits'
    | 'bad_example'
    | 'bad_condition'
    | 'bad_rule'
    | 'cycle'
    | 'unknown_field'
    | 'twice'
    | 'not_placed'
    | 'unknown_line'
    | 'too_many'
  name: string
}
/**
 * A field that would leave unmasked; ``path`` is its name, or ``group.column``.
 */
export interface LoweredField {
  path: string
  label: string
}
/**
 * A granted case, to be exported by ``due_on``. ``left``: working days; negative once it is over. A person's name is
 * masked. ``withheld``: why it is not published.
 */
export interface GrantedView {
  case_id: string
  number: string | null
  item_name: string
  applicant_masked: string
  natural: boolean
  granted_on: string
  due_on: string
  left: number
  exported_at: string | null
  withheld: ('state_secret' | 'trade_secret' | 'privacy' | 'minor') | null
  note: string
}
export interface Health {
  status: 'ok' | 'failing'
  checks: {
    [k: string]: 'ok' | 'failing'
  }
  version: string
}
/**
 * One line of the health page. ``detail`` is plain text in the asker's language.
 */
export interface HealthPart {
  key:
    | 'version'
    | 'revision'
    | 'disk'
    | 'media'
    | 'turn'
    | 'certificate'
    | 'sequencer'
    | 'queue'
    | 'fonts'
    | 'clock'
    | 'redis'
    | 'scanner'
    | 'walls'
    | 'office'
    | 'ofd'
    | 'cards'
    | 'log'
  state: 'ok' | 'warning' | 'failing' | 'off'
  value: string
  detail: string
}
/**
 * What an operator sees of the machine (D9).
 */
export interface HealthView {
  status: 'ok' | 'warning' | 'failing'
  parts: HealthPart[]
  at: string
}
/**
 * The form of a version of an item as JSON Schema with its presentation (docs/forms.md).
 */
export interface ItemForm {
  item: ItemView
  newest: number
  document: {
    [k: string]: unknown
  }
  lowering: LoweringView | null
  closed: ('agreed' | 'declined' | 'withdrawn' | 'outdated') | null
}
/**
 * A form that makes fields less sensitive, and waits for a second administrator of the unit.
 */
export interface LoweringView {
  id: string
  state: 'waiting' | 'agreed' | 'declined' | 'withdrawn' | 'outdated'
  document: {
    [k: string]: unknown
  }
  fields: LoweredField[]
  note: string
  by: string
  mine: boolean
  at: string
  made_id: string | null
}
/**
 * Whether a version of an item is offered at the windows.
 */
export interface ItemOffer {
  in_use: boolean
}
/**
 * An item that can be asked for, in its version in use.
 */
export interface ItemSummary {
  id: string
  code: string
  name: string
  version: number
  unit_id: string
  unit_name: string
  place: string
  promised_days: number
  modes: ('online' | 'proxy' | 'joint')[]
}
/**
 * ``made_by`` is the name of who made it; empty where nobody noted it.
 */
export interface ItemVersion {
  id: string
  version: number
  in_use: boolean
  made_at: string | null
  made_by: string
  note: string
}
/**
 * One version of an item whole, and which others there are, newest first.
 */
export interface ItemVersions {
  item: ItemView
  in_use: boolean
  legal_days: number | null
  item_type: string
  level: string
  versions: ItemVersion[]
}
export interface Items {
  items: ItemSummary[]
}
export interface Ledger {
  subject: string
  entries: LedgerRow[]
}
/**
 * One entry of a case's ledger as the supervisor reads it.
 */
export interface LedgerRow {
  version: number
  at: string
  actor: PersonRef | null
  on_behalf_of: string | null
  act: string
  object: string
  result: string
  hash: string
  leaf: number | null
}
/**
 * What an upload may be; told before it is chosen.
 */
export interface Limits {
  max_bytes: number
  media_types: string[]
  upload_lives_s: number
  files_left: number | null
  bytes_left: number | null
  reads_cards: boolean
  quota_scarce: boolean
}
/**
 * 委托书: what the applicant signed, and how long it is good for.
 */
export interface MandateView {
  material_id: string
  scope: string
  signed_on: string
  until: string
  by: PersonRef
  at: string
}
/**
 * What was shown or pointed at during a call; not in the ledger, only for replay.
 *
 * ``point``: body {field}; ``look``: body {material_id, page}; ``pointer``: body {material_id, page, x, y};
 * ``quality``: body {leg_id, quality, sample}, how good the connection of that leg was, as its page told;
 * ``worker``: body {leg_id, sample}, a WorkerSample, what the media worker counted of it.
 */
export interface MarkView {
  at: string
  kind: 'point' | 'look' | 'pointer' | 'quality' | 'worker'
  by: PersonRef
  body: {
    [k: string]: unknown
  }
}
export interface Marks {
  marks: MarkView[]
}
/**
 * What was promised to an accepted case (容缺后补) and is not done.
 */
export interface OwedMaterial {
  case_id: string
  number: string | null
  item_name: string
  applicant_masked: string
  line: string
  line_name: string
  window_unit_name: string
  due_on: string
  days_left: number
  standing: 'open' | 'overdue' | 'received' | 'done'
}
/**
 * The most urgent cases first; the next ones are asked for by ``cursor``.
 */
export interface OwedMaterials {
  owed: OwedMaterial[]
  next_cursor: string | null
}
export interface People {
  people: PersonRow[]
}
export interface PersonRow {
  id: string
  login: string
  name: string
  staff_number: string
  unit_id: string
  unit_name: string
  window_name: string | null
  roles: (
    | 'clerk'
    | 'approver'
    | 'supervisor'
    | 'admin'
    | 'monitor_listen'
    | 'monitor_whisper'
    | 'monitor_barge'
    | 'head'
    | 'operator'
    | 'security'
  )[]
  conflicts: RoleConflict[]
  active: boolean
}
/**
 * Two roles that exclude one another, of one person who has both (``held``) or may have them;
 * ``allowed``: for what reason a security officer let them be.
 */
export interface RoleConflict {
  first:
    | 'clerk'
    | 'approver'
    | 'supervisor'
    | 'admin'
    | 'monitor_listen'
    | 'monitor_whisper'
    | 'monitor_barge'
    | 'head'
    | 'operator'
    | 'security'
  second:
    | 'clerk'
    | 'approver'
    | 'supervisor'
    | 'admin'
    | 'monitor_listen'
    | 'monitor_whisper'
    | 'monitor_barge'
    | 'head'
    | 'operator'
    | 'security'
  allowed: string | null
  held: boolean
}
/**
 * What a phone may bring, to whose case, and until when.
 */
export interface PhoneSession {
  case_id: string
  applicant_masked: string
  item_name: string
  line_name: string
  sides: string[]
  unit_name: string
  window_name: string
  expires_at: string
  pages: number
  taken: string[]
  pages_at_most: number
  max_bytes: number
}
/**
 * A quick phrase of the asker's unit, or of all (常用语).
 *
 * ``reason``: why a material is to be corrected; ``accepted``, ``refused``: why a case was decided so.
 */
export interface Phrase {
  id: string
  kind: 'message' | 'reason' | 'comment' | 'accepted' | 'refused'
  text: string
}
export interface Phrases {
  phrases: Phrase[]
}
/**
 * A refusal or a fault as RFC 9457 problem details, told in the asker's language.
 */
export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string | null
  code: string
  reference: string
  details: {
    [k: string]: string | number | boolean | null
  }
}
/**
 * What was granted on these days, the oldest first; ``more``: there are more than are told.
 */
export interface Publicity {
  granted: GrantedView[]
  more: boolean
}
/**
 * The export: ``content`` is CSV; ``cases`` stand in it, ``withheld`` were left out.
 */
export interface PublicityFile {
  name: string
  content: string
  cases: number
  withheld: number
}
/**
 * 对账 of one day: what does not agree first. ``stated_at`` null: the system has stated nothing of that day.
 * ``untold``: messages of that day that it has not taken.
 */
export interface Reconciliation {
  external: ExternalView
  on: string
  stated_at: string | null
  untold: number
  steps: ComparedView[]
}
/**
 * 转出: a case that the asker's unit referred to another one, as it stood then. The applicant's name is masked.
 */
export interface ReferredCase {
  case_id: string
  item_name: string
  applicant_masked: string
  window_unit_name: string
  window_name: string
  to_unit_name: string
  reason: string
  by: PersonRef
  at: string
}
/**
 * Newest first. ``next_cursor`` asks for the following rows; null at the end.
 */
export interface ReferredCases {
  cases: ReferredCase[]
  next_cursor: string | null
}
/**
 * ``parent`` is the code of the region that it lies in, empty for a province.
 */
export interface RegionView {
  code: string
  name: string
  parent: string
}
/**
 * The regions of today (GB/T 2260), in the order of the standard.
 */
export interface Regions {
  regions: RegionView[]
}
/**
 * What the seal on a paper is found to be now; whose and when, where it has one.
 */
export interface SealCheck {
  state: 'valid' | 'unsealed' | 'altered' | 'untrusted' | 'expired'
  subject: string
  fingerprint: string
  at: string | null
}
export interface SessionView {
  person: SignedIn
  expires_at: string
  must_change: boolean
  idle_s: number
}
/**
 * Who is signed in.
 */
export interface SignedIn {
  id: string
  login: string
  name: string
  staff_number: string
  roles: (
    | 'clerk'
    | 'approver'
    | 'supervisor'
    | 'admin'
    | 'monitor_listen'
    | 'monitor_whisper'
    | 'monitor_barge'
    | 'head'
    | 'operator'
    | 'security'
  )[]
  unit: UnitRef
  window: WindowRef | null
}
export interface UnitRef {
  id: string
  name: string
  place: string
}
export interface WindowRef {
  id: string
  name: string
}
/**
 * How many sign-ins are over with that.
 */
export interface SessionsEnded {
  ended: number
}
/**
 * Sign-in with a password. An unknown login and a wrong password are not told apart.
 */
export interface SignIn {
  login: string
  password: string
}
/**
 * The strokes of a signature: x, y, pressure as shares, milliseconds since the first point.
 */
export interface SignatureImage {
  id: string
  width: number
  height: number
  strokes: [unknown, unknown, unknown, unknown][][]
}
export interface SummaryField {
  name: string
  label: string
  value: string
  changed: boolean
}
/**
 * A file of a line; one without a file for a line that holds none, or for a named slot that is empty.
 */
export interface SummaryMaterial {
  line: string
  name: string
  file_name: string | null
  number: number | null
  sha256: string | null
  pages: number | null
  missing: boolean
  changed: boolean
}
/**
 * What the applicant reads before he signs. ``hash`` is SHA-256 over the RFC 8785 form of item,
 * applicant, field values and the hashes of the counting materials; ``changed`` and ``missing``
 * are not part of it.
 */
export interface SummaryView {
  hash: string
  shown_at: string
  item_name: string
  unit_name: string
  applicant: Applicant
  form_title: string
  fields: SummaryField[]
  materials: SummaryMaterial[]
  missing_fields: string[]
  missing_lines: string[]
}
/**
 * A phone takes the link whose secret it was shown.
 */
export interface TakePhone {
  phone_id: string
  secret: string
}
/**
 * How many there are under each tab.
 */
export interface TaskCounts {
  mine: number
  others: number
  demanded: number
  unclaimed: number
  untold: number
  agents: number
}
export interface TaskPage {
  tasks: TaskView[]
  next_cursor: string | null
  counts: TaskCounts
  does: boolean
  supervises: boolean
}
/**
 * A task as its unit sees it. ``version``: what the commands call ``seen_version``.
 */
export interface TaskView {
  id: string
  version: number
  case_id: string
  call_id: string | null
  kind: 'follow' | 'help' | 'proxy' | 'verify' | 'callback' | 'tell'
  state: 'open' | 'suspended' | 'closed' | 'cancelled'
  round: number
  item_name: string
  applicant_masked: string
  phone_masked: string
  unit_id: string
  unit_name: string
  owner: PersonRef | null
  wanted: string
  sources: TaskSourceView[]
  results: TaskResultView[]
  demands: DemandView[]
  made_at: string
  joined_at: string | null
  next_step: string
  next_at: string | null
  level: number
  raise_at: string | null
  ended_at: string | null
  accepted_at: string | null
  mandates: MandateView[]
}
export interface TaskSourceView {
  cause:
    | 'missed_call'
    | 'asked'
    | 'post_returned'
    | 'correction_passed'
    | 'promise_passed'
    | 'limit_passed'
    | 'told'
    | 'untold'
    | 'low_rated'
    | 'declared'
    | 'declared_untrue'
    | 'system_untold'
  text: string
  at: string
  by: PersonRef | null
}
export interface TaskResultView {
  outcome: 'contacted' | 'no_answer' | 'wrong_number' | 'done' | 'note'
  text: string
  at: string
  by: PersonRef | null
}
/**
 * One step of a case, told to its applicant. ``task_id`` and ``task_version``: the task of who is to tell it by
 * telephone, for people of that unit alone.
 */
export interface TellingView {
  id: string
  step:
    | 'accepted'
    | 'to_correct'
    | 'refused'
    | 'granted'
    | 'denied'
    | 'ready'
    | 'posted'
    | 'returned'
    | 'terminated'
    | 'fee'
    | 'stopped'
    | 'extended'
  unit_name: string
  number: string
  day: string
  made_at: string
  state: 'waiting' | 'sent' | 'received' | 'to_tell' | 'told' | 'untold'
  sent_at: string | null
  received_at: string | null
  why: ('off' | 'no_mobile' | 'rejected' | 'unreachable' | 'undelivered' | 'no_receipt' | 'revoked') | null
  owner: PersonRef | null
  results: TaskResultView[]
  task_id: string | null
  task_version: number | null
}
/**
 * The tellings of a case, oldest first.
 */
export interface Tellings {
  tellings: TellingView[]
}
/**
 * The paper of an invented case: how many pages, the first of them as PNG in Base64; or faults.
 */
export interface TemplateCheck {
  pages: number
  pictures: string[]
  faults: TemplateFault[]
}
/**
 * Why a template cannot be used: the line (0: none), and what it is about, as Typst says it;
 * with ``lacks`` what is not read on the paper.
 */
export interface TemplateFault {
  line: number
  why:
    | 'lacks'
    | 'unclosed'
    | 'unknown_name'
    | 'unknown_key'
    | 'expected'
    | 'file'
    | 'package'
    | 'font'
    | 'panicked'
    | 'endless'
    | 'too_long'
    | 'too_big'
    | 'other'
  name: string
}
/**
 * A kind of paper, and by what the unit lays it out; ``newest`` is None while that was never changed.
 */
export interface TemplateRow {
  kind:
    | 'receipt'
    | 'acceptance'
    | 'correction'
    | 'refusal'
    | 'suspension'
    | 'extension'
    | 'application'
    | 'handover'
    | 'grant'
    | 'registration'
    | 'denial'
    | 'delivery'
    | 'closing'
    | 'withdrawal'
    | 'return'
    | 'termination'
    | 'agent_start'
    | 'mandate'
    | 'agent_pause'
    | 'renewal'
    | 'agent_end'
  title: string
  newest: TemplateVersion | null
}
/**
 * One version of how a unit lays out a kind of paper: who made it, when and why.
 */
export interface TemplateVersion {
  version: number
  built_in: boolean
  made_at: string
  made_by: string
  note: string
}
export interface TemplateSource {
  version: number
  source: string
}
/**
 * A template as it is used now (Typst), its versions, newest first, and the invented ``facts``
 * that it is tried out with.
 */
export interface TemplateWhole {
  kind:
    | 'receipt'
    | 'acceptance'
    | 'correction'
    | 'refusal'
    | 'suspension'
    | 'extension'
    | 'application'
    | 'handover'
    | 'grant'
    | 'registration'
    | 'denial'
    | 'delivery'
    | 'closing'
    | 'withdrawal'
    | 'return'
    | 'termination'
    | 'agent_start'
    | 'mandate'
    | 'agent_pause'
    | 'renewal'
    | 'agent_end'
  title: string
  source: string
  built_in: boolean
  versions: TemplateVersion[]
  facts: {
    [k: string]: unknown
  }
}
export interface Templates {
  unit_name: string
  may_edit: boolean
  templates: TemplateRow[]
}
/**
 * Told once; to be changed until then.
 */
export interface TemporaryPassword {
  password: string
  until: string
}
/**
 * A bearer token for a client without cookies. It is shown once; only its SHA-256 is kept.
 */
export interface TokenView {
  token: string
  person: SignedIn
  expires_at: string
}
export interface UnitRow {
  id: string
  name: string
  place: string
  region_code: string
  level: string
  review_body: string
  court: string
  windows: WindowRef[]
  takes: boolean
  on_duty: number
}
export interface Units {
  units: UnitRow[]
}
/**
 * A sensitive value, whole, for the person who unmasked it. Never kept by a page.
 */
export interface Unmasked {
  what: string
  value: string
  expires_at: string
}
/**
 * One of them in a list, by its item; ``item_id`` is the version over which it was written.
 */
export interface WaitingLowering {
  id: string
  item_id: string
  code: string
  by: string
  mine: boolean
  at: string
}
export interface WaitingLowerings {
  lowerings: WaitingLowering[]
}
/**
 * What a media worker counted of one leg in the ``seconds`` before: packets that came from it and
 * went to it, that did not come (repaired or not), that it asked for again and was asked for again
 * (nacks), key frames that it asked for and was asked for (plis), and the rates.
 */
export interface WorkerSample {
  seconds: number
  packets_in: number
  packets_out: number
  lost_in: number
  nacks_in: number
  nacks_out: number
  plis_in: number
  plis_out: number
  in_kbps: number
  out_kbps: number
}
