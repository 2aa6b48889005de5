/**
 * The pages and who may open them. The server decides what anyone may see; this only spares people a page
 * that would be empty for them.
 */
import {
  createRouter,
  createWebHistory,
  type RouteLocationNormalized,
  type RouteLocationNormalizedLoaded,
  type RouteRecordRaw,
} from 'vue-router'
import { homeOf, mustChange, wasSignedIn, whoAmI, type Role } from './wire/session'
import { i18n, learn, type WordBook } from './i18n'

declare module 'vue-router' {
  interface RouteMeta {
    roles?: readonly Role[]
    /** the words that it needs: those of every desk and of a case where nothing is said */
    books?: readonly WordBook[]
    title: string
    /** routes with the same word are one page, which follows its parameter itself */
    one_page?: string
  }
}

export const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', component: () => import('./pages/NotFound.vue'), meta: { title: 'not_found' } },
  {
    path: '/sign-in',
    name: 'sign_in',
    component: () => import('./pages/SignIn.vue'),
    meta: { title: 'sign_in', books: [] },
  },
  {
    path: '/password',
    name: 'password',
    component: () => import('./pages/PasswordPage.vue'),
    meta: { title: 'password', books: ['work'] },
  },
  {
    path: '/window',
    name: 'window',
    component: () => import('./pages/window/WindowIdle.vue'),
    meta: { title: 'window', roles: ['clerk'], books: ['work'] },
  },
  {
    path: '/window/cases/:id',
    name: 'window_case',
    component: () => import('./pages/window/WindowCasePage.vue'),
    props: true,
    meta: { title: 'window_case', roles: ['clerk'] },
  },
  {
    path: '/applicant/:id',
    name: 'applicant',
    component: () => import('./pages/window/ApplicantPage.vue'),
    props: true,
    meta: { title: 'applicant', roles: ['clerk'] },
  },
  {
    path: '/approver',
    name: 'approver',
    component: () => import('./pages/approver/ApproverDuty.vue'),
    meta: { title: 'approver', roles: ['approver'], books: ['work'] },
  },
  {
    path: '/approver/cases/:id',
    name: 'approver_case',
    component: () => import('./pages/approver/ApproverCasePage.vue'),
    props: true,
    meta: { title: 'approver_case', roles: ['approver'] },
  },
  { path: '/supervisor', redirect: { name: 'supervisor_calls' } },
  {
    path: '/supervisor/calls',
    name: 'supervisor_calls',
    component: () => import('./pages/supervisor/CallLog.vue'),
    meta: {
      title: 'supervisor_calls',
      roles: ['supervisor'],
      books: ['work', 'case', 'admin', 'audit'],
      one_page: 'call_log',
    },
  },
  {
    path: '/supervisor/calls/:id',
    name: 'supervisor_call',
    component: () => import('./pages/supervisor/CallLog.vue'),
    props: true,
    meta: {
      title: 'supervisor_call',
      roles: ['supervisor'],
      books: ['work', 'case', 'audit'],
      one_page: 'call_log',
    },
  },
  {
    path: '/supervisor/live/:id',
    name: 'supervisor_live',
    component: () => import('./pages/supervisor/LiveCall.vue'),
    props: true,
    meta: { title: 'supervisor_live', roles: ['supervisor'], books: ['work', 'case', 'audit'] },
  },
  {
    path: '/phone',
    name: 'phone',
    component: () => import('./pages/PhonePage.vue'),
    meta: { title: 'phone' },
  },
  {
    path: '/enquiry',
    name: 'enquiry',
    component: () => import('./pages/EnquiryPage.vue'),
    meta: { title: 'enquiry', books: ['work'] },
  },
  {
    path: '/tasks',
    name: 'tasks',
    component: () => import('./pages/TasksPage.vue'),
    meta: { title: 'tasks', roles: ['clerk', 'approver', 'head', 'supervisor'] },
  },
  {
    path: '/agents',
    name: 'agents',
    component: () => import('./pages/TasksPage.vue'),
    props: { only: 'agents' },
    meta: { title: 'agents', roles: ['clerk', 'approver', 'head', 'supervisor'] },
  },
  {
    path: '/check',
    name: 'device_check',
    component: () => import('./pages/DeviceCheckPage.vue'),
    meta: { title: 'device_check', roles: ['clerk', 'approver', 'supervisor'], books: ['work'] },
  },
  {
    path: '/admin',
    name: 'admin',
    component: () => import('./pages/admin/Admin.vue'),
    meta: { title: 'admin', roles: ['admin', 'security'] },
  },
  {
    path: '/admin/items',
    name: 'admin_items',
    component: () => import('./pages/admin/AdminItems.vue'),
    meta: { title: 'admin_items', roles: ['admin'] },
  },
  {
    path: '/admin/items/:id/form',
    name: 'admin_form',
    component: () => import('./pages/admin/AdminForm.vue'),
    props: true,
    meta: { title: 'admin_form', roles: ['admin'] },
  },
  {
    path: '/admin/papers',
    name: 'admin_papers',
    component: () => import('./pages/admin/AdminPapers.vue'),
    meta: { title: 'admin_papers', roles: ['admin', 'supervisor'] },
  },
  {
    path: '/admin/externals',
    name: 'admin_externals',
    component: () => import('./pages/admin/AdminExternals.vue'),
    meta: { title: 'admin_externals', roles: ['admin', 'supervisor'] },
  },
  {
    path: '/admin/publicity',
    name: 'admin_publicity',
    component: () => import('./pages/admin/AdminPublicity.vue'),
    meta: { title: 'admin_publicity', roles: ['admin', 'supervisor'] },
  },
  {
    path: '/admin/calendar',
    name: 'admin_calendar',
    component: () => import('./pages/admin/AdminCalendar.vue'),
    meta: { title: 'admin_calendar', roles: ['operator'] },
  },
  {
    path: '/admin/health',
    name: 'admin_health',
    component: () => import('./pages/admin/AdminHealth.vue'),
    meta: { title: 'admin_health', roles: ['operator'] },
  },
  {
    path: '/:rest(.*)*',
    name: 'not_found',
    component: () => import('./pages/NotFound.vue'),
    meta: { title: 'not_found' },
  },
]

