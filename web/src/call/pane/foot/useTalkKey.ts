/**
 * Talking while a key is held, for a muted person; and saying aloud when microphone or camera are switched by
 * any other way.
 */
import { watch } from 'vue'
import { announce } from '../../../ui/announce'
import type { CallDesk } from '../../desk/useCall'
import type { Say } from '../../rules/figures'
import type { CallHere } from '../useCallHere'

export function useTalkKey(here: Pick<CallHere, 'live'>, desk: Pick<CallDesk, 'muted' | 'mute'>, t: Say) {
  let opened_by_key = false

  watch(
    [() => desk.muted['0'], () => desk.muted['1']],
    ([voice, picture], [voice_before, picture_before]) => {
      if (opened_by_key) return
      if (voice !== voice_before) announce(t(voice ? 'call.said.microphone_off' : 'call.said.microphone_on'))
      if (picture !== picture_before) announce(t(picture ? 'call.said.camera_off' : 'call.said.camera_on'))
    },
  )

  return {
    down: (): void => {
      if (!here.live.value || !desk.muted['0']) return
      opened_by_key = true
      void desk.mute('0', false)
      announce(t('call.talk.on'))
    },
    up: (): void => {
      if (!opened_by_key) return
      opened_by_key = false
      void desk.mute('0', true)
      announce(t('call.talk.off'))
    },
  }
}
