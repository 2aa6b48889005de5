import type zh from '../zh-CN/talk'
import type { Words } from '../words'

const talk: Words<typeof zh> = {
  messages: {
    title: 'Messages',
    open: 'Write a message',
    lanes: 'Who reads it',
    lane: { shared: 'With the applicant', staff: 'Staff' },
    hint: { shared: 'The applicant reads this too', staff: 'Only staff read this' },
    entry: { shared: 'Message that the applicant reads too', staff: 'Message to staff only' },
    send: 'Send',
    none: { shared: 'No messages yet', staff: 'No messages between staff yet' },
    unread: '{n} unread',
    by: '{name} {time}',
    me: 'Me',
    applicant: 'Applicant',
    said_aloud: '{name}: {text}',
    search: 'Search messages',
    search_close: 'End the search',
    search_hint: 'Text or pinyin initials',
    none_found: 'Nothing found',
    found: '{n} found',
    list: { shared: 'Messages that the applicant reads too', staff: 'Messages between staff' },
    latest: 'To the latest',
    where: { this_call: 'This call', earlier_call: 'An earlier call', no_call: 'Outside of calls' },
  },
  phrases: {
    title: 'Phrases',
    search: 'Text or pinyin initials',
    none: 'Your unit has no phrases yet',
    none_found: 'Nothing found',
  },
}

export default talk
