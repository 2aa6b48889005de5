/** Who is signed in here: one shared, read-only state for all pages, asked from the server once. */
import { readonly, ref, type DeepReadonly, type Ref } from 'vue'
import { http, Problem } from './http'
import { forgetFiles } from './kept'
import type { DeskView, SessionsEnded, SessionView, SignedIn } from './messages'
import { closeWire } from './socket'

export type { SignedIn } from './messages'
export type Role = SignedIn['roles'][number]
/** what an approver chose: to be rung, or not */
export type Duty = DeskView['duty']

const person = ref<SignedIn | null>(null)
let asked: Promise<SignedIn | null> | null = null

const temporary = ref(false)
const idle = ref(0)
/** whether the password is a temporary one, so that nothing else is answered until it is changed */
export const mustChange: Readonly<Ref<boolean>> = readonly(temporary)
/** after so many seconds without input a page asks whether somebody is there; 0: never */
export const idleS: Readonly<Ref<number>> = readonly(idle)

export const signedIn: DeepReadonly<Ref<SignedIn | null>> = readonly(person)

const KEY = 'yunjian.was_signed_in'

/** Whether somebody was signed in here when this browser last heard; a hint, never a right. */
export function wasSignedIn(): boolean {
  try {
    return localStorage.getItem(KEY) === '1'
  } catch {
    // storage may be forbidden in this browser: then the server must be asked
    return true
  }
}

function remember(on: boolean): void {
  try {
    if (on) localStorage.setItem(KEY, '1')
    else localStorage.removeItem(KEY)
  } catch {
    // without the hint the server is asked once more
  }
}

/** The person signed in, or null; the server is asked once, later calls share the answer. */
export function whoAmI(): Promise<SignedIn | null> {
  asked ??= http
    .get<SessionView>('/session', { about_session: true })
    .then((answer) => {
      remember(true)
      temporary.value = answer.must_change ?? false
      idle.value = answer.idle_s ?? 0
      return (person.value = answer.person)
    })
    .catch((reason: unknown) => {
      if (reason instanceof Problem && reason.status === 401) {
        remember(false)
        return null
      }
      asked = null
      throw reason
    })
  return asked
}

/** The same, asked anew: somebody may have signed in at another page of this browser. */
export function askAnew(): Promise<SignedIn | null> {
  asked = null
  return whoAmI()
}

/** Forgets here at once who signed out at another page of this browser; returns what ends that. */
export function followSignOut(): () => void {
  const hear = ({ key, newValue }: StorageEvent): void => {
    if (key === KEY && newValue === null) forget()
  }
  window.addEventListener('storage', hear)
  return () => window.removeEventListener('storage', hear)
}

export async function signIn(login: string, password: string): Promise<SignedIn> {
  // the person before is signed out: his connection must not stand in the name of the next
  closeWire()
  person.value = null
  asked = null
  await http.post('/session', { login, password }, { about_session: true })
  const who = await whoAmI()
  if (!who) throw new Problem({ title: '', status: 401, code: 'signed_out' })
  return who
}

/** Changes the password of the person who is signed in; returns how many of his other sign-ins ended with that. */
export async function changePassword(old: string, wanted: string): Promise<number> {
  const { ended } = await http.put<SessionsEnded>(
    '/session/password',
    { old, new: wanted },
    { about_session: true },
  )
  temporary.value = false
  return ended
}

export async function signOut(): Promise<void> {
  await http.delete('/session', { about_session: true })
  await forgetFiles()
  forget()
}

/** Forgets who was signed in, after the server has said so. */
export function forget(): void {
  closeWire()
  remember(false)
  person.value = null
  temporary.value = false
  asked = Promise.resolve(null)
}

export function homeOf(who: { roles: readonly Role[] }): string | null {
  if (who.roles.includes('clerk')) return '/window'
  if (who.roles.includes('approver')) return '/approver'
  if (who.roles.includes('supervisor')) return '/supervisor/calls'
  if (who.roles.includes('admin')) return '/admin'
  if (who.roles.includes('security')) return '/admin'
  if (who.roles.includes('operator')) return '/admin/health'
  return null
}
