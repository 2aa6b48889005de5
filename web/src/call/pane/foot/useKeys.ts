/** The keys at the foot of a call: which there are now, what each says, and what it does. */
import { computed, type Ref } from 'vue'
import type { CallDesk } from '../../desk/useCall'
import type { Say } from '../../rules/figures'
import { invitationOf } from '../../rules/standing'
import { shortcuts } from '../../../ui/shortcuts'
import type { IconName } from '../../../ui/sprite'
import type { Sharing } from '../share/useSharing'
import type { CallHere } from '../useCallHere'
import type { HangingUp } from './useHangUp'

export type Key = 'microphone' | 'camera' | 'paper' | 'screen' | 'hold' | 'invite' | 'cancel' | 'hang_up'

export interface KeyShown {
  id: Key
  word: string
  icon: IconName
  on?: boolean
  end?: boolean
  hint?: string
}

export interface Foot {
  here: Pick<CallHere, 'call' | 'live' | 'guest' | 'hold' | 'held_by_me' | 'full' | 'alone' | 'seated'>
  desk: Pick<CallDesk, 'muted' | 'lacks' | 'own_paper' | 'shares' | 'mute' | 'showPaper' | 'hold' | 'cancel'>
  t: Say
  /** the page's own side: who has dialled may take it back */
  seat: 'window' | 'approver'
  /** whether there is a camera for papers */
  paper_possible: Readonly<Ref<boolean>>
  /** whether the form of an invitation is open */
  inviting: Ref<boolean>
  sharing: Pick<Sharing, 'press'>
  leaving: Pick<HangingUp, 'ask'>
  /** Tries to get a device that is missing. */
  retry: () => Promise<void>
}

export function useKeys({ here, desk, t, seat, paper_possible, inviting, sharing, leaving, retry }: Foot) {
  const { call, live, guest, hold, held_by_me, full, alone, seated } = here
  /** what leaves nothing of one's own, by a key or for want of a device */
  const silent = computed(() => ({
    '0': desk.muted['0'] || desk.lacks.value['0'],
    '1': desk.muted['1'] || desk.lacks.value['1'],
  }))
  const invited = computed(
    () => (call.value && invitationOf(call.value)?.rings.some((ring) => ring.state === 'ringing')) ?? false,
  )

  const keys = computed<KeyShown[]>(() => {
    const off = silent.value
    const lacks = desk.lacks.value
    const found: KeyShown[] = [
      {
        id: 'microphone',
        word: t(lacks['0'] ? 'call.microphone_none' : off['0'] ? 'call.microphone_off' : 'call.microphone'),
        icon: off['0'] ? 'mic-off' : 'mic',
        on: off['0'],
        hint: `${shortcuts.microphone.hint} · ${shortcuts.talk.hint}`,
      },
      {
        id: 'camera',
        word: t(lacks['1'] ? 'call.camera_none' : off['1'] ? 'call.camera_off' : 'call.camera'),
        icon: off['1'] ? 'camera-off' : 'camera',
        on: off['1'],
        hint: shortcuts.camera.hint,
      },
    ]
    if (live.value && !hold.value && paper_possible.value)
      found.push({ id: 'paper', word: t('call.paper'), icon: 'scanner', on: desk.own_paper.value !== null })
    if (live.value && !hold.value && seated.value === 'approver')
      found.push({ id: 'screen', word: t('call.share.key'), icon: 'screens', on: desk.shares.value })
    if (live.value && !guest.value && (!hold.value || held_by_me.value))
      found.push({
        id: 'hold',
        word: t(hold.value ? 'call.resume' : 'call.hold'),
        icon: hold.value ? 'play' : 'hold',
        on: hold.value !== null,
      })
    if (live.value && !guest.value && !full.value)
      found.push({
        id: 'invite',
        word: t(invited.value ? 'call.invite.under_way' : 'call.invite.key'),
        icon: 'invite',
        on: inviting.value,
      })
    found.push(
      call.value?.state === 'open' && seat === 'window'
        ? { id: 'cancel', word: t('call.cancel'), icon: 'hang-up', end: true }
        : {
            id: 'hang_up',
            word: t(alone.value ? 'call.leave' : 'call.hang_up'),
            icon: 'hang-up',
            end: true,
          },
    )
    return found
  })

  const does: Record<Key, () => unknown> = {
    // a key without its device tries to get it
    microphone: () => (desk.lacks.value['0'] ? retry() : desk.mute('0', !desk.muted['0'])),
    camera: () => (desk.lacks.value['1'] ? retry() : desk.mute('1', !desk.muted['1'])),
    paper: () => desk.showPaper(!desk.own_paper.value),
    screen: sharing.press,
    hold: () => desk.hold(!hold.value),
    invite: () => (inviting.value = !inviting.value),
    cancel: () => desk.cancel(),
    hang_up: leaving.ask,
  }

  return { keys, silent, press: (key: Key): void => void does[key]() }
}
