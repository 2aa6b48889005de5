import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import ActionButton from './ActionButton.vue'
import { announce } from './announce'
import LiveRegion from './LiveRegion.vue'
import PlaceLine from './PlaceLine.vue'
import ProposalCard from './ProposalCard.vue'
import RingCard from './RingCard.vue'
import SegmentedReview from './SegmentedReview.vue'
import { shorten } from './shorten'
import { matches, shortcuts, switchSingleKeys, typing, useShortcuts, working } from './shortcuts'
import TransferBar from './TransferBar.vue'

afterEach(() => {
  document.body.innerHTML = ''
})

const press = (key: string, on: EventTarget = document.body, more: KeyboardEventInit = {}) =>
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }))

describe('a button that cannot be used yet', () => {
  it('says what is missing and swallows the press', async () => {
    const button = mount(ActionButton, { props: { unavailable: '还差 2 项' }, slots: { default: '受理' } })
    await button.trigger('click')
    expect(button.emitted('press')).toBeUndefined()
    expect(button.attributes('aria-disabled')).toBe('true')
    expect(button.attributes('disabled')).toBeUndefined()
    expect(button.find(`#${button.attributes('aria-describedby')}`).text()).toBe('还差 2 项')
  })

  it('does not send its form', async () => {
    const form = mount({
      components: { ActionButton },
      template: '<form><ActionButton type="submit" unavailable="x">go</ActionButton></form>',
    })
    const click = new MouseEvent('click', { cancelable: true, bubbles: true })
    form.find('button').element.dispatchEvent(click)
    expect(click.defaultPrevented).toBe(true)
  })

  it('emits the press when it can be used', async () => {
    const button = mount(ActionButton)
    await button.trigger('click')
    expect(button.emitted('press')).toHaveLength(1)
  })
})

describe('the three-way review', () => {
  const choices = [
    { value: 'accepted', word: '合格', icon: 'good' },
    { value: 'returned', word: '需补正', icon: 'mend' },
    { value: 'not_needed', word: '不需要', icon: 'not-needed' },
  ] as const
  const review = (props: object = {}) =>
    mount(SegmentedReview, {
      props: { label: '这份材料', choices, chosen: null, ...props },
      attachTo: document.body,
    })

  it('has nothing chosen beforehand', () => {
    expect(
      review()
        .findAll('input')
        .some((input) => input.element.checked),
    ).toBe(false)
  })

  it('is chosen by the digits, but not while someone types', () => {
    const chosen: string[] = []
    const part = review({ onChoose: (choice: string) => chosen.push(choice) })
    const field = document.body.appendChild(document.createElement('input'))
    press('2')
    press('1', field)
    press('3', document.body, { ctrlKey: true })
    press('4')
    part.unmount()
    press('1')
    expect(chosen).toEqual(['returned'])
  })

  it('takes the same choice about the next thing, and shows what is told alone', async () => {
    const part = review()
    const [accepted] = part.findAll('input')
    for (let time = 1; time <= 3; time += 1) {
      accepted!.element.click()
      await nextTick()
      await nextTick()
      expect(part.emitted('choose')).toHaveLength(time)
      expect(accepted!.element.checked).toBe(false)
    }
    await part.setProps({ chosen: 'accepted' })
    expect(accepted!.element.checked).toBe(true)
  })

  it('does nothing while it is unavailable', () => {
    const part = review({ unavailable: '先打开材料' })
    press('1')
    expect(part.emitted('choose')).toBeUndefined()
  })
})

describe('the ring card', () => {
  it('leaves the focus with who is typing, and then does not promise Enter', async () => {
    const field = document.body.appendChild(document.createElement('textarea'))
    field.focus()
    const card = mount(RingCard, {
      props: {
        heading: '云见面来电',
        item: '变更登记',
        here: '您',
        there: '济南市中',
        lineWord: '振铃',
        leftWord: '22 秒',
        left_s: 22,
        whole_s: 30,
        facts: [],
        labels: { answer: '接听', decline: '不接' },
      },
      attachTo: document.body,
    })
    expect(document.activeElement).toBe(field)
    expect(card.find('kbd').exists()).toBe(false)
    card.find('button').element.focus()
    await nextTick()
    expect(card.find('kbd').text()).toBe('Enter')
    card.unmount()
  })

  it('takes the focus on answering and tells its three ways', async () => {
    const card = mount(RingCard, {
      props: {
        heading: '云见面来电',
        item: '变更登记',
        here: '您',
        there: '济南市中',
        lineWord: '振铃',
        leftWord: '22 秒',
        left_s: 22,
        whole_s: 30,
        facts: [],
        labels: { answer: '接听', look: '先看材料', decline: '不接' },
      },
      attachTo: document.body,
    })
    expect(document.activeElement?.textContent).toContain('接听')
    for (const button of card.findAll('button')) await button.trigger('click')
    expect(
      [card.emitted('answer'), card.emitted('look'), card.emitted('decline')].map((told) => told?.length),
    ).toEqual([1, 1, 1])
    expect(card.attributes('role')).toBe('alertdialog')
    card.unmount()
  })
})

