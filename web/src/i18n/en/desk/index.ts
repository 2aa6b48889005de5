import type zh from '../../zh-CN/desk'
import type { Words } from '../../words'
import cases from './cases'
import duty from './duty'
import tasks from './tasks'

const desk: Words<typeof zh> = {
  ...cases,
  ...duty,
  ...tasks,
}

export default desk
