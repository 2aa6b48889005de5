/**
 * One field under one person's hands: what is typed here, what the record says, and how the two meet.
 *
 *   typing (at most 10 a second) -> draft (at most a second behind) -> edit (on change, blur, or 800 ms of rest)
 *
 * What is typed in a focused field is never overwritten. When somebody else was quicker, the server refuses the
 * edit (`stale`, `field_held`) and what was typed is kept and offered. Plain TypeScript: time and the wire are given.
 */
import type { FieldState, FormField } from '../../../wire/messages'
import { faultOf, tidied, type FieldFault } from '../../rules/form/checks'
import { FieldHold, type EditRefusal } from './fieldHold'
import { Timers } from './timers'

export const TYPING_EVERY_MS = 100
export const DRAFT_AFTER_MS = 700
export const REST_MS = 800

export interface FieldWire {
  typing(value: string): void
  draft(value: string, base_version: number): void
  /** resolves with the refusal, or null when the edit was taken */
  edit(value: string, base_version: number): Promise<EditRefusal | null>
  /** takes or renews (true) or drops (false) the soft lock; resolves with the refusal or null */
  hold(on: boolean): Promise<EditRefusal | null>
  /** what a value would break between this field and another */
  rule?(value: string): FieldFault | null
  /** something that a view shows has changed */
  changed(): void
}

export type EditorOffer = 'stale' | 'held' | 'restored'

/** What a view shows of an editor. */
export interface FieldFace {
  shown: string
  unsaved: boolean
  saving: boolean
  locked: boolean
  fault: FieldFault | null
  refusal: EditRefusal | null
  offer: EditorOffer | null
  changed_under: boolean
}

export class FieldEditor {
  /** what is typed here and not (yet) the record's; null when the record's value is shown */
  local: string | null = null
  focused = false
  /** what is wrong by the form's own rules; shown after the first attempt to save */
  fault: FieldFault | null = null
  /** what the server said */
  refusal: EditRefusal | null = null
  /** what was typed meets something else, and the person must choose */
  offer: EditorOffer | null = null
  /** the record changed under a focused field; told, not shown in the field */
  changedUnder = false

  private record: FieldState | null
  private base = 0
  private touched = false
  /** the edit under way: over when both its ack and its event are there, in whichever order they come */
  private sent: { from_version: number; acked: boolean } | null = null
  private timers: Timers<'typing' | 'draft' | 'rest'>
  private lock: FieldHold
  private gone = false

  constructor(
    readonly field: FormField,
    record: FieldState | undefined,
    private readonly me: string,
    private readonly wire: FieldWire,
    now?: () => number,
  ) {
    this.timers = new Timers(now)
    this.lock = new FieldHold((on) => wire.hold(on), { held: () => this.held(), freed: () => this.freed() })
    this.record = record ?? null
    this.base = this.version
  }

  /** what the input shows */
  get shown(): string {
    return this.local ?? this.record?.value ?? ''
  }

  /** whether something was typed that the record does not have */
  get unsaved(): boolean {
    return this.local !== null && tidied(this.field, this.local) !== (this.record?.value ?? '')
  }

  get saving(): boolean {
    return this.sent !== null
  }

  /** whether somebody else holds the field, so that typing is not taken */
  get locked(): boolean {
    return this.offer === 'held'
  }

  get face(): FieldFace {
    const { shown, unsaved, saving, locked, fault, refusal, offer, changedUnder: changed_under } = this
    return { shown, unsaved, saving, locked, fault, refusal, offer, changed_under }
  }

  focus(): void {
    if (this.focused) return
    this.focused = true
    this.touched = this.local !== null
    if (this.local === null) {
      this.local = this.record?.value ?? ''
      this.base = this.version
    }
    this.wire.changed()
  }

  input(value: string): void {
    if (this.locked) return
    if (!this.focused) this.focus()
    this.local = value
    this.touched = true
    this.refusal = null
    if (this.fault && !this.faultIn(tidied(this.field, value))) this.fault = null
    this.lock.take()
    this.tellTyping()
    this.keepDraft()
    this.timers.at('rest', REST_MS, () => void this.save())
    this.wire.changed()
  }

  /** The value was committed: a choice was made, Enter was pressed, a date picked. */
  async commit(): Promise<void> {
    if (this.touched) await this.save()
  }

  async blur(): Promise<void> {
    if (!this.focused) return
    this.focused = false
    this.timers.stop('typing')
    this.lock.drop()
    if (!this.touched || !this.unsaved) this.settle()
    else await this.save()
    this.wire.changed()
  }

  /** A draft of mine came with the snapshot: what was typed before a reload stands in the field again. */
  restore(value: string, base_version: number): void {
    if (this.touched || tidied(this.field, value) === (this.record?.value ?? '')) return
    this.local = value
    this.base = base_version
    this.touched = true
    this.offer = base_version === this.version ? 'restored' : 'stale'
    this.wire.changed()
  }