describe('a proposal', () => {
  const labels = { adopt: '采用建议', decline: '不采用', compare: '重新比对', was: '原为' }
  const base = { heading: '周明远建议改为', oldValue: '11-20', newValue: '11-18', labels }

  it('is decided only by who may', async () => {
    expect(mount(ProposalCard, { props: { ...base, state: 'waiting' } }).findAll('button')).toHaveLength(0)
    const card = mount(ProposalCard, { props: { ...base, state: 'waiting', decidable: true } })
    const [adopt, decline] = card.findAll('button')
    await adopt?.trigger('click')
    await decline?.trigger('click')
    expect([card.emitted('adopt'), card.emitted('decline')].map((told) => told?.length)).toEqual([1, 1])
  })

  it.each(['adopted', 'declined', 'stale'] as const)('folds when it is %s', (state) => {
    const card = mount(ProposalCard, { props: { ...base, state, word: '已采用 14:27', by: '李秀兰' } })
    expect(card.text()).not.toContain('11-18')
    expect(card.text()).toContain('已采用 14:27')
  })
})

describe('what is drawn is also said', () => {
  it('by the line', () => {
    expect(
      mount(PlaceLine, { props: { here: '济南', there: '青岛', form: 'hold', word: '保持' } }).attributes(
        'aria-label',
      ),
    ).toBe('济南 — 青岛: 保持')
  })

  it('by a transfer, within its bounds', () => {
    const bar = mount(TransferBar, { props: { percent: 64.4, word: '上传中 64%' } })
    expect(bar.find('[role=progressbar]').attributes('aria-valuenow')).toBe('64')
    expect(
      mount(TransferBar, { props: { percent: 140, word: 'x' } })
        .find('i')
        .attributes('style'),
    ).toContain('100%')
  })

  it('by the live region, the same sentence twice too', async () => {
    const region = mount(LiveRegion)
    for (let time = 0; time < 2; time += 1) {
      announce('已接通')
      await nextTick()
      await nextTick()
      expect(region.text()).toBe('已接通')
    }
  })

  it('by the live region for a while, not for ever', async () => {
    vi.useFakeTimers()
    try {
      const region = mount(LiveRegion)
      announce('正在接收')
      await nextTick()
      await nextTick()
      vi.advanceTimersByTime(7_000)
      announce('已收到')
      await nextTick()
      vi.advanceTimersByTime(7_000)
      await nextTick()
      expect(region.text()).toBe('已收到')
      vi.advanceTimersByTime(2_000)
      await nextTick()
      expect(region.text()).toBe('')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('keys', () => {
  it('match with exactly their modifiers', () => {
    const event = (key: string, more: KeyboardEventInit) => new KeyboardEvent('keydown', { key, ...more })
    expect(matches(event('D', { ctrlKey: true }), shortcuts.microphone)).toBe(true)
    expect(matches(event('d', { ctrlKey: true, shiftKey: true }), shortcuts.microphone)).toBe(false)
    expect(matches(event('d', {}), shortcuts.microphone)).toBe(false)
    expect(matches(event('?', { ctrlKey: true, shiftKey: true }), shortcuts.help)).toBe(true)
  })

  it('know where people type', () => {
    const seen = (html: string) => {
      const holder = document.createElement('div')
      holder.innerHTML = html
      let found = false
      holder.addEventListener('keydown', (event) => (found = typing(event)))
      press('1', holder.firstElementChild ?? holder)
      return found
    }
    expect(['<input>', '<textarea></textarea>', '<select></select>'].map(seen)).toEqual([true, true, true])
    expect(['<input type="radio">', '<button></button>', '<input type="file">'].map(seen)).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('a long name', () => {
  it('keeps both ends', () => {
    expect(shorten('济南禾川检测技术有限公司青岛西海岸分公司', 13)).toBe('济南禾川…青岛西海岸分公司')
    expect(shorten('短名', 13)).toBe('短名')
    expect(Array.from(shorten('济南禾川检测技术有限公司青岛西海岸分公司', 13))).toHaveLength(13)
  })
})

describe('a question that stands', () => {
  it('is answered by no key of the page below, while those of the call go on', () => {
    const heard: string[] = []
    const mounted = mount(
      {
        setup: () =>
          useShortcuts({
            next_step: () => heard.push('next'),
            talk: () => heard.push('talk'),
            camera: () => heard.push('camera'),
          }),
        template: '<p data-act-question><button /></p>',
      },
      { attachTo: document.body },
    )
    const choices = [{ value: 'accepted', word: '合格', icon: 'good' as const }]
    const review = mount(SegmentedReview, {
      props: { choices, chosen: null, label: '审查', hotkeys: true },
      attachTo: document.body,
    })
    const keys = (): void => {
      press('Enter', document.body, { ctrlKey: true })
      press('v')
      press('1')
      press('e', document.body, { ctrlKey: true })
    }
    keys()
    expect(heard).toEqual(['talk', 'camera'])
    expect(review.emitted('choose')).toBeUndefined()
    mounted.element.remove()
    keys()
    expect(heard).toEqual(['talk', 'camera', 'next', 'talk', 'camera'])
    expect(review.emitted('choose')).toEqual([['accepted']])
    mounted.unmount()
    review.unmount()
  })
})

describe('the key of the next step in a box where somebody writes', () => {
  it('sends what is written there and never takes the step of the page', () => {
    const heard: string[] = []
    const send = (word: string): void => void heard.push(word)
    const mounted = mount(
      {
        setup: () => {
          useShortcuts({ next_step: () => send('step') })
          return { send }
        },
        template: `<div>
        <form id="proposal" @submit.prevent="send('proposal')"><input /><button type="submit" /></form>
        <form id="empty" @submit.prevent="send('empty')"><textarea /><button type="submit" aria-disabled="true" /></form>
        <form id="decision" @submit.prevent="send('decided')"><textarea /><button type="button" data-filled @click="send('look first')" /><button type="submit" /></form>
        <form id="verdict" @submit.prevent="send('decided')"><textarea /><button type="submit" data-filled data-decides /></form>
        <textarea id="message" @keydown.enter.prevent="send('message')" />
        <input id="search" />
        <div data-entry><input id="entry" @keydown.enter.prevent="send('kept')" /></div>
        <button id="elsewhere" />
      </div>`,
      },
      { attachTo: document.body },
    )
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000))
    const at = (selector: string): string[] => {
      heard.length = 0
      const element = mounted.get(selector).element as HTMLElement
      element.focus()
      press('Enter', element, { ctrlKey: true })
      return [...heard]
    }
    expect(at('#proposal input')).toEqual(['proposal'])
    expect(at('#empty textarea')).toEqual([])
    expect(at('#decision textarea')).toEqual(['look first'])
    // what decides is led to, however often the key is pressed, and pressed by Enter alone
    expect(at('#verdict textarea')).toEqual([])
    expect(document.activeElement).toBe(mounted.get('#verdict button').element)
    expect(at('#message')).toEqual(['message'])
    expect(at('#search')).toEqual([])
    expect(at('#entry')).toEqual(['kept', 'step'])
    expect(at('#elsewhere')).toEqual(['step'])
    // a second press on its heels does nothing, where the first one sent
    at('#message')
    now -= 900
    expect(at('#elsewhere')).toEqual([])
    clock.mockRestore()
    mounted.unmount()
  })
})

describe('a key that works while it is held', () => {
  const part = (heard: string[]) =>
    mount(
      {
        setup: () =>
          useShortcuts({
            talk: { down: () => heard.push('down'), up: () => heard.push('up') },
            camera: () => heard.push('camera'),
          }),
        template: '<input />',
      },
      { attachTo: document.body },
    )

  it('goes down once and comes up, also when the page loses the keyboard', () => {
    const heard: string[] = []
    const mounted = part(heard)
    press('v')
    press('v', document.body, { repeat: true })
    document.body.dispatchEvent(new KeyboardEvent('keyup', { key: 'v', bubbles: true }))
    press('v')
    window.dispatchEvent(new Event('blur'))
    expect(heard).toEqual(['down', 'up', 'down', 'up'])
    mounted.unmount()
  })

  it('is inert where someone types, and everywhere once single keys are off', () => {
    const heard: string[] = []
    const mounted = part(heard)
    press('v', mounted.find('input').element)
    switchSingleKeys(false)
    press('v')
    press('e', document.body, { ctrlKey: true })
    switchSingleKeys(true)
    press('v')
    expect(heard).toEqual(['camera', 'down'])
    mounted.unmount()
  })

  it('stands in the help for as long as somebody listens', () => {
    const mounted = part([])
    expect(working()).toEqual(['camera', 'talk'])
    mounted.unmount()
    expect(working()).toEqual([])
  })
})
