import type zh from '../../zh-CN/record'
import type { Words } from '../../words'
import consent from './consent'
import course from './course'
import decision from './decision'
import document from './document'
import form from './form'
import materials from './materials'
import onward from './onward'
import review from './review'

const record: Words<typeof zh> = {
  ...course,
  ...materials,
  ...document,
  ...form,
  ...review,
  ...decision,
  ...consent,
  ...onward,
}

export default record
