/**
 * What the mode (通办形式) of a case makes of its course, as `server/case/rules/course/modes.py` has it: the table of both is
 * held by shared vectors.
 */
import type { CaseView, DeliveryView } from '../../../wire/messages'

/** The two desks that work on a case. */
export type DeskSeat = 'window' | 'approver'

/** Who checks identity, whether paper originals travel, who decides, and from which desk each way of delivery begins. */
export interface Handling {
  identity: 'documents' | 'window'
  originals: 'none' | 'posted'
  decides: 'unit' | 'units'
  hands_over: Partial<Record<DeliveryView['way'], readonly DeskSeat[]>>
}

const BY_HAND: Handling['hands_over'] = {
  collected: ['window'],
  posted: ['window', 'approver'],
  electronic: ['approver'],
  left: ['window'],
}

export const HANDLING: Readonly<Record<CaseView['mode'], Handling>> = {
  online: {
    identity: 'documents',
    originals: 'none',
    decides: 'unit',
    hands_over: { posted: ['approver'], electronic: ['approver'] },
  },
  proxy: { identity: 'window', originals: 'posted', decides: 'unit', hands_over: BY_HAND },
  joint: { identity: 'window', originals: 'posted', decides: 'units', hands_over: BY_HAND },
}

/** The ways in which this case hands over what was issued, whoever begins them. */
export function waysOf(view: CaseView): DeliveryView['way'][] {
  return Object.keys(HANDLING[view.mode].hands_over) as DeliveryView['way'][]
}

/** Whether this desk may begin to hand over in this way. */
export function mayBegin(view: CaseView, way: DeliveryView['way'], seat: DeskSeat): boolean {
  return HANDLING[view.mode].hands_over[way]?.includes(seat) ?? false
}

/** Whether paper originals travel in this mode. */
export function sendsOriginals(view: CaseView): boolean {
  return HANDLING[view.mode].originals === 'posted'
}
