/** Who has come into the call and who has left it while it goes on: said once, and who left is told for a while. */
import { watch, type Ref } from 'vue'
import { usePassing } from '../../../ui/passing'
import type { Speaker, Turned } from '../turned'

const LEFT_MS = 60_000

export interface Present extends Speaker {
  /** he was not invited */
  supervises: boolean
}

/** All who are there; none while nobody has the first place. */
export function presentOf(told: Pick<Turned, 'person' | 'others'>): Present[] {
  if (!told.person) return []
  return [
    { ...told.person, supervises: false },
    ...told.others.map((one) => ({ ...one.person, supervises: one.supervises })),
  ]
}

/** `hear`: somebody came or left. What is given back is the name of who left last. */
export function useGone(
  told: () => Turned,
  hear: (one: Present, what: 'came' | 'left') => void,
): Readonly<Ref<string | null>> {
  const { now: gone, tell } = usePassing<string>(LEFT_MS)
  watch(
    () => presentOf(told()),
    (now, before) => {
      if (!now.length) return tell(null)
      const not = (others: Present[]) => (one: Present) => !others.some((other) => other.name === one.name)
      const came = before.length ? now.filter(not(before)) : []
      const left = before.filter(not(now))
      if (came.length) tell(null)
      const last = left.at(-1)
      if (last) tell(last.name)
      for (const one of came) hear(one, 'came')
      for (const one of left) hear(one, 'left')
    },
  )
  return gone
}
