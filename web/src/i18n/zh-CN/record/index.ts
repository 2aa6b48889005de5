import consent from './consent'
import course from './course'
import decision from './decision'
import document from './document'
import form from './form'
import materials from './materials'
import onward from './onward'
import review from './review'

export default {
  ...course,
  ...materials,
  ...document,
  ...form,
  ...review,
  ...decision,
  ...consent,
  ...onward,
}
