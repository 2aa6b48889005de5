/**
 * What a person asks of a case, each a command of the wire, and what is asked of him before it goes out. While he sits
 * in a call about another case the page asks which case he means before everything in `asked`, and before nothing else;
 * the server asks before what rests on the versions seen (`Acting.act`).
 */
import { ref } from 'vue'
import type {
  CaseAgreeElectronic,
  CaseRenewMandate,
  CaseArchive,
  CaseBeginDelivery,
  CaseBeginSequel,
  CaseChangeMode,
  CaseCheckReceiver,
  CaseConclude,
  CaseDecide,
  CaseDraw,
  CaseEndDelivery,
  CaseFinish,
  CaseIssue,
  CaseRate,
  CaseReceiveOriginals,
  CaseReport,
  CaseAskFee,
  CaseSettleFee,
  CaseRegisterConsulted,
  CaseRule,
  CaseSendOriginals,
  CaseSign,
  CaseStopClock,
  CaseVerify,
  CaseView,
  MaterialView,
  NewResult,
  OriginalsLine,
  ReceivedLine,
  SummaryView,
} from '../../wire/messages'
import type { LiveWire } from '../../wire/socket'
import type { Acting, Rests } from './acting'

/** The case that the commands are about, and who gives them. */
export interface Subject {
  case_id: string
  as_applicant: boolean
  view: () => CaseView | null
}

type Live = Pick<LiveWire, 'ask'>
export type Decision = 'accepted' | 'to_correct' | 'refused'
/** A command without what every act names. */
type OnlyOf<C> = Omit<C, 'id' | 'case_id' | 'seen_version' | 'other_call_ids'>
type CourseCommand =
  | OnlyOf<CaseRule>
  | OnlyOf<CaseIssue>
  | OnlyOf<CaseAgreeElectronic>
  | OnlyOf<CaseRenewMandate>
  | OnlyOf<CaseBeginDelivery>
  | OnlyOf<CaseCheckReceiver>
  | OnlyOf<CaseEndDelivery>
  | OnlyOf<CaseFinish>
  | OnlyOf<CaseArchive>
  | OnlyOf<CaseReport>
  | OnlyOf<CaseChangeMode>
  | OnlyOf<CaseAskFee>
  | OnlyOf<CaseSettleFee>
  | OnlyOf<CaseVerify>
  | OnlyOf<CaseConclude>
  | OnlyOf<CaseBeginSequel>
  | OnlyOf<CaseRegisterConsulted>
export type Grant = Required<Pick<CaseDecide, 'grant' | 'bases'>>

/** What is sent again and again while somebody types or reads: no act. */
function quiet(live: Live, { case_id, as_applicant }: Subject) {
  return {
    draft: (field: string, value: string, base_version: number) =>
      live.ask({ type: 'case.draft', case_id, field, value, base_version }),
    hold: (field: string | null) => live.ask({ type: 'case.hold', case_id, field }),
    /** What is to be signed, as it is shown to the applicant on his screen, or to the clerk on this page. */
    summarise: () =>
      live.ask<SummaryView>({ type: 'case.summarise', case_id, to: as_applicant ? 'applicant' : 'clerk' }),
  }
}

/** What is typed into the form, which warns above it, and what is taken back by itself: asked about by nobody. */
function free(live: Live, { case_id }: Subject) {
  return {
    edit: (field: string, value: string, base_version: number) =>
      live.ask({ type: 'case.edit', case_id, field, value, base_version }),
    withdrawPhone: (phone_id: string) => live.ask({ type: 'case.withdraw_phone', case_id, phone_id }),
    takePage: (phone_id: string, material_id: string) =>
      live.ask({ type: 'case.take_page', case_id, phone_id, material_id }),
  }
}

/** What names the versions seen and the other calls: asked about by the server. */
function resting(live: Live, { case_id }: Subject, acting: Pick<Acting, 'act'>) {
  return {
    sendOriginals: (courier: string, tracking: string, lines: OriginalsLine[]) =>
      acting.act((rests) =>
        live.ask<{ handover_id: string }>({
          type: 'case.send_originals',
          case_id,
          ...rests,
          courier,
          tracking,
          lines: lines as CaseSendOriginals['lines'],
        }),
      ),
    receiveOriginals: (handover_id: string, arrived: ReceivedLine[], note: string) =>
      acting.act((rests) =>
        live.ask({
          type: 'case.receive_originals',
          case_id,
          ...rests,
          handover_id,
          arrived: arrived as CaseReceiveOriginals['arrived'],
          note,
        }),
      ),
    refer: (unit_id: string, reason: string, on?: Rests) =>
      acting.act((rests) => live.ask({ type: 'case.refer', case_id, ...rests, unit_id, reason }), on),
    /** `grant`: 受理并准予, with the legal bases of the ruling. */
    decide: (decision: Decision, reason: string, again = false, on?: Rests, grant?: Grant) =>
      acting.act(
        (rests) => live.ask({ type: 'case.decide', case_id, ...rests, decision, reason, again, ...grant }),
        on,
      ),
    stopClock: (why: CaseStopClock['why'], reason: string, on?: Rests) =>
      acting.act((rests) => live.ask({ type: 'case.stop_clock', case_id, ...rests, why, reason }), on),
    resumeClock: () => acting.act((rests) => live.ask({ type: 'case.resume_clock', case_id, ...rests })),
    extendLimit: (days: number, reason: string, on?: Rests) =>
      acting.act((rests) => live.ask({ type: 'case.extend_limit', case_id, ...rests, days, reason }), on),
    printForm: () =>
      acting.act((rests) => live.ask<{ paper_id: string }>({ type: 'case.print_form', case_id, ...rests })),
    submit: (hash: string) =>
      acting.act((rests) => live.ask<{ number: string }>({ type: 'case.submit', case_id, ...rests, hash })),
  }
}

