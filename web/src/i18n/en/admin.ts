import accounts from './desk/accounts'
import calendar from './desk/calendar'
import catalogue from './desk/catalogue'
import externals from './desk/externals'
import form from './desk/form'
import health from './desk/health'
import publicity from './desk/publicity'
import template from './desk/template'

/** The words of the pages of administration: read with the first of them, beside those of the desks. */
export default {
  desk: {
    ...accounts,
    ...calendar,
    ...catalogue,
    ...externals,
    ...form,
    ...health,
    ...publicity,
    ...template,
  },
}