export const router = createRouter({ history: createWebHistory(), routes })

router.beforeEach(async (to) => {
  // a phone has no sign-in: its link is its right; an applicant asks by the number of his case
  if (to.name === 'sign_in' || to.name === 'phone' || to.name === 'enquiry') return true
  if (to.name === 'home' && !wasSignedIn()) return { name: 'sign_in' }
  const who = await whoAmI().catch(() => null)
  // the applicant's screen shows nothing to whom it may not, and never the form of the staff
  if (to.name === 'applicant') return true
  if (!who) return { name: 'sign_in', query: to.name === 'home' ? {} : { then: to.fullPath } }
  if (mustChange.value && to.name !== 'password') return { name: 'password' }
  const home = homeOf(who)
  if (to.name === 'home') return home ?? { name: 'sign_in' }
  const roles = to.meta.roles
  if (roles && !roles.some((role) => who.roles.includes(role))) return home ?? { name: 'sign_in' }
  return true
})

// the words of a page are fetched with it, not after it
const wordsOf = (to: RouteLocationNormalized): Promise<void> =>
  learn(...(to.meta.books ?? ['work', 'case', ...(to.path.startsWith('/admin') ? (['admin'] as const) : [])]))
router.beforeEach((to) => void wordsOf(to).catch(() => undefined))
router.beforeResolve(async (to) => void (await wordsOf(to)))

/**
 * What a page is about. Another case, call or item is another page, made anew: nothing that was asked for the one
 * before may stand on it.
 */
export function subjectOf({ meta, matched, params }: RouteLocationNormalizedLoaded): string {
  return meta.one_page ?? JSON.stringify([matched.at(-1)?.path, params])
}

export function titleOf(name: string): string {
  return `${i18n.global.t(`shell.titles.${name}`)} · ${i18n.global.t('shell.product')}`
}