/** What becomes of a case after its acceptance: each rests on the versions seen. */
function onCourse(live: Live, { case_id }: Subject, acting: Pick<Acting, 'act'>) {
  const sent = <R>(command: CourseCommand, on?: Rests): Promise<R> =>
    acting.act((rests) => live.ask<R>({ case_id, ...rests, ...command }), on)
  return {
    rule: (ruling: CaseRule['ruling'], reason: string, bases: string[], on?: Rests) =>
      sent({ type: 'case.rule', ruling, reason, bases: bases as NonNullable<CaseRule['bases']> }, on),
    issue: (results: NewResult[], on?: Rests) =>
      sent({ type: 'case.issue', results: results as CaseIssue['results'] }, on),
    askFee: (amount_fen: number, code: string, on?: Rests) =>
      sent({ type: 'case.ask_fee', amount_fen, code }, on),
    settleFee: (payment: Omit<OnlyOf<CaseSettleFee>, 'type'>, on?: Rests) =>
      sent({ type: 'case.settle_fee', ...payment }, on),
    report: (reported: Omit<OnlyOf<CaseReport>, 'type'>, on?: Rests) =>
      sent({ type: 'case.report', ...reported }, on),
    verify: (found: Omit<OnlyOf<CaseVerify>, 'type'>, on?: Rests) =>
      sent({ type: 'case.verify', ...found }, on),
    changeMode: (mode: CaseChangeMode['mode'], on?: Rests) => sent({ type: 'case.change_mode', mode }, on),
    agreeElectronic: (address: string, on?: Rests) => sent({ type: 'case.agree_electronic', address }, on),
    renewMandate: (material_id: string, until: string | null, on?: Rests) =>
      sent({ type: 'case.renew_mandate', material_id, until }, on),
    beginDelivery: (begun: Omit<OnlyOf<CaseBeginDelivery>, 'type' | 'results'>, on?: Rests) =>
      sent<{ delivery_id: string }>({ type: 'case.begin_delivery', ...begun }, on),
    checkReceiver: (seen: Omit<OnlyOf<CaseCheckReceiver>, 'type'>, on?: Rests) =>
      sent({ type: 'case.check_receiver', ...seen }, on),
    endDelivery: (ended: Omit<OnlyOf<CaseEndDelivery>, 'type'>, on?: Rests) =>
      sent({ type: 'case.end_delivery', ...ended }, on),
    finishCase: (kind: CaseFinish['kind'], reason: string, cause: CaseFinish['cause'], on?: Rests) =>
      sent({ type: 'case.finish', kind, reason, cause: cause ?? null }, on),
    conclude: (answer: string, on?: Rests) => sent({ type: 'case.conclude', answer }, on),
    registerConsulted: (of: Omit<OnlyOf<CaseRegisterConsulted>, 'type'>, on?: Rests) =>
      sent({ type: 'case.register_consulted', ...of }, on),
    /** `of_itself`: the unit that decided begins it by its own motion. */
    beginSequel: (kind: CaseBeginSequel['kind'], of_itself: boolean, reason: string, on?: Rests) =>
      sent<{ case_id: string; late: boolean }>({ type: 'case.begin_sequel', kind, of_itself, reason }, on),
    archiveCase: (on?: Rests) => sent({ type: 'case.archive' }, on),
  }
}