  /** The record has a (new) value for this field. */
  recorded(state: FieldState | undefined): void {
    if ((state?.version ?? 0) === this.version) return
    this.record = state ?? null
    const by_me = state?.by.id === this.me
    const landed = this.sent !== null && this.version > this.sent.from_version && (by_me || this.sent.acked)
    if (landed && by_me) {
      this.base = this.version
      if (!this.unsaved) this.rest()
      this.finish()
    } else {
      if (landed) this.sent = null // mine was there, and was changed again
      if (!this.touched) {
        this.base = this.version
        if (!this.focused) this.local = null
        // a proposal that I adopted is shown at once; what others changed waits until I leave the field
        else if (by_me) this.local = this.record?.value ?? ''
        else this.changedUnder = true
      } else if (this.unsaved) {
        // while somebody else still holds the field there is nothing to choose
        if (!this.locked) this.offer = 'stale'
        this.timers.stop('rest')
      } else {
        this.base = this.version
        this.rest()
      }
    }
    this.wire.changed()
  }

  async save(): Promise<void> {
    this.timers.stop('rest')
    if (this.local === null || this.sent || this.offer === 'stale' || this.locked) return
    const value = tidied(this.field, this.local)
    if (value === (this.record?.value ?? '')) {
      this.fault = null
      if (!this.focused) this.settle()
      this.wire.changed()
      return
    }
    this.fault = this.faultIn(value)
    // an empty value is always taken: what is required is asked for at the decision
    if (this.fault && this.fault !== 'required') {
      this.keepDraft()
      this.wire.changed()
      return
    }
    this.sent = { from_version: this.version, acked: false }
    this.refusal = null
    if (this.offer === 'restored') this.offer = null
    this.timers.stop('draft')
    // what is told as typed after the edit would look unsaved on the other page
    this.timers.stop('typing')
    this.wire.changed()
    const refused = await this.wire.edit(value, this.base)
    if (this.gone) return
    if (refused) {
      this.sent = null
      if (refused.code === 'stale') this.offer = 'stale'
      else if (refused.code === 'field_held') this.lock.wait()
      // what was typed while this was on its way has been judged by nobody yet
      else if (this.local !== null && tidied(this.field, this.local) !== value) this.saveSoon()
      else this.refusal = refused
    } else if (this.sent && this.version === this.sent.from_version) {
      this.sent.acked = true
    } else {
      this.finish()
    }
    this.wire.changed()
  }

  /** Of two values, mine: it is saved over the record's. */
  async keepMine(): Promise<void> {
    this.base = this.version
    this.offer = null
    await this.save()
  }

  /** Of two values, the record's: what was typed is let go. */
  letGo(): void {
    this.local = this.focused ? (this.record?.value ?? '') : null
    this.base = this.version
    this.touched = false
    this.offer = null
    this.fault = null
    this.refusal = null
    this.changedUnder = false
    this.timers.stop('rest')
    this.timers.stop('draft')
    this.wire.draft(this.record?.value ?? '', this.base)
    this.wire.changed()
  }

  /** The page goes away: nothing is sent any more but what is owed at once. */
  dispose(): void {
    if (this.touched && this.unsaved) this.wire.draft(this.shown, this.base)
    this.gone = true
    this.lock.dispose()
    this.timers.clear()
  }

  private faultIn(value: string): FieldFault | null {
    return faultOf(this.field, value) ?? this.wire.rule?.(value) ?? null
  }

  private get version(): number {
    return this.record?.version ?? 0
  }

  /** A saved edit is over; what was typed on meanwhile is next. */
  private finish(): void {
    this.sent = null
    if (this.touched && this.unsaved) this.saveSoon()
  }

  /** Nothing that is typed waits longer than a rest for its turn. */
  private saveSoon(): void {
    if (!this.timers.has('rest')) this.timers.at('rest', REST_MS, () => void this.save())
  }

  /** Record and field agree. What stands in a focused field stays, or its caret would jump. */
  private rest(): void {
    this.touched = false
    this.offer = null
    this.fault = this.fault === 'required' ? this.faultIn(this.record?.value ?? '') : null
    this.refusal = null
    this.changedUnder = false
    if (!this.focused) this.local = null
  }

  private settle(): void {
    if (this.offer === 'stale' && this.unsaved) return
    this.local = null
    this.touched = false
    this.changedUnder = false
    this.fault = null
    this.refusal = null
    if (this.offer === 'restored') this.offer = null
    this.base = this.version
  }

  private tellTyping(): void {
    this.timers.throttle('typing', TYPING_EVERY_MS, () => {
      if (this.local !== null) this.wire.typing(this.local)
    })
  }

  private keepDraft(): void {
    this.timers.throttle('draft', DRAFT_AFTER_MS, () => {
      if (this.unsaved) this.wire.draft(this.shown, this.base)
    })
  }

  /** Read-only for as long as somebody else holds the field; what was typed is offered afterwards. */
  private held(): void {
    this.offer = 'held'
    this.timers.stop('rest')
    this.wire.changed()
  }

  private freed(): void {
    if (!this.focused) this.lock.drop()
    this.offer = this.unsaved ? 'stale' : null
    this.wire.changed()
  }
}
