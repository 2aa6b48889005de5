/** Says aloud, politely, how a material now stands, for those who hear the page; once for each change. */
import { watch } from 'vue'
import type { ComposerTranslation } from 'vue-i18n'
import { announce } from '../ui/announce'
import type { Line } from './lines'

export function sayChanges(lines: () => readonly Line[], t: ComposerTranslation): void {
  watch(lines, (now, before) => {
    const changed = now.flatMap((line) => {
      const was = before.find((one) => one.line.key === line.line.key)
      return was && line.state !== 'receiving' && (was.state !== line.state || was.current?.id !== line.current?.id) ? [line] : []
    })
    if (!changed.length) return
    announce(
      changed
        .map((line) => [line.line.name, t(`record.materials.state.${line.state as Exclude<typeof line.state, 'receiving'>}`), line.current?.review_reason].filter(Boolean).join(' '))
        .join('；'),
    )
  })
}
