import type zh from '../zh-CN/desk'
import type { Words } from '../words'

const desk: Words<typeof zh> = {}

export default desk
