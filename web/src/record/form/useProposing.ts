/**
 * Proposals for the fields of a form: at the desk of who guides the box in which one is written, its drafts, and what
 * became of each; at the window the answers. What is new of them is said aloud, and takes no focus.
 */
import { computed, ref, shallowReactive, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { announce } from '../../ui/announce'
import { Problem } from '../../wire/http'
import type { Proposal } from '../../wire/messages'
import type { CaseBook } from '../book/useCase'
import { fieldIn } from '../rules/form/fields'
import { closed, openProposals } from '../rules/lines'
import { labelOf } from '../rules/words'
import { fieldLabel } from './formWords'
import type { ProposalDraft } from './field/ProposeBox.vue'

/** What was typed of proposals and not sent, by field, for as long as the page of a case lives. */
const drafts_of = new WeakMap<CaseBook, Map<string, ProposalDraft>>()

export function useProposing(
  book: CaseBook,
  page: {
    /** whether they are answered here */
    answers: () => boolean
    over: () => boolean
    /** the focus goes back to a field, if nobody has it */
    backTo: (path: string) => Promise<void>
    problem: (problem: Problem) => void
  },
) {
  const { t, locale } = useI18n()
  const nameOf = (path: string): string => fieldLabel(book.view.value, path, locale.value)

  /** the field for which one is being written */
  const open = ref<string | null>(null)
  const drafts = drafts_of.get(book) ?? shallowReactive(new Map<string, ProposalDraft>())
  drafts_of.set(book, drafts)
  /** the proposal that is being answered */
  const deciding = ref<string | null>(null)
  /** the one whose button is the filled one */
  const first = computed(() =>
    book.view.value && page.answers() ? (openProposals(book.view.value)[0] ?? null) : null,
  )

  function show(path: string | null): void {
    open.value = path
    book.tellFocus(path)
  }

  /** Opens the box of a field, or closes it: who closes it goes on at that field. */
  async function turn(path: string, on: boolean): Promise<void> {
    show(on ? path : null)
    if (!on) await page.backTo(path)
  }

  function keepDraft(path: string, draft: ProposalDraft | null): void {
    if (draft) drafts.set(path, draft)
    else drafts.delete(path)
  }

  async function decide(proposal: Proposal, adopt: boolean): Promise<void> {
    if (deciding.value) return
    deciding.value = proposal.id
    try {
      await book.closeProposal(proposal.id, adopt)
      announce(
        t(adopt ? 'record.proposal.adopted_aloud' : 'record.proposal.declined_aloud', {
          field: nameOf(proposal.field),
        }),
      )
      await page.backTo(proposal.field)
    } catch (reason) {
      page.problem(Problem.of(reason))
    } finally {
      deciding.value = null
    }
  }

  /** Resolves with why it was not sent, or null. */
  async function send(path: string, value: string, reason: string): Promise<Problem | null> {
    try {
      await book.propose(path, value, reason)
      drafts.delete(path)
      if (open.value === path) show(null)
      announce(t('record.proposal.sent_aloud', { field: nameOf(path) }))
      await page.backTo(path)
      return null
    } catch (refused) {
      return Problem.of(refused)
    }
  }

  // a case that is decided takes no proposals: after what is led from a field that it closes
  watch(page.over, (now) => now && open.value && show(null), { flush: 'post' })

  watch(
    () => (book.view.value ? openProposals(book.view.value).map((one) => one.id) : []),
    (now, before) => {
      const view = book.view.value
      const fresh = view?.proposals.find((one) => now.includes(one.id) && !before.includes(one.id))
      const field = view && fresh && fieldIn(view, fresh.field)
      if (fresh && field && page.answers())
        announce(
          t('record.proposal.aloud', {
            name: fresh.by.name,
            field: labelOf(field, locale.value),
            value: fresh.value,
          }),
        )
    },
  )

  // who answers them hears what the applicant says to one
  watch(
    () => (book.view.value ? openProposals(book.view.value) : []),
    (now, before) => {
      if (!page.answers()) return
      for (const one of now) {
        const was = before.find((each) => each.id === one.id)
        if (one.answer && was && was.answer !== one.answer)
          announce(t(`record.proposal.answered_aloud.${one.answer}`, { field: nameOf(one.field) }))
      }
    },
  )

  // who proposed hears what became of it
  watch(
    () => book.view.value?.proposals,
    (now, before) => {
      if (!now || !before || page.answers()) return
      for (const one of now) {
        const was = before.find((each) => each.id === one.id)?.state
        if (one.by.id !== book.me || was !== 'open' || one.state === 'open') continue
        // what became of it with the decision he knows
        if (book.view.value && closed(book.view.value)) continue
        announce(t(`record.proposal.mine_${one.state}`, { field: nameOf(one.field) }))
      }
    },
  )

  return { open, drafts, deciding, first, show, turn, keepDraft, decide, send }
}