/** What the page asks about. */
function asked(live: Live, { case_id, view }: Subject) {
  return {
    consent: (given: boolean, text_version: string, language: 'zh-CN' | 'en') =>
      live.ask({ type: 'case.consent', case_id, given, text_version, language }),
    /** Takes back the consent to recording, to the words that it was given to. */
    withdrawConsent: () => {
      const given = view()?.consent
      return live.ask({
        type: 'case.consent',
        case_id,
        given: false,
        text_version: given?.text_version ?? '',
        language: given?.language ?? 'zh-CN',
      })
    },
    consentEarlier: (given: boolean, text_version: string, language: 'zh-CN' | 'en') =>
      live.ask({ type: 'case.consent_earlier', case_id, given, text_version, language }),
    promise: (line: string, due_on: string | null, text_version: string, language: 'zh-CN' | 'en') =>
      live.ask({ type: 'case.promise', case_id, line, due_on, text_version, language }),
    movePromise: (line: string, due_on: string, reason: string) =>
      live.ask({ type: 'case.move_promise', case_id, line, due_on, reason }),
    takeEarlier: (line: string, material_id: string, slot: number | null) =>
      live.ask<{ material_id: string }>({ type: 'case.take_earlier', case_id, line, material_id, slot }),
    moveMaterial: (material_id: string, line: string, slot: number | null) =>
      live.ask<{ slot: number }>({ type: 'case.move_material', case_id, material_id, line, slot }),
    propose: (field: string, value: string, reason: string) =>
      live.ask({ type: 'case.propose', case_id, field, value, reason }),
    answerProposal: (proposal_id: string, answer: 'yes' | 'no') =>
      live.ask({ type: 'case.answer_proposal', case_id, proposal_id, answer }),
    closeProposal: (proposal_id: string, adopt: boolean) =>
      live.ask({ type: 'case.close_proposal', case_id, proposal_id, adopt }),
    review: (material_id: string, review: MaterialView['review'], reason: string) =>
      live.ask({ type: 'case.review', case_id, material_id, review, reason }),
    grade: (material_id: string, grade: 'A' | 'B' | 'C' | 'D', note = '') =>
      live.ask({ type: 'case.grade', case_id, material_id, grade, note }),
    draw: (material_id: string, page: number, points: [number, number][]) =>
      live.ask({ type: 'case.draw', case_id, material_id, page, points: points as CaseDraw['points'] }),
    clearDrawings: (material_id: string, whose: 'mine' | 'all') =>
      live.ask({ type: 'case.clear_drawings', case_id, material_id, whose }),
    keepDrawing: (only_me: boolean) => live.ask({ type: 'case.keep_drawing', case_id, only_me }),
    say: (lane: 'shared' | 'staff', text: string, call_id: string | null, for_applicant = false) =>
      live.ask({ type: 'case.say', case_id, lane, text, call_id, for_applicant }),
    comment: (on: string, text: string) => live.ask({ type: 'case.comment', case_id, on, text }),
    reply: (comment_id: string, text: string) => live.ask({ type: 'case.reply', case_id, comment_id, text }),
    resolve: (comment_id: string, resolved: boolean) =>
      live.ask({ type: 'case.resolve', case_id, comment_id, resolved }),
    check: (point: string, verdict: 'ok' | 'lacking' | 'none', note = '') =>
      live.ask({ type: 'case.check', case_id, point, verdict, note }),
    sign: (hash: string, shown_at: string, width: number, height: number, strokes: CaseSign['strokes']) =>
      live.ask<{ signature_id: string }>({
        type: 'case.sign',
        case_id,
        hash,
        shown_at,
        width,
        height,
        strokes,
      }),
    rate: (call_id: string, level: CaseRate['level'], reasons: CaseRate['reasons'], text: string) =>
      live.ask<{ number: number }>({
        type: 'case.rate',
        case_id,
        call_id,
        level,
        reasons: reasons ?? [],
        text,
      }),
    invitePhone: (line: string, secret_sha256: string) =>
      live.ask<{ phone_id: string; expires_at: string }>({
        type: 'case.invite_phone',
        case_id,
        line,
        secret_sha256,
      }),
    unmask: (what: string, reason: string) =>
      live.ask<{ unmasking_id: string; expires_at: string }>({ type: 'case.unmask', case_id, what, reason }),
  }
}

type Send = (...given: never[]) => Promise<unknown>

/** The same commands, with what comes after each and, of those that wait for it, before. */
function around<C extends Record<keyof C, Send>>(
  commands: C,
  after: () => void,
  before?: () => Promise<void>,
): C {
  const wrapped = Object.entries<Send>(commands).map(([name, send]) => [
    name,
    async (...given: never[]) => {
      if (before) await before()
      const result = await send(...given)
      after()
      return result
    },
  ])
  return Object.fromEntries(wrapped) as C
}

/** `acts_done`: how many acts were done here; what was told of one that was refused before is over then. */
export function useCommands(live: Live, subject: Subject, acting: Pick<Acting, 'act' | 'mean'>) {
  const acts_done = ref(0)
  const done = (): void => void (acts_done.value += 1)
  return {
    acts_done,
    commands: {
      ...quiet(live, subject),
      ...around(free(live, subject), done),
      ...around(resting(live, subject, acting), done),
      ...around(onCourse(live, subject, acting), done),
      ...around(asked(live, subject), done, acting.mean),
    },
  }
}
