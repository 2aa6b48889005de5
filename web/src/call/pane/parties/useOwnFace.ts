/** One's own picture in the call, and in the largest letters its place: below the other's it would be a scroll away. */
import { computed } from 'vue'
import { textSize } from '../../../ui/textSize'
import type { CallDesk } from '../../desk/useCall'
import type { Say } from '../../rules/figures'
import type { CallHere } from '../useCallHere'

export function useOwnFace(
  here: Pick<CallHere, 'hold' | 'seated' | 'crowded'>,
  desk: Pick<CallDesk, 'muted' | 'own_face' | 'lacks'>,
  t: Say,
) {
  const { hold, seated, crowded } = here
  return {
    /** it lies on the picture of the other */
    on_far: computed(() => textSize.value === 'largest' && !crowded.value),
    own: computed(() => ({
      stream: hold.value || desk.muted['1'] ? null : desk.own_face.value,
      label: t('call.own_picture'),
      caption: t(seated.value === 'window' ? 'call.own_window' : 'call.me'),
      waiting: hold.value
        ? t('call.holding.own')
        : desk.lacks.value['1']
          ? t('call.camera_none')
          : desk.muted['1']
            ? t('call.camera_off')
            : undefined,
    })),
  }
}
