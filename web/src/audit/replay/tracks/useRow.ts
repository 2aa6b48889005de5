/** One row of marks: those that lie close together as one, what each says, and the press that jumps there. */
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import type { TimelineMark } from '../../rules/marks/marks'
import { clusters, type Cluster } from '../../rules/pixels'
import type { Replay } from '../useReplay'
import { useWords } from '../useWords'
import type { Sighted } from './useSight'

/** what an icon takes, with the count of those that lie under it */
export const ICON_PX = 30

export function useRow(
  replay: Pick<Replay, 'within' | 'current' | 'jump'>,
  { sight, width, apart }: Pick<Sighted, 'sight' | 'width' | 'apart'>,
  stands: (mark: TimelineMark) => boolean,
  room_px = 0,
) {
  const { t } = useI18n()
  const { sentence, time } = useWords()
  const marks = computed(() =>
    clusters(replay.within.value.filter(stands), sight.value, width.value, room_px),
  )

  function label(cluster: Cluster<TimelineMark>): string {
    const first = cluster.marks[0]
    if (!first) return ''
    if (cluster.marks.length === 1) return `${time(cluster.at_s)} ${first.who} ${sentence(first)}`
    const [from, to, n] = [time(cluster.at_s), time(cluster.last_s), cluster.marks.length]
    return from === to
      ? t('audit.tracks.several_at', { n, at: from })
      : t('audit.tracks.several', { n, from, to })
  }

  function press(cluster: Cluster<TimelineMark>): void {
    const first = cluster.marks[0]
    if (!first) return
    // what was merged comes apart
    if (cluster.marks.length > 1 && cluster.last_s > cluster.at_s) apart(cluster.at_s, cluster.last_s)
    replay.jump(first)
  }

  const on = (cluster: Cluster<TimelineMark>): boolean =>
    cluster.marks.some((one) => one.key === replay.current.value?.key)

  return { marks, label, press, on }
}
