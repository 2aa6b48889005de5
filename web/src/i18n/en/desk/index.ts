import type zh from '../../zh-CN/desk'
import type { Words } from '../../words'
import cases from './cases'
import duty from './duty'

const desk: Words<typeof zh> = {
  ...cases,
  ...duty,
}

export default desk
