import type zh from '../../zh-CN/desk'
import type { Words } from '../../words'
import accounts from './accounts'
import calendar from './calendar'
import cases from './cases'
import catalogue from './catalogue'
import duty from './duty'
import form from './form'
import health from './health'
import tasks from './tasks'
import template from './template'

const desk: Words<typeof zh> = {
  ...cases,
  ...duty,
  ...accounts,
  ...form,
  ...tasks,
  ...template,
  ...catalogue,
  ...calendar,
  ...health,
}

export default desk
