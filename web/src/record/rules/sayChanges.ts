/** Says aloud, politely, how a material now stands, for those who hear the page; once for each change. */
import { watch } from 'vue'
import type { ComposerTranslation } from 'vue-i18n'
import { listed } from '../../i18n'
import { announce } from '../../ui/announce'
import type { Line } from './lines'

/** What counts of a line, by its ids. */
const newest = (line: Line): string => line.slots.map((one) => one.current?.id).join()

export function sayChanges(lines: () => readonly Line[], t: ComposerTranslation): void {
  watch(lines, (now, before) => {
    const changed = now.flatMap((line) => {
      const was = before.find((one) => one.line.key === line.line.key)
      return was && line.state !== 'receiving' && (was.state !== line.state || newest(was) !== newest(line))
        ? [line]
        : []
    })
    if (!changed.length) return
    announce(
      changed
        .map((line) =>
          [
            line.line.name,
            t(`record.materials.state.${line.state as Exclude<typeof line.state, 'receiving'>}`, {
              names: listed(line.lacks),
            }),
            line.slots.find((one) => one.state === 'returned')?.current?.review_reason,
          ]
            .filter(Boolean)
            .join(' '),
        )
        .join(t('shell.marks.semicolon')),
    )
  })
}
