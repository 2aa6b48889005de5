/** The tasks of one's unit under a tab: kept current, further pages behind, acts with the version that is on screen. */
import { ref, watch, type Ref } from 'vue'
import { http, Problem } from '../../wire/http'
import type { TaskPage, TaskView } from '../../wire/messages'
import { wire, type Unsent } from '../../wire/socket'
import { keepCurrent } from '../keptCurrent'

const AGAIN_MS = 30_000
export const TABS = ['mine', 'others', 'demanded', 'unclaimed', 'untold', 'ended'] as const
export type TaskTab = (typeof TABS)[number]
/** 帮办 and 代办 alone are told to nobody */
export const AGENT_TABS: readonly TaskTab[] = TABS.filter((one) => one !== 'untold')

/** Whether the time of its next step has come; one that is over has none. */
export function overdue(task: TaskView, now: number): boolean {
  return task.next_at !== null && Date.parse(task.next_at) <= now
}

/** Whether it is 帮办 or 代办. */
export function isAgents(task: TaskView): boolean {
  return task.kind === 'help' || task.kind === 'proxy'
}

/** The demand that waits for its answer. */
export function demandOf(task: TaskView): TaskView['demands'][number] | null {
  const last = task.demands.at(-1)
  return last && last.answered_at === null && task.ended_at === null ? last : null
}

/** `only`: 帮办 and 代办 alone, in list and counts. */
export function useTasks(
  tab: Ref<TaskTab>,
  only?: 'agents',
): {
  page: Ref<TaskPage | null>
  problem: Ref<Problem | null>
  refresh: () => Promise<void>
  more: () => Promise<void>
  act: (command: Unsent) => Promise<boolean>
} {
  const page = ref<TaskPage | null>(null)
  const problem = ref<Problem | null>(null)
  /** how many pages are on screen: as many are asked for again */
  let pages = 1
  let asked = 0

  async function ask(cursor: string | null): Promise<TaskPage> {
    const rest = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    return http.get<TaskPage>(`/tasks?tab=${tab.value}${only ? `&only=${only}` : ''}${rest}`)
  }

  async function refresh(): Promise<void> {
    const mine = ++asked
    try {
      let found = await ask(null)
      for (let n = 1; n < pages && found.next_cursor; n++) {
        const next = await ask(found.next_cursor)
        found = { ...next, tasks: [...found.tasks, ...next.tasks] }
      }
      if (mine !== asked) return
      page.value = found
      problem.value = null
    } catch (reason) {
      if (mine === asked) problem.value = Problem.of(reason)
    }
  }

  async function more(): Promise<void> {
    pages += 1
    await refresh()
  }

  /** Do this and ask for the list again; false when it was refused, which is told. */
  async function act(command: Unsent): Promise<boolean> {
    try {
      await wire().ask(command)
      await refresh()
      return true
    } catch (reason) {
      const refused = Problem.of(reason)
      // what somebody else did meanwhile is on screen when it is told
      await refresh()
      problem.value = refused
      return false
    }
  }

  keepCurrent(refresh, AGAIN_MS)
  watch(tab, () => {
    pages = 1
    page.value = page.value && { ...page.value, tasks: [], next_cursor: null }
    void refresh()
  })
  return { page, problem, refresh, more, act }
}
